"""More like this: places of a survey that look like one that is shown, for every face of the program.

What a survey looks like is found out once (:func:`describe`, seconds for 50 million voxels); a question is answered
from it in a moment (:func:`find`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.labels.volumes.changes import Change, of_voxels
from napari_fhn.project.data.standing_in import check_at_hand
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.exporting import own_files
from napari_fhn.project.exporting.export_checks import check_no_part
from napari_fhn.project.labelling.shown import numbers_of
from napari_fhn.project.project import Project
from napari_fhn.project.runs.run import Run
from napari_fhn.structure.similar.channels import NothingThere
from napari_fhn.structure.similar.describing import Descriptions
from napari_fhn.structure.similar.lattice import Lattice
from napari_fhn.structure.similar.likeness import Examples, NoExample, likeness
from napari_fhn.structure.similar.places import LEVEL, SimilarPlace, places
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.numbers import Numbers, by_axes
from napari_fhn.surveys.out import save
from napari_fhn.surveys.plain import good_bands, values
from napari_fhn.training.prediction import state_file

COUNT = 12
"""Places that are found unless more are asked for."""

_BAND = "band"
_MOST_NAMED = 3


class SurveyValues:
    """The good bands of surveys on one grid, as what is described.

    Parameters
    ----------
    surveys : SurveySet
        Opened.
    """

    def __init__(self, surveys: SurveySet) -> None:
        self.shape = surveys.shape
        self._parts: list[tuple[Any, int | None, list[int]]] = []
        for survey in surveys.surveys:
            axis = survey.dims.index(_BAND) if _BAND in survey.dims else None
            self._parts.append((values(survey), axis, good_bands(survey)))
        self.count = sum(len(bands) for _, _, bands in self._parts)

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return ``(channels, *box.shape)``; NaN where there are no data."""
        found = []
        for array, axis, bands in self._parts:
            key: list[slice] = list(box.slices)
            if axis is None:
                found.append(np.asarray(array[tuple(key)], np.float32)[None])
                continue
            key.insert(axis, slice(None))
            part = np.asarray(array[tuple(key)])
            found.append(np.moveaxis(part, axis, 0)[bands].astype(np.float32))
        return np.concatenate(found)


@dataclass(frozen=True, eq=False)
class Similar:
    """What was found.

    Parameters
    ----------
    places : tuple of SimilarPlace
        Those that were shown, then the most alike first.
    alike : ndarray of float32
        How alike every cell is, 0 to 1; NaN where there are no data.
    described : Descriptions
        What the survey looks like.
    examples : Examples
        What was looked for.
    grid : Grid
        Of the survey.
    numbers : Numbers
        Of the survey.
    """

    places: tuple[SimilarPlace, ...]
    alike: NDArray[np.float32]
    described: Descriptions
    examples: Examples
    grid: Grid
    numbers: Numbers

    @property
    def found(self) -> tuple[SimilarPlace, ...]:
        """Places that were found, and not shown."""
        return tuple(place for place in self.places if not place.shown)

    def where(self, place: SimilarPlace) -> str:
        """Say where a place is, in the numbers of the survey."""
        return by_axes(self.numbers, place.voxel)

    @cached_property
    def likeness(self) -> xr.DataArray:
        """How alike every cell is, with the coordinates of the middles of cells.

        Returns
        -------
        xarray.DataArray
            float32, 0 to 1, on a coarser grid than the survey where that is large.
        """
        centres = dict(zip(self.grid.dims, self.described.lattice.centres, strict=True))
        coarse = self.grid.template().isel(centres)
        found = xr.DataArray(self.alike, dims=coarse.dims, coords=coarse.coords, name="likeness")
        found.attrs["history"] = self.history
        return found

    @property
    def on_survey(self) -> OnSurvey:
        """How alike every voxel is, on the grid of the survey; 0 where there are no data."""
        return OnSurvey(self.alike, self.described.lattice)

    @property
    def history(self) -> tuple[str, ...]:
        """What was asked, for the file that the answer is written to."""
        meant, not_meant = self.examples.alike, self.examples.unlike

        def words(places: Sequence[NDArray[np.int64]]) -> str:
            ends = [by_axes(self.numbers, place[len(place) // 2].tolist()) for place in places if len(place)]
            return "; ".join(ends[:_MOST_NAMED]) + (f" and {len(ends) - _MOST_NAMED} more" * (len(ends) > _MOST_NAMED))

        said = [f"likeness, 0 to 1, to {words(meant)}"]
        return tuple(said + ([f"and not to {words(not_meant)}"] if not_meant else []))

    def save(
        self,
        path: str | Path,
        survey: xr.DataArray,
        told: Callable[[float], None] | None = None,
        *,
        overwrite: bool = False,
    ) -> Path:
        """Write how alike every voxel is to a file, on the grid of a survey.

        Parameters
        ----------
        path : path-like
            Its suffix says what kind of file it becomes, as in :func:`napari_fhn.surveys.save`.
        survey : xarray.DataArray
            That was looked through.
        told : callable, optional
            Told the share that is written, 0 to 1.
        overwrite : bool
            Replace a file that this program has not written, or that was changed since.

        Raises
        ------
        SurveyError
            When it cannot be written.
        ProjectError
            When the file is a part of a session; `WouldReplace` when it is somebody else's.
        """
        check_no_part(path)
        with own_files.writing(path, overwrite=overwrite):
            return save(path, self.on_survey, survey, history=self.history, progress=told)


class OnSurvey:
    """What is known of cells, as if it were known of voxels; made as it is sliced.

    Parameters
    ----------
    cells : ndarray of float32
        Of the lattice's shape; NaN reads as 0.
    lattice : Lattice
        The cells.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, cells: NDArray[np.float32], lattice: Lattice) -> None:
        self._cells = cells
        self._lattice = lattice
        self.shape = lattice.survey
        self.ndim = len(lattice.survey)

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        keys = key if isinstance(key, tuple) else (key,)
        found = self._cells
        # The last axes first: an axis that is a number goes.
        for axis, (size, cell) in reversed(list(enumerate(zip(self.shape, self._lattice.cell, strict=True)))):
            one = keys[axis] if axis < len(keys) else slice(None)
            voxels = np.arange(size)[one]
            found = np.take(found, voxels // cell, axis)
        return np.nan_to_num(found)


def describe(
    surveys: SurveySet, vertical_axis: int | None, told: Callable[[float], None] | None = None
) -> Descriptions:
    """Find out what surveys look like around every place.

    Parameters
    ----------
    surveys : SurveySet
        Opened.
    vertical_axis : int or None
        Axis of time or depth.
    told : callable, optional
        Told the share that is done; what it raises ends the work.

    Raises
    ------
    ProjectError
        When there is nothing to be seen in them.
    """
    check_at_hand(surveys.surveys, copies=True)
    try:
        return Descriptions.of(SurveyValues(surveys), vertical_axis, told=told)
    except NothingThere as error:
        raise ProjectError(f"nothing is like anything in '{surveys.names[0]}': {error}", path=surveys.source) from error


def states(project: Project, run: Run) -> Descriptions:
    """Return what the survey looks like to the network of a run, which has looked at it.

    Parameters
    ----------
    project : Project
        Whose run it is.
    run : Run
        With a network whose states were written (see :func:`napari_fhn.training.prediction.states.write_states`).

    Raises
    ------
    NotLooked
        When the network of now has not looked at the data of now.
    ProjectError
        When there is no network, or it tells nothing apart.
    """
    described, found = run.description(), state_file.read(run.prediction)
    if described is None:
        raise ProjectError(f"'{run.name}' has no network", "Train first", path=project.session.folder)
    known = {entry.content for entry in project.session.manifest.inputs if entry.content}
    if (
        found is None
        or found[0].model != described.sha256
        or (known and not known & {stamp for stamp in found[0].inputs if stamp})
    ):
        raise NotLooked(f"the network of '{run.name}' has not looked at the survey yet", path=project.session.folder)
    try:
        return Descriptions.of_states(found[1], project.shape, found[0].cell, project.vertical_axis)
    except (NothingThere, ValueError) as error:
        raise ProjectError(f"the network of '{run.name}' tells nothing apart: {error}") from error


class NotLooked(ProjectError):
    """A network has not looked at the survey yet: it has to be let do so first."""


def find(
    surveys: SurveySet,
    described: Descriptions,
    examples: Examples,
    *,
    count: int = COUNT,
    level: float = LEVEL,
    known: NDArray[np.uint8] | None = None,
) -> Similar:
    """Find the places that look most like examples.

    Parameters
    ----------
    surveys : SurveySet
        That were described.
    described : Descriptions
        From :func:`describe`.
    examples : Examples
        What is looked for.
    count : int
        Places at most, beside those that were shown.
    level : float
        Likeness, 0 to 1, from which a cell belongs to a place.
    known : ndarray of uint8, optional
        Labels: cells that hold any are not looked for.

    Raises
    ------
    ProjectError
        When there are no data where it was shown.
    """
    numbers = numbers_of(surveys)
    try:
        alike = likeness(described, examples)
    except NoExample as error:
        first = next((place[0] for place in examples.alike if len(place)), None)
        where = "" if first is None else f" ({by_axes(numbers, first.tolist())})"
        raise ProjectError(f"{error} that was shown{where}", "Show another one") from error
    labelled = None if known is None else _labelled(described, known)
    shown = () if labelled is not None else examples.alike
    best = places(alike, described.lattice, shown=shown, known=labelled, count=count, level=level)
    return Similar(tuple(best), alike, described, examples, surveys.grid, numbers)


def label(surveys: SurveySet, found: Sequence[SimilarPlace], out: NDArray[Any], value: int) -> tuple[Change, int]:
    """Find out which labels places become, where there are data and nothing is labelled yet; nothing is written.

    Parameters
    ----------
    surveys : SurveySet
        That were looked through.
    found : sequence of SimilarPlace
        Places that a person has agreed to.
    out : ndarray or memmap of uint8
        Labels of the survey's shape.
    value : int
        The class.

    Returns
    -------
    tuple of Change and int
        What is to be changed, and how many of the voxels of the places are labelled already.
    """
    channels, change, labelled = SurveyValues(surveys), Change(), 0
    for place in found:
        there = np.isfinite(channels.read(place.box)).all(axis=0)
        meant = place.inside & there
        free = meant & (np.asarray(out[place.box.slices]) == 0)
        labelled += int(np.count_nonzero(meant & ~free))
        if free.any():
            index = tuple(axis + start for axis, start in zip(np.nonzero(free), place.box.start, strict=True))
            change += of_voxels(index, np.zeros(len(index[0]), np.uint8), value)
    return change, labelled


def _labelled(described: Descriptions, known: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the cells that hold labels."""
    lattice = described.lattice
    cells = np.zeros(lattice.shape, bool)
    labelled = np.flatnonzero(np.asarray(known))
    if len(labelled):
        voxels = np.stack(np.unravel_index(labelled, lattice.survey), axis=1)
        cells[tuple(lattice.cells_of(voxels).T)] = True
    return cells
