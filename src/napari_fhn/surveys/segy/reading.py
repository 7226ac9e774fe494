"""A SEG-Y file while its headers are read: how it is to be read, and what is known of it so far."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy.binary import HEADERS_BYTES, Layout
from napari_fhn.surveys.segy.coordinates import find_places, looked_at, touches
from napari_fhn.surveys.segy.guess import STANDARD, GridGuess, judge
from napari_fhn.surveys.segy.headers import Headers
from napari_fhn.surveys.segy.layout import read_layout
from napari_fhn.surveys.segy.seismic_unix import SUFFIXES as SU
from napari_fhn.surveys.segy.seismic_unix import read_su_layout
from napari_fhn.surveys.segy.text import TEXT_BYTES, ByteHint, hint_of_layout, hint_of_lines, text_lines
from napari_fhn.surveys.segy.trace_bytes import Progress

_OFFSET = 37
#: No interval and no delay is as long, in milliseconds.
_LONGEST = 1e7
#: Extended text headers are looked through up to this many bytes.
_MOST_TEXT = 64 * TEXT_BYTES


@dataclass(frozen=True)
class Options:
    """How a SEG-Y file is to be read; None and False leave it to the headers.

    Attributes
    ----------
    inline_byte, crossline_byte : int or None
        First byte (1 to 237) of the survey numbers; both 0: not from numbers, from coordinates.
    x_byte, y_byte : int or None
        First byte of the map coordinates.
    line : bool
        Take the traces as a line, in the order of the file.
    sample_format : int or None
        Instead of the code in the binary header.
    incomplete : bool
        Take the whole traces of a file that is cut short.
    sample_interval_ms, delay_ms : float or None
        Sample interval and time of the first sample of all traces, in milliseconds (in the unit of depth of the file
        where it goes down in depth), instead of those of the headers.
    coordinate_scalar : int or None
        Instead of that of the trace headers (byte 71): a factor, or where it is negative a divisor.
    """

    inline_byte: int | None = None
    crossline_byte: int | None = None
    x_byte: int | None = None
    y_byte: int | None = None
    line: bool = False
    sample_format: int | None = None
    incomplete: bool = False
    sample_interval_ms: float | None = None
    delay_ms: float | None = None
    coordinate_scalar: int | None = None

    def given(self) -> dict[str, int | float | bool]:
        """Return what differs from the defaults."""
        return {name: value for name, value in asdict(self).items() if value is not None and value is not False}


#: Names and types of the options, for what is remembered.
OPTION_TYPES: dict[str, type] = {
    "inline_byte": int, "crossline_byte": int, "x_byte": int, "y_byte": int, "line": bool, "sample_format": int,
    "incomplete": bool, "sample_interval_ms": float, "delay_ms": float, "coordinate_scalar": int,
}  # fmt: skip


class Reading:
    """A file while its headers are read.

    Parameters
    ----------
    path : Path
        The file.
    options : Options
        How it is to be read.
    progress : callable, optional
        Called with the share of trace headers read, where all must be.

    Raises
    ------
    SurveyError
        When it is no SEG-Y file, or an option names a byte at which no field can start.
    """

    def __init__(self, path: Path, options: Options, progress: Progress | None = None) -> None:
        self.path, self.options, self.progress = path, options, progress
        _check(path, options)
        read = read_su_layout if path.suffix.lower() in SU else read_layout
        self.layout = read(path, options.sample_format, incomplete=options.incomplete)
        self.headers = Headers(self.layout)
        for name in ("inline_byte", "crossline_byte", "x_byte", "y_byte"):
            byte = getattr(options, name)
            # Zero for both survey numbers asks for coordinates.
            if byte is not None and not (byte == 0 and self.by_coordinates):
                self.headers.check(byte, name)
        self.text, self.hints, self.odd_layout = _texts(self.layout)
        by_layout = next((hint for hint in self.hints if hint.by_layout), None)
        given = options.x_byte or 0, options.y_byte or 0
        said = tuple((hint.x_byte, hint.y_byte) for hint in self.hints if hint.x_byte and hint.y_byte)
        if not any(given) and by_layout is not None and by_layout.x_byte and by_layout.y_byte:
            given = by_layout.x_byte, by_layout.y_byte
        self.places = find_places(self.headers, given, self.pair or (), said, options.coordinate_scalar)
        self.offset_byte = by_layout.offset_byte if by_layout is not None and by_layout.offset_byte else _OFFSET
        self.notes: list[str] = list(self.layout.notes)

    @property
    def by_coordinates(self) -> bool:
        """Whether places are to come from coordinates."""
        return self.options.inline_byte == 0 and self.options.crossline_byte == 0

    @property
    def pair(self) -> tuple[int, int] | None:
        """Bytes of the survey numbers, where they are given."""
        a, b = self.options.inline_byte, self.options.crossline_byte
        return (a or STANDARD[0], b or STANDARD[1]) if a or b else None

    def judged(self, pair: tuple[int, int]) -> GridGuess:
        """Hold given bytes of the survey numbers against the traces."""
        return judge(self.headers, pair, "given", self.places, looked_at(self.headers, self.places), 1.0, "asked for")


def _check(path: Path, options: Options) -> None:
    """Refuse options that no file can be read with.

    Raises
    ------
    SurveyError
        With what can be given.
    """
    interval, delay, scalar = options.sample_interval_ms, options.delay_ms, options.coordinate_scalar
    if interval is not None and not 0 < interval < _LONGEST:
        raise SurveyError(path, f"a sample interval of {interval:g} ms is none", "Give milliseconds above 0, such as 4")
    if delay is not None and not abs(delay) < _LONGEST:
        raise SurveyError(path, f"a delay of {delay:g} ms is none", "Give the time of the first sample in milliseconds")
    if scalar is not None and (scalar == 0 or abs(scalar) > 10**9):
        raise SurveyError(
            path,
            f"a coordinate scalar of {scalar} is none",
            "Give a factor such as 10, or a divisor as a negative number such as -100",
        )
    numbers = [byte for byte in (options.inline_byte, options.crossline_byte) if byte]
    places = [byte for byte in (options.x_byte, options.y_byte) if byte]
    shared = next((byte for byte in places if touches(byte, numbers)), None)
    if shared is not None:
        raise SurveyError(
            path,
            f"byte {shared} is given for coordinates, and lies within the inline or crossline number",
            "Give each of them bytes of its own",
        )


def _texts(layout: Layout) -> tuple[bytes, tuple[ByteHint, ...], str]:
    """Read the text header, what text says about bytes, and what is wrong with a layout of the file's own."""
    if layout.first_trace < HEADERS_BYTES:
        return b"", (), ""
    with layout.path.open("rb") as file:
        text = file.read(TEXT_BYTES)
        file.seek(HEADERS_BYTES)
        more = file.read(min(layout.first_trace - HEADERS_BYTES, _MOST_TEXT))
    by_layout, odd = hint_of_layout(more)
    found = (by_layout, hint_of_lines(text_lines(text)))
    return text, tuple(hint for hint in found if hint is not None), odd
