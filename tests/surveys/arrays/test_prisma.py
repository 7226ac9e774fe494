"""PRISMA products as they are delivered: laid out here in their form, small."""

from __future__ import annotations

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.surveys.lazy import physical

CASE = Path(__file__).parents[4] / "shared" / "cases" / "hyperspectral" / "PRS_L2D_STD_x.he5"
ROWS, COLUMNS = 5, 4
WAVES = {"Vnir": [1010.0, 800.0, 500.0, 402.0, 0.0], "Swir": [2497.0, 1500.0, 920.0, 0.0]}


def product(path, level="L2D", **attrs):
    """Write a product; values tell their spectrometer, band, row and column."""
    rng = np.random.default_rng(1)
    stored = {which: rng.integers(1, 60000, (ROWS, len(waves), COLUMNS)).astype("u2") for which, waves in WAVES.items()}
    with h5py.File(path, "w") as file:
        for which, cube in stored.items():
            file[f"HDFEOS/SWATHS/PRS_{level}_HCO/Data Fields/{which.upper()}_Cube"] = cube
            file[f"HDFEOS/SWATHS/PRS_{level}_HCO/Data Fields/{which.upper()}_PIXEL_L2_ERR_MATRIX"] = cube.astype("u1")
            file.attrs[f"List_Cw_{which}"] = np.array(WAVES[which])
            file.attrs[f"List_Fwhm_{which}"] = np.full(len(WAVES[which]), 10.0)
            file.attrs[f"List_Cw_{which}_Flags"] = np.array([w > 0 and w != 500.0 for w in WAVES[which]], "u1")
        file[f"HDFEOS/SWATHS/PRS_{level}_PCO/Data Fields/Cube"] = np.ones((30, 24), "u2")
        for name, value in attrs.items():
            file.attrs[name] = value
    return stored


PLACE = {
    "Epsg_Code": 32633, "Product_ULcorner_easting": 400000.0, "Product_ULcorner_northing": 5000000.0,
    "Product_LRcorner_easting": 400090.0, "Product_LRcorner_northing": 4999880.0,
}  # fmt: skip
SCALES = {"L2ScaleVnirMin": 0.1, "L2ScaleVnirMax": 1.2, "L2ScaleSwirMin": 0.0, "L2ScaleSwirMax": 0.9}
SORTED = [("Vnir", 3), ("Vnir", 2), ("Vnir", 1), ("Swir", 2), ("Vnir", 0), ("Swir", 1), ("Swir", 0)]


@pytest.mark.parametrize("suffix", [".he5", ".h5"])
def test_both_spectrometers_are_one_cube_in_the_order_of_wavelengths(tmp_path, suffix):
    path = tmp_path / f"scene{suffix}"
    stored = product(path, **PLACE, **SCALES)
    assert surveys.can_open(path)
    survey = pickle.loads(pickle.dumps(surveys.open(path)))
    assert survey.dims == ("band", "y", "x")
    np.testing.assert_array_equal(survey.values, np.stack([stored[which][:, k] for which, k in SORTED]))
    np.testing.assert_array_equal(survey[::-2, 1:3, ::-1].values, survey.values[::-2, 1:3, ::-1])
    assert survey["wavelength"].values.tolist() == [402, 500, 800, 920, 1010, 1500, 2497]
    assert survey["good"].values.tolist() == [True, False, True, True, True, True, True]
    assert survey["fwhm"].values.tolist() == [10.0] * 7
    assert survey.rio.crs.to_epsg() == 32633
    assert survey["x"].values.tolist() == [400000, 400030, 400060, 400090]
    assert survey["y"].values.tolist() == [5000000, 4999970, 4999940, 4999910, 4999880]
    assert any("2 of 9 bands have no wavelength" in note for note in survey.attrs["notes"])
    np.testing.assert_allclose(physical(survey).values[0], 0.1 + stored["Vnir"][:, 3] * 1.1 / 65535, rtol=1e-6)
    np.testing.assert_allclose(physical(survey).values[-1], stored["Swir"][:, 0] * 0.9 / 65535, rtol=1e-6)


@pytest.mark.parametrize("level", ["L1", "L2B", "L2C"])
def test_products_in_sensor_geometry_count_pixels_and_say_so(tmp_path, level):
    path = tmp_path / "scene.he5"
    factors = {"ScaleFactor_Vnir": 100.0, "Offset_Vnir": 2.0, "ScaleFactor_Swir": 50.0, "Offset_Swir": 0.0}
    stored = product(path, level, **(factors if level == "L1" else SCALES))
    survey = surveys.open(path)
    assert survey.rio.crs is None
    assert any("geometry of the sensor" in note for note in survey.attrs["notes"])
    wanted = stored["Vnir"][:, 3] / 100 - 2 if level == "L1" else 0.1 + stored["Vnir"][:, 3] * 1.1 / 65535
    np.testing.assert_allclose(physical(survey).values[0], wanted, rtol=1e-5)


def test_one_cube_can_be_named(tmp_path):
    stored = product(tmp_path / "scene.he5")
    name = "HDFEOS/SWATHS/PRS_L2D_HCO/Data Fields/SWIR_Cube"
    survey = surveys.open(tmp_path / "scene.he5", variable=name, axes=("y", "band", "x"))
    np.testing.assert_array_equal(survey.values, stored["Swir"].transpose(1, 0, 2))


def test_a_list_of_another_length_is_refused(tmp_path):
    product(tmp_path / "scene.he5", List_Cw_Vnir=np.array([400.0, 500.0]))
    with pytest.raises(surveys.SurveyError, match=r"a list of 2 of wavelengths \(List_Cw_Vnir\) for the 5 bands"):
        surveys.open(tmp_path / "scene.he5")


@pytest.mark.skipif(not CASE.is_file(), reason="the cases lie beside the checkout")
def test_the_case_has_its_bands_and_its_place():
    survey = surveys.open(CASE)
    assert (survey.sizes["band"], survey["wavelength"].values.min(), survey["wavelength"].values.max()) == (
        14,
        402,
        2400,
    )
    assert survey.rio.crs.to_epsg() == 32632
    assert (float(survey["x"][0]), float(survey["y"][0])) == (500000, 5000000)
