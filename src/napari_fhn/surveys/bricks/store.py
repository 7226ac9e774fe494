"""A survey as a Zarr store: values in bricks, coordinates and attributes beside them, what xarray opens as well.

::

    survey.zarr/
        zarr.json       group: name, attributes and text coordinates of the survey; OME-Zarr metadata of its levels
        values/         the values, Zarr 3, and bricks.json: where they come from, and their checksums
        inline/ ...     the coordinates
        levels/         a coarser copy each, where `napari_fhn.surveys.bricks.build_pyramid` made them
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys import flags
from napari_fhn.surveys.arrays.zarr_metadata import said_in
from napari_fhn.surveys.engines import look_for_engines
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.surveys.lazy import guarded, one_line
from napari_fhn.surveys.remote.addresses import said_by, url_of

if TYPE_CHECKING:
    import zarr
    from zarr.abc.store import Store

VALUES = "values"
KEY = "napari_fhn"
#: Said among what `KEY` holds, while a store is written in place.
UNFINISHED = "unfinished"
#: Bytes of a brick before compression: small enough that a block of voxels costs little, and few enough files.
BRICK_BYTES = 2**20
# Half the time of the default (zstd) both ways, and smaller: shuffled, the exponents of neighbouring floats lie side
# by side.
CODEC: dict[str, Any] = {"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "shuffle"}}


def brick_shape(shape: tuple[int, ...], dtype: Any) -> tuple[int, ...]:
    """Choose the shape of bricks: about a cube of a megabyte, without slivers at the far end.

    Parameters
    ----------
    shape : tuple of int
        Of the array.
    dtype : dtype
        Of its values.

    Returns
    -------
    tuple of int
        64 x 64 x 64 for a large volume of float32.
    """
    left = BRICK_BYTES / np.dtype(dtype).itemsize
    brick = list(shape)
    axes = sorted(range(len(shape)), key=lambda axis: shape[axis])
    for k, axis in enumerate(axes):
        # What a short axis does not use goes to the longer ones.
        side = max(1, round(left ** (1 / (len(axes) - k))))
        brick[axis] = math.ceil(shape[axis] / math.ceil(shape[axis] / side))
        left = max(1.0, left / brick[axis])
    return tuple(brick)


def create(
    folder: Path | Store,
    survey: xr.DataArray,
    dtype: np.dtype[Any],
    brick: tuple[int, ...],
    name: str = "",
    *,
    shard: tuple[int, ...] | None = None,
    fill: float | None = None,
    settled: Callable[[], None] = lambda: None,
) -> zarr.Array[Any]:
    """Make an empty store for a survey.

    Parameters
    ----------
    folder : Path or Store
        Not there yet. With shards it may be: several processes that begin at once write the same.
    survey : xarray.DataArray
        Its dims, coordinates and attributes are kept; its values are not looked at.
    dtype : dtype
        Of the values to come.
    brick : tuple of int
        Shape of the bricks.
    name : str, optional
        Of the survey; its own when absent.
    shard : tuple of int, optional
        Bricks that lie together in a file: a whole number of them along each axis. The store is `UNFINISHED` then,
        until whoever writes it has written all of them.
    fill : float, optional
        What a brick reads as that is not there; chosen so that it is not taken for data when absent.
    settled : callable
        Called when all is there but the values.

    Returns
    -------
    zarr.Array
        For the values.
    """
    # Here and not above: a session without bricks should not wait for the library.
    import zarr

    text = {str(k): c for k, c in survey.coords.items() if c.dtype.kind in "OUS"}
    # How another file stored its coordinates, chunks and all, says nothing about this store.
    others = survey.coords.to_dataset().drop_vars(list(text)).drop_encoding()
    others.to_zarr(cast(Any, folder), mode="w-" if shard is None else "a", zarr_format=3, consolidated=False)
    group = zarr.open_group(folder, mode="r+")
    if isinstance(survey.attrs.get("history"), str):
        # Also where xarray and others look for it.
        group.attrs["history"] = survey.attrs["history"]
    group.attrs[KEY] = {
        "version": 1,
        "name": name or str(survey.name or ""),
        "dims": [str(dim) for dim in survey.dims],
        "coordinates": [str(k) for k in others.coords],
        "text": {k: {"dims": list(c.dims), "values": c.values.astype(str).tolist()} for k, c in text.items()},
        "attrs": {str(k): coded for k, v in survey.attrs.items() if (coded := encode(v)) is not None},
        **({} if shard is None else {UNFINISHED: True}),
    }
    attributes: dict[str, Any] = {k: v for k, v in survey.attrs.items() if isinstance(v, str)}
    if "spatial_ref" in survey.coords:
        attributes["grid_mapping"] = "spatial_ref"
    settled()
    if shard is not None and VALUES in group:
        return cast("zarr.Array[Any]", group[VALUES])  # somebody else was quicker
    return group.create_array(
        VALUES,
        shape=survey.shape,
        chunks=brick,
        shards=shard,
        dtype=dtype,
        compressors=CODEC,
        # A brick that got lost must not read as data.
        fill_value=fill if fill is not None else math.nan if dtype.kind == "f" else 0,
        dimension_names=[str(dim) for dim in survey.dims],
        attributes=attributes,
        # What is there is known from the files: one for each brick, also where all values are alike.
        config={"write_empty_chunks": True},
    )


def is_store(path: Path) -> bool:
    """Say whether a folder is a store of this kind."""
    return _said(path) is not None


def _said(path: Path) -> dict[str, Any] | None:
    """What a store of this kind says of itself; None for anything else."""
    url = url_of(path)
    attributes = (said_in(path / "zarr.json") if url is None else said_by(f"{url}/zarr.json")).get("attributes")
    said = attributes.get(KEY) if isinstance(attributes, dict) else None
    return said if isinstance(said, dict) else None


def load(path: Path) -> xr.DataArray:
    """Open a store, or a level of it, as a lazy array.

    Parameters
    ----------
    path : Path
        The store, or the folder of a level in it.

    Returns
    -------
    xarray.DataArray
        With the dims, coordinates, name and attributes it was made with.

    Raises
    ------
    SurveyError
        When it is none, or damaged.
    """
    known = _said(path)
    if known is None:
        raise SurveyError(path, "it is no survey in bricks (zarr.json does not say so)", "Open the survey it came from")
    from napari_fhn.surveys.remote.store import store_of

    if known.get(UNFINISHED):
        raise SurveyError(path, "it is not whole yet: shards of it are missing", "Go on with what writes it")
    try:
        look_for_engines()
        opened = (
            _by_names(path, store_of(path), known)
            if url_of(path) is not None
            else xr.open_zarr(cast(Any, store_of(path)), chunks=None, consolidated=False, decode_coords="all")
        )
        said = known
        array: xr.DataArray = opened[VALUES]
        array = array.assign_coords({k: opened[k].load() for k in said["coordinates"]})
        coords = {k: (tuple(c["dims"]), np.array(c["values"], dtype=object)) for k, c in said["text"].items()}
        array = array.assign_coords(coords).transpose(*said["dims"])
        array.attrs = {k: decode(v) for k, v in said["attrs"].items()}
        array.name = said["name"] or None
        if classes := flags.named(array.attrs, array.dtype):
            array.attrs["classes"] = classes
        array = array.copy(data=guarded(path, array.variable)._data)
    except SurveyError:
        raise
    except Exception as error:
        # What zarr, its codecs, numpy and xarray raise, each as it likes.
        raise SurveyError(path, f"it is damaged ({one_line(error)})", "Copy the survey into bricks again") from error
    for variable in (array.variable, *(coordinate.variable for coordinate in array.coords.values())):
        variable.encoding = {}  # `drop_encoding` of older xarray reads all values for it
    return array


def _by_names(path: Path, where: Store, said: dict[str, Any]) -> xr.Dataset:
    """Open what lies at an address: servers list no folders, and a store that was made on a disk has no list."""
    import zarr

    from napari_fhn.surveys.arrays.zarr_store import ZarrValues

    group = zarr.open_group(where, mode="r")
    found = {}
    for name in (VALUES, *map(str, said["coordinates"])):
        array = group[name]
        dims = getattr(array.metadata, "dimension_names", None) or ()
        found[name] = ZarrValues(path, array).variable(dims, dict(array.attrs))
    return xr.decode_cf(xr.Dataset(found), decode_coords="all", decode_timedelta=False)


def encode(value: Any) -> Any:
    """Make an attribute JSON that `decode` turns back; None for what cannot be kept."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | str):
        return value
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return {"$": "literal", "value": str(value)}
    if isinstance(value, float):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, SurveyGeometry):
        return {"$": "geometry", **dataclasses.asdict(value)}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return {"$": "array", "dtype": value.dtype.str, "values": [encode(v) for v in value.tolist()]}
    if isinstance(value, tuple | list):
        items = [encode(item) for item in value]
        if None in items:
            return None
        return {"$": "tuple", "items": items} if isinstance(value, tuple) else items
    if isinstance(value, dict) and "$" not in value:
        return {str(k): coded for k, v in value.items() if (coded := encode(v)) is not None}
    return None


def decode(value: Any) -> Any:
    """Turn what `encode` made back into an attribute."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value.get("$"):
        case "literal":
            return None if value["value"] == "None" else float(value["value"])
        case "tuple":
            return tuple(decode(item) for item in value["items"])
        case "array":
            array: NDArray[Any] = np.array(decode(value["values"]), dtype=value["dtype"])
            return array
        case "geometry":
            known = {f.name for f in dataclasses.fields(SurveyGeometry)}
            given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items() if k in known}
            return SurveyGeometry(**given)
    return {k: decode(v) for k, v in value.items()}
