"""Whatever number a job has in whatever place: it is refused in a sentence, or small enough to be computed with."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from napari_fhn.box import Box
from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.comparison import ResNetArchitecture, Stage, UNetArchitecture
from napari_fhn.training import Input, Job, JobError, Schedule
from napari_fhn.training.objective import Absence, Objective, Order, Share, Smoothness
from napari_fhn.training.steps import sizing

STRANGE = (0, -1, 10**10, 2**63, 10**400, math.nan, math.inf, -1e308)

KNOWN = (Share("a", 0.1, 0.9), Order(("a", "b")), Absence("a", (Box((0, 0), (1, 1)),)), Smoothness(edge=1.0))

NETWORKS = (
    levels(2, 8, (4, 4), 1, context=1),
    ResNetArchitecture(2, 8, (Stage("keep", 1), Stage("coarsen", 1)), growth=2),
    UNetArchitecture(2, 8, ((0, 1),), groups=4),
)


def make(network=NETWORKS[0]):
    return Job(
        inputs=(Input("input.npy"),),
        labels="labels.npy",
        classes=("a", "b"),
        network=network,
        schedule=Schedule(block=(16, 32), objective=Objective(("focal",), knowledge=KNOWN)),
        prediction="prediction.npy",
        model="model",
        vertical_axis=1,
    )


def places(part, at=()) -> Iterator[tuple]:
    """Every place in plain types where there is a number."""
    if isinstance(part, dict | list):
        for name, inner in part.items() if isinstance(part, dict) else enumerate(part):
            yield from places(inner, (*at, name))
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield at


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.kind)
def test_every_number_of_a_network_and_a_schedule_has_bounds(network):
    plain = make(network).to_dict()
    tried = 0
    for part in ("network", "schedule"):
        for *names, last in places(plain[part]):
            for value in STRANGE:
                changed = copy.deepcopy(plain)
                holder = changed[part]
                for name in names:
                    holder = holder[name]
                holder[last] = value
                tried += 1
                with contextlib.suppress(JobError):
                    Job.from_dict(changed)
                    if not {"start", "stop"} & set(names):  # a box is cut to the survey
                        assert -1 <= value <= (2**63 - 1 if last == "seed" else 1e9), (part, *names, last, value)
    assert tried > 200


def test_a_batch_that_no_machine_holds_is_refused():
    with pytest.raises(JobError, match="batch is 1000000000: it can be at most 4,096"):
        Schedule(batch=10**9)


def test_of_many_blocks_fewer_are_taken_before_they_become_small():
    schedule, block = Schedule(batch=4096, block=(64, 64)), (64, 64)
    while schedule.batch > 16:
        schedule = sizing.halved(schedule, block, (8, 8))
        assert schedule.block == (64, 64)
    assert sizing.halved(schedule, block, (8, 8)).block == (32, 64)


def test_classes_are_counted_to_255():
    job = make()
    assert len(replace(job, classes=("a", "b", *map(str, range(253)))).classes) == 255
    with pytest.raises(JobError, match="there are 256 classes, and labels and predictions count them from 1 to 255"):
        replace(job, classes=("a", "b", *map(str, range(254))))


def test_levels_that_never_end_are_refused():
    with pytest.raises(ValueError, match="halvings of the resolution"):
        Architecture(2, 8, tuple(Layer("coarsen", 4, axes=(0,)) for _ in range(13)))
