"""Changes of resolution of the comparison networks: each axis by its own size."""

import pytest
import torch

from napari_fhn.network import pooling

SPACE = (4, 6, 8)


@pytest.mark.parametrize("sizes", [(2,), (4, 2), (2, 6), (2, 3, 4), (4, 2, 8), (1, 6, 2)])
def test_scores_are_averaged_to_any_size_of_each_axis(sizes):
    space = SPACE[: len(sizes)]
    scores = torch.randn(2, 3, *space, generator=torch.Generator().manual_seed(0))
    parts = [number for size, whole in zip(sizes, space, strict=True) for number in (size, whole // size)]
    wanted = scores.reshape(2, 3, *parts).mean(tuple(range(3, 3 + 2 * len(sizes), 2)))
    torch.testing.assert_close(pooling.averaged(scores, list(sizes)), wanted)


@pytest.mark.parametrize("axes", [(0,), (2,), (0, 1), (0, 1, 2)])
def test_the_larger_of_two_cells_is_taken_and_given_to_both(axes):
    state = torch.randn(2, 3, *SPACE, generator=torch.Generator().manual_seed(0))
    pooled = pooling.pool(state, axes)
    assert pooled.shape[2:] == tuple(size // 2 if axis in axes else size for axis, size in enumerate(SPACE))
    both = pooling.repeat(pooled, axes)
    assert both.shape == state.shape
    assert (both >= state).all()
    torch.testing.assert_close(pooling.pool(both, axes), pooled)


def test_each_axis_is_padded_to_its_own_multiple_by_its_last_voxel():
    data = torch.randn(2, 3, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    padded = pooling.pad(data, (2, 4, 3))
    assert padded.shape == (2, 3, 4, 8, 6)
    torch.testing.assert_close(padded[..., :3, :5, :], data)
    torch.testing.assert_close(padded[:, :, 3], padded[:, :, 2])
    torch.testing.assert_close(padded[..., 7, :], padded[..., 4, :])
    assert pooling.pad(data, (3, 5, 6)) is data
