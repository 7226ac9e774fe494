"""Wells: what is known of the classes along a few paths through a survey."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.wells.checkshots import Checkshot
from napari_fhn.labels.wells.trajectories import Trajectory

_T = TypeVar("_T")


@dataclass(frozen=True)
class Interval:
    """One class between two times.

    Attributes
    ----------
    top_ms, base_ms : float
        On the survey's vertical axis: two-way time in milliseconds, or metres in a depth survey. The top
        belongs to the interval, the base does not.
    class_name : str
        Name (or value, in digits) of a class.
    """

    top_ms: float
    base_ms: float
    class_name: str

    def __post_init__(self) -> None:
        if not self.top_ms < self.base_ms:
            raise LabelError(f"an interval from {self.top_ms:g} to {self.base_ms:g} ms is empty", "Swap its ends")


@dataclass(frozen=True)
class Stretch:
    """One class between two places along a well.

    Attributes
    ----------
    top_m, base_m : float
        Measured depth in metres; the top belongs to the stretch, the base does not.
    class_name : str
        Name (or value, in digits) of a class.
    """

    top_m: float
    base_m: float
    class_name: str

    def __post_init__(self) -> None:
        if not self.top_m < self.base_m:
            raise LabelError(f"a stretch from {self.top_m:g} to {self.base_m:g} m is empty", "Swap its ends")


@dataclass(frozen=True)
class Well:
    """A vertical well.

    Attributes
    ----------
    name : str
    inline, crossline : float
        Survey numbers, not necessarily whole; NaN where `xy` or `trace` places the well.
    intervals : tuple of Interval
        From top to base, not overlapping; gaps are unlabelled.
    xy : (float, float), optional
        Map coordinates in the survey's unit.
    trace : float, optional
        Number of a trace along a 2D line.
    """

    name: str
    inline: float
    crossline: float
    intervals: tuple[Interval, ...] = ()
    xy: tuple[float, float] | None = None
    trace: float | None = None

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.intervals, key=lambda i: i.top_ms))
        object.__setattr__(self, "intervals", ordered)
        for above, below in itertools.pairwise(ordered):
            if below.top_ms < above.base_ms:
                raise LabelError(
                    f"in well '{self.name}' {above.class_name} ends at {above.base_ms:g} ms, below the top "
                    f"of {below.class_name} at {below.top_ms:g} ms",
                    "Correct one of them",
                )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes of its intervals, in their order."""
        return tuple(i.class_name for i in self.intervals)


@dataclass(frozen=True, eq=False)
class DeviatedWell:
    """A well whose path leaves the vertical.

    Attributes
    ----------
    name : str
    inline, crossline : float
        Survey numbers of the well head; NaN where `xy` or `trace` places it.
    md_m : ndarray of float64, shape (n,)
        Measured depth along the path, increasing, in metres.
    dx_m, dy_m : ndarray of float64, shape (n,)
        Offsets east and north of the well head, in metres.
    vertical : ndarray of float64, shape (n,)
        Place on the survey's vertical axis: two-way time in milliseconds, or depth in metres.
    intervals : tuple of Stretch
        From top to base along the well, not overlapping; gaps are unlabelled.
    xy : (float, float), optional
        Map coordinates of the well head in the survey's unit.
    trace : float, optional
        Number of the trace along a 2D line that the well head is at.
    """

    name: str
    inline: float
    crossline: float
    md_m: NDArray[np.float64]
    dx_m: NDArray[np.float64]
    dy_m: NDArray[np.float64]
    vertical: NDArray[np.float64]
    intervals: tuple[Stretch, ...] = ()
    xy: tuple[float, float] | None = None
    trace: float | None = None

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.intervals, key=lambda s: s.top_m))
        object.__setattr__(self, "intervals", ordered)
        for above, below in itertools.pairwise(ordered):
            if below.top_m < above.base_m:
                raise LabelError(
                    f"in well '{self.name}' {above.class_name} ends at {above.base_m:g} m, below the top of "
                    f"{below.class_name} at {below.top_m:g} m",
                    "Correct one of them",
                )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes of its intervals, in their order."""
        return tuple(s.class_name for s in self.intervals)


@dataclass(frozen=True)
class Head:
    """Where a well begins.

    Attributes
    ----------
    name : str
    inline, crossline : float
        Survey numbers; NaN where `xy` or `trace` is given.
    xy : (float, float), optional
        Map coordinates in the survey's unit.
    kb_m : float, optional
        Elevation of the well's datum above mean sea level, in metres.
    trace : float, optional
        Number of a trace along a 2D line.
    """

    name: str
    inline: float = math.nan
    crossline: float = math.nan
    xy: tuple[float, float] | None = None
    kb_m: float | None = None
    trace: float | None = None


@dataclass(frozen=True)
class Spans:
    """Classes along a well, in the kind of depth or time that its file has.

    Attributes
    ----------
    domain : {"md", "tvd", "tvdss", "twt"}
        Metres for depths, milliseconds for two-way time.
    ends : tuple of (float, float, str)
        Top, base and class, from the top down.
    """

    domain: str
    ends: tuple[tuple[float, float, str], ...]


def tie(
    head: Head,
    spans: Spans,
    *,
    vertical: str = "twt",
    trajectory: Trajectory | None = None,
    checkshot: Checkshot | None = None,
    datum_m: float = 0.0,
    path: str | Path | None = None,
) -> Well | DeviatedWell:
    """Bring what is known along a well onto the vertical axis of a survey.

    Depths go the way measured depth - vertical depth (by the trajectory; equal in a well without one) - depth below
    sea level (by the elevation of the well's datum) - two-way time (by the checkshots), as far as is needed.

    Parameters
    ----------
    head : Head
        Where the well begins, and the elevation of its datum.
    spans : Spans
        What is known.
    vertical : {"twt", "depth"}
        The survey's vertical axis: two-way time in milliseconds, or depth in metres below the survey's datum.
    trajectory : Trajectory, optional
        Without it the well is vertical.
    checkshot : Checkshot, optional
        Needed wherever depth meets time.
    datum_m : float, optional
        Elevation above mean sea level of the zero of a depth survey, in metres.
    path : str or Path, optional
        File that errors name.

    Returns
    -------
    Well or DeviatedWell

    Raises
    ------
    Undeclared
        With option ``"kb_m"``, when the elevation of the datum is needed and not known.
    LabelError
        When checkshots are needed and there are none.
    """
    kb_m = head.kb_m if head.kb_m is not None else None if trajectory is None else trajectory.kb_m
    ladder = _Ladder(head.name, trajectory, checkshot, kb_m, datum_m, vertical, path)
    if trajectory is None:
        edges = np.array([[top, base] for top, base, _ in spans.ends], dtype=np.float64).reshape(-1, 2)
        placed = ladder.to_vertical(edges, spans.domain).tolist() if spans.ends else []
        named = zip(placed, spans.ends, strict=True)
        intervals = tuple(Interval(top, base, end[2]) for (top, base), end in named if top < base)
        return Well(head.name, head.inline, head.crossline, intervals, head.xy, head.trace)
    md = trajectory.md
    stretches = []
    for top, base, name in spans.ends:
        at = ladder.to_md(np.array([top, base]), spans.domain, md)
        if at[0] < at[1]:
            stretches.append(Stretch(float(at[0]), float(at[1]), name))
    if stretches:
        # The path goes as far as something is known along it.
        known = np.array([min(s.top_m for s in stretches), max(s.base_m for s in stretches)])
        if known[1] > md[-1] + 1.0:
            words = f"The path of well '{head.name}' was continued straight on for {known[1] - md[-1]:.0f} m."
            warnings.warn(words, LabelWarning, stacklevel=2)
        ladder.to_vertical(known, "md")
        md = np.unique(np.concatenate([md, known]))
    _, dx, dy = trajectory.at(md)
    axis = ladder.quietly(md)
    return DeviatedWell(head.name, head.inline, head.crossline, md, dx, dy, axis, tuple(stretches), head.xy, head.trace)


@dataclass(frozen=True)
class _Ladder:
    """The steps from one kind of depth to another in one well."""

    name: str
    trajectory: Trajectory | None
    checkshot: Checkshot | None
    kb_m: float | None
    datum_m: float
    vertical: str
    path: str | Path | None

    def to_vertical(self, at: NDArray[np.float64], domain: str) -> NDArray[np.float64]:
        """Places on the survey's vertical axis."""
        if self.vertical == "depth":
            if domain == "twt":
                shots = self._shots()
                at, domain = shots.depth(at), shots.domain
            return self.depth(at, domain, "tvdss") + self.datum_m
        if domain == "twt":
            return at
        shots = self._shots()
        return shots.time(self.depth(at, domain, shots.domain))

    def quietly(self, md: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places of measured depths on the vertical axis, without a word about those beyond the checkshots."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LabelWarning)
            return self.to_vertical(md, "md")

    def to_md(self, at: NDArray[np.float64], domain: str, md: NDArray[np.float64]) -> NDArray[np.float64]:
        """Measured depths, those of times among the measured depths of the path."""
        if domain != "twt":
            return self.depth(at, domain, "md")
        if self.vertical == "depth":
            shots = self._shots()
            return self.depth(shots.depth(at), shots.domain, "md")
        axis = self.quietly(md)
        if not (np.diff(axis) > 0).all():
            raise LabelError(
                f"well '{self.name}' runs level or rises, so that a time does not tell a place in it",
                "Give its tops in measured depth",
                path=self.path,
            )
        return np.interp(at, axis, md)

    def depth(self, at: NDArray[np.float64], domain: str, wanted: str) -> NDArray[np.float64]:
        """Depths of one kind as another, in metres."""
        order = ("md", "tvd", "tvdss")
        k, end = order.index(domain), order.index(wanted)
        while k < end:
            at = self._tvd(at) if k == 0 else at - self._kb()
            k += 1
        while k > end:
            at = at + self._kb() if k == 2 else self._md(at)
            k -= 1
        return at

    def _tvd(self, md: NDArray[np.float64]) -> NDArray[np.float64]:
        return md if self.trajectory is None else self.trajectory.at(md)[0]

    def _md(self, tvd: NDArray[np.float64]) -> NDArray[np.float64]:
        return tvd if self.trajectory is None else self.trajectory.md_of_tvd(tvd)

    def _kb(self) -> float:
        if self.kb_m is None:
            raise Undeclared(
                f"the elevation of the datum of well '{self.name}' (kelly bushing) above sea level is not known, and "
                "its depths are needed from there",
                "Say it in metres",
                option="kb_m",
                path=self.path,
            )
        return self.kb_m

    def _shots(self) -> Checkshot:
        if self.checkshot is None:
            raise LabelError(
                f"depth and two-way time meet in well '{self.name}', and there are no checkshots of it",
                "Give checkshots, or tops in the domain of the survey",
                path=self.path,
            )
        return self.checkshot


def of_well(found: Mapping[str, _T] | None, name: str) -> _T | None:
    """Return what belongs to a well by its name, without regard to case and spaces; what has no name holds for all."""
    if not found:
        return None
    names = {"".join(key.split()).lower(): value for key, value in found.items()}
    return names.get("".join(name.split()).lower(), found.get(""))
