"""MDIO 1: a Zarr store with inline, crossline and time, opened as it is, without the library of that name.

Version 0 keeps its traces in nested groups whose grid only its library describes; it is refused with the way out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn.sentence import counted
from napari_fhn.surveys.arrays.zarr_metadata import said_in
from napari_fhn.surveys.assemble import check_values
from napari_fhn.surveys.engines import look_for_engines
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.geometry import SurveyGeometry, fit_geometry
from napari_fhn.surveys.lazy import guarded, one_line
from napari_fhn.surveys.remote.addresses import said_by, url_of

SUFFIXES = (".mdio",)
_VERTICAL = {"time": ("twt", "ms", "two-way time"), "depth": ("depth", "m", "depth")}
_LATERAL = (("inline", "crossline"), ("cdp",))
#: Places on the map looked at.
_N_LOOKED_AT = 4096
#: Places on the map that are read.
_MOST_TRACES = 2**28


def can_open(path: Path) -> bool:
    """Say whether a folder is an MDIO store, by its metadata."""
    return bool(_metadata(path)) or (path / "metadata" / "chunked_012_trace_headers").is_dir()


def open(path: Path) -> xr.DataArray:
    """Open the traces of an MDIO store lazily.

    Parameters
    ----------
    path : Path
        The folder, of version 1; mostly ``.mdio``.

    Returns
    -------
    xarray.DataArray
        Dims ``(inline, crossline, twt)``, or ``depth`` last, or ``(trace, twt)`` for a line; NaN where the store has
        no trace. ``attrs["geometry"]`` from its coordinates cdp_x and cdp_y.

    Raises
    ------
    SurveyError
        For version 0, pre-stack data, and stores without the axes of a post-stack survey.
    """
    path = Path(path)
    metadata = _metadata(path)
    if not metadata:
        raise SurveyError(
            path,
            "it is MDIO of version 0, whose grid only its own library can read",
            "Install multidimio, export it as SEG-Y with 'mdio segy export', and open that",
        )
    try:
        return _open(path, metadata)
    except SurveyError:
        raise
    except Exception as error:
        # What zarr, its codecs, numpy and xarray raise, each as it likes.
        what = f"its traces cannot be read ({one_line(error)})"
        raise SurveyError(path, what, "Copy the whole folder again, or export it as SEG-Y with multidimio") from error


def _open(path: Path, metadata: dict[str, Any]) -> xr.DataArray:
    # Here and not above: a session without such files should not wait for the library.
    from napari_fhn.surveys.remote.store import store_of

    named = metadata.get("attributes")
    name = str(named.get("defaultVariableName", "amplitude")) if isinstance(named, dict) else "amplitude"
    # Trace headers are records, which xarray cannot take.
    records = ["headers", "raw_headers"]
    # Most servers list no folders: what lies at an address is found by its consolidated metadata, where it has them.
    together = None if url_of(path) is not None else False
    look_for_engines()
    data = xr.open_zarr(store_of(path), chunks=None, consolidated=together, drop_variables=records)
    array: xr.DataArray = data[name]
    check_values(path, array.dtype, array.shape)
    for one in ("cdp_x", "cdp_y", "trace_mask"):
        if one in data and data[one].size > _MOST_TRACES:
            raise SurveyError(
                path, f"its '{one}' promises {counted(data[one].size, 'traces')}", "Check how it was written"
            )
    *lateral, last = (str(dim) for dim in array.dims)
    if tuple(lateral) not in _LATERAL or last not in _VERTICAL:
        raise SurveyError(
            path,
            f"its axes are {', '.join(map(str, array.dims))}, not those of a post-stack survey",
            "Stack it first; only post-stack surveys are read",
        )
    axis, units, long_name = _VERTICAL[last]
    said = array[last].attrs.get("unitsV1") or {}
    units = next((str(value) for value in said.values()), units) if isinstance(said, dict) else units
    vertical = np.asarray(array[last], dtype=np.float64) * (1000.0 if units == "s" else 1.0)
    feet = str((data["cdp_x"].attrs.get("unitsV1") or {}).get("length", "m")) == "ft" if "cdp_x" in data else False
    geometry, notes = _geometry(data, "ft" if feet else "m") if len(lateral) == 2 else (None, [])
    coords: dict[str, Any] = {
        axis: (axis, vertical, {"units": "ms" if units == "s" else units, "long_name": long_name})
    }
    for dim in lateral:
        called = "trace" if dim == "cdp" else dim
        numbers = np.asarray(array[dim], dtype=np.float64)
        coords[called] = (called, np.arange(len(numbers), dtype=np.float64) if dim == "cdp" else numbers)
    if len(lateral) == 1:
        coords["cdp"] = ("trace", np.asarray(array["cdp"], dtype=np.float64))
        for key, short in (("cdp_x", "x"), ("cdp_y", "y")):
            if key in data:
                coords[short] = ("trace", np.asarray(data[key], dtype=np.float64), {"units": "ft" if feet else "m"})
    dims = (*("trace" if dim == "cdp" else dim for dim in lateral), axis)
    if "trace_mask" in data and not bool(np.asarray(data["trace_mask"]).all()):
        notes.append("Some places of the grid have no trace.")
    return xr.DataArray(
        guarded(path, xr.Variable(dims, array.variable._data)),
        coords=coords,
        name=path.stem,
        attrs={
            "source": str(path.absolute()),
            "kind": "seismic",
            "format": f"MDIO {metadata.get('apiVersion')}, {array.dtype}",
            "geometry": geometry,
            "notes": tuple(notes),
        },
    )


def _metadata(path: Path) -> dict[str, Any]:
    """Attributes of an MDIO 1 store, Zarr 3 or 2; empty where the folder is none."""
    for name, key in (("zarr.json", "attributes"), (".zattrs", "")):
        url = url_of(path)
        content = said_in(path / name) if url is None else said_by(f"{url}/{name}")
        found = content.get(key, {}) if key else content
        if isinstance(found, dict) and "apiVersion" in found and "createdOn" in found:
            return found
    return {}


def _geometry(data: xr.Dataset, units: str) -> tuple[SurveyGeometry | None, list[str]]:
    if not {"cdp_x", "cdp_y"} <= set(data.variables):
        return None, ["The store holds no map coordinates (cdp_x and cdp_y)."]
    n = data.sizes["inline"], data.sizes["crossline"]
    if min(n) < 2:
        return None, []
    x, y = (np.asarray(data[key], dtype=np.float64) for key in ("cdp_x", "cdp_y"))
    known = np.isfinite(x) & np.isfinite(y)
    if "trace_mask" in data:
        known &= np.asarray(data["trace_mask"], dtype=bool)
    i, j = np.nonzero(known)
    if not i.size:
        return None, ["The store holds no map coordinates (cdp_x and cdp_y)."]
    chosen = np.unique(np.linspace(0, i.size - 1, _N_LOOKED_AT).round().astype(np.intp))
    i, j = i[chosen], j[chosen]
    inline, crossline = (np.asarray(data[dim], dtype=np.float64) for dim in ("inline", "crossline"))
    geometry, note = fit_geometry(
        i,
        j,
        x[i, j],
        y[i, j],
        (float(inline[0]), float(crossline[0])),
        (float(inline[1] - inline[0]), float(crossline[1] - crossline[0])),
        units,
    )
    return geometry, [note] if note else []
