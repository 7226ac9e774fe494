"""Blocks become smaller axis by axis until they fit, and an impossible job is a sentence."""

import pytest

from napari_fhn.network.architecture import levels
from napari_fhn.network.equivalent import equivalent_unet
from napari_fhn.training import Schedule
from napari_fhn.training.sizing import halved, in_voxels, too_little, training_bytes


def test_the_longest_axis_is_halved_down_to_the_multiples():
    schedule = Schedule(batch=2, block=(24, 64, 100))
    blocks = []
    while (smaller := halved(schedule, schedule.block, (8, 8, 8))) is not None:
        schedule = smaller
        blocks.append((schedule.batch, schedule.block))
    assert blocks[:4] == [(2, (24, 64, 48)), (2, (24, 32, 48)), (2, (24, 32, 24)), (2, (24, 16, 24))]
    assert blocks[-2:] == [(2, (8, 8, 8)), (1, (8, 8, 8))]


def test_what_counts_is_the_block_in_the_survey():
    assert halved(Schedule(block=(512, 512)), (32, 64), (8, 8)).block == (32, 32)


def test_forecasts_grow_with_the_block_the_batch_and_what_is_kept():
    network = levels(2, 8, (4, 8), 1)

    def needed(block=(32, 32), **schedule):
        return training_bytes(network, block, Schedule(block=block, **schedule), 3, 2, "cpu")

    assert needed((64, 32)) > needed()
    assert needed(batch=4) > needed(batch=2)
    assert needed(average=0.9) > needed()
    assert needed(optimiser="sgd") < needed()
    assert training_bytes(equivalent_unet(network), (32, 32), Schedule(block=(32, 32)), 3, 2, "cpu") is None


def test_words():
    assert in_voxels(Schedule(batch=1, block=(8, 16))) == "1 block of 8 x 16 voxels"
    assert in_voxels(Schedule(batch=3, block=(8, 16))) == "3 blocks of 8 x 16 voxels"
    assert "take a network with fewer channels" in str(too_little(None))
    assert "needs 2 GB of memory and there are 1 GB" in str(too_little(2_000_000_000, 1_000_000_000))


@pytest.mark.parametrize("block", [(8, 8), (8,)])
def test_nothing_smaller_is_none(block):
    assert halved(Schedule(batch=1, block=block), block, (8,) * len(block)) is None
