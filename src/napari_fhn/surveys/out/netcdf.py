"""NetCDF 4 out: values in chunks with the axes, units and CRS of their survey."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn.surveys import flags
from napari_fhn.surveys.axes import known_axis
from napari_fhn.surveys.blocks import ArrayLike, Told, read, release
from napari_fhn.surveys.bricks.plan import Plan
from napari_fhn.surveys.out.classes import ClassLike
from napari_fhn.surveys.out.labelled import template


def write_netcdf(
    path: Path,
    values: ArrayLike,
    like: xr.DataArray,
    nodata: float | None,
    names: Sequence[str],
    classes: Sequence[ClassLike],
    told: Told | None,
    history: Sequence[str] = (),
) -> None:
    """Write values as NetCDF 4 (CF 1.8), compressed in chunks; parameters as in `napari_fhn.surveys.save`."""
    # Here and not above: a session that writes no NetCDF should not wait for the library.
    import h5netcdf  # type: ignore[import-untyped, unused-ignore]
    import h5py  # type: ignore[import-untyped, unused-ignore]

    outline = template(values, like, path.stem, nodata, names, classes, history)
    name = "".join(c if c.isalnum() else "_" for c in path.stem)
    # What is called as an axis would be taken for one: a survey saved as east.nc.
    taken = name in outline.coords or not name[0].isalpha() or known_axis(name)
    name = f"values_{name}" if taken else name
    plan = Plan.of(outline)
    with h5netcdf.File(path, "w") as file:
        file.attrs["Conventions"] = "CF-1.8"
        file.attrs["source"] = str(like.attrs.get("source", ""))
        if history:
            file.attrs["history"] = outline.attrs["history"]
        file.dimensions = {str(dim): n for dim, n in outline.sizes.items()}
        # A code of its own for each kind of coordinate (dates, truth values) is xarray's business.
        for key, coordinate in outline.coords.items():
            encoded = xr.conventions.encode_cf_variable(coordinate.variable.drop_encoding(), name=key)
            text = encoded.dtype.kind in "OUS"
            kept = file.create_variable(str(key), encoded.dims, h5py.string_dtype() if text else encoded.dtype)
            kept[...] = encoded.values.astype(object) if text else encoded.values
            kept.attrs.update({k: v for k, v in encoded.attrs.items() if k != "_FillValue"})
        fill = None if nodata is None else outline.dtype.type(nodata)
        options: dict[str, Any] = {"chunks": plan.brick, "compression": "gzip", "compression_opts": 1, "shuffle": True}
        out = file.create_variable(name, outline.dims, outline.dtype, fillvalue=fill, **options)
        further = [str(key) for key in outline.coords if key not in outline.dims and key != "spatial_ref"]
        if further:
            out.attrs["coordinates"] = " ".join(further)
        if "spatial_ref" in outline.coords:
            out.attrs["grid_mapping"] = "spatial_ref"
        if classes:
            out.attrs.update({key: outline.attrs[key] for key in flags.KEYS})
            out.attrs[flags.VALUES] = np.array(outline.attrs[flags.VALUES], dtype=outline.dtype)
        done = 0
        for box in plan.boxes():
            out[box] = read(values, *box).astype(outline.dtype, copy=False)
            release(values)
            done += plan.nbytes(box)
            if told is not None:
                told(done / plan.total)
