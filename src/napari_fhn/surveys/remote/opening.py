"""Surveys by address, opened lazily: which kind lies there, and by whom it is read."""

from __future__ import annotations

import inspect
import os
from pathlib import Path, PurePosixPath
from typing import Any

import xarray as xr

from napari_fhn.surveys import idle, reaching
from napari_fhn.surveys.arrays import mdio, zarr_store
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.raster.opening import open_named
from napari_fhn.surveys.raster.values import Part
from napari_fhn.surveys.remote import fetching, gdal
from napari_fhn.surveys.remote.addresses import check_address, fetch, fingerprint, kept, named, url_of

_TIFF = (".tif", ".tiff")
#: What says that an address is that of a Zarr store.
_MARKS = ("zarr.json", ".zmetadata", ".zarray", ".zgroup")


def opener_of(url: str) -> Any:
    """Return the module or function that opens what an address names, by its suffix alone.

    Parameters
    ----------
    url : str
        As `url_of` gives it.
    """
    suffix = PurePosixPath(kept(url)).suffix.lower()
    if suffix in _TIFF and not url.startswith("memory:"):  # where GDAL sees nothing
        return open_tiff
    if suffix in mdio.SUFFIXES:
        return mdio.open
    if suffix in zarr_store.SUFFIXES or not (suffix[1:].isalnum() and suffix[1:2].isalpha()):
        return zarr_store.open
    return None


def is_store(url: str) -> bool:
    """Whether an address names a store of many files, by its name: it is read where it lies, and cannot be fetched."""
    return opener_of(url) in (mdio.open, zarr_store.open)


def options_of(url: str) -> tuple[str, ...] | None:
    """Return the options that `open` takes for what is read by address; None for what is fetched first."""
    opener = opener_of(url)
    return None if opener is None else tuple(inspect.signature(opener).parameters)[1:]


def at_hand(path: str | os.PathLike[str], *, agreed: bool = False, whole: bool = False, stores: bool = False) -> Path:
    """Return what a person has named as a path that readers take; what lies at an address is fetched where needed.

    Parameters
    ----------
    path : path-like
        A file of this machine, which is returned as it is, or an address.
    agreed : bool
        As in `napari_fhn.surveys.remote.fetching.fetch`.
    whole : bool
        Whether the reader takes nothing but files of this machine.
    stores : bool
        Whether it takes stores, too, which are read where they lie.

    Returns
    -------
    Path
        For what is read where it lies, its address.

    Raises
    ------
    SurveyError
        As `napari_fhn.surveys.remote.fetching.fetch`; of a store where only a file will do.
    """
    url = url_of(path)
    if url is None:
        return Path(path)
    opener = opener_of(url)
    if is_store(url) and stores:
        return Path(url)
    if is_store(url) and whole:
        raise SurveyError(named(url), "it is no file that could be fetched", "Name one by its whole address")
    if opener is not None and not whole:
        return Path(url)
    found = fetching.fetch(url, agreed=agreed)
    reaching.remember_address(kept(url))
    return found


def open(url: str, **options: Any) -> xr.DataArray:
    """Open what lies at an address, and is read there.

    Parameters
    ----------
    url : str
        As `url_of` gives it.
    **options
        Of `napari_fhn.surveys.arrays.zarr_store.open`, `mdio.open` or `open_tiff`.

    Raises
    ------
    WholeOnly
        Where the server gives no parts of a file.
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
        if url_of(path) != url:
            raise SurveyError(named(url), "its address has an empty part between two slashes", "Give one without")
        said = next((mark for mark in _MARKS if fetch(f"{url}/{mark}") is not None), None)
        if said is None:
            what = f"there is no Zarr store at {kept(url)}: none of {', '.join(_MARKS)} is there"
            raise SurveyError(named(url), what, "Check the address")
        if opener is zarr_store.open:
            # Here and not above: copies ask addresses for their version.
            from napari_fhn.surveys.bricks import copied

            if copied.can_open(path):
                # It knows itself what its axes are, and what is in it.
                idle.check(kept(url), options, ())
                opener = copied.open
            elif not options and mdio.can_open(path):
                opener = mdio.open
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
    if opener_of(url) in (open_tiff, None):
        return fingerprint(url)
    mark = next((mark for mark in _MARKS if fetch(f"{url}/{mark}") is not None), _MARKS[0])
    return fingerprint(f"{url}/{mark}")
