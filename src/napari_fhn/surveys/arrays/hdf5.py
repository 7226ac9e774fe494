"""Arrays in HDF5 files, which are also what MATLAB 7.3 writes; read slice by slice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import CachingFileManager

from napari_fhn.surveys.arrays.members import Member, open_member
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Box, LazyArray, Reordered, one_line

SUFFIXES = (".h5", ".hdf5")
SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: The signature stands at the beginning, or behind a block of the user's of one of these lengths.
USER_BLOCKS = (0, 512, 1024, 2048)
#: Arrays looked at in one file.
MAX_MEMBERS = 4096
#: Seconds that a look through a file may take.
TIMEOUT = 10
# Nobody stops the look when this process has been killed, and the library may hold Python's lock for ever: a thread of
# faulthandler's, which needs no lock, ends it then.
_END = """
import faulthandler, sys
faulthandler.dump_traceback_later(float(sys.argv[3]), exit=True)
"""
_LOOK = """
import sys
from contextlib import suppress
import h5py
left = int(sys.argv[2])
def look(name, item):
    global left
    left -= 1
    with suppress(Exception):
        for key in item.attrs:
            with suppress(Exception):
                item.attrs[key]
    if isinstance(item, h5py.Dataset):
        with suppress(Exception):
            item[(0,) * item.ndim]
    return None if left > 0 else True
with h5py.File(sys.argv[1], "r") as file:
    look("", file)
    file.visititems(look)
"""


def can_open(path: Path) -> bool:
    """Say whether a path is HDF5 by its first bytes."""
    return path.suffix.lower() in SUFFIXES and has_signature(path)


def has_signature(path: Path) -> bool:
    """Say whether HDF5's signature stands where it may stand."""
    with path.open("rb") as file:
        for place in USER_BLOCKS:
            file.seek(place)
            if file.read(8) == SIGNATURE:
                return True
    return False


def open(
    path: Path,
    *,
    axes: Sequence[str] | None = None,
    variable: str | None = None,
    wavelength_units: str | None = None,
) -> xr.DataArray:
    """Open an array of an HDF5 file lazily.

    Parameters
    ----------
    path : Path
        The file.
    axes : sequence of str, optional
        What its axes are, such as ``("y", "x", "band")``; else the names of its dimension scales, or what
        other arrays in the file tell.
    variable : str, optional
        Path of the array in the file, such as ``"scene/reflectance"``.
    wavelength_units : str, optional
        Of wavelengths that come without units.

    Raises
    ------
    AmbiguousAxes
        When several arrays can be the survey, or nothing tells what its axes are.
    SurveyError
        When it is damaged or holds no array of real numbers.
    """
    path = Path(path)
    return open_member(
        path, members(path), format="HDF5", variable=variable, axes=axes, wavelength_units=wavelength_units
    )


def members(path: Path, *, matlab: bool = False) -> dict[str, Member]:
    """List the arrays of numbers in an HDF5 file.

    Parameters
    ----------
    path : Path
        The file.
    matlab : bool
        Turn the axes around, as MATLAB stores them the other way round, and leave out what is no array there.

    Raises
    ------
    SurveyError
        When HDF5's library cannot read it, or should not (see `check_whole`).
    """
    # Here and not above: a session without such files should not wait for the library.
    import h5py

    found: dict[str, Member] = {}

    def visit(name: str, item: Any) -> bool | None:
        if not isinstance(item, h5py.Dataset) or name.startswith("#"):
            return None
        if item.dtype.kind not in "biufc" or not item.shape:
            return None
        if matlab and _text(item.attrs.get("MATLAB_class", b"")) in ("char", "cell", "struct", "function_handle"):
            return None
        if "MATLAB_empty" in item.attrs:
            return None
        step = -1 if matlab else 1
        dims = () if matlab else tuple(dimension_names(item))
        # MATLAB's logical is stored as bytes.
        logical = matlab and "MATLAB_int_decode" in item.attrs
        dtype = np.dtype(bool) if logical else item.dtype.newbyteorder("=")
        written = bool(item.id.get_storage_size())
        loader = _Loader(path, name, item.shape, dtype, matlab, written)
        found[name] = Member(item.shape[::step], dtype, loader, _text(item.attrs.get("units", "")), dims)
        return True if len(found) >= MAX_MEMBERS else None

    check_whole(path)
    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except Exception as error:
        # h5py raises what the C library's error fits best: OSError, KeyError, RuntimeError, ValueError, TypeError...
        raise SurveyError(path, f"HDF5 cannot read it ({one_line(error)})", "Copy it again") from error
    return found


def check_whole(path: Path) -> None:
    """Let another process look through a file first: in some damaged ones HDF5's library ends the program or loops.

    Every object, every attribute and one value of each array is read there. What it raises in good order is left
    to the reader.

    Raises
    ------
    SurveyError
        When that process crashed, or did not end in time.
    """
    status = path.stat()
    _check_whole(path.absolute(), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=32)
def _check_whole(path: Path, size: int, changed: int) -> None:
    try:
        ended = subprocess.run(
            [sys.executable, "-I", "-c", _END + _LOOK, str(path), str(MAX_MEMBERS), str(TIMEOUT + 1)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        what = f"HDF5's library came to no end in {size} bytes within {TIMEOUT} seconds"
        raise SurveyError(path, what, "It seems to be damaged: copy it again") from error
    except OSError:
        # No interpreter to start (an application that brings its own): then it is opened without a look.
        return
    if ended.returncode < 0 or ended.returncode >= 2**31:
        raise SurveyError(path, "HDF5's library breaks down in it", "It seems to be damaged: copy it again")


def dimension_names(item: Any) -> list[str]:
    """Names of an HDF5 dataset's axes: their labels, or those of the scales attached to them; maybe empty."""
    # From the attributes: the library's own functions for scales loop for ever in some damaged files.
    names = [_text(one) for one in np.ravel(item.attrs.get("DIMENSION_LABELS", []))]
    names = names if len(names) == item.ndim else [""] * item.ndim
    scales = np.ravel(item.attrs.get("DIMENSION_LIST", []))
    for k in range(item.ndim if len(scales) == item.ndim else 0):
        if not names[k] and len(scales[k]):
            names[k] = str(item.file[scales[k][0]].name).rpartition("/")[2]
    return names


class _Loader:
    def __init__(
        self, path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], turned: bool, written: bool
    ) -> None:
        self.path, self.name, self.shape, self.dtype = path, name, shape, dtype
        self.turned, self.written = turned, written

    def __call__(self) -> xr.Variable:
        if not self.written:
            size = " x ".join(map(str, self.shape))
            raise SurveyError(self.path, f"its array '{self.name}' ({size}) was never written", "Save it again")
        axes = range(len(self.shape))
        values = HdfValues(self.path, self.name, self.shape, self.dtype).variable([f"d{k}" for k in axes])
        if not self.turned:
            return values
        return Reordered(self.path, values, tuple(axes)[::-1]).variable([f"d{k}" for k in axes])


class HdfValues(LazyArray):
    """One array of an HDF5 file, as it is stored there.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Path of the array in it.
    shape, dtype
        Of the array.
    """

    def __init__(self, path: Path, name: str, shape: Sequence[int], dtype: np.dtype[Any]) -> None:
        import h5py

        self.name = name
        # xarray's file manager closes the least recently used of many files, and survives pickling.
        self._manager = CachingFileManager(h5py.File, str(path), mode="r")
        super().__init__(path, shape, dtype)

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box."""
        return np.asarray(self._manager.acquire()[self.name][box])


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""
