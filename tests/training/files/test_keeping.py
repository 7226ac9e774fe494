"""A disk that fills while a network learns costs files for a while, and neither the training nor the network."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from faulty_disk import disk
from napari_fhn import mapped
from napari_fhn.training import Control, Done, JobError, Note, fit, trainer
from napari_fhn.training.files import keeping
from napari_fhn.training.files import log as logs
from napari_fhn.training.models import model as models


@pytest.fixture
def quick(layered, tmp_path, monkeypatch):
    """A training of eight steps that saves at each of them, in a folder of its own, whose disk may be full."""
    monkeypatch.setattr(trainer, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(keeping, "AGAIN", 0.01)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    job, _ = layered
    (tmp_path / "run").mkdir()
    prediction = mapped.create(tmp_path / "run" / "prediction.npy", (12, 20, 32), "u1")
    del prediction
    schedule = replace(job.schedule, steps=8, block=(8, 8), batch=1)
    return replace(
        job, schedule=schedule, model=str(tmp_path / "run" / "model"), prediction=str(tmp_path / "run/prediction.npy")
    )


def told(updates):
    return [update.message for update in updates if isinstance(update, Note)]


def test_training_goes_on_while_the_disk_is_full_and_saves_when_there_is_room(quick, tmp_path):
    control, updates = Control(), []
    with disk(tmp_path / "run", 1, "full") as full:
        for update in logs.kept(fit(quick, control), quick, "train"):
            updates.append(update)
            if isinstance(update, Note) and "waits for room" in update.message:
                full.at = 0
    assert isinstance(updates[-1], Done)
    assert updates[-1].message.endswith("the network is saved.")
    words = told(updates)
    assert sum("cannot be saved" in text for text in words) == 1
    assert any("no room left on the disk" in text and "make room there" in text for text in words)
    assert words[-1] == "There was room again: the network is saved."
    assert models.load(quick.model).steps == 8
    assert len(logs.read(quick.model)) == 1
    assert any(isinstance(update, Done) for update in logs.read(quick.model)[0].updates)


@pytest.mark.parametrize("watched", [True, False])
def test_a_network_that_its_disk_does_not_take_is_kept_on_another(quick, tmp_path, monkeypatch, watched):
    monkeypatch.setattr(keeping, "WAITED", 0.05)
    control = Control(watched=watched)

    def train():
        for update in logs.kept(fit(quick, control), quick, "train"):
            if watched and isinstance(update, Note) and "waits for room" in update.message:
                control.stop.set()

    with disk(tmp_path / "run", 1, "full"), pytest.raises(JobError, match="is kept in") as caught:
        train()
    assert "no room left" in str(caught.value)
    (folder,) = (tmp_path / "elsewhere").iterdir()
    assert str(folder) in str(caught.value)
    assert models.load(folder).steps == 8
    assert not list(Path(quick.model).rglob("*.part"))


def test_an_older_network_is_whole_when_the_disk_fills_in_the_middle(quick, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "WAITED", 0.05)
    list(fit(quick))
    for at in (2, 5, 9, 14, 20):
        with disk(tmp_path / "run", at, "full"), pytest.raises(JobError, match=r"is kept in|cannot be kept"):
            list(fit(replace(quick, schedule=replace(quick.schedule, steps=2)), Control(watched=False)))
        assert models.load(quick.model).steps in (8, 1, 2)
        for checkpoint in (Path(quick.model) / "checkpoints").iterdir():
            models.load(checkpoint)


def test_outputs_for_which_there_is_no_room_any_more_are_left_out_and_said(quick, monkeypatch):
    job = replace(quick, outputs=("entropy",))
    free = mapped.create

    def full(path, *rest, **named):
        if "entropy" in str(path):
            raise mapped.NoRoom(28, "No space left on device", str(path))
        return free(path, *rest, **named)

    monkeypatch.setattr(mapped, "create", full)
    updates = list(fit(job))
    assert any("entropy.npy is left out" in text for text in told(updates))
    assert isinstance(updates[-1], Done)
    assert not job.output_path("entropy").exists()
