"""Make the hyperspectral sample: ``python -m samples.make_hyperspectral [FOLDER] [--full]`` in ``scripts``.

Two dates of one piece of farmland, as a spaceborne imaging spectrometer would deliver them, with the true
change map. Everything is drawn from fixed seeds. With ``--full`` it is as large as the scene of Peters, Haber & Lensink
(2024), 368 x 288 pixels and 184 bands: two files of 39 MB.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import BUNDLED
from .farmland import ALL_STORIES, PIXEL, SHAPE, Field, Land, draw_land, smooth
from .spectra import Sensor, Spectrum, bands, endmembers

SCALE = 10_000
NO_DATA = -32768
CORNER = (612_330.0, 5_331_270.0)
"""Easting and northing (m, UTM zone 32 north) of the upper left corner of the scene."""
FULL_SHAPE, FULL_DETECTORS = (368, 288), (81, 124)
"""Rows and columns of a scene as large as the paper's, and detectors of which 184 bands are delivered."""
CLASSES = ((1, "Unchanged", "#88ccee"), (2, "Changed", "#cc6677"))


class Date(NamedTuple):
    """One overpass: its time, the sun (degrees), and the haze left over by the atmospheric correction."""

    stem: str
    time: str
    sun_zenith: float
    sun_azimuth: float
    haze: float
    seed: int


DATES = (
    Date("date1", "2025-05-18T10:32:00Z", 34.0, 152.0, 0.006, 21),
    Date("date2", "2025-07-22T10:41:00Z", 36.0, 141.0, 0.012, 22),
)


def illumination(date: Date, shape: tuple[int, int] = SHAPE) -> Field:
    """Brightness of every pixel relative to flat, sunlit ground, shape (y, x): hills, and one cloud."""
    rng = np.random.default_rng(3)
    height = 38.0 * smooth(rng, shape, 13.0) + 7.0 * smooth(rng, shape, 4.0)
    south, east = np.gradient(height, PIXEL)
    zenith, azimuth = np.deg2rad(date.sun_zenith), np.deg2rad(date.sun_azimuth)
    towards = np.array([np.sin(zenith) * np.sin(azimuth), np.sin(zenith) * np.cos(azimuth), np.cos(zenith)])
    cosine = (-east * towards[0] + south * towards[1] + towards[2]) / np.sqrt(1.0 + south**2 + east**2)
    light = cosine / towards[2]
    if date.stem == "date2":
        row, column = np.indices(shape)
        ragged = 4.0 * smooth(rng, shape, 5.0)
        inside = 1.0 / (1.0 + np.exp((np.hypot((row - 24) / 0.8, column - 30) + ragged - 15.0) / 2.0))
        light = light * (1.0 - 0.30 * inside)
    return np.asarray(light, dtype=np.float32)


def observe(fractions: Field, date: Date, sensor: Sensor | None = None) -> NDArray[np.int16]:
    """What the sensor delivers.

    Parameters
    ----------
    fractions : ndarray, shape (y, x, material)
        Materials of each pixel; they add to one.
    date : Date
        Light, haze and noise of the day.
    sensor : Sensor, optional
        That of the bundled sample when absent.

    Returns
    -------
    ndarray of int16, shape (band, y, x)
        Reflectance times 10000.
    """
    wavelength, _, good = sensor or bands()
    shape = (fractions.shape[0], fractions.shape[1])
    rng = np.random.default_rng(date.seed)
    cube = np.einsum("yxm,mb->byx", fractions, endmembers(wavelength).astype(np.float32))
    cube *= illumination(date, shape)
    veil = date.haze * (wavelength / 450.0) ** -2.5
    cube += veil[:, None, None] * (1.0 + 0.35 * smooth(rng, shape, 22.0))
    level = _noise_level(wavelength, good)[:, None, None]
    cube += level * rng.standard_normal(cube.shape)
    # A pushbroom sensor has one detector per column and band: each with its own small error.
    cube *= 1.0 + 0.006 * rng.standard_normal((wavelength.size, 1, shape[1]))
    return np.asarray(np.clip(np.rint(cube * SCALE), -500, 15_000), dtype=np.int16)


def _noise_level(wavelength: Spectrum, good: NDArray[np.bool_]) -> Spectrum:
    """Standard deviation of the noise per band: worse in the blue, the far SWIR and the bad bands."""
    level = 0.0025 + 0.006 * np.exp(-(wavelength - 420.0) / 45.0)
    level = level + 0.0022 * (wavelength > 1000.0)
    level = level + 0.008 * np.clip((wavelength - 2150.0) / 300.0, 0.0, None) ** 2
    return np.asarray(np.where(good, level, 8.0 * level))


def write_envi(path: Path, cube: NDArray[np.int16], date: Date, sensor: Sensor | None = None) -> None:
    """Write a band-sequential ENVI file and its header; `cube` has shape (band, y, x)."""
    wavelength, fwhm, good = sensor or bands()
    cube.astype("<i2").tofile(path)

    def braces(values: Spectrum, form: str) -> str:
        return "{" + ", ".join(format(value, form) for value in values) + "}"

    lines = (
        "ENVI",
        "description = {Synthetic farmland that comes with napari-fhn. Surface reflectance times 10000.}",
        f"samples = {cube.shape[2]}",
        f"lines = {cube.shape[1]}",
        f"bands = {cube.shape[0]}",
        "header offset = 0",
        "file type = ENVI Standard",
        "data type = 2",
        "interleave = bsq",
        "byte order = 0",
        "sensor type = Unknown",
        f"acquisition time = {date.time}",
        f"sun elevation = {90.0 - date.sun_zenith:.1f}",
        f"sun azimuth = {date.sun_azimuth:.1f}",
        f"map info = {{UTM, 1, 1, {CORNER[0]:.1f}, {CORNER[1]:.1f}, {PIXEL:.1f}, {PIXEL:.1f}, 32, North, "
        "WGS-84, units=Meters}",
        f"reflectance scale factor = {SCALE}",
        f"data ignore value = {NO_DATA}",
        "wavelength units = Nanometers",
        f"wavelength = {braces(wavelength, '.2f')}",
        f"fwhm = {braces(fwhm, '.1f')}",
        f"bbl = {braces(good.astype(float), '.0f')}",
    )
    path.with_suffix(".hdr").write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def labelled_pixels(land: Land, seed: int = 17) -> list[tuple[int, int, str]]:
    """Pixels someone labelled in the field: two or three together, in a few parcels of every story.

    Returns
    -------
    list of (row, column, class name)
    """
    rng = np.random.default_rng(seed)
    found: list[tuple[int, int, str]] = []
    for index, story in enumerate(ALL_STORIES):
        parcels = [int(p) for p in np.flatnonzero(land.story == index) if (land.parcel == p).sum() >= 6]
        wanted = 3 if story.share >= 9 else 2
        for parcel in rng.permutation(parcels)[:wanted].tolist():
            rows, columns = np.nonzero(land.parcel == parcel)
            start = int(rng.integers(rows.size))
            near = np.argsort(np.hypot(rows - rows[start], columns - columns[start]), kind="stable")
            name = CLASSES[int(story.changed)][1]
            found += [(int(rows[k]), int(columns[k]), name) for k in near[: int(rng.integers(2, 4))]]
    return found


def make(folder: Path, shape: tuple[int, int] = SHAPE, sensor: Sensor | None = None) -> None:
    """Write every file of the hyperspectral sample, or of one of another size, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    land = draw_land(shape=shape)
    for date, fractions in zip(DATES, (land.before, land.after), strict=True):
        write_envi(folder / f"{date.stem}.img", observe(fractions, date, sensor), date, sensor)
    np.savez_compressed(folder / "truth.npz", change=(1 + (land.changed > 0.5)).astype(np.uint8))
    with (folder / "classes.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["value", "name", "color"])
        rows.writerows(CLASSES)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["row", "col", "class"])
        rows.writerows(labelled_pixels(land))


def make_full(folder: Path) -> None:
    """Write a pair as large as the paper's into `folder`."""
    make(folder, FULL_SHAPE, bands(FULL_DETECTORS))


if __name__ == "__main__":
    full = "--full" in sys.argv
    named = [Path(argument) for argument in sys.argv[1:] if argument != "--full"]
    if full and not named:
        sys.exit("Name a folder for the large pair: it is not one of the bundled samples.")
    (make_full if full else make)(named[0] if named else BUNDLED / "hyperspectral")
