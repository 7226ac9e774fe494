"""Spectra: hulls, indices and directions against what they are known to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.structure.attributes import spectra
from napari_fhn.structure.attributes.dates import matched

WAVES = np.linspace(400, 2400, 60)


def hull_by_definition(values: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """The highest line from one band to another over each band."""
    bands = len(values)
    out = values.astype(float).copy()
    for k in range(bands):
        for a in range(k + 1):
            for b in range(k, bands):
                if a < b:
                    share = (waves[k] - waves[a]) / (waves[b] - waves[a])
                    out[k] = max(out[k], values[a] * (1 - share) + values[b] * share)
    return out


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 12), st.integers(0, 1000))
def test_the_continuum_is_the_upper_hull(bands, seed):
    rng = np.random.default_rng(seed)
    waves = np.sort(rng.uniform(400, 2400, bands))
    values = rng.uniform(0, 1, (bands, 5))
    found = spectra.continuum(values, waves)
    for pixel in range(5):
        np.testing.assert_allclose(found[:, pixel], hull_by_definition(values[:, pixel], waves), atol=1e-5)


def test_an_absorption_stays_and_the_illumination_goes():
    slope = 0.2 + WAVES / 4000
    absorbed = slope * (1 - 0.4 * np.exp(-0.5 * ((WAVES - 1400) / 80) ** 2))
    found = spectra.continuum_removed(np.stack([absorbed, 3 * absorbed], axis=1), WAVES)
    np.testing.assert_allclose(found[:, 0], found[:, 1], atol=1e-5)
    assert found[:, 0].min() == pytest.approx(0.6, abs=0.02)
    np.testing.assert_allclose(found[WAVES < 1000, 0], 1, atol=1e-3)
    order = np.random.default_rng(0).permutation(len(WAVES))
    np.testing.assert_allclose(spectra.continuum_removed(absorbed[order, None], WAVES[order])[:, 0], found[order, 0])


def test_indices_take_the_bands_that_they_mean():
    waves = [490, 560, 665, 842, 1610, 2190]
    pairs = {name: spectra.index_bands(name, waves) for name in spectra.INDICES}
    assert pairs["ndvi"] == (3, 2)
    assert pairs["ndwi"] == (1, 3)
    assert pairs["nbr"] == (3, 5)
    assert pairs["ndmi"] == (3, 4)
    assert pairs["ndre"] is None
    assert spectra.index("ndvi", np.float32(0.5), np.float32(0.1)) == pytest.approx(0.6667, abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(spectra.INDICES)), st.integers(0, 100))
def test_indices_are_finite_where_there_are_data(name, seed):
    values = np.random.default_rng(seed).uniform(-1, 1, (2, 50)).astype(np.float32)
    values[:, :5] = 0
    values[0, 5] = np.nan
    found = spectra.index(name, *values)
    assert np.isnan(found[5])
    rest = np.delete(found, 5)
    assert np.isfinite(rest).all()
    assert np.abs(rest).max() <= (10 if spectra.INDICES[name].ratio else 1)


def test_principal_components_find_the_direction_that_varies():
    rng = np.random.default_rng(0)
    amount = rng.standard_normal(500)
    pixels = np.outer([1, 2, 3, 4], amount) + 0.01 * rng.standard_normal((4, 500)) + 5
    mean, directions = spectra.principal(pixels, 2)
    np.testing.assert_allclose(mean, pixels.mean(axis=1))
    first = directions[0] @ (pixels - mean[:, None])
    assert abs(np.corrcoef(first, amount)[0, 1]) > 0.999


def test_minimum_noise_finds_the_signal_that_principal_components_miss():
    rng = np.random.default_rng(1)
    image = np.zeros((3, 60, 60))
    image[0] = 0.5 * np.add.outer(np.sin(np.arange(60) / 9), np.cos(np.arange(60) / 7))  # smooth and weak
    image[1] = 10 * rng.standard_normal((60, 60))  # noise, and strong
    image[0] += 0.05 * rng.standard_normal((60, 60))
    image[2] = rng.standard_normal((60, 60))
    flat = image.reshape(3, -1)
    mean, directions = spectra.minimum_noise(flat, np.diff(image, axis=-1).reshape(3, -1), 1)
    first = directions[0] @ (flat - mean[:, None])
    assert abs(np.corrcoef(first, flat[0])[0, 1]) > 0.99
    remaining = directions[0] @ np.diff(image, axis=-1).reshape(3, -1)
    assert remaining.var() / 2 == pytest.approx(1, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.2, 5), st.floats(-50, 50), st.floats(0, 0.3), st.integers(0, 100))
def test_dates_are_matched_by_what_has_not_changed(gain, offset, share, seed):
    rng = np.random.default_rng(seed)
    before = rng.uniform(0, 100, 2000)
    after = (before - offset) / gain
    changed = rng.random(2000) < share
    after[changed] += 200 / gain
    found = matched(before, after)
    assert found[0] == pytest.approx(gain, rel=0.02)
    np.testing.assert_allclose(found[0] * after[~changed] + found[1], before[~changed], atol=2)


def test_dates_with_nothing_in_common_are_only_levelled():
    rng = np.random.default_rng(0)
    gain, offset = matched(rng.uniform(0, 1, 500), np.full(500, 3.0))
    assert np.isfinite([gain, offset]).all()
    assert matched(np.full(4, np.nan), np.ones(4)) == (1.0, 0.0)
