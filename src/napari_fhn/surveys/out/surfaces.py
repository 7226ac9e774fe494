"""Horizons out as surfaces: Irap classic, which may lie turned on the map, and ZMAP+, whose columns run north."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.out.history import plain, write_beside

Floats = NDArray[np.float64]

IRAP, ZMAP = (".irap",), (".zmap",)
SUFFIXES = (*IRAP, *ZMAP)
_NOWHERE = "A surface needs a survey with a place on the map: use .xyz"
#: Share of a bin by which no node may be off, if nothing is to be resampled.
_EXACT = 0.1
_IRAP_NONE, _ZMAP_NONE = 9999900.0, -99999.0
_NODES_PER_LINE = 5


@dataclass(frozen=True)
class Sheet:
    """Nodes at right angles, counted along two axes of which the second lies to the left of the first.

    Attributes
    ----------
    origin : tuple of float
        x and y of the first node.
    steps : tuple of float
        Distance of nodes along both axes, above 0.
    rotation : float
        Direction of the first axis, degrees against the clock from east, 0 to 360.
    values : ndarray of float64, shape (along the first, along the second)
        NaN where a node is undefined.
    """

    origin: tuple[float, float]
    steps: tuple[float, float]
    rotation: float
    values: Floats

    @property
    def axes(self) -> tuple[Floats, Floats]:
        """Both steps as vectors x, y."""
        turned = np.radians(self.rotation)
        cos, sin = np.cos(turned), np.sin(turned)
        return self.steps[0] * np.array([cos, sin]), self.steps[1] * np.array([-sin, cos])


def check_surface(path: Path, like: xr.DataArray) -> None:
    """Refuse what is no surface, before any time is spent.

    Parameters
    ----------
    path : Path
        Where to.
    like : xarray.DataArray
        The survey.

    Raises
    ------
    SurveyError
        For a line, and for a survey without a place on the map.
    """
    if like.ndim != 3 or min(like.shape[:2]) < 2:
        raise SurveyError(path, "traces along one line span no surface", "Use .xyz")
    if not isinstance(like.attrs.get("geometry"), SurveyGeometry):
        raise SurveyError(path, "the survey has no map coordinates, only inline and crossline numbers", _NOWHERE)


def resampling(path: str | Path, like: xr.DataArray) -> str:
    """Say that a surface will lie between the traces of its survey; empty where its nodes are the traces.

    Parameters
    ----------
    path : str or Path
        Where to; the suffix decides.
    like : xarray.DataArray
        The survey.
    """
    if Path(path).suffix.lower() not in SUFFIXES or not isinstance(like.attrs.get("geometry"), SurveyGeometry):
        return ""
    first, second, _ = _steps(like)
    if Path(path).suffix.lower() in IRAP:
        return "" if _square(first, second, like.shape) else "The horizon is interpolated onto nodes at right angles."
    upright = _upright(first, second)
    return "" if upright else "The horizon is interpolated onto nodes that run east and north: the survey lies turned."


def write_surface(
    new: Path, depths: Floats, like: xr.DataArray, said: Sequence[str], history: Sequence[str] = (), z: str = ""
) -> None:
    """Write the depths of a horizon.

    Parameters
    ----------
    new : Path
        The file that is written; its suffix decides what kind.
    depths : ndarray of float64, shape (inline, crossline)
        Two-way time in ms, or depth in m; NaN where there is none.
    like : xarray.DataArray
        The survey, as `check_surface` lets it pass.
    said : sequence of str
        What it is, in lines.
    history : sequence of str, optional
        What made it. An Irap file has no room for either, and gets a text file beside it.
    z : str, optional
        What the numbers are; without it those of the survey's vertical axis.
    """
    where = like.attrs["geometry"].units
    word = resampling(new, like)
    lines = [*said, f"x, y: map coordinates in {where}", f"z: {z or vertical_words(like)}", *([word] if word else [])]
    if new.suffix.lower() in IRAP:
        sheet = _at_right_angles(depths, like)
        _write_irap(new, sheet)
        write_beside(new, [*lines, f"undefined nodes: {_IRAP_NONE:.0f}", *history])
    else:
        sheet = _northward(depths, like)
        _write_zmap(new, sheet, [*lines, f"undefined nodes: {_ZMAP_NONE:.0f}", *history])


def vertical_words(like: xr.DataArray) -> str:
    """Say what the vertical numbers of a survey are, their unit, and which way they grow."""
    vertical = like[like.dims[-1]]
    units = str(vertical.attrs.get("units", ""))
    name = {"twt": "two-way time", "depth": "depth", "sample": "samples, counted from 0"}[str(vertical.name)]
    return f"{name}{f' in {units}' if units else ''}, positive downwards"


def _steps(like: xr.DataArray) -> tuple[Floats, Floats, Floats]:
    """Vectors from one inline to the next and from one crossline to the next, and the place of the first trace."""
    geometry: SurveyGeometry = like.attrs["geometry"]
    one, other = (np.asarray(like[dim], dtype=np.float64) for dim in like.dims[:2])
    x, y = geometry.to_xy([one[0], one[-1], one[0]], [other[0], other[0], other[-1]])
    corners = np.stack([x, y], axis=1)
    return (corners[1] - corners[0]) / (one.size - 1), (corners[2] - corners[0]) / (other.size - 1), corners[0]


def _square(first: Floats, second: Floats, shape: Sequence[int]) -> bool:
    """Whether no trace is off a grid at right angles by more than a small part of a bin."""
    bins = np.hypot(*first), np.hypot(*second)
    # How far the last trace of the second axis is moved along the first when the angle is made a right one.
    off = abs(float(first @ second)) / bins[0] * (shape[1] - 1)
    return bool(off <= _EXACT * min(bins))


def _upright(first: Floats, second: Floats) -> bool:
    """Whether both axes run along the map's own."""
    flat = 1e-6 * max(np.abs(first).max(), np.abs(second).max())
    return bool((np.abs(first).min() <= flat) and (np.abs(second).min() <= flat))


def _at_right_angles(depths: Floats, like: xr.DataArray) -> Sheet:
    first, second, origin = _steps(like)
    sheet = _turned(depths, first, second, origin)
    if _square(first, second, like.shape):
        return sheet
    along = sheet.axes[0] / sheet.steps[0]
    return _resampled(depths, (first, second, origin), along, sheet.steps)


def _northward(depths: Floats, like: xr.DataArray) -> Sheet:
    first, second, origin = _steps(like)
    sheet = _turned(depths, first, second, origin)
    if _upright(first, second):
        return Sheet(sheet.origin, sheet.steps, 0.0, sheet.values)
    return _resampled(depths, (first, second, origin), np.array([1.0, 0.0]), sheet.steps)


def _turned(depths: Floats, first: Floats, second: Floats, origin: Floats) -> Sheet:
    """Order the axes so that the first runs eastward as nearly as one does, and the second lies to its left."""
    axes, values = [first, second], depths
    if abs(axes[0][0]) / np.hypot(*axes[0]) < abs(axes[1][0]) / np.hypot(*axes[1]):
        axes, values = axes[::-1], values.T
    if axes[0][0] < 0:
        origin, values = origin + (values.shape[0] - 1) * axes[0], values[::-1]
        axes[0] = -axes[0]
    if axes[0][0] * axes[1][1] - axes[0][1] * axes[1][0] < 0:
        origin, values = origin + (values.shape[1] - 1) * axes[1], values[:, ::-1]
        axes[1] = -axes[1]
    rotation = round(float(np.degrees(np.arctan2(axes[0][1], axes[0][0]))), 9) % 360.0
    steps = float(np.hypot(*axes[0])), float(np.hypot(*axes[1]))
    return Sheet((float(origin[0]), float(origin[1])), steps, rotation, values)


def _resampled(
    depths: Floats, survey: tuple[Floats, Floats, Floats], along: Floats, steps: tuple[float, float]
) -> Sheet:
    """Interpolate between the four traces around each node of another grid; undefined where one of them is."""
    from scipy import ndimage

    first, second, origin = survey
    n, m = depths.shape
    corners = np.array([origin + i * first + j * second for i in (0, n - 1) for j in (0, m - 1)])
    across = np.array([-along[1], along[0]])
    low, high = (bound(corners @ np.stack([along, across], axis=1), axis=0) for bound in (np.min, np.max))
    shape = tuple(int(np.floor((b - a) / step + 1e-6)) + 1 for a, b, step in zip(low, high, steps, strict=True))
    begin = low[0] * along + low[1] * across
    inverse = np.linalg.inv(np.stack([first, second], axis=1))
    known = np.isfinite(depths)
    filled = np.where(known, depths, 0.0)
    values = np.full(shape, np.nan)
    for column in range(shape[0]):
        places = begin + column * steps[0] * along + np.arange(shape[1])[:, np.newaxis] * steps[1] * across
        index = (inverse @ (places - origin).T).round(6)
        said, weight = (ndimage.map_coordinates(one, index, order=1, cval=0.0) for one in (filled, known * 1.0))
        values[column] = np.where(weight > 1 - 1e-6, said, np.nan)
    rotation = round(float(np.degrees(np.arctan2(along[1], along[0]))), 9) % 360.0
    return Sheet((float(begin[0]), float(begin[1])), steps, rotation, values)


def _write_irap(new: Path, sheet: Sheet) -> None:
    # Here and not above: a session without surfaces should not wait for the library.
    import surfio

    (columns, rows), (x, y), (dx, dy) = sheet.values.shape, sheet.origin, sheet.steps
    header = surfio.IrapHeader(
        ncol=columns, nrow=rows, xori=x, yori=y, xmax=x + (columns - 1) * dx, ymax=y + (rows - 1) * dy,
        xinc=dx, yinc=dy, rot=sheet.rotation, xrot=x, yrot=y,
    )  # fmt: skip
    surfio.IrapSurface(header, sheet.values.astype(np.float32)).to_ascii_file(new)


def _write_zmap(new: Path, sheet: Sheet, lines: Sequence[str]) -> None:
    (columns, rows), (x, y), (dx, dy) = sheet.values.shape, sheet.origin, sheet.steps
    extent = ", ".join(f"{value:.6f}" for value in (x, x + (columns - 1) * dx, y, y + (rows - 1) * dy))
    with new.open("w", encoding="ascii", errors="replace") as file:
        file.writelines(f"! {plain(line)}\n" for line in lines)
        file.write(f"@HORIZON, GRID, {_NODES_PER_LINE}\n")
        # Characters of a number, what an undefined node has, digits behind the point, the column a line begins in.
        file.write(f"15, {_ZMAP_NONE:.4f}, , 4, 1\n{rows}, {columns}, {extent}\n0.0, 0.0, 0.0\n@\n")
        for column in np.where(np.isfinite(sheet.values), sheet.values, _ZMAP_NONE):
            # Each column begins in the north.
            file.writelines(_lines(column[::-1]))


def _lines(column: NDArray[Any]) -> list[str]:
    return [
        "".join(f"{value:15.4f}" for value in column[k : k + _NODES_PER_LINE]) + "\n"
        for k in range(0, column.size, _NODES_PER_LINE)
    ]
