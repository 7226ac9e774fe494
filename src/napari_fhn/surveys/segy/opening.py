"""SEG-Y, post-stack: a volume as (inline, crossline, twt), a line as (trace, twt)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from xarray.core.indexing import LazilyIndexedArray

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy import remembered
from napari_fhn.surveys.segy.binary import FORMAT_NAMES
from napari_fhn.surveys.segy.grid import Line
from napari_fhn.surveys.segy.layout import looks_like_segy
from napari_fhn.surveys.segy.reading import OPTION_TYPES, Options
from napari_fhn.surveys.segy.seismic_unix import SUFFIXES as SU
from napari_fhn.surveys.segy.seismic_unix import looks_like_su
from napari_fhn.surveys.segy.survey import SegySurvey, inspect
from napari_fhn.surveys.segy.trace_bytes import Progress
from napari_fhn.surveys.segy.values import SegyValues

SUFFIXES = (".sgy", ".segy", ".seg", *SU)
_FOOT = 0.3048


def can_open(path: Path) -> bool:
    """Say whether a path is SEG-Y by suffix and binary header, or Seismic Unix by suffix and trace headers."""
    if path.suffix.lower() in SU:
        return looks_like_su(path)
    return path.suffix.lower() in SUFFIXES and looks_like_segy(path)


def open(
    path: Path,
    *,
    inline_byte: int | None = None,
    crossline_byte: int | None = None,
    x_byte: int | None = None,
    y_byte: int | None = None,
    line: bool = False,
    sample_format: int | None = None,
    incomplete: bool = False,
    sample_interval_ms: float | None = None,
    delay_ms: float | None = None,
    coordinate_scalar: int | None = None,
    vertical: Literal["twt", "depth"] = "twt",
    remember: bool = False,
    progress: Progress | None = None,
) -> xr.DataArray:
    """Open a post-stack SEG-Y file lazily.

    Parameters
    ----------
    path : Path
        The file, or one of Seismic Unix (``.su``). Its headers and a few samples are read; of a large, regular file
        only a choice of headers.
    inline_byte, crossline_byte : int, optional
        First byte (1 to 237) of the inline and crossline number in the trace headers; where only one is given, the
        other stands at 189 or 193. Without them the numbers are looked for: `guesses` says where, and why. Both 0:
        places come from the coordinates.
    x_byte, y_byte : int, optional
        First byte of the map coordinates.
    line : bool
        Take the traces as a line, in the order of the file, whatever their headers say.
    sample_format : int, optional
        Sample format code (1 IBM float, 5 IEEE float, ...) instead of the one in the binary header.
    incomplete : bool
        Take the whole traces of a file that is cut short, instead of refusing it.
    sample_interval_ms, delay_ms : float, optional
        Sample interval and time of the first sample, in milliseconds, instead of those of the headers; of depth, in the
        unit of the file. A delay that is given holds for all traces.
    coordinate_scalar : int, optional
        Scalar of the coordinates instead of that in the trace headers: a factor, or negative a divisor.
    vertical : {"twt", "depth"}
        What the vertical axis is: two-way time in milliseconds, or depth in metres (the file cannot say).
    remember : bool
        Read this survey the same way from now on, when none of these options is given.
    progress : callable, optional
        Called with the share of trace headers read (0 to 1) where all must be, which can take a while.

    Returns
    -------
    xarray.DataArray
        Dims ``(inline, crossline, twt)``, numbers ascending; for a 2D line ``(trace, twt)`` with ``inline``,
        ``crossline``, ``cdp``, ``x`` and ``y`` along ``trace`` where the headers hold them. Where no sample
        interval is given the last axis is ``sample``, counted from 0. Traces that begin at times of their own (byte
        109) are brought onto one axis, missing where a trace has no sample. Values float32, or int8 / uint8 where
        the file stores single bytes and no trace is missing. Missing are, as NaN: places without a trace, traces
        marked dead or dummy (byte 29 is 2 or 3; in large files where one of the traces looked at is), and samples
        that are not finite. Attributes, besides those of `napari_fhn.surveys.open`: ``geometry``
        (`SurveyGeometry` or None), ``sorting`` ("inline", "crossline", "line"), ``header_bytes`` (inline,
        crossline; None where places come from coordinates or the order of the file), ``read_as`` (options that open
        it the same way again) and ``history`` (the text header).

    Raises
    ------
    SurveyError
        For everything else than a post-stack volume or a line, with what it is.
    """
    path = Path(path)
    said = sample_interval_ms, delay_ms, coordinate_scalar
    asked = Options(inline_byte, crossline_byte, x_byte, y_byte, line, sample_format, incomplete, *said)
    options, notes = asked, tuple[str, ...]()
    if asked == Options():
        recalled = remembered.recall(path, OPTION_TYPES)
        if recalled:
            options = Options(**recalled)
    try:
        survey = inspect(path, progress=progress, **asdict(options))
    except SurveyError:
        if options == asked:
            raise
        # What is remembered may come from another version; it must not lock a survey out.
        options = asked
        survey = inspect(path, progress=progress)
    if options != asked:
        words = ", ".join(f"{name}={value}" for name, value in options.given().items())
        notes = (f"Read as remembered ({words}).",)
    of_place = x_byte, y_byte, coordinate_scalar
    if isinstance(survey.order, Line) and "x" not in survey.traces and of_place != (None, None, None):
        notes = (*notes, "The trace headers hold no coordinates there.")
    if remember:
        _remember(path, asked)
    return _labelled(path, survey, vertical, (*notes, *survey.notes))


def _remember(path: Path, options: Options) -> None:
    try:
        remembered.remember(path, options.given())
    except OSError as error:
        place = remembered.store()
        raise SurveyError(
            place,
            f"how to read {path.name} cannot be remembered: {error.strerror or error}",
            "Open it without remember",
        ) from error


def _labelled(path: Path, survey: SegySurvey, vertical: str, notes: tuple[str, ...]) -> xr.DataArray:
    """Put names, coordinates and attributes to a survey's lazy values."""
    layout, order = survey.layout, survey.order
    n = survey.n_samples
    coords: dict[str, Any]
    if isinstance(order, Line):
        lateral: tuple[str, ...] = ("trace",)
        coords = {"trace": ("trace", np.arange(order.n_traces, dtype=np.float64), {"long_name": "trace"})}
        for name, values in survey.traces.items():
            units = {"units": survey.length_unit} if name in ("x", "y") and survey.length_unit else {}
            coords[name] = ("trace", values, {"long_name": name, **units})
    else:
        lateral = ("inline", "crossline")
        coords = {
            "inline": ("inline", order.inlines, {"long_name": "inline number"}),
            "crossline": ("crossline", order.crosslines, {"long_name": "crossline number"}),
        }
    if survey.interval_ms > 0:
        axis = survey.start_ms + np.arange(n, dtype=np.float64) * survey.interval_ms
        unit, long_name = ("ms", "two-way time") if vertical == "twt" else ("m", "depth")
        if vertical == "depth" and layout.feet:
            axis = axis * _FOOT
            notes = (*notes, "Depths are in feet in the file (byte 3255) and in metres here.")
        coords[vertical] = (vertical, axis, {"units": unit, "long_name": long_name})
        last: str = vertical
    else:
        last = "sample"
        coords[last] = (last, np.arange(n, dtype=np.float64), {"long_name": "sample"})
    guess = survey.guess
    kind = "Seismic Unix" if path.suffix.lower() in SU else f"SEG-Y rev {layout.revision}"
    return xr.DataArray(
        xr.Variable(
            (*lateral, last), LazilyIndexedArray(SegyValues(layout, order, dead=survey.dead, shifts=survey.shifts))
        ),
        coords=coords,
        name=path.stem,
        attrs={
            "source": str(path.absolute()),
            "kind": "seismic",
            "format": f"{kind}, {FORMAT_NAMES[layout.format]}, {layout.endian}-endian",
            "sorting": order.sorting,
            "geometry": survey.geometry,
            "header_bytes": (guess.inline_byte, guess.crossline_byte) if guess.inline_byte else None,
            "read_as": {**survey.options.given(), **({"vertical": vertical} if vertical != "twt" else {})},
            "history": survey.history,
            "notes": notes,
        },
    )
