"""Rows of a table, each with its line number; errors name line and column."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables.bearings import coordinate
from napari_fhn.labels.tables.text import to_number


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes
    ----------
    path : Path
        The file.
    line : int
        Counted from 1.
    cells : dict of str to str
        Stripped text by column, or by role.
    decimal : str
        Decimal mark of its numbers.
    called : mapping of str to str
        What the file calls the columns; errors use it.
    """

    path: Path
    line: int
    cells: dict[str, str]
    decimal: str = "."
    called: Mapping[str, str] = field(default_factory=dict)

    def text(self, column: str) -> str:
        """The cell of a column, not empty."""
        cell = self.cells.get(column, "")
        if not cell:
            raise self.error(f"column '{self._name(column)}' is empty", "Fill it in, or remove the line")
        return cell

    def number(self, column: str) -> float:
        """The cell of a column as a finite number."""
        cell = self.text(column)
        value = to_number(cell, self.decimal)
        if not math.isfinite(value):
            value = coordinate(cell)
        if not math.isfinite(value):
            raise self.error(f"column '{self._name(column)}' says '{_short(cell)}', which is no number", "Correct it")
        return value

    def integer(self, column: str) -> int:
        """The cell of a column as a whole number."""
        value = self.number(column)
        if value != int(value):
            cell = _short(self.cells[column])
            raise self.error(f"column '{self._name(column)}' says '{cell}', which is no whole number", "Correct it")
        return int(value)

    def error(self, what: str, way_out: str = "") -> LabelError:
        """An error about this line."""
        return LabelError(what, way_out, path=self.path, line=self.line)

    def _name(self, column: str) -> str:
        return self.called.get(column, column)


def _short(cell: str) -> str:
    return cell if len(cell) <= 40 else f"{cell[:37]}..."
