"""A small layered survey with a few labelled columns."""

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.readings import Reading
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
def cube(tmp_path):
    """Two dates of a cube ``(y, x, band)`` and a map of what changed, of which a tenth is labelled; (job, truth)."""
    rng = np.random.default_rng(0)
    truth = np.ones((16, 24), np.uint8)
    truth[4:12, 8:20] = 2
    spectrum = np.sin(np.arange(12))
    before = 100 + 10 * spectrum + rng.standard_normal((16, 24, 12))
    after = before + rng.standard_normal(before.shape) + np.where(truth == 2, 10.0, 0.0)[..., None]
    labels = np.where(rng.random(truth.shape) < 0.1, truth, 0).astype(np.uint8)
    for name, array in (("before", before), ("after", after)):
        np.save(tmp_path / f"{name}.npy", array.astype(np.float32))
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "prediction.npy", np.zeros_like(truth))
    job = Job(
        inputs=tuple(Input(str(tmp_path / f"{name}.npy"), None, name) for name in ("before", "after")),
        labels=str(tmp_path / "labels.npy"),
        classes=("same", "changed"),
        network=Architecture(
            3, 4, (Layer("keep", 4), Layer("coarsen", 8), Layer("keep", 8)), reading=Reading(axis=2, channels=(0, 8))
        ),
        schedule=Schedule(steps=60, batch=1, block=(8, 16, 12), learning_rate=0.1),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        map_axis=2,
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
