"""Values brought onto a grid by their coordinates: as they are, turned, cropped, resampled with a word, or refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from napari_fhn.sentence import counted
from napari_fhn.surveys.grid.before import Before, before_steps, before_warping
from napari_fhn.surveys.grid.errors import PlaceError, elsewhere
from napari_fhn.surveys.grid.grid import Grid, file_of, same_meaning
from napari_fhn.surveys.grid.steps import Step, step_along
from napari_fhn.surveys.grid.taking import brought
from napari_fhn.surveys.grid.warping import warped
from napari_fhn.surveys.maps.grids import difference, same_crs


@dataclass(frozen=True)
class Placed:
    """Values on a grid.

    Attributes
    ----------
    values : xarray.DataArray
        With the axes and coordinates of the grid, in front of them ``band`` where there is one; lazy where they were.
        Where the values say nothing, 0 for classes and NaN for amounts.
    words : str
        What was done to them, a sentence; empty where they lie on the grid as they are.
    covered : float
        The share of the grid on which they lie, from 0 to 1.
    before : Before or None
        Classes as they lay, where the grid has not each of their voxels.
    """

    values: xr.DataArray
    words: str = ""
    covered: float = 1.0
    before: Before | None = None


def onto(values: xr.DataArray, grid: Grid | xr.DataArray, *, classes: bool, name: str = "") -> Placed:
    """Bring values onto a grid by their coordinates.

    Parameters
    ----------
    values : xarray.DataArray
        As `napari_fhn.surveys.open` gives them.
    grid : Grid or xarray.DataArray
        Where to; of a survey its own grid.
    classes : bool
        Whether the values are classes, which are never mixed, and 0 where there is none; else they are amounts,
        interpolated linearly where they must be, and NaN where there is none.
    name : str, optional
        What sentences call the values; their file when absent.

    Returns
    -------
    Placed
        Axes in another order, or stored the other way round, are turned exactly. Lines are brought over by their
        numbers, and samples and cells exactly where they meet those of the grid; otherwise classes are those of the
        nearest, and `Placed.words` says so. Values whose axes only count are taken one by one.

    Raises
    ------
    PlaceError
        When they lie elsewhere, one is in time and the other in depth, survey numbers stand for other map
        coordinates, or nothing says where they lie and they are of another size.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> placed = surveys.onto(survey[:, ::-1], survey[5:9], classes=False)
    >>> placed.values.shape
    (4, 192, 160)
    >>> placed.words.partition("; ")[0]
    'fold_and_fault.sgy: its crosslines run the other way and were turned round'
    """
    target = grid if isinstance(grid, Grid) else Grid.of(grid)
    own = Grid.of(values)
    path = Path(name) if name else file_of(own)
    turned, own, words = _ordered(values, own, target, path)
    wrong = target.contradicts(own)
    if wrong:
        raise PlaceError(path, wrong, "Check which of the two has the right trace headers")
    if not target.placed or not own.placed:
        if own.shape != target.shape:
            silent = "it" if not own.placed else "the survey"
            what = (
                f"its shape is {_sizes(own)} and the survey's {_sizes(target)}, and {silent} says nothing of its place"
            )
            raise PlaceError(path, what, "Use one grid, or a file with coordinates")
        if own.placed != target.placed:
            who = "it says" if target.placed else "the survey says"
            words.append(f"{who} nothing about its place, and so it was taken voxel by voxel")
        return Placed(_as_they_are(turned, target, values), _sentence(path, words))
    mine, theirs = target.on_map(), own.on_map()
    if mine is not None and theirs is not None:
        if theirs.crs is None and mine.crs is not None:
            words.append(f"it names no CRS and was taken to be in {mine.crs.to_string()}")
        rotated = bool(own.transform or target.transform) and bool(difference(mine, theirs))
        if rotated or not same_crs(mine.crs, theirs.crs):
            found, done, covered = warped(turned, own, target, path, classes)
            words += [done] if covered == 1 else [done, _partly(covered, classes)]
            before = before_warping(turned, own, target) if classes else None
            return Placed(found, _sentence(path, words), covered, before)
    steps = [step_along(a, b, own, target, path) for a, b in zip(target.axes, own.axes, strict=True)]
    if not all(step.any for step in steps):
        raise elsewhere(path, own, target)
    if all(step.identity for step in steps):
        return Placed(_as_they_are(turned, target, values), _sentence(path, words))
    words += [step.words for step in steps if step.words]
    covered = float(np.prod([step.inside.mean() for step in steps]))
    if covered < 1:
        words.append(_coverage(steps, target, covered, classes))
    if any(step.beyond for step in steps):
        words.append("what lies beyond the survey was left out")
    before = before_steps(turned, steps, own, target) if classes else None
    return Placed(brought(turned, steps, target, path, classes), _sentence(path, words), covered, before)


def _as_they_are(turned: xr.DataArray, target: Grid, values: xr.DataArray) -> xr.DataArray:
    """The values themselves where nothing about them changes."""
    same = turned.dims == values.dims and all(
        axis.name in values.coords and np.array_equal(values[axis.name].values, axis.numbers) for axis in target.axes
    )
    return values if same else target.put(turned)


def _ordered(values: xr.DataArray, own: Grid, target: Grid, path: Path) -> tuple[xr.DataArray, Grid, list[str]]:
    """Put axes into the order of a grid and give them its names."""
    if len(own.axes) != len(target.axes):
        what = (
            f"its shape is {_sizes(own)} ({counted(len(own.axes), 'axes')}) and the survey's {_sizes(target)} "
            f"({counted(len(target.axes), 'axes')})"
        )
        raise PlaceError(path, what, "Use one grid")
    rest = [name for name in own.dims if name not in target.dims]
    order = [name if name in own.dims else rest.pop(0) for name in target.dims]
    for name, dim in zip(order, target.dims, strict=True):
        if {name, dim} == {"twt", "depth"}:
            domains = ("depth", "time") if name == "depth" else ("time", "depth")
            raise PlaceError(
                path, f"it is in {domains[0]} and the survey in {domains[1]}", f"Convert it to {domains[1]} first"
            )
        if name != dim and not same_meaning(name, dim):
            what = f"its axes are {', '.join(own.dims)} and those of the survey {', '.join(target.dims)}"
            raise PlaceError(path, what, "Check how the files were read")
    words = []
    if order != list(own.dims):
        words.append(f"its axes ({', '.join(own.dims)}) were brought into the order of the survey")
    bands = [dim for dim in values.dims if dim not in own.dims]
    turned = values.transpose(*bands, *order) if tuple(values.dims) != (*bands, *order) else values
    renamed = {name: dim for name, dim in zip(order, target.dims, strict=True) if name != dim}
    if renamed:
        turned = xr.DataArray(
            xr.Variable([renamed.get(str(dim), dim) for dim in turned.dims], turned.variable._data, turned.attrs),
            coords={key: one for key, one in turned.coords.items() if set(one.dims) <= set(bands)},
            name=turned.name,
        )
    axes = {axis.name: axis for axis in own.axes}
    # An axis that counts under another name still only counts.
    arranged = tuple(
        replace(axes[name], name=dim, counted=axes[name].counted) for name, dim in zip(order, target.dims, strict=True)
    )
    return turned, replace(own, axes=arranged), words


def _coverage(steps: list[Step], target: Grid, covered: float, classes: bool) -> str:
    spans = []
    for step, axis in zip(steps, target.axes, strict=True):
        if step.inside.all() or axis.name in ("y", "x"):
            continue
        numbers = axis.numbers[step.inside]
        unit = f" {axis.unit}" if axis.unit else ""
        some = "some of the " if numbers.size < np.ptp(np.flatnonzero(step.inside)) + 1 else ""
        spans.append(f"{some}{axis.called} {numbers[0]:.10g} to {numbers[-1]:.10g}{unit}")
    return _partly(covered, classes, ", ".join(spans))


def _partly(covered: float, classes: bool, where: str = "") -> str:
    share = f"{100 * covered:.0f} %" if covered >= 0.01 else "less than 1 %"
    there = f"{where}, {share} of the survey" if where else f"{share} of the survey"
    return f"it covers {there}, and elsewhere {'nothing is labelled' if classes else 'it has no value'}"


def _sentence(path: Path, words: list[str]) -> str:
    return f"{path.name}: {'; '.join(words)}." if words else ""


def _sizes(grid: Grid) -> str:
    return " x ".join(map(str, grid.shape))
