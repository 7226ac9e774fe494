"""Finds out how a table is written: delimiter, decimal mark, header, units and encoding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from napari_fhn.labels import dialects
from napari_fhn.labels.columns import Table, parted
from napari_fhn.labels.dialects import Dialect, is_comment, is_end, is_rule, numeric_columns, uncomment
from napari_fhn.labels.errors import LabelError, Undeclared
from napari_fhn.labels.text import encoding_of, is_blank, is_number, lines
from napari_fhn.labels.units import unit
from napari_fhn.labels.vocabulary import meaning

#: Lines that are looked at to find the dialect and the header.
LOOKED_AT = 400
#: Rows kept in `Table.sample`.
SAMPLED = 100
_FIELD = re.compile(r"\W*(?:Field:?)?\s*(\d{1,3})\s*[:.\-]?\s+(\S.*?)\s*", re.IGNORECASE)


def sniff(path: str | Path, *, decimal: str | None = None, wanted: Sequence[str] = ()) -> Table:
    """Look at the head of a table and find out how it is written.

    Parameters
    ----------
    path : str or Path
        Text with columns divided by commas, semicolons, tabs, bars or spaces, columns under a rule of dashes,
        Charisma lines (``INLINE : 1 XLINE : 2 x y z``) or IESX cards. Comments (``#``, ``!``, ``//``, ``--``), a header
        in the first row or in a comment, a row of units, and the header blocks of Petrel, OpendTect and EarthVision
        are understood.
    decimal : {".", ","}, optional
        Decimal mark, where it cannot be told from the file.
    wanted : sequence of str, optional
        Names that the header is known to hold, in lower case.

    Returns
    -------
    Table

    Raises
    ------
    LabelError
        When it is missing, no text, or has no columns.
    Undeclared
        With option ``"decimal"``, when commas may be decimal marks or divide thousands.

    Examples
    --------
    >>> from napari_fhn import labels, sample_data
    >>> table = labels.sniff(sample_data.SEISMIC.tops)
    >>> table.names, table.dialect.kind
    (('well', 'top_twt_ms', 'base_twt_ms', 'class'), ',')
    """
    path = Path(path)
    encoding = encoding_of(path)
    head = list(islice(lines(path, encoding), LOOKED_AT))
    named, start = _header_block(head)
    body = [(k, text) for k, text in head[start:] if text.strip() and not is_comment(text) and not is_end(text)]
    if not body and not any(is_comment(text) for _, text in head):
        raise LabelError("it holds no row", "Check the file", path=path, line=1 if wanted else None)
    dialect, unsure = dialects.find([text for _, text in body], decimal, tuple(wanted))
    if not dialect.kind:
        if not body:
            raise LabelError("it holds comments alone, and no row", "Check the file", path=path)
        # One column: the header says so, or there is nothing to divide.
        dialect = Dialect(",")
    if unsure:
        raise Undeclared(
            "its numbers have commas before three digits, which may be decimal marks or divide thousands",
            "Say which the decimal mark is, point or comma",
            option="decimal",
            choices=(",", "."),
            path=path,
        )
    notes = []
    if encoding in ("cp1252", "latin-1"):
        notes.append(f"It is not in UTF-8 and was read as {'Windows-1252' if encoding == 'cp1252' else 'Latin-1'}.")
    if dialect.kind in ("charisma", "iesx"):
        return _cards(path, encoding, dialect, head, tuple(notes))
    found = _rows(head[start:], dialect, wanted)
    table = _assemble(path, encoding, dialect, head, found, named, tuple(wanted))
    if dialect.kind == "ruled":
        # Blocks repeat the header, which is no row; reading knows how to leave it out.
        rows = tuple(tuple(cells) for cells in islice(table.cells(), SAMPLED))
        table = replace(table, sample=rows, numeric=numeric_columns(rows, dialect.decimal) or table.numeric)
    return replace(table, notes=tuple(notes))


def sniffed(source: str | Path | Table) -> Table:
    """Return a table that was sniffed before as it is, and look at a file."""
    return source if isinstance(source, Table) else sniff(source)


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
            rule = next(k for k, text, _ in split if dialects._RULE.fullmatch(text))
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
    rows = [cells for _, cells in found.rows]
    if not rows:
        raise LabelError("it holds no row", "Check the file", path=path)
    n = len(rows[0])
    whole = [row for row in rows if len(row) == n]
    # A row of units speaks against numbers in its columns, and is none.
    of_units = next((k for k in (0, 1) if k < len(rows) and len(rows[k]) == n and _are_units(rows[k])), -1)
    whole = [row for row in whole if of_units < 0 or row is not rows[of_units]]
    numeric = numeric_columns(whole[1:] or whole, dialect.decimal) or (False,) * n
    first = rows[0]
    texts = [cell for cell, number in zip(first, numeric, strict=True) if number or len(whole) == 1]
    words = sum(bool(meaning(cell)) for cell in first)
    no_number = not any(is_number(cell, dialect.decimal) for cell in texts)
    declared = named or _declared(head, n)
    is_header = (
        bool(wanted and set(wanted) <= {cell.lower() for cell in first})
        or dialect.kind == "ruled"
        or (no_number and (any(numeric) or words >= max(1, n / 2)) and bool("".join(first)) and len(declared) != n)
    )
    names = first if is_header else declared if len(declared) == n else _header_above(found.before, dialect, numeric)
    begin = 1 if is_header else 0
    units = [""] * n
    if of_units == begin:
        units = [unit(cell) for cell in rows[begin]]
        begin += 1
    named_units = [parted(name) for name in names]
    body = [cells for _, cells in found.rows[begin:]]
    has_header = bool(names)
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
    )


def _cards(path: Path, encoding: str, dialect: Dialect, head: list[tuple[int, str]], notes: tuple[str, ...]) -> Table:
    """Make the table of a dialect that names its columns itself."""
    named_units = [parted(name) for name in dialect.header]
    cards: list[tuple[int, list[str]]]
    if dialect.kind == "iesx":
        cards = list(dialects.iesx(iter(head)))
    else:
        cards = [(k, cells) for k, text in head if (cells := dialects.charisma(text)) is not None]
        cards = [(k, cells) for k, cells in cards if len(cells) == len(dialect.header)]
    if not cards:
        raise LabelError(f"it begins as {dialect.kind.upper()} picks do, but no line holds one", "Check it", path=path)
    rows = [tuple(cells) for _, cells in cards]
    # Rows of an IESX file are known by their cards, wherever they begin.
    first = 1 if dialect.kind == "iesx" else cards[0][0]
    names, units = tuple(name for name, _ in named_units), tuple(said for _, said in named_units)
    numeric = numeric_columns(rows, dialect.decimal)
    sample = tuple(rows[:SAMPLED])
    said = f"It was read as {'Charisma lines' if dialect.kind == 'charisma' else 'an IESX card image'}."
    return Table(path, encoding, dialect, names, units, True, first, sample, numeric, (), (*notes, said))


def _header_block(head: list[tuple[int, str]]) -> tuple[list[str], int]:
    """Names between BEGIN HEADER and END HEADER, and the number of lines up to there."""
    words = [re.sub(r"[\s,;]+", " ", text).strip().upper() for _, text in head]
    if "BEGIN HEADER" in words and "END HEADER" in words:
        begin, end = words.index("BEGIN HEADER"), words.index("END HEADER")
        names = [
            re.sub(r"^(?:INT|FLOAT|STRING|BOOL|DOUBLE)\s*,", "", text).strip(" \t,;")
            for _, text in head[begin + 1 : end]
        ]
        return [name for name in names if name], end + 1
    return [], 0


def _declared(head: list[tuple[int, str]], n: int) -> list[str]:
    """Names that comments give to numbered fields ("# Field: 1 x", "# 3: Z (ms)"), or none."""
    fields: dict[int, str] = {}
    for _, text in head:
        found = _FIELD.fullmatch(text[:200]) if is_comment(text) else None
        if found is not None:
            fields.setdefault(int(found[1]), found[2])
    return [fields[k] for k in range(1, n + 1)] if set(fields) >= set(range(1, n + 1)) else []


def _header_above(before: list[tuple[int, str]], dialect: Dialect, numeric: Sequence[bool]) -> list[str]:
    """Names in the nearest lines above the first row, a comment maybe, or none."""
    n = len(numeric)
    near = [text for _, text in reversed(before) if not is_rule(text)][:3]
    for text in near:
        said = uncomment(text)
        for kind in (dialect.kind, "\t", " ", "  ", ",", ";"):
            cells = Dialect(kind, spans=dialect.spans).split(said)
            # A remark may have as many words as the table has columns; a header has words that mean something.
            known = sum(meaning(cell) is not None for cell in cells)
            if any(is_number(cell) for cell in cells) or known < (1 if kind in "\t;|," else 0.5 * len(cells)):
                continue
            if len(cells) == n:
                return cells
            # OpendTect's header leaves out the name of the horizon, which leads the rows of several.
            if len(cells) == n - 1 >= 2 and not numeric[0] and all(numeric[1:]):
                return ["Horizon", *cells]
    return []


def _are_units(cells: Sequence[str]) -> bool:
    """Whether a row says units: two of its cells at least, and most of those that say something."""
    said = [cell for cell in cells if not is_blank(cell)]
    named = sum(bool(unit(cell)) for cell in said)
    return named >= 2 and named > 0.5 * len(said) and not any(is_number(cell) or is_number(cell, ",") for cell in said)
