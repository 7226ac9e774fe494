"""How a line of a table falls into cells: by a delimiter, by ruled columns, or by the cards of a known system."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from napari_fhn.labels.horizons import gocad
from napari_fhn.labels.shapes import rois
from napari_fhn.labels.tables.bearings import coordinate
from napari_fhn.labels.tables.text import is_number, is_unfound, ungrouped
from napari_fhn.sentence import counted, counted_of

#: Delimiters that are characters, in the order in which they are preferred; "  " is two spaces or more.
DELIMITERS = ("\t", ";", "|", ",", " ", "  ")
NAMES = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", " ": "space", "  ": "two spaces or more"}
#: The first two lines of a CPS-3 file of points say nothing about them.
_COMMENT = re.compile(r"\s*(?:#|!|//|%|--(?=\s|\w|$)(?!\d)|->|/\*|@|FFASCI\b|FFATTR\b)")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"|(\S+)')
RULE = re.compile(r"\s*[-=]{2,}(?:\s+[-=]+)+\s*")
_CHARISMA = re.compile(
    r"(?P<name>.*?)\bINLINE\b\s*[:-]?\s*(?P<il>\d+)\s*[\s,](?:(?:XLINE|CROSSLINE)\s*[:-]?)?\s*(?P<xl>\d+)\s(?P<rest>.*)",
    re.IGNORECASE,
)
_PROFILE = re.compile(
    r"\s*PROFILE\s+(?P<name>.*?)\s*TYPE\s.*?(?:\s(?P<xy>m|ft)\s+(?P<z>ms|s|m|ft)\s*)?$", re.IGNORECASE
)
#: Cards are shorter than this; their patterns are not tried on more.
_CARD = 400
_COMMA_ONLY = re.compile(r"[-+]?\d+,\d+(?:[eEdD][-+]?\d+)?")
#: 1,234: a comma before three digits may divide thousands as well.
_THOUSANDS = re.compile(r"[-+]?\d{1,3},\d{3}")


@dataclass(frozen=True)
class Dialect:
    """How lines are split.

    Attributes
    ----------
    kind : str
        A delimiter out of `DELIMITERS`, or ``"ruled"`` (fixed columns under a rule of dashes), ``"charisma"``
        (``INLINE : 1 XLINE : 2 x y z``), ``"iesx"`` (card image with ``PROFILE`` lines), ``"gocad"``.
    decimal : str
        Decimal mark, a point or a comma.
    spans : tuple of (int, int)
        First and last character (exclusive) of ruled columns.
    header : tuple of str
        Names of the columns, where the dialect itself tells them.
    """

    kind: str
    decimal: str = "."
    spans: tuple[tuple[int, int], ...] = ()
    header: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The dialect in words."""
        return NAMES.get(self.kind, self.kind)

    def split(self, line: str) -> list[str]:
        """Return the cells of one line, stripped; a line of cards that holds none has no cell."""
        if self.kind == "ruled":
            ends = [stop for _, stop in self.spans[:-1]] + [len(line) + 1]
            starts = [0, *(stop for _, stop in self.spans[:-1])]
            return [line[a:b].strip() for a, b in zip(starts, ends, strict=True)]
        if self.kind == "charisma":
            return charisma(line) or []
        if self.kind == " ":
            return [m[2] if m[1] is None else m[1].replace('""', '"') for m in _QUOTED.finditer(line)]
        if self.kind == "  ":
            return re.split(r"\s{2,}|\t", line.strip())
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=self.kind), [])]
        except csv.Error:
            return []


def is_comment(line: str) -> bool:
    """Whether a line begins as comments do."""
    return _COMMENT.match(line) is not None


def uncomment(line: str) -> str:
    """Return what a comment says."""
    return re.sub(r"^\s*(?:#+|!+|//|%+|-->?|->|/\*|@)\s?", "", line).rstrip()


def is_rule(line: str) -> bool:
    """Whether a line is only drawn: dashes, equals signs, stars."""
    return bool(line.strip()) and not re.sub(r"[\s#!=*_+-]", "", line)


def is_end(line: str) -> bool:
    """Whether a line says that the table ends."""
    return line.strip().upper() in ("EOD", "END", "EOF", "#END", "# END", "END DATA")


def charisma(line: str) -> list[str] | None:
    """Return inline, crossline, the numbers after them and the name before them; None for another line."""
    found = _CHARISMA.match(line[:_CARD])
    if found is None:
        return None
    return [found["il"], found["xl"], *found["rest"].split(), found["name"].strip().strip('"')]


def iesx(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells (x, y, z, crossline, inline, name) of an IESX card image.

    Cells of what a card leaves empty are empty. The echo lines and the run-on ``EOD`` that OpendTect writes
    between cards are passed over.
    """
    name = ""
    for number, line in lines:
        profile = _PROFILE.match(line[:_CARD])
        if profile is not None:
            name = profile["name"].strip()
            continue
        card = line[3:] if line.startswith("EOD") else line
        # A card has its two coordinates in 16 characters each; echoes and snapping parameters have not.
        if card.startswith("\t") or len(card) < 47 or not is_number(card[:16].strip()):
            continue
        inline = card[88:95].strip() if card[86:88].strip().upper() == "I" else ""
        crossline = card[67:72].strip() if inline else ""
        z = card[38:47].strip()
        yield number, [card[:16].strip(), card[16:32].strip(), z, crossline, inline, name]


@dataclass(frozen=True)
class Found:
    """A dialect that lines may be written in.

    Attributes
    ----------
    dialect : Dialect
        The dialect.
    score : float
        How well it explains the lines; dialects of cards and rules, which nothing else looks like, are above all
        delimiters.
    reason : str
        Why, for people.
    unsure : bool
        Whether the commas in its numbers may as well divide thousands.
    """

    dialect: Dialect
    score: float
    reason: str
    unsure: bool = False


@dataclass(frozen=True)
class Lines:
    """What recognisers of dialects look at.

    Attributes
    ----------
    sample : sequence of str
        Lines, without comments and empty ones.
    decimal : str or None
        Decimal mark, where it is known.
    wanted : frozenset of str
        Column names that the header must hold, in lower case.
    """

    sample: Sequence[str]
    decimal: str | None = None
    wanted: frozenset[str] = frozenset()


#: Dialects that name their columns themselves, and what they are called.
CARDS = {
    "charisma": "Charisma lines",
    "iesx": "an IESX card image",
    "gocad": "points of GOCAD objects",
    "rois": "regions of ENVI",
}
#: Scores of dialects that nothing else looks like.
_CERTAIN = 100.0
#: A header with the wanted names outweighs whatever speaks for another delimiter.
_NAMED = 10.0


#: Those of them whose cells are found by a reader of their own.
READERS: dict[str, Callable[[Iterator[tuple[int, str]]], Iterator[tuple[int, list[str]]]]] = {
    "iesx": iesx,
    "gocad": gocad.points,
    "rois": rois.pixels,
}


def as_iesx(lines: Lines) -> Found | None:
    """Recognise an IESX card image by a line ``PROFILE`` near its top."""
    for line in lines.sample[:5]:
        profile = _PROFILE.match(line[:_CARD])
        if profile is not None:
            xy, z = profile["xy"] or "", profile["z"] or ""
            header = (f"X ({xy})", f"Y ({xy})", f"Z ({z})", "Crossline", "Inline", "Horizon")
            return Found(Dialect("iesx", header=header), _CERTAIN, "a line begins with PROFILE, as IESX cards do")
    return None


def as_rois(lines: Lines) -> Found | None:
    """Recognise the pixels of regions of ENVI."""
    if not any(rois.begins(line) for line in lines.sample[:3]):
        return None
    return Found(Dialect("rois", header=rois.HEADER), _CERTAIN, "it begins as regions of ENVI do")


def as_gocad(lines: Lines) -> Found | None:
    """Recognise objects of GOCAD by their first line."""
    kind = next((found for line in lines.sample[:3] if (found := gocad.begins(line))), "")
    if not kind:
        return None
    return Found(Dialect("gocad", header=gocad.header(lines.sample)), _CERTAIN, f"it begins as a GOCAD {kind} does")


def as_charisma(lines: Lines) -> Found | None:
    """Recognise Charisma lines: most say INLINE and XLINE themselves."""
    matched = [charisma(line) for line in lines.sample]
    n_matched = sum(cells is not None for cells in matched)
    if not lines.sample or n_matched <= 0.5 * len(lines.sample):
        return None
    n = Counter(len(cells) for cells in matched if cells).most_common(1)[0][0]
    extra = tuple(f"Attribute {k}" for k in range(1, n - 5))
    header = ("Inline", "Crossline", "X", "Y", "Z")[: n - 1] + extra + ("Horizon",)
    reason = counted_of(
        n_matched,
        len(lines.sample),
        "lines",
        "name their inline and crossline, as Charisma lines do",
        "names its inline and crossline, as Charisma lines do",
    )
    return Found(Dialect("charisma", header=header), _CERTAIN, reason)


def as_ruled(lines: Lines) -> Found | None:
    """Recognise columns under a rule of dashes."""
    for above, rule in itertools.pairwise(lines.sample):
        if RULE.fullmatch(rule) and not RULE.fullmatch(above):
            spans = tuple(found.span() for found in re.finditer(r"\S+", rule))
            return Found(Dialect("ruled", spans=spans), _CERTAIN, "its columns stand under a rule of dashes")
    return None


def as_delimited(kind: str, lines: Lines) -> Found | None:
    """Recognise rows that a delimiter divides into equally many cells.

    Parameters
    ----------
    kind : str
        One of `DELIMITERS`.
    lines : Lines
        The lines.
    """
    rows = [Dialect(kind).split(line) for line in lines.sample]
    named = bool(lines.wanted) and any(lines.wanted <= {cell.lower() for cell in row} for row in rows[:20])
    n = width(rows)
    if n < 2 and not named:
        return None
    whole = [row for row in rows if len(row) == n]
    mark, doubt = decimal_mark(whole, lines.decimal)
    # The header and what stands above it are in the first half.
    cells = [cell for row in whole[len(whole) // 2 :] for cell in row]
    filled = [cell for cell in cells if cell.strip()]
    numeric = sum(is_number(cell, mark) or not math.isnan(coordinate(cell)) for cell in filled) / max(len(filled), 1)
    # Rows of one length first, then rows of numbers; cells left empty speak a little against it.
    share = len(whole) / len(rows)
    score = _NAMED if named else 0.0
    score += share * (1 + numeric) - 0.2 * (1 - len(filled) / max(len(cells), 1))
    # Text and numbers hold commas and spaces, but hardly ever one of these, and the same number on every line.
    score += 1.0 if kind in "\t;|" and share >= 0.8 else 0.0
    said = ", and a header with the names that are wanted" if named else ""
    reason = (
        counted_of(len(whole), len(rows), "lines", "have", "has")
        + f" {counted(n, 'cells')} where a {NAMES[kind]} divides them{said}"
    )
    return Found(Dialect(kind, mark), score, reason, doubt)


#: Asked in this order: of dialects with equal scores the first counts. A further one is a function, and one entry here.
RECOGNISERS: tuple[Callable[[Lines], Found | None], ...] = (
    as_iesx,
    as_gocad,
    as_rois,
    as_charisma,
    as_ruled,
    *(partial(as_delimited, kind) for kind in DELIMITERS),
)


def recognise(lines: Lines) -> Found | None:
    """Return the dialect that explains lines best; None where no delimiter makes columns of them."""
    best: Found | None = None
    for recogniser in RECOGNISERS:
        found = recogniser(lines)
        if found is not None and found.score > (0.0 if best is None else best.score) + 1e-9:
            best = found
        if best is not None and best.score >= _CERTAIN:
            break
    return best


def find(sample: Sequence[str], decimal: str | None, wanted: tuple[str, ...] = ()) -> tuple[Dialect, bool]:
    """Choose the dialect of the first lines of a file; `recognise` without its evidence.

    Parameters
    ----------
    sample : sequence of str
        Lines, without comments and empty ones.
    decimal : str or None
        Decimal mark, where it is known.
    wanted : tuple of str
        Column names that the header must hold, in lower case; the delimiter that brings them out wins.

    Returns
    -------
    dialect : Dialect
        `Dialect.kind` is empty where no delimiter makes columns.
    unsure : bool
        Whether the commas in its numbers may as well divide thousands.
    """
    found = recognise(Lines(sample, decimal, frozenset(wanted)))
    return (Dialect(""), False) if found is None else (found.dialect, found.unsure)


def decimal_mark(rows: Sequence[Sequence[str]], given: str | None) -> tuple[str, bool]:
    """Return the decimal mark of rows of cells, and whether its commas may divide thousands instead."""
    if given is not None:
        return given, False
    cells = [ungrouped(cell) for row in rows for cell in row]
    with_comma = [cell for cell in cells if _COMMA_ONLY.fullmatch(cell)]
    with_point = any(re.fullmatch(r"[-+]?\d*\.\d+(?:[eEdD][-+]?\d+)?", cell) for cell in cells)
    if not with_comma or with_point:
        return ".", False
    return ",", all(_THOUSANDS.fullmatch(cell) for cell in with_comma)


def width(rows: Sequence[Sequence[str]]) -> int:
    """Return the most frequent number of cells in the later half of the rows, where the data are."""
    later, every = Counter(len(row) for row in rows[len(rows) // 2 :]), Counter(map(len, rows))
    return max(later, key=lambda n: (later[n], every[n], n), default=0)


def numeric_columns(rows: Sequence[Sequence[str]], decimal: str) -> tuple[bool, ...]:
    """Say of each column whether its cells are numbers, but for a fifth of them at most; blanks do not count."""
    found = []
    for column in zip(*rows, strict=True):
        filled = [cell for cell in column if not is_unfound(cell)]
        found.append(bool(filled) and sum(is_number(cell, decimal) for cell in filled) >= 0.8 * len(filled))
    return tuple(found)
