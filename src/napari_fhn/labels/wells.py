"""Wells: what is known of the classes along a few vertical columns, and how it becomes labels."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.labels.classes import ClassTable
from napari_fhn.labels.csv_rows import read_rows
from napari_fhn.labels.errors import LabelError, LabelWarning

#: A sample this close above an interval's edge, in samples, still counts as on it (rounding of written
#: times).
_ON_THE_EDGE = 1e-6


@dataclass(frozen=True)
class Interval:
    """One class between two times.

    Attributes
    ----------
    top_ms, base_ms : float
        Two-way time in milliseconds; the top belongs to the interval, the base does not.
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
class Well:
    """A vertical well.

    Attributes
    ----------
    name : str
    inline, crossline : float
        Survey numbers, not necessarily whole.
    intervals : tuple of Interval
        From top to base, not overlapping; gaps are unlabelled.
    """

    name: str
    inline: float
    crossline: float
    intervals: tuple[Interval, ...] = ()

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


def read_wells(wells_csv: str | Path, tops_csv: str | Path) -> list[Well]:
    """Read wells and their tops.

    Parameters
    ----------
    wells_csv : str or Path
        Columns ``well``, ``inline``, ``crossline`` (survey numbers); others are ignored.
    tops_csv : str or Path
        Columns ``well``, ``top_twt_ms``, ``base_twt_ms``, ``class``.

    Returns
    -------
    list of Well
        In the order of `wells_csv`; wells without tops have no intervals.

    Raises
    ------
    LabelError
        With file, line and column.
    """
    places: dict[str, tuple[float, float]] = {}
    for row in read_rows(wells_csv, ("well", "inline", "crossline")):
        name = row.text("well")
        if name in places:
            raise row.error(f"well '{name}' occurs twice", "Keep one of them")
        places[name] = row.number("inline"), row.number("crossline")
    if not places:
        raise LabelError("it holds no well", "Add one line for each well", path=wells_csv)
    intervals: dict[str, list[Interval]] = {name: [] for name in places}
    for row in read_rows(tops_csv, ("well", "top_twt_ms", "base_twt_ms", "class")):
        name = row.text("well")
        if name not in places:
            raise row.error(f"there is no well '{name}' in {Path(wells_csv).name}", "Add it there, or correct the name")
        try:
            found = Interval(row.number("top_twt_ms"), row.number("base_twt_ms"), row.text("class"))
            # Building the well as far as it is known finds overlaps on the line that makes them.
            Well(name, *places[name], (*intervals[name], found))
        except LabelError as error:
            raise error if error.path else row.error(error.what, error.way_out) from error
        intervals[name].append(found)
    return [Well(name, *places[name], tuple(intervals[name])) for name in places]


def burn(
    wells: Sequence[Well],
    survey: xr.DataArray,
    table: ClassTable,
    out: NDArray[Any],
    radius_traces: float = 0.0,
    *,
    overwrite: bool = False,
) -> list[Box]:
    """Write wells into a label volume as columns of a radius.

    A sample belongs to an interval when its time lies in [top, base), so intervals that touch never share
    one. A trace within the radius of two wells takes the nearer well.

    Parameters
    ----------
    wells : sequence of Well
        Those outside the survey are left out with a `LabelWarning` that names them.
    survey : xarray.DataArray
        Dims ``(inline, crossline, vertical)``; only its coordinates are used.
    table : ClassTable
        The classes.
    out : ndarray or memmap of uint8, shape (inline, crossline, sample)
        Written in place.
    radius_traces : float, optional
        Traces whose distance from the well, counted in traces along both axes, is at most this are labelled;
        the nearest trace always is.
    overwrite : bool, optional
        Replace labels that are already there. By default only unlabelled voxels are filled.

    Returns
    -------
    list of Box
        The bounding box of each well burnt.

    Raises
    ------
    LabelError
        Before anything is written: when the shapes differ, a class is unknown, or all wells lie outside.
    """
    if survey.ndim != 3 or survey.dims[:2] != ("inline", "crossline") or out.shape != survey.shape:
        raise LabelError(
            f"wells need labels on (inline, crossline, vertical), not shape {out.shape} on {survey.dims}",
            "Burn them into the label volume of a 3D survey",
        )
    values = {interval.class_name: table.value_of(interval.class_name) for well in wells for interval in well.intervals}
    places = {k: _indices(survey, well) for k, well in enumerate(wells)}
    inside = {
        k: place
        for k, place in places.items()
        if all(-0.5 <= at <= n - 0.5 for at, n in zip(place, out.shape, strict=False))
    }
    left_out = [f"{w.name} ({w.inline:g}, {w.crossline:g})" for k, w in enumerate(wells) if k not in inside]
    if left_out:
        lines = [survey[dim].values for dim in ("inline", "crossline")]
        area = " and ".join(f"{v[0]:g} to {v[-1]:g}" for v in lines)
        what = f"outside the survey (inline, crossline {area}): {', '.join(left_out)}"
        if not inside:
            raise LabelError(f"all wells lie {what}", "Check their inline and crossline numbers")
        warnings.warn(f"Wells left out, {what}.", LabelWarning, stacklevel=2)
    boxes = []
    for k, place in inside.items():
        columns = _columns(place, out.shape, radius_traces, [p for other, p in inside.items() if other != k])
        spans = [(*_samples(survey, i), values[i.class_name]) for i in wells[k].intervals]
        spans = [span for span in spans if span[0] < span[1]]
        if not columns or not spans:
            continue
        for i, j in columns:
            trace = out[i, j]
            for start, stop, value in spans:
                part = trace[start:stop]
                if overwrite:
                    part[...] = value
                else:
                    part[part == 0] = value
        i_all, j_all = zip(*columns, strict=True)
        boxes.append(
            Box(
                (min(i_all), min(j_all), min(span[0] for span in spans)),
                (max(i_all) + 1, max(j_all) + 1, max(span[1] for span in spans)),
            )
        )
    return boxes


def _indices(survey: xr.DataArray, well: Well) -> tuple[float, float]:
    """Fractional trace indices of a well."""
    place = []
    for dim, number in (("inline", well.inline), ("crossline", well.crossline)):
        lines = np.asarray(survey[dim], dtype=np.float64)
        step = lines[1] - lines[0] if lines.size > 1 else 1.0
        place.append(float((number - lines[0]) / step))
    return place[0], place[1]


def _columns(
    place: tuple[float, float], shape: tuple[int, ...], radius: float, others: list[tuple[float, float]]
) -> list[tuple[int, int]]:
    """Traces of a well: its disc without what is nearer to another well, and always its nearest trace."""
    nearest = tuple(min(max(math.floor(at + 0.5), 0), n - 1) for at, n in zip(place, shape, strict=False))
    ranges = [
        range(max(0, math.ceil(at - radius)), min(n - 1, math.floor(at + radius)) + 1)
        for at, n in zip(place, shape, strict=False)
    ]

    def near(i: int, j: int) -> bool:
        own = math.hypot(i - place[0], j - place[1])
        # The slack keeps the rim of the disc, where the distance is the radius up to rounding.
        return own <= radius + 1e-9 and all(own <= math.hypot(i - a, j - b) for a, b in others)

    columns = {(i, j) for i in ranges[0] for j in ranges[1] if near(i, j)}
    return sorted(columns | {(nearest[0], nearest[1])})


def _samples(survey: xr.DataArray, interval: Interval) -> tuple[int, int]:
    """Half-open sample range of an interval."""
    times = np.asarray(survey[survey.dims[-1]], dtype=np.float64)
    step = times[1] - times[0] if times.size > 1 else 1.0

    def index(time: float) -> int:
        return min(max(math.ceil(float((time - times[0]) / step) - _ON_THE_EDGE), 0), times.size)

    return index(interval.top_ms), index(interval.base_ms)
