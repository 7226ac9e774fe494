"""Gain is computed for what is looked at, and is the same whichever way one looks."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.surveys.gain import Gained, gained


@pytest.fixture
def volume():
    rng = np.random.default_rng(0)
    return (rng.standard_normal((4, 5, 60)) * np.linspace(100, 1, 60)).astype(np.float32)


def test_weak_amplitudes_are_as_strong_as_strong_ones(volume):
    out = gained(volume, 5)
    assert volume[..., 50:].std() < 0.2 * volume[..., :10].std()
    assert out[..., 50:].std() == pytest.approx(out[..., :10].std(), rel=0.25)
    np.testing.assert_array_equal(np.sign(out), np.sign(volume))
    window = volume[1, 2, 15:26].astype(np.float64)
    assert out[1, 2, 20] == pytest.approx(volume[1, 2, 20] / np.sqrt((window**2).mean()), rel=1e-5)


def test_missing_values_stay_missing_and_silence_stays_silent(volume):
    volume[0, 0], volume[1, 1, 30] = 0, np.nan
    out = gained(volume, 5)
    assert (out[0, 0] == 0).all()
    assert np.isnan(out[1, 1, 30])
    assert np.isfinite(out[1, 1, 31])


def test_every_slice_is_that_of_the_whole(volume):
    whole, lazy = 7.0 * gained(volume, 5), Gained(volume, 5, 7.0)
    assert (lazy.shape, lazy.ndim, len(lazy), lazy.size) == (volume.shape, 3, 4, volume.size)
    for key in (
        (1,), (slice(None), 2), (slice(None), slice(None), 30), (..., 0), (2, 3, slice(10, 40, 3)),
        (1, slice(1, 3), -1), slice(1, 3), (0, 0, slice(None, None, -1)),
    ):  # fmt: skip
        np.testing.assert_allclose(lazy[key], whole[key], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.asarray(lazy), whole, rtol=1e-5)
