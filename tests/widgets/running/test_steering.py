"""Pausing, going back and looking, in a real window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.training import Checkpoint


@pytest.fixture
def predicted(labelled):
    """A session whose prediction and entropy are there, as a training has written them."""
    _, dock = labelled
    session, shape = dock.desk.session, dock.desk.data.material.shape
    session.prediction_volume(shape)[...] = np.where(np.arange(shape[2]) < 16, 1, 2)
    entropy = np.lib.format.open_memmap(session.folder / "prediction-entropy.npy", "w+", np.float16, shape)
    entropy[...] = 0.25
    probabilities = np.lib.format.open_memmap(
        session.folder / "prediction-probabilities.npy", "w+", np.float16, (3, *shape)
    )
    probabilities[0], probabilities[1] = 0.9, 0.1
    return labelled


def test_pause_waits_and_resume_goes_on(labelled, spin):
    _, dock = labelled
    run, desk = dock.run, dock.desk
    desk.planning.change("schedule", "steps", 100_000)
    assert not run.pause.isEnabled()
    run.train.click()
    assert spin(lambda: bool(desk.history.losses)), desk.words.message
    assert dock.network.folded
    run.pause.click()
    assert run.pause.text() == "Resume"
    assert spin(lambda: "paused after step" in desk.words.message, 20), desk.words.message
    n = len(desk.history.losses)
    spin(lambda: False, 0.5)
    assert len(desk.history.losses) == n
    assert "a step" in run.figures.text()
    assert "exact to" in run.figures.text()
    run.pause.click()
    assert spin(lambda: len(desk.history.losses) > n, 20)
    run.pause.click()
    run.stop.click()
    assert spin(lambda: desk.state.task is None, 5)
    assert not desk.state.waiting
    assert run.pause.text() == "Pause"


def test_a_clicked_checkpoint_becomes_the_network_that_predicts(labelled, tmp_path):
    _, dock = labelled
    desk = dock.desk
    desk.session.model.mkdir()
    (desk.session.model / "weights").write_text("last")
    kept = tmp_path / "step-3"
    kept.mkdir()
    (kept / "weights").write_text("of step 3")
    desk.history.hear(Checkpoint(3, str(kept)))
    desk.history.changed.emit()
    assert len(dock.run.curves.checkpoints.data) == 1
    dock.run.curves._clicked(None, dock.run.curves.checkpoints.points())
    assert (desk.session.model / "weights").read_text() == "of step 3"
    assert "step 3 predicts" in desk.words.message


def test_one_class_alone_outlines_and_opacity(predicted):
    _, dock = predicted
    looks, layer = dock.run.looks, dock.desk.prediction.layer
    looks.opacity.setValue(80)
    looks.outlines.setChecked(True)
    assert layer.opacity == pytest.approx(0.8)
    assert layer.contour == 1
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
    entropy = np.load(dock.desk.session.folder / "prediction-entropy.npy", mmap_mode="r+")
    entropy[...] = 0
    entropy[8:, 12:, 24:] = 0.9
    panel = dock.run.next
    panel.search.click()
    assert spin(lambda: not dock.desk.suggestions.state.searching, 10)
    assert panel.places
    assert "Doubt 90 %" in panel.places[0].text()
    assert "class 2" in panel.places[0].text()
    panel.places[0].click()
    voxel = dock.desk.suggestions.state.places[0].voxel
    assert viewer.dims.current_step[0] == voxel[0]
    assert all(at >= low for at, low in zip(voxel, (8, 12, 24), strict=True))
