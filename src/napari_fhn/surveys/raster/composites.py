"""Three bands of a cube as a picture: true colour, or bands of one's choice, stretched between percentiles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.lazy import physical

#: Red, green and blue, in nanometres.
TRUE_COLOUR = (640.0, 550.0, 460.0)
#: A band farther away than this from what was asked for is another colour.
FARTHEST = 60.0
#: Values that the percentiles are taken of, about.
N_VALUES = 2**20
#: How people may name three bands.
BANDS = "Leave it empty for true colour, or name three bands (30 20 10) or wavelengths (850 650 550 nm)."


@dataclass(frozen=True)
class Composite:
    """A picture of a cube.

    Attributes
    ----------
    image : ndarray of float32, shape (y, x, 3)
        Red, green, blue in 0 to 1; NaN where any of the three has no value.
    bands : tuple of int
        The ``band`` coordinates that were used.
    wavelengths : tuple of float, or None
        Theirs in nanometres, where the survey has them.
    limits : tuple of (float, float)
        What became 0 and 1, per colour, in the survey's values with scale and offset applied.
    """

    image: NDArray[np.float32]
    bands: tuple[int, int, int]
    wavelengths: tuple[float, float, float] | None
    limits: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        if self.wavelengths is None:
            return "bands {}, {}, {}".format(*self.bands)
        return "{:.0f}, {:.0f}, {:.0f} nm".format(*self.wavelengths)


def composite(
    survey: xr.DataArray,
    bands: Sequence[int] | None = None,
    *,
    wavelengths: Sequence[float] | None = None,
    percentiles: tuple[float, float] = (2.0, 98.0),
) -> Composite:
    """Make a picture of three bands; no more of the survey is read.

    Parameters
    ----------
    survey : xarray.DataArray
        ``(band, y, x)``, as `napari_fhn.surveys.open` gives it, or part of it.
    bands : sequence of int, optional
        Three ``band`` coordinates (counted from 1): red, green, blue.
    wavelengths : sequence of float, optional
        Three wavelengths in nanometres; the nearest good bands are taken. True colour when neither is given.
    percentiles : tuple of float
        Values between these are stretched over 0 to 1, each colour by itself.

    Returns
    -------
    Composite

    Raises
    ------
    SurveyError
        When the survey has no bands or no wavelengths, none near enough, or a chosen band is on its bad-band
        list.
    """
    path = Path(str(survey.attrs.get("source") or survey.name or "survey"))
    if set(survey.dims) != {"band", "y", "x"}:
        raise SurveyError(path, f"its axes are {', '.join(map(str, survey.dims))}", "Choose a cube of (band, y, x)")
    good = np.asarray(survey["good"], bool) if "good" in survey.coords else np.ones(survey.sizes["band"], bool)
    if bands is not None:
        places = _of_bands(survey, bands, good, path)
    else:
        asked = TRUE_COLOUR if wavelengths is None else tuple(wavelengths)
        places = _of_wavelengths(survey, asked, good, path, named=wavelengths is None)
    shown = physical(survey.transpose("band", "y", "x") if survey.dims != ("band", "y", "x") else survey)
    image = np.empty((survey.sizes["y"], survey.sizes["x"], 3), np.float32)
    limits = []
    for colour, place in enumerate(places):
        values = np.asarray(shown[place])
        limits.append(_limits(values, percentiles))
        low, high = limits[-1]
        image[..., colour] = np.clip((values - low) / (high - low), 0, 1)
    image[~np.isfinite(image).all(axis=-1)] = np.nan
    numbers = np.asarray(survey["band"]) if "band" in survey.coords else np.arange(1, survey.sizes["band"] + 1)
    used = None
    if "wavelength" in survey.coords:
        waves = np.asarray(survey["wavelength"])
        used = (float(waves[places[0]]), float(waves[places[1]]), float(waves[places[2]]))
    chosen = (int(numbers[places[0]]), int(numbers[places[1]]), int(numbers[places[2]]))
    return Composite(image, chosen, used, tuple(limits))


def bands_in(text: str) -> dict[str, Any]:
    """Read how a person names three bands.

    Parameters
    ----------
    text : str
        Nothing, three numbers of bands, or three wavelengths and "nm".

    Returns
    -------
    dict
        Arguments of `composite`.

    Raises
    ------
    ValueError
        When it is none of these; the message says what can be typed.
    """
    words = text.strip().lower()
    if not words:
        return {}
    numbers = re.findall(r"\d+(?:\.\d+)?", words)
    if len(numbers) != 3 or not re.fullmatch(r"[\d.,;\s]+(nm)?", words):
        raise ValueError(f"'{text.strip()}' names no three bands. {BANDS}")
    if words.endswith("nm"):
        return {"wavelengths": [float(number) for number in numbers]}
    if any("." in number for number in numbers):
        raise ValueError(f"Bands have whole numbers; for wavelengths end '{text.strip()}' with nm.")
    return {"bands": [int(number) for number in numbers]}


def _of_bands(survey: xr.DataArray, bands: Sequence[int], good: NDArray[np.bool_], path: Path) -> list[int]:
    numbers = np.asarray(survey["band"]).tolist() if "band" in survey.coords else range(1, survey.sizes["band"] + 1)
    at = {int(number): k for k, number in enumerate(numbers)}
    if len(bands) != 3:
        raise SurveyError(path, f"{len(bands)} bands are no red, green and blue", "Choose three")
    for band in bands:
        if band not in at:
            raise SurveyError(path, f"it has no band {band}", f"Choose from {min(at)} to {max(at)}")
        if not good[at[band]]:
            raise SurveyError(path, f"band {band} is on its bad-band list", "Choose another band")
    return [at[band] for band in bands]


def _of_wavelengths(
    survey: xr.DataArray, asked: Sequence[float], good: NDArray[np.bool_], path: Path, *, named: bool
) -> list[int]:
    """Nearest good band of each wavelength; without wavelengths, bands named red, green and blue."""
    if len(asked) != 3:
        raise SurveyError(path, f"{len(asked)} wavelengths are no red, green and blue", "Choose three")
    if "wavelength" not in survey.coords:
        names = (
            [str(n).strip().lower() for n in np.asarray(survey["band_name"])] if "band_name" in survey.coords else []
        )
        if named and all(names.count(colour) == 1 for colour in ("red", "green", "blue")):
            return [names.index(colour) for colour in ("red", "green", "blue")]
        raise SurveyError(path, "it has no wavelengths, so no band is red, green or blue", "Choose three bands")
    if not good.any():
        raise SurveyError(path, "every band of it is on its bad-band list", "Correct the list in its header")
    waves = np.where(good, np.asarray(survey["wavelength"], np.float64), np.inf)
    places = [int(np.argmin(np.abs(waves - wave))) for wave in asked]
    for wave, place in zip(asked, places, strict=True):
        if abs(waves[place] - wave) > FARTHEST:
            raise SurveyError(
                path,
                f"no good band of it is near {wave:g} nm (the nearest is at {waves[place]:g} nm)",
                "Choose three bands",
            )
    return places


def _limits(values: NDArray[np.float32], percentiles: tuple[float, float]) -> tuple[float, float]:
    step = max(1, int(np.ceil(np.sqrt(values.size / N_VALUES))))
    known = values[::step, ::step]
    known = known[np.isfinite(known)]
    if not known.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(known, percentiles))
    return (low, high) if high > low else (low, low + 1.0)
