"""What a SEG-Y file is that is no stacked volume and no line: gathers, shots, several volumes in one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_fhn.sentence import counted, counted_of
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy.grid import Arrangement
from napari_fhn.surveys.segy.headers import Headers, Ints

_OFFSET, _RECORD, _CHANNEL, _CDP, _IN_CDP, _POINT = 37, 9, 13, 21, 25, 17
#: From so many traces per place on, they are no slip of an export but gathers or several volumes.
_MANY = 1.5
_STACK = "Stack it first; only post-stack surveys are read"


def elsewhere(places: tuple[int, int], suggestion: tuple[int, int] | None = None) -> str:
    """Way out where numbers may stand in other bytes than `places`."""
    other = suggestion or ((9, 21) if places != (9, 21) else (189, 193))
    return f"If the numbers live elsewhere, open it with e.g. inline_byte={other[0]}, crossline_byte={other[1]}"


def refuse_repeats(
    headers: Headers, n_places: int, n_repeats: int, place: Ints, places: tuple[int, int], offset_byte: int, text: str
) -> None:
    """Refuse a file in which places hold more than one trace, unless they are few.

    Parameters
    ----------
    headers : Headers
        Of the file.
    n_places, n_repeats : int
        Places with a trace, and traces beyond the first of a place.
    place : ndarray of int64, shape (n_looked_at,)
        A number for the place of each trace looked at.
    places : tuple of int
        Bytes of the survey numbers, for the sentence; zeros for coordinates.
    offset_byte : int
        Byte of the offset.
    text : str
        The file's text header, which may speak of angles.

    Raises
    ------
    SurveyError
        With what the file is.
    """
    n = n_places + n_repeats
    path = headers.layout.path
    offset = headers.look(offset_byte)
    offsets = np.unique(offset)
    few = n < _MANY * n_places
    # A handful of traces written twice is a slip; traces with an offset of their own are a gather.
    if few and (offsets.size == 1 or n_repeats <= 0.1 * n):
        return
    if offsets.size > 1:
        kind = _sorting(headers, place, offset)
        angles = "ANGLE" in text.upper() or " AVA" in text.upper()
        looks = ", which may be angles" if angles and offsets[0] >= 0 and offsets[-1] <= 90 else ""
        raise SurveyError(
            path,
            f"it is pre-stack: {counted(n, 'traces')} on {counted(n_places, 'places')}, offsets "
            f"{offsets[0]} to {offsets[-1]} (bytes "
            f"{offset_byte}-{offset_byte + 3}){looks}; {kind}",
            "Export one angle or offset stack per file" if looks else _STACK,
        )
    where = f"bytes {places[0]} and {places[1]}" if any(places) else "their coordinates"
    within = headers.look(_IN_CDP)
    if np.unique(within).size > 1 and within.max() <= 10 * n / n_places:
        raise SurveyError(
            path,
            f"it is pre-stack: {counted(n, 'traces')} on {counted(n_places, 'places')} ({where}), "
            f"numbered {within.min()} to {within.max()} "
            "within each (bytes 25-28)",
            _STACK,
        )
    again = np.flatnonzero(place == place[0])
    if headers.complete and again.size > 1 and again[1] >= n_places:
        raise SurveyError(
            path,
            f"it holds about {round(n / n_places)} volumes one after the other: the places ({where}) come again from "
            f"trace {again[1] + 1} on",
            f"Export one volume per file. {elsewhere(places)}",
        )
    what = f"an inline and crossline ({where}) another trace has"
    raise SurveyError(
        path,
        counted_of(n_repeats, n, "traces", f"repeat {what}", f"repeats {what}"),
        f"It may be pre-stack, or hold several stacks; export one trace per place. {elsewhere(places)}",
    )


def _sorting(headers: Headers, place: Ints, offset: Ints) -> str:
    """Say how gathers are sorted."""
    runs = headers.neighbours
    if not runs.size:
        return "gathers"
    same_place = (np.diff(place)[runs] == 0).mean()
    same_offset = (np.diff(offset)[runs] == 0).mean()
    if same_place > 0.3 and same_place >= same_offset:
        return "CDP gathers (neighbouring traces share their place)"
    if same_offset > 0.3:
        return "sorted by offset (neighbouring traces share theirs)"
    return "sorted neither by place nor by offset"


def refuse_gathers(
    headers: Headers, places: tuple[int, int], offset_byte: int, suggestion: tuple[int, int] | None = None
) -> None:
    """Refuse traces without usable numbers that are gathers.

    Parameters
    ----------
    headers : Headers
        Of the file.
    places : tuple of int
        Bytes at which numbers were looked for.
    offset_byte : int
        Byte of the offset.
    suggestion : tuple of int, optional
        Bytes that would make a grid, but are also how gathers are numbered.

    Raises
    ------
    SurveyError
        For CDP gathers and shot gathers.
    """
    path, n = headers.layout.path, headers.layout.n_traces
    where = f"bytes {places[0]} and {places[1]} of the trace headers"
    offsets = np.unique(headers.look(offset_byte))
    cdp, record = headers.look(_CDP), headers.look(_RECORD)
    n_cdps, records = np.unique(cdp).size, np.unique(record)
    many = counted(n, "traces") if headers.complete else f"the {counted(headers.traces.size, 'traces')} looked at"
    shots = records.size > 1 and np.unique(headers.look(_CHANNEL)).size > 1 and records.size < record.size
    # Stacked traces have a CDP of their own, whatever their offset field was left with.
    if offsets.size > 1 and n_cdps < cdp.size:
        kind = "shot gathers" if shots else "CDP gathers" if n_cdps > 1 else "gathers"
        raise SurveyError(
            path,
            f"it is pre-stack: {many} with offsets {offsets[0]} to {offsets[-1]} (bytes {offset_byte}-"
            f"{offset_byte + 3}) and no inline or crossline numbers ({where}); {kind}",
            f"Stack it first. {elsewhere(places, suggestion)}",
        )
    if shots and n_cdps < cdp.size:
        raise SurveyError(
            path,
            f"it looks like shot gathers: no inline, crossline ({where}) or CDP numbers, but field records "
            f"{records[0]} to {records[-1]}",
            f"Stack it first. {elsewhere(places, suggestion)}",
        )


class NoGridError(SurveyError):
    """Survey numbers that make neither a grid nor a line."""


def no_grid(path: Path, found: Arrangement, n: int, places: tuple[int, int]) -> NoGridError:
    """Say that survey numbers make neither a grid nor a line."""
    size = found.inlines.size * found.crosslines.size
    return NoGridError(
        path,
        f"its traces lie on no grid: inlines {found.inlines} x crosslines {found.crosslines} (bytes {places[0]} and "
        f"{places[1]} of the trace headers) would need {size:.3g} traces, and it has {n}",
        f"{elsewhere(places)}; as a line, in the order of the file, it opens with line=True",
    )
