"""Between which values a survey is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.surveys.contrast import clipped


def test_a_share_lies_beyond_the_ends():
    values = np.random.default_rng(0).standard_normal(10_000)
    low, high = clipped(values, 2.0, symmetric=True)
    assert low == -high
    assert (np.abs(values) > high).mean() == pytest.approx(0.02, abs=1e-3)
    low, high = clipped(np.abs(values), 5.0, symmetric=True)
    assert 0 < low < high
    assert clipped(np.empty(0), 1.0, symmetric=False) == (0, 1)
    assert clipped(np.full(3, 7.0), 1.0, symmetric=False) == (7, 8)
