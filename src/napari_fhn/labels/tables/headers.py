"""What names the columns of a table: its first row, a header in comments, or nothing.

`recognise` asks a list of small recognisers in order of their standing; the first that finds a header has it, with its
evidence in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from napari_fhn.labels.tables.dialects import Dialect, is_comment, is_rule, numeric_columns, uncomment
from napari_fhn.labels.tables.text import is_blank, is_number
from napari_fhn.labels.tables.units import unit
from napari_fhn.labels.tables.vocabulary import meaning
from napari_fhn.sentence import counted

_FIELD = re.compile(r"\W*(?:Field:?)?\s*(\d{1,3})\s*[:.\-]?\s+(\S.*?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """What names the columns.

    Attributes
    ----------
    names : tuple of str
        With their units, as the file has them; empty where nothing names the columns.
    rows : int
        How many of the first rows it takes.
    reason : str
        Why, for people.
    """

    names: tuple[str, ...]
    rows: int
    reason: str


@dataclass(frozen=True)
class Clues:
    """What recognisers look at.

    Attributes
    ----------
    rows : list of list of str
        Cells, from the first row that has as many as most have.
    before : list of (int, str)
        Number and text of the lines above them.
    dialect : Dialect
        How lines are split.
    declared : tuple of str
        Names in a header block, or those that comments give to numbered fields.
    wanted : frozenset of str
        Names that the header must hold, in lower case.
    of_units : int
        Which of the first two rows says units, -1 for none.
    whole : list of list of str
        Rows as long as the first, without that of units.
    numeric : tuple of bool
        Whether a column holds numbers below its first cell.
    """

    rows: list[list[str]]
    before: list[tuple[int, str]]
    dialect: Dialect
    declared: tuple[str, ...]
    wanted: frozenset[str]
    of_units: int
    whole: list[list[str]]
    numeric: tuple[bool, ...]

    @classmethod
    def of(
        cls,
        rows: list[list[str]],
        before: list[tuple[int, str]],
        dialect: Dialect,
        head: list[tuple[int, str]],
        named: list[str],
        wanted: Sequence[str],
    ) -> Clues:
        """Collect them from the rows and lines of a file's head, and the names of its header block."""
        n = len(rows[0])
        # A row of units speaks against numbers in its columns, and is none.
        of_units = next((k for k in (0, 1) if k < len(rows) and len(rows[k]) == n and are_units(rows[k])), -1)
        whole = [row for k, row in enumerate(rows) if len(row) == n and k != of_units]
        numeric = numeric_columns(whole[1:] or whole, dialect.decimal) or (False,) * n
        declared = tuple(named or declared_fields(head, n))
        return cls(rows, before, dialect, declared, frozenset(wanted), of_units, whole, numeric)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0])


def wanted_names(clues: Clues) -> Header | None:
    """Take the first row where it holds the names that are wanted."""
    first = clues.rows[0]
    if not clues.wanted or not clues.wanted <= {cell.lower() for cell in first}:
        return None
    return Header(tuple(first), 1, "its first row holds the names that are wanted")


def above_a_rule(clues: Clues) -> Header | None:
    """Take the row above a rule of dashes."""
    if clues.dialect.kind != "ruled":
        return None
    return Header(tuple(clues.rows[0]), 1, "what stands above the rule names the columns")


def row_of_words(clues: Clues) -> Header | None:
    """Take the first row where it has no number in columns of numbers, or words that mean something."""
    first, n = clues.rows[0], clues.width
    texts = [c for c, number in zip(first, clues.numeric, strict=True) if number or len(clues.whole) == 1]
    if any(is_number(cell, clues.dialect.decimal) for cell in texts) or not "".join(first) or len(clues.declared) == n:
        return None
    words = sum(bool(meaning(cell)) for cell in first)
    if any(clues.numeric):
        return Header(tuple(first), 1, "its first row holds no number where the rows below do")
    if words >= max(1, n / 2):
        return Header(
            tuple(first), 1, f"{words} of the {counted(n, 'cells')} of its first row are what columns are called"
        )
    return None


def declared_names(clues: Clues) -> Header | None:
    """Take names that a header block or numbered comments declare."""
    if len(clues.declared) != clues.width:
        return None
    return Header(clues.declared, 0, "a block or comments above the rows name its fields one by one")


def line_above(clues: Clues) -> Header | None:
    """Take names in the nearest lines above the first row, a comment maybe."""
    n, numeric = clues.width, clues.numeric
    near = [text for _, text in reversed(clues.before) if not is_rule(text)][:3]
    for text in near:
        said = uncomment(text)
        for kind in (clues.dialect.kind, "\t", " ", "  ", ",", ";"):
            cells = Dialect(kind, spans=clues.dialect.spans).split(said)
            # A remark may have as many words as the table has columns; a header has words that mean something.
            known = sum(meaning(cell) is not None for cell in cells)
            if any(is_number(cell) for cell in cells) or known < (1 if kind in "\t;|," else 0.5 * len(cells)):
                continue
            if len(cells) == n:
                return Header(tuple(cells), 0, f"the line '{said.strip()[:60]}' above its rows names the columns")
            # OpendTect's header leaves out the name of the horizon, which leads the rows of several.
            if len(cells) == n - 1 >= 2 and not numeric[0] and all(numeric[1:]):
                reason = f"the line '{said.strip()[:60]}' names all columns but the first, the horizon's name"
                return Header(("Horizon", *cells), 0, reason)
    return None


#: Asked in this order; a further one is a function of `Clues`, and one entry here.
RECOGNISERS: tuple[Callable[[Clues], Header | None], ...] = (
    wanted_names,
    above_a_rule,
    row_of_words,
    declared_names,
    line_above,
)


def recognise(clues: Clues) -> Header:
    """Return what names the columns of a table."""
    found = (recogniser(clues) for recogniser in RECOGNISERS)
    return next((header for header in found if header is not None), Header((), 0, "nothing names its columns"))


def block(head: list[tuple[int, str]]) -> tuple[list[str], int]:
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


def declared_fields(head: list[tuple[int, str]], n: int) -> list[str]:
    """Names that comments give to numbered fields ("# Field: 1 x", "# 3: Z (ms)"), or none."""
    fields: dict[int, str] = {}
    for _, text in head:
        found = _FIELD.fullmatch(text[:200]) if is_comment(text) else None
        if found is not None:
            fields.setdefault(int(found[1]), found[2])
    return [fields[k] for k in range(1, n + 1)] if set(fields) >= set(range(1, n + 1)) else []


def are_units(cells: Sequence[str]) -> bool:
    """Whether a row says units: two of its cells at least, and most of those that say something."""
    said = [cell for cell in cells if not is_blank(cell)]
    named = sum(bool(unit(cell)) for cell in said)
    return named >= 2 and named > 0.5 * len(said) and not any(is_number(cell) or is_number(cell, ",") for cell in said)
