"""W is orthogonal, its transpose is its inverse, an independent library agrees, and in place is the same."""

import numpy as np
import pytest
import pywt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.network import transforms
from napari_fhn.network.transforms import coarsen, refine, resample_, scratch_for
from napari_fhn.network.workspace import Sizes, Workspace


@st.composite
def cases(draw):
    dimensions = draw(st.sampled_from([2, 3]))
    axes = tuple(sorted(draw(st.sets(st.integers(0, dimensions - 1), min_size=1))))
    space = [draw(st.integers(1, 3)) * (2 if axis in axes else 1) for axis in range(dimensions)]
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 3)), *space)
    return shape, axes, draw(st.sampled_from(["haar", "shuffle"]))


def random(shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


@settings(deadline=None)
@given(cases())
def test_transpose_is_inverse_both_ways(case):
    shape, axes, transform = case
    x = random(shape)
    y = coarsen(x, axes, transform)
    halved = [size // 2 if axis in axes else size for axis, size in enumerate(shape[2:])]
    assert y.shape == (shape[0], shape[1] * 2 ** len(axes), *halved)
    torch.testing.assert_close(refine(y, axes, transform), x)
    torch.testing.assert_close(coarsen(refine(y, axes, transform), axes, transform), y)


@settings(deadline=None)
@given(cases())
def test_dot_test(case):
    shape, axes, transform = case
    x = random(shape)
    y = random(coarsen(x, axes, transform).shape, seed=1)
    torch.testing.assert_close((coarsen(x, axes, transform) * y).sum(), (x * refine(y, axes, transform)).sum())


@settings(deadline=None)
@given(cases(), st.sampled_from([None, 1, 1 << 18]))
def test_in_place_is_the_same(case, slab):
    """All at once, in slabs of as few rows as can be, and in slabs that hold all."""
    shape, axes, transform = case
    x = random(shape)
    y = coarsen(x, axes, transform)

    def last(array):  # channels last in memory, flat
        return array.movedim(1, -1).flatten().clone()

    flat, scratch = last(x), None
    with pytest.MonkeyPatch.context() as patch:
        if slab is not None:
            patch.setattr(transforms, "_SLAB", slab)
            scratch = flat.new_empty(scratch_for(shape, y.shape))
        resample_(flat, shape, axes, transform, finer=False, scratch=scratch)
        torch.testing.assert_close(flat, last(y))
        resample_(flat, y.shape, axes, transform, finer=True, scratch=scratch)
        torch.testing.assert_close(flat, last(x))


@pytest.mark.parametrize(
    ("shape", "axes"), [((2, 3, 8, 6), (0, 1)), ((1, 2, 4, 6, 8), (0, 1, 2)), ((1, 2, 4, 5, 8), (0, 2))]
)
def test_agrees_with_pywavelets(shape, axes):
    x = random(shape)
    reference = pywt.dwtn(x.numpy(), "haar", axes=[2 + axis for axis in axes])
    y = coarsen(x, axes)
    bands = y.reshape(shape[0], 2 ** len(axes), shape[1], *y.shape[2:])
    for index in range(2 ** len(axes)):
        # The first axis is the fastest bit of the sub-band; pywt's "d" is the same difference as ours.
        key = "".join("d" if index >> bit & 1 else "a" for bit in range(len(axes)))
        np.testing.assert_allclose(bands[:, index].numpy(), reference[key], atol=1e-12, err_msg=key)


def test_shuffle_is_torch_pixel_unshuffle_up_to_the_order_of_channels():
    x = random((2, 3, 4, 6))
    theirs = torch.nn.functional.pixel_unshuffle(x, 2).unflatten(1, (3, 2, 2))  # channel, row, column
    ours = coarsen(x, transform="shuffle").unflatten(1, (2, 2, 3))  # column, row, channel
    torch.testing.assert_close(ours, theirs.movedim((1, 2, 3), (3, 2, 1)))


def test_first_channels_are_local_means():
    x = random((1, 2, 4, 4))
    means = torch.nn.functional.avg_pool2d(x, 2) * 2
    torch.testing.assert_close(coarsen(x)[:, :2], means)


def test_odd_sizes_and_odd_channels_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match="pad the block"):
        coarsen(torch.zeros(1, 1, 4, 5))
    coarsen(torch.zeros(1, 1, 4, 5), axes=(0,))
    with pytest.raises(ValueError, match="divisible by 4"):
        refine(torch.zeros(1, 6, 2, 2))


@pytest.mark.parametrize("transform", ["haar", "shuffle"])
@pytest.mark.parametrize("finer", [False, True])
@pytest.mark.parametrize("slab", [8, 48, 1 << 18])
def test_a_workspace_changes_resolution_the_same_way_each_time(transform, finer, slab, monkeypatch):
    monkeypatch.setattr(transforms, "_SLAB", slab)
    shape, axes = (2, 4, 16, 6), (0, 1)
    size = 2 * 4 * 16 * 6
    work = Workspace(Sizes(state=size, scratch=max(slab, size)), torch.float64, torch.device("cpu"))
    for seed, flat in ((0, work.current), (1, work.before), (2, work.current)):
        flat.copy_(random((size,), seed))
        wanted = flat.clone()
        resample_(wanted, shape, axes, transform, finer=finer, scratch=torch.empty(max(slab, size)).double())
        work.resample_(flat, shape, axes, transform, finer=finer)
        assert torch.equal(flat, wanted)
    # Where slabs are many, of a row each, nothing is kept.
    assert set(map(type, work._changes.values())) == {type(None) if finer and slab == 8 else list}


def test_a_workspace_forgets_blocks_of_ever_new_sizes():
    work = Workspace(Sizes(state=4 * 400, scratch=4 * 400), torch.float64, torch.device("cpu"))
    for rows in range(2, 200, 2):
        work.resample_(work.current[: 8 * rows], (1, 2, rows, 4), (0, 1), "haar", finer=False)
    assert len(work._changes) <= work._MOST_CHANGES
