"""Tracked horizons on the views beside the canvas: lines on sections, slices and fences, colours on the map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from napari_fhn.surveys.cuts import Cut, Path, Plane
from napari_fhn.surveys.map_frame import MapFrame
from napari_fhn.surveys.surface_lines import joined, lines
from napari_fhn.widgets.labelling.horizon_state import HorizonMap
from napari_fhn.widgets.views.pane import Line

_ENDS = (2, 98)
"""Percentiles of the times that have the first and the last colour."""


def on_section(maps: Sequence[HorizonMap], where: Cut) -> list[Line]:
    """Return horizons as lines on a section, in voxels to the right and down.

    Parameters
    ----------
    maps : sequence of HorizonMap
        The horizons.
    where : Plane or Path
        The section; along a path the first axis counts its traces.
    """
    found = ((one.color, joined(lines(one.samples, where))) for one in maps)
    return [Line(color, line[:, 1], line[:, 0]) for color, line in found if len(line)]


def on_fence(maps: Sequence[HorizonMap], where: Path, distances: NDArray[np.float64]) -> list[Line]:
    """Return horizons as lines on a fence, with its lengths to the right.

    Parameters
    ----------
    maps, where
        As for :func:`on_section`.
    distances : ndarray of float64, shape (n,)
        How far along the fence its traces are.
    """
    number = np.arange(len(distances), dtype=np.float64)
    return [Line(color, np.interp(x, number, distances), y) for color, x, y in on_section(maps, where)]


def on_map(maps: Sequence[HorizonMap], index: int, frame: MapFrame) -> list[Line]:
    """Return where horizons cross a slice, as lines in the coordinates of the map.

    Parameters
    ----------
    maps : sequence of HorizonMap
        The horizons.
    index : int
        Of the slice.
    frame : MapFrame
        Where the survey lies.
    """
    found = []
    for one in maps:
        line = joined(lines(one.samples, Plane(one.samples.ndim, index)))
        if len(line):
            places = frame.to_xy(line)
            found.append(Line(one.color, places[:, 0], places[:, 1]))
    return found


def coloured(horizon: HorizonMap, most: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a map of how deep a horizon lies: yellow where it is shallow, violet where it is deep, nothing elsewhere.

    Parameters
    ----------
    horizon : HorizonMap
        Over inlines and crosslines.
    most : tuple of int
        Rows and columns that are wanted; of more only each second, third ... trace is taken.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 4)
    """
    steps = [max(1, -(-size // max(room, 1))) for size, room in zip(horizon.times.shape, most, strict=True)]
    times = horizon.times[:: steps[0], :: steps[1]]
    there = np.isfinite(times)
    if not there.any():
        return np.zeros((*times.shape, 4), np.uint8)
    low, high = np.percentile(times[there], _ENDS)
    share = np.clip((times - low) / max(high - low, 1e-9), 0, 1)
    table = pg.colormap.get("viridis").getLookupTable(nPts=256, alpha=True)
    number = 255 - np.rint(np.where(there, 255 * share, 0)).astype(np.intp)
    rgba: NDArray[np.uint8] = np.asarray(table, np.uint8)[number]
    rgba[~there] = 0
    return rgba


def said(horizon: HorizonMap, unit: str) -> str:
    """Say a horizon's name and between which times or depths it lies."""
    there = horizon.times[np.isfinite(horizon.times)]
    if not there.size:
        return f"{horizon.name}, nowhere"
    ends = " to ".join(f"{value:.0f}" for value in (there.min(), there.max()))
    return f"{horizon.name}, {ends}{f' {unit}' if unit else ''}"
