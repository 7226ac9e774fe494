"""Tops with a column for each marker, as people keep them in spreadsheets: read as a row for each marker."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from napari_fhn.labels.errors import LabelError, LabelWarning, Undeclared
from napari_fhn.labels.tables.columns import Table
from napari_fhn.labels.tables.guesses import SURE, suggest
from napari_fhn.labels.tables.text import is_number, is_unfound
from napari_fhn.labels.tables.units import METRES, MILLISECONDS
from napari_fhn.labels.tables.vocabulary import DOMAINS, meaning

#: Numbers about a well that are no depths.
_NO_TOPS = frozenset((
    "id", "fid", "oid", "objectid", "rowid", "index", "no", "nr", "num", "number", "year", "date", "month", "day",
    "licence", "license", "block", "quadrant", "area", "count", "status", "order", "rank", "api", "uwi",
))  # fmt: skip
#: A marker is none where the table has these.
_LONG = ("marker", "class", "top", "base", "inclination", "azimuth", "dx", "dy")
_NAMED = re.compile(
    r"[\s_\-]*\b(?:MD|TVDSS|TVD|TWT|OWT|depth|time)\b[\s_\-]*|_(?:MD|TVDSS|TVD|TWT|OWT)\b", re.IGNORECASE
)
_KINDS = ("md", "tvd", "tvdss", "twt", "owt")


@dataclass(frozen=True)
class WideTops(Table):
    """A table of well, marker and depth, made of one that has a column for each marker.

    Attributes
    ----------
    wide : Table
        That one.
    well : int
        Its column of the name of the well.
    markers : mapping of int to str
        Its columns of markers, and what these are called.
    """

    wide: Table | None = None
    well: int = 0
    markers: dict[int, str] = field(default_factory=dict)

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        assert self.wide is not None
        for number, cells in self.wide._numbered():
            row = [*cells, *[""] * (len(self.wide.names) - len(cells))]
            yield from ((number, [row[self.well], name, row[k]]) for k, name in self.markers.items())


def markers_of(table: Table, well: int | None = None) -> dict[int, str]:
    """Return the columns that are tops each, with the names of the markers; none for a table that is no such.

    Parameters
    ----------
    table : Table
        With a header.
    well : int, optional
        Its column of the name of the well, where a person has said it.
    """
    if not table.has_header:
        return {}
    sure = {role: [one for one in found if one.confidence >= SURE] for role, found in suggest(table).guesses.items()}
    if any(sure.get(role) for role in _LONG) or (well is None and len(sure.get("well", ())) != 1):
        return {}
    taken = {one.column for role, found in sure.items() if role not in DOMAINS for one in found} | {well}
    found: dict[int, str] = {}
    for k, name in enumerate(table.names):
        cells = [row[k] for row in table.sample]
        numbers = [cell for cell in cells if not is_unfound(cell)]
        bare = _NAMED.sub(" ", name).strip(" _-")
        if k in taken or not bare or bare.lower().replace(" ", "") in _NO_TOPS or not numbers:
            continue
        if all(is_number(cell, table.dialect.decimal) for cell in numbers):
            found[k] = bare
    of = {table.units[k] for k in found}
    if not of.isdisjoint(METRES) and not of.isdisjoint(MILLISECONDS):
        return {}  # Times for depths are checkshots.
    return found if len(found) > 1 and len(set(found.values())) == len(found) else {}


def melted(table: Table, well: int, markers: dict[int, str], domain: str | None, prefer: str = "md") -> WideTops:
    """Return the table with a row for each marker.

    Parameters
    ----------
    table : Table
        With a column for each.
    well : int
        Its column of the name of the well.
    markers : mapping of int to str
        From `markers_of`.
    domain : str, optional
        Which depth or time the columns hold; needed where their names do not say it.
    prefer : str, optional
        The kind that the survey has, which is asked for first.

    Raises
    ------
    Undeclared
        With option ``"domain"``.
    LabelError
        When they are in several units.
    """
    names = [table.names[k] for k in markers]
    units = {table.units[k] for k in markers}
    if len(units) > 1:
        what = f"its tops are in {' and '.join(sorted(one or 'no unit' for one in units))}"
        raise LabelError(what, "Use one unit", path=table.path, line=1)
    (of,) = units
    said = {one.role for name in names if (one := meaning(name)) is not None and one.role in _KINDS}
    kind = domain or (said.pop() if len(said) == 1 else "")
    if not kind:
        times, depths = _KINDS[3:], _KINDS[:3]
        both = (*times, *depths) if prefer in times else _KINDS
        kinds = times if of in MILLISECONDS else depths if of in METRES else both
        raise Undeclared(
            f"its columns {', '.join(names[:6])} do not say which depth or time they are",
            f"Say which it is: {', '.join(kinds)}",
            option="domain",
            choices=kinds,
            path=table.path,
        )
    listed = ", ".join(markers.values())
    words = f"{table.path.name}: its columns were taken for a top each: {listed}."
    warnings.warn(words, LabelWarning, stacklevel=4)
    sample = [(row[well], name, row[k]) for row in table.sample for k, name in markers.items()]
    given: dict[str, Any] = {
        name: getattr(table, name) for name in ("path", "encoding", "dialect", "first_line", "sheet")
    }
    return WideTops(
        **given,
        names=(table.names[well], "marker", kind),
        units=("", "", of),
        has_header=True,
        sample=tuple(sample),
        numeric=(False, False, True),
        comments=table.comments,
        notes=table.notes,
        reasons=table.reasons,
        of_shapes=table.of_shapes,
        layer=table.layer,
        crs=table.crs,
        wide=table,
        well=well,
        markers=markers,
    )
