from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.surveys.geometry import SurveyGeometry, fit_geometry


@given(
    azimuth=st.floats(0, 359),
    bins=st.tuples(st.floats(5, 100), st.floats(5, 100)),
    origin=st.tuples(st.floats(-1e6, 1e7), st.floats(-1e6, 1e7)),
    hand=st.sampled_from([-1, 1]),
)
def test_any_rotation_is_found_and_inverts(azimuth, bins, origin, hand):
    a = np.radians(azimuth)
    along = bins[1] * np.array([np.sin(a), np.cos(a)])
    across = hand * bins[0] * np.array([np.cos(a), -np.sin(a)])
    i, j = (k.ravel() for k in np.meshgrid(np.arange(5), np.arange(4), indexing="ij"))
    x, y = (origin[k] + i * across[k] + j * along[k] for k in (0, 1))
    geometry, note = fit_geometry(i, j, x, y, (100, 2000), (2, -3))
    assert note == ""
    np.testing.assert_allclose(geometry.bin_size, bins, rtol=1e-4)
    assert np.cos(np.radians(geometry.azimuth - azimuth)) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(geometry.to_xy(100 + 2 * i, 2000 - 3 * j), (x, y), rtol=1e-7, atol=1e-3)
    inline, crossline = geometry.to_numbers(x, y)
    np.testing.assert_allclose(inline, 100 + 2 * i, atol=1e-2)
    np.testing.assert_allclose(crossline, 2000 - 3 * j, atol=1e-2)


def test_feet_become_metres_in_bins_only():
    geometry = SurveyGeometry((1, 1), (1, 1), (0, 0), (110, 0), (0, 55), units="ft")
    assert geometry.bin_size == pytest.approx((33.528, 16.764))
    assert float(geometry.to_xy(2, 1)[0]) == 110


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda i, j: (0 * i, 0 * j), "no coordinates"),
        (lambda i, j: (1 + i + 2 * j, 0 * j), "do not span an area"),
        (lambda i, j: (10 * i + 100 * (i == 1), 10 * j), "off a regular grid by up to 66.7 m"),
    ],
)
def test_bad_coordinates_give_no_geometry_and_say_why(make, why):
    i, j = (k.ravel() for k in np.meshgrid(np.arange(3), np.arange(3), indexing="ij"))
    x, y = make(i, j)
    geometry, note = fit_geometry(i, j, x.astype(float), y.astype(float), (1, 1), (1, 1))
    assert geometry is None
    assert why in note


def grid_of(rows: int = 10, places: int = 10, bins: tuple[float, float] = (25.0, 10.0)):
    """Indices and coordinates of a full grid, turned by 30 degrees."""
    i, j = (k.ravel() for k in np.meshgrid(np.arange(rows), np.arange(places), indexing="ij"))
    a = np.radians(30)
    x = 430_000 + bins[0] * i * np.cos(a) + bins[1] * j * np.sin(a)
    y = 6_780_000 - bins[0] * i * np.sin(a) + bins[1] * j * np.cos(a)
    return i, j, x, y


def fitted(i, j, x, y, units="m"):
    return fit_geometry(i, j, x, y, (1, 1), (1, 1), units, (73, 77))


@pytest.mark.parametrize(
    ("damaged", "has"), [((37,), "1 of 100 traces looked at has"), ((37, 5), "2 of 100 traces looked at have")]
)
def test_one_trace_in_fifty_may_be_damaged_and_is_said(damaged, has):
    i, j, x, y = grid_of()
    expected, _ = fitted(i, j, x, y)
    x, y = x.copy(), y.copy()
    for number, trace in enumerate(damaged):
        x[trace] += 50_000 * (1 - 2 * number)
        y[trace] -= 9_000
    geometry, note = fitted(i, j, x, y)
    assert note == f"{has} coordinates off the survey's grid (bytes 73 and 77)."
    np.testing.assert_allclose(geometry.origin, expected.origin)
    np.testing.assert_allclose(geometry.bin_size, (25, 10))
    assert geometry.azimuth == pytest.approx(30)


def test_more_damage_than_that_makes_no_geometry():
    i, j, x, y = grid_of()
    x[[3, 44, 78]] += (50_000, -70_000, 90_000)
    geometry, note = fitted(i, j, x, y, "ft")
    assert geometry is None
    assert re.fullmatch(r"The coordinates of the traces are off a regular grid by up to \d+\.\d ft\.", note)


def test_of_few_traces_none_may_be_damaged():
    for places, found in ((4, True), (3, False)):  # eight and six of them
        i, j, x, y = grid_of(2, places)
        x[1] += 9_000
        assert (fitted(i, j, x, y)[0] is not None) == found


@pytest.mark.parametrize(("off", "left_out"), [(4.9, False), (5.2, True)])
def test_a_trace_may_lie_half_a_bin_off(off, left_out):
    i, j, x, y = grid_of(20, 20)
    x[205] += off * 400 / 399  # the fit follows it by a little
    geometry, note = fitted(i, j, x, y)
    assert geometry is not None
    assert bool(note) == left_out


def test_padding_has_no_place_and_one_trace_at_nought_has():
    i, j, x, y = grid_of()
    expected, _ = fitted(i, j, x, y)
    padded = [np.concatenate([one, np.zeros(3, one.dtype)]) for one in (i, j, x, y)]
    geometry, note = fitted(*padded)
    assert (note, geometry.bin_size) == ("", pytest.approx(expected.bin_size))
    x[55] = y[55] = 0
    assert "1 of 100 traces looked at has" in fitted(i, j, x, y)[1]
    geometry, note = fitted(i, j, x - 430_000, y - 6_780_000)
    assert geometry is not None


@pytest.mark.parametrize("along", ["i", "j"])
def test_traces_of_one_row_have_no_place_on_the_map(along):
    i, j, x, y = grid_of()
    row = (i == 3) if along == "j" else (j == 3)
    geometry, note = fitted(i[row], j[row], x[row], y[row])
    assert geometry is None
    assert note == "The traces looked at do not span the survey, so it has no place on the map."


def test_coordinates_say_where_they_were_looked_for():
    i, j, x, y = grid_of()
    assert fitted(i, j, 0 * x, 0 * y)[1] == "The trace headers hold no coordinates (bytes 73 and 77)."
    assert fitted(i, j, x, 2 * x)[1] == "The coordinates of the traces (bytes 73 and 77) do not span an area."
    only_x, note = fitted(i, j, x, 0 * y)
    assert (only_x, note) == (None, "The coordinates of the traces (bytes 73 and 77) do not span an area.")


def test_north_is_nought():
    assert SurveyGeometry((1, 1), (1, 1), (0, 0), (25, 0), (-1e-13, 10)).azimuth == 0
    assert SurveyGeometry((1, 1), (1, 1), (0, 0), (0, -25), (10, 0)).azimuth == 90
    assert SurveyGeometry((1, 1), (1, 1), (0, 0), (0, 25), (-10, 0)).azimuth == 270
