from __future__ import annotations

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
