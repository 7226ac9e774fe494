"""The six wells of the seismic sample: where they stand, their tops, and the logs that were run in them.

A well's tops are half-open intervals of two-way time: a sample at time `t` belongs to the interval with
``top <= t < base``. The first top is the survey's first sample; the last base lies one sample below its last.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import lasio
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .geology import UNITS
from .processes import FINE, Rocks

FIRST_MS = 400.0
"""Two-way time of the first sample, in milliseconds."""
STEP_MS = 4.0
"""Sample interval in milliseconds."""
FIRST_INLINE, INLINE_STEP = 1001, 1
FIRST_CROSSLINE, CROSSLINE_STEP = 2001, 2

ORIGIN = (482_350.0, 6_514_200.0)
"""Easting and northing, in metres, of the first trace."""
AZIMUTH = 30.0
"""Direction in which crossline numbers grow, in degrees clockwise from north."""
INLINE_SPACING, TRACE_SPACING = 25.0, 12.5
"""Metres between neighbouring inlines, and between neighbouring traces of one inline."""


@dataclass(frozen=True)
class Well:
    """A vertical well: its name, its position in the cube (array indices), and what it was drilled for."""

    name: str
    line: int
    trace: int
    target: str

    @property
    def inline(self) -> int:
        """Inline number."""
        return FIRST_INLINE + INLINE_STEP * self.line

    @property
    def crossline(self) -> int:
        """Crossline number."""
        return FIRST_CROSSLINE + CROSSLINE_STEP * self.trace


WELLS = (
    Well("W-1", 18, 28, "crest of the western anticline"),
    Well("W-2", 84, 74, "crest of the diapir, in salt to the bottom"),
    Well("W-3", 60, 146, "channel bend, then the tilted block below"),
    Well("W-4", 26, 90, "sands in the syncline beneath the river"),
    Well("W-5", 14, 156, "truncated sands updip of the big fault"),
    Well("W-6", 106, 40, "rim syncline behind the salt"),
)


def position(line: ArrayLike, trace: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Easting and northing (m) of array indices; inline numbers grow to the right of the crossline axis."""
    angle = np.deg2rad(AZIMUTH)
    along = np.asarray(trace, dtype=np.float64) * TRACE_SPACING
    across = np.asarray(line, dtype=np.float64) * INLINE_SPACING
    x = ORIGIN[0] + along * np.sin(angle) + across * np.cos(angle)
    y = ORIGIN[1] + along * np.cos(angle) - across * np.sin(angle)
    return x, y


def tops(column: NDArray[np.uint8]) -> list[tuple[float, float, int]]:
    """Intervals of one column of classes.

    Parameters
    ----------
    column : ndarray of uint8, shape (sample,)
        Classes down one trace, 4 ms apart.

    Returns
    -------
    list of (top, base, class)
        Half-open intervals in milliseconds of two-way time, from the top down.
    """
    starts = [0, *(np.flatnonzero(np.diff(column.astype(np.int16))) + 1).tolist()]
    ends = [*starts[1:], column.size]
    return [(FIRST_MS + STEP_MS * a, FIRST_MS + STEP_MS * b, int(column[a])) for a, b in zip(starts, ends, strict=True)]


def write_wells(folder: Path, rocks: Rocks, seed: int = 13) -> None:
    """Write ``wells.csv``, ``tops.csv`` and one LAS file per well into `folder`."""
    names = {unit.value: unit.name for unit in UNITS}
    last = FIRST_MS + STEP_MS * rocks.classes.shape[2] / FINE
    with (folder / "wells.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["well", "inline", "crossline", "x", "y", "total_twt_ms"])
        for well in WELLS:
            x, y = position(well.line, well.trace)
            rows.writerow([well.name, well.inline, well.crossline, f"{x:.2f}", f"{y:.2f}", f"{last:.0f}"])
    with (folder / "tops.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["well", "top_twt_ms", "base_twt_ms", "class"])
        for well in WELLS:
            for top, base, value in tops(rocks.classes[well.line, well.trace, ::FINE]):
                rows.writerow([well.name, f"{top:.0f}", f"{base:.0f}", names[value]])
    rng = np.random.default_rng(seed)
    for well in WELLS:
        write_logs(folder / f"{well.name}.las", well, rocks, rng)


def time_at_depth(depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two-way time (ms) at `depth` (m) where velocity grows from 1900 m/s by 0.55 m/s per metre."""
    return np.asarray(2000.0 * np.log1p(0.55 * depth / 1900.0) / 0.55, dtype=np.float64)


def depth_at_time(time: float) -> float:
    """Depth in metres at a two-way time in milliseconds; the inverse of :func:`time_at_depth`."""
    return float(1900.0 / 0.55 * np.expm1(0.55 * time / 2000.0))


def write_logs(path: Path, well: Well, rocks: Rocks, rng: np.random.Generator) -> None:
    """Write one well's logs, every metre down the hole.

    TWT is the checkshot, smooth as checkshots are. DT and RHOB come from the impedance model through
    Gardner's relation and so wander about that trend. CLASS is the core description; it has gaps.
    """
    first = np.ceil(depth_at_time(FIRST_MS))
    last = np.floor(depth_at_time(FIRST_MS + STEP_MS * (rocks.classes.shape[2] / FINE) - 0.5))
    depth = np.arange(first, last + 0.5, 1.0)
    time = np.round(time_at_depth(depth), 2)
    sample = (time - FIRST_MS) / STEP_MS
    impedance = np.exp(rocks.impedance[well.line, well.trace].astype(np.float64))
    there = np.interp(sample, np.arange(impedance.size) / FINE, impedance) * 1e6
    # Gardner: density = 310 v^0.25 (kg/m3, m/s), hence impedance = 310 v^1.25.
    velocity = (there / 310.0) ** 0.8
    density = there / velocity / 1000.0
    known = rocks.classes[well.line, well.trace, ::FINE][np.floor(sample).astype(int)].astype(float)
    salt = known == UNITS[-1].value
    # Halite is light for its speed and Gardner does not know it.
    density[salt] = 2.16
    sonic = 1e6 / velocity * (1.0 + 0.012 * rng.standard_normal(depth.size))
    density = density + 0.012 * rng.standard_normal(depth.size)
    # Not logged behind the casing shoe, nor where the core was lost.
    known[: int(rng.integers(4, 12))] = np.nan
    for _ in range(2):
        lost = int(rng.integers(40, depth.size - 40))
        known[lost : lost + int(rng.integers(3, 9))] = np.nan

    x, y = position(well.line, well.trace)
    las = lasio.LASFile()
    las.well["NULL"].value = -999.25
    las.well["WELL"].value = well.name
    las.well["FLD"].value = "Fold and Fault (synthetic)"
    las.well["COMP"].value = "napari-fhn sample data"
    las.well["LOC"].value = f"inline {well.inline}, crossline {well.crossline}"
    las.well["UWI"].value = f"FF-{well.inline}-{well.crossline}"
    las.well["DATE"].value = "2026-01-01"
    las.well["XCOORD"] = lasio.HeaderItem("XCOORD", "m", f"{x:.2f}", "Easting")
    las.well["YCOORD"] = lasio.HeaderItem("YCOORD", "m", f"{y:.2f}", "Northing")
    las.other = f"Vertical well. Target: {well.target}. Depths are below the seismic datum."
    las.append_curve("DEPT", depth, unit="m", descr="Depth below seismic datum")
    las.append_curve("TWT", time, unit="ms", descr="Two-way time from checkshots")
    las.append_curve("DT", np.round(sonic, 1), unit="us/m", descr="Sonic slowness")
    las.append_curve("RHOB", np.round(density, 3), unit="g/cc", descr="Bulk density")
    las.append_curve("CLASS", known, unit="", descr="Class by value, see classes.csv")
    formats = {0: "%.1f", 1: "%.2f", 2: "%.1f", 3: "%.3f", 4: "%.0f"}
    with path.open("w", encoding="ascii", newline="\n") as file:
        las.write(file, version=2.0, column_fmt=formats, len_numeric_field=10)
