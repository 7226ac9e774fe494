"""Where a seismic survey lies on the map: an affine grid fitted to trace coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_METRES = {"m": 1.0, "ft": 0.3048}


@dataclass(frozen=True)
class SurveyGeometry:
    """The affine map between survey numbers and map coordinates.

    Attributes
    ----------
    numbers : tuple of float
        Inline and crossline number of the first corner.
    increments : tuple of float
        Step of the numbers from one inline (crossline) of the volume to the next.
    origin : tuple of float
        Map coordinates x, y of that corner, in `units`.
    inline_step, crossline_step : tuple of float
        Vector x, y from one inline (crossline) of the volume to the next, in `units`.
    units : {"m", "ft"}
        Unit of the map coordinates, as the file says.
    """

    numbers: tuple[float, float]
    increments: tuple[float, float]
    origin: tuple[float, float]
    inline_step: tuple[float, float]
    crossline_step: tuple[float, float]
    units: str = "m"

    @property
    def bin_size(self) -> tuple[float, float]:
        """Distance between neighbouring inlines and between neighbouring crosslines, in metres."""
        metres = _METRES[self.units]
        return float(np.hypot(*self.inline_step)) * metres, float(np.hypot(*self.crossline_step)) * metres

    @property
    def azimuth(self) -> float:
        """Direction in which an inline runs (crossline numbers grow), degrees clockwise from grid north."""
        x, y = self.crossline_step
        return float(np.degrees(np.arctan2(x, y)) % 360.0)

    def to_xy(self, inline: ArrayLike, crossline: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Map coordinates x, y (in `units`) of inline and crossline numbers, any equal shape."""
        i = (np.asarray(inline, dtype=np.float64) - self.numbers[0]) / self.increments[0]
        j = (np.asarray(crossline, dtype=np.float64) - self.numbers[1]) / self.increments[1]
        x = self.origin[0] + i * self.inline_step[0] + j * self.crossline_step[0]
        y = self.origin[1] + i * self.inline_step[1] + j * self.crossline_step[1]
        return x, y

    def to_numbers(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Fractional inline and crossline numbers of map coordinates (in `units`), any equal shape."""
        steps = np.array([self.inline_step, self.crossline_step]).T
        dx = np.asarray(x, dtype=np.float64) - self.origin[0]
        dy = np.asarray(y, dtype=np.float64) - self.origin[1]
        i, j = np.linalg.solve(steps, np.stack([dx.ravel(), dy.ravel()])).reshape(2, *dx.shape)
        return self.numbers[0] + i * self.increments[0], self.numbers[1] + j * self.increments[1]


def fit_geometry(
    i: NDArray[np.integer],
    j: NDArray[np.integer],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    numbers: tuple[float, float],
    increments: tuple[float, float],
    units: str = "m",
) -> tuple[SurveyGeometry | None, str]:
    """Fit the affine map to the coordinates of some traces by least squares.

    Parameters
    ----------
    i, j : ndarray of int, shape (n,)
        Inline and crossline indices of the traces.
    x, y : ndarray of float64, shape (n,)
        Their map coordinates, the coordinate scalar already applied.
    numbers, increments, units
        As in `SurveyGeometry`.

    Returns
    -------
    geometry : SurveyGeometry or None
        None where the coordinates are absent or do not lie on a grid.
    note : str
        Why there is none; empty where there is one.
    """
    if not (x.any() or y.any()):
        return None, "The trace headers hold no coordinates (bytes 181 and 185)."
    columns = np.stack([np.ones_like(x), i, j], axis=1)
    fit, _, rank, _ = np.linalg.lstsq(columns, np.stack([x, y], axis=1), rcond=None)
    if rank < 3:
        return None, "The traces looked at do not span the survey, so it has no place on the map."
    (x0, y0), inline_step, crossline_step = fit.tolist()
    steps = fit[1:]
    bins = np.hypot(*steps.T)
    if abs(np.linalg.det(steps)) < 1e-6 * max(bins.prod(), 1e-12) or bins.min() < 1e-6:
        return None, "The coordinates of the traces (bytes 181 and 185) do not span an area."
    worst = float(np.abs(columns @ fit - np.stack([x, y], axis=1)).max())
    # Half a bin: beyond that a trace would be drawn nearer to its neighbour's place than to its own.
    if worst > 0.5 * bins.min():
        return None, f"The coordinates of the traces are off a regular grid by up to {worst:.1f} {units}."
    geometry = SurveyGeometry(numbers, increments, (x0, y0), tuple(inline_step), tuple(crossline_step), units)
    return geometry, ""
