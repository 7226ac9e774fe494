"""The rows of a sheet as lines of text: where its table begins, what stands above it, and what merged cells mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from napari_fhn.labels.tables.dialects import is_comment, is_end, is_rule
from napari_fhn.labels.tables.headers import are_units
from napari_fhn.labels.tables.text import is_blank, is_number

#: Of the filled cells at the end of a column of numbers so many are numbers.
_NUMERIC = 0.6


@dataclass(frozen=True)
class Sheet:
    """Cells of a sheet.

    Attributes
    ----------
    rows : list of list of str
        Of one length, empty where nothing stands.
    top, left : int
        Row and column of the first cell, from 0.
    merged : tuple of ((int, int), (int, int))
        First and last row and column of the cells that were merged.
    """

    rows: list[list[str]]
    top: int = 0
    left: int = 0
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()


def laid_out(sheet: Sheet) -> tuple[tuple[int, str], ...]:
    """Return a sheet as lines, each with its number from 1.

    Its table is what stands at its end: rows with numbers where numbers are, the row that names the columns, and that
    of units. What stands above becomes comments, and a sentence in one cell below it too. The cells of the table are
    divided by tabs. What several merged cells hold belongs to each row of them, and to their first column.

    Parameters
    ----------
    sheet : Sheet
        The cells.

    Returns
    -------
    tuple of (int, str)
        Every row from the first of the sheet on, empty ones too; nothing where no cell is filled.

    Examples
    --------
    >>> laid_out(Sheet([["Survey of A-1", "", ""], ["MD", "Inc", "Azi"], ["0", "0", "0"], ["90", "1", "12"]]))[:3]
    ((1, '# Survey of A-1'), (2, 'MD\\tInc\\tAzi'), (3, '0\\t0\\t0'))
    """
    rows = _unmerged(sheet)
    filled = [k for k, row in enumerate(rows) if any(row)]
    if not filled:
        return ()
    first, last = _table(rows, filled)
    if _is_block(rows[:first]):
        # A header in lines of its own, between BEGIN HEADER and END HEADER, is read as it is.
        above = [" ".join(cell for cell in row if cell) for row in rows[:first]]
    else:
        above = [_said(row) for row in rows[:first]]
    columns = [k for k in range(len(rows[0])) if any(row[k] for row in rows[first : last + 1])]
    body = [_line([row[k] for k in columns]) if any(row) else "" for row in rows[first : last + 1]]
    below = [_said(row) for row in rows[last + 1 :]]
    return tuple(enumerate([""] * sheet.top + above + body + below, 1))


def _unmerged(sheet: Sheet) -> list[list[str]]:
    rows = [list(row) for row in sheet.rows]
    for (top, left), (bottom, _) in sheet.merged:
        row, column = top - sheet.top, left - sheet.left
        if 0 <= row < len(rows) and 0 <= column < len(rows[0]):
            for further in range(row + 1, min(bottom - sheet.top + 1, len(rows))):
                rows[further][column] = rows[further][column] or rows[row][column]
    return rows


def _table(rows: list[list[str]], filled: list[int]) -> tuple[int, int]:
    """First and last row of the table, its header among them."""
    body = list(filled)
    end = len(body)
    while end > 1 and _count(rows[body[end - 1]]) == 1 and not any(map(_number, rows[body[end - 1]])):
        end -= 1
    # Sentences stand apart from the table; a row of which all but its name is missing does not.
    apart = next((k for k in range(end, len(body)) if body[k] - body[k - 1] > 1), len(body))
    if max(_count(rows[k]) for k in body[:apart]) > 1:
        del body[apart:]
    last = body[-1]
    later = [rows[k] for k in body[-max(2, len(body) // 3) :]]
    numeric = [k for k in range(len(rows[0])) if _is_numeric([row[k] for row in later])]
    if not numeric:
        # Words alone: the table begins where rows are as long as most are.
        usual = sorted(_count(rows[k]) for k in body)[len(body) // 2]
        enough = max(1, math.ceil(0.6 * usual))
        return next(k for k in body if _count(rows[k]) >= enough), last
    start = next(k for k in range(len(body), 0, -1) if any(_number(rows[body[k - 1]][column]) for column in numeric))
    while start and not _speaks_against(rows[body[start - 1]], numeric):
        start -= 1
    # Above the numbers stand the names of the columns, and between them perhaps their units.
    header = start
    if header and are_units([cell for cell in rows[body[header - 1]] if cell]) and _names(rows, body, header - 2):
        header -= 2
    elif _names(rows, body, header - 1) or (header and max(_count(row) for row in rows) == 1):
        header -= 1
    return body[min(header, len(body) - 1)], last


def _names(rows: list[list[str]], body: list[int], k: int) -> bool:
    """Whether a row may name columns: it has several cells filled, and the next of the table stands right below."""
    return k >= 0 and _count(rows[body[k]]) > 1 and body[k + 1] - body[k] <= 2


def _count(row: Sequence[str]) -> int:
    return sum(bool(cell) for cell in row)


def _number(cell: str) -> bool:
    return is_number(cell) or is_number(cell, ",")


def _is_numeric(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if not is_blank(cell)]
    return bool(filled) and sum(map(_number, filled)) >= _NUMERIC * len(filled)


def _speaks_against(row: Sequence[str], numeric: Sequence[int]) -> bool:
    """Whether a row is none of the table's numbers: words stand where these are, in most of the cells."""
    cells = [row[k] for k in numeric if not is_blank(row[k])]
    if not cells:
        return sum(bool(row[k]) for k in range(len(row))) <= 1 and any(row)
    return sum(map(_number, cells)) < 0.5 * len(cells)


def _is_block(rows: Sequence[Sequence[str]]) -> bool:
    said = {" ".join(cell for cell in row if cell).strip().upper() for row in rows}
    return "BEGIN HEADER" in said and "END HEADER" in said


def _said(row: Sequence[str]) -> str:
    """A row beside the table as a comment: a name and what stands right of it are divided by a colon."""
    cells = [cell for cell in row if cell]
    if not cells:
        return ""
    first, rest = cells[0], " ".join(cells[1:])
    text = f"{first}: {rest}" if rest and not first.endswith((":", "=")) else f"{first} {rest}".strip()
    return text if is_comment(text) else f"# {text}"


def _line(cells: Sequence[str]) -> str:
    line = "\t".join(quoted(cell) for cell in cells)
    # A column may be called "#", and a well "END".
    if is_comment(line) or is_end(line) or is_rule(line):
        return "\t".join([quoted(cells[0], always=True), *(quoted(cell) for cell in cells[1:])])
    return line


def quoted(cell: str, always: bool = False) -> str:
    """Return a cell as tables have it: in quotes where it has some itself.

    Parameters
    ----------
    cell : str
        On one line.
    always : bool
        In quotes whatever it says.
    """
    return '"' + cell.replace('"', '""') + '"' if always or '"' in cell else cell
