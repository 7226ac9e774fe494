"""Files of what is known, read and burnt into one label volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels import ClassTable, DeviatedWell, Source, Well, collect_warnings
from napari_fhn.labels.volumes.splits import slabs
from napari_fhn.project.knowledge.content import Asked, Write
from napari_fhn.project.knowledge.steps import groups, reader_of, unread
from napari_fhn.sentence import cell, counted, made_of
from napari_fhn.surveys.kinds import spatial_dims, vertical_axis


@dataclass(frozen=True)
class Burnt:
    """What was burnt into a label volume.

    Attributes
    ----------
    classes : ClassTable
        The classes, with those that files named.
    words : tuple of str
        What was left out or taken for granted, in sentences, each once.
    """

    classes: ClassTable
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Files that belong together, read onto a survey and not burnt yet.

    Attributes
    ----------
    sources : tuple of Source
        The files.
    title : str
        What they hold, for people: "3 points".
    classes : ClassTable
        The classes with those that the files name.
    words : tuple of str
        What was left out or taken for granted in reading them.
    wells : tuple of Well or DeviatedWell
        What the files tell of wells; empty for other files.
    weighted : bool
        Whether labels count less with the distance from where somebody looked.
    rest : Part or None
        What they tell beside wells, for those who hold wells themselves; None where that is nothing.
    """

    sources: tuple[Source, ...]
    title: str
    classes: ClassTable
    words: tuple[str, ...]
    wells: tuple[Well | DeviatedWell, ...]
    weighted: bool
    write: Write
    rest: Part | None = None

    def burn(
        self, out: NDArray[Any], weights: NDArray[Any] | None = None, classes: ClassTable | None = None
    ) -> tuple[str, ...]:
        """Write the labels where nothing is labelled yet.

        Parameters
        ----------
        out : ndarray or memmap of uint8
            Of the survey's spatial shape, written in place.
        weights : ndarray or memmap of uint8, optional
            Percent, written in place where labels fall off.
        classes : ClassTable, optional
            Instead of those of the part: with the same names and maybe other values.

        Returns
        -------
        tuple of str
            What was left out, and what was labelled already, in sentences.

        Raises
        ------
        LabelError
            With what is wrong and the way out.
        """
        table = self.classes if classes is None else classes
        if not out.any():
            return tuple(collect_warnings(lambda: self.write(table, out, weights))[1])
        own: NDArray[np.uint8] = np.zeros(out.shape, np.uint8)
        weighed = None if weights is None else np.zeros(out.shape, np.uint8)
        words = collect_warnings(lambda: self.write(table, own, weighed))[1]
        new = there = 0
        for slab in slabs(out):
            free = (own[slab] != 0) & (out[slab] == 0)
            new += (here := int(np.count_nonzero(free)))
            there += int(np.count_nonzero(own[slab])) - here
            out[slab] = np.where(free, own[slab], out[slab])
            if weights is not None and weighed is not None:
                weights[slab] = np.where(free, weighed[slab], weights[slab])
        return (*((self.said(new, there),) if there else ()), *words)

    def said(self, new: int, there: int) -> str:
        """Return a sentence about what became of it.

        Parameters
        ----------
        new : int
            Voxels that it labelled.
        there : int
            Others of its voxels, which were labelled already.
        """
        names = ", ".join(dict.fromkeys(source.path.name for source in self.sources))
        return f"{self.title}{f' of {names}' if names else ''}: {labelled(new, there)}."


def labelled(new: int, there: int) -> str:
    """Say how many voxels became labels, and how many of those that were meant were labelled already.

    Examples
    --------
    >>> labelled(3, 1)
    '3 voxels are labels now; 1 was labelled already, and stays as it was'
    >>> labelled(1, 0), labelled(0, 4)
    ('1 voxel is a label now', 'everything there was labelled already, and stays as it was')
    >>> labelled(0, 0)
    'nothing becomes a label'
    """
    if not new and not there:
        return "nothing becomes a label"
    if not new:
        return "everything there was labelled already, and stays as it was"
    words = f"{counted(new, 'voxels are labels', 'voxel is a label')} now"
    stays = (
        "was labelled already, and stays as it was" if there == 1 else "were labelled already, and stay as they were"
    )
    return f"{words}; {there:,} {stays}" if there else words


@dataclass(frozen=True)
class Knowledge:
    """Files of what is known, and the classes.

    Attributes
    ----------
    sources : tuple of Source
        The files with their answers, in the order in which they came.
    classes : ClassTable
        Those that are known without them.
    fixed : bool
        Whether files that name other classes are refused, and not added to.
    """

    sources: tuple[Source, ...] = ()
    classes: ClassTable = field(default_factory=lambda: ClassTable(()))
    fixed: bool = False

    def with_source(self, source: Source) -> Knowledge:
        """Return the knowledge with one more file, or with new answers for one that it has."""
        at = next((k for k, one in enumerate(self.sources) if one.is_of(source)), None)
        if at is None:
            return replace(self, sources=(*self.sources, source))
        return replace(self, sources=(*self.sources[:at], source, *self.sources[at + 1 :]))

    @property
    def weighted(self) -> bool:
        """Whether labels of any of the files count less with distance, so that weights are needed."""
        return any("fall_off" in source.options for source in self.sources)

    def burn(self, survey: xr.DataArray, out: NDArray[Any], weights: NDArray[Any] | None = None) -> Burnt:
        """Read all files and burn them; see the function `burn`."""
        return burn(self.sources, survey, self.classes, out, weights, fixed=self.fixed)


def burn(
    sources: Sequence[Source],
    survey: xr.DataArray,
    classes: ClassTable,
    out: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    fixed: bool = False,
) -> Burnt:
    """Read files of what is known and burn them, in the order of `STEPS`, each where nothing is labelled yet.

    Parameters
    ----------
    sources : sequence of Source
        The files with their answers.
    survey : xarray.DataArray
        Whose grid it is; only its coordinates and its place on the map are used.
    classes : ClassTable
        The classes that are known; those that files name are added to them.
    out : ndarray or memmap of uint8
        Of the survey's spatial shape, written in place. What is labelled already is never replaced.
    weights : ndarray or memmap of uint8, optional
        Percent, written in place where labels fall off with the distance.
    fixed : bool, optional
        Refuse files that name other classes.

    Returns
    -------
    Burnt

    Raises
    ------
    Question
        When a person must say something about a file; nothing is written of its part and of those that come later.
    LabelError
        With what is wrong and the way out.
    """
    words = unread(sources)
    for group in groups(sources):
        part = read(group, survey, classes, fixed=fixed)
        words += (*part.words, *part.burn(out, weights))
        classes = part.classes
    made = cell(len(spatial_dims(survey)), vertical_axis(survey))
    return Burnt(classes, tuple(made_of(one, made) for one in dict.fromkeys(words)))


def read(
    group: Sequence[Source],
    survey: xr.DataArray,
    classes: ClassTable,
    *,
    fixed: bool = False,
    surfaces: Sequence[xr.DataArray] | None = None,
) -> Part:
    """Read files that belong together.

    Parameters
    ----------
    group : sequence of Source
        One of `groups`.
    survey : xarray.DataArray
        Whose grid it is.
    classes : ClassTable
        The classes so far.
    fixed
        As in `burn`.
    surfaces : sequence of xarray.DataArray, optional
        Horizons that `read_surfaces` has read already.

    Returns
    -------
    Part

    Raises
    ------
    Question
        When a person must say something about a file.
    LabelError
        With what is wrong and the way out.
    """
    asked = Asked(tuple(group), survey, classes, fixed, surfaces)
    found, words = collect_warnings(lambda: reader_of(asked.source)(asked))
    table = found.table or (classes if fixed else classes.including(found.names))
    part = Part(asked.sources, found.title, table, (*found.words, *words), found.wells, found.weighted, found.write)
    if found.rest is None:
        return part
    return replace(part, rest=replace(part, words=(), wells=(), weighted=False, write=found.rest))
