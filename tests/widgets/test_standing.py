"""What is on view while its file goes: a sentence and no traceback, and drawn again when it is there again."""

from __future__ import annotations

import shutil
import threading

import numpy as np
import pytest
import xarray as xr
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QApplication

from napari_fhn import mapped, surveys
from napari_fhn.large import Large, holding
from napari_fhn.large import layout as large
from napari_fhn.surveys.bricks import copy_whole
from napari_fhn.training.prediction import shard_size
from napari_fhn.widgets import toasts
from napari_fhn.widgets.data.opening import open_surveys
from napari_fhn.widgets.standing import data_of

SHAPE = (12, 16, 32)


@pytest.fixture
def survey(tmp_path):
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32) + 5
    coords = {"inline": np.arange(12), "crossline": np.arange(16), "twt": np.arange(32) * 4.0}
    return xr.DataArray(values, dims=tuple(coords), coords=coords, name="amplitude")


def stored(survey, kind, folder):
    path = folder / f"survey-{kind}.zarr"
    if kind == "bricks":
        assert copy_whole(surveys.open(stored(survey, "3", folder)), path, threading.Event(), lambda *said: None)
    else:
        chunks = {"amplitude": {"chunks": (4, 8, 16)}}
        how = {"consolidated": False} if kind == "3" else {}
        survey.to_dataset(name="amplitude").to_zarr(path, zarr_format=3 if kind == "3" else 2, encoding=chunks, **how)
    return path


@pytest.mark.parametrize("kind", ["2", "3", "bricks"])
def test_a_survey_that_goes_while_it_is_on_view_is_said_and_comes_back(viewer, dock, spin, survey, tmp_path, kind):
    path = stored(survey, kind, tmp_path)
    desk = dock.desk
    (layer,) = open_surveys(viewer, [path])
    viewer.dims.set_current_step(0, 1)
    np.testing.assert_array_equal(layer._slice.image.raw.T, survey[1])
    path.rename(tmp_path / "elsewhere")
    viewer.dims.set_current_step(0, 9)  # a section that nobody has read
    assert np.isnan(layer._slice.image.raw).all()
    assert spin(lambda: desk.messages.error, 5)
    assert desk.messages.message == f"{path.name}: it is not there any more. Bring it back: it is read again then."
    assert desk.messages.detail == ""
    # Work does not go on with what cannot be read.
    with pytest.raises(surveys.SurveyError, match="not there any more"):
        np.asarray(desk.data.material.first[9])
    viewer.dims.set_current_step(0, 10)
    dock.labels.new.click()
    (tmp_path / "elsewhere").rename(path)
    assert spin(lambda: desk.messages.message == f"'{layer.name}' is there again.", 5), desk.messages.message
    np.testing.assert_array_equal(layer._slice.image.raw.T, survey[10])


@pytest.fixture
def toasting(viewer):
    """A viewer that shows what it is told of, as when napari is run."""
    viewer.window._qt_window.show()
    notification_manager.notification_ready.connect(NapariQtNotification.show_notification)
    yield viewer
    notification_manager.notification_ready.disconnect(NapariQtNotification.show_notification)
    for toast in toasts.toasts():
        toast.close()


def test_that_a_survey_is_gone_is_not_said_on_the_canvas_when_it_is_back(toasting, dock, spin, survey, tmp_path):
    path = stored(survey, "3", tmp_path)
    open_surveys(toasting, [path])
    path.rename(tmp_path / "elsewhere")
    toasting.dims.set_current_step(0, 9)
    assert spin(lambda: dock.desk.messages.error, 5)
    assert [toasts.said(one) for one in toasts.toasts()] == [dock.desk.messages.message]
    dock.desk.messages.fail("Something else.")
    (tmp_path / "elsewhere").rename(path)
    assert spin(lambda: "is there again" in dock.desk.messages.message, 5)
    QApplication.processEvents()
    assert [toasts.said(one) for one in toasts.toasts()] == ["Something else."]


def test_linked_views_that_were_drawn_while_a_survey_was_gone_are_drawn_again(viewer, dock, spin, survey, tmp_path):
    path = stored(survey, "3", tmp_path)
    desk = dock.desk
    viewer.window._qt_window.show()
    open_surveys(viewer, [path])
    path.rename(tmp_path / "elsewhere")
    viewer.dims.set_current_step(0, 9)
    desk.context.views.linked = True
    pane = desk.beside.views.sections[1]
    assert spin(lambda: pane.image.image is not None and desk.messages.error, 10)
    empty = pane.image.image
    assert not empty[..., 3].any()
    (tmp_path / "elsewhere").rename(path)
    assert spin(lambda: "is there again" in desk.messages.message, 10)
    assert spin(lambda: pane.image.image[..., 3].all(), 10), "the crossline is still empty"


def test_where_no_desk_says_it_a_survey_that_is_gone_raises(viewer, survey, tmp_path):
    path = stored(survey, "3", tmp_path)
    (layer,) = open_surveys(viewer, [path])
    shutil.rmtree(path)
    with pytest.raises(surveys.SurveyError, match="not there any more"):
        np.asarray(layer.data[9])


@pytest.fixture
def counts_as_large(monkeypatch):
    monkeypatch.setattr(shard_size, "LARGE_VOXELS", 1)
    monkeypatch.setattr(large, "_SIDES", {1: 4, 2: 4, 3: 4, 4: 4})


def predicted(desk, add_run):
    """A run with a prediction, its entropy and probabilities in shards; the layers that show them, and one kept."""
    values = np.broadcast_to(np.arange(32, dtype=np.uint8) // 16 + 1, SHAPE)
    run = add_run(desk, values)
    for kind, lead in (("entropy", ()), ("probabilities", (2,))):
        made = mapped.create(run.output(kind), (*lead, *SHAPE), np.float16)
        made[...] = np.float16(0.5)
        mapped.pack(made)
        assert desk.overlays.want(kind, True)
    mapped.pack(mapped.open(run.prediction, "r+"))
    beside = desk.comparison.add_run(run)
    beside.visible = True
    return run, [desk.prediction.layer, *desk.overlays.layers.values(), beside]


@pytest.mark.parametrize("held", [True, False])
def test_predictions_in_shards_that_go_while_they_are_on_view(
    counts_as_large, labelled, add_run, spin, tmp_path, monkeypatch, held
):
    if not held:  # a process may have only so many files open
        monkeypatch.setattr(holding, "_most", lambda: 0)
    _, dock = labelled
    desk = dock.desk
    run, layers = predicted(desk, add_run)
    assert all(isinstance(layer.data, Large) for layer in layers)
    before = [np.asarray(layer.data[7]) for layer in layers]
    assert all(values.any() for values in before)
    desk.book.go(0, 2)
    desk.standing.look()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    names = [path.name for path in run.folder.glob("prediction*.zarr")]
    assert len(names) == 3
    for name in names:
        (run.folder / name).rename(elsewhere / name)
    for layer in layers:
        layer.data._blocks.clear()
        if not held:
            layer.data._seen.clear()
    desk.book.go(0, 7)
    if held:
        desk.standing.look()
        assert not desk.messages.error
    else:
        assert not any(layer._slice.image.raw.any() for layer in layers)
        desk.standing.look()
        assert desk.messages.error
        assert "it is not there any more. Bring it back: it is read again then." in desk.messages.message
        with pytest.raises(FileNotFoundError):
            np.asarray(data_of(layers[0])[7])
        with pytest.raises(FileNotFoundError):
            np.asarray(desk.prediction.values()[7])
        for name in names:
            (elsewhere / name).rename(run.folder / name)
        assert spin(lambda: "is there again" in desk.messages.message, 5)
    for layer, values in zip(layers, before, strict=True):
        np.testing.assert_array_equal(layer._slice.image.raw, values)


def test_what_a_process_may_have_open_is_for_all_that_is_held(tmp_path, monkeypatch, counts_as_large):
    monkeypatch.setattr(holding, "_all", type(holding._all)())
    found = []
    for name in "ab":
        made = mapped.create(tmp_path / f"{name}.zarr", (8, 4, 4), np.uint8)
        made[...] = 1
        mapped.pack(made)
        found.append(mapped.open(tmp_path / f"{name}.zarr"))
    count = len(large.files(tmp_path / "a.zarr")) - 1
    monkeypatch.setattr(holding, "_most", lambda: count)
    assert [one.hold() for one in found] == [0, count]
    del found[0]  # what nobody shows any more makes room
    assert found[0].hold() == 0
