"""What training minimises, as options say it: the loss, and what is known without labels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_fhn.training.objective import BALANCES, LOSSES, Objective, Smoothness

if TYPE_CHECKING:
    from napari_fhn.box import Box
    from napari_fhn.project import Settings


def add_objective(parser: argparse.ArgumentParser) -> None:
    """Add the options; `napari_fhn.project.runs.terms` reads what they say."""
    group = parser.add_argument_group("what is minimised")
    group.add_argument(
        "--loss", metavar="NAME[+NAME]", help=f"of labelled voxels: {', '.join(LOSSES)}, or sums of them"
    )
    group.add_argument("--balance", choices=BALANCES, help="how much more rare classes count (default sqrt)")
    group.add_argument(
        "--share",
        action="append",
        default=[],
        metavar="CLASS=LEAST:MOST",
        help="how much of the survey a class fills, as in Salt=0.02:0.1; may be repeated",
    )
    group.add_argument(
        "--order",
        nargs="?",
        const="",
        metavar="CLASSES",
        help="layers lie in this order, from top to bottom, with commas (default: all, as in the class table); classes "
        "that are not named may lie anywhere",
    )
    group.add_argument(
        "--absent",
        action="append",
        default=[],
        metavar="CLASS=MASK",
        help="a class does not occur where this file on the survey's grid is not 0, or in boxes, as in "
        "Salt@0:10,:,40:60; may be repeated",
    )
    group.add_argument(
        "--smooth",
        nargs="?",
        const=Smoothness().weight,
        type=float,
        metavar="WEIGHT",
        help=f"boundaries are few and short (default weight {Smoothness().weight:g})",
    )
    group.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="START:STOP,...",
        help="voxels not to learn from: a range of indices for each axis, as in 0:10,:,40:60; may be repeated",
    )


def objective(options: argparse.Namespace, base: Objective, shape: Sequence[int] | None = None) -> Objective:
    """Return the objective that the options ask for.

    Parameters
    ----------
    options : argparse.Namespace
        With what :func:`add_objective` adds.
    base : Objective
        Of the recipe; what is not said stays as it is there.
    shape : sequence of int, optional
        Of the survey, for boxes.

    Returns
    -------
    Objective

    Raises
    ------
    JobError
        When an option cannot be read; the message shows how it is written.
    """
    from napari_fhn.project.runs import terms

    return terms.objective(
        base,
        shape,
        loss=options.loss,
        balance=options.balance,
        shares=options.share,
        layers=options.order,
        absences=options.absent,
        smooth=options.smooth,
    )


def ignored(options: argparse.Namespace, shape: Sequence[int]) -> tuple[Box, ...]:
    """Return the boxes of ``--ignore``.

    Raises
    ------
    JobError
        When one cannot be read, or does not lie in the survey.
    """
    from napari_fhn.project.runs import terms

    return tuple(terms.box(text, shape) for text in options.ignore)


def with_objective(settings: Settings, options: argparse.Namespace, shape: Sequence[int]) -> Settings:
    """Return settings with what the options say of the objective, and with the boxes not to learn from."""
    schedule = replace(settings.schedule, objective=objective(options, settings.schedule.objective, shape))
    return replace(settings, schedule=schedule, ignored=ignored(options, shape) or settings.ignored)
