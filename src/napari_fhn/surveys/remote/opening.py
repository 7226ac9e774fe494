"""Surveys by address, opened lazily: which kind lies there, and by whom it is read."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import xarray as xr

from napari_fhn.surveys.arrays import mdio, zarr_store
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.raster.opening import open_named
from napari_fhn.surveys.raster.values import Part
from napari_fhn.surveys.remote import gdal
from napari_fhn.surveys.remote.addresses import check_address, fetch, fingerprint, kept, named, url_of

_TIFF = (".tif", ".tiff")
#: What says that an address is that of a Zarr store.
_MARKS = ("zarr.json", ".zmetadata", ".zarray", ".zgroup")
_READ = "By address, Zarr, MDIO and GeoTIFF (best as COG) are read: download other files, and open them"


def opener_of(url: str) -> Any:
    """Return the module or function that opens what an address names, by its suffix alone.

    Raises
    ------
    SurveyError
        For suffixes of files that are not read by address.
    """
    suffix = PurePosixPath(kept(url)).suffix.lower()
    if suffix in _TIFF and not url.startswith("memory:"):  # where GDAL sees nothing
        return open_tiff
    if suffix in mdio.SUFFIXES:
        return mdio.open
    if suffix in zarr_store.SUFFIXES or not suffix[1:].isalpha():
        return zarr_store.open
    raise SurveyError(named(url), f"a {suffix} file is not read by address", _READ)


def open(url: str, **options: Any) -> xr.DataArray:
    """Open what lies at an address.

    Parameters
    ----------
    url : str
        As a person gave it.
    **options
        Of `napari_fhn.surveys.arrays.zarr_store.open`, `mdio.open` or `open_tiff`.

    Raises
    ------
    SurveyError
        When there is nothing, nobody answers in time, credentials are missing, or it is something else.
    """
    check_address(url)
    opener = opener_of(url)
    survey: xr.DataArray
    if opener is open_tiff:
        survey = open_tiff(url, **options)
    else:
        # A path of it is what those who read folders are given; `url_of` makes the address of it again.
        path = Path(url)
        if "?" in url:
            what = "what stands behind the question mark of its address cannot be handed on to each of its files"
            raise SurveyError(named(url), what, "Give an address without, or download it")
        if url_of(path) != url:
            raise SurveyError(named(url), "its address has an empty part between two slashes", "Give one without")
        said = next((mark for mark in _MARKS if fetch(f"{url}/{mark}") is not None), None)
        if said is None:
            what = f"there is no Zarr store at {kept(url)}: none of {', '.join(_MARKS)} is there"
            raise SurveyError(named(url), what, "Check the address")
        if opener is zarr_store.open and not options:
            # Here and not above: copies ask addresses for their version.
            from napari_fhn.surveys.bricks import copied

            opener = next((one.open for one in (copied, mdio) if one.can_open(path)), opener)
        survey = opener(path, **options)
    survey.attrs["source"] = kept(url)
    return survey


def open_tiff(url: str, *, wavelength_units: str | None = None, part: Part | None = None) -> xr.DataArray:
    """Open a GeoTIFF at an address: its blocks are fetched when they are looked at.

    Parameters
    ----------
    url : str
        The address.
    wavelength_units, part
        As for a file, see `napari_fhn.surveys.raster.open`.

    Raises
    ------
    SurveyError
        As `open`.
    """
    gdal.check(url)
    path, address = named(url), gdal.gdal_name(url)
    with gdal.fetching(address):
        return open_named(path, address, wavelength_units, part)


def stamp(url: str) -> tuple[int, str]:
    """Return size and version of what lies at an address; of a store, of the file that describes it.

    Raises
    ------
    SurveyError
        As `napari_fhn.surveys.remote.addresses.fingerprint`.
    """
    if opener_of(url) is open_tiff:
        return fingerprint(url)
    mark = next((mark for mark in _MARKS if fetch(f"{url}/{mark}") is not None), _MARKS[0])
    return fingerprint(f"{url}/{mark}")
