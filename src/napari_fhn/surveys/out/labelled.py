"""What is saved, described by the survey it lies on: axes, coordinates, attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn.surveys import flags
from napari_fhn.surveys.blocks import ArrayLike
from napari_fhn.surveys.out.classes import ClassLike
from napari_fhn.surveys.out.history import joined

_STORED = {"bool": "uint8", "float16": "float32"}


def template(
    values: ArrayLike,
    like: xr.DataArray,
    name: str,
    nodata: float | None = None,
    names: Sequence[str] = (),
    classes: Sequence[ClassLike] = (),
    history: Sequence[str] = (),
) -> xr.DataArray:
    """Describe values on the grid of a survey, without holding them.

    Parameters
    ----------
    values : ArrayLike
        Shape of the spatial axes of `like`, or one axis more in front, which becomes ``band``.
    like : xarray.DataArray
        The survey.
    name : str
        What the values are called.
    nodata : float, optional
        The value that means "none".
    names : sequence of str, optional
        Of the layers along ``band``, as coordinate ``band_name``.
    classes : sequence of ClassLike, optional
        Kept in the attributes ``flag_values``, ``flag_meanings``, ``flag_names`` and ``flag_colors``.
    history : sequence of str
        What made the values; in the attribute ``history``, below what the survey says there of its own.

    Returns
    -------
    xarray.DataArray
        Of the shape and type to be stored, all values zero and without memory of its own. Attributes are those of
        the survey: ``source`` is its file.
    """
    dims = [str(dim) for dim in like.dims if dim != "band"]
    coords = {key: c.variable for key, c in like.coords.items() if "band" not in c.dims and key != "band"}
    if values.ndim > len(dims):
        dims.insert(0, "band")
        count = values.shape[0]
        coords["band"] = xr.Variable("band", np.arange(1, count + 1))
        if len(names) == count:
            coords["band_name"] = xr.Variable("band", np.array(list(names), dtype=object))
    of_like = {key: value for key, value in like.attrs.items() if key not in (*flags.KEYS, "classes")}
    attrs: dict[str, Any] = {**of_like, "nodata": nodata, "notes": ()}
    if classes:
        attrs |= flags.of(*zip(*((entry.value, entry.name, entry.color) for entry in classes), strict=True))
    if history:
        attrs["history"] = joined(like.attrs.get("history"), history)
    kind = np.dtype(_STORED.get(np.dtype(values.dtype).name, values.dtype)).newbyteorder("=")
    nothing = np.broadcast_to(np.zeros((), dtype=kind), tuple(values.shape))
    return xr.DataArray(nothing, dims=dims, coords=coords, name=name, attrs=attrs)
