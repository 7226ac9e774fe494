"""W is orthonormal, its transpose is its inverse, and an independent library agrees."""

import numpy as np
import pytest
import pywt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.network.haar import coarsen, refine

shapes = st.one_of(
    st.tuples(st.integers(1, 2), st.integers(1, 3), *[st.integers(1, 4).map(lambda i: 2 * i)] * 2),
    st.tuples(st.integers(1, 2), st.integers(1, 3), *[st.integers(1, 3).map(lambda i: 2 * i)] * 3),
)


def random(shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


@settings(deadline=None)
@given(shapes)
def test_transpose_is_inverse_both_ways(shape):
    x = random(shape)
    y = coarsen(x)
    assert y.shape == (shape[0], shape[1] * 2 ** (len(shape) - 2), *(s // 2 for s in shape[2:]))
    torch.testing.assert_close(refine(y), x)
    torch.testing.assert_close(coarsen(refine(y)), y)


@settings(deadline=None)
@given(shapes)
def test_dot_test(shape):
    x = random(shape)
    y = random(coarsen(x).shape, seed=1)
    torch.testing.assert_close((coarsen(x) * y).sum(), (x * refine(y)).sum())


@pytest.mark.parametrize("shape", [(2, 3, 8, 6), (1, 2, 4, 6, 8)])
def test_agrees_with_pywavelets(shape):
    x = random(shape)
    axes = tuple(range(2, len(shape)))
    reference = pywt.dwtn(x.numpy(), "haar", axes=axes)
    bands = coarsen(x).reshape(shape[0], 2 ** len(axes), shape[1], *(s // 2 for s in shape[2:]))
    for index in range(2 ** len(axes)):
        # The first axis is the fastest bit of the sub-band; pywt's "d" is the same difference as ours.
        key = "".join("d" if index >> axis & 1 else "a" for axis in range(len(axes)))
        np.testing.assert_allclose(bands[:, index].numpy(), reference[key], atol=1e-12, err_msg=key)


def test_first_channels_are_local_means():
    x = random((1, 2, 4, 4))
    means = torch.nn.functional.avg_pool2d(x, 2) * 2
    torch.testing.assert_close(coarsen(x)[:, :2], means)


def test_odd_sizes_and_odd_channels_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match="pad the block"):
        coarsen(torch.zeros(1, 1, 4, 5))
    with pytest.raises(ValueError, match="divisible by 4"):
        refine(torch.zeros(1, 6, 2, 2))
