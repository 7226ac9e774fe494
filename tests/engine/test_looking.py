"""A network looks at a survey in a process of its own."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.engine.looking import Looking
from napari_fhn.network.architecture import levels
from napari_fhn.training import Input, Job, JobError, Schedule, fit, state_file


@pytest.fixture
def job(tmp_path) -> Job:
    np.save(tmp_path / "input.npy", np.random.default_rng(0).standard_normal((20, 24)).astype(np.float32))
    labels = np.zeros((20, 24), np.uint8)
    labels[2:4, 2:4], labels[12:14, 12:14] = 1, 2
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "prediction.npy", np.zeros((20, 24), np.uint8))
    return Job(
        inputs=(Input(str(tmp_path / "input.npy")),),
        labels=str(tmp_path / "labels.npy"),
        classes=("a", "b"),
        network=levels(2, 8, (2,), 1),
        schedule=Schedule(steps=2, block=(16, 16)),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        device="cpu",
    )


def test_it_looks_and_tells_how_far_it_is(job):
    list(fit(job))
    shares = []
    assert Looking().look(job, shares.append)
    assert shares[-1] == 1
    assert state_file.read(job.prediction) is not None


def test_what_is_wrong_is_said(job):
    with pytest.raises(JobError, match="model"):
        Looking().look(job)
