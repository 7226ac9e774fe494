"""What a raster says of its bands: wavelengths, widths, which are good, names, units, and what values stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from napari_fhn.surveys.raster import envi_header
from napari_fhn.surveys.raster.wavelengths import band_coordinates, in_names


def of_bands(
    dataset: rasterio.DatasetReader, header: envi_header.EnviHeader | None, told: str | None
) -> tuple[dict[str, Any], list[str]]:
    """Collect what is known of each band; what is not known for every band is left out with a note.

    Parameters
    ----------
    dataset : rasterio.DatasetReader
        The raster.
    header : EnviHeader or None
        Its header, which says more than GDAL hands on.
    told : str or None
        Units of wavelengths that the person gave.

    Returns
    -------
    coords : dict
        Coordinates along ``band``.
    notes : list of str
    """
    n = dataset.count
    names = _texts(dataset, "descriptions")
    if header is not None:
        names = header.items("band names") if len(header.items("band names")) == n else [""] * n
        waves, widths, good = (header.numbers(key) for key in ("wavelength", "fwhm", "bbl"))
        units = header.text("wavelength units")
        stored = envi_header.scales(header)
        unread = [k for k in ("wavelength", "bbl") if header.items(k) and not header.numbers(k)]
        notes = [f"The header's list '{key}' is not all numbers and was not used." for key in unread]
    else:
        tags = [_tags(dataset, band) for band in dataset.indexes]
        waves, widths, good = (_numbers([tag.get(key, "") for tag in tags]) for key in ("wavelength", "fwhm", "bbl"))
        units = tags[0].get("wavelength_units", "")
        if not waves:
            # GDAL's own words for the same, since its version 3.10.
            imagery = [_tags(dataset, band, ns="IMAGERY") for band in dataset.indexes]
            waves = _numbers([tag.get("CENTRAL_WAVELENGTH_UM", "") for tag in imagery])
            widths = _numbers([tag.get("FWHM_UM", "") for tag in imagery])
            units = "um"
        if not waves:
            waves, widths, listed, units = _of_scene(dataset)
            good = good or listed
        scale, offset = np.array(dataset.scales, np.float64), np.array(dataset.offsets, np.float64)
        stored = None if (scale == 1).all() and (offset == 0).all() else (scale, offset)
        notes = []
    if not waves:
        waves, units = in_names(names)
        notes += ["The wavelengths are those in the band names."] if waves else []
        widths = []
    if not good and any(kind == ColorInterp.alpha for kind in dataset.colorinterp):
        good = [float(kind != ColorInterp.alpha) for kind in dataset.colorinterp]
    coords, said = band_coordinates(n, wavelength=waves, fwhm=widths, good=good, units=units, told=told)
    if any(names):
        coords["band_name"] = ("band", names)
    if any(band_units := _texts(dataset, "units")):
        coords["band_unit"] = ("band", band_units)
    if stored is not None:
        coords |= {"scale": ("band", stored[0]), "offset": ("band", stored[1])}
        said.append(_scaling(*stored))
    return coords, notes + said


def _of_scene(dataset: rasterio.DatasetReader) -> tuple[list[float], list[float], list[float], str]:
    """Lists of ENVI's that programs keep of a whole scene in other files: wavelengths, widths, good bands, units."""
    said: dict[str, str] = {}
    for domain in (None, "ENVI"):
        try:
            said |= {str(key).lower().replace(" ", "_"): value for key, value in dataset.tags(ns=domain).items()}
        except UnicodeDecodeError:
            continue
    lists = [_numbers(said.get(key, "").strip("{} \n").split(",")) for key in ("wavelength", "fwhm", "bbl")]
    n = dataset.count
    waves, widths, good = (one if len(one) == n else [] for one in lists)
    return waves, widths, good, said.get("wavelength_units", "")


def _texts(dataset: rasterio.DatasetReader, what: str) -> list[str]:
    """Words on each band; nothing where they are in another code than GDAL takes them for."""
    try:
        return [one or "" for one in getattr(dataset, what)]
    except UnicodeDecodeError:
        return [""] * dataset.count


def _tags(dataset: rasterio.DatasetReader, band: int, ns: str | None = None) -> dict[str, str]:
    try:
        return dict(dataset.tags(band, ns=ns))
    except UnicodeDecodeError:
        return {}


def _scaling(scale: NDArray[np.float64], offset: NDArray[np.float64]) -> str:
    one = (scale == scale[0]).all() and (offset == offset[0]).all()
    added = f" + {offset[0]:g}" if offset[0] else ""
    how = f"{scale[0]:g} x value{added}" if one else "scale x value + offset of their band"
    return f"The values are as stored; they stand for {how}."


def _numbers(items: list[str]) -> list[float]:
    """All items as numbers, or nothing."""
    try:
        return [float(item) for item in items]
    except ValueError:
        return []
