"""One door for every kind of survey file: a short registry of openers, asked in turn.

Other distributions add openers too (`napari_fhn.surveys.plugins`): one that claims a file by its content is asked
before ours, all others behind them.
"""

from __future__ import annotations

import contextlib
import inspect
from pathlib import Path
from typing import Any, Protocol

import xarray as xr

from napari_fhn.plugins import Plugin
from napari_fhn.regular import folder_in_words, why_not
from napari_fhn.surveys import bricks, idle, plugins, raster, reaching, segy
from napari_fhn.surveys.arrays import hdf5, matlab, mdio, netcdf, npy, zarr_store
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.maps import polygons
from napari_fhn.surveys.raster.wavelengths import is_unit
from napari_fhn.surveys.remote import opening as by_address
from napari_fhn.surveys.remote.addresses import host_of, kept, url_of
from napari_fhn.surveys.remote.gdal import WholeOnly
from napari_fhn.surveys.volumes import vds, zgy
from napari_fhn.what_it_is import is_text, what_it_is


class Opener(Protocol):
    """What a file kind brings along: its suffixes, a quick look, and the reading itself."""

    SUFFIXES: tuple[str, ...]

    def can_open(self, path: Path) -> bool:
        """Say within milliseconds, from the first bytes, whether `open` is worth trying."""

    def open(self, path: Path, **options: Any) -> xr.DataArray:
        """Read lazily, or raise `SurveyError`."""


#: Asked in this order; a further kind of file is one module or folder with these three names and one entry here.
OPENERS: tuple[Opener, ...] = (segy, vds, zgy, raster, netcdf, matlab, hdf5, npy)  # type: ignore[assignment]
#: Those of surveys that are folders.
FOLDER_OPENERS: tuple[Opener, ...] = (bricks, mdio, zarr_store)  # type: ignore[assignment]


def can_open(path: str | Path) -> bool:
    """Say quickly whether `open` is worth trying on a path.

    Only the suffix and the first few kilobytes are looked at; nothing is raised.

    Parameters
    ----------
    path : str or Path
        Any path, existing or not.

    Returns
    -------
    bool
        True where one of the openers recognises the content.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> surveys.can_open(sample_data.SEISMIC.survey), surveys.can_open(sample_data.SEISMIC.tops)
    (True, False)
    """
    url = url_of(path)
    path = Path(path)
    try:
        if url is not None:
            # What has to be fetched first is known by its suffix.
            suffix = Path(url).suffix.lower()
            return by_address.opener_of(url) is not None or any(suffix in one.SUFFIXES for one in OPENERS)
        if why_not(path, folder=True) is not None:
            return False
        ours = any(opener.can_open(path) for opener in (FOLDER_OPENERS if path.is_dir() else OPENERS))
        return ours or plugins.claiming(path) is not None or plugins.able(path) is not None
    except (OSError, SurveyError):
        return False


def open(path: str | Path, **options: Any) -> xr.DataArray:
    """Open a survey file as a lazy, labelled array.

    Parameters
    ----------
    path : str or Path
        A SEG-Y file (``.sgy``, ``.segy``), one of Seismic Unix (``.su``), a volume of OpenVDS or ZGY (``.vds``,
        ``.zgy``), an ENVI image (data file or ``.hdr``), a GeoTIFF or another grid that GDAL reads (ESRI and Surfer
        grids, ER Mapper, ERDAS Imagine, JPEG 2000), NetCDF, MATLAB (5 to 7.3), HDF5, ``.npy``, ``.npz``, or the folder
        of a Zarr, OME-Zarr or MDIO store. By their address too (``https://``,
        ``s3://``, ``gs://``, ``abfs://``): Zarr, MDIO and GeoTIFF (best as COG) are read in parts where they lie, all
        others are fetched whole into the user's cache.
    **options
        Handed to the opener of that kind, e.g. ``inline_byte=9`` for SEG-Y
        (see `napari_fhn.surveys.segy.open`). Files whose axes may have no names (``.npy``, ``.npz``, MATLAB,
        HDF5, NetCDF, Zarr, TIFF of several images) take ``axes=("y", "x", "band")``; those that may hold
        several arrays ``variable="cube"``; all with bands ``wavelength_units="nm"``. ``follow=True`` says that a
        file may take values from outside its folder, ``fetch=True`` that what lies at an address is wanted however
        large it is. What is None was not said, and what means nothing to the file is refused.

    Returns
    -------
    xarray.DataArray
        Lazy values with one uniform coordinate per axis:

        * SEG-Y volume: ``(inline, crossline, twt)``, survey numbers and milliseconds;
        * SEG-Y line: ``(trace, twt)``;
        * maps and cubes: ``(band, y, x)``, map coordinates, ``wavelength`` in nanometres on ``band`` where
          known; several dates lie one after the other along ``band``, with ``date`` on it;
        * npy: ``(axis_0, axis_1, ...)``, indices, unless ``axes`` names them.

        ``attrs`` always hold ``source`` (str), ``kind`` ("seismic", "hyperspectral", "maps" or "array"),
        ``format`` (str), ``read_as`` (options that open ``source`` the same way again) and ``notes`` (tuple of
        sentences worth showing to a person).

    Raises
    ------
    AmbiguousAxes
        When the file can be read in more than one way: ``choices`` are what to ask the person, each with the
        options that make it so. `napari_fhn.surveys.reaching.ReachesOut` where it takes values from elsewhere.
    SurveyError
        With the file, the place in it and the way out.

    Examples
    --------
    >>> from napari_fhn import sample_data, surveys
    >>> survey = surveys.open(sample_data.SEISMIC.survey)
    >>> dict(survey.sizes)
    {'inline': 128, 'crossline': 192, 'twt': 160}
    >>> survey.sel(inline=1010, crossline=2101).sel(twt=slice(400, 412)).shape
    (4,)
    >>> cube = surveys.open(sample_data.HYPERSPECTRAL.dates[0])
    >>> cube.dims, cube["wavelength"].attrs["units"]
    (('band', 'y', 'x'), 'nm')
    """
    options = {name: value for name, value in options.items() if value is not None}
    url = url_of(path)
    if url is not None:
        return _open_address(url, options)
    path = Path(path)
    opener = _opener(path)
    try:
        return _open(opener, path, options)
    except OSError as error:
        raise _unreadable(path, error) from error


def options_of(path: str | Path) -> tuple[str, ...]:
    """Return the options that `open` takes for a file.

    Parameters
    ----------
    path : str or Path
        Any path.

    Returns
    -------
    tuple of str
        Names of keyword arguments.

    Raises
    ------
    SurveyError
        When no reader knows the file.
    """
    url = url_of(path)
    if url is not None:
        known = by_address.options_of(url)
        return options_of(by_address.at_hand(url)) if known is None else known
    found = _opener(Path(path))
    opener = found.value if isinstance(found, Plugin) else found
    return tuple(name for name in inspect.signature(opener.open).parameters if name != "path")


def _opener(path: Path) -> Opener | plugins.Opener:
    """Find who opens a file, or raise `SurveyError`."""
    wrong = why_not(path, folder=True)
    if wrong is not None:
        raise SurveyError(path, *wrong)
    openers = FOLDER_OPENERS if path.is_dir() else OPENERS
    known_folder = path.suffix.lower() in {suffix for opener in FOLDER_OPENERS for suffix in opener.SUFFIXES}
    known_folder = known_folder or (path.is_dir() and plugins.promised(path) is not None)
    # A file geodatabase is a folder that holds shapes: what it is is said below.
    known_folder = known_folder or path.suffix.lower() in polygons.SUFFIXES
    if path.is_dir() and not known_folder and not can_open(path):
        raise SurveyError(path, *folder_in_words(path))
    if path.suffix.lower() == ".zip" or path.suffix.lower() in polygons.SUFFIXES:
        raise _no_survey(path)
    try:
        guest = plugins.claiming(path)
        if guest is not None:
            return guest
        for opener in openers:
            if opener.can_open(path):
                return opener
        guest = plugins.able(path)
        if guest is not None:
            return guest
        # Nobody recognises the content: the opener its suffix promises says best what is wrong with it. The more
        # general ones are asked last above, and know more of such files.
        for opener in reversed(openers):
            if path.suffix.lower() in opener.SUFFIXES:
                return opener
        guest = plugins.promised(path)
        if guest is not None:
            return guest
    except OSError as error:
        raise _unreadable(path, error) from error
    raise _no_survey(path)


def _no_survey(path: Path) -> SurveyError:
    """Return the error for a file that no opener knows: what it is, and how it comes in."""
    found = what_it_is(path)
    if path.suffix.lower() == ".zip" and (found is None or found.use in ("voxels", "raster")):
        return SurveyError(path, "what is packed is not opened as a survey", "Unpack it, and open what is in it")
    if (found is not None and found.use == "shapes") or (found is None and path.suffix.lower() in polygons.SUFFIXES):
        what = "it holds points, lines or areas, which need a grid to lie on"
        way_out = "Open a map, and stack them with it; labels are read from it with --polygons, or --points"
        return SurveyError(path, what, way_out)
    if found is not None and found.use in ("voxels", "raster"):
        what = f"it is {found.words}, and files of '{path.suffix}' are not opened as such"
        return SurveyError(path, what, "Give it the suffix that such files have")
    if found is not None:
        return SurveyError(path, f"it is {found.words}", found.way_out)
    if is_text(path):
        way_out = "Tables of wells, tops, horizons and points are read with --known, legends with --classes"
        return SurveyError(path, "it is text, and no survey that is known", way_out)
    everyone = (*OPENERS, *(guest.value for guest in plugins.openers(folders=False)))
    known = ", ".join(dict.fromkeys(suffix for opener in everyone for suffix in opener.SUFFIXES))
    return SurveyError(path, "no reader knows this kind of file", f"Readable are {known}, and ENVI data files")


def _open_address(url: str, options: dict[str, Any]) -> xr.DataArray:
    """Open what a person named by its address, and remember that somebody did."""
    given = {name: value for name, value in options.items() if name not in ("follow", "fetch")}
    known = by_address.options_of(url)
    if known is not None:
        idle.check(kept(url), given, known)
        given = {name: value for name, value in given.items() if name in known}
        _check_unit(kept(url), given)
        with contextlib.suppress(WholeOnly):
            survey = by_address.open(url, **given)
            _check_wavelengths(kept(url), survey, given)
            reaching.remember_address(kept(url))
            survey.attrs.setdefault("read_as", given)
            return survey
    path = by_address.at_hand(url, agreed=bool(options.get("fetch")), whole=True)
    # What a person says of the address holds for the file that came from it, but for where that may lead.
    survey = open(path, **given)
    survey.attrs["source"] = kept(url)
    said = f"Fetched from {host_of(url)}, and read from {path.parent}."
    survey.attrs["notes"] = (*survey.attrs.get("notes", ()), said)
    return survey


def _unreadable(path: Path, error: OSError) -> SurveyError:
    return SurveyError(path, f"it cannot be read: {error.strerror or error}", "Check the file")


def _open(opener: Opener | plugins.Opener, path: Path, options: dict[str, Any]) -> xr.DataArray:
    taken = inspect.signature((opener.value if isinstance(opener, Plugin) else opener).open).parameters
    anything = any(one.kind is one.VAR_KEYWORD for one in taken.values())
    # Said of all files at once; those of most kinds name no other, and are never cut short.
    alone = {name for name in idle.AGREES if name not in taken and not (anything and name != "follow")}
    options = {name: value for name, value in options.items() if name not in alone}
    _check_options(opener.value if isinstance(opener, Plugin) else opener, path, options)
    _check_unit(path, options)
    survey = plugins.read(opener, path, options) if isinstance(opener, Plugin) else opener.open(path, **options)
    _check_wavelengths(path, survey, options)
    # Openers that choose for themselves say what they chose.
    survey.attrs.setdefault("read_as", options)
    # What was agreed to is remembered for a person and a file, and never believed of a session.
    survey.attrs["read_as"] = {name: value for name, value in survey.attrs["read_as"].items() if name != "follow"}
    return survey


def _check_options(opener: Opener, path: Path, options: dict[str, Any]) -> None:
    """Refuse an option that an opener does not take."""
    _, *parameters = inspect.signature(opener.open).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return
    idle.check(path, options, [one.name for one in parameters])


def _check_unit(path: str | Path, options: dict[str, Any]) -> None:
    """Refuse what is no unit of wavelengths."""
    unit = options.get("wavelength_units")
    if unit is not None and not is_unit(unit):
        raise idle.NoUnit(path, unit)


def _check_wavelengths(path: str | Path, survey: xr.DataArray, options: dict[str, Any]) -> None:
    """Refuse the unit of wavelengths that a file has not, whoever has read it."""
    if "wavelength_units" in options and "wavelength" not in survey.coords:
        raise idle.IdleOption(path, "wavelength_units", "none that could be used come with its bands")
