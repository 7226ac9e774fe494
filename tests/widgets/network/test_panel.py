"""The network part of the dock in a real window."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.readings import Reading
from napari_fhn.training import Device
from napari_fhn.training.recipes import RECIPES


@pytest.fixture
def seismic(viewer, dock):
    viewer.open_sample("napari-fhn", "seismic")
    return viewer, dock


def test_it_forecasts_before_anything_trains(seismic):
    _, dock = seismic
    state = dock.desk.planning.state
    assert state.settings.recipe == "sections"
    assert state.outlook.needs < state.outlook.without
    assert " MB, not " in dock.network.needs.text()
    assert "free" in dock.network.needs.text()
    ours, without = dock.network.bar.shares()
    assert 0 < ours < without
    before = state.outlook.needs
    dock.network.recipe.value = "volume"
    assert state.settings.recipe == "volume"
    assert state.outlook.needs != before
    assert "64 × 64 × 128" in dock.network.block.text()


def test_what_training_would_refuse_is_not_forecast_but_said(seismic):
    _, dock = seismic
    dock.desk.planning.change("schedule", "permute", (0, 1))
    assert dock.desk.planning.state.outlook is None
    assert "and that is the vertical one: leave it out" in dock.desk.messages.note
    dock.desk.planning.change("schedule", "permute", ())
    assert dock.desk.planning.state.outlook is not None
    assert not dock.desk.messages.note


def test_a_gpu_is_told_by_the_process(seismic):
    _, dock = seismic
    dock.desk.planning.hear(Device("cuda", "Some GPU", 3_000_000))
    assert "3 MB free" in dock.network.needs.text()
    assert "Some GPU" in dock.network.needs.toolTip()
    assert dock.network.bar.shares()[0] > 1
    dock.network.device.value = "cpu"
    assert "3 MB free" not in dock.network.needs.text()


def test_every_setting_can_be_changed_and_taken_back(seismic):
    _, dock = seismic
    panel, state = dock.network.advanced, dock.desk.planning.state
    recipe = state.settings
    panel.forms["schedule"].controls["steps"].value = 12
    panel.layers.value = "2d 16: 2x8 | down 1x8"
    panel.layers.native.editingFinished.emit()
    assert state.settings.schedule.steps == 12
    assert state.settings.network.channels == 16
    assert "2 changed" in panel.heading.text()
    panel.forms["schedule"].changed.emit("block", "wide")
    assert dock.desk.messages.error
    assert "block" in dock.run.message.text().lower()
    panel.on.setText("gpu")
    panel.on.editingFinished.emit()
    assert "no address of a machine" in dock.run.message.text()
    assert (state.on, panel.on.text()) == ("", "")
    panel.on.setText(" ssh://gpu/work ")
    panel.on.editingFinished.emit()
    assert (state.on, panel.on.text()) == ("ssh://gpu/work",) * 2
    panel.reset.click()
    assert state.settings == recipe
    assert panel.forms["schedule"].controls["steps"].value == recipe.schedule.steps


def test_on_a_map_what_the_nearest_labels_say_can_be_chosen_in_words_without_wells(viewer, dock):
    viewer.open_sample("napari-fhn", "hyperspectral")
    dock.network.recipe.value = "regions"
    control = dock.network.advanced.forms["job"].controls["neighbours"]
    assert control.value
    assert control.native.isVisibleTo(dock.network.advanced.forms["job"])
    assert "nearest labels" in control.tooltip
    assert not re.search("wells?|traces?", control.tooltip)
    assert not dock.network.advanced.forms["network"].controls["context"].native.isVisibleTo(dock)


def test_the_block_is_drawn_on_the_section_in_view(seismic):
    viewer, dock = seismic
    n = len(viewer.layers)
    active = viewer.layers.selection.active
    dock.network.block.setChecked(True)
    layer = dock.desk.block_box.layer
    assert layer in viewer.layers
    assert viewer.layers.selection.active is active
    corners = layer.data[0]
    np.testing.assert_allclose(np.ptp(corners, axis=0), (0, 96, 160))
    viewer.dims.set_current_step(0, 5)
    assert layer.data[0][0, 0] == 5
    viewer.dims.order = (1, 0, 2)
    np.testing.assert_allclose(np.ptp(layer.data[0], axis=0), (96, 0, 160))
    viewer.dims.order = (2, 0, 1)
    assert len(layer.data) == 0
    dock.network.block.setChecked(False)
    assert len(viewer.layers) == n
    dock.network.block.setChecked(True)
    viewer.layers.remove(dock.desk.block_box.layer)
    assert dock.desk.block_box.layer is None
    assert not dock.network.block.isChecked()


def test_the_recipe_is_chosen_by_looking_at_the_data_until_a_person_chooses(viewer, dock, spin):
    desk = dock.desk
    rng = np.random.default_rng(0)
    viewer.add_image(rng.standard_normal((24, 24, 32)).astype(np.float32), name="volume")
    assert desk.planning.state.settings.recipe == "sections"
    assert "processor" in dock.network.aside.text()
    dock.labels.new.click()
    layer = desk.book.layer
    for inline, crossline in ((4, 4), (4, 18), (18, 4), (18, 18)):
        layer.data[inline, crossline, :16], layer.data[inline, crossline, 16:] = 1, 2
    desk.book.tally.due(0)
    assert spin(lambda: desk.planning.state.settings.recipe == "layers"), dock.network.aside.text()
    assert "foretell each other" in dock.network.aside.text()
    assert desk.planning.state.settings.neighbours
    # What the training process says of its device asks again, and does not forget what the labels said.
    desk.planning.hear(Device("cpu", "this computer", 10**10))
    assert desk.planning.state.settings.recipe == "layers"
    dock.network.recipe.value = "sections"
    desk.planning.suggest()
    assert desk.planning.state.settings.recipe == "sections"


def test_a_map_is_read_from_two_cubes(viewer, dock, spin, monkeypatch):
    architecture = Architecture(
        3, 4, (Layer("keep", 4), Layer("coarsen", 8), Layer("keep", 8)), reading=Reading(axis=2, channels=(0, 8))
    )
    quick = replace(RECIPES["paper.hyperspectral"].schedule, steps=2)
    monkeypatch.setitem(
        RECIPES, "paper.hyperspectral", replace(RECIPES["paper.hyperspectral"], network=architecture, schedule=quick)
    )
    viewer.open_sample("napari-fhn", "seismic")
    assert "paper.hyperspectral" not in dock.desk.planning.recipes
    viewer.layers.clear()
    viewer.open_sample("napari-fhn", "hyperspectral")
    dock.labels.load.click()
    assert spin(lambda: bool(dock.desk.book.state.counts)), dock.desk.messages.message
    dock.network.recipe.value = "paper.hyperspectral"
    outlook = dock.desk.planning.state.outlook
    assert outlook.block == (112, 128, 62)
    dock.network.block.setChecked(True)
    corners = dock.desk.block_box.corners()
    np.testing.assert_array_equal(np.ptp(corners, axis=0), (112, 128))
    dock.run.train.click()
    assert spin(lambda: dock.desk.project.has_model and dock.desk.state.activity.idle, 60), dock.desk.messages.message
    job = dock.desk.project.current.job()
    assert (job.map_axis, len(job.inputs)) == (2, 2)
    assert np.load(job.inputs[0].path, mmap_mode="r").shape == (112, 128, 62)
    dock.run.predict.click()
    assert spin(lambda: dock.desk.state.activity.idle, 60), dock.desk.messages.message
    assert np.asarray(dock.desk.prediction.layer.data).all()


def test_whether_surveys_are_copied_is_chosen_before_training(labelled, monkeypatch):
    _, dock = labelled
    desk, field, begun = dock.desk, dock.network.advanced.reading, []
    monkeypatch.setattr(desk.work, "_begin", lambda task, prepare: begun.append(task))
    for number, stays in enumerate((None, True, False)):
        field.setCurrentIndex(number)
        field.activated.emit(number)
        desk.work.train()
        assert desk.project.project.stays is stays
    assert begun == ["train"] * 3
    desk.planning.state.stays = None
    assert field.currentIndex() == 0
