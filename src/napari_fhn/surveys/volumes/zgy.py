"""ZGY, the volumes of Petrel: read by OpenZGY (the package pyzgy), bricks as they are looked at."""

from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.assemble import check_values
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.extras import library
from napari_fhn.surveys.lazy import Box, LazyArray, one_line
from napari_fhn.surveys.volumes.volume import Vertical, geometry_of, labelled, said_unit, vertical_axis

SUFFIXES = (".zgy",)
_MAGIC = b"VBS\0"
_KIND = "a ZGY file"
#: Integers whose lowest and highest stand for themselves are kept as they are: classes among them.
_WHOLE = {"int8": (-128.0, 127.0), "int16": (-32768.0, 32767.0)}
_FOOT = 0.3048


def can_open(path: Path) -> bool:
    """Say whether a path is ZGY by its first bytes; the library is not asked."""
    with path.open("rb") as file:
        return file.read(4) == _MAGIC


def open(path: Path, *, vertical: Vertical | None = None) -> xr.DataArray:
    """Open a ZGY file lazily.

    Parameters
    ----------
    path : Path
        The file.
    vertical : {"twt", "depth"}, optional
        What the vertical axis is, in milliseconds or metres, where the file does not say it, or not rightly.

    Returns
    -------
    xarray.DataArray
        ``(inline, crossline, twt)``, or ``depth`` or ``sample`` last, numbers ascending; float32, or the integers of a
        file that stands for whole numbers. ``attrs["geometry"]`` from the corners that the file has.

    Raises
    ------
    SurveyError
        When it is damaged, or the package pyzgy is not installed.
    """
    path = Path(path)
    reader = _reader(path)
    try:
        return _labelled(path, reader, vertical)
    except SurveyError:
        raise
    except Exception as error:
        # A header that is damaged goes wrong anywhere in the library.
        raise _damaged(path, error) from error


class ZgyValues(LazyArray):
    """The samples of a ZGY file.

    Parameters
    ----------
    path : Path
        The file.
    shape : tuple of int
        Inlines, crosslines and samples.
    dtype : dtype
        float32, or that of the file.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: Any) -> None:
        super().__init__(path, shape, dtype)
        self._held: tuple[int, Any] | None = None
        self._lock = threading.Lock()

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box, brick by brick."""
        steps = tuple(slice(None, None, part.step) for part in box)
        out = np.zeros([part.stop - part.start for part in box], self.dtype)
        with self._lock:
            # A process that was copied from another shares the place in its files.
            if self._held is None or self._held[0] != os.getpid():
                self._held = os.getpid(), _reader(self.path)
            self._held[1].read(tuple(part.start for part in box), out, zeroed_data=True)
        return out[steps]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_held", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _held=None, _lock=threading.Lock())


def _reader(path: Path) -> Any:
    api = library(path, "openzgy.api", "zgy", _KIND)
    try:
        with warnings.catch_warnings(action="ignore"):
            return api.ZgyReader(str(path.absolute()))
    except Exception as error:
        # It raises what struct, numpy and its own code raise.
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> SurveyError:
    what = f"it cannot be read as ZGY ({type(error).__name__}: {one_line(error)})"
    return SurveyError(path, what, "It seems to be damaged: copy or export it again")


def _labelled(path: Path, reader: Any, vertical: Vertical | None) -> xr.DataArray:
    shape = tuple(int(n) for n in reader.size)
    kind = str(reader.datatype.name)
    stored = {"float": "float32"}.get(kind, kind)
    whole = tuple(float(end) for end in reader.datarange) == _WHOLE.get(stored)
    check_values(path, np.dtype(stored), shape)
    values = ZgyValues(path, shape, stored if whole else np.float32)
    (inline, crossline), (inline_step, crossline_step) = (
        tuple(float(number) for number in pair) for pair in (reader.annotstart, reader.annotinc)
    )
    notes = []
    if (inline_step == 0 and shape[0] > 1) or (crossline_step == 0 and shape[1] > 1):
        inline, crossline, inline_step, crossline_step = 1.0, 1.0, 1.0, 1.0
        notes.append("The file numbers no inlines and crosslines; they are counted from 1.")
    unit = {"time": _time_unit, "length": _length_unit}.get(reader.zunitdim.name, _no_unit)(
        str(reader.zunitname), float(reader.zunitfactor)
    )
    last, down, said = vertical_axis(float(reader.zstart), float(reader.zinc), shape[2], unit, vertical)
    numbers = (inline, inline_step), (crossline, crossline_step)
    feet = abs(float(reader.hunitfactor) - _FOOT) < 1e-3 or said_unit(str(reader.hunitname)) in ("ft", "ussft")
    if reader.hunitdim.name == "arcangle":
        geometry, placed = None, ["Its coordinates are angles, which give the volume no place on a map."]
    else:
        geometry, placed = geometry_of(numbers, list(reader.corners)[:3], shape, "ft" if feet else "m")
    coords = {
        "inline": ("inline", inline + inline_step * np.arange(shape[0]), {"long_name": "inline number"}),
        "crossline": ("crossline", crossline + crossline_step * np.arange(shape[1]), {"long_name": "crossline number"}),
        last: down,
    }
    attrs = {"geometry": geometry, "read_as": {} if vertical is None else {"vertical": vertical}}
    return labelled(
        path, values.variable(("inline", "crossline", last)), coords, format=f"ZGY, {stored}",
        notes=[*notes, *said, *placed], attrs=attrs,
    )  # fmt: skip


def _time_unit(name: str, factor: float) -> str:
    """The unit of times, by its name or by what makes seconds of it."""
    known = said_unit(name)
    return known or next((unit for unit, seconds in (("ms", 1e-3), ("s", 1.0), ("us", 1e-6)) if factor == seconds), "")


def _length_unit(name: str, factor: float) -> str:
    """The unit of depths, by its name or by what makes metres of it."""
    return said_unit(name) or next((unit for unit, metres in (("m", 1.0), ("ft", _FOOT)) if factor == metres), "")


def _no_unit(name: str, factor: float) -> str:
    """A file that says no dimension may still name the unit."""
    return said_unit(name)
