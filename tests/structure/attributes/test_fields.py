"""Derivatives of maps against the fields of bodies of which they are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.structure.attributes import fields
from napari_fhn.structure.attributes.gaps import filled

DEPTH, CELL = 800.0, 100.0
Y, X = np.meshgrid(np.arange(-64, 64) * CELL, np.arange(-64, 64) * CELL, indexing="ij")
MIDDLE = np.s_[24:104, 24:104]


def mass(depth: float = DEPTH) -> dict[str, np.ndarray]:
    """The vertical pull of a point mass, and its derivatives."""
    r2 = X**2 + Y**2 + depth**2
    return {
        "field": depth / r2**1.5,
        "dx": -3 * depth * X / r2**2.5,
        "dy": -3 * depth * Y / r2**2.5,
        # Downwards: nearer to the mass.
        "dz": (2 * depth**2 - X**2 - Y**2) / r2**2.5,
    }


def test_derivatives_of_a_point_mass():
    known = mass()
    largest = np.abs(known["dz"]).max()
    dx, dy = fields.slopes(known["field"], (CELL, CELL))
    np.testing.assert_allclose(dx, known["dx"], atol=0.02 * largest)
    np.testing.assert_allclose(dy, known["dy"], atol=0.02 * largest)
    dz = fields.vertical_derivative(known["field"], (CELL, CELL))
    np.testing.assert_allclose(dz[MIDDLE], known["dz"][MIDDLE], atol=0.02 * largest)
    horizontal = np.hypot(known["dx"], known["dy"])
    np.testing.assert_allclose(fields.gradient(known["field"], (CELL, CELL)), horizontal, atol=0.02 * largest)
    np.testing.assert_allclose(
        fields.analytic_signal(known["field"], (CELL, CELL))[MIDDLE],
        np.hypot(horizontal, known["dz"])[MIDDLE],
        atol=0.03 * largest,
    )
    clear = np.hypot(horizontal, known["dz"]) > 0.05 * largest
    clear[:24] = clear[104:] = False
    clear[:, :24] = clear[:, 104:] = False
    np.testing.assert_allclose(
        fields.tilt(known["field"], (CELL, CELL))[clear], np.arctan2(known["dz"], horizontal)[clear], atol=0.15
    )


def test_the_tilt_is_the_same_for_weak_and_strong_bodies():
    field = mass()["field"]
    np.testing.assert_allclose(
        fields.tilt(field, (CELL, CELL))[MIDDLE], fields.tilt(1000 * field, (CELL, CELL))[MIDDLE], atol=1e-2
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 8), st.integers(0, 8))
def test_a_wave_loses_what_its_wavenumber_says(waves_x, waves_y):
    """On a plane wave the vertical derivative is a multiplication by its wavenumber; away from the rim of the map."""
    size = 256
    y, x = np.mgrid[:size, :size]
    wave = np.cos(2 * np.pi * (waves_x * 4 * x + waves_y * 4 * y) / size)
    k = 2 * np.pi * 4 * np.hypot(waves_x, waves_y) / size
    inside = np.s_[96:160, 96:160]
    found = fields.vertical_derivative(wave)
    np.testing.assert_allclose(found[inside], k * wave[inside], atol=0.08 * k)
    wavelength = 2 * np.pi / k
    np.testing.assert_allclose(fields.residual(wave, wavelength)[inside], 0.5 * wave[inside], atol=0.05)


def test_a_plane_is_regional_and_has_no_vertical_derivative():
    y, x = np.mgrid[:60, :80].astype(float)
    plane = 3 * x - 2 * y + 7
    np.testing.assert_allclose(fields.residual(plane, 16), 0, atol=1e-3)
    np.testing.assert_allclose(fields.vertical_derivative(plane), 0, atol=1e-3)
    dx, dy = fields.slopes(plane, (-10, 10))  # rows that count from the north
    np.testing.assert_allclose(dx, 0.3, rtol=1e-4)
    np.testing.assert_allclose(dy, 0.2, rtol=1e-4)


def test_gaps_are_gaps_afterwards_and_do_little_harm_around():
    field = mass()["field"]
    holed = field.copy()
    holed[60:66, 90:96] = np.nan
    holed[:5] = np.nan
    found, whole = (fields.vertical_derivative(one, (CELL, CELL)) for one in (holed, field))
    assert np.array_equal(np.isnan(found), np.isnan(holed))
    away = np.s_[20:50, 30:80]
    np.testing.assert_allclose(found[away], whole[away], atol=0.03 * np.abs(whole).max())


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.integers(0, 99))
def test_filled_maps_are_finite_keep_what_is_known_and_stay_within_it(rows, columns, share, seed):
    rng = np.random.default_rng(seed)
    values = rng.uniform(-5, 5, (rows, columns)).astype(np.float32)
    values[rng.random(values.shape) < share] = np.nan
    known = np.isfinite(values)
    found = filled(values)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[known], values[known])
    if known.any():
        assert found.min() >= values[known].min() - 1e-4
        assert found.max() <= values[known].max() + 1e-4


def test_a_hole_in_a_slope_is_bridged():
    x = np.mgrid[:64, :64][1].astype(np.float32)
    holed = x.copy()
    holed[24:40, 24:40] = np.nan
    assert np.abs(filled(holed) - x).max() < 6
    assert np.abs(filled(holed) - x)[24:40, 24:40].mean() < 2.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (20, 1), (2, 3)])
def test_the_smallest_maps(shape):
    for call in (fields.vertical_derivative, fields.tilt, fields.gradient, lambda f: fields.residual(f, 8)):
        assert np.isfinite(call(np.ones(shape))).all()
