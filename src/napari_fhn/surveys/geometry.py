"""Where a seismic survey lies on the map: an affine grid fitted to trace coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_fhn.sentence import counted_of

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

    Examples
    --------
    >>> grid = SurveyGeometry((100, 200), (1, 1), (5000.0, 7000.0), (25.0, 0.0), (0.0, 12.5))
    >>> grid.bin_size, grid.azimuth
    ((25.0, 12.5), 0.0)
    >>> x, y = grid.to_xy(102, 204)
    >>> float(x), float(y)
    (5050.0, 7050.0)
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
        # Rounded: a hair west of north is north, and not 360 degrees.
        return round(float(np.degrees(np.arctan2(x, y))), 9) % 360.0

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
    places: tuple[int, int] = (181, 185),
) -> tuple[SurveyGeometry | None, str]:
    """Fit the affine map to the coordinates of some traces by least squares.

    Traces whose coordinates are both 0 have none. One trace in fifty may lie off the grid (a damaged header) and is
    left out of the fit.

    Parameters
    ----------
    i, j : ndarray of int, shape (n,)
        Inline and crossline indices of the traces.
    x, y : ndarray of float64, shape (n,)
        Their map coordinates, the coordinate scalar already applied.
    numbers, increments, units
        As in `SurveyGeometry`.
    places : tuple of int
        Header bytes the coordinates came from, for the sentences.

    Returns
    -------
    geometry : SurveyGeometry or None
        None where the coordinates are absent or do not lie on a grid.
    note : str
        Why there is none, or what was left out; empty where there is nothing to say.
    """
    where = f"bytes {places[0]} and {places[1]}"
    given = (x != 0) | (y != 0)
    if not given.any():
        return None, f"The trace headers hold no coordinates ({where})."
    # A survey's corner may lie at 0, 0; padding does by the dozen.
    if np.count_nonzero(~given) > 1:
        i, j, x, y = i[given], j[given], x[given], y[given]
    columns = np.stack([np.ones_like(x), i, j], axis=1)
    target = np.stack([x, y], axis=1)
    fit, _, rank, _ = np.linalg.lstsq(columns, target, rcond=None)
    if rank < 3:
        return None, "The traces looked at do not span the survey, so it has no place on the map."
    bins = _bins(fit)
    if bins.min() == 0:
        return None, f"The coordinates of the traces ({where}) do not span an area."
    off = np.abs(columns @ fit - target).max(axis=1)
    # Half a bin: beyond that a trace would be drawn nearer to its neighbour's place than to its own.
    left_out = off > 0.5 * bins.min()
    note = ""
    if left_out.any():
        kept = _agreeing(columns, target, n_most=max(1, x.size // 50))
        if kept is None:
            return None, f"The coordinates of the traces are off a regular grid by up to {off.max():.1f} {units}."
        fit, _, rank, _ = np.linalg.lstsq(columns[kept], target[kept], rcond=None)
        if rank < 3 or _bins(fit).min() == 0:
            return None, f"The coordinates of the traces ({where}) do not span an area."
        off_it = f"coordinates off the survey's grid ({where})."
        note = counted_of(
            int(np.count_nonzero(~kept)), x.size, "traces", f"looked at have {off_it}", f"looked at has {off_it}"
        )
    (x0, y0), inline_step, crossline_step = fit.tolist()
    return SurveyGeometry(numbers, increments, (x0, y0), tuple(inline_step), tuple(crossline_step), units), note


def _bins(fit: NDArray[np.floating]) -> NDArray[np.float64]:
    """Lengths of the two steps of a fit; zeros where they span no area."""
    bins = np.hypot(*fit[1:].T)
    flat = abs(np.linalg.det(fit[1:])) < 1e-6 * max(bins.prod(), 1e-12) or bins.min() < 1e-6
    return np.zeros(2) if flat else np.asarray(bins)


def _agreeing(columns: NDArray[np.float64], target: NDArray[np.float64], n_most: int) -> NDArray[np.bool_] | None:
    """Find the traces that lie on one grid, if at most `n_most` do not: leave the worst out until the rest agrees."""
    kept = np.ones(len(target), dtype=bool)
    if len(target) < 8:
        return None
    # A far-off point drags a plain fit along; steps from the median do not follow it.
    for _ in range(4):
        fit = np.linalg.lstsq(columns[kept], target[kept], rcond=None)[0]
        off = np.abs(columns @ fit - target).max(axis=1)
        bins = _bins(fit)
        if bins.min() > 0 and (off[kept] <= 0.5 * bins.min()).all():
            on_it: NDArray[np.bool_] = off <= 0.5 * bins.min()  # some that were left out as well
            return on_it if np.count_nonzero(~on_it) <= n_most else None
        worst = np.argsort(off)[::-1][:n_most]
        kept = np.ones(len(target), dtype=bool)
        kept[worst[off[worst] > 3 * np.median(off)]] = False
    return None
