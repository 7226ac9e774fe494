"""Finds out how a table is written: delimiter, decimal mark, header, units and encoding."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from napari_fhn.labels.errors import LabelError, Undeclared
from napari_fhn.labels.shapes import rois, shape_tables
from napari_fhn.labels.tables import code_pages, dialects, headers
from napari_fhn.labels.tables.columns import Table, parted
from napari_fhn.labels.tables.dialects import Dialect, Lines, is_comment, is_end, is_rule, numeric_columns, uncomment
from napari_fhn.labels.tables.text import encoding_of, is_number, lines
from napari_fhn.labels.tables.units import unit
from napari_fhn.labels.tables.workbooks import is_workbook, sheet_lines, sheet_named, sheets
from napari_fhn.sentence import counted

#: Lines that are looked at to find the dialect and the header.
LOOKED_AT = 400
#: Rows kept in `Table.sample`.
SAMPLED = 100


def sniff(
    path: str | Path,
    *,
    decimal: str | None = None,
    wanted: Sequence[str] = (),
    sheet: str | None = None,
    layer: str | None = None,
) -> Table:
    """Look at the head of a table and find out how it is written.

    Parameters
    ----------
    path : str or Path
        Text with columns divided by commas, semicolons, tabs, bars or spaces, columns under a rule of dashes,
        Charisma lines (``INLINE : 1 XLINE : 2 x y z``) or IESX cards. Comments (``#``, ``!``, ``//``, ``--``), a header
        in the first row or in a comment, a row of units, and the header blocks of Petrel, OpendTect and EarthVision
        are understood. A workbook (``.xlsx``, ``.xls``, ``.ods``) is read as it is.
    decimal : {".", ","}, optional
        Decimal mark, where it cannot be told from the file.
    wanted : sequence of str, optional
        Names that the header is known to hold, in lower case.
    sheet : str, optional
        Which sheet of a workbook, by name or by number from 1; needed where there are several, and not one alone holds
        the names that are wanted.
    layer : str, optional
        Which layer of a file of a GIS; needed where the places of several may be rows.

    Returns
    -------
    Table

    Raises
    ------
    LabelError
        When it is missing, no text, or has no columns.
    Undeclared
        With option ``"decimal"``, when commas may be decimal marks or divide thousands, or ``"sheet"`` or
        ``"layer"``.

    Examples
    --------
    >>> from napari_fhn import labels, sample_data
    >>> table = labels.sniff(sample_data.SEISMIC.tops)
    >>> table.names, table.dialect.kind
    (('well', 'top_twt_ms', 'base_twt_ms', 'class'), ',')
    """
    path, crs = Path(path), ""
    # A zip of shapes begins as a workbook does.
    of_shapes = shape_tables.is_shapes(path)
    if of_shapes:
        sheet, layer = "", shape_tables.layer_of(path, layer)
        crs = shape_tables.crs_of_places(path, layer)
        encoding, head = "utf-8", list(islice(shape_tables.lines(path, layer), LOOKED_AT))
    elif is_workbook(path):
        sheet = _sheet(path, sheet, frozenset(wanted))
        encoding, head = "utf-8", list(islice(sheet_lines(path, sheet), LOOKED_AT))
    else:
        sheet, encoding = "", encoding_of(path)
        if encoding in code_pages.NAMES:
            encoding = code_pages.told_by_headings(path, encoding)
        head = list(islice(lines(path, encoding), LOOKED_AT))
    named, start = headers.block(head)
    body = [(k, text) for k, text in head[start:] if text.strip() and not is_comment(text) and not is_end(text)]
    if not body and not any(is_comment(text) for _, text in head):
        raise LabelError("it holds no row", "Check the file", path=path, line=1 if wanted else None)
    looked_at = Lines([text for _, text in body], decimal, frozenset(wanted))
    in_cells = (bool(sheet) or of_shapes) and any("\t" in text for _, text in body)
    recognised = dialects.as_delimited("\t", looked_at) if in_cells else dialects.recognise(looked_at)
    if recognised is None:
        if not body:
            raise LabelError("it holds comments alone, and no row", "Check the file", path=path)
        # One column: the header says so, or there is nothing to divide.
        recognised = dialects.Found(Dialect(","), 0.0, "nothing divides its lines")
    dialect = recognised.dialect
    if recognised.unsure:
        raise Undeclared(
            "its numbers have commas before three digits, which may be decimal marks or divide thousands",
            "Say which the decimal mark is, point or comma",
            option="decimal",
            choices=(",", "."),
            path=path,
        )
    notes = []
    if encoding in code_pages.NAMES:
        notes.append(f"It is not in UTF-8 and was read as {code_pages.NAMES[encoding]}.")
    if sheet and _numbers_above(head):
        notes.append(
            f"Above the table of the sheet '{sheet}' stands another one, which was passed over; each table needs a "
            "sheet of its own."
        )
    if dialect.kind in dialects.CARDS:
        return replace(_cards(path, encoding, dialect, head, tuple(notes)), reasons=(recognised.reason,), sheet=sheet)
    found = _rows(head[start:], dialect, wanted)
    table = replace(_assemble(path, encoding, dialect, head, found, named, tuple(wanted)), sheet=sheet)
    table = replace(table, of_shapes=of_shapes, layer=layer or "" if of_shapes else "", crs=crs)
    if dialect.kind == "ruled":
        # Blocks repeat the header, which is no row; reading knows how to leave it out.
        rows = tuple(tuple(cells) for cells in islice(table.cells(), SAMPLED))
        table = replace(table, sample=rows, numeric=numeric_columns(rows, dialect.decimal) or table.numeric)
    return replace(table, notes=tuple(notes), reasons=(recognised.reason, *table.reasons))


def sniffed(source: str | Path | Table) -> Table:
    """Return a table that was sniffed before as it is, and look at a file."""
    return source if isinstance(source, Table) else sniff(source)


def _numbers_above(head: list[tuple[int, str]]) -> bool:
    """Whether two rows above the table of a sheet, one below the other, hold several numbers each."""
    counts = [sum(map(is_number, re.split(r"[\s:]+", text))) if is_comment(text) else 0 for _, text in head]
    return any(a > 1 and b > 1 for a, b in itertools.pairwise(counts))


def _sheet(path: Path, said: str | None, wanted: frozenset[str]) -> str:
    """The sheet of a workbook that was said, that is alone, or alone holds the names that are wanted."""
    if said is not None:
        return sheet_named(path, said)
    names = sheets(path)
    if len(names) > 1 and wanted:
        rows = {name: [text.lower().split("\t") for _, text in islice(sheet_lines(path, name), 20)] for name in names}
        names = tuple(name for name in names if any(wanted <= set(row) for row in rows[name])) or names
    if len(names) == 1:
        return names[0]
    raise Undeclared(
        f"it has {counted(len(names), 'sheets')}: {', '.join(names[:8])}",
        "Say which",
        option="sheet",
        choices=names,
        path=path,
    )


@dataclass
class _Found:
    """Rows of the head, from the first that has as many cells as most have."""

    rows: list[tuple[int, list[str]]]
    before: list[tuple[int, str]]


def _rows(head: list[tuple[int, str]], dialect: Dialect, wanted: Sequence[str]) -> _Found:
    """Divide the head into what comes before the table and its rows, the header among them."""
    split = [(k, text, dialect.split(text)) for k, text in head if text.strip() and not is_end(text)]
    plain = [(k, cells) for k, text, cells in split if not is_comment(text) and not is_rule(text)]
    header = next((k for k, cells in plain if wanted and set(wanted) <= {c.lower() for c in cells}), None)
    if header is None:
        n = dialects.width([cells for _, cells in plain])
        header = next((k for k, cells in plain if len(cells) == n), head[0][0] if head else 1)
        if dialect.kind == "ruled":
            rule = next(k for k, text, _ in split if dialects.RULE.fullmatch(text))
            header = max((k for k, _ in plain if k < rule), default=rule)
    return _Found([row for row in plain if row[0] >= header], [(k, text) for k, text, _ in split if k < header])


def _assemble(
    path: Path,
    encoding: str,
    dialect: Dialect,
    head: list[tuple[int, str]],
    found: _Found,
    named: list[str],
    wanted: tuple[str, ...],
) -> Table:
    """Tell header, units and rows apart."""
    if not found.rows:
        raise LabelError("it holds no row", "Check the file", path=path)
    clues = headers.Clues.of([cells for _, cells in found.rows], found.before, dialect, head, named, wanted)
    header = headers.recognise(clues)
    n, begin, reasons = clues.width, header.rows, [header.reason]
    units = [""] * n
    if clues.of_units == begin:
        units = [unit(cell) for cell in clues.rows[begin]]
        begin += 1
        reasons.append(f"a row of units stands above the numbers ({', '.join(u for u in units if u)})")
    named_units = [parted(name) for name in header.names]
    body = [cells for _, cells in found.rows[begin:]]
    has_header = bool(header.names)
    first_line = found.rows[begin][0] if body else found.rows[-1][0] + 1
    used = {k for k, _ in found.rows[:begin]}
    return Table(
        path,
        encoding,
        dialect,
        tuple(name for name, _ in named_units) if has_header else tuple(f"column {k + 1}" for k in range(n)),
        tuple(u or said for u, (_, said) in zip(units, named_units, strict=True)) if has_header else tuple(units),
        has_header,
        first_line,
        tuple(tuple(cells[:n]) for cells in body[:SAMPLED] if len(cells) >= n),
        numeric_columns([row for row in body if len(row) == n], dialect.decimal) or (False,) * n,
        tuple(uncomment(text).strip() for k, text in head if k < first_line and k not in used and text.strip()),
        reasons=tuple(reasons),
    )


def _cards(path: Path, encoding: str, dialect: Dialect, head: list[tuple[int, str]], notes: tuple[str, ...]) -> Table:
    """Make the table of a dialect that names its columns itself."""
    named_units = [parted(name) for name in dialect.header]
    cards: list[tuple[int, list[str]]]
    if dialect.kind != "charisma":
        cards = list(dialects.READERS[dialect.kind](iter(head)))
    else:
        cards = [(k, cells) for k, text in head if (cells := dialects.charisma(text)) is not None]
        cards = [(k, cells) for k, cells in cards if len(cells) == len(dialect.header)]
    if not cards:
        raise LabelError(f"it begins as {dialect.kind.upper()} picks do, but no line holds one", "Check it", path=path)
    rows = [tuple(cells) for _, cells in cards]
    # Rows of IESX and GOCAD are known by their cards, wherever they begin.
    first = cards[0][0] if dialect.kind == "charisma" else 1
    names, units = tuple(name for name, _ in named_units), tuple(said for _, said in named_units)
    numeric = numeric_columns(rows, dialect.decimal)
    sample = tuple(rows[:SAMPLED])
    said = f"It was read as {dialects.CARDS[dialect.kind]}."
    image = next((found for _, text in head if (found := rois.size(text))), None) if dialect.kind == "rois" else None
    if image is not None:
        said += f" They were marked on an image of {counted(image[0], 'rows')} and {counted(image[1], 'columns')}."
    return Table(path, encoding, dialect, names, units, True, first, sample, numeric, (), (*notes, said))
