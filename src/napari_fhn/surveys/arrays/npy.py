"""Plain numpy files: one array without names (``.npy``), or several with names (``.npz``)."""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from napari_fhn.regular import why_not
from napari_fhn.surveys.arrays.members import Member, axes_of, open_member
from napari_fhn.surveys.arrays.unpacking import check_whole
from napari_fhn.surveys.assemble import assemble, check_values
from napari_fhn.surveys.axes import readings, without_names
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.idle import IdleOption
from napari_fhn.surveys.lazy import Reordered, one_line

SUFFIXES = (".npy", ".npz")
_MAGIC = {".npy": (b"\x93NUMPY",), ".npz": (b"PK\x03\x04", b"PK\x05\x06")}
#: Largest compressed array that is read into memory; one that is not compressed stays on disk.
MAX_LOADED = 4 * 2**30
#: Bytes of an array that is not compressed, up to which its checksum is looked at before it is mapped: that reads it.
MAX_CHECKED = 64 * 2**20
#: Arrays looked at in one file.
MAX_MEMBERS = 4096
#: Bytes of the header of an array; a longer one is read whole before anybody looks at it.
_MAX_HEADER = 2**16
_PIECE = 2**16
#: Dates, bands and two axes of a map, or bands and three of a volume; without those of length 1.
_MOST_AXES = 4


def can_open(path: Path) -> bool:
    """Say whether a path holds numpy arrays by its first bytes."""
    magic = _MAGIC.get(path.suffix.lower())
    if magic is None:
        return False
    with path.open("rb") as file:
        return file.read(6).startswith(magic)


def open(
    path: Path,
    *,
    axes: Sequence[str] | None = None,
    variable: str | None = None,
    wavelength_units: str | None = None,
) -> xr.DataArray:
    """Open a numpy file lazily (memory-mapped, read-only; compressed arrays of a ``.npz`` are read).

    Parameters
    ----------
    path : Path
        The file.
    axes : sequence of str, optional
        What its axes are, such as ``("y", "x", "band")``; those of length 1 may be left out.
    variable : str, optional
        Which array of a ``.npz`` is the survey.
    wavelength_units : str, optional
        Of wavelengths in a ``.npz``, which come without units.

    Returns
    -------
    xarray.DataArray
        With the axes named, those of the project, in its order. A ``.npy`` without `axes`: dims
        ``(axis_0, axis_1, ...)`` with indices as coordinates, as what they mean is not guessed;
        ``attrs["choices"]`` holds what it may be (`napari_fhn.surveys.axes.ReadingChoice`).

    Raises
    ------
    AmbiguousAxes
        For a ``.npz`` in which neither names nor other arrays tell what the axes are.
    SurveyError
        When it is damaged, cut short, scalar, holds something else than numbers, or has more axes than any survey.
    """
    path = Path(path)
    if path.suffix.lower() == ".npz":
        return open_member(
            path, _members(path), format="npz", variable=variable, axes=axes, wavelength_units=wavelength_units
        )
    if variable is not None:
        raise IdleOption(path, "variable")
    try:
        # A read-only mapping: a byte painted into the viewer's copy must never reach the survey.
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        # numpy passes on what its parser of headers raises, from ValueError to tokenize.TokenError.
        raise SurveyError(
            path, f"it is not a whole npy array ({one_line(error)})", "Save it again with numpy.save"
        ) from error
    if not isinstance(values, np.ndarray):
        raise SurveyError(path, "it is not a whole npy array (its first bytes are no npy's)", "Open another file")
    source = _Standing(path, values) if isinstance(values, np.memmap) else values
    return _named(path, source, axes, f"npy, {values.dtype}", str(path.absolute()))


def of_array(values: ArrayLike, axes: Sequence[str] | None = None, name: str = "array") -> xr.DataArray:
    """Take an array in memory as a survey, as `open` takes the same array out of a file.

    Parameters
    ----------
    values : array_like
        Numbers.
    axes : sequence of str, optional
        What its axes are, such as ``("y", "x", "band")``.
    name : str
        What it is called.

    Raises
    ------
    SurveyError
        When it is scalar, holds something else than numbers, or has other axes than were named.

    Examples
    --------
    >>> of_array(np.zeros((4, 5)), ("y", "x"), "magnetics").dims
    ('band', 'y', 'x')
    """
    return _named(Path(name), np.asarray(values), axes, f"numpy, {np.asarray(values).dtype}", "")


class _Standing:
    """A mapped file, looked at before each piece is read: to read what was cut off is no error, but ends the program.

    A program that writes the file again, or a copy that is under way, makes it shorter while it is open here.
    """

    def __init__(self, path: Path, values: np.memmap[Any, np.dtype[Any]]) -> None:
        self.path, self.shape, self.dtype = path, values.shape, values.dtype
        self._values = values

    def __getitem__(self, key: Any) -> NDArray[Any]:
        # As long as the file is now, which may be another length than was mapped.
        length = cast(mmap.mmap, self._values._mmap).size()  # type: ignore[attr-defined]
        if length < self._values.offset + self._values.nbytes:
            raise SurveyError(
                self.path,
                f"it has become shorter since it was opened ({length} bytes)",
                "Open it again when it is whole",
            )
        return np.array(self._values[key])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype=dtype)


def _named(path: Path, values: Any, axes: Sequence[str] | None, form: str, source: str) -> xr.DataArray:
    check_values(path, values.dtype, values.shape)
    long = [n for n in values.shape if n != 1]
    if axes is not None:
        member = Member(values.shape, values.dtype, lambda: values)
        named, _ = axes_of(path, path.stem, {path.stem: member}, axes)
        found = assemble(path, values, named, name=path.stem, format=form)
        found.attrs["source"] = source
        return found
    if len(long) > _MOST_AXES:
        raise without_names(path, values.shape)
    dims = [f"axis_{k}" for k in range(len(values.shape))]
    what = "A npy file" if source else "An array"
    held = Reordered(path, values, range(len(dims))).variable(dims) if isinstance(values, _Standing) else values
    return xr.DataArray(
        held,
        dims=dims,
        coords={dim: np.arange(n, dtype=np.float64) for dim, n in zip(dims, values.shape, strict=True)},
        name=path.stem,
        attrs={
            "source": source,
            "kind": "array",
            "format": form,
            "choices": tuple(readings(long if len(long) > 1 else values.shape)),
            "notes": (f"{what} does not say what its axes are; name them with the option axes.",),
        },
    )


def _members(path: Path) -> dict[str, Member]:
    """Read the headers of the arrays in a ``.npz``, and none of the arrays."""
    members: dict[str, Member] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            # Counted by the list at the end of the file, which may promise millions.
            for info in archive.infolist()[:MAX_MEMBERS]:
                if not info.filename.endswith(".npy"):
                    continue
                with archive.open(info) as file:
                    shape, fortran, dtype = _header(file)
                    begin = file.tell()
                name = info.filename.removesuffix(".npy")
                if dtype.hasobject:
                    continue
                promised = begin + int(np.prod(shape, dtype=object)) * dtype.itemsize
                if promised > info.file_size:
                    raise SurveyError(
                        path,
                        f"its array '{name}' has {info.file_size} bytes, but its header promises {promised}",
                        "Save it again with numpy.savez",
                    )
                loader = _Loader(path, info, shape, dtype, begin, "F" if fortran else "C")
                members[name] = Member(shape, dtype, loader)
    except SurveyError:
        raise
    except Exception as error:
        # zipfile, zlib and numpy have exceptions of their own each.
        raise SurveyError(
            path, f"it is not a whole npz archive ({one_line(error)})", "Save it again with numpy.savez"
        ) from error
    return members


def only_array(path: Path) -> NDArray[Any] | None:
    """Return the array of a ``.npz`` that holds no other; None where there are several.

    Raises
    ------
    SurveyError
        When it cannot be read.
    """
    wrong = why_not(path)
    if wrong is not None:
        raise SurveyError(path, *wrong)
    members = _members(path)
    return np.asarray(next(iter(members.values())).load()) if len(members) == 1 else None


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    head = cast(zipfile.ZipExtFile, file).peek(12)[:12]
    if head[6:7] > b"\x01" and int.from_bytes(head[8:12], "little") > _MAX_HEADER:
        raise ValueError("a header without end")
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    return shape, fortran, dtype


def _read_to_the_end(file: IO[bytes]) -> None:
    """Read what is left of a member, a piece at a time: at its end the library holds it against its checksum."""
    while file.read(_PIECE):
        pass


class _Loader:
    """Gives an array of a ``.npz``: mapped where it is stored as it is, else read."""

    def __init__(
        self, path: Path, info: zipfile.ZipInfo, shape: tuple[int, ...], dtype: np.dtype[Any], begin: int, order: str
    ) -> None:
        self.path, self.info, self.shape, self.dtype, self.begin, self.order = path, info, shape, dtype, begin, order

    def __call__(self) -> Any:
        nbytes = int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize
        try:
            if self.info.compress_type == zipfile.ZIP_STORED and not self.info.flag_bits & 1:
                with self.path.open("rb") as file:
                    file.seek(self.info.header_offset + 26)
                    name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
                start = self.info.header_offset + 30 + name + extra + self.begin
                if nbytes == 0:
                    return np.empty(self.shape, self.dtype)
                if nbytes <= MAX_CHECKED:
                    with zipfile.ZipFile(self.path) as archive, archive.open(self.info) as file:
                        _read_to_the_end(file)
                mapped = np.memmap(self.path, self.dtype, "r", start, self.shape, "F" if self.order == "F" else "C")
                return _Standing(self.path, mapped)
            way_out = "Save it with numpy.savez, or as npy, to read it piece by piece"
            check_whole(self.path, self.info.filename, self.info.compress_size, nbytes, way_out)
            if nbytes > MAX_LOADED:
                what = f"its array '{self.info.filename}' is compressed and has {nbytes / 2**30:.0f} GB"
                raise SurveyError(self.path, what, way_out)
            with zipfile.ZipFile(self.path) as archive, archive.open(self.info) as file:
                values = np.asarray(np.lib.format.read_array(file, allow_pickle=False))
                _read_to_the_end(file)
                return values
        except SurveyError:
            raise
        except Exception as error:
            raise SurveyError(self.path, f"its array '{self.info.filename}' is damaged ({one_line(error)})",
                              "Save it again with numpy.savez") from error  # fmt: skip
