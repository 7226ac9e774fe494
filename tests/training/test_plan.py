"""What is planned is what training makes."""

from dataclasses import replace

import pytest

from napari_fhn.network import equivalent_unet
from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.forecast import forecast
from napari_fhn.network.readings import Reading
from napari_fhn.training import JobError, Schedule
from napari_fhn.training.plan import plan, plan_of
from napari_fhn.training.steps.setup import Setup


@pytest.mark.parametrize("changes", [{}, {"position": "none"}, {"position": "all"}, {"neighbours": True}])
def test_a_plan_is_what_training_makes_of_a_job(layered, changes):
    job, _ = layered
    job = replace(job, **changes)
    found, made = plan_of(job), Setup(job)
    assert found.input_channels == made.frame.channels
    assert found.block == made.blocks.largest
    assert found.network == made.network.architecture


@pytest.mark.parametrize(
    ("changes", "schedule"),
    [
        ({"vertical_axis": None}, {}),
        ({"vertical_axis": 0}, {}),
        ({"vertical_axis": 3}, {}),
        ({"map_axis": 2, "vertical_axis": None}, {}),
        ({}, {"permute": (0, 1)}),
        ({"network": levels(3, 8, (2,), 1)}, {"block": (8, 16, 16), "permute": (0, 2)}),
        ({"network": Architecture(3, 4, (Layer("keep", 2),), reading=Reading(axis=2))}, {"block": (8, 16, 16)}),
        ({"network": Architecture(2, 8, (Layer("refine", 2),))}, {}),
    ],
)
def test_what_is_not_trained_is_not_planned_in_the_same_words(layered, changes, schedule):
    job, _ = layered
    job = replace(job, **{"schedule": replace(job.schedule, **schedule), **changes})
    with pytest.raises(JobError) as trained:
        Setup(job)
    with pytest.raises(JobError) as foretold:
        plan_of(job)
    assert str(foretold.value) == str(trained.value)


def test_blocks_of_a_volume_too(layered_3d):
    job, _ = layered_3d
    assert plan_of(job).block == Setup(job).blocks.largest
    assert plan_of(job).survey == (12, 20, 32)


def test_needs_and_the_largest_block(layered):
    job, _ = layered
    found = plan_of(job)
    own = forecast(found.network, found.block, batch=2, input_channels=found.input_channels, classes=3)
    assert found.needs() == own
    assert found.needs(invertible=False, block_low_rank=False).total > own.total
    assert found.largest_block(own.total) == found.block
    assert found.largest_block(1000) is None


def test_what_does_not_go_together_is_said(layered):
    job, _ = layered
    with pytest.raises(JobError, match="does not go with a survey of 1"):
        plan(job.network, job.schedule, (9,), channels=1, classes=2, vertical_axis=None)
    with pytest.raises(JobError, match="say which axis"):
        plan(job.network, job.schedule, (9, 9, 9), channels=1, classes=2, vertical_axis=None)
    unet = replace(job, network=equivalent_unet(job.network), schedule=Schedule(steps=2, block=(16, 32)))
    with pytest.raises(JobError, match="one to compare with"):
        plan_of(unet).needs()
