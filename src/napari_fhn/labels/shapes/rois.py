"""Regions of interest of ENVI as text: pixels that somebody has marked, region by region."""

from __future__ import annotations

import re
from collections.abc import Iterator

from napari_fhn.digits import whole

#: What the columns of `pixels` are; rows and columns count from 0, as everywhere.
HEADER = ("class", "row", "col")
_BEGINS = re.compile(r";\s*ENVI Output of ROIs\b", re.IGNORECASE)
_NAME = re.compile(r";\s*ROI name:\s*(.*\S)", re.IGNORECASE)
_COUNT = re.compile(r";\s*ROI npts:\s*(\d{1,18})", re.IGNORECASE)
_SIZE = re.compile(r";\s*File Dimension:\s*(\d{1,18})\s*x\s*(\d{1,18})\b", re.IGNORECASE)


def begins(line: str) -> bool:
    """Whether a line is the first of such a file."""
    return _BEGINS.match(line.strip()) is not None


def size(line: str) -> tuple[int, int] | None:
    """Return the rows and columns of the image that regions were marked on, where a line says it."""
    found = _SIZE.match(line.strip())
    return None if found is None else (int(found[2]), int(found[1]))


def pixels(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells (name of the region, row, column) of all pixels.

    Names and numbers of pixels stand at the top, the pixels of each region below, in the same order.
    """
    names: list[str] = []
    counts: list[int] = []
    at = ["X", "Y"]
    region = taken = 0
    for number, line in lines:
        text = line.strip()
        if (named := _NAME.match(text)) is not None:
            names.append(named[1])
        elif (counted := _COUNT.match(text)) is not None:
            counts.append(int(counted[1]))
        elif text.startswith(";"):
            words = text.lstrip("; ").upper().split()
            at = words if {"X", "Y"} <= set(words) else at
        elif text:
            cells = text.split()
            while region < len(counts) and taken >= counts[region]:
                region, taken = region + 1, 0
            taken += 1
            x, y = (whole(cells[at.index(axis)]) if at.index(axis) < len(cells) else None for axis in "XY")
            name = names[region] if region < len(names) else ""
            if x is not None and y is not None and name:
                yield number, [name, str(y - 1), str(x - 1)]
