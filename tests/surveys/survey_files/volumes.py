"""Small volumes, written by the libraries that read them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np


def values_of(shape: tuple[int, ...]) -> np.ndarray:
    """Values that depend on their place alone."""
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 251 - 125


def write_zgy(path: Path, values: np.ndarray, **said: Any) -> Path:
    """Write a volume, with further arguments of the library's writer."""
    with warnings.catch_warnings(action="ignore"):
        from openzgy import api

    about = {
        "datatype": api.SampleDataType.float, "zunitdim": api.UnitDimension.time, "zunitname": "ms",
        "zunitfactor": 0.001, "hunitdim": api.UnitDimension.length, "hunitname": "m", "hunitfactor": 1.0,
        "zstart": 1000.0, "zinc": 4.0, "annotstart": (100, 200), "annotinc": (2, 1),
        "corners": corners(values.shape), **said,
    }  # fmt: skip
    with api.ZgyWriter(str(path), size=values.shape, **about) as writer:
        writer.write((0, 0, 0), np.ascontiguousarray(values))
        writer.finalize(decimation=[])
    return path


def corners(shape: tuple[int, ...]) -> list[tuple[float, float]]:
    """Inlines 25 apart towards north, crosslines 12.5 towards east."""
    y, x = 25.0 * (shape[0] - 1), 12.5 * (shape[1] - 1)
    return [(5e5, 6e6), (5e5, 6e6 + y), (5e5 + x, 6e6), (5e5 + x, 6e6 + y)]


def write_vds(
    path: Path,
    values: np.ndarray,
    *,
    axes: tuple[tuple[str, str, float, float], ...] = (
        ("Inline", "unitless", 100, 2),
        ("Crossline", "unitless", 200, 1),
        ("Sample", "ms", 1000, 4),
    ),
    kind: str = "R32",
    channel: tuple[Any, ...] = (),
    traces: np.ndarray | None = None,
    metadata: dict[str, Any] | None = None,
) -> Path:
    """Axes are those of the array: name, unit, start and step; `channel` what follows the range of its values."""
    import openvds as vds

    layout = vds.VolumeDataLayoutDescriptor
    shape = layout(layout.BrickSize.BrickSize_64, 0, 0, 4, layout.LODLevels.LODLevels_None, layout.Options.Options_None)
    described = [
        vds.VolumeDataAxisDescriptor(n, name, unit, float(start), float(start + step * (n - 1)))
        for (name, unit, start, step), n in zip(reversed(axes), reversed(values.shape), strict=True)
    ]
    of = vds.VolumeDataChannelDescriptor
    one = vds.VolumeDataComponents.Components_1
    form = getattr(vds.VolumeDataFormat, f"Format_{kind}")
    channels = [of(form, one, "Amplitude", "", float(values.min()), float(values.max()) + 1, *channel)]
    if traces is not None:
        mapped = of.traceMappedVolumeDataChannelDescriptor
        flags = of.Flags.DiscreteData
        channels.append(mapped(vds.VolumeDataFormat.Format_U8, one, "Trace", "", 0.0, 1.0, 1, flags))
    said = vds.MetadataContainer()
    known = vds.KnownMetadata
    place = {
        "surveyCoordinateSystemOrigin": (5e5, 6e6 - 100 * 12.5),
        "surveyCoordinateSystemInlineSpacing": (0.0, 12.5),
        "surveyCoordinateSystemCrosslineSpacing": (12.5, 0.0),
        "surveyCoordinateSystemUnit": "m",
    } if metadata is None else metadata  # fmt: skip
    for name, value in place.items():
        key = getattr(known, name)()
        setter = said.setMetadataString if isinstance(value, str) else said.setMetadataDoubleVector2
        setter(key.category, key.name, value)
    handle = vds.create(vds.VDSFileOpenOptions(str(path)), shape, described, channels, said)
    _fill(vds, handle, 0, values)
    if traces is not None:
        _fill(vds, handle, 1, traces[..., np.newaxis].astype(np.uint8))
    vds.close(handle)
    return path


def _fill(vds: Any, handle: Any, channel: int, values: np.ndarray) -> None:
    manager = vds.getAccessManager(handle)
    dims = {2: vds.DimensionsND.Dimensions_01}.get(values.ndim, vds.DimensionsND.Dimensions_012)
    mode = vds.VolumeDataAccessManager.AccessMode.AccessMode_Create
    pages = manager.createVolumeDataPageAccessor(dims, 0, channel, 8, mode)
    for chunk in range(pages.getChunkCount()):
        page = pages.createPage(chunk)
        low, high = page.getMinMax()
        box = tuple(slice(low[k], high[k]) for k in reversed(range(values.ndim)))
        part = values[box]
        buffer = np.array(page.getWritableBuffer(), copy=False)
        buffer[tuple(slice(0, n) for n in part.shape)] = part
        page.release()
    pages.commit()
