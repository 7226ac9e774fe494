"""The binary header of a SEG-Y file (bytes 3201-3600) as it stands, and what is made of it once it has been checked."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_fhn.surveys.segy.text import TEXT_BYTES

HEADERS_BYTES = 3600
TRACE_HEADER_BYTES = 240

#: Bytes per sample of the formats that are read (SEG-Y binary header, bytes 3225-3226).
SAMPLE_BYTES = {1: 4, 2: 4, 3: 2, 5: 4, 6: 8, 7: 3, 8: 1, 9: 8, 10: 4, 11: 2, 12: 8, 15: 3, 16: 1}
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

Endian = Literal["big", "little"]
#: Revision 2 writes this number at byte 3297, so that its byte order can be told.
_CONSTANT = 0x01020304


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
    interval_us : float
        Sample interval of the binary header (bytes 3217-3218, or 3273-3280 of revision 2) in microseconds (or
        millimetres and the like for depth); 0 where it does not say.
    feet : bool
        The binary header (bytes 3255-3256) says lengths are in feet.
    revision : int
        Major SEG-Y revision.
    trace_header_bytes : int
        240, and 240 more for each additional trace header of revision 2.
    trailer_bytes : int
        Bytes of the stanzas of revision 2 after the last trace. What is left of a trace in a file that is cut short
        does not count.
    notes : tuple of str
        Where the headers were not believed.
    """

    path: Path
    endian: Endian
    format: int
    n_samples: int
    n_traces: int
    first_trace: int
    interval_us: float
    feet: bool
    revision: int
    trace_header_bytes: int = TRACE_HEADER_BYTES
    trailer_bytes: int = 0
    notes: tuple[str, ...] = ()

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return SAMPLE_BYTES[self.format]

    @property
    def trace_bytes(self) -> int:
        """Bytes of one trace, its header included."""
        return self.trace_header_bytes + self.n_samples * self.sample_bytes

    @property
    def file_bytes(self) -> int:
        """Size the file must have, to the end of its last trace."""
        return self.first_trace + self.n_traces * self.trace_bytes


@dataclass(frozen=True)
class BinaryHeader:
    """The binary header as read in one byte order.

    Attributes
    ----------
    endian : {"big", "little"}
        The byte order it was read in.
    format : int
        Sample format code.
    n_samples, n_samples_extended : int
        Samples per trace; the count of revision 2, or 0.
    interval_us : float
        Sample interval.
    feet : bool
        Lengths are in feet.
    revision : int
        Major revision: 0, 1 or 2.
    n_texts : int
        Extended text headers; -1 for "as many as there are".
    n_trace_headers, n_trace_headers_long : int
        Additional trace headers, read as two and as four bytes.
    first_trace, n_traces : int
        Byte offset of the first trace and number of traces, 0 where revision 2 does not say.
    trailer_bytes : int
        Bytes of the stanzas after the last trace.
    """

    endian: Endian
    format: int
    n_samples: int
    n_samples_extended: int
    interval_us: float
    feet: bool
    revision: int
    n_texts: int
    n_trace_headers: int
    n_trace_headers_long: int
    first_trace: int
    n_traces: int
    trailer_bytes: int

    @property
    def plausible(self) -> bool:
        """Whether the sample format is one that any revision knows."""
        return self.format in FORMAT_NAMES


def binary_header(head: bytes, endian: Endian) -> BinaryHeader:
    """Read the binary header in one byte order.

    Parameters
    ----------
    head : bytes
        The first 3600 bytes of the file.
    endian : {"big", "little"}
        Byte order.

    Returns
    -------
    BinaryHeader
    """
    mark = ">" if endian == "big" else "<"

    def number(byte: int, code: str = "h") -> int:
        return int(struct.unpack_from(mark + code, head, byte - 1)[0])

    constant = number(3297, "I") == _CONSTANT
    # Revision is two bytes, major then minor; some writers swap the pair.
    revision = max(head[3500], head[3501])
    # Older writers leave anything in these bytes; only what exists is believed.
    revision = revision if revision in (1, 2) else 2 if constant else 0
    # Revision 2 says what programs have long done: longer ones than 32767 are written without a sign.
    interval = float(number(3217, "H"))
    if revision == 2:
        exact = float(struct.unpack_from(mark + "d", head, 3272)[0])
        # Written by no revision 0 or 1, and by few of revision 2: believed only where it refines the short one.
        if 0 < exact < 1e7 and (interval <= 0 or abs(exact - interval) < 1):
            interval = exact
    n_trailers = number(3529, "i") if revision == 2 else 0
    return BinaryHeader(
        endian=endian,
        format=number(3225),
        n_samples=number(3221, "H"),
        # Revision 2: a 4-byte count takes over where it is set.
        n_samples_extended=number(3269, "I") if revision == 2 else 0,
        interval_us=interval,
        feet=number(3255) == 2,
        revision=revision,
        n_texts=number(3505),
        n_trace_headers=number(3507, "H") if revision == 2 else 0,
        # Revision 2.0 has been read as giving this number two bytes, and as giving it four.
        n_trace_headers_long=min(number(3507, "I"), 0xFFFF) if revision == 2 else 0,
        first_trace=number(3521, "Q") if revision == 2 else 0,
        n_traces=number(3513, "Q") if revision == 2 else 0,
        trailer_bytes=TEXT_BYTES * n_trailers if n_trailers > 0 else 0,
    )
