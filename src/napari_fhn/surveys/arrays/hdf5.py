"""Arrays in HDF5 files, which are also what MATLAB 7.3 writes; read slice by slice."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import CachingFileManager

from napari_fhn.surveys import reaching
from napari_fhn.surveys.arrays import hdf5_look, matlab_cells, prisma
from napari_fhn.surveys.arrays.members import Member, open_member
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Box, LazyArray, Reordered, one_line
from napari_fhn.surveys.looking import looked_through

SUFFIXES = (".h5", ".hdf5", ".he5")
SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: The signature stands at the beginning, or behind a block of the user's of one of these lengths.
USER_BLOCKS = (0, 512, 1024, 2048)
#: Arrays looked at in one file.
MAX_MEMBERS = 4096


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
    follow: bool = False,
) -> xr.DataArray:
    """Open an array of an HDF5 file lazily.

    Parameters
    ----------
    path : Path
        The file.
    axes : sequence of str, optional
        What its axes are, such as ``("y", "x", "band")``; else the names of its dimension scales, or what
        other arrays in the file tell. Products of PRISMA need none: both spectrometers make one cube.
    variable : str, optional
        Path of the array in the file, such as ``"scene/reflectance"``.
    wavelength_units : str, optional
        Of wavelengths that come without units.
    follow : bool
        Whether values may come from files outside its folder, where it names such.

    Raises
    ------
    AmbiguousAxes
        When several arrays can be the survey, or nothing tells what its axes are.
    SurveyError
        When it is damaged or holds no array of real numbers.
    """
    path = Path(path)
    found = members(path, follow=follow)
    if variable is None and axes is None and prisma.cubes(found):
        return prisma.open_cubes(path, found, wavelength_units)
    return open_member(
        path,
        found,
        format="HDF5",
        variable=variable,
        axes=axes,
        wavelength_units=wavelength_units,
    )


def members(path: Path, *, matlab: bool = False, follow: bool = False) -> dict[str, Member]:
    """List the arrays of numbers in an HDF5 file.

    Parameters
    ----------
    path : Path
        The file.
    matlab : bool
        Turn the axes around, as MATLAB stores them the other way round, and leave out what is no array there.
    follow : bool
        Whether values may come from files outside its folder.

    Raises
    ------
    SurveyError
        When HDF5's library cannot read it, or should not (see `look_through`).
    """
    # Here and not above: a session without such files should not wait for the library.
    import h5py

    found: dict[str, Member] = {}
    lists: set[str] = set()

    def visit(name: str, item: Any) -> bool | None:
        if not isinstance(item, h5py.Dataset) or name.startswith("#"):
            return None
        if matlab and matlab_cells.is_list(item):
            for called, one in matlab_cells.entries(item, name, lists):
                add(called, one)
        else:
            add(name, item)
        return True if len(found) >= MAX_MEMBERS else None

    def add(name: str, item: Any) -> None:
        if item.dtype.kind not in "biufc" or not item.shape or len(found) >= MAX_MEMBERS:
            return
        if matlab and matlab_cells.class_of(item) in ("char", "cell", "struct", "function_handle"):
            return
        if "MATLAB_empty" in item.attrs:
            return
        step = -1 if matlab else 1
        dims = () if matlab else tuple(dimension_names(item))
        # MATLAB's logical is stored as bytes.
        logical = matlab and "MATLAB_int_decode" in item.attrs
        dtype = np.dtype(bool) if logical else item.dtype.newbyteorder("=")
        # What is put together from other arrays has no bytes of its own.
        written = item.is_virtual or bool(item.id.get_storage_size())
        loader = _Loader(path, item.name.lstrip("/"), item.shape, dtype, matlab, written)
        found[name] = Member(item.shape[::step], dtype, loader, _text(item.attrs.get("units", "")), dims)

    look_through(path, follow)
    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except Exception as error:
        raise SurveyError(path, *map(one_line, hdf5_look.why(error))) from error
    return found


def look_through(path: Path, follow: bool = False) -> None:
    """Let another process look through a file first: in some damaged ones HDF5's library ends the program or loops.

    Every object, every attribute and one value of each array is read there, and all must be readable as far as that.

    Parameters
    ----------
    path : Path
        The file.
    follow : bool
        Whether its values may come from files outside its folder.

    Raises
    ------
    ReachesOut
        When they do, and nobody has said that they may.
    SurveyError
        When that process crashed, did not end in time, or found pieces that unpack to more than there is.
    """
    status = path.stat()
    outside, large = _looked_through(path.absolute(), status.st_size, status.st_mtime_ns)
    if large:
        raise SurveyError(path, f"its array {large[0]}, and is not unpacked", "Save it again in smaller pieces")
    # The library looks beside the file, or where the program was started.
    places = (path.parent, Path.cwd())
    reaching.check(path, [one for one in outside if any(reaching.is_outside(one, place) and (place == path.parent
                          or (place / one).exists()) for place in places)], follow)  # fmt: skip


@lru_cache(maxsize=32)
def _looked_through(path: Path, size: int, changed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which files it takes values from, and what is wrong with pieces of its arrays."""
    said = looked_through(path, hdf5_look.__file__, (str(MAX_MEMBERS),), "HDF5")
    if said is None:
        return _of_look(path, lambda: hdf5_look.answer(str(path), MAX_MEMBERS))
    return _of_look(path, lambda: json.loads(said))


def _of_look(path: Path, look: Callable[[], Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a look found. Without an answer nobody knows what the file takes from elsewhere: it is refused."""
    try:
        found = look()
        if "refused" in found:
            what, way_out = map(one_line, found["refused"])
        else:
            return tuple(map(str, found["outside"])), tuple(map(str, found["large"]))
    except Exception as error:
        way_out = "Try again; where it stays so it seems to be damaged: copy it again"
        raise SurveyError(path, "HDF5 cannot read all of it", way_out) from error
    raise SurveyError(path, what, way_out)


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
