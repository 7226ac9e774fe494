"""Where the bytes of a SEG-Y file are: byte order, sample format, samples per trace, traces.

Everything a header promises is held against the size of the file here, before any array is allocated.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_fhn.surveys.errors import SurveyError

TEXT_BYTES = 3200
HEADERS_BYTES = 3600
TRACE_HEADER_BYTES = 240

#: Bytes per sample of the formats that are read (SEG-Y binary header, bytes 3225-3226).
SAMPLE_BYTES = {1: 4, 2: 4, 3: 2, 5: 4, 6: 8, 8: 1, 9: 8, 10: 4, 11: 2, 12: 8, 16: 1}
FORMAT_NAMES = {
    1: "IBM float, 4 bytes",
    2: "integer, 4 bytes",
    3: "integer, 2 bytes",
    4: "fixed point with gain, 4 bytes",
    5: "IEEE float, 4 bytes",
    6: "IEEE float, 8 bytes",
    7: "integer, 3 bytes",
    8: "integer, 1 byte",
    9: "integer, 8 bytes",
    10: "unsigned integer, 4 bytes",
    11: "unsigned integer, 2 bytes",
    12: "unsigned integer, 8 bytes",
    15: "unsigned integer, 3 bytes",
    16: "unsigned integer, 1 byte",
}


@dataclass(frozen=True)
class Layout:
    """The byte layout of a SEG-Y file, checked against its size.

    Attributes
    ----------
    path : Path
        The file.
    endian : {"big", "little"}
        Byte order of headers and samples.
    format : int
        Sample format code (binary header, bytes 3225-3226).
    n_samples, n_traces : int
        Samples per trace; whole traces in the file.
    first_trace : int
        Byte offset of the first trace header, after any extended text headers.
    interval_us : int
        Sample interval of the binary header (bytes 3217-3218) in microseconds (or millimetres and
        the like for depth); 0 or less where it does not say.
    feet : bool
        The binary header (bytes 3255-3256) says lengths are in feet.
    revision : int
        Major SEG-Y revision.
    """

    path: Path
    endian: Literal["big", "little"]
    format: int
    n_samples: int
    n_traces: int
    first_trace: int
    interval_us: int
    feet: bool
    revision: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return SAMPLE_BYTES[self.format]

    @property
    def trace_bytes(self) -> int:
        """Bytes of one trace, its header included."""
        return TRACE_HEADER_BYTES + self.n_samples * self.sample_bytes

    @property
    def file_bytes(self) -> int:
        """Size the file must have."""
        return self.first_trace + self.n_traces * self.trace_bytes


@dataclass(frozen=True)
class _Promise:
    """The binary header as read in one byte order, before anything is checked."""

    endian: Literal["big", "little"]
    format: int
    n_samples: int
    interval_us: int
    feet: bool
    revision: int
    n_extended: int
    n_trace_extensions: int

    @property
    def plausible(self) -> bool:
        return self.format in FORMAT_NAMES and self.n_samples > 0


def _promise(head: bytes, endian: Literal["big", "little"]) -> _Promise:
    mark = ">" if endian == "big" else "<"

    def short(byte: int, code: str = "h") -> int:
        return int(struct.unpack_from(mark + code, head, byte - 1)[0])

    # Revision is two bytes, major then minor; little-endian writers of revision 1 swap the pair.
    revision = head[3500] if endian == "big" else max(head[3500], head[3501])
    # Older writers leave anything in these bytes; only what exists is believed.
    revision = revision if revision in (1, 2) else 0
    n_samples = short(3221, "H")
    if revision == 2:
        # Revision 2: a 4-byte count takes over where it is set.
        n_samples = short(3269, "I") or n_samples
    return _Promise(
        endian=endian,
        format=short(3225),
        n_samples=n_samples,
        interval_us=short(3217),
        feet=short(3255) == 2,
        revision=revision,
        n_extended=short(3505),
        n_trace_extensions=short(3507) if revision == 2 else 0,
    )


def looks_like_segy(path: Path) -> bool:
    """Say from the binary header alone whether a file may be SEG-Y (3600 bytes are read)."""
    with path.open("rb") as file:
        head = file.read(HEADERS_BYTES)
    return len(head) == HEADERS_BYTES and any(_promise(head, e).plausible for e in ("big", "little"))


def read_layout(path: Path) -> Layout:
    """Read and check the byte layout of a SEG-Y file.

    Parameters
    ----------
    path : Path
        The file; its first 3600 bytes and its size are looked at.

    Returns
    -------
    Layout

    Raises
    ------
    SurveyError
        When the file is no SEG-Y, of an unreadable kind, or of a size its header does not promise.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEADERS_BYTES)
    if len(head) < HEADERS_BYTES:
        raise SurveyError(
            path,
            f"it ends at byte {size}, inside the {HEADERS_BYTES} bytes of headers every SEG-Y file starts with",
            "The file is cut short or is not SEG-Y; copy it again from its source",
        )
    promises = [_promise(head, "big"), _promise(head, "little")]
    plausible = [p for p in promises if p.plausible]
    if not plausible:
        big = promises[0]
        if big.format in FORMAT_NAMES:
            raise SurveyError(
                path,
                "the binary header promises no samples per trace (bytes 3221-3222 are 0)",
                "Export it again with the number of samples set",
            )
        raise SurveyError(
            path,
            f"the sample format at bytes 3225-3226 is {big.format}, which no SEG-Y revision knows",
            "It is not SEG-Y, or its binary header is damaged; export it again as SEG-Y",
        )
    problems: list[SurveyError] = []
    for promise in plausible:
        try:
            return _check(path, promise, size)
        except SurveyError as error:
            problems.append(error)
    raise problems[0]


def _check(path: Path, promise: _Promise, size: int) -> Layout:
    if promise.format not in SAMPLE_BYTES:
        raise SurveyError(
            path,
            f"its samples are stored as {FORMAT_NAMES[promise.format]} (format {promise.format} at bytes "
            "3225-3226), which is not read",
            "Export it as IBM or IEEE float (format 1 or 5)",
        )
    if promise.n_extended < 0:
        raise SurveyError(
            path,
            f"it has a variable number of extended text headers ({promise.n_extended} at bytes 3505-3506)",
            "Export it with a fixed number of them",
        )
    if promise.n_trace_extensions:
        raise SurveyError(
            path,
            f"it is SEG-Y revision {promise.revision} with up to {promise.n_trace_extensions} additional "
            "headers per trace (bytes 3507-3508)",
            "Export it without trace header extensions",
        )
    first = HEADERS_BYTES + TEXT_BYTES * promise.n_extended
    trace_bytes = TRACE_HEADER_BYTES + promise.n_samples * SAMPLE_BYTES[promise.format]
    room = size - first
    if room <= 0:
        raise SurveyError(
            path,
            f"it ends at byte {size}, after the headers, and holds no trace",
            "Export it again with traces",
        )
    n_traces, rest = divmod(room, trace_bytes)
    if rest:
        raise SurveyError(
            path,
            f"{n_traces} whole traces of {promise.n_samples} samples ({trace_bytes} bytes each) end at byte "
            f"{first + n_traces * trace_bytes}, but the file goes on for {rest} bytes",
            "It is cut short, its traces differ in length, or the sample count at bytes 3221-3222 is wrong; "
            "copy or export it again",
        )
    return Layout(
        path=path,
        endian=promise.endian,
        format=promise.format,
        n_samples=promise.n_samples,
        n_traces=n_traces,
        first_trace=first,
        interval_us=promise.interval_us,
        feet=promise.feet,
        revision=promise.revision,
    )
