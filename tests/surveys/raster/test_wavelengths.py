from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn import surveys
from napari_fhn.surveys.raster.wavelengths import band_coordinates, in_names, to_nanometres, units_that_fit


@pytest.mark.parametrize(
    ("units", "values"),
    [
        ("Nanometers", [500.0, 1000.0]), ("nm", [500.0, 1000.0]), ("Micrometers", [0.5, 1.0]), ("µm", [0.5, 1.0]),
        ("microns", [0.5, 1.0]), ("Angstroms", [5000.0, 10000.0]), ("mm", [5e-4, 1e-3]), ("m", [5e-7, 1e-6]),
        ("Wavenumber", [20000.0, 10000.0]), ("cm-1", [20000.0, 10000.0]), ("THz", [599.584916, 299.792458]),
        ("GHz", [599584.916, 299792.458]),
    ],
)  # fmt: skip
def test_all_units_are_the_same_waves(units, values):
    np.testing.assert_allclose(to_nanometres(values, units), [500.0, 1000.0])


@pytest.mark.parametrize("units", ["", "Unknown", "Index", "radians"])
def test_other_words_are_no_units(units):
    assert to_nanometres([1.0], units) is None


def test_half_widths_of_wavenumbers_are_those_of_waves():
    coords, notes = band_coordinates(2, wavelength=[1000, 2000], fwhm=[10, 10], units="Wavenumber")
    np.testing.assert_allclose(coords["fwhm"][1], [1e7 / 995 - 1e7 / 1005, 1e7 / 1995 - 1e7 / 2005], rtol=1e-4)
    assert not notes


@given(st.lists(st.floats(350, 2500), min_size=1, max_size=20))
def test_no_unit_is_found_that_would_be_another_by_a_thousand(waves):
    given_nm, given_um = units_that_fit(waves), units_that_fit([w / 1000 for w in waves])
    assert given_nm in ("nm", "")
    assert given_um == "um"
    assert units_that_fit([w * 10 for w in waves]) == ""


def test_what_the_person_says_counts_more():
    coords, _ = band_coordinates(2, wavelength=[0.5, 0.6], units="nm", told="um")
    assert coords["wavelength"][1].tolist() == [500.0, 600.0]


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (["band 1 (418.24 Nanometers)", "band 2 (423.9 Nanometers)"], [418.24, 423.9]),
        (["0.45 um", "0.55 um"], [0.45, 0.55]),
        (["450 nm", "0.55 um"], []),
        (["450 nm", "red"], []),
        (["450 nm to 470 nm", "500 nm"], []),
        (["B1", "B2"], []),
        ([], []),
    ],
)
def test_wavelengths_in_names_need_a_unit_in_each(names, values):
    assert in_names(names)[0] == values


def test_a_bad_band_list_may_hold_weights():
    coords, _ = band_coordinates(3, good=[0.0, 0.5, np.nan])
    assert coords["good"][1].tolist() == [False, True, False]


@pytest.mark.parametrize("code", ["latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "field", ["wavelength units = µm", "band names = {Blau µ, Grün, Rot, é, ü}", "description = {Réflectance}"]
)
def test_an_envi_header_may_be_in_any_code(tmp_path, code, field):
    lines = ["ENVI", "samples = 4", "lines = 3", "bands = 5", "header offset = 0", "data type = 2", "interleave = bsq",
             "byte order = 0", "wavelength = {0.45, 0.55, 0.65, 0.86, 2.20}"]  # fmt: skip
    if "units" not in field:
        lines.append("wavelength units = Micrometers")
    (tmp_path / "a.hdr").write_bytes("\n".join([*lines, field, ""]).encode(code))
    np.arange(60, dtype="<i2").tofile(tmp_path / "a.dat")
    survey = surveys.open(tmp_path / "a.hdr")
    np.testing.assert_allclose(survey["wavelength"], [450, 550, 650, 860, 2200])
    assert survey.values.ravel().tolist() == list(range(60))
    if "names" in field:
        assert survey["band_name"].values[1] == "Grün"


CASE = Path(__file__).parents[4] / "shared" / "cases" / "hyperspectral" / "a2.hdr"


@pytest.mark.skipif(not CASE.is_file(), reason="the cases lie beside the checkout")
def test_the_case_in_latin_1_has_its_wavelengths():
    survey = surveys.open(CASE)
    np.testing.assert_allclose(survey["wavelength"][[0, -1]], [450, 2200])
    assert survey.shape == (5, 7, 9)


def test_lists_that_are_kept_of_a_whole_scene_are_those_of_its_bands(tmp_path):
    for domain, key in (("ENVI", "wavelength_units"), (None, "wavelength units")):
        path = tmp_path / f"{domain}.tif"
        with rasterio.open(path, "w", driver="GTiff", count=3, height=4, width=5, dtype="int16") as file:
            file.write(np.ones((3, 4, 5), np.int16))
            file.update_tags(ns=domain, wavelength="{418.2, 424.0, 2445.5}", fwhm="{7, 7.5, 8}", bbl="{1, 0, 1}")
            file.update_tags(ns=domain, **{key: "Nanometers"})
        survey = surveys.open(path)
        assert survey["wavelength"].values.tolist() == [418.2, 424.0, 2445.5]
        assert survey["fwhm"].values.tolist() == [7, 7.5, 8]
        assert survey["good"].values.tolist() == [True, False, True]
    # A list of other bands is none of these.
    with rasterio.open(tmp_path / "other.tif", "w", driver="GTiff", count=3, height=4, width=5, dtype="int16") as file:
        file.write(np.ones((3, 4, 5), np.int16))
        file.update_tags(ns="ENVI", wavelength="{418.2, 424.0}", wavelength_units="nm")
    assert "wavelength" not in surveys.open(tmp_path / "other.tif").coords


def test_keys_of_a_header_may_be_joined_by_underscores(tmp_path):
    np.arange(60, dtype="<i2").tofile(tmp_path / "a.bsq")
    (tmp_path / "a.hdr").write_text(
        "ENVI\nsamples = 5\nlines = 4\nbands = 3\ndata type = 2\ninterleave = bsq\nbyte order = 0\n"
        "wavelength = {0.4182, 0.424,\n 2.4455}\nwavelength_units = Micrometers\ndata_ignore_value = 7\n"
        "band names = {band 1 (0.4182 Micrometers), b, c}\nsensor type = {EnMAP}\n"
    )
    survey = surveys.open(tmp_path / "a.bsq")
    assert survey["wavelength"].values.tolist() == [418.2, 424.0, 2445.5]
    assert survey.attrs["nodata"] == 7
