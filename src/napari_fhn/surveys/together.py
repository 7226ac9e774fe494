"""Surveys that are learnt from together: on one grid, or brought there where that is exact, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.grid import Grid, PlaceError, onto
from napari_fhn.surveys.grid.axis import TOLERANCE, GridAxis, unit_factor


@dataclass(frozen=True)
class Together:
    """Surveys on one grid.

    Attributes
    ----------
    surveys : tuple of xarray.DataArray
        On the grid of the first, or on the part that all have in common.
    words : tuple of str
        What was done to bring them there, a sentence each; empty where they lie on one grid.
    """

    surveys: tuple[xr.DataArray, ...]
    words: tuple[str, ...] = ()


def together(surveys: Sequence[xr.DataArray], names: Sequence[str] = ()) -> Together:
    """Bring surveys onto one grid, without changing any of their values.

    Parameters
    ----------
    surveys : sequence of xarray.DataArray
        As `napari_fhn.surveys.open` gives them; at least one. Unlike maps are for `napari_fhn.surveys.maps.stack`.
    names : sequence of str, optional
        What sentences call them; their files when absent.

    Returns
    -------
    Together
        The surveys as they are where they lie on one grid. Axes that run the other way are turned; where surveys
        overlap, line for line and sample for sample, all are cut to what they have in common.

    Raises
    ------
    PlaceError
        When one lies elsewhere, between the lines or samples of another, or cannot be compared with it.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> [one.sizes["inline"] for one in surveys.together([survey[:4], survey[2:]]).surveys]
    [2, 2]
    """
    called = list(names) or [Path(str(one.attrs.get("source") or one.name or "survey")).name for one in surveys]
    grids = [Grid.of(one) for one in surveys]
    first = grids[0]
    if not any(first.apart(grid) for grid in grids[1:]):
        return Together(tuple(surveys))
    common = first
    for name, grid in zip(called[1:], grids[1:], strict=True):
        if first.apart(grid):
            common = _common(common, grid, name, called[0], first.apart(grid))
    words = []
    if common.shape != first.shape:
        words.append(f"Only what {', '.join(called[:-1])} and {called[-1]} have in common is used: {common.words}.")
    placed = []
    for name, one, grid in zip(called, surveys, grids, strict=True):
        if not common.apart(grid):
            placed.append(one)
            continue
        found = onto(one, common, classes=False, name=name)
        turned = [b.called for a, b in zip(common.axes, grid.axes, strict=True) if a.size > 1 and a.step * b.step < 0]
        if turned:
            words.append(f"{name}: its {' and '.join(turned)} run the other way and were turned round.")
        placed.append(found.values)
    return Together(tuple(placed), tuple(words))


def _common(one: Grid, other: Grid, name: str, first: str, apart: str) -> Grid:
    """The part of a grid that another shares exactly."""
    way_out = "Use surveys of one grid, or bring them onto it first"
    what = f"it does not lie on the grid of {first} ({apart})"
    comparable = one.dims == other.dims and not one.contradicts(other) and not one.transform and not other.transform
    if not comparable or one.crs != other.crs:
        raise PlaceError(name, what, way_out)
    axes = []
    for mine, theirs in zip(one.axes, other.axes, strict=True):
        if mine.counted or theirs.counted:
            if mine.size != theirs.size or not (mine.counted and theirs.counted):
                raise PlaceError(name, what, way_out)
            axes.append(mine)
            continue
        if unit_factor(theirs.unit, mine.unit) is None:
            raise PlaceError(name, what, way_out)
        shared = _shared(mine, theirs.into(mine.unit))
        if not shared.size:
            raise PlaceError(name, what, way_out)
        axes.append(_part(mine, shared))
    along = () if any(axis.size != old.size for axis, old in zip(axes, one.axes, strict=True)) else one.along
    return Grid(tuple(axes), one.crs, (), one.geometry, along, one.source, one.format, one.kind, one.name, one.read_as)


def _shared(mine: GridAxis, theirs: GridAxis) -> NDArray[np.intp]:
    """Indices along one axis where another has the same numbers; none unless they meet number for number."""
    near = TOLERANCE * min(abs(mine.step), abs(theirs.step))
    a, b = mine.numbers, theirs.numbers
    within = np.flatnonzero((a >= b.min() - near) & (a <= b.max() + near))
    inside = np.count_nonzero((b >= a.min() - near) & (b <= a.max() + near))
    met = [k for k in within if np.abs(b - a[k]).min() <= near]
    return np.array(met if len(met) == len(within) == inside else [], np.intp)


def _part(axis: GridAxis, kept: NDArray[np.intp]) -> GridAxis:
    """The entries of an axis that are kept."""
    numbers = axis.numbers[kept]
    values = tuple(numbers.tolist()) if axis.values else ()
    return GridAxis(axis.name, kept.size, float(numbers[0]), axis.step, axis.unit, axis.counted, values, axis.long_name)
