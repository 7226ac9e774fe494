"""What training minimises, as options say it: the loss, and what is known without labels."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.cli.maps import tell
from napari_fhn.cli.reading import reading
from napari_fhn.training.job import JobError
from napari_fhn.training.objective import BALANCES, LOSSES, Absence, Knowledge, Objective, Order, Share, Smoothness

if TYPE_CHECKING:
    import xarray as xr

    from napari_fhn.session import Session

_ABSENT = "Salt=shelf.npy"


def add_objective(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
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
        help="a class does not occur where this file on the survey's grid is not 0; may be repeated",
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


def masks_on(options: argparse.Namespace, survey: xr.DataArray, session: Session) -> dict[str, Path]:
    """Bring the masks of ``--absent`` onto the grid of a survey.

    Parameters
    ----------
    options : argparse.Namespace
        With what :func:`add_objective` adds.
    survey : xarray.DataArray
        On whose grid they are wanted.
    session : Session
        Where those are kept that do not lie there as they are.

    Returns
    -------
    dict
        For each mask, as it is named, the ``.npy`` that training reads.

    Raises
    ------
    JobError, SurveyError
        When an option cannot be read, or a mask lies elsewhere.
    """
    from napari_fhn import surveys

    masks = {}
    for text in options.absent:
        name = _pair(text, "--absent", _ABSENT)[1]
        path = Path(name)
        found = surveys.read_mask(path, survey, **reading(options))
        tell([found.words])
        values = found.values.values
        if path.suffix.lower() == ".npy" and _holds(path, values):
            # Absolute: the job may be trained again from another folder.
            masks[name] = path.absolute()
            continue
        digest = hashlib.sha1(values.tobytes(), usedforsecurity=False).hexdigest()[:8]
        masks[name] = session.folder / f"absent-{path.stem[:40]}-{digest}.npy"
        np.save(masks[name], values)
    return masks


def _holds(path: Path, mask: NDArray[np.uint8]) -> bool:
    """Whether a file holds a mask voxel by voxel, so that training can read it as it is."""
    stored = np.load(path, mmap_mode="r", allow_pickle=False)
    return stored.shape == mask.shape and all(
        np.array_equal(np.asarray(row) != 0, known != 0) for row, known in zip(stored, mask, strict=True)
    )


def objective(options: argparse.Namespace, base: Objective, masks: Mapping[str, Path] | None = None) -> Objective:
    """Return the objective that the options ask for.

    Parameters
    ----------
    options : argparse.Namespace
        With what :func:`add_objective` adds.
    base : Objective
        Of the recipe; what is not said stays as it is there.
    masks : mapping, optional
        From :func:`masks_on`; without it masks are taken to be ``.npy`` on the survey's grid.

    Returns
    -------
    Objective

    Raises
    ------
    JobError
        When an option cannot be read; the message shows how it is written.
    """
    known: list[Knowledge] = []
    for text in options.share:
        name, bounds = _pair(text, "--share", "Salt=0.02:0.1")
        least, _, most = bounds.partition(":")
        try:
            known.append(Share(name, float(least or 0), float(most or 1)))
        except ValueError as error:
            if isinstance(error, JobError):
                raise
            raise JobError(f"--share {text}: {bounds} are no two numbers, as in Salt=0.02:0.1") from error
    if options.order is not None:
        known.append(Order(tuple(name.strip() for name in options.order.split(",") if name.strip())))
    for text in options.absent:
        name, mask = _pair(text, "--absent", _ABSENT)
        known.append(Absence(name, mask=str((masks or {}).get(mask, Path(mask).absolute()))))
    if options.smooth is not None:
        known.append(Smoothness(weight=options.smooth))
    losses = base.losses if options.loss is None else tuple(name.strip() for name in options.loss.split("+"))
    return replace(base, losses=losses, balance=options.balance or base.balance, knowledge=(*base.knowledge, *known))


def ignored(options: argparse.Namespace, shape: tuple[int, ...]) -> tuple[Box, ...]:
    """Return the boxes of ``--ignore``.

    Raises
    ------
    JobError
        When one cannot be read, or does not lie in the survey.
    """
    boxes = []
    for text in options.ignore:
        try:
            ends = [part.split(":") for part in text.split(",")]
            box = Box(
                tuple(int(start or 0) for start, _ in ends),
                tuple(int(stop or size) for (_, stop), size in zip(ends, shape, strict=True)),
            )
        except ValueError as error:
            raise JobError(f"--ignore {text}: write start:stop for each of the {len(shape)} axes of {shape}") from error
        if any(a < 0 or a == b or b > size for a, b, size in zip(box.start, box.stop, shape, strict=True)):
            raise JobError(f"--ignore {text}: this is no box inside the survey, which is {shape} voxels")
        boxes.append(box)
    return tuple(boxes)


def _pair(text: str, option: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise JobError(f"{option} {text}: write it as in {example}")
    return name.strip(), value.strip()
