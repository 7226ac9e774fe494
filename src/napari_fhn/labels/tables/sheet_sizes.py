"""How many cells the sheets of a workbook span, counted before anything makes room for them."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from napari_fhn.labels.errors import LabelError

_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
#: Rows and columns that a spreadsheet has. What is called by a larger number wraps around where it is read.
_MOST = (1_048_576, 16_384)
_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")
#: Records of cells in an old ``.xls``, and how many columns their last two bytes say.
_CELLS = {0x0006, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0207}
_MANY_CELLS = {0x00BD, 0x00BE}
_TEXTS, _SPAN, _SHEET = 0x00FC, 0x0200, 0x0085
_BEGIN = (0x0809, 0x0409, 0x0209, 0x0009)


class _Extent:
    """The rectangle of filled cells."""

    def __init__(self) -> None:
        self.low: tuple[int, int] | None = None
        self.high = (0, 0)

    def add(self, row: int, column: int) -> None:
        low = (row, column) if self.low is None else self.low
        self.low = min(row, low[0]), min(column, low[1])
        self.high = max(row, self.high[0]), max(column, self.high[1])

    @property
    def size(self) -> int:
        if self.low is None:
            return 0
        return (self.high[0] - self.low[0] + 1) * (self.high[1] - self.low[1] + 1)


class Counting:
    """Counts the cells that one part of a zipped workbook spans, fed piece by piece.

    Parameters
    ----------
    name : str
        Of the part.
    path : Path
        The file, for sentences.
    ods : bool
        Whether it is an OpenDocument workbook, in which cells and rows are repeated by number.
    """

    def __init__(self, name: str, path: Path, *, ods: bool) -> None:
        self._name, self._path = name, path
        self._extent, self._largest = _Extent(), 0
        self._row = self._column = -1
        self._times = (1, 1)
        self._parser: expat.XMLParserType | None = None
        self._begun = False
        self._start = self._of_ods if ods else self._of_xlsx

    def feed(self, piece: bytes) -> None:
        """Look at the next piece; what is no XML is passed over.

        Raises
        ------
        LabelError
            When the part is damaged, or defines entities, which no workbook does.
        """
        if not self._begun:
            self._begun = True
            if piece.lstrip(b" \t\r\n").startswith(_XML):
                self._parser = expat.ParserCreate()
                self._parser.StartElementHandler = self._start
                self._parser.CharacterDataHandler = self._text
                self._parser.StartDoctypeDeclHandler = self._doctype
        self._parse(piece, False)

    def end(self) -> int:
        """Return the number of cells that the largest sheet of the part spans."""
        self._parse(b"", True)
        return max(self._largest, self._extent.size)

    def _parse(self, piece: bytes, last: bool) -> None:
        if self._parser is None:
            return
        try:
            self._parser.Parse(piece, last)
        except (expat.ExpatError, LookupError, ValueError) as error:  # the last two of an encoding that there is not
            if isinstance(error, LabelError):
                raise
            # Old drawings are written in HTML, and hold no cells.
            if self._name.lower().endswith(".vml") and b"sheetData" not in piece:
                self._parser = None
                return
            what = f"its part {self._name} is damaged ({error})"
            raise LabelError(what, "Save it again", path=self._path) from error

    def _doctype(self, *_: object) -> None:
        raise LabelError(f"its part {self._name} defines entities", "Save it as text", path=self._path)

    def _of_xlsx(self, name: str, said: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                self._row, self._column = (self._called(f"A{said['r']}")[0] if "r" in said else self._row + 1), -1
            case "c":
                self._column += 1
                if "r" in said:
                    self._row, self._column = self._called(said["r"])
            case "v" | "is" | "f":
                self._extent.add(self._row, self._column)

    def _called(self, reference: str) -> tuple[int, int]:
        """Return row and column of a cell by what it is called, counted from 0."""
        found = _REFERENCE.fullmatch(reference)
        row, column = (int(found[2]), _column(found[1]) + 1) if found is not None else (0, 0)
        if not (1 <= row <= _MOST[0] and column <= _MOST[1]):
            what = f"its part {self._name} names a cell {reference[:20]!r}, which no spreadsheet has"
            raise LabelError(what, "Save it again", path=self._path)
        return row - 1, column - 1

    def _of_ods(self, name: str, said: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "table":
                self._largest = max(self._largest, self._extent.size)
                self._extent = _Extent()
                self._row, self._column, self._times = -1, -1, (1, 1)
            case "table-row":
                self._row += self._times[0]
                self._column, self._times = -1, (_repeated(said, "rows"), 1)
            case "table-cell" | "covered-table-cell":
                self._column += self._times[1]
                self._times = self._times[0], _repeated(said, "columns")
                if any(key.rpartition(":")[2] == "value-type" for key in said):
                    self._fill()

    def _text(self, text: str) -> None:
        if self._start == self._of_ods and self._column >= 0 and text.strip():
            self._fill()

    def _fill(self) -> None:
        """Count a cell of an OpenDocument sheet, as often as it and its row are repeated."""
        row, column = max(self._row, 0), max(self._column, 0)
        self._extent.add(row, column)
        self._extent.add(row + self._times[0] - 1, column + self._times[1] - 1)


def of_biff(data: bytes, path: Path) -> list[int]:
    """Count the cells that the sheets of an old ``.xls`` span.

    Parameters
    ----------
    data : bytes
        Its stream of records.
    path : Path
        The file, for sentences.

    Returns
    -------
    list of int
        For each sheet, its globals among them.

    Raises
    ------
    LabelError
        When it promises more texts than it has room for, or a sheet of it ends before it begins.
    """
    extents: list[_Extent] = []
    begun: set[int] = set()
    named = {0}
    # A sheet that begins elsewhere than a reading from the beginning meets one is read from there, as other records.
    while starts := named - begun:
        begun |= starts
        for start in starts:
            extents.append(_Extent())
            for place, kind, body in _records(data, start):
                if kind in _BEGIN:
                    extents.append(_Extent())
                    begun.add(place)
                elif kind == _SHEET and len(body) >= 4:
                    named.add(struct.unpack_from("<I", body)[0])
                else:
                    _count(kind, body, extents[-1], len(data), path)
    return [extent.size for extent in extents]


def _records(data: bytes, place: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield place, kind and content of the records of an old workbook."""
    while place + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, place)
        yield place, kind, data[place + 4 : place + 4 + length]
        place += 4 + length


def _count(kind: int, body: bytes, extent: _Extent, most: int, path: Path) -> None:
    """Add the cells of one record."""
    if kind == _TEXTS and len(body) >= 8 and struct.unpack_from("<I", body, 4)[0] > most:
        raise LabelError("it is damaged (it promises more texts than it has room for)", "Save it again", path=path)
    if kind == _SPAN and len(body) in (10, 14):
        # Room is made for what this record promises; its ends are exclusive.
        ends = struct.unpack_from("<IIHH" if len(body) == 14 else "<HHHH", body)
        if ends[1] and ends[3] and (ends[1] < ends[0] or ends[3] < ends[2]):
            raise LabelError("it is damaged (a sheet of it ends before it begins)", "Save it again", path=path)
        if ends[1] > ends[0] and ends[3] > ends[2]:
            extent.add(ends[0], ends[2])
            extent.add(ends[1] - 1, ends[3] - 1)
    elif kind in _CELLS | _MANY_CELLS and len(body) >= 4:
        row, column = struct.unpack_from("<HH", body)
        extent.add(row, column)
        if kind in _MANY_CELLS:
            extent.add(row, struct.unpack_from("<H", body, len(body) - 2)[0])


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    return number - 1


def _repeated(said: dict[str, str], what: str) -> int:
    found = next((said[key] for key in said if key.rpartition(":")[2] == f"number-{what}-repeated"), "1")
    # Whoever makes room for them takes a sign, and as many digits as there are.
    found = found.lstrip("+").lstrip("0")
    return int(found[:20]) if found.isdecimal() else 1
