"""Where the bytes of a SEG-Y file are: byte order, sample format, samples per trace, traces.

Everything a header promises is held against the size of the file here, before any array is allocated. Headers lie,
so more than one reading is tried: the plain one first, then sample counts, text headers and trace headers that other
fields tell of. A reading counts only when its traces end exactly where the file does and trace headers are found
where it puts them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from napari_fhn.sentence import counted
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy.binary import (
    FORMAT_NAMES,
    HEADERS_BYTES,
    SAMPLE_BYTES,
    TRACE_HEADER_BYTES,
    BinaryHeader,
    Layout,
    binary_header,
)
from napari_fhn.surveys.segy.misfit import misfit, samples_told, stranger
from napari_fhn.surveys.segy.text import TEXT_BYTES, decode_text, looks_like_text

#: Coordinate scalars (bytes 71-72) that make sense.
_SCALARS = {sign * 10**k for k in range(5) for sign in (1, -1)} | {0}
#: Trace headers looked at to tell whether a reading of the file is right.
_N_PROBES = 12
#: Extended text headers looked for where their number is not given.
_MOST_TEXTS = 1000


@dataclass(frozen=True)
class _Reading:
    """One way to read the file: where traces begin, how long they are; and what was not believed for it."""

    first_trace: int
    n_samples: int
    trace_header_bytes: int
    trailer_bytes: int
    doubts: tuple[str, ...] = ()


def looks_like_segy(path: Path) -> bool:
    """Say from the binary header alone whether a file may be SEG-Y (3600 bytes are read)."""
    with path.open("rb") as file:
        head = file.read(HEADERS_BYTES)
    if len(head) < HEADERS_BYTES:
        return False
    promises = (binary_header(head, "big"), binary_header(head, "little"))
    return any(p.plausible and max(p.n_samples, p.n_samples_extended) > 0 for p in promises)


def read_layout(path: Path, sample_format: int | None = None, *, incomplete: bool = False) -> Layout:
    """Read and check the byte layout of a SEG-Y file.

    Parameters
    ----------
    path : Path
        The file; its headers, a few trace headers and its size are looked at.
    sample_format : int, optional
        Instead of the code in the binary header (bytes 3225-3226).
    incomplete : bool
        Take the whole traces of a file that is cut short, instead of refusing it.

    Returns
    -------
    Layout

    Raises
    ------
    SurveyError
        When the file is no SEG-Y, of an unreadable kind, or of a size its header does not promise.
    """
    size = path.stat().st_size
    if sample_format is not None and sample_format not in SAMPLE_BYTES:
        raise SurveyError(path, f"sample_format={sample_format} is not read", f"Readable are {sorted(SAMPLE_BYTES)}")
    with path.open("rb") as file:
        head = file.read(HEADERS_BYTES)
        if len(head) < HEADERS_BYTES:
            # A file that starts like a text header has been cut inside it.
            if head and looks_like_text(head) and not re.match(r"C[ 0]?1\b", decode_text(head[:4])):
                raise stranger(path, head, 0)
            raise SurveyError(
                path,
                f"it ends at byte {size}, inside the {HEADERS_BYTES} bytes of headers every SEG-Y file starts with",
                "The file is cut short or is not SEG-Y; copy it again from its source",
            )
        promises = [binary_header(head, "big"), binary_header(head, "little")]
        if sample_format is not None:
            promises = [replace(p, format=sample_format) for p in promises]
        plausible = [p for p in promises if p.plausible]
        if not plausible:
            raise stranger(path, head, promises[0].format)
        layouts, problems = [], []
        for promise in plausible:
            try:
                layouts.append(_check(path, file, promise, size, incomplete))
            except SurveyError as error:
                problems.append(error)
    if not layouts:
        raise problems[0]
    # Both byte orders fit only where a format is forced on the file; then the trace headers decide.
    layout, _ = max(layouts, key=lambda pair: pair[1])
    return layout


def _check(path: Path, file: BinaryIO, promise: BinaryHeader, size: int, incomplete: bool) -> tuple[Layout, float]:
    """Find the reading of a file that fits its size, and how well its trace headers agree with it."""
    format = promise.format
    notes: list[str] = []
    if format == 4:
        format = _really_floats(path, file, promise, size)
        notes.append(
            f"The binary header calls the samples {FORMAT_NAMES[4]} (format 4 at bytes 3225-3226), but their first "
            f"bytes are in use; they were read as {FORMAT_NAMES[format]} (format {format})."
        )
    width = SAMPLE_BYTES[format]

    def layout(reading: _Reading) -> Layout:
        room = size - reading.first_trace - reading.trailer_bytes
        trace_bytes = reading.trace_header_bytes + reading.n_samples * width
        n_traces = max(0, room // trace_bytes)
        return Layout(
            path=path,
            endian=promise.endian,
            format=format,
            n_samples=reading.n_samples,
            n_traces=n_traces,
            first_trace=reading.first_trace,
            interval_us=promise.interval_us,
            feet=promise.feet,
            revision=promise.revision,
            trace_header_bytes=reading.trace_header_bytes,
            trailer_bytes=size - reading.first_trace - n_traces * trace_bytes,
            notes=(*notes, *reading.doubts),
        )

    plain: Layout | None = None
    best: tuple[Layout, float] | None = None
    for number, reading in enumerate(_readings(file, promise, size)):
        candidate = layout(reading)
        plain = plain or candidate
        if candidate.n_traces < 1 or candidate.trailer_bytes != reading.trailer_bytes:
            continue
        agreement = _agreement(file, candidate)
        if number == 0 and promise.n_texts > 0 and not _texts_are_text(file):
            agreement /= 3
        # The plain reading needs no proof; another one does, and must be better.
        if number == 0 and agreement >= 0.5:
            best = candidate, agreement
            break
        if (number == 0 or agreement >= 0.75) and (best is None or agreement > best[1] + 0.25):
            best = candidate, agreement
    if best is not None:
        found = best[0]
        if promise.n_traces not in (0, found.n_traces):
            note = (
                f"The binary header counts {counted(promise.n_traces, 'traces')} (bytes 3513-3520), but the file holds "
                f"{found.n_traces}; those were taken."
            )
            found = replace(found, notes=(*found.notes, note))
        return found, best[1]
    if plain is None:
        raise SurveyError(
            path,
            "the binary header promises no samples per trace (bytes 3221-3222 are 0), nor do the trace headers",
            "Export it again with the number of samples set",
        )
    if incomplete and plain.n_traces > 0:
        note = (
            f"The file is cut short: {counted(plain.n_traces, 'whole traces were', 'whole trace was')} taken, "
            f"and the {counted(plain.trailer_bytes, 'bytes')} "
            "after them left out."
        )
        return replace(plain, trailer_bytes=0, notes=(*plain.notes, note)), _agreement(file, plain)
    raise misfit(path, file, plain, size)


def _readings(file: BinaryIO, promise: BinaryHeader, size: int) -> Iterator[_Reading]:
    """Give ways to read a file, the plain one first; none of them is checked."""
    starts = _starts(file, promise, size)
    extra = list(dict.fromkeys((promise.n_trace_headers, promise.n_trace_headers_long, 0)))
    given = promise.n_samples_extended or promise.n_samples
    for k, (start, start_doubt) in enumerate(starts):
        counts: list[tuple[int, str]] = [(given, "")] if given else []
        if promise.n_samples and promise.n_samples != given:
            counts.append((promise.n_samples, "the count of revision 2 (bytes 3269-3272)"))
        for n_extra in extra:
            header = TRACE_HEADER_BYTES * (1 + n_extra)
            told = samples_told(file, start, promise.endian)
            more = [(told, "the binary header's sample count (bytes 3221-3222)")] if told not in (0, given) else []
            doubt = [] if n_extra == promise.n_trace_headers else ["the number of additional trace headers (byte 3507)"]
            for n_samples, count_doubt in counts + more:
                doubts = [text for text in (start_doubt, count_doubt, *doubt) if text]
                # A trailer longer than the file is none.
                trailers = [promise.trailer_bytes, 0] if 0 < promise.trailer_bytes < size - start else [0]
                for trailer in trailers:
                    yield _Reading(start, n_samples, header, trailer, tuple(_disbelieved(doubts, n_samples, start)))
        if k > 8:
            return


def _disbelieved(doubts: list[str], n_samples: int, start: int) -> list[str]:
    if not doubts:
        return []
    words = " and ".join(doubts)
    return [
        f"Not believed: {words}. The size of the file and its trace headers say "
        f"{counted(n_samples, 'samples')} per trace, the "
        f"first trace at byte {start + 1}."
    ]


def _starts(file: BinaryIO, promise: BinaryHeader, size: int) -> list[tuple[int, str]]:
    """Give places where the first trace may start, the likeliest first."""
    starts: list[tuple[int, str]] = []
    counter = f"the number of extended text headers ({promise.n_texts} at bytes 3505-3506)"
    if promise.n_texts >= 0:
        starts.append((HEADERS_BYTES + TEXT_BYTES * promise.n_texts, ""))
    if HEADERS_BYTES <= promise.first_trace < size:
        starts.append((promise.first_trace, counter if starts else ""))
    # What is really there: blocks of text, up to the stanza that ends them.
    n_texts = 0
    file.seek(HEADERS_BYTES)
    while n_texts < _MOST_TEXTS:
        block = file.read(TEXT_BYTES)
        if len(block) < TEXT_BYTES or not looks_like_text(block):
            break
        n_texts += 1
        if "((SEG:ENDTEXT))" in decode_text(block).upper().replace(" ", ""):
            break
    starts.append((HEADERS_BYTES + TEXT_BYTES * n_texts, counter if promise.n_texts >= 0 else ""))
    if n_texts:
        starts.append((HEADERS_BYTES, counter))
    # Each place once, as the first of its kind.
    return [pair for k, pair in enumerate(starts) if pair[0] not in {start for start, _ in starts[:k]}]


def _texts_are_text(file: BinaryIO) -> bool:
    """Tell whether an extended text header follows the binary header, or samples do."""
    file.seek(HEADERS_BYTES)
    block = file.read(TEXT_BYTES)
    return not any(block) or looks_like_text(block)


def _agreement(file: BinaryIO, layout: Layout) -> float:
    """How well trace headers stand where a reading of the file puts them, 0 to 1; 0.5 where nothing is in them.

    The first ones count by themselves: a reading that takes text for traces is right from some trace on.
    """
    n = layout.n_traces
    spread = {i * (n - 1) // _N_PROBES for i in range(1, _N_PROBES + 1)}
    shares = []
    for probes in ({0, 1, 2, 3}, spread):
        looks = [_looks(file, layout, trace) for trace in sorted(probes) if trace < n]
        seen = [look for look in looks if look is not None]
        if seen:
            shares.append(sum(seen) / len(seen))
    return min(shares, default=0.5)


def _looks(file: BinaryIO, layout: Layout, trace: int) -> bool | None:
    """Tell whether a trace header looks like one; None where it is empty."""
    file.seek(layout.first_trace + trace * layout.trace_bytes)
    header = file.read(TRACE_HEADER_BYTES)
    if len(header) < TRACE_HEADER_BYTES or not any(header):
        return None
    mark = ">" if layout.endian == "big" else "<"
    identity, scalar, n_samples = (struct.unpack_from(mark + "h", header, at)[0] for at in (28, 70, 114))
    told = n_samples & 0xFFFF
    # Real headers leave most of their bytes empty; samples do not.
    return (
        -1 <= identity <= 41
        and scalar in _SCALARS
        and (told in (0, layout.n_samples & 0xFFFF) or header.count(0) >= 120)
    )


def _really_floats(path: Path, file: BinaryIO, promise: BinaryHeader, size: int) -> int:
    """Tell which floats samples are that are called fixed point with gain, or refuse them.

    The first byte of such a sample is empty by definition, and the revisions disagree about the second: revisions 0
    and 1 multiply by the power of two, revision 2 divides. So they are not read; but floats under a wrong code are.
    """
    at = HEADERS_BYTES + TEXT_BYTES * max(0, promise.n_texts) + TRACE_HEADER_BYTES
    step = max(1, (size - at) // 64)
    words: list[int] = []
    for k in range(64):
        place = at + k * step
        # Whole samples: traces are a multiple of four bytes long in this format, and headers too.
        file.seek(place - (place - HEADERS_BYTES) % 4)
        block = file.read(256)
        words += [int.from_bytes(block[i : i + 4], promise.endian) for i in range(0, len(block) - 3, 4)]
    used = [word for word in words if word]
    if sum(word >> 24 != 0 for word in used) > 0.5 * len(used):
        # IBM floats are normalised: the first hexadecimal digit of the fraction is never zero.
        loose = sum((word >> 20) & 15 == 0 for word in used)
        return 5 if loose > 0.01 * len(used) else 1
    raise SurveyError(
        path,
        f"its samples are stored as {FORMAT_NAMES[4]} (format 4 at bytes 3225-3226), which the revisions of SEG-Y "
        "define in opposite ways",
        "Export it as IBM or IEEE float; if the code is wrong, open it with e.g. sample_format=1 or 5",
    )
