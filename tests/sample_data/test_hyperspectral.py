"""The hyperspectral pair: its headers, its labels, and that a plain difference does not solve it."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from napari_fhn.sample_data import HYPERSPECTRAL, hyperspectral_truth, read_classes

rasterio = pytest.importorskip("rasterio")


def header(path):
    """ENVI header as a dictionary of strings, braces removed."""
    pairs = (line.split(" = ", 1) for line in path.with_suffix(".hdr").read_text().splitlines() if " = " in line)
    return {key: value.strip("{}") for key, value in pairs}


def numbers(text):
    return np.array([float(part) for part in text.split(",")])


@pytest.fixture(scope="module")
def pair():
    cubes = []
    for path in HYPERSPECTRAL.dates:
        with rasterio.open(path) as file:
            cubes.append(file.read())
    return cubes


@pytest.mark.parametrize("path", HYPERSPECTRAL.dates, ids=lambda path: path.stem)
def test_opens_with_position_and_wavelengths(path):
    with rasterio.open(path) as file:
        assert file.driver == "ENVI"
        assert (file.count, file.height, file.width) == (64, 112, 128)
        assert file.dtypes[0] == "int16"
        assert file.crs.to_epsg() == 32632
        assert (file.transform.a, file.transform.e) == (30.0, -30.0)
        assert (file.transform.c, file.transform.f) == (612330.0, 5331270.0)
        assert file.nodata == -32768
        read = [float(file.tags(band)["wavelength"]) for band in file.indexes]
        assert {file.tags(band)["wavelength_units"] for band in file.indexes} == {"Nanometers"}
    np.testing.assert_allclose(read, numbers(header(path)["wavelength"]))


@pytest.mark.parametrize("path", HYPERSPECTRAL.dates, ids=lambda path: path.stem)
def test_bands_ascend_and_the_vapour_gaps_are_missing(path):
    said = header(path)
    wavelength, fwhm, good = (numbers(said[key]) for key in ("wavelength", "fwhm", "bbl"))
    assert wavelength.size == fwhm.size == good.size == 64
    assert (np.diff(wavelength) > 0).all()
    assert wavelength[0] >= 420.0
    assert wavelength[-1] <= 2450.0
    for low, high in ((1350.0, 1450.0), (1800.0, 1950.0)):
        assert not ((wavelength > low) & (wavelength < high)).any()
    assert 1 <= (good == 0).sum() <= 4
    assert said["acquisition time"].startswith("2025-0")


def test_dates_are_in_order():
    first, second = (header(path)["acquisition time"] for path in HYPERSPECTRAL.dates)
    assert first < second


def test_reflectance_is_believable(pair):
    wavelength = numbers(header(HYPERSPECTRAL.dates[0])["wavelength"])
    for cube in pair:
        reflectance = cube / 10_000
        assert reflectance.min() >= -0.05
        assert reflectance.max() < 1.0
        # A meadow's red edge: at least some pixels are three times brighter at 860 than at 660 nm.
        red, infrared = (reflectance[np.abs(wavelength - at).argmin()] for at in (660.0, 860.0))
        assert (infrared > 3.0 * red).mean() > 0.1


def test_labels_agree_with_truth():
    truth = hyperspectral_truth()
    classes = {c.name: c.value for c in read_classes(HYPERSPECTRAL.classes)}
    assert classes == {"Unchanged": 1, "Changed": 2}
    assert truth.shape == (112, 128)
    assert set(np.unique(truth)) == {1, 2}
    with HYPERSPECTRAL.labels.open(newline="", encoding="utf-8") as file:
        labels = [(int(r["row"]), int(r["col"]), classes[r["class"]]) for r in csv.DictReader(file)]
    assert 50 <= len(labels) <= 75
    assert len({(row, column) for row, column, _ in labels}) == len(labels)
    assert min(np.bincount([value for *_, value in labels])[1:]) >= 20
    assert all(truth[row, column] == value for row, column, value in labels)


def test_a_threshold_on_the_difference_fails(pair):
    truth = hyperspectral_truth()
    good = numbers(header(HYPERSPECTRAL.dates[0])["bbl"]) == 1
    first, second = (cube[good].astype(float) for cube in pair)
    norm = np.sqrt(np.mean((second - first) ** 2, axis=0))
    best = 0.0
    for threshold in np.quantile(norm, np.linspace(0.02, 0.98, 97)):
        guess = np.where(norm > threshold, 2, 1)
        iou = [np.sum((guess == k) & (truth == k)) / np.sum((guess == k) | (truth == k)) for k in (1, 2)]
        best = max(best, float(np.mean(iou)))
    assert best < 0.65


def test_the_nearest_labelled_spectrum_does_much_better(pair):
    """Both dates together, brightness removed: the answer is in the spectra."""
    truth = hyperspectral_truth()
    good = numbers(header(HYPERSPECTRAL.dates[0])["bbl"]) == 1
    spectra = [cube[good].reshape(good.sum(), -1).T.astype(float) for cube in pair]
    joint = np.concatenate([s / np.linalg.norm(s, axis=1, keepdims=True) for s in spectra], axis=1)
    classes = {c.name: c.value for c in read_classes(HYPERSPECTRAL.classes)}
    with HYPERSPECTRAL.labels.open(newline="", encoding="utf-8") as file:
        labels = [(int(r["row"]) * 128 + int(r["col"]), classes[r["class"]]) for r in csv.DictReader(file)]
    known, value = (np.array(part) for part in zip(*labels, strict=True))
    guess = value[np.argmax(joint @ joint[known].T, axis=1)].reshape(truth.shape)
    iou = [np.sum((guess == k) & (truth == k)) / np.sum((guess == k) | (truth == k)) for k in (1, 2)]
    assert np.mean(iou) > 0.8
