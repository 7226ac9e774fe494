"""From values with named axes to a survey as the project keeps it: axes in order, coordinates, attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import xarray as xr

from napari_fhn.sentence import counted
from napari_fhn.surveys.axes import canonical
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import Concatenated, Reordered, one_line
from napari_fhn.surveys.rio import rio

#: More entries along one axis than any image has: its coordinates alone would fill the memory.
MAX_LENGTH = 2**24

_SEISMIC = {"inline", "crossline", "trace", "twt"}


def assemble(
    path: Path,
    source: Any,
    dims: Sequence[str],
    *,
    name: str,
    format: str,
    notes: Sequence[str] = (),
    bands: Mapping[str, Any] | None = None,
    coords: Mapping[str, Any] | None = None,
    crs: Any = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Build a survey from values whose axes have names, still lazy.

    Parameters
    ----------
    path : Path
        The file.
    source : array_like
        Anything with ``shape``, ``dtype`` and slicing.
    dims : sequence of str
        A name for each of its axes; those of `napari_fhn.surveys.axes.AXES` are put into their order.
    name, format : str
        For the survey.
    notes : sequence of str
        What a person should know.
    bands : mapping, optional
        Coordinates along ``band``.
    coords : mapping, optional
        One-dimensional coordinates of other axes: name to (values, attributes).
    crs : optional
        What rioxarray takes for a CRS.
    attrs : mapping, optional
        Further attributes, such as ``nodata`` (None where it is not given).

    Returns
    -------
    xarray.DataArray
        ``(band, y, x)`` for maps and cubes: a single map gets one band, and several dates are bands one after
        the other, with ``date`` along ``band``. Otherwise the axes that there are. Axes of length 1 other
        than these are dropped.

    Raises
    ------
    SurveyError
        When it holds no numbers, no values, or an axis of absurd length.
    """
    check_values(path, np.dtype(source.dtype), source.shape)
    said = list(notes)
    kept = [k for k, dim in enumerate(dims) if source.shape[k] > 1 or dim in ("y", "x", "band", *_SEISMIC)]
    gone = [str(dims[k]) for k in range(len(dims)) if k not in kept]
    if gone:
        said.append(f"Along {', '.join(gone)} there is a single entry; the axis was dropped.")
    places = [kept[k] for k in canonical(str(dims[k]) for k in kept)]
    names = [str(dims[k]) for k in places]
    is_map = "y" in names and "x" in names and not _SEISMIC & set(names) and set(names) <= {"date", "band", "y", "x"}
    order: list[int | None] = list(places)
    if is_map and "band" not in names:
        at = names.index("y")
        names.insert(at, "band")
        order.insert(at, None)
    values = Reordered(path, source, order)
    along = dict(zip(names, values.shape, strict=True))
    found = dict(coords or {})
    found_bands = dict(bands or {})
    variable = values.variable(names)
    if is_map and "date" in names:
        labels = [str(label) for label in found.pop("date", (range(1, along["date"] + 1), {}))[0]]
        variable = Concatenated(path, [variable[k] for k in range(along["date"])]).variable(names[1:])
        found_bands = dated([found_bands] * len(labels), labels, along["band"])
        said.append(f"{len(labels)} dates lie one after the other along band ({labels[0]} to {labels[-1]}).")
        names = names[1:]
    filled: dict[str, Any] = {}
    for dim, n in zip(names, variable.shape, strict=True):
        if dim in found and dim != "band":
            filled[dim] = (dim, *found[dim])
        elif dim == "band":
            filled[dim] = (dim, np.arange(1, n + 1))
        else:
            # Pixels are counted by their centres, as GDAL does; everything else from 0.
            filled[dim] = (dim, np.arange(n) + (0.5 if dim in ("y", "x") and is_map else 0.0))
    filled |= {key: one for key, one in found_bands.items() if "band" in names}
    survey = xr.DataArray(
        variable,
        coords=filled,
        name=name,
        attrs={
            "source": str(path.absolute()),
            "kind": _kind(names, filled),
            "format": format,
            "nodata": None,
            **(attrs or {}),
            "notes": tuple(said),
        },
    )
    if crs is None:
        return survey
    from rasterio.errors import CRSError

    try:
        placed = cast(xr.DataArray, rio(survey).write_crs(crs))
    except CRSError as error:
        # What was read may be nothing that can be written down.
        what = f"its coordinate reference system is none that can be worked with ({one_line(error)})"
        raise SurveyError(path, what, "Export it again with an EPSG code") from error
    return placed


def dated(bands: Sequence[Mapping[str, Any]], labels: Sequence[str], n_bands: int | Sequence[int]) -> dict[str, Any]:
    """Put the band coordinates of several dates one after the other.

    Parameters
    ----------
    bands : sequence of mapping
        For each date its coordinates along ``band``: name to (dim, values, attributes) or (dim, values).
    labels : sequence of str
        The dates.
    n_bands : int or sequence of int
        Number of bands, of every date or of each.

    Returns
    -------
    dict
        ``date`` and ``band_name`` ("2003: 482 nm"), and what every date has of the other coordinates.
    """
    counts = [n_bands] * len(labels) if isinstance(n_bands, int) else list(n_bands)
    names = []
    for label, one, n in zip(labels, bands, counts, strict=True):
        own = one.get("band_name", ("band", [""] * n))[1]
        waves = one["wavelength"][1] if "wavelength" in one else [None] * n
        for k in range(n):
            wave = f"{waves[k]:g} nm" if waves[k] is not None else f"band {k + 1}"
            names.append(f"{label}: {own[k] or wave}")
    result: dict[str, Any] = {
        "date": ("band", [label for label, n in zip(labels, counts, strict=True) for _ in range(n)]),
        "band_name": ("band", names),
    }
    for key in bands[0]:
        if key not in result and all(key in one for one in bands):
            values = np.concatenate([np.asarray(one[key][1]) for one in bands])
            result[key] = ("band", values, *bands[0][key][2:])
    return result


def check_values(path: Path, dtype: np.dtype[Any], shape: Sequence[int]) -> None:
    """Refuse what holds no real numbers, no values at all, or an axis longer than any image's.

    Raises
    ------
    SurveyError
    """
    if dtype.kind == "c":
        raise SurveyError(path, "it holds complex numbers", "Save their magnitude or phase, or real and imaginary part")
    if dtype.kind not in "biuf":
        raise SurveyError(path, "it holds something else than real numbers", "Save the values as integers or floats")
    if not shape or 0 in shape:
        raise SurveyError(path, f"it is empty (shape {tuple(shape)})", "Save an array with values")
    if max(shape) > MAX_LENGTH:
        raise SurveyError(
            path,
            f"it promises {counted(max(shape), 'entries')} along an axis, more than any image has",
            "Check how it was written",
        )


def check_lengths(path: Path, shapes: Mapping[str, Sequence[int]]) -> None:
    """Refuse lists that are too long to be coordinates, before anything reads them whole.

    Raises
    ------
    SurveyError
    """
    for name, shape in shapes.items():
        if len(shape) == 1 and shape[0] > MAX_LENGTH:
            raise SurveyError(
                path, f"its list '{name}' promises {counted(shape[0], 'entries')}", "Check how it was written"
            )


def _kind(names: Sequence[str], coords: Mapping[str, Any]) -> str:
    if _SEISMIC & set(names):
        return "seismic"
    if "wavelength" in coords:
        return "hyperspectral"
    return "maps" if {"y", "x"} <= set(names) else "array"
