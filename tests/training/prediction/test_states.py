"""The states of a network, written for whoever compares places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.network.architecture import levels
from napari_fhn.network.equivalent import slim_resnet
from napari_fhn.training import Input, Job, Schedule, fit
from napari_fhn.training.control import Control
from napari_fhn.training.prediction import state_file
from napari_fhn.training.prediction.states import write_states

SHAPE = (10, 13, 22)


@pytest.fixture
def job(tmp_path) -> Job:
    rng = np.random.default_rng(0)
    values = rng.standard_normal(SHAPE).astype(np.float32)
    values[:, :, 11:] += 4
    values[8:] = np.nan
    np.save(tmp_path / "input.npy", values)
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:4, 2:4, :11], labels[2:4, 2:4, 11:] = 1, 2
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "prediction.npy", np.zeros(SHAPE, np.uint8))
    return Job(
        inputs=(Input(str(tmp_path / "input.npy"), stamp="abc"),),
        labels=str(tmp_path / "labels.npy"),
        classes=("above", "below"),
        network=levels(2, 8, (2, 2), 1, context=1),
        schedule=Schedule(steps=3, block=(8, 16)),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        vertical_axis=2,
        device="cpu",
    )


@pytest.mark.parametrize(
    ("network", "channels"),
    [
        (levels(2, 8, (2, 2), 1, context=1), 2 + 8),
        (levels(3, 8, (2, 2), 1), 2 + 8),
        (slim_resnet(levels(2, 8, (2, 2), 1)), 2),
    ],
)
def test_states_lie_on_cells_and_are_nothing_where_there_are_no_data(job, network, channels):
    block = (8, 16) if network.dimensions == 2 else (8, 8, 16)
    job = replace(job, network=network, schedule=replace(job.schedule, block=block))
    list(fit(job))
    shares = []
    assert write_states(job, told=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    said, states = state_file.read(job.prediction)
    assert said.cell == (2, 2, 4)
    assert said.inputs == ("abc",)
    assert states.shape == (channels, 5, 7, 6)
    assert states.dtype == np.float16
    assert np.isfinite(states).all()
    assert not states[:, 4].any()
    assert states[:, :4].any(axis=0).all()


def test_a_stop_is_heard_and_leaves_nothing(job):
    list(fit(job))
    control = Control()
    control.stop.set()
    assert not write_states(job, control)
    assert state_file.read(job.prediction) is None


def test_a_damaged_file_is_none(job):
    list(fit(job))
    write_states(job)
    path = state_file.path_of(job.prediction)
    path.write_bytes(path.read_bytes()[:50])
    assert state_file.read(job.prediction) is None
    path.with_suffix(".json").write_text("{}")
    assert state_file.read(job.prediction) is None
