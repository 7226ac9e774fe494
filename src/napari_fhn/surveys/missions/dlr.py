"""EnMAP and DESIS: a GeoTIFF of numbers, and beside it the metadata that say what its bands are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import xarray as xr

from napari_fhn.sentence import counted
from napari_fhn.surveys import markup
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.raster.wavelengths import band_coordinates

_IMAGE = re.compile(r"((?:ENMAP|DESIS).*?)SPECTRAL_IMAGE(?:_COG)?(?:_(VNIR|SWIR))?", re.IGNORECASE)
_MOST_BYTES = 64 * 2**20
#: What both missions write where there is nothing, as their product specifications have it.
_BACKGROUND = -32768
#: Names of what a band has, of EnMAP and of DESIS.
_FIELDS = {
    "wavelength": ("wavelengthCenterOfBand",),
    "fwhm": ("FWHMOfBand", "wavelengthWidthOfBand"),
    "gain": ("GainOfBand", "gainOfBand"),
    "offset": ("OffsetOfBand", "offsetOfBand"),
}


def with_metadata(path: Path, survey: xr.DataArray, wavelength_units: str | None = None) -> xr.DataArray:
    """Give a scene of EnMAP or DESIS the wavelengths, gains and missing value of its metadata.

    Parameters
    ----------
    path : Path
        The image, as the mission calls it.
    survey : xarray.DataArray
        Opened.
    wavelength_units : str, optional
        What a person says that they are.

    Returns
    -------
    xarray.DataArray
        As it came, where it is none, or the metadata are not beside it (then with a note) or speak of other bands.

    Raises
    ------
    SurveyError
        When the metadata are damaged.
    """
    named = _IMAGE.fullmatch(path.stem)
    if named is None:
        return survey
    mission = {"E": "EnMAP", "D": "DESIS"}[named[1][0].upper()]
    beside = path.parent / f"{named[1]}METADATA.XML"
    file = next((one for one in (beside, beside.with_suffix(".xml")) if one.is_file()), None)
    notes = list(survey.attrs.get("notes", ()))
    if file is None:
        notes.append(f"{beside.name} is not beside it, so the wavelengths and gains of its bands are not known.")
        return survey.assign_attrs(notes=tuple(notes))
    bands, n = _bands(file), survey.sizes["band"]
    lists = {key: [band[key] for band in bands] for key in _FIELDS}
    if len(bands) != n or any(value is None for value in lists["wavelength"]):
        notes.append(f"{file.name} describes {counted(len(bands), 'bands')}, and the image has {n}: it was not used.")
        return survey.assign_attrs(notes=tuple(notes))
    whole = {key: [float(one) for one in values if one is not None] for key, values in lists.items()}
    widths = whole["fwhm"] if len(whole["fwhm"]) == n else ()
    coords, said = band_coordinates(n, wavelength=whole["wavelength"], fwhm=widths, units="nm", told=wavelength_units)
    notes += said
    gain = np.array(whole["gain"] if len(whole["gain"]) == n else [1.0] * n)
    offset = np.array(whole["offset"] if len(whole["offset"]) == n else [0.0] * n)
    if "scale" not in survey.coords and not ((gain == 1).all() and (offset == 0).all()):
        coords |= {"scale": ("band", gain), "offset": ("band", offset)}
        notes.append(
            f"The values are as stored; gain x value + offset of their band ({file.name}) is what they stand for."
        )
    attrs = dict(survey.attrs, kind="hyperspectral", format=f"{mission}, {survey.attrs['format']}")
    if survey.attrs.get("nodata") is None and survey.dtype == np.int16:
        attrs |= {"nodata": _BACKGROUND, "_FillValue": _BACKGROUND}
        notes.append(f"{_BACKGROUND} is {mission}'s value for nothing.")
    return survey.assign_coords(coords).assign_attrs({**attrs, "notes": tuple(notes)})


def _bands(file: Path) -> list[dict[str, float | None]]:
    """Return what the metadata say of each band, in their order."""
    if file.stat().st_size > _MOST_BYTES:
        raise SurveyError(file, f"it has {file.stat().st_size} bytes, too many for metadata", "Copy it again")
    text = file.read_bytes()
    try:
        root = markup.parsed(text)
    except markup.DeclaresEntities:
        raise SurveyError(file, "it declares entities, which no metadata of the mission do", "Copy it again") from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SurveyError(file, f"it is no XML ({error})", "Copy it again") from error
    return [{key: _number(band, names) for key, names in _FIELDS.items()} for band in _described(root)]


def _described(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Elements of the bands; bands stand elsewhere in the metadata too, with other things."""
    for element in root.iter():
        if _local(element) == "bandCharacterisation":
            yield from (one for one in element if _local(one) in ("bandID", "band"))
            return


def _number(band: ElementTree.Element, names: tuple[str, ...]) -> float | None:
    for one in band:
        if _local(one) in names:
            try:
                value = float(one.text or "")
            except ValueError:
                return None
            return value if np.isfinite(value) else None
    return None


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
