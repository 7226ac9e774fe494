"""Places that a person shows, to ask where it looks like that: said in numbers, marked, or labelled as a class."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.project import Project
from napari_fhn.sentence import cell
from napari_fhn.structure.similar.likeness import Examples
from napari_fhn.surveys.numbers import Numbers
from napari_fhn.surveys.places import GoToError, parse, resolve

_BAND = "band"
_INDICES = re.compile(r"\s*\d+(\s+\d+)*\s*")
_MOST_LABELLED = 100_000
"""Labelled voxels of a class that are examples."""

Shown = str | Sequence[int] | Box | NDArray[np.bool_]
"""A place that a person shows: in the numbers of the survey, as the indices of a voxel, as a box, or as a mask."""


def shown_at(surveys: SurveySet, at: Shown) -> NDArray[np.int64]:
    """Return the voxels that a person means, shape (n, axes).

    Parameters
    ----------
    surveys : SurveySet
        Whose numbers are meant.
    at : str, sequence of int, Box or ndarray of bool
        "inline 120 crossline 300 time 1500", "row 10 col 20", "x 431000 y 6350000"; the voxel's indices, from 0; a box
        of voxels; or a mask of the survey's shape.

    Raises
    ------
    ProjectError
        When it is not understood, says too little, or lies outside.
    """
    shape = surveys.shape
    if isinstance(at, np.ndarray) and at.dtype == bool:
        if at.shape != shape or not at.any():
            what = "marks nothing" if at.shape == shape else f"is {at.shape} and the survey {shape}"
            raise ProjectError(f"the mask of what is looked for {what}", "Mark a place in a mask of the survey's shape")
        return np.argwhere(at)
    if isinstance(at, Box):
        if any(a < 0 or b > n or a == b for a, b, n in zip(at.start, at.stop, shape, strict=False)):
            raise ProjectError(f"the box {at.start} to {at.stop} is no part of the survey of {_times(shape)}")
        voxels: NDArray[np.int64] = np.argwhere(np.ones(at.shape, bool)) + np.array(at.start)
    elif isinstance(at, str) and not _INDICES.fullmatch(at):
        voxels = np.array([_said(surveys, at)], np.int64)
    else:
        voxels = np.array([[int(k) for k in (at.split() if isinstance(at, str) else at)]], np.int64)
    if voxels.shape[1] != len(shape) or (voxels < 0).any() or (voxels >= shape).any():
        called = " ".join(axis.called for axis in numbers_of(surveys).axes)
        where = ", ".join(map(str, voxels[0].tolist()))
        what = cell(len(shape), surveys.vertical(None))
        raise ProjectError(
            f"the {what} {where} is outside the survey of {_times(shape)}", f"Say {called} with their numbers"
        )
    return voxels


def _said(surveys: SurveySet, words: str) -> list[int]:
    numbers = numbers_of(surveys)
    try:
        index = resolve(parse(words), numbers).index
    except GoToError as error:
        raise ProjectError(f"'{words}' is no place: {error}") from error
    lacking = [axis.called for axis in numbers.axes if axis.name not in index and axis.values.size > 1]
    if lacking:
        raise ProjectError(f"'{words}' says no {' and no '.join(lacking)}", "Say that too")
    return [round(index.get(axis.name, 0.0)) for axis in numbers.axes]


def _times(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def shown_by_class(project: Project, name: str) -> Examples:
    """Return what is labelled as a class as examples, and what is labelled as others as what is not meant.

    Raises
    ------
    LabelError
        When there is no such class.
    ProjectError
        When nothing is labelled as it.
    """
    value = project.classes.value_of(name)
    known = project.session.known() if project.session.has_labels else np.zeros(project.shape, np.uint8)
    return labelled_examples(known, value, name)


def labelled_examples(known: NDArray[np.uint8], value: int, name: str) -> Examples:
    """Return the voxels of one label value as examples, and those of others as what is not meant.

    Raises
    ------
    ProjectError
        When there are none.
    """
    flat = np.asarray(known).reshape(-1)
    there = np.flatnonzero(flat)
    of_class = there[flat[there] == value]
    if not len(of_class):
        raise ProjectError(f"nothing is labelled as '{name}'", "Label some of it, or show a place")
    others = [there[flat[there] == other] for other in np.unique(flat[there]) if other != value]
    return Examples((_voxels(of_class, known.shape),), tuple(_voxels(one, known.shape) for one in others))


def _voxels(flat: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    some = flat[:: max(1, len(flat) // _MOST_LABELLED)]
    return np.stack(np.unravel_index(some, shape), axis=1).astype(np.int64)


def numbers_of(surveys: SurveySet) -> Numbers:
    """Return the numbers of the axes of space."""
    first = surveys.first
    return Numbers.of(first.isel({_BAND: 0}, drop=True) if _BAND in first.dims else first)
