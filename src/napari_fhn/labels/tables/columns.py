"""Tables of picks as they come: delimiter, decimal mark, header, units and encoding found by looking.

`sniff` looks at a file and says what it found, `napari_fhn.labels.tables.guesses.suggest` says what its columns may
mean, and `Table.rows` and `Table.numbers` read it. Nothing is guessed silently: what cannot be told raises an error
that carries the possible answers.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_fhn.digits import whole
from napari_fhn.labels.errors import LabelError, LabelWarning
from napari_fhn.labels.shapes import shape_tables
from napari_fhn.labels.tables import dialects
from napari_fhn.labels.tables.dialects import Dialect, is_comment, is_end, is_rule
from napari_fhn.labels.tables.rows import Row
from napari_fhn.labels.tables.text import LARGEST, NULLS, is_number, is_unfound, lines
from napari_fhn.labels.tables.units import unit
from napari_fhn.labels.tables.workbooks import sheet_lines
from napari_fhn.sentence import counted

_KIND = r"(?P<%s>MD|TVDSS|TVD|TWT|OWT)"
_LENGTH_OR_TIME = r"(?:ms|msec|s|sec|m|ft|feet|metres|meters)"
_KIND_OF_UNIT = re.compile(
    rf"{_KIND % 'before'}[\s,/]+(?P<one>{_LENGTH_OR_TIME})|(?P<two>{_LENGTH_OR_TIME})[\s,/]*{_KIND % 'after'}",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"(.*?)\s*[(\[]([^()\[\]]*)[)\]]\s*")


@dataclass(frozen=True)
class Table:
    """What a look at a table found.

    Attributes
    ----------
    path : Path
        The file.
    encoding : str
        Of its text.
    dialect : Dialect
        How its lines are split, and its decimal mark.
    names : tuple of str
        Names of the columns without their units; "column 1" and so on where nothing names them.
    units : tuple of str
        Unit of each column as the header says it (``m ft km cm ms s us deg rad``), empty where it does not.
    has_header : bool
        Whether the file names its columns.
    first_line : int
        Line of the first row, counted from 1.
    sample : tuple of tuple of str
        Cells of the first rows.
    numeric : tuple of bool
        Whether a column holds numbers, as far as the sample shows.
    comments : tuple of str
        What stands before the first row beside the header.
    notes : tuple of str
        Sentences about what was found and is not what a plain CSV file is.
    reasons : tuple of str
        Why its lines are split as they are, and what names its columns, for people.
    sheet : str
        Name of the sheet, in a workbook; empty for a file of text.
    of_shapes : bool
        Whether it is made of places in a file of a GIS.
    layer : str
        Which layer of it; empty where it has none, or one without a name.
    crs : str
        Of its map coordinates, where the file itself says it.
    """

    path: Path
    encoding: str
    dialect: Dialect
    names: tuple[str, ...]
    units: tuple[str, ...]
    has_header: bool
    first_line: int
    sample: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    comments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    sheet: str = ""
    of_shapes: bool = False
    layer: str = ""
    crs: str = ""

    def column(self, name: str | int) -> int:
        """Return the index of a column.

        Parameters
        ----------
        name : str or int
            Its name without regard to case, or its number counted from 1 in digits; an int is an index
            from 0.

        Raises
        ------
        LabelError
            When there is none, or several are called so.
        """
        known = f"The columns are {', '.join(self.names)}"
        if isinstance(name, int):
            if 0 <= name < len(self.names):
                return name
            raise LabelError(f"there is no column of index {name}", known, path=self.path)
        found = [k for k, other in enumerate(self.names) if other.lower() == name.strip().lower()]
        if len(found) > 1:
            raise LabelError(f"{len(found)} columns are called '{name}'", "Give the number of one", path=self.path)
        if found:
            return found[0]
        if 1 <= (whole(name) or 0) <= len(self.names):
            return int(name) - 1
        raise LabelError(f"there is no column '{name}'", f"{known}; or give a number from 1", path=self.path)

    def rows(self, columns: Mapping[str, int] | None = None) -> Iterator[Row]:
        """Read the table row by row.

        Parameters
        ----------
        columns : mapping of str to int, optional
            Index of the column for each key of a row's cells; by default the names of the columns, in lower
            case, are the keys.

        Yields
        ------
        Row

        Raises
        ------
        LabelError
            With the line that has more or fewer cells than the table has columns, or a quote that never ends.
        """
        names = {name.lower(): k for k, name in enumerate(self.names)} if columns is None else dict(columns)
        called = {key: self.names[k] if self.has_header and columns is not None else key for key, k in names.items()}
        for line, cells in self._numbered():
            picked = {key: cells[k] if k < len(cells) else "" for key, k in names.items()}
            yield Row(self.path, line, picked, self.dialect.decimal, called)

    def cells(self) -> Iterator[list[str]]:
        """Yield the cells of each row."""
        for _, cells in self._numbered():
            yield cells

    def numbers(self, columns: Sequence[int]) -> NDArray[np.float64]:
        """Read columns of numbers.

        Parameters
        ----------
        columns : sequence of int
            Their indices.

        Returns
        -------
        ndarray of float64, shape (row, len(columns))
            NaN where a cell is blank.

        Raises
        ------
        LabelError
            With the line and column that hold something else than a number, and as in `rows`.
        """
        kind = self.dialect.kind
        if kind in dialects.DELIMITERS[:-1] and self.dialect.decimal == "." and all(self.numeric):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    values = np.loadtxt(
                        (text for _, text in self._data_lines()),
                        delimiter=None if kind == " " else kind,
                        comments=None,
                        ndmin=2,
                    )
                if values.shape[1] == len(self.names):
                    return np.ascontiguousarray(values[:, list(columns)])
            except (ValueError, IndexError):
                pass  # Read once more, slowly, to say which line it was.
        keys = {str(k): k for k in columns}
        called = {str(k): self.names[k] for k in columns}
        read = []
        for line, cells in self._numbered():
            row = Row(self.path, line, {key: cells[k] if k < len(cells) else "" for key, k in keys.items()},
                      self.dialect.decimal, called)  # fmt: skip
            read.append([np.nan if is_unfound(row.cells[key]) else row.number(key) for key in keys])
        return np.array(read, dtype=np.float64).reshape(-1, len(columns))

    def values(self, columns: Sequence[int]) -> NDArray[np.float64]:
        """Read columns of numbers, with those that stand for "no value" as NaN as well; see `numbers`."""
        read = self.numbers(columns)
        null = ~np.isfinite(read) | (np.abs(read) >= LARGEST) | np.isin(read, NULLS)
        return np.where(null, np.nan, read)

    def warn(self, stacklevel: int = 3) -> None:
        """Issue the notes as `LabelWarning`."""
        for note in self.notes:
            warnings.warn(f"{self.path.name}: {note}", LabelWarning, stacklevel=stacklevel)

    def _lines(self) -> Iterator[tuple[int, str]]:
        """All lines of the file, of its sheet, or of its places."""
        if self.of_shapes:
            return shape_tables.lines(self.path, self.layer)
        return sheet_lines(self.path, self.sheet) if self.sheet else lines(self.path, self.encoding)

    def _data_lines(self) -> Iterator[tuple[int, str]]:
        """Lines from the first row on, without comments, rules and ends."""
        for number, text in islice(self._lines(), self.first_line - 1, None):
            if not text.strip() or is_rule(text) or is_end(text):
                continue
            if is_comment(text):
                self._suspect(number, text)
                continue
            yield number, text

    def _suspect(self, number: int, text: str) -> None:
        """Warn of a comment that looks like a row: a name may begin with the mark of a comment."""
        cells = self.dialect.split(text)
        if self.dialect.kind in (" ", "  ") or len(cells) != len(self.names) or not any(self.numeric):
            return
        if all(is_number(c, self.dialect.decimal) for c, n in zip(cells, self.numeric, strict=True) if n):
            what = f"{self.path.name}, line {number}: it begins as a comment and was left out."
            warnings.warn(f"{what} Put its first cell in quotes if it is a row.", LabelWarning, stacklevel=4)

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of each row, no longer than the table is wide."""
        n = len(self.names)
        if self.dialect.kind in dialects.READERS:
            yield from dialects.READERS[self.dialect.kind](self._lines())
            return
        for number, cells in self._quoted() if self.dialect.kind in "\t;|," else self._split():
            while len(cells) > n and not cells[-1]:
                cells.pop()
            short = len(cells) < n and self.dialect.kind in (" ", "  ", "charisma")
            if len(cells) > n or short:
                raise LabelError(
                    f"it has {counted(len(cells), 'cells')}, and the table {counted(n, 'columns')} "
                    f"(delimiter: {self.dialect.name})",
                    "Correct the line, or put text with delimiters in quotes",
                    path=self.path,
                    line=number,
                )
            yield number, cells

    def _split(self) -> Iterator[tuple[int, list[str]]]:
        """Rows of dialects in which a line is a row."""
        ruled = self.dialect.kind == "ruled"
        header = tuple(name.lower() for name in self.names)
        held: tuple[int, list[str]] | None = None
        for number, text in self._data_lines():
            cells = self.dialect.split(text)
            if ruled:
                # Blocks repeat the header, after a line with a title of their own.
                if tuple(parted(cell)[0].lower() for cell in cells) == header:
                    held = None
                    continue
                if held is not None:
                    yield held
                held = number, cells
            else:
                yield number, cells
        if held is not None:
            yield held

    def _quoted(self) -> Iterator[tuple[int, list[str]]]:
        """Rows of dialects in which a quoted cell may hold delimiters and line ends."""
        at, quotes = self.first_line, 0

        def feed() -> Iterator[str]:
            nonlocal at, quotes
            for number, text in self._data_lines():
                at = number
                quotes += text.count('"')
                yield text + "\n"

        reader = csv.reader(feed(), delimiter=self.dialect.kind)
        try:
            for cells in reader:
                if quotes % 2 and any("\n" in cell for cell in cells):
                    raise LabelError("a quote opens and never ends", "Close it", path=self.path, line=at)
                quotes = 0
                yield at, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise LabelError(f"it is no table ({error})", "Correct the line", path=self.path, line=at) from error


def parted(name: str) -> tuple[str, str]:
    """Divide a header cell into name and unit: "Depth (m)", "top_twt_ms", "Z meters"."""
    name = name.strip().strip('"').strip()
    found = _BRACKETED.fullmatch(name[:200])
    if found is not None and unit(found[2]) and found[1].strip():
        return found[1].strip(), unit(found[2])
    kind = None if found is None else _KIND_OF_UNIT.fullmatch(found[2].strip())
    if found is not None and kind is not None and found[1].strip():
        # "From (ms TWT)", "Depth [mTVDSS]": what kind of depth or time it is stands beside the unit.
        return f"{found[1].strip()} {kind['before'] or kind['after']}", unit(kind["one"] or kind["two"])
    parts = re.split(r"[\s_,:.]+", name)
    if len(parts) > 1 and unit(parts[-1]):
        return name, unit(parts[-1])
    return name, ""
