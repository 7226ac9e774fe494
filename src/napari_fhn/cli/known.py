"""What is known, as options name it: files and answers for `napari_fhn.project.knowledge.naming`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import xarray as xr
from numpy.typing import NDArray

from napari_fhn.cli.saying import say
from napari_fhn.labels import ClassTable, LabelError, Question, Source, collect_warnings
from napari_fhn.labels.classes.legends import read_legend
from napari_fhn.project.knowledge import Knowledge
from napari_fhn.project.knowledge.naming import FILES, FLAGS, Said, hint, sources
from napari_fhn.surveys.remote.opening import at_hand

__all__ = ["FILES", "FLAGS", "answering", "burn_known", "hint", "is_given", "knowledge", "legend", "said"]


def said(options: argparse.Namespace) -> Said:
    """Return what the options say of what is known."""
    return Said(**{one.name: getattr(options, one.name) for one in fields(Said)})


def is_given(options: argparse.Namespace) -> bool:
    """Whether the options name anything that is known."""
    return said(options).any


def knowledge(
    options: argparse.Namespace, table: ClassTable | None = None, survey: xr.DataArray | None = None
) -> Knowledge:
    """Return the files that options name, each with what was said about it.

    Parameters
    ----------
    options : argparse.Namespace
        With what :func:`~napari_fhn.cli.options.add_known` adds.
    table : ClassTable, optional
        The classes, if they are known: files that name others are refused then.
    survey : xarray.DataArray, optional
        Against which files of ``--known``, whose kind is not said, are held.

    Returns
    -------
    Knowledge

    Raises
    ------
    LabelError
        For options that make no sense, or a file whose kind cannot be told.
    """
    try:
        found = sources(said(options), survey)
    except Question as question:
        raise answering(question, ()) from question.cause
    return Knowledge(found, table or ClassTable(()), fixed=table is not None)


def legend(options: argparse.Namespace) -> ClassTable | None:
    """Return the classes of ``--classes``, None where none is named; what was left out of it is said.

    Raises
    ------
    LabelError
        With what is wrong and the way out.
    """
    if options.classes is None:
        return None
    table, words = collect_warnings(lambda: read_legend(at_hand(options.classes, whole=True)))
    say(words)
    return table


def burn_known(
    known: Knowledge,
    survey: xr.DataArray,
    out: NDArray[Any],
    weights: NDArray[Any] | None = None,
) -> ClassTable:
    """Burn what is known; what was left out or taken for granted is said on standard error.

    Parameters
    ----------
    known : Knowledge
        From `knowledge`.
    survey : xarray.DataArray
        Whose grid it is.
    out : ndarray of uint8
        Written in place.
    weights : ndarray of uint8, optional
        Percent, written in place where labels of wells and points fall off.

    Returns
    -------
    ClassTable
        The classes, with those that files name.

    Raises
    ------
    LabelError
        With what is wrong and the way out; where a person must say something, with the option that says it.
    """
    try:
        burnt = known.burn(survey, out, weights)
    except Question as question:
        raise answering(question, known.sources) from question
    for words in burnt.words:
        print(f"napari-fhn: {words}", file=sys.stderr)
    return burnt.classes


def answering(question: Question, sources: Sequence[Source]) -> LabelError:
    """Return a question as an error that names the option with which the command line takes the answer.

    Parameters
    ----------
    question : Question
        About one of the files.
    sources : sequence of Source
        All files: where several are of one kind, the option names the file.
    """
    source, cause = question.source, question.cause
    return LabelError(
        cause.what,
        f"{cause.way_out}: {' '.join(hint(question, sources))}",
        path=cause.path or source.path,
        line=cause.line,
    )
