"""Blocks become smaller axis by axis until they fit, and an impossible job is a sentence."""

from dataclasses import replace

import pytest

from napari_fhn.network.architecture import levels
from napari_fhn.network.equivalent import equivalent_unet
from napari_fhn.network.paper import SEISMIC
from napari_fhn.network.presets import named
from napari_fhn.training import Schedule
from napari_fhn.training.recipes import recipe
from napari_fhn.training.steps.sizing import halved, in_voxels, too_little, training_bytes


def test_blocks_come_one_at_a_time_before_their_longest_axis_is_halved_down_to_the_multiples():
    schedule = Schedule(batch=4, block=(24, 64, 100))
    steps = []
    while (smaller := halved(schedule, schedule.block, (8, 8, 8))) is not None:
        schedule = smaller
        steps.append((schedule.batch, schedule.at_once, schedule.block))
    assert steps[:4] == [(4, 2, (24, 64, 100)), (4, 1, (24, 64, 100)), (4, 1, (24, 64, 48)), (4, 1, (24, 32, 48))]
    assert steps[-3:] == [(4, 1, (8, 8, 8)), (2, 1, (8, 8, 8)), (1, 1, (8, 8, 8))]


@pytest.mark.parametrize("batch", [3, 5, 7])
def test_an_odd_number_of_blocks_comes_down_to_one_at_a_time(batch):
    schedule, seen = Schedule(batch=batch, block=(8, 8)), []
    while schedule.at_once > 1:
        schedule = halved(schedule, schedule.block, (8, 8))
        seen.append(schedule.at_once)
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 1
    assert schedule.batch == batch


def test_the_papers_block_is_kept_whole_on_a_card_of_8_gb():
    network, schedule = SEISMIC.architecture, replace(recipe("paper.seismic").schedule, accumulate=1)

    def needed(schedule):
        return training_bytes(network, schedule.block, schedule, 1, 2, "cuda")

    while needed(schedule) > 8e9:
        schedule = halved(schedule, schedule.block, network.multiples)
    assert in_voxels(schedule) == "4 blocks of 248 x 248 x 248 voxels, one at a time"
    assert schedule == recipe("paper.seismic").schedule
    assert needed(schedule) < 6e9


def test_what_counts_is_the_block_in_the_survey():
    assert halved(Schedule(batch=1, block=(512, 512)), (32, 64), (8, 8)).block == (32, 32)


def test_forecasts_grow_with_the_block_the_batch_and_what_is_kept():
    network = levels(2, 8, (4, 8), 1)

    def needed(block=(32, 32), **schedule):
        return training_bytes(network, block, Schedule(block=block, **schedule), 3, 2, "cpu")

    assert needed((64, 32)) > needed()
    assert needed(batch=4) > needed(batch=2)
    assert needed(batch=2) < needed(batch=4, accumulate=2) < needed(batch=4)
    assert needed(average=0.9) > needed()
    assert needed(optimiser="sgd") < needed()
    assert training_bytes(equivalent_unet(network), (32, 32), Schedule(block=(32, 32)), 3, 2, "cpu") is None


def test_a_resnet_is_forecast_too():
    fine, deep = named("paper.resnet3"), named("paper.resnet1")
    schedule = Schedule(batch=1, block=(32, 32, 16), optimiser="sgd")
    needed = [training_bytes(network, (32, 32, 16), schedule, 2, 2, "cpu") for network in (deep, fine)]
    assert needed == sorted(needed)
    halves = training_bytes(deep, (32, 16, 16), schedule, 2, 2, "cpu")
    assert 1.6 < needed[0] / halves < 2


def test_words():
    assert in_voxels(Schedule(batch=1, block=(8, 16))) == "1 block of 8 x 16 voxels"
    assert in_voxels(Schedule(batch=3, block=(8, 16))) == "3 blocks of 8 x 16 voxels"
    assert in_voxels(Schedule(batch=9, accumulate=2, block=(8, 16))) == "9 blocks of 8 x 16 voxels, 5 at a time"
    assert "take a network with fewer channels" in str(too_little(None))
    assert "needs 2 GB of memory and there are 1 GB" in str(too_little(2_000_000_000, 1_000_000_000))


@pytest.mark.parametrize("block", [(8, 8), (8,)])
def test_nothing_smaller_is_none(block):
    assert halved(Schedule(batch=1, block=block), block, (8,) * len(block)) is None
