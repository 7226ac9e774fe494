"""Averages along reflectors: exact on planes, kept to one side of a fault, sums and constants as they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from napari_fhn.structure.dips import Dips
from napari_fhn.structure.smoothing import along_dips, halo
from proofs import examples


def layers(shape: tuple[int, ...], slopes: tuple[float, ...]) -> NDArray[np.float32]:
    """Certain probabilities of three layers that dip by slopes in samples per trace."""
    grid = np.indices(shape)
    depth = grid[-1] - sum(slope * grid[axis] for axis, slope in enumerate(slopes)) - shape[-1] / 2
    kinds = np.digitize(depth, [-4.0, 5.0])
    return np.stack([kinds == kind for kind in range(3)]).astype(np.float32)


def plane(shape: tuple[int, ...], slopes: tuple[float, ...]) -> Dips:
    found = np.stack([np.full(shape, slope, np.float32) for slope in slopes])
    return Dips(found, np.ones(shape, np.float32))


@pytest.mark.parametrize("slopes", [(0.0, 0.0), (1.0, -2.0), (-3.0, 1.0)])
def test_layers_of_whole_slopes_stay_as_they_are(slopes: tuple[float, float]) -> None:
    shape = (9, 12, 40)
    certain = layers(shape, slopes)
    smooth = along_dips(certain, plane(shape, slopes), (3, 4))
    np.testing.assert_allclose(smooth[..., 8:-8], certain[..., 8:-8], atol=1e-6)


def test_layers_of_any_slope_keep_their_boundaries_to_a_sample() -> None:
    shape = (30, 80)
    certain = layers(shape, (0.37,))
    smooth = along_dips(certain, plane(shape, (0.37,)), (8,))
    assert float((smooth.argmax(0) != certain.argmax(0)).mean()) < 0.01
    edge = np.abs(np.diff(certain.argmax(0), axis=-1)).astype(bool)
    near = np.pad(edge, ((0, 0), (1, 0))) | np.pad(edge, ((0, 0), (0, 1)))
    np.testing.assert_allclose(smooth[:, ~near], certain[:, ~near], atol=1e-6)


def test_errors_are_outvoted_along_the_bed() -> None:
    shape = (16, 20, 60)
    slopes = (0.6, -0.4)
    certain = layers(shape, slopes)
    wrong = np.random.default_rng(0).random(shape) < 0.2
    noisy = certain.copy()
    noisy[:, wrong] = np.roll(certain, 1, axis=0)[:, wrong]
    smooth = along_dips(noisy, plane(shape, slopes), (4, 6))
    assert float((smooth.argmax(0) != certain.argmax(0)).mean()) < 0.1 * float(wrong.mean())


def test_a_path_ends_at_a_fault() -> None:
    shape = (40, 50)
    left, right = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    left[:20], right[20:] = 1, 1
    coherence = np.ones(shape, np.float32)
    coherence[19:21] = 0.05
    dips = Dips(np.zeros((1, *shape), np.float32), coherence)
    smooth = along_dips(np.stack([left, right]), dips, (10,))
    np.testing.assert_array_equal(smooth, np.stack([left, right]))
    open_ = along_dips(np.stack([left, right]), plane(shape, (0.0,)), (10,))
    assert float(open_[1, 15].min()) > 0.1


def test_a_path_goes_round_by_the_other_axis() -> None:
    # A wall of one trace stops the paths of its own section, not those of the next.
    shape = (5, 21, 10)
    dips = plane(shape, (0.0, 0.0))
    dips.coherence[2, 10] = 0
    spike = np.zeros((2, *shape), np.float32)
    spike[0] = 1
    spike[:, 2, 9] = [[0], [1]]
    smooth = along_dips(spike, dips, (2, 4))
    assert float(smooth[1, 1, 12].min()) > 0


shapes = st.one_of(st.tuples(*[st.integers(1, 7)] * 3), st.tuples(*[st.integers(1, 12)] * 2))


@settings(deadline=None, max_examples=examples(60))
@given(shapes, st.integers(0, 2**31), st.integers(1, 4), st.integers(0, 5))
def test_sums_and_constants_stay(shape: tuple[int, ...], seed: int, classes: int, far: int) -> None:
    rng = np.random.default_rng(seed)
    lateral = len(shape) - 1
    dips = Dips(
        rng.normal(0, 3, (lateral, *shape)).astype(np.float32), np.clip(rng.normal(0.5, 0.5, shape), 0, 1).astype("f4")
    )
    random = rng.random((classes, *shape)).astype(np.float32)
    random /= random.sum(0)
    before = random.copy()
    smooth = along_dips(random, dips, (far,) * lateral)
    np.testing.assert_array_equal(random, before)
    assert smooth is not random
    np.testing.assert_allclose(smooth.sum(0), 1, atol=1e-5)
    assert float(smooth.min()) >= 0
    # What is the same everywhere stays so, whatever the structure.
    constant = np.broadcast_to(random[:, :1].reshape(classes, -1)[:, :1], (classes, int(np.prod(shape))))
    constant = constant.reshape(classes, *shape)
    np.testing.assert_allclose(along_dips(constant, dips, (far,) * lateral), constant, atol=1e-6)
    if far == 0:
        np.testing.assert_array_equal(smooth, random)


def test_a_box_with_its_halo_is_part_of_the_whole() -> None:
    rng = np.random.default_rng(3)
    shape, reach = (20, 24, 30), (3, 5)
    dips = Dips(rng.normal(0, 1, (2, *shape)).astype(np.float32), rng.random(shape).astype(np.float32))
    values = rng.random((2, *shape)).astype(np.float32)
    whole = along_dips(values, dips, reach)
    around = halo(reach)
    part = (slice(8 - around[0], 12 + around[0]), slice(9 - around[1], 14 + around[1]))
    inner = Dips(dips.slopes[(slice(None), *part)], dips.coherence[part])
    found = along_dips(values[(slice(None), *part)], inner, reach)
    np.testing.assert_allclose(
        found[:, around[0] : -around[0], around[1] : -around[1]], whole[:, 8:12, 9:14], rtol=0, atol=1e-6
    )


def test_several_threads_say_the_same() -> None:
    rng = np.random.default_rng(4)
    shape = (11, 9, 30)
    values = rng.random((3, *shape), np.float32)
    dips = Dips(rng.normal(0, 1, (2, *shape)).astype(np.float32), rng.random(shape, np.float32))
    np.testing.assert_array_equal(along_dips(values, dips, (2, 3), threads=4), along_dips(values, dips, (2, 3)))


def test_shapes_that_do_not_go_together_are_refused() -> None:
    dips = plane((4, 5, 6), (0.0, 0.0))
    with pytest.raises(ValueError, match="need dips of shape"):
        along_dips(np.ones((2, 4, 5, 7), np.float32), dips, (1, 1))
    with pytest.raises(ValueError, match="reach for each lateral axis"):
        along_dips(np.ones((2, 4, 5, 6), np.float32), dips, (1,))
