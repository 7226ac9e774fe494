"""The way of a well through the earth: measured depth to true vertical depth and offsets on the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_fhn.labels.errors import LabelError

#: Longest step between the points of a path that is computed from angles, in metres.
STEP_M = 5.0


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The path of a well.

    Attributes
    ----------
    name : str
        Of the well; empty where the file does not name it.
    md, tvd : ndarray of float64, shape (n,)
        Measured and true vertical depth in metres, below the datum of the well (its kelly bushing, mostly);
        measured depth increases.
    dx, dy : ndarray of float64, shape (n,)
        Offsets east and north of the well head, in metres.
    head : (float, float) or None
        Map coordinates of the well head, in the unit of its file, which is `head_unit`.
    kb_m : float or None
        Elevation of the well's datum above mean sea level in metres, where the file tells it.
    head_unit : str
        "m" or "ft", empty where not said.

    Raises
    ------
    LabelError
        When the arrays are no path.
    """

    name: str
    md: NDArray[np.float64]
    tvd: NDArray[np.float64]
    dx: NDArray[np.float64]
    dy: NDArray[np.float64]
    head: tuple[float, float] | None = None
    kb_m: float | None = None
    head_unit: str = ""

    def __post_init__(self) -> None:
        parts = (self.md, self.tvd, self.dx, self.dy)
        if self.md.size < 2 or any(part.shape != self.md.shape for part in parts):
            raise LabelError(f"the path of well '{self.name}' has fewer than two points", "Check its survey")
        if not all(np.isfinite(part).all() for part in parts):
            raise LabelError(f"the path of well '{self.name}' holds values that are no numbers", "Check its survey")
        if not (np.diff(self.md) > 0).all():
            raise LabelError(f"the measured depth of well '{self.name}' does not increase", "Sort its survey by depth")

    def at(self, md: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return true vertical depth and offsets at measured depths.

        Parameters
        ----------
        md : array_like of float
            Measured depth in metres. Above the first point the well is taken to go straight up, below the last one
            to go on as it ended.

        Returns
        -------
        tvd, dx, dy : ndarray of float64, shape of `md`
            In metres.
        """
        at = np.asarray(md, dtype=np.float64)
        above, below = np.minimum(at - self.md[0], 0.0), np.maximum(at - self.md[-1], 0.0)
        last = self.md[-1] - self.md[-2]
        parts = []
        for part, up in ((self.tvd, 1.0), (self.dx, 0.0), (self.dy, 0.0)):
            slope = (part[-1] - part[-2]) / last
            parts.append(np.interp(at, self.md, part) + above * up + below * slope)
        return parts[0], parts[1], parts[2]

    def md_of_tvd(self, tvd: ArrayLike) -> NDArray[np.float64]:
        """Return measured depths of true vertical depths in metres.

        Raises
        ------
        LabelError
            When the well rises somewhere, so that a vertical depth is met more than once.
        """
        if not (np.diff(self.tvd) > 0).all():
            raise LabelError(
                f"well '{self.name}' runs level or rises, so that a vertical depth does not tell a place in it",
                "Give measured depths",
            )
        at = np.asarray(tvd, dtype=np.float64)
        last = (self.md[-1] - self.md[-2]) / (self.tvd[-1] - self.tvd[-2])
        inner = np.interp(at, self.tvd, self.md)
        return np.asarray(inner + np.minimum(at - self.tvd[0], 0.0) + np.maximum(at - self.tvd[-1], 0.0) * last)


def minimum_curvature(
    md: ArrayLike, inclination: ArrayLike, azimuth: ArrayLike, step_m: float = STEP_M
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Compute a well's path by the method of minimum curvature: an arc of a circle between two stations.

    Parameters
    ----------
    md : array_like, shape (n,)
        Measured depth of the stations in metres, increasing. Above the first one the well is vertical.
    inclination, azimuth : array_like, shape (n,)
        Degrees from the vertical, and clockwise from north.
    step_m : float, optional
        Longest step between the points of the path; those between stations lie on the arc.

    Returns
    -------
    md, tvd, dx, dy : ndarray of float64, shape (m,)
        In metres; tvd from the zero of `md`, offsets east and north from the place there.

    Raises
    ------
    LabelError
        When the depths do not increase or an inclination is not between 0 and 180 degrees.

    Examples
    --------
    >>> md, tvd, dx, dy = minimum_curvature([0, 1000, 2000], [0, 0, 60], [0, 90, 90], step_m=1000)
    >>> [round(float(path[-1])) for path in (tvd, dx, dy)]
    [1827, 477, 0]
    """
    depth = np.atleast_1d(np.asarray(md, dtype=np.float64))
    i, a = (
        np.radians(np.atleast_1d(inclination).astype(np.float64)),
        np.radians(np.atleast_1d(azimuth).astype(np.float64)),
    )
    if depth.size == 0 or depth.shape != i.shape or depth.shape != a.shape:
        raise LabelError("a survey needs as many inclinations and azimuths as depths", "Check its columns")
    if not (np.isfinite(depth).all() and np.isfinite(i).all() and np.isfinite(a).all()):
        raise LabelError("a depth, inclination or azimuth is no number", "Correct it, or remove the station")
    if not (np.diff(depth) > 0).all() or depth[0] < 0:
        raise LabelError("the measured depth does not increase from 0 on", "Sort the survey by depth")
    if (i < -1e-9).any() or (i > np.pi + 1e-9).any():
        raise LabelError("an inclination is not between 0 and 180 degrees", "Check the column and its unit")
    tangent = np.stack([np.sin(i) * np.sin(a), np.sin(i) * np.cos(a), np.cos(i)], axis=1)
    start = np.array([0.0, 0.0, depth[0]])
    # Straight down from the datum to the first station, which mostly is the datum.
    along = [np.unique([0.0, depth[0]])]
    points = [np.outer(along[0], [0.0, 0.0, 1.0])]
    for k in range(depth.size - 1):
        length = depth[k + 1] - depth[k]
        pieces = int(np.clip(np.ceil(length / step_m), 1, 10_000))
        s = np.arange(1, pieces + 1) / pieces
        arc = start + _arc(tangent[k], tangent[k + 1], length, s)
        along.append(depth[k] + s * length)
        points.append(arc)
        start = arc[-1]
    way = np.concatenate(points)
    return np.concatenate(along), way[:, 2], way[:, 0], way[:, 1]


def _arc(
    first: NDArray[np.float64], second: NDArray[np.float64], length: float, s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points at shares s of an arc that leaves in one direction and arrives in another; shape (len(s), 3)."""
    # By the half chord, which keeps its digits where the cosine of a small angle has lost them.
    angle = 2 * np.arcsin(min(float(np.linalg.norm(second - first)) / 2, 1.0))
    if angle < 1e-9:
        return np.outer(s * length, first)
    if np.pi - angle < 1e-6:
        raise LabelError("the well turns back on itself between two stations", "Check inclination and azimuth there")
    # The unit vector across the first direction, in the plane of the arc.
    across = second - np.cos(angle) * first
    across /= np.linalg.norm(across)
    radius = length / angle
    return np.outer(radius * np.sin(s * angle), first) + np.outer(radius * (1 - np.cos(s * angle)), across)
