"""Rows of a CSV file with a header, each with its line number, errors naming line and column."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_fhn.labels.errors import LabelError


@dataclass(frozen=True)
class Row:
    """One line of a CSV file."""

    path: Path
    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The cell of a column, not empty."""
        cell = self.cells.get(column, "")
        if not cell:
            raise self.error(f"column '{column}' is empty", "Fill it in, or remove the line")
        return cell

    def number(self, column: str) -> float:
        """The cell of a column as a finite number."""
        cell = self.text(column)
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.error(f"column '{column}' says '{cell}', which is no number", "Correct it")
        return value

    def integer(self, column: str) -> int:
        """The cell of a column as a whole number."""
        value = self.number(column)
        if value != int(value):
            raise self.error(f"column '{column}' says '{self.cells[column]}', which is no whole number", "Correct it")
        return int(value)

    def error(self, what: str, way_out: str = "") -> LabelError:
        """An error about this line."""
        return LabelError(what, way_out, path=self.path, line=self.line)


def read_rows(path: str | Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Read a CSV file row by row.

    Parameters
    ----------
    path : str or Path
        UTF-8 text (a byte order mark is allowed), commas, first line the column names in any order and case.
        Empty lines and further columns are allowed.
    columns : tuple of str
        Columns that must be there, in lower case.

    Yields
    ------
    Row

    Raises
    ------
    LabelError
        When the file is missing, is no text, or lacks a column.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip().lower() for name in next(reader, [])]
            missing = [name for name in columns if name not in header]
            if missing:
                raise LabelError(
                    f"column '{missing[0]}' is missing; the columns are {', '.join(header) or 'none'}",
                    f"The first line must name the columns {', '.join(columns)}",
                    path=path,
                    line=1,
                )
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield Row(path, reader.line_num, dict(zip(header, (c.strip() for c in cells), strict=False)))
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise LabelError(f"it is no CSV text in UTF-8 ({error})", "Save it as CSV, UTF-8", path=path) from error
