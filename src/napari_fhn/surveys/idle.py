"""Options of readers that mean nothing to a file: refused, where they would be passed over in silence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from napari_fhn.surveys.errors import SurveyError

_NONE = "it is none"
#: Why a part of complex numbers means nothing to others.
OF_REAL = "its numbers are real"
#: What an option of any reader is, and why it means nothing to a file whose reader does not take it.
OPTIONS: dict[str, tuple[str, str]] = {
    "axes": ("names the axes of arrays that have no names", "it has names of its own"),
    "variable": ("chooses one of several arrays of a file", "it holds one"),
    "page": ("chooses one of several images of a TIFF", _NONE),
    "part": ("says what is taken of the complex numbers of a raster", _NONE),
    "wavelength_units": ("is the unit of wavelengths", "it has none"),
    "rows": ("is the height of the image in a MATLAB table of bands x pixels", _NONE),
    "pixels": ("is the order of the pixels in a MATLAB table of bands x pixels", _NONE),
    "level": ("chooses a resolution of an OME-Zarr", _NONE),
    "vertical": ("says whether a SEG-Y, OpenVDS or ZGY file goes down in time or in depth", _NONE),
    "line": ("takes the traces of a SEG-Y file as a line", _NONE),
    **dict.fromkeys(
        ("inline_byte", "crossline_byte", "x_byte", "y_byte"), ("is a byte of the trace headers of SEG-Y", _NONE)
    ),
    **dict.fromkeys(
        ("sample_interval_ms", "delay_ms", "coordinate_scalar", "sample_format"), ("is that of a SEG-Y file", _NONE)
    ),
}


#: Options that only agree to something: left alone where there is nothing to agree to.
AGREES = ("follow", "incomplete")


class IdleOption(SurveyError):
    """An option that means nothing to a file.

    Parameters
    ----------
    path : str or Path
        The file.
    option : str
        One of `OPTIONS`.
    why : str, optional
        What of the file makes it so; else that its reader takes no such option.
    """

    def __init__(self, path: str | Path, option: str, why: str = "") -> None:
        words, otherwise = OPTIONS[option]
        self.option, self.why = option, why
        super().__init__(path, f"{option}= {words}, and {why or otherwise}", "Leave it out")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self.path), self.option, self.why)


class NoUnit(IdleOption):
    """What is no unit of wavelengths: refused of a person, and passed over in a record of an earlier time.

    Parameters
    ----------
    path : str or Path
        The file.
    unit : str
        What was said.
    """

    def __init__(self, path: str | Path, unit: object) -> None:
        self.option, self.why, self.unit = "wavelength_units", "", unit
        SurveyError.__init__(self, path, f"'{unit}' is no unit of wavelengths", "Say nm, um, angstrom, cm-1 or THz")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self.path), self.unit)


def check(path: str | Path, options: Collection[str], known: Collection[str]) -> None:
    """Refuse options that the reader of a file does not take.

    Parameters
    ----------
    path : str or Path
        The file.
    options : collection of str
        Those that were given.
    known : collection of str
        Those that its reader takes.

    Raises
    ------
    IdleOption
        For the first of another reader's.
    SurveyError
        For one that is no option at all.
    """
    for name in options:
        if name in known or name in AGREES:
            continue
        if name in OPTIONS:
            raise IdleOption(path, name)
        way_out = f"It takes {', '.join(known)}" if known else "Open it without options"
        raise SurveyError(path, f"'{name}' is no option of such a file", way_out)


Opens = Callable[..., xr.DataArray]
"""Opens a path with options: `napari_fhn.surveys.open`."""


def without_idle(opens: Opens, path: str | Path, options: Mapping[str, Any]) -> tuple[xr.DataArray, list[IdleOption]]:
    """Open a file with those options alone that mean something to it.

    Parameters
    ----------
    opens : callable
        Opens it.
    path : str or Path
        The file.
    options : mapping
        Said of it and of others, or by a record of an earlier time.

    Returns
    -------
    survey : xarray.DataArray
    idle : list of IdleOption
        What would have been said of each of the others.
    """
    left, idle = dict(options), list[IdleOption]()
    while True:
        try:
            return opens(path, **left), idle
        except IdleOption as error:
            idle.append(error)
            del left[error.option]


class OfSeveral:
    """Options that are said of several files at once: each file takes those that mean something to it.

    Parameters
    ----------
    opens : callable
        Opens a file.
    options : mapping
        The options.
    files : int
        How many files they are said of; where it is one, an idle option is refused before anything else is.
    heeded : collection of str
        Options that already mean something to what is no file, such as an array in memory.
    """

    def __init__(self, opens: Opens, options: Mapping[str, Any], files: int, heeded: Collection[str] = ()) -> None:
        self._opens, self._alone = opens, files == 1 and not heeded
        self._options = {name: value for name, value in options.items() if value is not None}
        self._left: dict[str, IdleOption | None] = {name: None for name in self._options if name not in heeded}

    def open(self, path: str | Path) -> xr.DataArray:
        """Open one of the files."""
        if self._alone:
            self._left = {}
            return self._opens(path, **self._options)
        survey, idle = without_idle(self._opens, path, self._options)
        of = {error.option: error for error in idle}
        self._left = {name: before or of[name] for name, before in self._left.items() if name in of}
        return survey

    def check(self, array: str = "array") -> None:
        """Refuse options that meant nothing to any of the files.

        Parameters
        ----------
        array : str
            What is told of where there was none, but an array.

        Raises
        ------
        SurveyError
            For the first of them.
        """
        for name, error in self._left.items():
            if error is not None:
                raise error
            check(array, (name,), ())
