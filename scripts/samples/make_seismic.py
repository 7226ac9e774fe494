"""Make the seismic sample: ``python -m samples.make_seismic [FOLDER]`` in ``scripts``.

Everything is drawn from fixed seeds, so the same files come out each time. It takes about ten seconds.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import segyio
from numpy.typing import NDArray

from . import BUNDLED
from .boreholes import (
    CROSSLINE_STEP,
    FIRST_CROSSLINE,
    FIRST_INLINE,
    FIRST_MS,
    INLINE_STEP,
    STEP_MS,
    position,
    write_wells,
)
from .geology import SHAPE, UNITS, build_rocks
from .processes import FINE
from .seismogram import record

COORDINATE_SCALAR = -100
"""SEG-Y's way to say that coordinates are stored in hundredths of a metre."""

STORY = (
    "Fold and Fault, a synthetic survey that comes with napari-fhn.",
    "No such place exists; the rocks were drawn by a program, and so their",
    "classes are known everywhere (truth.npz beside this file).",
    "",
    "128 inlines, 1001 to 1128 step 1, 25 m apart.",
    "192 crosslines, 2001 to 2383 step 2, traces 12.5 m apart.",
    "160 samples of 4 ms two-way time, the first at 400 ms.",
    "Inline number in bytes 189-192, crossline number in bytes 193-196.",
    "CDP X and Y in bytes 181-188, in centimetres (scalar -100).",
    "Crossline numbers grow towards azimuth 30 degrees, inline numbers",
    "towards azimuth 120 degrees. Projected grid in metres, no datum.",
    "",
    "Folded and faulted turbidites, shale, carbonates and rift clastics,",
    "pierced by salt, cut by an angular unconformity, covered by flat marine",
    "beds with a meandering channel in them.",
    "Zero-phase Ricker wavelet, 36 Hz at the top falling to 25 Hz; an increase",
    "of impedance is a positive number. Noise grows with depth and below salt.",
    "Amplitudes are one signed byte each: 127 is 3.5 standard deviations.",
)


def textual_header() -> str:
    """The 40 lines of 80 characters that open a SEG-Y file."""
    lines = {number + 1: text for number, text in enumerate(STORY)}
    lines[39], lines[40] = "SEG Y REV1", "END TEXTUAL HEADER"
    return str(segyio.create_text_header(lines))


def write_segy(path: Path, amplitude: NDArray[np.int8]) -> None:
    """Write a SEG-Y rev 1 file with geometry and coordinates.

    Parameters
    ----------
    path : Path
        File to write.
    amplitude : ndarray of int8, shape (inline, crossline, sample)
        Amplitudes, 4 ms apart.
    """
    lines, traces, samples = amplitude.shape
    spec = segyio.spec()
    spec.sorting = segyio.TraceSortingFormat.INLINE_SORTING
    spec.format = 8
    spec.ilines = FIRST_INLINE + INLINE_STEP * np.arange(lines)
    spec.xlines = FIRST_CROSSLINE + CROSSLINE_STEP * np.arange(traces)
    spec.samples = FIRST_MS + STEP_MS * np.arange(samples)
    index_line, index_trace = np.indices((lines, traces)).reshape(2, -1)
    x, y = position(index_line, index_trace)
    x, y = np.rint(x * -COORDINATE_SCALAR).astype(int), np.rint(y * -COORDINATE_SCALAR).astype(int)
    flat = np.ascontiguousarray(amplitude).reshape(-1, samples)
    field = segyio.TraceField
    constant = {
        field.TraceIdentificationCode: 1,
        field.CoordinateUnits: 1,
        field.SourceGroupScalar: COORDINATE_SCALAR,
        field.DelayRecordingTime: round(FIRST_MS),
        field.TRACE_SAMPLE_COUNT: samples,
        field.TRACE_SAMPLE_INTERVAL: round(1000 * STEP_MS),
    }
    with segyio.create(str(path), spec) as file:
        file.text[0] = textual_header()
        file.bin.update(
            {
                segyio.BinField.JobID: 1,
                segyio.BinField.Traces: traces,
                segyio.BinField.AuxTraces: 0,
                segyio.BinField.Interval: round(1000 * STEP_MS),
                segyio.BinField.Samples: samples,
                segyio.BinField.Format: 8,
                segyio.BinField.SortingCode: 4,
                segyio.BinField.MeasurementSystem: 1,
                segyio.BinField.SEGYRevision: 1,
                segyio.BinField.TraceFlag: 1,
            }
        )
        for number, (line, trace) in enumerate(zip(index_line.tolist(), index_trace.tolist(), strict=True)):
            file.header[number] = constant | {
                field.TRACE_SEQUENCE_LINE: trace + 1,
                field.TRACE_SEQUENCE_FILE: number + 1,
                field.FieldRecord: line + 1,
                field.CDP: number + 1,
                field.CDP_X: int(x[number]),
                field.CDP_Y: int(y[number]),
                field.INLINE_3D: FIRST_INLINE + INLINE_STEP * line,
                field.CROSSLINE_3D: FIRST_CROSSLINE + CROSSLINE_STEP * trace,
            }
            file.trace[number] = flat[number]


def write_classes(path: Path) -> None:
    """Write the table of classes: value, name, colour."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["value", "name", "color"])
        rows.writerows((unit.value, unit.name, unit.color) for unit in UNITS)


def make(folder: Path) -> None:
    """Write every file of the seismic sample into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    rocks = build_rocks()
    classes = np.ascontiguousarray(rocks.classes[:, :, ::FINE])
    if classes.shape != SHAPE:
        raise ValueError(f"The model has shape {classes.shape}, the survey {SHAPE}.")
    write_segy(folder / "fold_and_fault.sgy", record(rocks))
    np.savez_compressed(folder / "truth.npz", classes=classes)
    write_classes(folder / "classes.csv")
    write_wells(folder, rocks)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else BUNDLED / "seismic")
