"""Checkshots: depth in a well to two-way time, and back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.fill_values import fill_values, without
from napari_fhn.labels.tables.roles import Columns
from napari_fhn.labels.tables.sniffing import sniffed
from napari_fhn.labels.tables.units import METRES, MILLISECONDS
from napari_fhn.sentence import counted

#: Velocities of rock and water lie within these, in metres per second.
SLOWEST, FASTEST = 300.0, 9000.0
#: Kinds of depth that a checkshot can be tied to.
DEPTHS = ("md", "tvd", "tvdss")


@dataclass(frozen=True, eq=False)
class Checkshot:
    """Two-way time against depth along one well.

    Attributes
    ----------
    name : str
        Of the well; empty where it holds for any.
    domain : {"md", "tvd", "tvdss"}
        Kind of its depths: measured or vertical below the well's datum, or vertical below sea level.
    depth_m : ndarray of float64, shape (n,)
        Metres, increasing.
    twt_ms : ndarray of float64, shape (n,)
        Two-way time in milliseconds from the survey's time zero, increasing.

    Raises
    ------
    LabelError
        When there are fewer than two shots, they do not increase, or make velocities that no rock has.
    """

    name: str
    domain: str
    depth_m: NDArray[np.float64]
    twt_ms: NDArray[np.float64]

    def __post_init__(self) -> None:
        of = f" of well '{self.name}'" if self.name else ""
        if self.depth_m.size < 2 or self.depth_m.shape != self.twt_ms.shape:
            raise LabelError(f"the checkshots{of} are fewer than two", "Two depths with their times are needed")
        if self.domain not in DEPTHS:
            raise LabelError(f"'{self.domain}' is no kind of depth", f"Use one of {', '.join(DEPTHS)}")
        for what, part in (("depth", self.depth_m), ("time", self.twt_ms)):
            falls = np.flatnonzero(~(np.diff(part) > 0))
            if falls.size:
                k = int(falls[0])
                raise LabelError(
                    f"the {what}s{of} do not increase: {part[k + 1]:g} comes after {part[k]:g}",
                    "Sort the checkshots, and remove those that are wrong",
                )
        mean = 2000.0 * (self.depth_m[-1] - self.depth_m[0]) / (self.twt_ms[-1] - self.twt_ms[0])
        if not SLOWEST <= mean <= FASTEST:
            raise LabelError(
                f"the checkshots{of} make a velocity of {mean:.0f} m/s",
                "Check the units of depth and time, and whether the times are one-way",
            )

    def time(self, depth_m: ArrayLike) -> NDArray[np.float64]:
        """Return two-way times of depths.

        Between shots the velocity is that between them; beyond them it is that of the first or last two, and a
        `LabelWarning` says how far was gone beyond.

        Parameters
        ----------
        depth_m : array_like of float
            Metres, in the shots' kind of depth.

        Returns
        -------
        ndarray of float64, shape of `depth_m`
            Milliseconds.
        """
        return self._along(self.depth_m, self.twt_ms, depth_m, "m")

    def depth(self, twt_ms: ArrayLike) -> NDArray[np.float64]:
        """Return the depths of two-way times; the inverse of `time`."""
        return self._along(self.twt_ms, self.depth_m, twt_ms, "ms")

    def _along(self, x: NDArray[np.float64], y: NDArray[np.float64], at: ArrayLike, unit: str) -> NDArray[np.float64]:
        wanted = np.asarray(at, dtype=np.float64)
        above = np.minimum(wanted - x[0], 0.0)
        below = np.maximum(wanted - x[-1], 0.0)
        slack = 1e-6 * (x[-1] - x[0])
        ends = []
        if above.size and above.min() < -slack:
            ends.append(f"{-above.min():.0f} {unit} above the first")
        if below.size and below.max() > slack:
            ends.append(f"{below.max():.0f} {unit} below the last")
        if ends:
            of = f" of well '{self.name}'" if self.name else ""
            words = f"The checkshots{of} were continued {' and '.join(ends)}, with the velocity at their ends."
            warnings.warn(words, LabelWarning, stacklevel=4)
        inner = np.interp(wanted, x, y)
        return np.asarray(inner + above * (y[1] - y[0]) / (x[1] - x[0]) + below * (y[-1] - y[-2]) / (x[-1] - x[-2]))


def read_checkshots(
    path: str | Path | Table,
    *,
    columns: Mapping[str, str | int] | None = None,
    units: Mapping[str, str] | None = None,
    way: str | None = None,
    shift_ms: float = 0.0,
) -> dict[str, Checkshot]:
    """Read checkshots.

    Parameters
    ----------
    path : str, Path or Table
        A table of depth (``md``, ``tvd``, ``tvdss``, or ``z``: depth or elevation from sea level) and time (``twt``,
        ``owt``, or ``time`` with `way`). A column ``well`` tells several wells apart.
    columns, units : mapping, optional
        Column and unit by role, where the header does not tell them.
    way : {"twt", "owt"}, optional
        Whether times are two-way or one-way, where the header does not say it.
    shift_ms : float, optional
        Added to every two-way time, to bring them to the survey's time zero; without it they are taken to count from
        there.

    Returns
    -------
    dict of str to Checkshot
        By name of the well; "" where the table names none.

    Raises
    ------
    AmbiguousColumns, Undeclared
        When columns, units or the way of the times cannot be told.
    LabelError
        When the table holds no checkshots.
    """
    if way not in (None, "twt", "owt"):
        raise LabelError(f"'{way}' is no kind of time", "Say twt (two-way) or owt (one-way)")
    table = sniffed(path)
    path = table.path
    found = Columns(table, columns, units)
    table.warn()
    depth_role = _depth(found)
    time_role = found.first(("twt",), ("owt",), ("time",))[0]
    if time_role == "time":
        if way is None:
            raise Undeclared(
                f"column '{table.names[found.index('time')]}' does not say whether its times are one-way or two-way",
                "Say twt (two-way) or owt (one-way)",
                option="way",
                choices=("twt", "owt"),
                path=path,
            )
        doubled = way == "owt"
    else:
        doubled = time_role == "owt"
    read = table.values([found.index(depth_role), found.index(time_role)])
    wells = (
        [r.text("well") for r in table.rows({"well": found.index("well")})] if found.has("well") else [""] * len(read)
    )
    if not len(read):
        raise LabelError("it holds no checkshot", "Check the file", path=path)
    read = np.stack([without(column, fill_values(column)) for column in read.T], axis=1)
    metres = METRES[found.unit(depth_role, ("m", "ft", "km"))]
    milliseconds = MILLISECONDS[found.unit(time_role, ("ms", "s", "us"), _time_evidence(read[:, 1]))]
    shots = {}
    for name in dict.fromkeys(wells):
        part = read[np.array([well == name for well in wells])]
        missing = np.isnan(part).any(axis=1)
        if missing.any():
            what = "without depth or time"
            words = (
                f"{path.name}: "
                f"{counted(int(missing.sum()), f'checkshots {what} were', f'checkshot {what} was')} left out."
            )
            warnings.warn(words, LabelWarning, stacklevel=2)
            part = part[~missing]
        depth, time = part[:, 0] * metres, part[:, 1] * milliseconds * (2.0 if doubled else 1.0)
        depth = _downwards(path, depth, np.abs(time), "depths" if depth_role != "z" else "elevations")
        time = _downwards(path, time, depth, "times")
        domain = "tvdss" if depth_role == "z" else depth_role
        try:
            shots[name] = Checkshot(name, domain, *_ordered(path, depth, time + shift_ms))
        except LabelError as error:
            raise error if error.path else LabelError(error.what, error.way_out, path=path) from error
    if doubled:
        warnings.warn(f"{path.name}: its one-way times were doubled.", LabelWarning, stacklevel=2)
    return shots


def _depth(found: Columns) -> str:
    """Role of the depth column; a depth of unsaid kind is asked for."""
    if not any(found.has(role) for role in (*DEPTHS, "z")) and found.has("depth"):
        name = found.table.names[found.index("depth")]
        raise Undeclared(
            f"column '{name}' does not say which depth it is: along the well (md), vertical below the well's datum "
            "(tvd), or vertical below sea level (tvdss)",
            "Say which it is",
            option="columns",
            choices=DEPTHS,
            role="depth",
            path=found.table.path,
        )
    # Any of them will do; vertical depth below sea level needs nothing else to be known.
    return found.first(("tvdss",), ("md",), ("tvd",), ("z",))[0]


def _time_evidence(times: NDArray[np.float64]) -> tuple[str, str] | None:
    """Times beyond a minute are milliseconds: no survey listens for that many seconds."""
    longest = float(np.nanmax(np.abs(times))) if np.isfinite(times).any() else 0.0
    return ("ms", f"they reach {longest:g}, which no survey records in seconds") if longest > 60 else None


def _downwards(path: Path, part: NDArray[np.float64], along: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """Turn values that fall while others, known to grow downwards, grow."""
    if part.size < 2 or part[np.argmax(along)] >= part[np.argmin(along)]:
        return part
    warnings.warn(f"{path.name}: its {what} grow upwards, and were turned.", LabelWarning, stacklevel=3)
    return -part


def _ordered(
    path: Path, depth: NDArray[np.float64], time: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sort by depth, and make one of shots that are the same."""
    order = np.argsort(depth, kind="stable")
    depth, time = depth[order], time[order]
    same = np.zeros(depth.size, dtype=bool)
    same[1:] = (np.diff(depth) == 0) & (np.diff(time) == 0)
    if same.any():
        words = (
            f"{path.name}: "
            f"{counted(int(same.sum()), 'checkshots occur twice and count', 'checkshot occurs twice and counts')} once."
        )
        warnings.warn(words, LabelWarning, stacklevel=3)
    return depth[~same], time[~same]
