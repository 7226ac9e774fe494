"""Pausing, going back and looking, in a real window."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

from napari_fhn.box import Box
from napari_fhn.engine import Engine
from napari_fhn.training import Checkpoint
from napari_fhn.training.models import description
from napari_fhn.training.prediction import provenance
from napari_fhn.widgets.running.prediction_view import OUTLINE
from napari_fhn.widgets.state import Activity


@pytest.fixture
def predicted(labelled, add_run):
    """A session whose prediction and entropy are there, as a training has written them."""
    _, dock = labelled
    shape = dock.desk.data.material.shape
    values = np.broadcast_to(np.where(np.arange(shape[2]) < 16, 1, 2), shape).astype(np.uint8)
    probabilities = np.zeros((3, *shape), np.float16)
    probabilities[0], probabilities[1] = 0.9, 0.1
    add_run(dock.desk, values, outputs={"entropy": np.full(shape, 0.25, np.float16), "probabilities": probabilities})
    return labelled


def test_pause_waits_and_resume_goes_on(labelled, spin, monkeypatch):
    _, dock = labelled
    run, desk = dock.run, dock.desk
    desk.planning.change("schedule", "steps", 100_000)
    assert not run.pause.isEnabled()
    run.train.click()
    assert spin(lambda: bool(desk.history.losses)), desk.messages.message
    assert dock.network.folded
    run.pause.click()
    assert run.pause.text() == "Resume"
    assert spin(lambda: "paused after step" in desk.messages.message), desk.messages.message
    n = len(desk.history.losses)
    spin(lambda: False, 0.5)
    assert len(desk.history.losses) == n
    assert "a step" in run.figures.text()
    assert "exact to" in run.figures.text()
    run.pause.click()
    assert spin(lambda: len(desk.history.losses) > n)
    with monkeypatch.context() as standing:
        standing.setattr(Engine, "standing", property(lambda _: "It stands still."))
        assert spin(lambda: desk.messages.message == "It stands still.")
        assert run.stop.isEnabled()
    assert spin(lambda: desk.messages.message != "It stands still.")
    run.pause.click()
    run.stop.click()
    assert spin(lambda: desk.state.activity.idle)
    assert run.pause.text() == "Pause"


def test_a_stopped_training_goes_on_and_its_network_begins_another(labelled, spin, tmp_path, monkeypatch):
    _, dock = labelled
    run, desk = dock.run, dock.desk
    menu = run.beginnings
    menu.renew()
    assert not menu.go_on.isEnabled()
    assert not menu.again.isEnabled()
    desk.planning.change("schedule", "steps", 100_000)
    run.train.click()
    assert spin(lambda: len(desk.history.losses) > 2), desk.messages.message
    run.stop.click()
    assert spin(lambda: desk.state.activity.idle), desk.messages.message
    done = desk.history.steps[-1]
    painted = np.count_nonzero(desk.prediction.layer.data)
    assert [one.id for one in desk.project.runs()] == ["run-001"]
    desk.history.replay(())  # as in a session that was opened again
    menu.renew()
    menu.go_on.trigger()
    assert spin(lambda: len(desk.history.losses) > done), desk.messages.message
    assert np.count_nonzero(desk.prediction.layer.data) >= painted
    assert desk.history.steps == list(range(1, desk.history.steps[-1] + 1))
    run.stop.click()
    assert spin(lambda: desk.state.activity.idle), desk.messages.message

    desk.reporting.save_model(tmp_path / "kept")
    assert spin(lambda: "is saved in" in desk.messages.message)
    assert not (tmp_path / "kept" / "checkpoints").exists()
    desk.planning.change("schedule", "steps", 2)
    menu.renew()
    menu.again.trigger()
    assert spin(lambda: desk.state.activity.training and spin(lambda: desk.state.activity.idle)), desk.messages.message
    latest = desk.project.current
    assert latest.id == "run-002"
    assert Path(latest.job().start_from) == latest.begun_with
    assert latest.record.begun_with == "Run 1"
    assert "goes on from the network" in (latest.model / "log.jsonl").read_text(encoding="utf-8")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "kept"))
    menu.saved.trigger()
    assert desk.planning.state.settings.schedule.steps == 100_000  # it comes with its settings
    assert spin(lambda: len(desk.history.losses) > 0), desk.messages.message
    run.stop.click()
    assert spin(lambda: desk.state.activity.idle), desk.messages.message
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    menu.saved.trigger()
    assert "holds no trained network" in desk.messages.message


def test_a_clicked_checkpoint_becomes_the_network_that_predicts(labelled, add_run, spin):
    _, dock = labelled
    desk = dock.desk
    model = add_run(desk).model
    (model / description.FIRST_WEIGHTS).write_text("last")
    kept = model / "checkpoints" / "step-00003"
    kept.mkdir(parents=True)
    shutil.copyfile(model / "model.json", kept / "model.json")
    (kept / description.FIRST_WEIGHTS).write_text("of step 3")
    # The session was moved since: the log names the place of then.
    desk.history.hear(Checkpoint(3, "/elsewhere/checkpoints/step-00003"))
    desk.history.changed.emit()
    assert spin(lambda: len(dock.run.curves.checkpoints.data) == 1)
    dock.run.curves._clicked(None, dock.run.curves.checkpoints.points())
    assert (model / description.FIRST_WEIGHTS).read_text() == "last"  # a run of its own: the last network stays
    assert (desk.project.current.model / description.FIRST_WEIGHTS).read_text() == "of step 3"
    assert "step 3 predicts" in desk.messages.message


def test_checkpoints_are_listed_for_the_keyboard(labelled, monkeypatch):
    _, dock = labelled
    curves, asked = dock.run.curves, []
    curves.reverted.connect(asked.append)
    curves._list_checkpoints()
    assert [entry.text() for entry in curves.back.menu().actions()] == ["None yet"]
    for point in (Checkpoint(3, "a", 0.5, None), Checkpoint(6, "b", 0.25, 0.75)):
        dock.desk.history.hear(point)
    curves._list_checkpoints()
    entries = curves.back.menu().actions()
    assert [entry.text() for entry in entries] == ["Step 3, loss 0.50", "Step 6, loss 0.25, held out 0.75"]
    entries[1].trigger()
    assert asked == [6]


def test_what_is_of_another_network_is_known_to_be_stale(predicted, spin):
    _, dock = predicted
    desk, run = dock.desk, dock.desk.project.current
    assert spin(lambda: desk.doubts.hatched)
    assert desk.doubts.stale is None
    made = run.provenance()
    other = replace(made.parts[0], box=Box((2, 0, 0), (4, 16, 32)), model="of before")
    provenance.write(run.prediction, replace(made, parts=(*made.parts, other)))
    desk.project.runs_changed.emit()
    assert spin(lambda: desk.doubts.stale is not None)
    np.testing.assert_array_equal(desk.doubts.stale[:, 0, 0], np.isin(np.arange(12), (2, 3)))
    assert desk.prediction.layer.metadata["stale"] is desk.doubts.stale
    desk.state.become(Activity.PREPARING)  # what is predicted yet is not missing
    assert not desk.doubts.hatched
    desk.state.become(Activity.IDLE)


def test_one_class_alone_outlines_and_opacity(predicted):
    _, dock = predicted
    looks, layer = dock.run.looks, dock.desk.prediction.layer
    looks.opacity.setValue(80)
    looks.outlines.setChecked(True)
    assert layer.opacity == pytest.approx(0.8)
    assert layer.contour == OUTLINE >= 2
    looks.only.setCurrentIndex(looks.only.findData(2))
    colors = layer.colormap.color_dict
    assert colors[1][3] == 0
    assert colors[2][3] == 1
    dock.desk.labelling.edits.rename(1, "Sand")
    assert layer.colormap.color_dict[1][3] == 0
    looks.only.setCurrentIndex(0)
    assert layer.colormap.color_dict[1][3] == 1


def test_entropy_and_probability_come_and_go_as_layers(predicted):
    viewer, dock = predicted
    looks, overlays = dock.run.looks, dock.desk.overlays
    chosen = dock.desk.data.state.chosen
    looks.buttons["entropy"].click()
    layer = overlays.layers["entropy"]
    assert float(layer.data[0, 0, 0]) == 0.25
    assert viewer.layers.index(layer) < viewer.layers.index(dock.desk.book.layer)
    assert dock.desk.data.state.chosen == chosen
    looks.only.setCurrentIndex(looks.only.findData(2))
    looks.buttons["probabilities"].click()
    assert "class 2" in overlays.layers["probabilities"].name
    assert float(overlays.layers["probabilities"].data[0, 0, 0]) == pytest.approx(0.1, abs=1e-3)
    looks.buttons["margin"].click()
    assert "margin" not in overlays.layers
    assert "next Train or Predict" in dock.run.message.text()
    assert set(overlays.outputs()) == {"entropy", "margin", "probabilities"}
    viewer.layers.remove(layer)
    assert "entropy" not in overlays.layers
    assert not looks.buttons["entropy"].isChecked()
    looks.buttons["entropy"].click()
    assert "entropy" in overlays.layers


def test_a_place_worth_labelling_is_one_click_away(predicted, spin):
    viewer, dock = predicted
    entropy = np.load(dock.desk.project.current.output("entropy"), mmap_mode="r+")
    entropy[...] = 0
    entropy[8:, 12:, 24:] = 0.9
    panel = dock.run.next
    panel.search.click()
    assert spin(lambda: not dock.desk.suggestions.state.searching)
    assert panel.places
    assert "Doubt 90 %" in panel.places[0].text()
    assert "class 2" in panel.places[0].text()
    panel.places[0].click()
    voxel = dock.desk.suggestions.state.places[0].voxel
    assert viewer.dims.current_step[0] == voxel[0]
    assert all(at >= low for at, low in zip(voxel, (8, 12, 24), strict=True))
