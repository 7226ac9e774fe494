"""Blended tiles cover everything once, in order, and a computation that tiles do not disturb comes back unchanged."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.training.tiles import blend, tile_shape


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 23), st.integers(1, 9)), min_size=1, max_size=3), st.integers(0, 6))
def test_blending_a_known_field_gives_it_back(axes, overlap):
    shape, tile = zip(*axes, strict=True)
    field = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
    padded = np.pad(field, [(0, 0)] + [(0, t) for t in tile])
    overlap = min(overlap, min(tile) // 2)

    def evaluate(box: Box):
        assert box.shape == tile
        return padded[(slice(None), *box.slices)]

    out, expected_start = np.zeros_like(field), 0
    for start, stop, values in blend(shape, tile, overlap, 2, evaluate):
        assert start == expected_start
        out[:, start:stop] = values
        expected_start = stop
    assert expected_start == shape[0]
    np.testing.assert_allclose(out, field, rtol=1e-5)


def test_overlapping_tiles_fade_into_each_other():
    calls = []

    def evaluate(box: Box):
        calls.append(box)
        return np.full((1, 8), float(len(calls)), np.float32)

    values = np.concatenate([v[0] for _, _, v in blend((12,), (8,), 4, 1, evaluate)])
    assert list(values[:4]) == [1] * 4
    assert list(values[8:]) == [2] * 4
    assert all(np.diff(values[3:9]) > 0)  # no seam: a monotone passage over the overlap


@given(
    st.lists(st.tuples(st.integers(1, 500), st.sampled_from([1, 2, 4, 8])), min_size=2, max_size=3),
    st.integers(1, 100_000),
)
def test_tile_shapes_are_multiples_within_the_budget(axes, voxels):
    shape, multiples = zip(*axes, strict=True)
    tile = tile_shape(shape, multiples, voxels)
    assert all(t % m == 0 and t < s + m for t, s, m in zip(tile, shape, multiples, strict=True))
    assert np.prod(tile) <= voxels or tile == multiples
