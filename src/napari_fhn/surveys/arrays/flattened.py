"""Cubes stored as a table of bands x pixels: what their rows and columns are is asked, or told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from napari_fhn.sentence import counted
from napari_fhn.surveys.arrays.members import Member, is_wavelengths
from napari_fhn.surveys.axes import AmbiguousAxes, ReadingChoice
from napari_fhn.surveys.errors import SurveyError

#: Pixels one column after the other, as MATLAB unrolls an image, or one row after the other.
Pixels = Literal["down", "along"]

_ROWS = re.compile(r"(.*/)?(n_?|num_?)?(rows?|lines?|height|ny)", re.IGNORECASE)
_COLUMNS = re.compile(r"(.*/)?(n_?|num_?)?(col(umn)?s?|samples?|width|nx)", re.IGNORECASE)
#: A map is not so many times longer than wide.
_LONG = 20
#: Pairs of rows and columns that are offered.
_OFFERED = 8


def pixel_axis(name: str, members: Mapping[str, Member]) -> tuple[int, tuple[int, int] | None] | None:
    """Say which axis of a table holds pixels, and the rows and columns that the file gives.

    Parameters
    ----------
    name : str
        Of the table.
    members : mapping
        All arrays of the file.

    Returns
    -------
    axis : int
        0 or 1.
    size : (int, int) or None
        Rows and columns, where the file has them.

    None for what is a map by all that the file says.
    """
    shape = members[name].shape
    if len(shape) != 2 or min(shape) < 2:
        return None
    said = _said(members)
    if said is not None:
        fitting = [k for k in (1, 0) if shape[k] == said[0] * said[1]]
        if fitting:
            return fitting[0], said
    bands = [k for k in (0, 1) if any(is_wavelengths(other, one, shape[k]) for other, one in members.items())]
    if len(bands) == 1 and _pairs(shape[1 - bands[0]]):
        return 1 - bands[0], None
    longer = int(shape[1] >= shape[0])
    if shape[longer] >= _LONG * shape[1 - longer] and _pairs(shape[longer]):
        return longer, None
    return None


def ask(path: Path, name: str, members: Mapping[str, Member]) -> None:
    """Ask for rows and columns where an array is a table of bands x pixels.

    Raises
    ------
    AmbiguousAxes
        With the pairs that fit, those that the file names first.
    """
    found = pixel_axis(name, members)
    if found is None:
        return
    axis, said = found
    shape = members[name].shape
    n = shape[axis]
    pairs = [said] if said is not None else []
    pairs += [pair for pair in _pairs(n) if pair not in pairs][: _OFFERED - len(pairs)]
    own: dict[str, Any] = {} if sum(len(one.lengths) > 1 for one in members.values()) == 1 else {"variable": name}
    choices = [
        ReadingChoice(
            f"{rows} rows x {columns} columns with {counted(shape[1 - axis], 'bands')}, pixels {words}",
            {**own, "rows": rows, "pixels": pixels},
        )
        for rows, columns in pairs
        for pixels, words in (("down", "column after column"), ("along", "row after row"))
    ]
    choices.append(ReadingChoice(f"a map of {shape[0]} rows x {shape[1]} columns", {**own, "axes": ("y", "x")}))
    what = f"'{name}' ({shape[0]} x {shape[1]}) may be {counted(shape[1 - axis], 'bands')} of {counted(n, 'pixels')}"
    raise AmbiguousAxes(path, f"{what}, whose rows and columns nothing tells for sure", choices)


def unrolled(path: Path, name: str, members: Mapping[str, Member], rows: int, pixels: str) -> Member:
    """Return a table of bands x pixels as a cube ``(row, column, band)``.

    Raises
    ------
    SurveyError
        When it is no table, or its pixels make no such rows.
    """
    if pixels not in get_args(Pixels):
        raise SurveyError(
            path, f"pixels={pixels!r} is no order of pixels", "Say 'down' (the columns) or 'along' (the rows)"
        )
    table = members[name]
    if len(table.shape) != 2:
        raise SurveyError(
            path, f"'{name}' has {counted(len(table.shape), 'axes')} and is no table of pixels", "Leave rows out"
        )
    found = pixel_axis(name, members)
    longer = int(table.shape[1] >= table.shape[0])
    axis = found[0] if found is not None else longer
    n = table.shape[axis]
    if rows < 1 or n % rows:
        raise SurveyError(
            path,
            f"the {counted(n, 'pixels')} of '{name}' do not make {counted(rows, 'rows')}",
            "Give a number that divides them",
        )
    shape = (rows, n // rows, table.shape[1 - axis])

    def load() -> NDArray[Any]:
        values = np.asarray(table.load()[...])
        values = values if axis == 0 else values.T
        if pixels == "down":
            return values.reshape(shape[1], shape[0], shape[2]).transpose(1, 0, 2)
        return values.reshape(shape)

    return Member(shape, table.dtype, load, table.units)


def _said(members: Mapping[str, Member]) -> tuple[int, int] | None:
    """Rows and columns, where exactly one number of the file is called each."""
    size = []
    for pattern in (_ROWS, _COLUMNS):
        found = [one for name, one in members.items() if pattern.fullmatch(name) and int(np.prod(one.shape)) == 1]
        if len(found) != 1:
            return None
        value = float(np.asarray(found[0].load()[...]).ravel()[0])
        if not (value.is_integer() and value > 0):
            return None
        size.append(int(value))
    return size[0], size[1]


def _pairs(n: int) -> list[tuple[int, int]]:
    """Rows and columns that make a number of pixels, the squarer ones first."""
    found = [k for k in range(2, int(n**0.5) + 1) if n % k == 0]
    return [pair for k in reversed(found) for pair in dict.fromkeys(((k, n // k), (n // k, k)))]
