"""Tables with a column of shapes, as databases and GIS export them: as text ("POLYGON ((1 2, ...))") or as bytes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables.text import encoding_of
from napari_fhn.labels.tables.workbooks import is_workbook, sheet_lines, sheet_named, sheets

_SHAPE = re.compile(
    r"\s*(?:SRID=(?P<srid>\d{1,6});)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s*(?:ZM?|M)?\s*"
    r"(?:\(|EMPTY)",
    re.IGNORECASE,
)
#: The same in bytes, written in hexadecimal digits, as PostGIS has it: order of bytes, kind, at least one place.
_BYTES = re.compile(r"\s*(?:\\x|0x)?(0[01](?:[0-9A-F]{2}){20,})\s*", re.IGNORECASE)
_LIKELY = re.compile(
    rb"0[01](?:[0-9A-F]{2}){20}|(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s*(?:ZM?|M)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)
#: Bytes in which the first shape begins.
_HEAD = 2**18
#: A shape of some hundred thousand corners has so many characters.
_LONGEST = 2**26


@dataclass(frozen=True)
class Written:
    """How a table of shapes is written.

    Attributes
    ----------
    path : Path
        The file.
    sheet : str
        Of a workbook.
    delimiter : str
        Between cells.
    names : tuple of str
        Of all columns; "column 1" and so on where none are named.
    shape : int
        Index of the column of shapes.
    first : int
        How many rows come before the first shape.
    """

    path: Path
    sheet: str
    delimiter: str
    names: tuple[str, ...] = field(repr=False)
    shape: int
    first: int

    @property
    def named(self) -> bool:
        """Whether a row above the first shape names the columns."""
        return self.names[0] != "column 1"

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the columns beside that of the shapes."""
        return tuple(name for k, name in enumerate(self.names) if k != self.shape)


def written(path: Path, sheet: str | None = None) -> Written | None:
    """Look at the head of a table and say how its shapes are written; None where it has none.

    Raises
    ------
    LabelError
        When it cannot be read.
    """
    if is_workbook(path):
        for name in (sheet_named(path, sheet),) if sheet else sheets(path):
            found = _look(path, name, "\t")
            if found is not None:
                return found
        return None
    with path.open("rb") as file:
        if not _LIKELY.search(file.read(_HEAD)):
            return None
    may = [found for mark in "\t;|," if (found := _look(path, "", mark)) is not None]
    return max(may, key=lambda found: (found.named, len(found.names)), default=None)


def read(table: Written, field: str) -> tuple[list[Any], list[str], str]:
    """Read the shapes, and what stands beside them in one column.

    Parameters
    ----------
    table : Written
        From `written`.
    field : str
        Name of a column, without regard to case.

    Returns
    -------
    shapes : list of shapely geometry or None
        None where the cell is empty.
    words : list of str
        The cells of the column.
    crs : str
        ``"EPSG:25832"`` where every shape says it (``SRID=25832;POINT ...``, or in its bytes), empty otherwise.

    Raises
    ------
    LabelError
        With the row whose shape is none.
    """
    import shapely

    wanted = next((k for k, name in enumerate(table.names) if name.lower() == field.lower()), None)
    if wanted is None or wanted == table.shape:
        what = f"it has no field '{field}'"
        raise LabelError(what, f"Its fields are {', '.join(table.fields) or 'none'}", path=table.path)
    shapes: list[Any] = []
    words: list[str] = []
    said: set[str] = set()
    for number, row in islice(_rows(table.path, table.sheet, table.delimiter), table.first, None):
        cell = row[table.shape].strip() if len(row) > table.shape else ""
        words.append(row[wanted].strip() if len(row) > wanted else "")
        try:
            shape, srid = _shape(cell)
        except (shapely.errors.GEOSException, TypeError) as error:
            why = " ".join(str(error).split())[:80]
            raise LabelError(f"its shape cannot be read ({why})", "Correct it", path=table.path, line=number) from error
        shapes.append(shape)
        if cell:
            said.add(srid)
    one = said.pop() if len(said) == 1 else ""
    return shapes, words, f"EPSG:{one}" if one.isdecimal() and one != "0" else ""


def _look(path: Path, sheet: str, delimiter: str) -> Written | None:
    """Find the column of shapes among the first rows."""
    try:
        rows = [row for _, row in islice(_rows(path, sheet, delimiter), 6)]
    except LabelError:
        return None  # of another kind; its reader says what is wrong
    for first, row in enumerate(rows):
        shape = next((k for k, cell in enumerate(row) if _is_shape(cell)), None)
        if shape is None:
            continue
        header: Sequence[str] = rows[first - 1] if first else ()
        names = header if len(header) == len(row) else [f"column {k + 1}" for k in range(len(row))]
        return Written(path, sheet, delimiter, tuple(name.strip() for name in names), shape, first)
    return None


def _shape(cell: str) -> tuple[Any, str]:
    """The shape of a cell, None for an empty one, and the number of its CRS."""
    import shapely

    found = _BYTES.fullmatch(cell)
    if found is not None:
        shape = shapely.from_wkb(found[1])
        return shape, str(shapely.get_srid(shape))
    srid, divided, bare = cell.partition(";") if cell[:5].upper() == "SRID=" else ("", "", cell)
    return shapely.from_wkt(bare) if bare else None, srid[5:] if divided else ""


def _is_shape(cell: str) -> bool:
    if found := _BYTES.fullmatch(cell):
        import shapely

        # Checksums are digits, too.
        return shapely.from_wkb(found[1], on_invalid="ignore") is not None
    # A cell that another delimiter has cut off does not end as a shape does.
    return _SHAPE.match(cell) is not None and cell.rstrip().upper().endswith((")", "EMPTY"))


def _rows(path: Path, sheet: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is no comment; cells may be long, and go over several lines."""
    if sheet:
        for number, text in sheet_lines(path, sheet):
            if text and not text.startswith("#"):
                yield number, next(csv.reader([text], delimiter=delimiter), [])
        return
    encoding = encoding_of(path)
    # Of the whole process, and only ever more: cells of other tables are bounded by their lines.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader((line for line in file if line.strip() and not line.startswith("#")), delimiter=delimiter)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except (csv.Error, UnicodeError, OSError) as error:
                raise LabelError(f"it is no table ({error})", "Check it", path=path, line=reader.line_num) from error
            yield reader.line_num, row
