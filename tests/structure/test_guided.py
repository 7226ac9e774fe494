"""Smoothing that keeps the edges of the bands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.structure.guided import Guide, guided
from structure.maps import Channels, fields, is_a_share, right


def noisy(truth: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return probabilities of which a fifth is wrong."""
    rng = np.random.default_rng(seed)
    said = np.where(rng.random(truth.shape) < 0.2, rng.integers(1, 4, truth.shape), truth)
    return np.where(said == np.arange(1, 4)[:, np.newaxis, np.newaxis], 0.8, 0.1).astype(np.float32)


def test_speckle_goes_and_edges_stay() -> None:
    data, truth = fields()
    said = noisy(truth)
    whole = Box.whole(truth.shape)
    smooth = guided(said, Guide(data).read(whole), (2, 2))
    blind = guided(said, np.zeros((0, *truth.shape), np.float32), (2, 2))
    assert is_a_share(smooth, truth.shape)
    assert right(smooth, truth) > right(said, truth) + 0.08
    edge = np.zeros(truth.shape, bool)
    edge[9::10], edge[::10], edge[:, 9::10], edge[:, ::10] = True, True, True, True
    at_edges = np.where(edge, truth, 0)
    assert right(smooth, at_edges) > right(blind, at_edges)


def test_a_box_with_twice_the_reach_around_is_as_the_whole_map() -> None:
    data, truth = fields()
    said, guide = noisy(truth), Guide(data)
    whole = guided(said, guide.read(Box.whole(truth.shape)), (3, 2))
    wide = Box((14, 26), (46, 54))
    part = guided(said[(slice(None), *wide.slices)], guide.read(wide), (3, 2))
    np.testing.assert_allclose(part[:, 6:-6, 4:-4], whole[:, 20:40, 30:50], atol=1e-4)


def test_gaps_count_for_nothing() -> None:
    data, truth = fields()
    data.values[:, 20:30] = np.nan
    said = noisy(truth)
    whole = Box.whole(truth.shape)
    present = data.present(whole)
    smooth = guided(said, Guide(data).read(whole), (2, 2), present)
    np.testing.assert_array_equal(smooth[:, 20:30], said[:, 20:30])
    other = said.copy()
    other[:, 20:30] = np.array([1, 0, 0], np.float32)[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(guided(other, Guide(data).read(whole), (2, 2), present)[:, present], smooth[:, present])


def test_a_guide_has_as_many_directions_as_the_bands_have() -> None:
    data, _ = fields(bands=2)
    assert Guide(data).channels == 2
    many, _ = fields(bands=7)
    assert Guide(many).channels == 3
    assert Guide(Channels(np.zeros((4, 9, 9)))).channels == 0
    assert Guide(Channels(np.full((4, 9, 9), np.nan))).channels == 0


def test_a_guide_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"guide is \(3, 4\)"):
        guided(np.ones((1, 4, 4), np.float32), np.zeros((1, 3, 4), np.float32), (1, 1))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_what_comes_out_are_probabilities(data: st.DataObject) -> None:
    axes = data.draw(st.integers(2, 3))
    shape = tuple(data.draw(st.lists(st.integers(1, 9), min_size=axes, max_size=axes)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    said = rng.random((3, *shape)).astype(np.float32) ** 8 + np.float32(1e-9)
    said /= said.sum(axis=0)
    guide = 4 * rng.normal(size=(data.draw(st.integers(0, 3)), *shape)).astype(np.float32)
    present = rng.random(shape) < 0.7
    assert is_a_share(guided(said, guide, data.draw(st.sampled_from([(1, 2, 3), (4, 4, 4)]))[:axes], present), shape)
