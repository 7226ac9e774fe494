"""Tables whose header is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables.rows import Row
from napari_fhn.labels.tables.sniffing import sniff

__all__ = ["Row", "read_rows"]

_SHOWN = 24
"""Columns, and letters of a name, that a sentence has room for."""


def read_rows(path: str | Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Read a table with known column names row by row.

    Parameters
    ----------
    path : str or Path
        Text with a delimiter, decimal mark and encoding that `napari_fhn.labels.tables.columns.sniff` understands; the
        header names the columns in any order and case. Empty lines and further columns are allowed.
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
    table = sniff(path, wanted=columns)
    names = [name.lower() for name in table.names]
    missing = [name for name in columns if name not in names]
    if missing:
        short = (name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..." for name in names[:_SHOWN])
        found = ", ".join(short) if table.has_header else "not named"
        raise LabelError(
            f"column '{missing[0]}' is missing; the columns are {found}",
            f"The first line must name the columns {', '.join(columns)}",
            path=path,
            line=1,
        )
    table.warn()
    yield from table.rows()
