"""Files of arrays without named axes (npz, MATLAB, HDF5, Zarr): which one is the survey, and what its axes are."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_fhn.sentence import counted
from napari_fhn.surveys.assemble import assemble, check_values
from napari_fhn.surveys.axes import AmbiguousAxes, ReadingChoice, check_axes, known_axes, without_names
from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.raster.wavelengths import band_coordinates

_WAVELENGTH = re.compile(
    r"(.*[_./])?(wave_?lengths?|wvls?|wls?|lambdas?|wave|(band|wavelength)_?cent(er|re)s?|cent(er|re)_?wavelengths?)"
    r"(_?(nm|um|nanomet(er|re)s?|micromet(er|re)s?))?",
    re.IGNORECASE,
)
_WIDTH = re.compile(r"(.*[_./])?fwhm(_?(nm|um))?", re.IGNORECASE)
_GOOD = re.compile(r"(.*[_./])?(bbl|good_?(bands?|wavelengths?)?)", re.IGNORECASE)
_UNITS = re.compile(r"_?(nm|um|nanomet(?:er|re)s?|micromet(?:er|re)s?)$", re.IGNORECASE)
#: Longest list that is looked at as wavelengths.
_MAX_BANDS = 65536


@dataclass(frozen=True)
class Member:
    """An array in a file, not read yet.

    Attributes
    ----------
    shape : tuple of int
        Its lengths.
    dtype : dtype
        Of its values.
    load : callable
        Gives something with ``shape``, ``dtype`` and slicing; called for the arrays that are used.
    units : str
        What the file says of it.
    dims : tuple of str
        Names of its axes where the file has some; an empty string for an axis without one.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    load: Callable[[], Any]
    units: str = ""
    dims: tuple[str, ...] = ()

    @property
    def lengths(self) -> tuple[int, ...]:
        """Shape without axes of length 1."""
        return tuple(n for n in self.shape if n != 1)


def open_member(
    path: Path,
    members: Mapping[str, Member],
    *,
    format: str,
    variable: str | None = None,
    axes: Sequence[str] | None = None,
    wavelength_units: str | None = None,
    notes: Sequence[str] = (),
) -> xr.DataArray:
    """Find the survey among the arrays of a file, name its axes, and give it its wavelengths.

    The survey is the array with the most axes. Its bands are found by a list of wavelengths of the same
    length, or by a map that has all axes but one; never by the lengths alone.

    Parameters
    ----------
    path : Path
        The file.
    members : mapping
        Its arrays by name.
    format : str
        What kind of file it is.
    variable : str, optional
        Name of the array that is the survey.
    axes : sequence of str, optional
        Names of its axes, without those of length 1 where there are such.
    wavelength_units : str, optional
        Of wavelengths that come without units.
    notes : sequence of str
        To begin with.

    Raises
    ------
    AmbiguousAxes
        When several arrays can be the survey, or its axes can be several things.
    SurveyError
        When there is none, or what is named does not fit.
    """
    name = survey_of(path, members, variable)
    member = members[name]
    check_values(path, member.dtype, member.shape)
    said = list(notes)
    others = sorted(set(members) - {name})
    if others and variable is None:
        shown = ", ".join(others[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")
        said.append(f"The survey is '{name}'; the file also holds {shown}.")
    dims, why = axes_of(path, name, members, axes)
    said += [why] if why else []
    bands: dict[str, Any] = {}
    if "band" in dims:
        bands, more = bands_of(members, member.shape[dims.index("band")], wavelength_units)
        said += more
    source = member.load()
    return assemble(
        path, source, dims, name=path.stem, format=f"{format}, {source.dtype}", notes=said, bands=bands,
        attrs={"variable": name} | ({"units": member.units} if member.units else {}),
    )  # fmt: skip


def survey_of(path: Path, members: Mapping[str, Member], variable: str | None) -> str:
    """Return the name of the array that is the survey: the one with the most axes.

    Raises
    ------
    AmbiguousAxes
        When there are several such.
    SurveyError
        When there is none, or `variable` is none of them.
    """
    listed = ", ".join(f"{name} {' x '.join(map(str, one.shape))}" for name, one in members.items())
    if variable is not None:
        if variable not in members:
            raise SurveyError(path, f"it holds no array {variable!r}", f"It holds {listed or 'none'}")
        return variable
    for kinds in ("iufc", "b"):
        able = {k: v for k, v in members.items() if v.dtype.kind in kinds and len(v.lengths) >= 2 and 0 not in v.shape}
        if able:
            break
    else:
        raise SurveyError(path, f"it holds no array of two or more axes ({listed or 'nothing'})", "Save one in it")
    most = max(len(one.lengths) for one in able.values())
    best = [name for name, one in able.items() if len(one.lengths) == most]
    if len(best) == 1:
        return best[0]
    # Amounts are a survey before whole numbers are, which may be labels or a mask; the larger before the smaller.
    best.sort(key=lambda name: (able[name].dtype.kind not in "fc", -math.prod(able[name].shape)))
    choices = [
        ReadingChoice(f"{name}, {' x '.join(map(str, members[name].shape))}", {"variable": name}) for name in best
    ]
    raise AmbiguousAxes(
        path, f"it holds {counted(len(best), 'arrays')} that can be the survey ({', '.join(best[:8])})", choices
    )


def axes_of(
    path: Path, name: str, members: Mapping[str, Member], axes: Sequence[str] | None
) -> tuple[tuple[str, ...], str]:
    """Return names for all axes of an array, and a sentence on how they were found.

    Parameters are those of `open_member`. An axis of length 1 without a name gets one of its own (``axis_0``).

    Raises
    ------
    AmbiguousAxes
        When nothing tells what they are.
    SurveyError
        When `axes` do not fit.
    """
    member = members[name]
    shape = member.shape
    long = [k for k, n in enumerate(shape) if n != 1]
    if axes is not None:
        places = list(range(len(shape))) if len(axes) == len(shape) else long
        return _spread(check_axes(path, axes, [shape[k] for k in places]), places, len(shape)), ""
    named = list(known_axes(member.dims))
    if named and all(named[k] for k in long) and len({named[k] for k in long}) == len(long):
        # Those of length 1 keep their names as well, as far as these tell them apart.
        places = [k for k in range(len(shape)) if k in long or (named[k] and named.count(named[k]) == 1)]
        return _spread([named[k] for k in places], places, len(shape)), ""
    lengths = member.lengths
    options = {} if len([m for m in members.values() if len(m.lengths) >= 2]) == 1 else {"variable": name}
    if len(lengths) == 2:
        return _spread(("y", "x"), long, len(shape)), f"Rows of '{name}' are taken as y, columns as x."
    if len(lengths) == 3:
        band, why = _band_axis(lengths, name, members)
        if band is not None:
            rest = iter(("y", "x"))
            found = tuple("band" if k == band else next(rest) for k in range(3))
            return _spread(found, long, len(shape)), f"The bands of '{name}' are its axis {band + 1}: {why}."
    raise without_names(path, lengths, f"'{name}'", options)


def is_wavelengths(name: str, member: Member, n: int) -> bool:
    """Say whether an array is, by its name and length, the list of the wavelengths of `n` bands."""
    return _WAVELENGTH.fullmatch(name) is not None and member.lengths == (n,)


def _spread(names: Sequence[str], places: Sequence[int], n: int) -> tuple[str, ...]:
    """Names for all axes, from those of some; the others get names of their own."""
    result = [f"axis_{k}" for k in range(n)]
    for k, one in zip(places, names, strict=True):
        result[k] = one
    return tuple(result)


def _band_axis(lengths: tuple[int, ...], name: str, members: Mapping[str, Member]) -> tuple[int | None, str]:
    """Find the axis of bands by what else lies in the file; None where nothing tells, or in two ways."""
    found: dict[int, str] = {}
    for other, one in members.items():
        if other == name:
            continue
        if len(one.lengths) == 1 and _WAVELENGTH.fullmatch(other):
            places = [k for k in range(3) if lengths[k] == one.lengths[0]]
            if len(places) == 1:
                return places[0], f"'{other}' is as long"
        elif len(one.lengths) == 2:
            places = [k for k in range(3) if lengths[:k] + lengths[k + 1 :] == one.lengths]
            if len(places) == 1:
                found.setdefault(places[0], f"'{other}' has the other two")
    return next(iter(found.items())) if len(found) == 1 else (None, "")


def bands_of(members: Mapping[str, Member], n: int, told: str | None) -> tuple[dict[str, Any], list[str]]:
    """Return coordinates of `n` bands and notes, from lists of that length with names such as ``wavelength``."""
    found: dict[str, list[float]] = {}
    units = ""
    for name, one in members.items():
        if (
            one.lengths not in ((n,), ())
            or int(np.prod(one.shape)) != n
            or one.dtype.kind not in "biuf"
            or n > _MAX_BANDS
        ):
            continue
        for what, pattern in (("wavelength", _WAVELENGTH), ("fwhm", _WIDTH), ("good", _GOOD)):
            if what not in found and pattern.fullmatch(name):
                found[what] = np.asarray(one.load()[...], dtype=np.float64).ravel().tolist()
                if what == "wavelength":
                    written = _UNITS.search(name)
                    units = one.units or (written[1] if written else "")
    return band_coordinates(n, units=units, told=told, **found)
