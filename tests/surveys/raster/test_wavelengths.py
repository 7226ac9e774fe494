from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
