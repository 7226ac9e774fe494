"""As many classes as labels can count are trained, with whatever network was chosen."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.comparison import UNetArchitecture
from napari_fhn.network.readings import Reading
from napari_fhn.training import Done, Input, Job, JobError, Note, Schedule, fit
from napari_fhn.training.plan import plan
from napari_fhn.training.steps.widening import widened


def test_255_classes_are_trained_and_the_plan_knows_how_wide_that_is(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "input.npy", rng.standard_normal((32, 32)).astype(np.float32))
    np.save(tmp_path / "labels.npy", rng.integers(0, 256, (32, 32)).astype(np.uint8))
    np.save(tmp_path / "prediction.npy", np.zeros((32, 32), np.uint8))
    job = Job(
        inputs=(Input(str(tmp_path / "input.npy")),),
        labels=str(tmp_path / "labels.npy"),
        classes=tuple(f"class {number}" for number in range(255)),
        network=levels(2, 8, (4, 4), 1),
        schedule=Schedule(steps=1, batch=1, block=(32, 32)),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        device="cpu",
    )
    said = list(fit(job))
    assert isinstance(said[-1], Done)
    assert any("widened to 256" in update.message for update in said if isinstance(update, Note))
    planned = plan(job.network, job.schedule, (32, 32), channels=1, classes=255, vertical_axis=None)
    assert planned.network.channels == 256


def test_what_has_room_stays_as_it_is():
    coarse = levels(2, 8, (4, 4), 1, output_level=1)  # ends with four times as many channels
    assert widened(coarse, 3, 32) == (coarse, "")
    assert widened(coarse, 3, 33)[0].channels == 16
    linear = Architecture(2, 8, (Layer("keep", 4),), reading=Reading(head="linear"))
    assert widened(linear, 3, 200) == (linear, "")
    unet = UNetArchitecture(2, 8, ((0, 1),))
    assert widened(unet, 3, 200) == (unet, "")


def test_more_than_any_network_has_is_refused():
    for channels, classes in ((1 << 18, 2), (0, 2), (1, 0), (1, 256)):
        with pytest.raises(JobError):
            plan(levels(2, 8, (4,), 1), Schedule(), (64, 64), channels=channels, classes=classes, vertical_axis=None)
