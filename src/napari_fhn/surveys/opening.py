"""One door for every kind of survey file: a short registry of openers, asked in turn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import xarray as xr

from napari_fhn.surveys import npy, raster, segy
from napari_fhn.surveys.errors import SurveyError


class Opener(Protocol):
    """What a file kind brings along: its suffixes, a quick look, and the reading itself."""

    SUFFIXES: tuple[str, ...]

    def can_open(self, path: Path) -> bool:
        """Say within milliseconds, from the first bytes, whether `open` is worth trying."""

    def open(self, path: Path, **options: Any) -> xr.DataArray:
        """Read lazily, or raise `SurveyError`."""


#: Asked in this order; a further kind of file is one module with these three names and one entry here.
OPENERS: tuple[Opener, ...] = (segy, raster, npy)  # type: ignore[assignment]


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
    """
    path = Path(path)
    try:
        return path.is_file() and any(opener.can_open(path) for opener in OPENERS)
    except OSError:
        return False


def open(path: str | Path, **options: Any) -> xr.DataArray:
    """Open a survey file as a lazy, labelled array.

    Parameters
    ----------
    path : str or Path
        A SEG-Y file (``.sgy``, ``.segy``), an ENVI image (data file or ``.hdr``), a GeoTIFF, or a ``.npy``
        file.
    **options
        Handed to the opener of that kind, e.g. ``inline_byte=9`` for SEG-Y
        (see `napari_fhn.surveys.segy.open`).

    Returns
    -------
    xarray.DataArray
        Lazy values with one uniform coordinate per axis:

        * SEG-Y volume: ``(inline, crossline, twt)``, survey numbers and milliseconds;
        * SEG-Y line: ``(trace, twt)``;
        * raster: ``(band, y, x)``, map coordinates, ``wavelength`` in nanometres on ``band`` where known;
        * npy: ``(axis_0, axis_1, ...)``, indices.

        ``attrs`` always hold ``source`` (str), ``kind`` ("seismic", "hyperspectral", "maps" or "array"),
        ``format`` (str) and ``notes`` (tuple of sentences worth showing to a person).

    Raises
    ------
    SurveyError
        With the file, the place in it and the way out.
    """
    path = Path(path)
    if not path.exists():
        raise SurveyError(path, f"there is no such file in {path.absolute().parent}", "Check the path")
    if path.is_dir():
        raise SurveyError(path, "this is a folder", "Open a file inside it")
    try:
        for opener in OPENERS:
            if opener.can_open(path):
                return opener.open(path, **options)
        # Nobody recognises the content: the opener its suffix promises says best what is wrong with it.
        for opener in OPENERS:
            if path.suffix.lower() in opener.SUFFIXES:
                return opener.open(path, **options)
    except OSError as error:
        raise SurveyError(path, f"it cannot be read: {error.strerror or error}", "Check the file") from error
    known = ", ".join(suffix for opener in OPENERS for suffix in opener.SUFFIXES)
    raise SurveyError(path, "no reader knows this kind of file", f"Readable are {known}, and ENVI data files")
