"""MATLAB files: version 4; 5 (also 6 and 7) through scipy, read into memory; 7.3, which is HDF5, slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.arrays import flattened, hdf5, matlab_parts
from napari_fhn.surveys.arrays.flattened import Pixels
from napari_fhn.surveys.arrays.members import Member, open_member, survey_of
from napari_fhn.surveys.arrays.unpacking import check_whole
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.idle import IdleOption
from napari_fhn.surveys.lazy import one_line

SUFFIXES = (".mat",)
#: Largest array of version 5 that is read into memory.
MAX_LOADED = 4 * 2**30
_HEADER = 128
_COMPRESSED, _MATRIX = 15, 14
#: Deflate makes nothing smaller than this.
_MOST_DEFLATED = 1032
_TYPES = {
    "double": "f8", "single": "f4", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4",
    "uint32": "u4", "int64": "i8", "uint64": "u8", "logical": "?",
}  # fmt: skip


def can_open(path: Path) -> bool:
    """Say whether a path is a MATLAB file of version 4, 5 or 7.3 by its first bytes."""
    return path.suffix.lower() in SUFFIXES and _version(path) != ""


def open(
    path: Path,
    *,
    axes: Sequence[str] | None = None,
    variable: str | None = None,
    wavelength_units: str | None = None,
    rows: int | None = None,
    pixels: Pixels | None = None,
    follow: bool = False,
) -> xr.DataArray:
    """Open an array of a MATLAB file.

    Parameters
    ----------
    path : Path
        The file.
    axes : sequence of str, optional
        What its axes are, in the order of MATLAB's ``size``, such as ``("y", "x", "band")``.
    variable : str, optional
        Name of the array; in structs and cells ``"struct/field"``, ``"struct(2)/field"``, ``"cell{1}"``.
    wavelength_units : str, optional
        Of wavelengths in the file.
    rows : int, optional
        Of the image, where the array is a table of bands x pixels.
    pixels : {"down", "along"}, optional
        How its pixels follow each other: down the columns, as MATLAB unrolls an image, or along the rows. Down when
        absent.
    follow : bool
        Whether values may come from files outside its folder, where it names such (7.3).

    Returns
    -------
    xarray.DataArray
        Dims in the order of the project. Of version 7.3 lazy; version 5 is compressed as a whole, so the array
        is in memory.

    Raises
    ------
    AmbiguousAxes
        When several arrays can be the survey, or nothing tells what its axes are, or its rows and columns.
    SurveyError
        When it is damaged, cut short, too large to be read, or holds no array of real numbers.
    """
    path = Path(path)
    version = _version(path)
    if version == "7.3":
        found = hdf5.members(path, matlab=True, follow=follow)
    elif version == "5":
        _check_length(path)
        found = _members(path)
    else:
        earlier = matlab_parts.version_4(path) if version == "4" else None
        if earlier is None:
            raise SurveyError(path, "it does not begin as a MATLAB file does, or is cut short",
                              "Save it in MATLAB with -v7 or -v7.3")  # fmt: skip
        found = earlier
    if rows is not None:
        name = survey_of(path, found, variable)
        found = {**found, name: flattened.unrolled(path, name, found, rows, pixels or "down")}
        variable, axes = name, axes or ("y", "x", "band")
    elif axes is None:
        flattened.ask(path, survey_of(path, found, variable), found)
    if rows is None and pixels is not None:
        raise IdleOption(path, "pixels", "no rows= say that it is read as one")
    return open_member(
        path, found, format=f"MATLAB {version}", variable=variable, axes=axes, wavelength_units=wavelength_units
    )


def _version(path: Path) -> Literal["4", "5", "7.3", ""]:
    with path.open("rb") as file:
        head = file.read(_HEADER)
    if len(head) < _HEADER or head[126:128] not in (b"IM", b"MI") or not head.startswith(b"MATLAB"):
        # Other programs write HDF5 without MATLAB's text.
        return "7.3" if hdf5.has_signature(path) else "4" if matlab_parts.begins_as_version_4(head) else ""
    return "7.3" if head.startswith(b"MATLAB 7.3") and hdf5.has_signature(path) else "5"


def _order(path: Path) -> Literal["little", "big"]:
    with path.open("rb") as file:
        file.seek(126)
        return "little" if file.read(2) == b"IM" else "big"


def _check_length(path: Path) -> None:
    """Walk over the elements of a version 5 file by their lengths, reading nothing else."""
    size, order = path.stat().st_size, _order(path)
    with path.open("rb") as file:
        place = _HEADER
        while place < size:
            file.seek(place)
            tag = file.read(8)
            kind, length = int.from_bytes(tag[:4], order), int.from_bytes(tag[4:], order)
            end = place + 8 + length
            if len(tag) < 8 or end > size:
                raise SurveyError(path, f"the array at byte {place} goes on to byte {end}, but the file ends at {size}",
                                  "Copy it again")  # fmt: skip
            if kind not in (_COMPRESSED, _MATRIX):
                raise SurveyError(path, f"at byte {place} stands an element of kind {kind}, which is no array",
                                  "Save it again")  # fmt: skip
            place = end


def _members(path: Path) -> dict[str, Member]:
    # Here and not above: a session without such files should not wait for the library.
    from scipy.io import whosmat

    try:
        listed = whosmat(str(path), appendmat=False)
    except Exception as error:
        # scipy raises MatReadError, ValueError, TypeError, zlib.error and more, as the damage has it.
        raise SurveyError(path, f"scipy cannot read it ({one_line(error)})", "Save it again with -v7") from error
    size = path.stat().st_size
    found = {}
    for name, shape, kind in listed:
        if kind not in _TYPES:
            continue
        dtype = np.dtype(_TYPES[kind])
        n = int(np.prod(shape, dtype=object))
        # Whole numbers are stored in single bytes where they fit, whatever their class.
        if n > size * _MOST_DEFLATED:
            what = f"its array '{name}' promises {' x '.join(map(str, shape))} values, too many for {size} bytes"
            raise SurveyError(path, what, "Save it again")
        found[name] = Member(tuple(shape), dtype, _Loader(path, name, n * dtype.itemsize))
    if any(kind in ("struct", "cell", "object") for _, _, kind in listed):
        inner = matlab_parts.inside(path, _order(path))
        if found or any(len(one.lengths) > 1 for one in inner.values()):
            found |= {name: one for name, one in inner.items() if name not in found}
    if not found:
        kinds = ", ".join(f"{name} ({kind})" for name, _, kind in listed) or "nothing"
        raise SurveyError(path, f"it holds no array of numbers ({kinds})", "Save the array as a variable of its own")
    return found


class _Loader:
    def __init__(self, path: Path, name: str, nbytes: int) -> None:
        self.path, self.name, self.nbytes = path, name, nbytes

    def __call__(self) -> NDArray[Any]:
        from scipy.io import loadmat

        way_out = "Save it in MATLAB with -v7.3, which is read piece by piece"
        check_whole(self.path, self.name, self.path.stat().st_size, self.nbytes, way_out)
        if self.nbytes > MAX_LOADED:
            raise SurveyError(
                self.path,
                f"its array '{self.name}' has {self.nbytes / 2**30:.0f} GB and can only be read whole",
                way_out,
            )
        matlab_parts.check_values(self.path, _order(self.path), self.name)
        try:
            return np.asarray(loadmat(str(self.path), appendmat=False, variable_names=[self.name])[self.name])
        except Exception as error:
            raise SurveyError(
                self.path, f"scipy cannot read its array '{self.name}' ({one_line(error)})", "Save it again with -v7"
            ) from error
