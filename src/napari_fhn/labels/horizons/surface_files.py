"""Surfaces as interpretation systems write them: Irap classic, ZMap, CPS-3, and grids that GDAL reads.

A reader is a function of the path, and an entry of `FORMATS` with what its files begin with.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.horizons.surface_grids import SurfaceGrid
from napari_fhn.labels.tables.text import encoding_of, lines, look
from napari_fhn.sentence import counted

#: More nodes than this have no place in memory beside a survey.
MOST_NODES = 100_000_000
#: Lengths of the records before the values of a binary Irap classic grid.
_IRAP_RECORDS = (32, 16, 28)
#: Bytes in which the kind of a file shows.
_HEAD = 8192


def read_surface(path: str | Path) -> SurfaceGrid | None:
    """Read a surface on a grid.

    Parameters
    ----------
    path : str or Path
        Irap classic (ASCII or binary), ZMap+, CPS-3 (ASCII), an ESRI or Surfer grid, or a GeoTIFF.

    Returns
    -------
    SurfaceGrid or None
        None for a file that is none of these, which may hold picks.

    Raises
    ------
    LabelError
        When it is missing, damaged, or not whole.
    """
    path = Path(path)
    found = _format(path)
    return None if found is None else found.read(path)


def is_surface(path: Path) -> bool:
    """Whether a file begins as one of the grids that `read_surface` reads."""
    return _format(path) is not None


def surface_words(path: Path) -> str:
    """Say which grid a file is: "a ZMap grid"; nothing for another file."""
    found = _format(path)
    return "" if found is None else found.called


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes
    ----------
    called : str
        What it is called.
    begins : re.Pattern
        What its first bytes match, behind comments.
    read : callable
        Reads such a file.
    """

    called: str
    begins: re.Pattern[bytes]
    read: Callable[[Path], SurfaceGrid]


def _format(path: Path) -> Format | None:
    look(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    # Empty lines and comments come first in text files.
    bare = re.sub(rb"\A(?:\xef\xbb\xbf)?(?:[ \t]*(?:[!#][^\n]*)?\r?\n)*[ \t]*", b"", head)
    return next((one for one in FORMATS if one.begins.match(bare) or one.begins.match(head)), None)


def _irap(path: Path) -> SurfaceGrid:
    """Read Irap classic, whose grids turn about a point of their own."""
    import surfio

    with path.open("rb") as file:
        text = file.read(4) == b"-996"
    wrong = _odd_irap_text(path) if text else _odd_irap_records(path)
    if wrong:
        raise LabelError(
            f"it begins as an Irap classic grid, and {wrong}", "Copy it again, or export it again", path=path
        )
    read = surfio.IrapSurface.from_ascii_file if text else surfio.IrapSurface.from_binary_file
    try:
        found = read(path)
    except (ValueError, RuntimeError, OSError, IndexError, OverflowError, MemoryError, TypeError) as error:
        why = " ".join(str(error).split())[:160]
        what = f"it begins as an Irap classic grid and cannot be read ({why})"
        raise LabelError(what, "Export it again", path=path) from error
    head = found.header
    turn = math.radians(head.rot)
    along, across = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
    dx, dy = head.xori - head.xrot, head.yori - head.yrot
    origin = (
        head.xrot + dx * along[0] + dy * across[0],
        head.yrot + dx * along[1] + dy * across[1],
    )
    return SurfaceGrid(
        path,
        "an Irap classic grid",
        np.asarray(found.values, dtype=np.float64),
        origin,
        (head.xinc * along[0], head.xinc * along[1]),
        (head.yinc * across[0], head.yinc * across[1]),
    )


def _odd_irap_text(path: Path) -> str:
    """Say what is wrong with the numbers of nodes in the header of Irap classic; nothing where nothing is."""
    with path.open("rb") as file:
        words = file.read(_HEAD).split()
    try:
        return _odd_count(int(words[8]), int(words[1]), path.stat().st_size // 2 + 1)
    except (IndexError, ValueError):
        return "its header is not whole"


def _odd_irap_records(path: Path) -> str:
    """Say what is wrong with the records of a binary Irap classic grid; nothing where nothing is.

    Each has its length before and behind it. The library believes those of the values, and would write what goes
    beyond the nodes of the header somewhere else.
    """
    size = path.stat().st_size
    values = 0
    with path.open("rb") as file:
        for k in itertools.count():
            begin = file.read(4)
            if not begin and k > len(_IRAP_RECORDS):
                break
            length = int.from_bytes(begin, "big") if len(begin) == 4 else size
            if k < len(_IRAP_RECORDS) and length != _IRAP_RECORDS[k]:
                return f"its record {k + 1} has not the length that it must have"
            head = file.read(8) if k < 2 else b""
            if length % 4 or file.tell() - len(head) + length + 4 > size:
                return f"its record {k + 1} is cut off"
            file.seek(length - len(head), 1)
            if file.read(4) != begin:
                return f"its record {k + 1} does not end as it begins"
            if k == 0:
                rows = int.from_bytes(head[4:], "big", signed=True)
            elif k == 1:
                columns = int.from_bytes(head[:4], "big", signed=True)
            elif k >= len(_IRAP_RECORDS):
                values += length // 4
    wrong = _odd_count(columns, rows, values)
    return wrong or (
        ""
        if values == rows * columns
        else f"it holds {counted(values, 'values')} for {counted(rows * columns, 'nodes')}"
    )


def _odd_count(columns: int, rows: int, most: int) -> str:
    if rows < 1 or columns < 1 or rows * columns > min(most, MOST_NODES):
        return f"its header promises {columns:,} x {rows:,} nodes, and there is no room for them"
    return ""


def _zmap(path: Path) -> SurfaceGrid:
    """Read ZMap+: a header between two @, then the columns from west to east, each from north to south."""
    head: list[list[str]] = []
    text = lines(path, encoding_of(path))
    for number, line in text:
        bare = line.strip()
        if not bare or bare.startswith("!"):
            continue
        if bare.startswith("@") and head:
            break
        head.append([part.strip() for part in bare.lstrip("@").split(",")])
        if len(head) > 20:
            what = "the header of its ZMap grid does not end with @"
            raise LabelError(what, "Export it again", path=path, line=number)
    try:
        if "GRID" not in (part.upper() for part in head[0]):
            raise LabelError("it is a ZMap file and holds no grid", "Export a grid", path=path)
        width, nothing, start = int(float(head[1][0])), _null(head[1]), int(float(head[1][4] or 1))
        rows, columns = int(float(head[2][0])), int(float(head[2][1]))
        limits = tuple(_number(part) for part in head[2][2:6])
        if len(limits) < 4:
            raise ValueError
    except LabelError:
        raise
    except (IndexError, ValueError, OverflowError) as error:
        raise LabelError("the header of its ZMap grid is not whole", "Export it again", path=path) from error

    def cells(line: str) -> list[str]:
        parts = line.split()
        if all(len(part) <= width and _NUMBER.fullmatch(part) for part in parts):
            return parts
        # Values that fill their fields run on into each other.
        body = line[max(start - 1, 0) :].rstrip()
        return [body[k : k + width].strip() or "nan" for k in range(0, len(body), width)]

    values = _values(path, text, rows, columns, cells)
    return _north_up(path, "a ZMap grid", values, limits, nothing)


def _cps3(path: Path) -> SurfaceGrid:
    """Read CPS-3: lines of keywords, then the columns from west to east, each from north to south."""
    said: dict[str, list[str]] = {}
    text = lines(path, encoding_of(path))
    for _, line in text:
        bare = line.strip()
        if bare.startswith("->"):
            break
        if bare and not bare.startswith(("!", "#")):
            word, *rest = bare.split()
            said.setdefault(word.upper(), rest)
    try:
        rows, columns = (int(part) for part in said["FSNROW"][:2])
        limits = tuple(_number(part) for part in said["FSLIMI"][:4])
        nothing = _number(said["FSASCI"][4]) if len(said["FSASCI"]) > 4 else math.nan
        if len(limits) < 4:
            raise ValueError
    except (KeyError, IndexError, ValueError) as error:
        what = "the header of its CPS-3 grid is not whole; FSASCI, FSLIMI and FSNROW belong to it"
        raise LabelError(what, "Export it again", path=path) from error
    values = _values(path, text, rows, columns, str.split)
    return _north_up(path, "a CPS-3 grid", values, limits, nothing)


def _raster(path: Path, *, kind: str, suffixes: tuple[str, ...]) -> SurfaceGrid:
    """Read a grid that GDAL reads, through the same door as a map."""
    if path.suffix.lower() not in suffixes:
        raise LabelError(f"it is {kind} by its first bytes", f"Name it {' or '.join(suffixes)}", path=path)
    from napari_fhn import surveys
    from napari_fhn.labels.map_coordinates import map_crs, map_transform
    from napari_fhn.surveys import SurveyError
    from napari_fhn.surveys.lazy import physical

    try:
        found = surveys.open(path)
        if "band" in found.dims:
            if found.sizes["band"] > 1:
                what = f"it has {found.sizes['band']} bands, and a horizon is one"
                raise LabelError(what, "Save the one of the horizon", path=path)
            found = found[0]
        if found.dims != ("y", "x"):
            raise LabelError("it is no map of a surface", "Use a grid of depths or times", path=path)
        if found.size > MOST_NODES:
            raise LabelError(
                f"it has {counted(found.size, 'nodes')}", f"Use a grid of {MOST_NODES:,} at most", path=path
            )
        values = np.asarray(physical(found), dtype=np.float64).T
    except SurveyError as error:
        raise LabelError(error.what, error.way_out, path=path) from error
    transform = map_transform(found)
    return SurfaceGrid(
        path,
        kind,
        values,
        (float(transform[0, 2]), float(transform[1, 2])),
        (float(transform[0, 0]), float(transform[1, 0])),
        (float(transform[0, 1]), float(transform[1, 1])),
        map_crs(found),
    )


_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d{1,3})?|nan", re.IGNORECASE)


def _number(text: str) -> float:
    """A number as Fortran writes them."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text.lower().replace("d", "e"))


def _null(said: list[str]) -> float:
    """The value that means nothing, in the one field of two that says it."""
    return next((_number(part) for part in said[1:3] if _NUMBER.fullmatch(part)), math.nan)


def _values(
    path: Path, text: Iterator[tuple[int, str]], rows: int, columns: int, cells: Callable[[str], list[str]]
) -> NDArray[np.float64]:
    """Read the values of all nodes, shape (column, row) as they come."""
    count = rows * columns
    if rows < 1 or columns < 1 or count > MOST_NODES or 2 * count > path.stat().st_size + 2:
        what = f"its header promises {columns:,} x {rows:,} nodes, and the file has {path.stat().st_size:,} bytes"
        raise LabelError(what, "Copy it again, or export it again", path=path)
    values: NDArray[np.float64] = np.empty(count)
    filled = 0
    for number, line in text:
        if line.lstrip().startswith("!"):
            continue
        try:
            part = [_number(cell) for cell in cells(line)]
        except ValueError as error:
            raise LabelError(f"it says '{str(error)[:30]}', which is no number", "Correct it", path=path, line=number) \
                from error  # fmt: skip
        if filled + len(part) > count:
            what = f"it goes on after the {counted(count, 'nodes')} that its header names"
            raise LabelError(what, "Export it again", path=path, line=number)
        values[filled : filled + len(part)] = part
        filled += len(part)
    if filled < count:
        what = f"it ends after {filled:,} of the {counted(count, 'nodes')} that its header names"
        raise LabelError(what, "Copy it again, or export it again", path=path)
    return values.reshape(columns, rows)


def _north_up(
    path: Path, kind: str, values: NDArray[np.float64], limits: tuple[float, ...], nothing: float
) -> SurfaceGrid:
    """Return a grid whose columns run from north to south, between the nodes at its limits."""
    columns, rows = values.shape
    left, right, bottom, top = limits
    if not (left < right or columns == 1) or not (bottom < top or rows == 1):
        what = f"{kind} from x {left:g} to {right:g} and y {bottom:g} to {top:g} is none"
        raise LabelError(what, "Export it again", path=path)
    # float32 in between rounds what stands for nothing.
    values = np.where(np.isclose(values, nothing, rtol=1e-6, atol=0), np.nan, values)
    dx, dy = (right - left) / max(columns - 1, 1) or 1.0, (bottom - top) / max(rows - 1, 1) or -1.0
    return SurfaceGrid(path, kind, values, (left, top), (dx, 0.0), (0.0, dy))


#: In the order in which they are asked.
FORMATS = (
    Format("an Irap classic grid", re.compile(rb"-996\s|\x00\x00\x00\x20\xff\xff\xfc\x1c"), _irap),
    Format("a ZMap grid", re.compile(rb"@[^\n]*(?:HEADER\s*,|,[^\n]*GRID)", re.IGNORECASE), _zmap),
    Format("a CPS-3 grid", re.compile(rb"FSASCI\b", re.IGNORECASE), _cps3),
    *(
        Format(called, re.compile(begins, re.IGNORECASE), partial(_raster, kind=called, suffixes=suffixes))
        for called, begins, suffixes in (
            ("a Surfer grid", rb"DSAA\s|DSBB|DSRB", (".grd",)),
            ("an ESRI ASCII grid", rb"ncols\s", (".asc",)),
            ("a TIFF", rb"II[*+]\x00|MM\x00[*+]", (".tif", ".tiff")),
        )
    ),
)
