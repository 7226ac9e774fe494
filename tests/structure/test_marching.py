"""Marches along the dips on a lattice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.structure import marching
from napari_fhn.structure.marching import Lattice, strides
from napari_fhn.structure.sweeping import Seeds
from structure.layered import even


@given(st.tuples(st.integers(1, 500), st.integers(1, 500), st.integers(1, 900)), st.integers(2000, 10**6))
def test_a_lattice_keeps_its_bound(shape: tuple[int, int, int], nodes: int) -> None:
    stride = strides(shape, nodes)
    found = math.prod(-(-n // s) for n, s in zip(shape, stride, strict=True))
    assert found <= nodes or stride[:2] == shape[:2]
    assert all(1 <= s <= n for s, n in zip(stride, shape, strict=True))


def test_cells_are_means_and_ragged_ones_count_what_they_have() -> None:
    dips = even((5, 7, 65), 0.25, -0.5)
    dips.coherence[:] = 0.5
    lattice = Lattice.of(dips, shyness=4, nodes=200)
    assert np.allclose(lattice.slopes[0], 0.25)
    assert np.allclose(lattice.slopes[1], -0.5)
    assert np.allclose(lattice.cost, 3)


def test_no_data_is_no_dip() -> None:
    dips = even((4, 4, 16), 1, 0)
    dips.slopes[:, 2] = np.nan
    dips.coherence[2] = np.nan
    lattice = Lattice.of(dips, shyness=4)
    assert np.isfinite(lattice.slopes).all()
    assert np.allclose(lattice.cost[2], 5)
    assert np.allclose(lattice.slopes[:, 2], 0)


def test_distances_are_those_of_eight_neighbours() -> None:
    lattice = Lattice.of(even((9, 9, 8), 0, 0))
    march = lattice.march(Seeds(np.array([[4, 4]]), lattice.column()[np.newaxis]))
    assert march.distance[4, 8, 0] == 4
    assert np.isclose(march.distance[0, 0, 0], 4 * math.sqrt(2))
    assert march.source is None


def test_the_nearest_of_several_columns_speaks() -> None:
    lattice = Lattice.of(even((3, 21, 8), 0, 0))
    depth = np.repeat(lattice.column()[np.newaxis], 2, 0)
    known = np.ones((2, 8), bool)
    known[0, 4:] = False
    march = lattice.march(Seeds(np.array([[1, 2], [1, 18]]), depth, known))
    assert march.source is not None
    assert (march.source[:, :10, :4] == 0).all()
    assert (march.source[:, 11:, :4] == 1).all()
    assert (march.source[:, :, 4:] == 1).all()


def test_what_leaves_the_survey_is_not_carried() -> None:
    lattice = Lattice.of(even((1, 30, 20), 0, 1))
    march = lattice.march(Seeds(np.array([[0, 0]]), lattice.column()[np.newaxis]))
    assert march.distance[0, 29].min() > 1e5
    assert (march.distance[0, 10, 10:] == 10).all()
    assert (march.distance[0, 10, :10] > 1e5).all()


def test_marches_together_are_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marching, "_TOGETHER", 2)
    rng = np.random.default_rng(3)
    dips = even((9, 12, 16), 0, 0)
    dips.slopes[:] = rng.normal(0, 0.6, dips.slopes.shape)
    dips.coherence[:] = rng.random(dips.coherence.shape)
    lattice = Lattice.of(dips)
    depth = lattice.column()[np.newaxis]
    alone = [Seeds(np.array([place]), depth) for place in ([0, 0], [8, 3], [4, 11])]
    known = rng.random((2, 16)) < 0.5
    wide = [Seeds(np.array([[2, 2], [6, place]]), np.repeat(depth, 2, 0), known) for place in (5, 9)]
    asked = [alone[0], wide[0], alone[1], wide[1], alone[2]]
    for seeds, march in zip(asked, lattice.march_all(asked), strict=True):
        expected = lattice.march(seeds)
        np.testing.assert_array_equal(march.distance, expected.distance)
        np.testing.assert_array_equal(march.depth, expected.depth)
        assert (march.source is None) == (expected.source is None)
        if march.source is not None and expected.source is not None:
            np.testing.assert_array_equal(march.source, expected.source)
        assert march.distance.base is None, "a march keeps no other one in memory"
