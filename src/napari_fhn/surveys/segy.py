"""SEG-Y, post-stack: a volume as (inline, crossline, twt), a line as (trace, twt)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import segyio
import xarray as xr
from numpy.typing import NDArray
from segyio import TraceField
from xarray.core.indexing import LazilyIndexedArray

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry, fit_geometry
from napari_fhn.surveys.segy_grid import Grid, Line, find_grid
from napari_fhn.surveys.segy_layout import FORMAT_NAMES, Layout, looks_like_segy, read_layout
from napari_fhn.surveys.segy_values import SegyValues, open_file

SUFFIXES = (".sgy", ".segy", ".seg")
INLINE_BYTE, CROSSLINE_BYTE = 189, 193
#: Header fields other than the survey numbers are looked at on at most this many traces, spread evenly.
N_LOOKED_AT = 4096


@dataclass(frozen=True)
class SegySurvey:
    """What the headers of a SEG-Y file say: bytes, trace order, place on the map, time axis."""

    layout: Layout
    order: Grid | Line
    start_ms: float
    interval_ms: float
    geometry: SurveyGeometry | None = None
    traces: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def can_open(path: Path) -> bool:
    """Say whether a path is SEG-Y by suffix and binary header."""
    return path.suffix.lower() in SUFFIXES and looks_like_segy(path)


def open(
    path: Path,
    *,
    inline_byte: int = INLINE_BYTE,
    crossline_byte: int = CROSSLINE_BYTE,
    vertical: Literal["twt", "depth"] = "twt",
) -> xr.DataArray:
    """Open a post-stack SEG-Y file lazily.

    Parameters
    ----------
    path : Path
        The file. Only its headers are read.
    inline_byte, crossline_byte : int
        First byte (1 to 237) of the inline and crossline number in the trace headers.
    vertical : {"twt", "depth"}
        What the vertical axis is: two-way time in milliseconds, or depth in metres (the file cannot say).

    Returns
    -------
    xarray.DataArray
        Dims ``(inline, crossline, twt)``, numbers ascending; for a 2D line ``(trace, twt)`` with ``inline``,
        ``crossline``, ``cdp``, ``x`` and ``y`` along ``trace`` where the headers hold them. Where no sample
        interval is given the last axis is ``sample``, counted from 0. Values float32, or int8 / uint8 where
        the file stores single bytes. Attributes, besides those of `napari_fhn.surveys.open`: ``geometry``
        (`SurveyGeometry` or None), ``sorting`` ("inline", "crossline", "line"), ``header_bytes`` (inline,
        crossline).

    Raises
    ------
    SurveyError
        For everything else than a regular post-stack volume or a line, with what it is.
    """
    path = Path(path)
    survey = inspect(path, inline_byte, crossline_byte)
    layout, order = survey.layout, survey.order
    n = layout.n_samples
    coords: dict[str, Any]
    if isinstance(order, Grid):
        lateral: tuple[str, ...] = ("inline", "crossline")
        coords = {
            "inline": ("inline", order.inlines, {"long_name": "inline number"}),
            "crossline": ("crossline", order.crosslines, {"long_name": "crossline number"}),
        }
    else:
        lateral = ("trace",)
        coords = {"trace": ("trace", np.arange(order.n_traces, dtype=np.float64), {"long_name": "trace"})}
        for name, values in survey.traces.items():
            units = {"units": "ft" if layout.feet else "m"} if name in "xy" else {}
            coords[name] = ("trace", values, {"long_name": name, **units})
    if survey.interval_ms > 0:
        axis = survey.start_ms + np.arange(n, dtype=np.float64) * survey.interval_ms
        unit, long_name = ("ms", "two-way time") if vertical == "twt" else ("m", "depth")
        coords[vertical] = (vertical, axis, {"units": unit, "long_name": long_name})
        last: str = vertical
    else:
        last = "sample"
        coords[last] = (last, np.arange(n, dtype=np.float64), {"long_name": "sample"})
    return xr.DataArray(
        xr.Variable((*lateral, last), LazilyIndexedArray(SegyValues(layout, order))),
        coords=coords,
        name=path.stem,
        attrs={
            "source": str(path.absolute()),
            "kind": "seismic",
            "format": f"SEG-Y rev {layout.revision}, {FORMAT_NAMES[layout.format]}, {layout.endian}-endian",
            "sorting": order.sorting,
            "geometry": survey.geometry,
            "header_bytes": (inline_byte, crossline_byte),
            "notes": survey.notes,
        },
    )


def inspect(path: Path, inline_byte: int = INLINE_BYTE, crossline_byte: int = CROSSLINE_BYTE) -> SegySurvey:
    """Read the headers of a SEG-Y file, and no sample.

    Parameters
    ----------
    path : Path
        The file.
    inline_byte, crossline_byte : int
        As in `open`.

    Returns
    -------
    SegySurvey

    Raises
    ------
    SurveyError
        As in `open`.
    """
    layout = read_layout(path)
    with open_file(layout) as file:
        try:
            inline, crossline = file.attributes(inline_byte)[:], file.attributes(crossline_byte)[:]
        except (RuntimeError, KeyError, ValueError, IndexError) as error:
            raise SurveyError(
                path,
                f"no trace header field starts at byte {inline_byte} or {crossline_byte}",
                "Give the first byte of a field, e.g. inline_byte=189, crossline_byte=193",
            ) from error
        chosen = np.unique(np.linspace(0, layout.n_traces - 1, N_LOOKED_AT).round().astype(np.intp))

        def look(place: int) -> NDArray[np.int64]:
            return np.asarray(file.attributes(place)[chosen], dtype=np.int64)

        order = find_grid(
            path,
            inline,
            crossline,
            look(TraceField.offset),
            look(TraceField.FieldRecord),
            look(TraceField.CDP),
            (inline_byte, crossline_byte),
        )
        start_ms, interval_ms, notes = _time_axis(layout, file, look)
        if isinstance(order, Line):
            traces = _line_coordinates(file, inline, crossline)
            return SegySurvey(layout, order, start_ms, interval_ms, traces=traces, notes=tuple(notes))
        units = look(TraceField.CoordinateUnits)
        if (units > 1).any():
            geometry, note = None, "The coordinates are angles (byte 89), not lengths, and were left alone."
        else:
            scale = _factor(look(TraceField.SourceGroupScalar))
            il0, xl0 = order.inlines[0], order.crosslines[0]
            steps = float(order.inlines[1] - il0), float(order.crosslines[1] - xl0)
            geometry, note = fit_geometry(
                ((inline[chosen] - il0) / steps[0]).round().astype(np.int64),
                ((crossline[chosen] - xl0) / steps[1]).round().astype(np.int64),
                look(TraceField.CDP_X) * scale,
                look(TraceField.CDP_Y) * scale,
                (float(il0), float(xl0)),
                steps,
                "ft" if layout.feet else "m",
            )
        notes += [note] if note else []
    return SegySurvey(layout, order, start_ms, interval_ms, geometry, notes=tuple(notes))


def _factor(scalar: NDArray[np.int64]) -> NDArray[np.float64]:
    """Turn SEG-Y scalars (negative: divide, 0: leave) into factors."""
    size = np.abs(np.where(scalar == 0, 1, scalar)).astype(np.float64)
    return np.where(scalar < 0, 1.0 / size, size)


def _time_axis(layout: Layout, file: segyio.SegyFile, look: Any) -> tuple[float, float, list[str]]:
    """Start and step of the vertical axis in milliseconds (step 0 where none is given), and notes."""
    notes = []
    delay = look(TraceField.DelayRecordingTime) * _factor(look(TraceField.ScalarTraceHeader))
    if (delay != delay[0]).any():
        notes.append(
            f"The delay recording time (byte 109) varies from {delay.min():g} to {delay.max():g} ms "
            "between traces; that of the first trace was used for all."
        )
    intervals = look(TraceField.TRACE_SAMPLE_INTERVAL)
    trace_us, binary_us = int(intervals[0]), layout.interval_us
    if trace_us > 0 and binary_us > 0 and trace_us != binary_us:
        notes.append(
            f"The sample interval is {binary_us} in the binary header (byte 3217) and {trace_us} in the "
            "first trace (byte 117); the binary header was believed."
        )
    step_us = binary_us if binary_us > 0 else max(trace_us, 0)
    if step_us == 0:
        notes.append("No sample interval is given (bytes 3217 and 117), so the vertical axis counts samples.")
    return float(delay[0]), step_us / 1000.0, notes


def _line_coordinates(
    file: segyio.SegyFile, inline: NDArray[np.intc], crossline: NDArray[np.intc]
) -> dict[str, NDArray[np.float64]]:
    """Numbers and coordinates along a line, without those the headers leave empty."""
    scale = _factor(np.asarray(file.attributes(TraceField.SourceGroupScalar)[:], dtype=np.int64))
    found = {
        "inline": inline,
        "crossline": crossline,
        "cdp": file.attributes(TraceField.CDP)[:],
        "x": file.attributes(TraceField.CDP_X)[:] * scale,
        "y": file.attributes(TraceField.CDP_Y)[:] * scale,
    }
    return {name: np.asarray(values, dtype=np.float64) for name, values in found.items() if np.any(values)}
