"""Horizons picked with the mouse, tracked, taken back, made labels of, and found again."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import xarray as xr
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_fhn.project.labelling import tracking
from napari_fhn.surveys.geometry import SurveyGeometry
from napari_fhn.widgets.labelling.loader import Zones

# Clicks are drawn to be seen by what lies there.
pytestmark = pytest.mark.usefixtures("own_viewer")

SHAPE = (16, 20, 64)


def _surface() -> np.ndarray:
    x, y = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return 30 + 0.5 * y - 0.25 * x


@pytest.fixture
def beds(viewer, dock):
    """A volume with one bright peak, looked at along its inlines; returns (viewer, dock)."""
    at = np.arange(SHAPE[2]) - _surface()[..., np.newaxis]
    noise = 0.05 * np.random.default_rng(0).standard_normal(SHAPE)
    values = (np.cos(2 * np.pi * at / 12) * np.exp(-((at / 14) ** 2)) + noise).astype(np.float32)
    survey = xr.DataArray(
        values,
        dims=("inline", "crossline", "twt"),
        coords={
            "inline": 100 + np.arange(SHAPE[0]),
            "crossline": 300 + np.arange(SHAPE[1]),
            "twt": ("twt", 1000.0 + 4 * np.arange(SHAPE[2]), {"units": "ms"}),
        },
        name="beds",
        attrs={"notes": (), "geometry": SurveyGeometry((100, 300), (1, 1), (0.0, 0.0), (25.0, 0.0), (0.0, 25.0))},
    )
    viewer.add_image(values, name="beds", metadata={"survey": survey}, axis_labels=survey.dims)
    viewer.window._qt_window.resize(1200, 800)
    # What the mouse is on is drawn to find it, for which the canvas has to be on the screen.
    viewer.window._qt_window.show()
    dock.labels.new.click()
    dock.desk.book.go(0, 8)
    viewer.reset_view()
    QApplication.processEvents()
    return viewer, dock


class Mouse:
    """The mouse on a viewer's canvas, told in voxels."""

    def __init__(self, viewer):
        self.viewer = viewer
        self.canvas = viewer.window._qt_viewer.canvas

    def at(self, world) -> QPointF:
        shown = list(self.viewer.dims.displayed)
        point = [world[axis] for axis in shown][::-1]
        where = self.canvas.view.scene.transform.map([*point, 0, 1])
        return QPointF(float(where[0]), float(where[1]))

    def _send(self, kind, world, button, down, keys) -> None:
        where = self.at(world)
        QApplication.sendEvent(self.canvas.native, QMouseEvent(kind, where, where, button, down, keys))
        QApplication.processEvents()

    def drag(self, *worlds, keys=Qt.KeyboardModifier.NoModifier) -> None:
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        self._send(QEvent.Type.MouseButtonPress, worlds[0], left, left, keys)
        for world in worlds[1:]:
            self._send(QEvent.Type.MouseMove, world, none, left, keys)
        self._send(QEvent.Type.MouseButtonRelease, worlds[-1], left, none, keys)

    def click(self, world, keys=Qt.KeyboardModifier.NoModifier) -> None:
        self.drag(world, keys=keys)


def test_picked_tracked_taken_back_and_made_labels_of(beds, spin):
    viewer, dock = beds
    desk, panel = dock.desk, dock.labels.horizons
    horizons, layers = desk.labelling.horizons, desk.labelling.horizon_layers
    dock.labels.tools.open("Horizons")
    panel.pick.click()
    assert horizons.state.picking
    assert horizons.chosen.name == "Horizon 1"
    mouse, surface = Mouse(viewer), _surface()
    # Two samples beside the peak: the pick goes onto it.
    mouse.click((8, 5, surface[8, 5] + 2))
    assert [pick.trace for pick in horizons.chosen.picks] == [(8, 5)]
    assert horizons.chosen.picks[0].sample == pytest.approx(surface[8, 5], abs=0.4)
    assert not np.asarray(desk.book.layer.data).any()  # no brush painted where the click fell
    mouse.click((8, 15, surface[8, 15]))
    assert len(horizons.chosen.picks) == len(layers.picks.data) == 2
    # A pick is dragged to another trace, taken away, and comes back.
    second = horizons.chosen.picks[1]
    mouse.drag((8, 15, second.sample), (8, 14, surface[8, 14] + 0.5), (8, 12, surface[8, 12]))
    assert [pick.trace for pick in horizons.chosen.picks] == [(8, 5), (8, 12)]
    mouse.click((8, 12, horizons.chosen.picks[1].sample), Qt.KeyboardModifier.ShiftModifier)
    assert [pick.trace for pick in horizons.chosen.picks] == [(8, 5)]
    desk.book.history.undo()
    assert [pick.trace for pick in horizons.chosen.picks] == [(8, 5), (8, 12)]
    panel.track.click()
    assert spin(lambda: horizons.chosen.surface and not horizons.state.tracking, 60), desk.messages.message
    (shown,) = horizons.maps()
    there = np.isfinite(shown.samples)
    assert there.mean() > 0.9
    assert np.abs(shown.samples - surface)[there].max() < 1
    assert shown.times[8, 5] == pytest.approx(1000 + 4 * horizons.chosen.picks[0].sample)
    # A line on the section in view, whichever it is.
    assert len(layers.lines.data) > 15
    assert (layers.lines.data[:, 0, 0] == 8).all()
    desk.book.go(1, 3)
    assert (layers.lines.data[:, 0, 1] == 3).all()
    desk.book.go(2, 30)
    contour = layers.lines.data[:, 0]
    assert (contour[:, 2] == 30).all()
    assert np.abs(contour[:, 1] / 2 - contour[:, 0] / 4).max() < 1  # the surface is 30 there
    desk.book.go(0, 8)
    panel.quality.setValue(100)
    assert len(layers.lines.data) == 0
    assert horizons.chosen.least == 1
    panel.quality.setValue(20)
    # Undone and made again without tracking anew.
    desk.book.history.undo()
    assert not horizons.chosen.surface
    desk.book.history.redo()
    assert np.isfinite(horizons.maps()[0].samples).mean() > 0.9
    # A part of it is erased along the way of the mouse, and brought back.
    panel.reach.setValue(1)
    panel.erase.click()
    assert not horizons.state.picking
    mouse.drag((8, 2, 40), (8, 4, 40), (8, 6, 40))
    gone = ~np.isfinite(horizons.maps()[0].samples) & there
    near = np.zeros_like(there)
    near[7:10, 1:8] = True
    assert np.array_equal(gone, near & there)
    desk.book.history.undo()
    assert np.array_equal(np.isfinite(horizons.maps()[0].samples), there)
    panel.erase.click()
    # Labels above and below, as of a horizon in a file.
    desk.labelling.loader.ask_zones = lambda surfaces, table: Zones(("cover", "base"))
    panel.use.click()
    assert spin(lambda: "voxels are labels now" in desk.messages.message), desk.messages.message
    values = np.asarray(desk.book.layer.data)
    line = int(np.floor(surface[8, 5]))
    assert values[8, 5, line - 3] == desk.book.state.classes.value_of("cover")
    assert values[8, 5, line + 4] == desk.book.state.classes.value_of("base")
    assert [one.kind for one in desk.labelling.loader.known.sources] == ["horizon"]
    panel.name.lineEdit().setText("Top")
    panel.name.lineEdit().editingFinished.emit()
    assert horizons.chosen.name == "Top"
    # Another program, or another day, finds it with its surface.
    folder = desk.project.session.folder
    assert (folder / "horizons" / "Horizon 1.csv").is_file()
    horizons._on_labels(False)
    assert not horizons.state.kept.horizons
    assert layers.picks is None or len(layers.picks.data) == 0
    horizons._on_labels(True)
    assert horizons.chosen.name == "Top"
    assert np.isfinite(horizons.maps()[0].samples).mean() > 0.9
    panel.remove.click()
    assert not horizons.state.kept.horizons
    desk.book.history.undo()
    assert horizons.chosen.name == "Top"


def test_what_cannot_be_is_said_and_tracking_stops(beds, spin, monkeypatch, tmp_path):
    viewer, dock = beds
    desk, horizons, results = dock.desk, dock.desk.labelling.horizons, dock.desk.labelling.horizon_results
    horizons.track()
    assert "Pick the horizon" in desk.messages.message
    results.use_as_labels()
    assert "Track a horizon first" in desk.messages.message
    horizons.add()
    horizons.state.picking = True
    desk.book.go(2, 30)
    QApplication.processEvents()
    viewer.reset_view()
    Mouse(viewer).click((8, 5, 30))
    assert "Pick on an inline" in desk.messages.message
    horizons.pick((99, 5), 30.0)
    assert "There is no data" in desk.messages.message
    horizons.state.snap = False
    horizons.pick((8, 5), 30.25)
    assert horizons.chosen.picks[0].sample == 30.25
    horizons.add()
    horizons.rename("Horizon 1")
    assert "already" in desk.messages.message
    horizons.state.chosen = "Horizon 1"
    horizons.track()
    horizons.stop()
    assert spin(lambda: not horizons.state.tracking)
    assert "was not tracked" in desk.messages.message
    assert not horizons.chosen.surface
    horizons.track()
    assert spin(lambda: horizons.chosen.surface)
    results.save(tmp_path / "top.irap")
    assert spin(lambda: "Written" in desk.messages.message)
    assert (tmp_path / "top.irap").is_file()
    results.save(tmp_path / "top.unknown")
    assert spin(lambda: "not known" in desk.messages.message)


def test_on_a_map_there_are_no_horizons(viewer, dock):
    viewer.add_image(np.zeros((30, 40), np.float32), name="map")
    dock.labels.new.click()
    assert dock.labels.tools.buttons["Horizons"].isHidden()
    dock.desk.labelling.horizons.add()
    assert not dock.desk.labelling.horizons.state.kept.horizons


def test_one_that_is_tracked_while_another_survey_is_ticked_shows_nothing_there(beds, spin, monkeypatch):
    viewer, dock = beds
    desk, horizons = dock.desk, dock.desk.labelling.horizons
    go_on, grown = threading.Event(), tracking.grown

    def held(begun, told):
        found = grown(begun, told)
        assert go_on.wait(30)
        told(1.0)
        return found

    monkeypatch.setattr(tracking, "grown", held)
    horizons.pick((8, 5), _surface()[8, 5])
    horizons.track()
    assert spin(lambda: horizons.maps())
    # A smaller survey elsewhere, whose first horizon has the same name.
    other = desk.data.material.first.copy(deep=True)[:9, :11]
    other.name = "others"
    other.attrs["geometry"] = SurveyGeometry((1, 1), (1, 1), (90000.0, 0.0), (25.0, 0.0), (0.0, 25.0))
    layer = viewer.add_image(other.values, name="others", metadata={"survey": other}, axis_labels=other.dims)
    desk.data.choose((layer,))
    dock.labels.new.click()
    horizons.pick((4, 5), 30.0)
    assert horizons.chosen.name == "Horizon 1"
    assert not horizons.maps()
    go_on.set()
    assert spin(lambda: not horizons.state.tracking)
    assert not horizons.chosen.surface
    assert not horizons.maps()
