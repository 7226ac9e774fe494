"""What the headers of a SEG-Y file say: bytes, trace order, place on the map, time axis."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.sentence import counted_of
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry, fit_geometry
from napari_fhn.surveys.segy.binary import Layout
from napari_fhn.surveys.segy.coordinates import beside, looked_at, scaled
from napari_fhn.surveys.segy.doubts import doubts
from napari_fhn.surveys.segy.grid import Grid, Line, Order, TraceMap
from napari_fhn.surveys.segy.guess import STANDARD, GridGuess
from napari_fhn.surveys.segy.order import find_order
from napari_fhn.surveys.segy.reading import Options, Reading
from napari_fhn.surveys.segy.shifts import Shifts
from napari_fhn.surveys.segy.text import history, says_depth, text_lines
from napari_fhn.surveys.segy.time_axis import time_axis
from napari_fhn.surveys.segy.trace_bytes import Progress
from napari_fhn.surveys.segy.values import NO_TRACE

_SCALAR, _CDP, _IDENTITY = 71, 21, 29
#: Distances between traces of stacked surveys, in metres; beyond them a coordinate scalar is likely wrong.
_USUAL_BIN = (0.5, 500.0)


@dataclass(frozen=True)
class SegySurvey:
    """What the headers of a SEG-Y file say.

    Attributes
    ----------
    layout : Layout
        Where the bytes are.
    order : Grid, TraceMap or Line
        Which trace lies where.
    start_ms, interval_ms : float
        Vertical axis; interval 0 where none is given.
    shifts : Shifts or None
        Where traces begin at times of their own: how they lie on the axis.
    guess : GridGuess
        How the survey numbers were found.
    geometry : SurveyGeometry or None
        Place on the map.
    traces : dict
        For a line: numbers and coordinates along it, shape (n_trace,) each.
    notes : tuple of str
        Worth showing to a person.
    dead : bool
        Some traces are marked dead or dummy, and read as missing.
    history : str
        The text header.
    options : Options
        Read with these, the file gives the same survey again.
    length_unit : {"m", "ft", ""}
        Of the coordinates; empty where they are angles.
    """

    layout: Layout
    order: Order
    start_ms: float
    interval_ms: float
    guess: GridGuess
    geometry: SurveyGeometry | None = None
    traces: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    dead: bool = False
    history: str = ""
    options: Options = field(default_factory=Options)
    length_unit: str = ""
    shifts: Shifts | None = None

    @property
    def n_samples(self) -> int:
        """Samples of the vertical axis; more than of a trace where these begin at times of their own."""
        return self.layout.n_samples if self.shifts is None else self.shifts.n


def inspect(
    path: Path,
    inline_byte: int | None = None,
    crossline_byte: int | None = None,
    *,
    progress: Progress | None = None,
    **options: Any,
) -> SegySurvey:
    """Read the headers of a SEG-Y file, and a few of its samples.

    Parameters
    ----------
    path : Path
        The file.
    inline_byte, crossline_byte : int, optional
        First byte (1 to 237) of the survey numbers in the trace headers; looked for where they are not given. Both
        0: places come from coordinates.
    progress : callable, optional
        Called with the share of headers read (0 to 1), where all must be: an irregular file of many gigabytes.
    **options
        Further fields of `Options`.

    Returns
    -------
    SegySurvey

    Raises
    ------
    SurveyError
        For everything else than a post-stack volume or a line, with what it is.
    """
    reading = Reading(Path(path), Options(inline_byte, crossline_byte, **options), progress)
    if reading.layout.n_traces == 1:
        raise SurveyError(path, "it holds a single trace, which is neither a line nor a volume", "Open a survey")
    order, guess = find_order(reading)
    if guess.inline_byte and guess.crossline_byte:
        reading.places = beside(reading.headers, reading.places, (guess.inline_byte, guess.crossline_byte))
    axis = time_axis(reading, order)
    reading.notes += axis.notes
    geometry: SurveyGeometry | None = None
    traces: dict[str, NDArray[np.float64]] = {}
    if isinstance(order, Line):
        traces = _along_line(reading, guess)
        reading.notes += [reading.places.note] if reading.places.note else []
    else:
        geometry = _geometry(reading, order)
    dead = _dead(reading)
    reading.notes += doubts(reading.layout, reading.headers.file)
    depth = says_depth(text_lines(reading.text))
    if depth:
        reading.notes.append(f"The text header speaks of depth ('{depth[:80]}'); open it with vertical='depth' if so.")
    return SegySurvey(
        layout=reading.layout,
        order=order,
        start_ms=axis.start_ms,
        interval_ms=axis.step_ms,
        shifts=axis.shifts,
        guess=guess,
        geometry=geometry,
        traces=traces,
        notes=tuple(reading.notes),
        dead=dead,
        history=history(reading.text),
        length_unit="" if reading.places.angles else "ft" if reading.layout.feet else "m",
        options=replace(
            reading.options,
            inline_byte=guess.inline_byte,
            crossline_byte=guess.crossline_byte,
            line=isinstance(order, Line) and (guess.how == "order" or reading.options.line),
        ),
    )


def _geometry(reading: Reading, order: Grid | TraceMap) -> SurveyGeometry | None:
    """Fit the survey's place on the map to the traces looked at."""
    places, layout = reading.places, reading.layout
    if places.angles:
        reading.notes.append(places.note)
        return None
    i, j = order.places(reading.headers.traces)
    placed = i >= 0
    x, y = looked_at(reading.headers, places)
    numbers = float(order.inlines[0]), float(order.crosslines[0])
    steps = float(order.inlines[1] - order.inlines[0]), float(order.crosslines[1] - order.crosslines[0])
    where = (places.x_byte, places.y_byte) if places.x_byte else (181, 185)
    units = "ft" if layout.feet else "m"
    geometry, note = fit_geometry(i[placed], j[placed], x[placed], y[placed], numbers, steps, units, where)
    reading.notes += [note] if note else []
    if geometry is None:
        return None
    reading.notes += [places.note] if places.note else []
    scalars = np.unique(reading.headers.look(_SCALAR))
    if scalars.size > 1:
        reading.notes.append(
            f"The coordinate scalar (byte 71) varies from {scalars[0]} to {scalars[-1]} between traces."
        )
    if not all(_USUAL_BIN[0] <= size <= _USUAL_BIN[1] for size in geometry.bin_size):
        reading.notes.append(
            f"Bins of {geometry.bin_size[0]:.4g} x {geometry.bin_size[1]:.4g} m are unusual; the coordinate scalar "
            f"({scalars[0]} at byte 71) or the unit of length (byte 3255) may be wrong."
        )
    return geometry


def _along_line(reading: Reading, guess: GridGuess) -> dict[str, NDArray[np.float64]]:
    """Numbers and coordinates along a line, without those the headers leave empty."""
    pair = (guess.inline_byte, guess.crossline_byte) if guess.inline_byte else STANDARD
    fields = {"inline": pair[0], "crossline": pair[1], "cdp": _CDP}
    if reading.places.x_byte:
        fields |= {"x": reading.places.x_byte, "y": reading.places.y_byte}
    *values, scalar = reading.headers.all(*fields.values(), _SCALAR, progress=reading.progress)
    found = dict(zip(fields, values, strict=True))
    told = reading.places.scalar
    scaled_ = {name: scaled(v, scalar, told) if name in "xy" else v.astype(np.float64) for name, v in found.items()}
    return {name: v for name, v in scaled_.items() if v.any()}


def _dead(reading: Reading) -> bool:
    """Say whether traces marked dead or dummy (byte 29 is 2 or 3) are to be read as missing."""
    identity = reading.headers.look(_IDENTITY)
    dead = np.isin(identity, NO_TRACE)
    if not dead.any():
        return False
    if dead.all():
        reading.notes.append("All traces are marked dead or dummy (byte 29 is 2 or 3); the mark was not believed.")
        return False
    many = "" if reading.headers.complete else "looked at "
    marked = "marked dead or dummy (byte 29 is 2 or 3) and read as missing."
    reading.notes.append(
        counted_of(int(np.count_nonzero(dead)), dead.size, "traces", f"{many}are {marked}", f"{many}is {marked}")
    )
    return True
