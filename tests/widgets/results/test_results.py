"""What one makes of a prediction, in a real window."""

from __future__ import annotations

import shlex
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from napari.layers import Labels
from qtpy.QtWidgets import QApplication

from napari_fhn.project.data.lazy import Lazy, cell, difference
from napari_fhn.project.exporting.exporter import Request
from napari_fhn.training import Job
from napari_fhn.widgets.results import reporting
from napari_fhn.widgets.results.comparison import on_grid_of


@pytest.fixture
def predicted(labelled, add_run):
    """A session whose prediction is there: 1 above 2, with a speck of 3."""
    _, dock = labelled
    shape = dock.desk.data.material.shape
    values = np.broadcast_to(np.where(np.arange(shape[2]) < 16, 1, 2), shape).astype(np.uint8)
    values[2, 3, 4] = 3
    add_run(dock.desk, values)
    return labelled


def settled(dock):
    return lambda: dock.desk.state.activity.idle and dock.desk.comparison.state.matrix is not None


def test_a_lazy_volume_computes_what_is_looked_at():
    seen = []

    def compute(part):
        seen.append(part.shape)
        return part.astype(np.uint8) + 1

    lazy = Lazy(compute, np.zeros((9, 8, 7), np.uint8))
    assert lazy[3].shape == (8, 7)
    assert seen == [(8, 7)]
    assert np.asarray(lazy).shape == lazy.shape == (9, 8, 7)
    p, t = np.array([1, 2, 2, 3], np.uint8), np.array([1, 1, 2, 0], np.uint8)
    assert difference(p, t)[:].tolist() == [0, 2, 0, 0]
    assert cell(p, t, 1, 2)[:].tolist() == [0, 2, 0, 0]


def test_a_truth_is_compared_and_cells_select_voxels(predicted, spin):
    viewer, dock = predicted
    desk, panel = dock.desk, dock.results
    truth = np.array(desk.prediction.layer.data)
    truth[truth == 3] = 1
    truth[0, 0, 20:24] = 1
    viewer.add_labels(truth, name="truth", scale=desk.prediction.layer.scale)
    assert [panel.truth.itemText(k) for k in range(panel.truth.count())] == ["Labels", "truth"]
    panel.truth.setCurrentText("truth")
    panel.compare.click()
    assert spin(settled(dock)), desk.messages.message
    assert "voxels agree" in desk.messages.message
    assert panel.matrix.item(0, 1).toolTip().endswith("4 voxels, 0.1 %")
    layer = desk.comparison.layer
    assert layer in viewer.layers
    assert np.count_nonzero(np.asarray(layer.data)) == 5
    panel.matrix.setCurrentCell(0, 2)
    assert np.argwhere(np.asarray(layer.data)).tolist() == [[2, 3, 4]]
    viewer.dims.set_current_step(0, 2)
    assert not layer.editable


def test_a_truth_on_another_grid_is_brought_over_or_not_offered():
    def layer(values, survey=None, **place):
        return Labels(values, metadata={} if survey is None else {"survey": survey}, **place)

    def survey(first, step):
        coords = {"inline": 100.0 + np.arange(8), "crossline": 7.0 + np.arange(5),
                  "twt": ("twt", first + step * np.arange(6), {"units": "ms"})}  # fmt: skip
        return xr.DataArray(np.zeros((8, 5, 6), np.uint8), coords, ("inline", "crossline", "twt"))

    values = np.arange(240, dtype=np.uint8).reshape(8, 5, 6)
    mine = Labels(values, metadata={"grid": survey(400.0, 4.0)}, scale=(1, 1, 4), translate=(0, 0, 400))
    for other, expected in (
        (layer(values, survey(400.0, 4.0)), values),
        (layer(values[..., ::-1], survey(420.0, -4.0)), values),
        (layer(values), values),
        (layer(values, scale=(1, 1, 4), translate=(0, 0, 400)), values),
    ):
        found = on_grid_of(mine, other)
        assert found is not None
        np.testing.assert_array_equal(np.asarray(found.values), expected)
    later = on_grid_of(mine, layer(values, survey(408.0, 4.0)))
    np.testing.assert_array_equal(np.asarray(later.values)[..., 2:], values[..., :4])
    assert "67 % of the survey" in later.words
    for other in (
        layer(values, survey(4000.0, 4.0)),
        layer(values, scale=(1, 1, 4), translate=(0, 0, 800)),
        layer(values, scale=(1, 1, 2)),
        layer(values[1:]),
    ):
        assert on_grid_of(mine, other) is None


@pytest.mark.parametrize("ours", [True, False])
def test_a_class_of_which_nothing_is_left_on_the_grid_is_named_when_it_is_compared(predicted, spin, ours):
    viewer, dock = predicted
    desk = dock.desk
    coords = {
        "inline": np.arange(12.0),
        "crossline": np.arange(16.0),
        "twt": ("twt", 4.0 * np.arange(32), {"units": "ms"}),
    }
    survey = xr.DataArray(np.zeros((12, 16, 32), np.uint8), coords, tuple(coords))
    desk.prediction.layer.metadata["grid"] = survey
    times = 2.0 * np.arange(64)
    fine = xr.DataArray(
        np.zeros((12, 16, 64), np.uint8), {**coords, "twt": ("twt", times, {"units": "ms"})}, tuple(coords)
    )
    values = np.ones(fine.shape, np.uint8)
    values[3, 4, 5] = 2  # between two samples
    names = {1: "sand", 2: "coal"}
    layer = Labels(values, name="fine", metadata={"survey": fine, **({"classes": names} if ours else {})})
    viewer.add_layer(layer)
    desk.comparison.compare(layer)
    assert spin(settled(dock)), desk.messages.message
    called = "2 coal" if ours else "2 class 2"
    assert f"fine: nothing is left of {called} (1 voxel) on the grid of the survey" in desk.messages.message


def test_a_prediction_is_kept_to_compare_with_the_next(predicted, spin):
    viewer, dock = predicted
    dock.results.keep.click()
    assert spin(lambda: "Prediction 1" in viewer.layers)
    kept = viewer.layers["Prediction 1"]
    np.load(dock.desk.project.current.prediction, mmap_mode="r+")[...] = 2
    assert (np.asarray(kept.data) == 1).any()
    assert dock.results.truth.findText("Prediction 1") >= 0


def test_tidying_is_previewed_applied_and_taken_back(predicted, spin):
    viewer, dock = predicted
    desk, panel = dock.desk, dock.results
    before = np.array(desk.prediction.layer.data)
    viewer.dims.set_current_step(0, 2)
    panel.preview.setChecked(True)
    shown = desk.tidying.layer
    assert not (np.asarray(shown.data[2]) == 3).any()
    assert (before[2] == 3).any()
    panel.tidy.click()
    assert spin(lambda: desk.state.activity.idle)
    assert shown not in viewer.layers
    assert not (np.asarray(desk.prediction.layer.data) == 3).any()
    assert "1 voxel has another class" in desk.messages.message
    panel.back.click()
    assert spin(lambda: desk.state.activity.idle)
    np.testing.assert_array_equal(np.asarray(desk.prediction.layer.data), before)


def test_the_command_and_the_network_can_be_taken_along(labelled, add_run, tmp_path, spin):
    _, dock = labelled
    desk = dock.desk
    assert desk.reporting.command() is None
    run = add_run(desk)
    dock.results.command.click()
    words = shlex.split(QApplication.clipboard().text())
    assert words[:3] == ["napari-fhn", "train", "--job"]
    assert Job.load(words[3]) == run.job()
    assert words[-2:] == ["--session", str(desk.session.folder)]
    desk.reporting.save_model(tmp_path / "mine")
    assert spin(lambda: "is saved in" in desk.messages.message)
    assert Job.load(tmp_path / "mine" / "job.json", trusted=True) == replace(run.job(), model=str(tmp_path / "mine"))


def test_the_network_is_written_for_other_programs_by_a_process(labelled, add_run, spin, tmp_path, monkeypatch):
    _, dock = labelled
    desk, asked = dock.desk, []
    run = add_run(desk)

    def process(command, **_):
        asked.append(command)
        return SimpleNamespace(returncode=2 * (len(asked) == 1), stderr="napari-fhn: Sizes are free.\n")

    monkeypatch.setattr(reporting.leaving, "run", process)
    path = tmp_path / "net.onnx"
    desk.reporting.export_network(path)
    assert spin(lambda: desk.messages.error)
    # Whoever chose the name was asked about a file that is there.
    assert asked[0][asked[0].index("napari_fhn.cli") + 1 :] == [
        "export-network",
        str(run.model),
        str(path),
        "--overwrite",
    ]
    assert desk.messages.message == "The network could not be written: Sizes are free."
    desk.reporting.export_network(path)
    assert spin(lambda: desk.messages.message.startswith("The network is written"))


def test_scoring_without_anything_held_out_is_a_sentence(predicted, spin):
    _, dock = predicted
    dock.results.score.click()
    assert spin(lambda: dock.desk.messages.error)
    assert "No labels were held out" in dock.desk.messages.message


def test_what_is_not_whole_is_asked_about_before_it_is_used(labelled, add_run, spin, tmp_path):
    _, dock = labelled
    desk = dock.desk
    shape = desk.data.material.shape
    add_run(desk, np.ones(shape, np.uint8), until=3)
    asked = []

    def ask(needs):
        asked.append(needs.what)
        return len(asked) > 1

    desk.context.consent = ask
    path = tmp_path / "classes.npy"
    desk.exports.save(Request("classes", path))
    assert spin(lambda: len(asked) == 1 and desk.state.activity.idle)
    assert "75 % of the survey is not predicted" in asked[0]
    assert not path.exists()
    assert "was not written" in desk.messages.message
    desk.exports.save(Request("classes", path))
    assert spin(lambda: path.exists() and desk.state.activity.idle), desk.messages.message
    desk.context.consent = lambda needs: asked.append(needs.what)
    dock.results.report.click()
    assert spin(lambda: len(asked) == 3)
    dock.results.score.click()
    assert spin(lambda: len(asked) == 4)
