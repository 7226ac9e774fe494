"""In 3D three planes, bodies and tubes are shown in place of whole volumes, and on sections all is as before."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Labels
from psygnal import Signal

from napari_fhn.labels import Well
from napari_fhn.surveys.gain import Gained
from napari_fhn.training import Focus
from napari_fhn.widgets.data.turning import Turning
from napari_fhn.widgets.labelling.horizon_state import HorizonMap
from napari_fhn.widgets.views import in_view
from napari_fhn.widgets.views.bodies import Bodies
from napari_fhn.widgets.views.horizon_surfaces import HorizonSurfaces
from napari_fhn.widgets.views.in_view import InView
from napari_fhn.widgets.views.scene import Scene, planes
from napari_fhn.widgets.views.sources import shows


@pytest.fixture
def scene(parts, volume):
    desk = parts(volume)
    made = Scene(desk.context, desk.place, desk.wells)
    yield desk, made
    made.close()


def test_planes_stand_where_one_is_and_their_pictures_in_one_texture():
    shape, index = (10, 12, 20), (3, 5, 7)
    pictures = [
        np.full((rows, columns, 4), 10 * k, np.uint8)
        for k, (rows, columns) in enumerate(((20, 12), (10, 10), (10, 12)))
    ]
    vertices, places, texture = planes(shape, index, pictures)
    for axis in range(3):
        corners, at = vertices[4 * axis : 4 * axis + 4], places[4 * axis : 4 * axis + 4]
        assert (corners[:, axis] == index[axis]).all()
        for other in {0, 1, 2} - {axis}:
            assert (corners[:, other].min(), corners[:, other].max()) == (0, shape[other] - 1)
        # From the middle of the first voxel to that of the last.
        rows, columns = pictures[axis].shape[:2]
        down, right = ((2, 1), (2, 0), (0, 1))[axis]
        assert np.ptp(at[:, 0]) * texture.shape[1] == pytest.approx(columns * (1 - 1 / shape[right]))
        assert np.ptp(at[:, 1]) * texture.shape[0] == pytest.approx(rows * (1 - 1 / shape[down]))
        middle = at.mean(axis=0) * (texture.shape[1], texture.shape[0])
        seen = texture[::-1][int(middle[1]), int(middle[0])]  # counted upwards
        assert seen == pytest.approx(10 * axis / 255)
    # The first corner is the first pixel; down goes down the picture, and along time.
    assert vertices[:3].tolist() == [[3, 0, 0], [3, 0, 19], [3, 11, 0]]


def test_one_stays_where_one_is_on_the_way_to_3d_and_back(scene):
    desk, _ = scene
    turning = Turning(desk.viewer, desk.context.data)
    desk.wells.state.wells = (Well("A", inline=100, crossline=300),)
    desk.place.go({0: 8, 1: 3, 2: 15})
    ranges = desk.viewer.dims.range
    for back in (0, 1):
        turning.show(turning.views()[-1])
        assert desk.viewer.dims.range == ranges
        desk.place.go({1: 4 + back})
        turning.show(turning.views()[back])
        assert desk.place.index == (8, 4 + back, 15)
    desk.viewer.dims.ndisplay = 3
    desk.viewer.dims.ndisplay = 2  # by napari's own button
    assert desk.place.index == (8, 5, 15)
    turning.close()


def test_volumes_are_hidden_in_3d_and_come_back(scene, qtbot):
    desk, made = scene
    viewer = desk.viewer
    desk.wells.state.wells = (Well("A", inline=101, crossline=302),)
    survey = viewer.layers[0]
    order = tuple(viewer.dims.order)
    viewer.dims.ndisplay = 3
    assert not survey.visible
    assert shows(survey)  # in what a session keeps, and in pictures
    assert made.planes in viewer.layers
    assert made.tubes in viewer.layers
    labels = Labels(np.zeros(survey.data.shape, np.uint8), scale=survey.scale, translate=survey.translate)
    viewer.add_layer(labels)
    assert not labels.visible
    qtbot.waitUntil(lambda: made.planes.texture is not None, timeout=30_000)
    desk.place.go({0: 8})
    qtbot.waitUntil(lambda: made.planes.vertices[0, 0] == 8, timeout=30_000)
    viewer.dims.ndisplay = 2
    assert survey.visible
    assert labels.visible
    assert not made.planes.visible
    assert tuple(viewer.dims.order) == order
    viewer.dims.ndisplay = 3
    assert made.planes.visible
    viewer.layers.remove(survey)  # and with it what was made of it
    assert [layer.name for layer in viewer.layers] == [labels.name]


class Recorded(Gained):
    """A survey that remembers how much of it was read at once."""

    most = 0

    def __getitem__(self, key):
        found = super().__getitem__(key)
        self.most = max(self.most, found.size)
        return found


def test_the_whole_volume_is_not_read_on_the_way_to_3d(scene, qtbot):
    desk, made = scene
    turning = Turning(desk.viewer, desk.context.data)
    turning.entering.connect(desk.context.views.entering.emit)
    survey = desk.viewer.layers[0]
    survey.data = recorded = Recorded(np.asarray(survey.data), 2)
    recorded.most = 0
    turning.show(turning.views()[-1])
    qtbot.waitUntil(lambda: made.planes.texture is not None, timeout=30_000)
    assert 0 < recorded.most <= 12 * 20
    turning.show(turning.views()[1])
    assert survey.visible
    assert tuple(desk.viewer.dims.order) == (1, 2, 0)
    assert recorded.most <= 12 * 20
    turning.close()


class _Prediction:
    shown = Signal()

    def __init__(self, layer):
        self.layer = layer


def test_a_body_is_made_beside_the_window_and_stopped(scene, qtbot, monkeypatch):
    desk, made = scene
    values = np.ones((10, 12, 20), np.uint8)
    values[3:7, 3:8, 4:12] = 2
    monkeypatch.setattr(type(desk.context.project), "has_prediction", True)
    bodies = Bodies(desk.context, desk.book, _Prediction(SimpleNamespace(data=values)), made)
    desk.context.views.bodies = (2, 3)
    assert not bodies.making  # not before it is seen
    desk.viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: desk.context.views.bodies == (2,) and not bodies.making, timeout=30_000)
    assert "was predicted nowhere" in desk.context.messages.message
    layer = bodies._layers[2]
    assert layer.vertices.min(axis=0) == pytest.approx([2.5, 2.5, 3.5], abs=0.3)
    assert layer.vertices.max(axis=0) == pytest.approx([6.5, 7.5, 11.5], abs=0.3)
    desk.context.views.bodies = (2, 1)
    bodies.stop()
    qtbot.waitUntil(lambda: not bodies.making, timeout=30_000)
    assert desk.context.views.bodies == (2,)
    assert list(bodies._layers) == [2]
    desk.context.views.bodies = ()
    assert layer not in desk.viewer.layers


def test_in_3d_the_planes_are_predicted_in_turn_and_first_the_one_that_is_moved(scene, monkeypatch):
    desk, made = scene
    clock = [100.0]
    monkeypatch.setattr(in_view.time, "monotonic", lambda: clock[0])
    looked, layer = InView(desk.viewer, made, desk.place), Labels(np.zeros((10, 12, 20), np.uint8))
    desk.viewer.dims.ndisplay = 3
    index = desk.place.index
    assert looked.focus(layer) == Focus(0, index[0])
    axes = []
    for _ in range(3):
        clock[0] += 5
        assert looked.turn()
        assert not looked.turn()  # not twice in a moment
        axes.append(looked.focus(layer).axis)
    assert axes == [1, 2, 0]
    desk.place.go({1: 9})
    assert looked.focus(layer) == Focus(1, 9)
    desk.viewer.dims.ndisplay = 2
    clock[0] += 5
    assert not looked.turn()
    assert looked.focus(layer) is None or looked.focus(layer).axis == desk.place.across


def test_tracked_horizons_are_surfaces_in_3d_and_go_with_them(scene):
    desk, made = scene
    surfaces = HorizonSurfaces(desk.context, desk.horizons, made)
    samples = np.full((10, 12), 5, np.float32)
    samples[:, 6:] = np.nan
    desk.horizons.tracked = [HorizonMap("Top", "#ffd166", samples, np.ones_like(samples), samples * 4)]
    surfaces.follow()
    assert "Top (3D)" not in desk.viewer.layers
    desk.viewer.dims.ndisplay = 3
    layer = desk.viewer.layers["Top (3D)"]
    assert layer.vertices.max(axis=0).tolist() == [9, 5, 5]
    surfaces.follow()
    assert desk.viewer.layers["Top (3D)"] is layer
    desk.horizons.tracked = [HorizonMap("Top", "#ffd166", samples + 1, np.ones_like(samples), samples * 4)]
    desk.horizons.state.events.kept.emit(desk.horizons.state.kept)
    assert desk.viewer.layers["Top (3D)"].vertices[0, 2] == 6
    desk.viewer.dims.ndisplay = 2
    assert not desk.viewer.layers["Top (3D)"].visible
    # Taken back on a section, it is in the list of layers no more.
    desk.horizons.tracked = []
    desk.horizons.state.events.kept.emit(desk.horizons.state.kept)
    assert "Top (3D)" not in desk.viewer.layers
