"""A small layered survey with a few labelled columns."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.network.architecture import levels
from napari_fhn.training import Input, Job, Schedule


@pytest.fixture
def layered(tmp_path):
    """Three layers of unlike amplitude over a tilted base, labelled in four columns; returns (job, truth)."""
    rng = np.random.default_rng(0)
    i, x, t = np.ogrid[:12, :20, :32]
    depth = t + 0.3 * i - 0.2 * x
    truth = (1 + (depth > 10) + (depth > 20)).astype(np.uint8)
    data = np.choose(truth - 1, [0.0, 3.0, -3.0]) + 0.3 * rng.standard_normal(truth.shape)
    labels = np.zeros_like(truth)
    for column in [(2, 3), (9, 4), (3, 15), (8, 16)]:
        labels[column] = truth[column]
    np.save(tmp_path / "input.npy", data.astype(np.float32))
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "prediction.npy", np.zeros_like(truth))
    job = Job(
        inputs=(Input(str(tmp_path / "input.npy")),),
        labels=str(tmp_path / "labels.npy"),
        classes=("top", "middle", "base"),
        network=levels(2, 8, (4, 8), 2, context=1),
        schedule=Schedule(steps=60, batch=2, block=(16, 32), learning_rate=0.1, shear=0.05, shift=2, noise=0.05),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        vertical_axis=2,
        device="cpu",
    )
    return job, truth


@pytest.fixture
def layered_3d(layered):
    """The same with a 3D network."""
    job, truth = layered
    return (
        replace(job, network=levels(3, 4, (4, 8), 1), schedule=replace(job.schedule, batch=1, block=(12, 16, 32))),
        truth,
    )
