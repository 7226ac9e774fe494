"""Wavelengths of bands in nanometres, whatever the file gives them in, and which bands are bad."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_fhn.sentence import counted

#: One of each unit in nanometres; spellings are compared without case and plural.
_NANOMETRES = {
    "nanometer": 1.0, "nanometre": 1.0, "nm": 1.0, "nanom": 1.0,
    "micrometer": 1e3, "micrometre": 1e3, "micron": 1e3, "um": 1e3, "µm": 1e3, "μm": 1e3, "mcm": 1e3,
    "angstrom": 0.1, "ångström": 0.1, "å": 0.1,
    "millimeter": 1e6, "millimetre": 1e6, "mm": 1e6, "centimeter": 1e7, "centimetre": 1e7, "cm": 1e7,
    "meter": 1e9, "metre": 1e9, "m": 1e9,
}  # fmt: skip
#: Units of which there are more the shorter the wave is: nanometres times the number.
_INVERSE = {
    "wavenumber": 1e7, "1/cm": 1e7, "cm-1": 1e7, "cm^-1": 1e7, "cm**-1": 1e7, "/cm": 1e7,
    "thz": 299_792.458, "ghz": 299_792_458.0, "mhz": 299_792_458_000.0,
}  # fmt: skip
#: Words that programs write where there is no unit.
_NONE = ("", "unknown", "none", "undefined", "n/a", "-")
_IN_A_NAME = re.compile(r"(\d+(?:\.\d+)?)\s*(nanomet(?:er|re)s?|nm|micromet(?:er|re)s?|microns?|um|µm|μm)\b", re.I)


def to_nanometres(values: ArrayLike, units: str) -> NDArray[np.float64] | None:
    """Return wavelengths in nanometres; None where the unit is not one of length, number or frequency of waves.

    Parameters
    ----------
    values : array_like, shape (n,)
        Of the file.
    units : str
        As the file writes them: "Micrometers", "nm", "Wavenumber", "GHz".
    """
    given = np.asarray(values, dtype=np.float64)
    word = units.strip().lower()
    for one in (word, word.removesuffix("s")):
        if one in _NANOMETRES:
            return np.round(given * _NANOMETRES[one], 6)
        if one in _INVERSE and (given > 0).all():
            return np.round(_INVERSE[one] / given, 6)
    return None


def is_unit(word: str) -> bool:
    """Whether a word is a unit of length, number or frequency of waves."""
    return to_nanometres([1.0], word) is not None


def units_that_fit(values: ArrayLike) -> str:
    """Return the only unit in which wavelengths without one make sense; empty where there is more than one.

    Parameters
    ----------
    values : array_like, shape (n,)
        Of the file.

    Returns
    -------
    {"nm", "um", ""}
        Micrometres for 0.3 to 20. Nanometres for values up to 2600 that begin between 300 and 600: as
        wavenumbers these would be longer than 16 micrometres, where the air is opaque. From 600 on a list may
        be wavenumbers of thermal infrared as well as nanometres.
    """
    given = np.asarray(values, dtype=np.float64)
    low, high = given.min(), given.max()
    if low >= 0.3 and high <= 20:
        return "um"
    return "nm" if 300 <= low <= 600 and high <= 2600 else ""


def band_coordinates(
    n_bands: int,
    *,
    wavelength: Sequence[float] = (),
    fwhm: Sequence[float] = (),
    good: Sequence[float] = (),
    units: str = "",
    told: str | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Turn what a file says about its bands into coordinates along ``band``.

    Parameters
    ----------
    n_bands : int
        Number of bands.
    wavelength, fwhm : sequence of float
        As the file has them, in `units`; empty where it has none.
    good : sequence of float
        Not zero for each band that can be used.
    units : str
        As the file writes them.
    told : str, optional
        Units that the person gave; they count more.

    Returns
    -------
    coords : dict
        ``wavelength`` and ``fwhm`` in nanometres, ``good`` as bool; what does not hold for every band is left out.
    notes : list of str
        What was left out or taken on trust, and why; where the person contradicts the file, that.
    """
    coords: dict[str, Any] = {}
    notes: list[str] = []
    waves = np.asarray(wavelength, dtype=np.float64)
    notes += _contradicted(waves, units, told)
    units = units if told is None else told
    if waves.size:
        fault = _fault(waves, n_bands)
        if fault:
            notes.append(f"The wavelengths were not used: {fault}.")
        else:
            nanometres, note = _in_nanometres(waves, units)
            notes += [note] if note else []
            if nanometres is not None:
                coords["wavelength"] = ("band", nanometres, {"units": "nm", "long_name": "wavelength"})
                coords |= _widths(np.asarray(fwhm, dtype=np.float64), nanometres, units or units_that_fit(waves))
    if len(fwhm) and "fwhm" not in coords and "wavelength" in coords:
        notes.append(f"The full widths at half maximum ({len(fwhm)} for {counted(n_bands, 'bands')}) were not used.")
    flags = np.asarray(good, dtype=np.float64)
    if flags.size == n_bands:
        coords["good"] = ("band", np.isfinite(flags) & (flags != 0), {"long_name": "not on the bad-band list"})
    elif flags.size:
        notes.append(
            f"The bad-band list has {counted(flags.size, 'entries')} for {counted(n_bands, 'bands')} and was not used."
        )
    return coords, notes


def in_names(names: Iterable[str]) -> tuple[list[float], str]:
    """Read wavelengths out of band names such as "band 1 (418.24 Nanometers)".

    Parameters
    ----------
    names : iterable of str
        One per band.

    Returns
    -------
    values : list of float
        One per band; empty where any name has none with a unit, or the units differ.
    units : str
        As they are written.
    """
    found = [_IN_A_NAME.findall(name) for name in names]
    if not found or any(len(one) != 1 for one in found):
        return [], ""
    values = [float(one[0][0]) for one in found]
    units = {one[0][1].lower() for one in found}
    return (values, units.pop()) if len(units) == 1 else ([], "")


def _fault(waves: NDArray[np.float64], n_bands: int) -> str:
    if waves.size != n_bands:
        return f"there are {waves.size} for {counted(n_bands, 'bands')}"
    if not np.isfinite(waves).all():
        return "some are not numbers"
    if (waves <= 0).any():
        return f"they reach down to {waves.min():g}"
    return ""


def _contradicted(waves: NDArray[np.float64], units: str, told: str | None) -> list[str]:
    """Say that wavelengths are taken for others than those that the file says they are."""
    if told is None or not waves.size or not (np.isfinite(waves) & (waves > 0)).all():
        return []
    said, taken = to_nanometres(waves, units), to_nanometres(waves, told)
    if said is None or taken is None or np.allclose(said, taken, rtol=1e-6):
        return []
    return [f"The file says that its wavelengths are in {units.strip()}; as asked they were taken for {told.strip()}."]


def _in_nanometres(waves: NDArray[np.float64], units: str) -> tuple[NDArray[np.float64] | None, str]:
    span = f"The wavelengths ({waves[0]:g} to {waves[-1]:g}) are given"
    if units.strip().lower() in _NONE:
        fitting = units_that_fit(waves)
        if not fitting:
            return None, f"{span} without units and were not used; say wavelength_units='nm' (or what they are)."
        name = {"nm": "nanometres", "um": "micrometres"}[fitting]
        return to_nanometres(waves, fitting), f"{span} without units; as only {name} fit, they are read as {name}."
    nanometres = to_nanometres(waves, units)
    if nanometres is None:
        return None, f"{span} in '{units.strip()}' and were not used."
    return nanometres, ""


def _widths(fwhm: NDArray[np.float64], nanometres: NDArray[np.float64], units: str) -> dict[str, Any]:
    """Full widths at half maximum in nanometres, where each is a positive number."""
    if fwhm.size != nanometres.size or not (fwhm > 0).all() or not np.isfinite(fwhm).all():
        return {}
    word = units.strip().lower()
    factor = next((f for key in (word, word.removesuffix("s")) if (f := _INVERSE.get(key))), None)
    # Of numbers and frequencies of waves, a small step d is the part d / value of the wavelength.
    widths = to_nanometres(fwhm, units) if factor is None else np.round(fwhm * nanometres**2 / factor, 6)
    if widths is None:
        return {}
    return {"fwhm": ("band", widths, {"units": "nm", "long_name": "full width at half maximum"})}
