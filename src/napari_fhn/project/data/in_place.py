"""Surveys that are read where they lie, in place of a copy: a small file that names one, and what is read through it.

Training and prediction read boxes. A store that is cut into blocks gives these as they are (bricks, Zarr, MDIO,
OpenVDS, on a disk or at an address); a SEG-Y file gives whole traces only, and is copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn import record, surveys
from napari_fhn.project.data.opening import Finder, options
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.sessions.manifest import FileReference, refer
from napari_fhn.surveys.arrays.zarr_metadata import said_in
from napari_fhn.surveys.bricks import store
from napari_fhn.surveys.bricks.manifest import fingerprint_at
from napari_fhn.surveys.idle import without_idle
from napari_fhn.surveys.plain import good_bands, values
from napari_fhn.surveys.remote.addresses import said_by, url_of

LARGE_BYTES = 4_000_000_000
"""From this size on a survey is read where it lies unless a person wants a copy. A copy of less is made within a minute
from any disk, fits beside the survey nearly anywhere, and is read faster ever after."""

_KIND, _VERSION = "survey in place", 1
_LOOK_S, _LOOK_BYTES = 1.0, 2**27
_BLOCKED = ("bricks", "Zarr", "OME-Zarr", "MDIO", "OpenVDS")
_CHANNEL = "band"


@dataclass(frozen=True)
class InPlace:
    """Where a survey lies, and how it was read.

    Parameters
    ----------
    file : FileReference
        The store.
    read_as : mapping
        Options of `napari_fhn.surveys.open`.
    bands : tuple of int
        The bands that are read, from 0; empty where there is no such axis.
    shape : tuple of int
        Of what is read, channels first.
    dtype : str
        Of what is read.
    state : str
        What tells this state of the store from others; empty where that is not known.
    """

    file: FileReference
    read_as: Mapping[str, Any] = field(default_factory=dict)
    bands: tuple[int, ...] = ()
    shape: tuple[int, ...] = ()
    dtype: str = ""
    state: str = ""


def may_stay(survey: xr.DataArray) -> bool:
    """Whether a survey can be read where it lies: its store gives boxes, and is there for other processes."""
    source = str(survey.attrs.get("bricks") or survey.attrs.get("source") or "")
    blocked = bool(survey.attrs.get("bricks")) or str(survey.attrs.get("format", "")).startswith(_BLOCKED)
    if not source or not blocked or survey.dtype.kind not in "biuf":
        return False
    if url_of(source) is None and not Path(source).exists():
        return False
    # A part of it, or one that was brought onto another grid, is not what lies there.
    again = surveys.open(source, **({} if survey.attrs.get("bricks") else survey.attrs.get("read_as") or {}))
    return (again.dims, again.shape, again.dtype) == (survey.dims, survey.shape, survey.dtype) and all(
        np.array_equal(again[dim], survey[dim]) for dim in survey.dims
    )


def size_of(survey: xr.DataArray) -> int:
    """Return the bytes that a copy of a survey would take."""
    value = np.dtype(values(survey).dtype).itemsize
    shape = [len(good_bands(survey)) if dim == _CHANNEL else size for dim, size in survey.sizes.items()]
    return math.prod(shape) * int(value)


def note(path: Path, survey: xr.DataArray) -> InPlace:
    """Write down where a survey lies.

    Parameters
    ----------
    path : Path
        Of the file; its folder is there.
    survey : xarray.DataArray
        For which `may_stay` holds.
    """
    found = described(survey, path.parent)
    # Of the same there is one file, with one time of change: what was begun with it goes on.
    with contextlib.suppress(ProjectError):
        if read(path) == record.decode(InPlace, record.encode(found)):
            return found
    record.write(path, _KIND, _VERSION, record.encode(found))
    return found


def described(survey: xr.DataArray, folder: Path) -> InPlace:
    """Return where a survey lies, as seen from a folder."""
    bricks = survey.attrs.get("bricks")
    source = str(bricks or survey.attrs["source"])
    read_as = {} if bricks else dict(survey.attrs.get("read_as") or {})
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in read_as.items()}
    bands = tuple(good_bands(survey)) if _CHANNEL in survey.dims else ()
    seen = _Seen(survey, bands)
    return InPlace(refer(source, folder), plain, bands, seen.shape, seen.dtype.str, state_of(source))


def content_of(said: InPlace) -> str:
    """Return a digest that stands for the values of a survey: of the state of its store, and of how it is read."""
    told = [said.state or said.file.absolute, said.read_as, said.bands, said.shape, said.dtype]
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()


def state_of(source: str) -> str:
    """Return what tells a state of a store from others, by the file that describes it; empty where nobody says."""
    if url_of(source) is None and store.is_store(Path(source)):
        # Coarser levels that come to a copy in bricks change nothing of its values.
        listed = (Path(source, store.VALUES, name) for name in ("bricks.json", "zarr.json"))
        source = str(next((path for path in listed if path.is_file()), source))
    known = fingerprint_at(source)
    return "" if known is None else hashlib.sha256(f"{known['bytes']}|{known['head']}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Price:
    """What it costs to read a survey where it lies, and to copy it.

    Parameters
    ----------
    copy_bytes : int
        Of the copy.
    rate : float
        Bytes a second, as blocks are read where they lie.
    """

    copy_bytes: int
    rate: float

    @property
    def words(self) -> str:
        """The price in a sentence."""
        size, seconds = self.copy_bytes / 1e9, self.copy_bytes / max(self.rate, 1.0)
        chosen = "it is read in place" if self.copy_bytes >= LARGE_BYTES else "it is copied"
        return (
            f"Read in place: {self.rate / 1e6:,.0f} MB/s; a copy takes {size:,.2f} GB and {seconds:,.0f} s once. "
            f"Unless you say --in-place or --copy, {chosen}."
        )


def priced(survey: xr.DataArray) -> Price:
    """Read a few blocks of a survey where it lies, for a second at most, and say how fast that is.

    Parameters
    ----------
    survey : xarray.DataArray
        For which `may_stay` holds.
    """
    seen = _Seen(survey, tuple(good_bands(survey)) if _CHANNEL in survey.dims else ())
    sides = [min(size, 2 * side) for size, side in zip(seen.shape, seen.chunks or (64,) * len(seen.shape), strict=True)]
    rng, count, began = np.random.default_rng(0), 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < _LOOK_S and count < _LOOK_BYTES:
        starts = [int(rng.integers(0, size // side)) * side for size, side in zip(seen.shape, sides, strict=True)]
        box = tuple(slice(a, min(a + side, n)) for a, side, n in zip(starts, sides, seen.shape, strict=True))
        count += seen[box].nbytes
    return Price(size_of(survey), count / max(spent, 1e-6))


def read(path: str | Path) -> InPlace:
    """Read where a survey lies.

    Raises
    ------
    ProjectError
        When the file is missing, or says something else.
    """
    try:
        return record.decode(InPlace, record.read(Path(path), _KIND, _VERSION))
    except record.RecordError as error:
        raise ProjectError(error.what, "Open the survey again", path=Path(path)) from error


def opened(path: str | Path) -> xr.DataArray:
    """Open the survey that a file names.

    Raises
    ------
    ProjectError
        When it is gone, or not what it was.
    SurveyError
        When it cannot be read.
    """
    path = Path(path)
    said = read(path)
    place = Finder(path.parent).find(said.file)
    if place is None:
        what = f"the survey that it names ({said.file.name}) is not there, or is an address that nobody here has named"
        raise ProjectError(what, "Bring it back, or open it here by itself once", path=path)
    now = state_of(url_of(place) or str(place))
    if said.state and now and now != said.state:
        raise ProjectError(
            f"{said.file.name} is not what it was when the work began", "Begin again with what is there", path=path
        )
    return without_idle(surveys.open, url_of(place) or place, options(said.read_as))[0]


def open_values(path: str | Path) -> _Seen:
    """Open what a job reads: the name that `napari_fhn.training.data.stored` asks for.

    Raises
    ------
    ProjectError, SurveyError
        As `opened`, and when its shape is another.
    """
    said = read(path)
    seen = _Seen(opened(path), said.bands)
    if seen.shape != said.shape or seen.dtype.str != said.dtype:
        raise ProjectError(
            f"{said.file.name} has the shape {seen.shape} and had {said.shape}", "Begin again with what is there",
            path=Path(path),
        )  # fmt: skip
    return seen


class _Seen:
    """The values of a survey as training takes them, its good bands first, read by slices."""

    def __init__(self, survey: xr.DataArray, bands: tuple[int, ...]) -> None:
        plain = values(survey)
        self._values = plain.variable if isinstance(plain, xr.DataArray) else plain
        self._axis = survey.dims.index(_CHANNEL) if bands else None
        self._bands = list(bands)
        sizes = [size for axis, size in enumerate(survey.shape) if axis != self._axis]
        self.shape: tuple[int, ...] = (*([len(bands)] if bands else []), *sizes)
        self.dtype = np.dtype(plain.dtype).newbyteorder("=")
        blocks = _blocks(survey)
        if blocks is not None and self._axis is not None:
            blocks = (min(len(bands), blocks[self._axis]), *(b for a, b in enumerate(blocks) if a != self._axis))
        self.chunks = blocks

    def __getitem__(self, key: tuple[slice, ...]) -> NDArray[Any]:
        if self._axis is None:
            return np.asarray(self._values[key], self.dtype)
        wanted = self._bands[key[0]]
        if not wanted:
            return np.empty((0, *(part.stop - part.start for part in key[1:])), self.dtype)
        first, last = min(wanted), max(wanted) + 1
        box = list(key[1:])
        box.insert(self._axis, slice(first, last))
        found = np.moveaxis(np.asarray(self._values[tuple(box)], self.dtype), self._axis, 0)
        return found if len(wanted) == last - first else found[[band - first for band in wanted]]


def _blocks(survey: xr.DataArray) -> tuple[int, ...] | None:
    """Return the blocks in which a survey lies; None where it does not say."""
    bricks = survey.attrs.get("bricks")
    if bricks:
        url = url_of(str(bricks))
        said = said_by(f"{url}/{store.VALUES}/zarr.json") if url else said_in(Path(bricks, store.VALUES, "zarr.json"))
        try:
            first = said["codecs"][0]
            sharded = first["name"] == "sharding_indexed"
            grid = first["configuration"] if sharded else said["chunk_grid"]["configuration"]
            found = tuple(int(side) for side in grid["chunk_shape"])
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    else:
        found = tuple(survey.encoding.get("chunks") or ())
    return found if len(found) == survey.ndim and min(found) > 0 else None
