"""Values brought onto a grid by their coordinates: as they are, turned, cropped, resampled with a word, or refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import DTypeLike, NDArray
from rasterio.enums import Resampling
from scipy.spatial import cKDTree

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.grid.axis import TOLERANCE, VERTICAL, Along, GridAxis, unit_factor
from napari_fhn.surveys.grid.grid import Grid, file_of, same_meaning
from napari_fhn.surveys.lazy import Box, LazyArray, holds, physical
from napari_fhn.surveys.maps.grids import COARSER, Resampled, cell_metres, difference, same_crs

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]

#: Along these, voxels are cells or samples of something continuous; along others they are lines with numbers.
_CONTINUOUS = (*VERTICAL, "y", "x", "z")
_OF_TRACES = (("x", "y"), ("inline", "crossline"), ("cdp",))


class PlaceError(SurveyError):
    """Values that do not belong on a grid: another place, another kind of axis, or nothing that says where they lie."""


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
    """

    values: xr.DataArray
    words: str = ""
    covered: float = 1.0


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
            return _warped(turned, own, target, path, words, classes)
    steps = [_step(a, b, own, target, path) for a, b in zip(target.axes, own.axes, strict=True)]
    if not all(step.any for step in steps):
        raise _elsewhere(path, own, target)
    if all(step.identity for step in steps):
        return Placed(_as_they_are(turned, target, values), _sentence(path, words))
    words += [step.words for step in steps if step.words]
    covered = float(np.prod([step.inside.mean() for step in steps]))
    if covered < 1:
        words.append(_coverage(steps, target, covered, classes))
    if any(step.beyond for step in steps):
        words.append("what lies beyond the survey was left out")
    return Placed(_brought(turned, steps, target, path, classes), _sentence(path, words), covered)


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
            f"its shape is {_sizes(own)} ({len(own.axes)} axes) and the survey's {_sizes(target)} "
            f"({len(target.axes)} axes)"
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


@dataclass(frozen=True)
class _Step:
    """Where the values along one axis of a grid come from.

    Attributes
    ----------
    low : ndarray of int
        Index into the values, -1 where there are none.
    high, weight : ndarray
        The other index, and how much it counts, where amounts are interpolated.
    words : str
        What is done along it.
    beyond : bool
        Whether some of the values lie outside the grid.
    identity : bool
        Whether every value stays where it is.
    """

    low: Ints
    high: Ints
    weight: Floats
    words: str = ""
    beyond: bool = False
    identity: bool = False

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Where the grid has values."""
        return self.low >= 0

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.inside.any())

    @property
    def exact(self) -> bool:
        """Whether nothing is interpolated."""
        return not self.weight.any()


def _step(target: GridAxis, own: GridAxis, from_: Grid, to: Grid, path: Path) -> _Step:
    """Find out where the values along one axis come from."""
    if target.name == "trace":
        found = _by_trace(target, from_, to)
        if found is not None:
            return _taken(found, own, target, "its traces were brought over by their places")
    if target.counted or own.counted:
        if own.size != target.size:
            what = (
                f"it has {own.size} {target.called} and the survey {target.size}, and nothing says which belongs where"
            )
            raise PlaceError(path, what, "Use one grid, or a file with coordinates")
        word = "" if target.counted and own.counted else f"its {own.called} were taken one by one, as they only count"
        return replace(_taken(np.arange(own.size), own, target, ""), words="" if target.name == "trace" else word)
    if unit_factor(own.unit, target.unit) is None:
        what = f"its {own.called} are in {own.unit} and those of the survey in {target.unit}"
        raise PlaceError(path, what, "Convert them first")
    own = own.into(target.unit)
    place = _positions(own, target.numbers)
    near = np.rint(place)
    spacing = abs(target.step / own.step) if own.size > 1 < target.size and own.step else 1.0
    within = np.abs(place - near) <= TOLERANCE * min(1.0, spacing)
    on_line = within & (near >= 0) & (near <= own.size - 1)
    between = np.isfinite(place) & (place >= -0.5) & (place < own.size - 0.5)
    if target.name not in _CONTINUOUS or (on_line == between).all():
        low = np.where(on_line, near, -1).astype(np.intp)
        turned = own.size > 1 < target.size and own.step * target.step < 0
        ways = [f"its {own.called} run the other way and were turned round"] if turned else []
        finer = own.size > 1 < target.size and abs(target.step) > (1 + TOLERANCE) * abs(own.step)
        if finer and target.name in _CONTINUOUS:
            ways.append(f"its {own.called}, {_apart(own)}, were taken {_apart(target)}")
        return _taken(low, own, target, "; ".join(ways))
    place = np.where(between, np.clip(place, 0, own.size - 1), 0)
    low = np.minimum(np.floor(place + TOLERANCE * min(1.0, spacing)), own.size - 1).astype(np.intp)
    weight = np.clip(place - low, 0, 1)
    weight[weight <= TOLERANCE * min(1.0, spacing)] = 0
    high = np.where(weight > 0, np.minimum(low + 1, own.size - 1), low)
    what = f"its {own.called}, {_apart(own)}, were resampled to be {_apart(target)}"
    if abs(abs(own.step) - abs(target.step)) <= TOLERANCE * abs(target.step):
        what = f"its {own.called} lie between those of the survey and were resampled"
    beyond = _beyond(own, target)
    return _Step(np.where(between, low, -1), high.astype(np.intp), np.where(between, weight, 0.0), what, beyond)


def _apart(axis: GridAxis) -> str:
    return f"{abs(axis.step):.6g} {axis.unit}".rstrip() + " apart"


def _taken(low: Ints, own: GridAxis, target: GridAxis, words: str) -> _Step:
    identity = own.size == target.size and bool((low == np.arange(target.size)).all())
    used = np.zeros(own.size, bool)
    used[low[low >= 0]] = True
    # Between the ends all may be left out: every second sample is what a grid of twice the step asks for.
    beyond = bool(used.any()) and not (used[0] and used[-1]) and _beyond(own, target)
    return _Step(low, low, np.zeros(low.size), "" if identity else words, beyond, identity)


def _beyond(own: GridAxis, target: GridAxis) -> bool:
    """Whether an axis reaches farther than a grid by more than a step."""
    low, high = min(target.ends), max(target.ends)
    reach = max(abs(target.step), abs(own.step)) * (1 - TOLERANCE)
    return min(own.ends) <= low - reach or max(own.ends) >= high + reach


def _positions(axis: GridAxis, numbers: Floats) -> Floats:
    """Fractional indices of numbers along an axis; NaN where an uneven one has none."""
    if not axis.values:
        return np.asarray((numbers - axis.first) / axis.step)
    values = np.array(axis.values)
    order = np.argsort(values, kind="stable")
    steps = np.diff(values)
    if (steps > 0).all() or (steps < 0).all():
        place = np.interp(numbers, values[order], order.astype(np.float64), left=np.nan, right=np.nan)
        return np.asarray(place)
    # Neither up nor down: a number is where it is, or nowhere.
    at = np.clip(np.searchsorted(values[order], numbers), 0, values.size - 1)
    there = np.isclose(values[order][at], numbers, rtol=0, atol=1e-6)
    return np.where(there, order[at], np.nan)


def _by_trace(target: GridAxis, own: Grid, grid: Grid) -> Ints | None:
    """Index of the trace of a line that lies where each trace of a grid does; None where nothing says where."""
    for names in _OF_TRACES:
        lots = [[a for name in names for a in one.along if a.name == name] for one in (grid, own)]
        if any(len(lot) != len(names) for lot in lots):
            continue
        here, there = (_points(lot) for lot in lots)
        steps = np.hypot.reduce(np.diff(here, axis=0), axis=1) if len(here) > 1 else np.ones(1)
        reach = max(0.5 * float(np.median(steps)), TOLERANCE) if names == ("x", "y") else TOLERANCE
        far, nearest = cKDTree(there).query(here, distance_upper_bound=reach)
        # Of traces at one place, each has its own.
        if len(here) == len(there) and (np.hypot.reduce(here - there, axis=1) <= reach).all():
            return np.arange(target.size)
        return np.where(np.isfinite(far), nearest, -1).astype(np.intp)
    return None


def _points(lot: list[Along]) -> Floats:
    return np.array([one.values for one in lot]).T


class _Brought(LazyArray):
    """Values taken from where they lie, and interpolated where they must be."""

    def __init__(
        self,
        path: Path,
        source: xr.Variable,
        steps: list[_Step | None],
        shape: tuple[int, ...],
        dtype: DTypeLike,
        fill: float,
        nodata: float | None,
        nearest: bool,
    ) -> None:
        self.source, self.steps, self.fill, self.nodata, self.nearest = source, steps, fill, nodata, nearest
        super().__init__(path, shape, dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read the part of the values that a box needs, and take from it."""
        key: list[slice] = []
        lows, highs, weights, outside = [], [], [], []
        for part, step in zip(box, self.steps, strict=True):
            if step is None:
                key.append(part)
                n = len(range(part.start, part.stop, part.step or 1))
                low = high = np.arange(n)
                weight = np.zeros(n)
                out = np.zeros(n, bool)
            else:
                low, high, weight = step.low[part], step.high[part], step.weight[part]
                out = low < 0
                known = ~out
                if not known.any():
                    shape = tuple(len(range(p.start, p.stop, p.step or 1)) for p in box)
                    return np.full(shape, self.fill, self.dtype)
                first = int(min(low[known].min(), high[known].min()))
                last = int(max(low[known].max(), high[known].max()))
                key.append(slice(first, last + 1))
                low, high = (np.where(known, index - first, 0) for index in (low, high))
            lows.append(low)
            highs.append(high)
            weights.append(weight)
            outside.append(out)
        values = np.asarray(self.source[tuple(key)].values)
        if not self.nearest:
            values = self._amounts(values)
        for axis, (low, high, weight) in enumerate(zip(lows, highs, weights, strict=True)):
            if self.nearest:
                values = values.take(np.where(weight >= 0.5, high, low), axis=axis)
                continue
            column = (slice(None),) + (None,) * (values.ndim - axis - 1)
            some = weight > 0
            upper = values.take(high, axis=axis) if some.any() else None
            values = values.take(low, axis=axis)
            if upper is not None:
                share = weight[column].astype(values.dtype)
                mixed = values * (1 - share) + upper * share
                values = np.where(some[column], mixed, values)
        values = np.asarray(values, dtype=self.dtype)
        for axis, out in enumerate(outside):
            if out.any():
                values[(slice(None),) * axis + (out,)] = self.fill
        return values

    def _amounts(self, values: NDArray[Any]) -> NDArray[Any]:
        """Stored values as floats, NaN where they say that there is none."""
        if self.dtype.kind != "f" or (values.dtype == self.dtype and self.nodata is None):
            return values
        made = values.astype(self.dtype)
        if self.nodata is not None and np.isfinite(self.nodata) and holds(values.dtype, self.nodata):
            made[values == values.dtype.type(self.nodata)] = np.nan
        return np.asarray(made)


def _brought(turned: xr.DataArray, steps: list[_Step], target: Grid, path: Path, classes: bool) -> xr.DataArray:
    of = dict(zip(target.dims, steps, strict=True))
    along = [of.get(str(dim)) for dim in turned.dims]
    along = [None if step is not None and step.identity else step for step in along]
    sizes = dict(zip(target.dims, target.shape, strict=True))
    shape = tuple(sizes.get(str(dim), turned.sizes[dim]) for dim in turned.dims)
    whole = all(step.inside.all() for step in steps)
    exact = all(step.exact for step in steps)
    nodata = turned.attrs.get("nodata")
    # Numbers that are only moved stay what they are; what is missing or between them needs floats.
    keep = classes or (whole and exact)
    dtype = turned.dtype if keep else np.result_type(turned.dtype, np.float32)
    values = _Brought(path, turned.variable, along, shape, dtype, 0 if classes else np.nan, None if keep else nodata,
                      nearest=keep)  # fmt: skip
    dims = [str(dim) for dim in turned.dims]
    kept = {key: one for key, one in turned.coords.items() if set(one.dims) == {"band"}}
    result = xr.DataArray(values.variable(dims), coords=kept, name=turned.name, attrs=dict(turned.attrs))
    if not keep:
        result.attrs["nodata"] = None
    return target.put(result)


class _Whole(LazyArray):
    """Classes out of a resampled map: whole numbers, 0 where there is none."""

    def __init__(self, path: Path, source: xr.Variable, dtype: DTypeLike) -> None:
        self.source = source
        super().__init__(path, source.shape, dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box."""
        classes: NDArray[Any] = np.nan_to_num(self.source[box].values).astype(self.dtype)
        return classes


def _warped(turned: xr.DataArray, own: Grid, target: Grid, path: Path, words: list[str], classes: bool) -> Placed:
    """Bring a map into another CRS, or out of a rotated grid."""
    old, new = own.on_map(), target.on_map()
    assert old is not None
    assert new is not None
    if set(target.dims) != {"y", "x"}:
        raise PlaceError(
            path, f"it lies on another map ({old}) than the survey ({new})", "Bring it onto that map first"
        )
    banded = turned if "band" in turned.dims else turned.expand_dims("band")
    if old.crs is None or new.crs is None:
        crs = old.crs or new.crs
        old, new = replace(old, crs=crs), replace(new, crs=crs)
    coarser = cell_metres(new) > COARSER * cell_metres(old)
    if classes:
        how, word = (
            (Resampling.mode, "the most frequent class of each cell") if coarser
            else (Resampling.nearest, "the class of the nearest cell")
        )  # fmt: skip
    else:
        how, word = (Resampling.average, "averages") if coarser else (Resampling.bilinear, "linear interpolation")
    # Classes are whole numbers that a float holds exactly; a raster of them has no scale or offset to apply.
    stored = physical(banded)
    values = Resampled(path, stored.variable, old, new, how).variable(("band", "y", "x"))
    known = np.isfinite(values[0].values)
    if not known.any():
        raise _elsewhere(path, own, target)
    covered = float(known.mean())
    if classes:
        values = _Whole(path, values, turned.dtype if turned.dtype.kind in "iu" else np.float32).variable(
            ("band", "y", "x")
        )
    result = xr.DataArray(values, coords={k: c for k, c in stored.coords.items() if set(c.dims) == {"band"}},
                          name=turned.name, attrs={**turned.attrs, "nodata": None})  # fmt: skip
    if "band" not in turned.dims:
        result = result.isel(band=0, drop=True)
    words.append(f"it lies on {old} and was brought onto {new} by {word}")
    if covered < 1:
        words.append(_partly(covered, classes))
    return Placed(target.put(result), _sentence(path, words), covered)


def _elsewhere(path: Path, own: Grid, target: Grid) -> PlaceError:
    what = f"it lies at {own.words}, and the survey at {target.words}: they do not meet"
    return PlaceError(path, what, "Choose a file of the same place, or check how the two were read")


def _coverage(steps: list[_Step], target: Grid, covered: float, classes: bool) -> str:
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
