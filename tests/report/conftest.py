"""A small layered survey whose prediction is known, without a network."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.training import Input, Job, Schedule


@pytest.fixture
def predicted(tmp_path) -> tuple[Job, np.ndarray]:
    """Three layers over a tilted base, four wells, two of them held out; right but for a stripe. (job, truth)."""
    i, x, t = np.ogrid[:12, :20, :32]
    depth = t + 0.3 * i - 0.2 * x
    truth = (1 + (depth > 10) + (depth > 20)).astype(np.uint8)
    data = np.choose(truth - 1, [0.0, 3.0, -3.0]) + 0.3 * np.random.default_rng(0).standard_normal(truth.shape)
    labels = np.zeros_like(truth)
    for column in [(2, 3), (9, 4), (3, 15), (8, 16)]:
        labels[column] = truth[column]
    prediction = truth.copy()
    prediction[:, 15, :5] = 3
    np.save(tmp_path / "input.npy", data.astype(np.float32))
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "prediction.npy", prediction)
    job = Job(
        inputs=(Input(str(tmp_path / "input.npy"), name="layers"),),
        labels=str(tmp_path / "labels.npy"),
        classes=("top", "middle", "base"),
        network=levels(2, 8, (4, 8), 2, context=1),
        schedule=Schedule(steps=60, batch=2, block=(16, 32)),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        vertical_axis=2,
        held_out=(Box((2, 3, 0), (3, 4, 32)), Box((3, 15, 0), (4, 16, 32))),
        device="cpu",
    )
    return job, truth
