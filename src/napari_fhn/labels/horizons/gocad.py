"""GOCAD objects as picks: the points of VSet, PLine and TSurf, each object a horizon of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from napari_fhn.labels.tables.text import is_number

#: How an object begins.
_OBJECT = re.compile(r"GOCAD\s+(VSet|PLine|TSurf|Surf)\b", re.IGNORECASE)
_POINT = ("VRTX", "PVRTX", "CVRTX", "CPVRTX")
_UNITS = re.compile(r"AXIS_UNIT\s+\"?([^\"\s]*)\"?\s+\"?[^\"\s]*\"?\s+\"?([^\"\s]*)\"?", re.IGNORECASE)


def begins(line: str) -> str:
    """Return the kind of object that a line begins; empty where it begins none that has points."""
    found = _OBJECT.match(line.strip())
    return "" if found is None else found[1]


def header(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the columns of `points`, with the units that the first object has."""
    found = next((found for line in lines if (found := _UNITS.match(line.strip()))), None)
    across, down = ("", "") if found is None else (found[1], found[2])
    xy, z = (f" ({unit})" if unit else "" for unit in (across, down))
    return f"X{xy}", f"Y{xy}", f"Z{z}", "Horizon"


def points(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells (x, y, z, name) of the points of all objects.

    Values that an object says to grow upwards are turned: down is down in all of them.
    """
    name, up, seen = "", False, 0
    for number, line in lines:
        text = line.strip()
        word, _, rest = text.partition(" ")
        if begins(text):
            seen += 1
            name, up = f"object {seen}", False
        elif text.lower().startswith("name:") or text.lower().startswith("hdr name:"):
            name = text.partition(":")[2].strip().strip('"') or name
        elif word.upper() == "ZPOSITIVE":
            up = rest.strip().lower().startswith("elev")
        elif word.upper() in _POINT:
            cells = rest.split()[1:4]
            if len(cells) == 3 and is_number(cells[2]):
                if up:
                    cells[2] = cells[2][1:] if cells[2].startswith("-") else f"-{cells[2].lstrip('+')}"
                yield number, [*cells, name]
