"""Tables for people: text in a cell stays text, also in a spreadsheet that would take it for a formula.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break is computed by spreadsheets when the file is
opened, and a formula may start programs and send what stands in other cells. Such a cell gets an apostrophe in front,
which is read as "this is text". So does what follows a semicolon or a tab: in other countries these part cells.
`plain_text` takes the apostrophes away again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_BEGINS = r"=+\-@\t\r\n＝＋－＠"
"""What begins a formula; the last four are the wide forms of East Asian fonts, which some programs read alike."""

_FORMULA = re.compile(rf"(^|[;\t])(?=[\s']*[{_BEGINS}])")
_GUARDED = re.compile(rf"(^|[;\t])'(?=[\s']*[{_BEGINS}])")
_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet computes.

    Parameters
    ----------
    cell : str
        As a person wrote it.

    Examples
    --------
    >>> as_text("=1+1"), as_text("-5 m sand"), as_text("sand"), as_text("a;=1")
    ("'=1+1", "'-5 m sand", 'sand', "a;'=1")
    """
    return _FORMULA.sub(r"\1'", cell)


def plain_text(cell: str) -> str:
    """Return a cell as it was before `as_text`; one that has no such apostrophes as it is.

    Examples
    --------
    >>> plain_text("'=1+1"), plain_text("'sand'"), plain_text(as_text("''=x"))
    ('=1+1', "'sand'", "''=x")
    """
    return _GUARDED.sub(r"\1", cell)


def csv_text(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as text: commas between cells, lines that end with a line feed, names of columns first.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    rows : iterable of sequence
        Numbers as they are, text as `as_text` gives it, in one line.

    Examples
    --------
    >>> print(csv_text(("value", "name"), [(1, "@sum")]), end="")
    value,name
    1,'@sum
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(
        [as_text(_BREAK.sub(" ", cell)) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return table.getvalue()
