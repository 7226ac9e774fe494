"""OpenVDS files (``.vds``): read by the package openvds, bricks as they are looked at."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError

from napari_fhn.surveys.assemble import check_values
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.extras import library
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.lazy import Box, LazyArray, one_line
from napari_fhn.surveys.looking import looked_through
from napari_fhn.surveys.volumes import vds_look
from napari_fhn.surveys.volumes.volume import Vertical, geometry_of, labelled, said_unit, vertical_axis

SUFFIXES = (".vds",)
_MAGIC = b"HueDataStore"
_KIND = "an OpenVDS file"
_VERTICAL = ("sample", "time", "depth")
_LATERAL = {"inline": "inline", "crossline": "crossline"}
#: Names of the one lateral axis of a line.
_TRACES = ("trace", "cdp", "cmp", "crossline", "inline", "shotpoint")
#: Kinds of number whose values are kept as they are stored, if nothing is to be applied to them.
_KEPT = {"Format_U8": np.uint8, "Format_U16": np.uint16}
#: Coordinates of traces that have none.
_NOWHERE = 1e30


def can_open(path: Path) -> bool:
    """Say whether a path is an OpenVDS file by its first bytes; the library is not asked."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def open(path: Path, *, variable: str | None = None, vertical: Vertical | None = None) -> xr.DataArray:
    """Open an OpenVDS file lazily.

    Parameters
    ----------
    path : Path
        The file.
    variable : str, optional
        Which of its channels; the first when absent.
    vertical : {"twt", "depth"}, optional
        What the vertical axis is, in milliseconds or metres, where the file does not say it, or not rightly.

    Returns
    -------
    xarray.DataArray
        ``(inline, crossline, twt)``, or ``depth`` or ``sample`` last, numbers ascending; ``(trace, twt)`` for a line.
        float32, or the integers of a file that neither scales nor leaves out any. NaN where the file has no value, or
        says that there is no trace. ``attrs["geometry"]`` by the coordinate system that it describes.

    Raises
    ------
    SurveyError
        When it is damaged or pre-stack, or the package openvds is not installed.
    """
    path = Path(path)
    openvds = library(path, "openvds", "vds", _KIND)
    status = path.stat()
    _look_at(path.absolute(), status.st_size, status.st_mtime_ns)
    handle = _opened(path, openvds)
    try:
        return _labelled(path, openvds, handle, variable, vertical)
    except SurveyError:
        raise
    except Exception as error:
        # Metadata that is damaged raises what its C++ raises.
        raise _damaged(path, error) from error


class VdsValues(LazyArray):
    """One channel of an OpenVDS file, its axes from the slowest to the fastest.

    Parameters
    ----------
    path : Path
        The file.
    shape : tuple of int
        Lengths of the axes, the vertical one last.
    dtype : dtype
        float32, or that of the file.
    channel : int
        Which of its channels.
    mask : int or None
        The channel that says which traces there are.
    handle
        The file as it is open now.
    """

    def __init__(
        self, path: Path, shape: tuple[int, ...], dtype: Any, channel: int, mask: int | None, handle: Any = None
    ) -> None:
        super().__init__(path, shape, dtype)
        self.channel, self.mask = channel, mask
        self._held = None if handle is None else (os.getpid(), handle)
        self._lock = threading.Lock()

    def read(self, box: Box) -> NDArray[Any]:
        """Read a box, brick by brick."""
        steps = tuple(slice(None, None, part.step) for part in box)
        values = self._request(box, self.channel, self.dtype)[steps]
        if self.mask is not None:
            traces = (*box[:-1], slice(0, 1))
            gone = self._request(traces, self.mask, np.dtype(np.uint8))[steps] == 0
            values = np.where(gone, np.float32(np.nan), values)
        return values

    def _request(self, box: Box, channel: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        openvds = library(self.path, "openvds", "vds", _KIND)
        with self._lock:
            # The threads of the library are not there in a process that was copied from another.
            if self._held is None or self._held[0] != os.getpid():
                self._held = os.getpid(), _opened(self.path, openvds)
            manager = openvds.getAccessManager(self._held[1])
        formats = openvds.VolumeDataFormat
        kind = {1: formats.Format_U8, 2: formats.Format_U16, 4: formats.Format_R32}[dtype.itemsize]
        low, high = (
            tuple(int(n) for n in reversed(ends)) for ends in zip(*((p.start, p.stop) for p in box), strict=True)
        )
        # A channel without a value for "none" has one all the same, which is then a sample like others.
        said = openvds.getLayout(self._held[1]).getChannelDescriptor(channel).useNoValue
        none = float("nan") if said and dtype.kind == "f" else None
        dims = openvds.DimensionsND
        request = manager.requestVolumeSubset(
            low,
            high,
            dimensionsND=dims.Dimensions_01 if len(box) == 2 else dims.Dimensions_012,
            channel=channel,
            format=kind,
            replacementNoValue=none,
        )
        values: NDArray[Any] = np.asarray(request.data)
        return values.reshape([part.stop - part.start for part in box])

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_held", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _held=None, _lock=threading.Lock())


@lru_cache(maxsize=32)
def _look_at(path: Path, size: int, changed: int) -> None:
    """Let another process meet what would end this one."""
    looked_through(path, vds_look.__file__, (), "OpenVDS")


def _opened(path: Path, openvds: Any) -> Any:
    try:
        return openvds.open(openvds.VDSFileOpenOptions(str(path.absolute())))
    except Exception as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> SurveyError:
    what = f"it cannot be read as OpenVDS ({one_line(error) or type(error).__name__})"
    return SurveyError(path, what, "It seems to be damaged: copy or export it again")


def _labelled(path: Path, openvds: Any, handle: Any, variable: str | None, vertical: Vertical | None) -> xr.DataArray:
    layout = openvds.getLayout(handle)
    # From the slowest axis to the fastest, as arrays have them.
    axes = [layout.getAxisDescriptor(k) for k in reversed(range(layout.dimensionality))]
    longer = [axis for axis in axes[:-1] if axis.numSamples > 1 or axis.name.lower() in _LATERAL]
    names = [str(axis.name).lower() for axis in longer]
    if str(axes[-1].name).lower() not in _VERTICAL or len(longer) not in (1, 2) or len(longer) != len(axes) - 1:
        said = ", ".join(f"{axis.numSamples} {axis.name}" for axis in axes)
        raise SurveyError(path, f"its axes are {said}, not those of a post-stack survey", "Stack it first; only "
                          "post-stack surveys are read")  # fmt: skip
    shape = tuple(int(axis.numSamples) for axis in axes)
    number, stored, kept = _channel(path, openvds, layout, variable)
    check_values(path, np.dtype(kept), shape)
    mask = layout.getChannelIndex("Trace") if layout.isChannelAvailable("Trace") else None
    if mask is not None and _all_there(path, shape, mask, handle):
        mask = None
    values = VdsValues(path, shape, np.float32 if mask is not None else kept, number, mask, handle)
    start, step, n = _numbers(axes[-1])
    last, down, notes = vertical_axis(start, step, n, str(axes[-1].unit), vertical)
    coords: dict[str, Any] = {last: down}
    geometry = None
    if len(longer) == 1:
        dims: tuple[str, ...] = ("trace", last)
        coords |= _line(openvds, layout, longer[0])
        if names[0] not in _TRACES:
            notes.append(f"Its traces are counted along an axis called '{longer[0].name}'.")
    else:
        if set(names) != set(_LATERAL):
            raise SurveyError(path, f"its axes are called {', '.join(a.name for a in axes)}",
                              "Export it with inlines and crosslines")  # fmt: skip
        dims = (*names, last)
        for name, axis in zip(names, longer, strict=True):
            begin, each, count = _numbers(axis)
            coords[name] = (name, begin + each * np.arange(count), {"long_name": f"{name} number"})
        geometry, placed = _geometry(openvds, layout, names, longer)
        notes += placed
    if mask is not None:
        notes.append("Some places of the grid have no trace.")
    crs = _text(openvds, layout, openvds.KnownMetadata.surveyCoordinateSystemCRSWkt())
    if crs:
        notes.append(f"Its map coordinates are in {_crs_name(crs)}.")
    attrs: dict[str, Any] = {"geometry": geometry, "read_as": _read_as(variable, vertical)}
    survey = labelled(path, values.variable(dims), coords, format=f"OpenVDS, {stored}", notes=notes, attrs=attrs)
    order = ("inline", "crossline", last) if len(longer) == 2 else dims
    return survey.transpose(*order)


def _crs_name(wkt: str) -> str:
    """Return what a CRS is called: by its number, else as it names itself."""
    try:
        number = CRS.from_wkt(wkt).to_epsg()
    except (RasterioError, ValueError):
        number = None
    named = re.search(r'"([^"]{1,80})"', wkt)
    return f"EPSG:{number}" if number else named[1] if named else "a CRS without a name"


def _read_as(variable: str | None, vertical: Vertical | None) -> dict[str, Any]:
    given = {"variable": variable, "vertical": vertical}
    return {name: value for name, value in given.items() if value is not None}


def _numbers(axis: Any) -> tuple[float, float, int]:
    """Start, step and length of an axis; a single entry has no step."""
    n = int(axis.numSamples)
    return float(axis.coordinateMin), float(axis.coordinateStep) if n > 1 else 1.0, n


def _channel(path: Path, openvds: Any, layout: Any, name: str | None) -> tuple[int, str, Any]:
    """Number of a channel, the kind of number that it stores, and the kind that is handed out."""
    known = [str(layout.getChannelName(k)) for k in range(layout.channelCount)]
    if name is not None and name not in known:
        raise SurveyError(path, f"it has no channel '{name}'", f"Its channels are {', '.join(known)}")
    number = 0 if name is None else known.index(name)
    descriptor = layout.getChannelDescriptor(number)
    if descriptor.components != openvds.VolumeDataComponents.Components_1 or (
        descriptor.mapping != openvds.VolumeDataMapping.Direct
    ):
        raise SurveyError(path, f"its channel '{known[number]}' holds no single value for each sample",
                          f"Name another of {', '.join(known)}")  # fmt: skip
    stored = str(descriptor.format.name)
    plain = descriptor.integerScale == 1 and descriptor.integerOffset == 0 and not descriptor.useNoValue
    kept = _KEPT.get(stored, np.float32) if plain else np.float32
    return number, {"U8": "uint8", "U16": "uint16", "R32": "float32", "R64": "float64"}.get(
        stored.rpartition("_")[2], stored.rpartition("_")[2]), kept  # fmt: skip


def _all_there(path: Path, shape: tuple[int, ...], mask: int, handle: Any) -> bool:
    """Whether the channel of traces has one everywhere."""
    traces = VdsValues(path, (*shape[:-1], 1), np.uint8, mask, None, handle)
    return bool(traces.read(tuple(slice(0, n, 1) for n in traces.shape)).all())


def _geometry(
    openvds: Any, layout: Any, names: Sequence[str], axes: Sequence[Any]
) -> tuple[SurveyGeometry | None, list[str]]:
    known = openvds.KnownMetadata
    origin = known.surveyCoordinateSystemOrigin()
    points = known.surveyCoordinateSystemGridPoint0()
    ijk = known.surveyCoordinateSystemIJKOrigin()
    if not any(
        test(key.category, key.name)
        for test, key in (
            (layout.isMetadataDoubleVector2Available, origin),
            (layout.isMetadataDoubleVector2Available, points),
            (layout.isMetadataDoubleVector3Available, ijk),
        )
    ):
        return None, ["The file holds no map coordinates."]
    place = openvds.IJKCoordinateTransformer(layout)
    at = {name: k for k, name in enumerate(names)}
    sizes = [int(axes[at[name]].numSamples) for name in ("inline", "crossline")]

    def world(inline: int, crossline: int) -> tuple[float, float]:
        index = [0, 0, 0]
        # Voxels are counted from the fastest axis.
        index[2 - at["inline"]], index[2 - at["crossline"]] = inline, crossline
        x, y, _ = place.voxelIndexToWorld(tuple(index))
        return float(x), float(y)

    corners = [world(0, 0), world(sizes[0] - 1, 0), world(0, sizes[1] - 1)]
    numbers = [_numbers(axes[at[name]])[:2] for name in ("inline", "crossline")]
    unit = said_unit(_text(openvds, layout, known.surveyCoordinateSystemUnit()))
    return geometry_of(numbers, corners, sizes, "ft" if unit in ("ft", "ussft") else "m")


def _line(openvds: Any, layout: Any, axis: Any) -> dict[str, Any]:
    """Coordinates along the traces of a line."""
    start, step, n = _numbers(axis)
    coords: dict[str, Any] = {
        "trace": ("trace", np.arange(n, dtype=np.float64), {"long_name": "trace"}),
        "cdp": ("trace", start + step * np.arange(n), {"long_name": "cdp"}),
    }
    key = openvds.KnownMetadata.tracePositions()
    if layout.isMetadataBLOBAvailable(key.category, key.name):
        places = np.frombuffer(bytes(layout.getMetadataBLOB(key.category, key.name)), "<f8")
        if places.size == 2 * n and (np.abs(places) < _NOWHERE).all():
            unit = said_unit(_text(openvds, layout, openvds.KnownMetadata.surveyCoordinateSystemUnit())) or "m"
            for name, values in zip("xy", places.reshape(n, 2).T, strict=True):
                coords[name] = ("trace", values, {"long_name": name, "units": "m" if unit == "m" else "ft"})
    return coords


def _text(openvds: Any, layout: Any, key: Any) -> str:
    return str(layout.getMetadataString(key.category, key.name)) if layout.isMetadataStringAvailable(
        key.category, key.name) else ""  # fmt: skip
