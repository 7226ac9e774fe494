"""Where a survey's traces, or cells, lie on the map: voxels to map coordinates and back, and what a metre is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.kinds import is_map, kind_of, spatial_dims, trace_axis
from napari_fhn.surveys.maps import grid_of, map_units

Floats = NDArray[np.float64]

_METRES = {"m": 1.0, "ft": 0.3048, "km": 1000.0}
_DEGREE = 111_200.0
"""Metres in a degree of latitude."""


@dataclass(frozen=True)
class MapFrame:
    """A survey as it lies on the map.

    Parameters
    ----------
    shape : tuple of int
        Voxels along the two lateral axes; of a line its traces, and 1.
    origin : tuple of float
        x and y of the middle of the first voxel.
    first, second : tuple of float
        Vector x, y from one voxel to the next along each of them.
    unit : str
        Of x and y: "m", "ft", "deg", or empty where they are no lengths.
    names : tuple of str
        What x and y are called.
    placed : bool
        Whether x and y are map coordinates; else they are numbers of the survey.
    track : ndarray of float64, shape (n, 2), or None
        x and y of each trace of a line.
    """

    shape: tuple[int, int]
    origin: tuple[float, float]
    first: tuple[float, float]
    second: tuple[float, float]
    unit: str = ""
    names: tuple[str, str] = ("X", "Y")
    placed: bool = True
    track: Floats | None = None

    @classmethod
    def of(cls, survey: xr.DataArray) -> MapFrame | None:
        """Return the frame of a survey; None for arrays whose axes are not known, and for lines without places.

        Parameters
        ----------
        survey : xarray.DataArray
            As :func:`napari_fhn.surveys.open` gives it.
        """
        kind, dims = kind_of(survey), spatial_dims(survey)
        sizes = [int(survey.sizes[dim]) for dim in dims]
        if kind == "seismic line":
            return _of_line(survey)
        if kind == "seismic volume" or (is_map(survey) and set(dims) == {"inline", "crossline"}):
            return _of_volume(survey, dims[:2])
        if not is_map(survey) or len(dims) != 2:
            return None
        if {"y", "x"} <= set(survey.coords):
            grid = grid_of(survey)
            if grid.placed:
                t = grid.transform
                origin = t * (0.5, 0.5)
                unit = str(survey["y"].attrs.get("units", "")) or map_units(grid.crs)
                unit = unit if unit in _METRES or unit == "deg" else ""
                names = ("lon", "lat") if unit == "deg" else ("X", "Y")
                shape = (sizes[0], sizes[1])
                return cls(shape, (float(origin[0]), float(origin[1])), (t.b, t.e), (t.a, t.d), unit, names)
        # Rows count downwards.
        return cls((sizes[0], sizes[1]), (0.0, 0.0), (0.0, -1.0), (1.0, 0.0), "", ("column", "row"), placed=False)

    @property
    def metres(self) -> tuple[float, float] | None:
        """Metres in one unit of x and of y; None where they are no lengths."""
        if self.unit == "deg":
            middle = self.to_xy((np.array(self.shape) - 1) / 2)
            return _DEGREE * max(float(np.cos(np.radians(middle[1]))), 0.01), _DEGREE
        return (_METRES[self.unit],) * 2 if self.unit in _METRES else None

    def to_xy(self, index: ArrayLike) -> Floats:
        """Return x and y of places in voxels along the lateral axes, shape (..., 2)."""
        at = np.asarray(index, np.float64)
        if self.track is not None:
            along, n = at[..., 0], np.arange(len(self.track))
            return np.stack([np.interp(along, n, self.track[:, k]) for k in range(2)], axis=-1)
        return np.asarray(np.array(self.origin) + at @ np.array([self.first, self.second], np.float64))

    def to_index(self, xy: ArrayLike) -> Floats:
        """Return places in voxels of x and y, shape (..., 2), also outside; of a line the nearest trace."""
        at = np.asarray(xy, np.float64)
        if self.track is not None:
            apart = np.linalg.norm(at[..., np.newaxis, :] - self.track, axis=-1)
            nearest = np.argmin(apart, axis=-1).astype(np.float64)
            return np.stack([nearest, np.zeros_like(nearest)], axis=-1)
        steps = np.array([self.first, self.second], np.float64)
        return np.asarray((at - self.origin) @ np.linalg.inv(steps))

    def corners(self) -> Floats:
        """Return the outline: x and y of its corners, the first one again at the end; of a line all its traces."""
        if self.track is not None:
            return self.track
        n, m = self.shape
        half = np.array([[0, 0], [n, 0], [n, m], [0, m], [0, 0]], np.float64) - 0.5
        return self.to_xy(half)


def _of_volume(survey: xr.DataArray, dims: tuple[str, ...]) -> MapFrame:
    numbers = [np.asarray(survey[d], np.float64) if d in survey.coords else np.arange(survey.sizes[d]) for d in dims]
    steps = [float(v[-1] - v[0]) / (v.size - 1) if v.size > 1 else 1.0 for v in numbers]
    shape = (numbers[0].size, numbers[1].size)
    geometry = survey.attrs.get("geometry")
    if isinstance(geometry, SurveyGeometry) and dims == ("inline", "crossline"):
        one, other = (np.array([v[0], v[0], v[0]]) for v in numbers)
        one[1] += steps[0]
        other[2] += steps[1]
        points = np.stack(geometry.to_xy(one, other), axis=-1)
        vectors = [(float(x), float(y)) for x, y in points[1:] - points[0]]
        origin = (float(points[0, 0]), float(points[0, 1]))
        return MapFrame(shape, origin, vectors[0], vectors[1], geometry.units)
    # Without a place on the map: crosslines to the right, inlines upwards.
    origin = (float(numbers[1][0]), float(numbers[0][0]))
    return MapFrame(shape, origin, (0.0, steps[0]), (steps[1], 0.0), "", (dims[1], dims[0]), placed=False)


def _of_line(survey: xr.DataArray) -> MapFrame | None:
    axis = trace_axis(survey)
    if axis is None or not {"x", "y"} <= set(survey.coords) or survey["x"].ndim != 1:
        return None
    track = np.stack([np.asarray(survey[c], np.float64) for c in "xy"], axis=-1)
    if not np.isfinite(track).all() or not np.ptp(track, axis=0).any():
        return None
    unit = str(survey["x"].attrs.get("units", "m"))
    first, step = track[0], track[1] - track[0] if len(track) > 1 else np.ones(2)
    return MapFrame(
        (len(track), 1), (float(first[0]), float(first[1])), (float(step[0]), float(step[1])), (0.0, 1.0),
        unit if unit in _METRES or unit == "deg" else "", track=track,
    )  # fmt: skip
