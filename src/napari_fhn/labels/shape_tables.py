"""Places in files of a GIS, as tables: wells, tops and checkshots as points with fields, paths of wells as lines.

A table is made of them, with the fields as its columns and the coordinates behind them, so that all that is known of
tables holds: what columns mean, which units they have, what is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS

from napari_fhn import vector
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.sheet_lines import quoted
from napari_fhn.labels.vocabulary import meaning
from napari_fhn.vector.rows import Rows, is_places, rows

#: Of coordinates; a field that says them again is left out.
_OF_PLACES = ("x", "y", "lon", "lat")
_NO_SHAPES = (".gpx", ".zip")
_DIGITS = 15


def holds(path: Path) -> bool:
    """Whether a file holds places that can be read as a table.

    Parameters
    ----------
    path : Path
        Any file that is there.
    """
    suffix = path.suffix.lower()
    return suffix in vector.SUFFIXES and suffix not in _NO_SHAPES and is_places(path)


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the places of a file as lines of a table, divided by tabs: the names of the columns first.

    Lines in space have a column of the depth along them, from where they begin.

    Raises
    ------
    LabelError
        When it cannot be read.
    """
    return iter(_lines(*_stamped(path))[0])


def crs_of_places(path: Path) -> str:
    """Return the CRS that a file of places says, as WKT, empty where it says none.

    Raises
    ------
    LabelError
        When it cannot be read.
    """
    return _lines(*_stamped(path))[1]


def _stamped(path: Path) -> tuple[Path, int, int]:
    try:
        state = path.stat()
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    return path.absolute(), state.st_mtime_ns, state.st_size


@lru_cache(maxsize=4)
def _lines(path: Path, modified: int, size: int) -> tuple[tuple[tuple[int, str], ...], str]:
    try:
        found = rows(path)
    except vector.VectorError as error:
        raise LabelError(error.what, error.way_out, path=error.path) from error
    kept = [k for k, name in enumerate(found.names) if (is_ := meaning(name)) is None or is_.role not in _OF_PLACES]
    names = [found.names[k] for k in kept]
    along = _along(found) if found.lines and not any((is_ := meaning(n)) and is_.role == "md" for n in names) else None
    unit = _unit(found.crs)
    heads = [
        *names,
        *(["MD" + unit] if along is not None else []),
        "X",
        "Y",
        *(["Z" + unit] * (found.xyz.shape[1] - 2)),
    ]
    made = [(1, "\t".join(map(_cell, heads)))]
    for number, (values, at) in enumerate(found):
        cells = [values[k] for k in kept]
        numbers = [*([along[number]] if along is not None else []), *at]
        cells += ["" if np.isnan(one) else f"{one:.{_DIGITS}g}" for one in numbers]
        made.append((number + 2, "\t".join(map(_cell, cells))))
    return tuple(made), "" if found.crs is None else str(found.crs.to_wkt())


def _cell(text: str) -> str:
    """A cell on one line; no row begins as a comment does."""
    plain = " ".join(text.split())
    return quoted(plain, always=plain[:1] in "#!/-" and plain[:1] != "" and not plain[1:2].isdigit())


def _along(found: Rows) -> NDArray[np.float64] | None:
    """How far each corner is along its line; None where the coordinates are no lengths."""
    if found.crs is not None and found.crs.is_geographic:
        return None
    steps = np.linalg.norm(np.diff(found.xyz, axis=0, prepend=found.xyz[:1]), axis=1)
    begins = np.diff(found.shape, prepend=-1) != 0
    steps[begins] = 0.0
    total = np.cumsum(steps)
    # Each line begins at zero.
    return np.asarray(total - np.repeat(total[begins], np.diff(np.append(np.flatnonzero(begins), len(total)))))


def _unit(crs: CRS | None) -> str:
    """The unit of lengths, as a heading says it; empty where nothing tells it."""
    if crs is None or not crs.is_projected:
        return ""
    _, factor = crs.linear_units_factor
    return " (m)" if abs(factor - 1) < 1e-9 else " (ft)" if abs(factor - 0.3048) < 1e-5 else ""
