"""Means over windows, of which only what is needed is read."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.structure.similar.windows import Window, averaged


@given(
    size=st.integers(1, 40),
    half=st.integers(0, 9),
    step=st.integers(1, 13),
    whole=st.booleans(),
    seed=st.integers(0, 9),
)
def test_means_are_those_of_the_windows(size, half, step, whole, seed):
    values = np.random.default_rng(seed).standard_normal((2, size, 3)).astype(np.float32)
    centres = np.arange(step // 2, size, step) if step // 2 < size else np.array([0])
    window = Window(centres, half, size, whole=whole)
    expected = np.stack([values[:, max(0, c - half) : c + half + 1].mean(axis=1) for c in centres], 1)
    np.testing.assert_allclose(averaged(values[:, window.read], window, 1), expected, rtol=1e-4, atol=1e-6)


def test_what_no_window_needs_is_not_read():
    window = Window(np.array([5, 50]), 2, 100)
    assert list(window.runs()) == [(3, 9), (48, 54)]
