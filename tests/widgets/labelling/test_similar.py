"""More like this, with the mouse and the keys: asked on the canvas, ticked in the list, labelled and taken back."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication
from tests.structure.similar.arrays import cube, volume


class Mouse:
    """The mouse on a viewer's canvas, told in voxels of a layer."""

    def __init__(self, viewer):
        self.viewer = viewer
        self.canvas = viewer.window._qt_viewer.canvas
        self.native = self.canvas.native

    def at(self, world) -> QPointF:
        """Return where a place of the world is on the canvas."""
        view = self.canvas.view
        shown = list(self.viewer.dims.displayed)
        point = [world[axis] for axis in shown][::-1]
        where = view.scene.transform.map([*point, 0, 1])
        return QPointF(float(where[0]), float(where[1]))

    def _send(self, kind, where, button, down) -> None:
        event = QMouseEvent(kind, where, where, button, down, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.native, event)
        QApplication.processEvents()

    def press(self, world) -> None:
        self._send(QEvent.Type.MouseButtonPress, self.at(world), Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton)

    def move(self, world, *, down=True) -> None:
        held = Qt.MouseButton.LeftButton if down else Qt.MouseButton.NoButton
        self._send(QEvent.Type.MouseMove, self.at(world), Qt.MouseButton.NoButton, held)

    def release(self, world) -> None:
        self._send(QEvent.Type.MouseButtonRelease, self.at(world), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton)

    def click(self, world) -> None:
        self.press(world)
        self.release(world)


@pytest.fixture
def rock(viewer, dock):
    """A volume with two blocks of another texture, looked at along its inlines; returns (viewer, dock, blocks)."""
    values, blocks = volume()
    viewer.add_image(values[0], name="volume")
    dock.labels.new.click()
    dock.desk.book.go(0, 16)
    QApplication.processEvents()
    return viewer, dock, blocks


@pytest.fixture
def mouse(own_viewer, viewer):
    """The mouse on a canvas that is on the screen: what it is on is drawn to find it."""
    viewer.window._qt_window.resize(1200, 800)
    viewer.window._qt_window.show()
    return Mouse(viewer)


def found(dock, spin):
    state = dock.desk.labelling.similar.state
    assert spin(lambda: not state.searching)
    assert state.found is not None, dock.desk.messages.message
    return state.found


def test_a_click_asks_and_ticked_places_become_labels(mouse, rock, spin):
    viewer, dock, blocks = rock
    panel, desk = dock.labels.similar, dock.desk
    dock.labels.tools.open("Similar")
    painting = viewer.layers.selection.active
    painting.mode = "paint"
    panel.pick.click()
    assert panel.pick.isChecked()
    assert viewer.layers.selection.active is not painting
    mouse.click((16, 18, 28))
    answer = found(dock, spin)
    assert not panel.pick.isChecked()
    assert viewer.layers.selection.active is painting
    assert not np.asarray(desk.book.layer.data).any()  # no brush painted where the click fell
    assert answer.places[0].shown
    assert panel.list.count() == len(answer.places) > 2
    assert {"Alike", "Similar places", "Numbers of places"} <= {layer.name for layer in viewer.layers}
    panel.after.click()
    panel.after.click()
    second = answer.places[1]
    assert viewer.dims.current_step[0] == second.voxel[0]
    assert panel.list.currentRow() == 1
    panel.list.item(1).setCheckState(Qt.CheckState.Checked)
    panel.list.item(0).setCheckState(Qt.CheckState.Checked)
    assert panel.label.text() == "Label 2 ticked"
    desk.book.brush(2)
    panel.label.click()
    assert spin(lambda: "Labelled 2 similar places" in desk.messages.message), desk.messages.message
    values = np.asarray(desk.book.layer.data)
    assert (values[second.box.slices][second.inside] == 2).all()
    assert blocks[values == 2].mean() > 0.6
    new = int((values == 2).sum())
    assert desk.messages.message.endswith(f": {new:,} voxels are labels now.")
    panel.list.item(1).setCheckState(Qt.CheckState.Checked)
    panel.label.click()
    nothing_new = "1 similar place as class 2: everything there was labelled already, and stays as it was."
    assert spin(lambda: desk.messages.message == f"Labelled {nothing_new}"), desk.messages.message
    desk.book.history.undo()
    assert not np.asarray(desk.book.layer.data).any()


def test_a_drag_moves_the_canvas_and_asks_nothing(mouse, rock, spin):
    viewer, dock, _ = rock
    similar = dock.desk.labelling.similar
    dock.labels.tools.open("Similar")
    dock.labels.similar.pick.click()
    middle = mouse.at((16, 18, 28))
    mouse.press((16, 18, 28))
    for step in range(1, 7):
        where = QPointF(middle.x() + 10 * step, middle.y())
        mouse._send(QEvent.Type.MouseMove, where, Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton)
        spin(lambda: False, 0.02)
    mouse._send(QEvent.Type.MouseButtonRelease, where, Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton)
    assert similar.state.picking
    assert not similar.state.searching
    dock.labels.similar.pick.click()
    assert not similar.state.picking
    viewer.dims.ndisplay = 3
    similar.ask_at((16, 18, 28))
    assert "Look at a section first" in dock.desk.messages.message


def test_an_outline_asks_as_soon_as_it_is_drawn(mouse, rock, spin):
    viewer, dock, _ = rock
    panel, similar = dock.labels.similar, dock.desk.labelling.similar
    dock.labels.tools.open("Similar")
    panel.draw.click()
    assert viewer.layers.selection.active is similar.outline
    for _ in range(2):  # a second one takes the place of the first
        corners = [(16, 8, 12), (16, 8, 44), (16, 27, 44), (16, 27, 12)]
        mouse.press(corners[0])
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
            for share in np.linspace(0, 1, 5):
                mouse.move(tuple(np.array(a) + share * (np.array(b) - np.array(a))))
                spin(lambda: False, 0.01)
        mouse.release(corners[0])
        assert spin(lambda: similar.state.searching or similar.state.found is not None), similar.outline.data
        answer = found(dock, spin)
        assert len(similar.outline.data) == 1
        assert len(answer.examples.alike[0]) > 300
        assert answer.found
        similar.forget()
        panel.draw.click()


def test_the_cursor_and_the_keys(rock, spin):
    viewer, dock, _ = rock
    keys = {key.keys: key.act for key in dock.shortcuts()}
    viewer.cursor.position = (16, 18, 28)
    keys["Ctrl+Alt+L"]()
    assert dock.labels.tools.buttons["Similar"].isChecked()
    answer = found(dock, spin)
    keys["Ctrl+Alt+J"]()
    assert dock.desk.labelling.similar.state.at == 0
    assert viewer.dims.current_step[0] == answer.places[0].voxel[0]
    viewer.cursor.position = (16, 18, -300)
    keys["Ctrl+Alt+L"]()
    assert "no data under the cursor" in dock.desk.messages.message


def test_what_is_not_meant_is_asked_away(rock, spin):
    _, dock, _ = rock
    panel, similar = dock.labels.similar, dock.desk.labelling.similar
    similar.ask_at((16, 18, 28))
    before = found(dock, spin)
    assert not panel.refuse.isEnabled()
    panel.list.item(1).setCheckState(Qt.CheckState.Checked)
    panel.list.setCurrentRow(len(before.places) - 1)
    wrong = before.places[-1]
    panel.refuse.click()
    after = found(dock, spin)
    assert spin(lambda: similar.state.found is not before)
    after = similar.state.found
    assert len(after.examples.unlike) == 1
    assert len(after.examples.alike) == 2
    cell = tuple(after.described.lattice.cells_of(np.array([wrong.voxel]))[0])
    assert after.alike[cell] <= before.alike[cell]
    panel.level.setValue(0.3)
    assert spin(lambda: similar.state.found is not after)
    assert similar.state.level == 0.3


def test_a_class_is_asked_for_and_what_is_labelled_is_told_no_more(rock, spin):
    _, dock, blocks = rock
    panel, desk, similar = dock.labels.similar, dock.desk, dock.desk.labelling.similar
    panel.of_class.click()
    assert "nothing is labelled as" in desk.messages.message
    values = desk.book.layer.data
    values[10:20, 12:24, 16:40], values[2:10, 40:50] = 1, 2
    desk.book.brush(1)
    panel.of_class.click()
    answer = found(dock, spin)
    assert not any(place.shown for place in answer.places)
    assert all(not np.asarray(values)[place.voxel] for place in answer.places)
    assert np.mean([blocks[place.voxel] for place in answer.places]) > 0.6
    assert similar.state.found is answer


def test_another_survey_forgets(rock, spin):
    viewer, dock, _ = rock
    similar = dock.desk.labelling.similar
    similar.ask_at((16, 18, 28))
    found(dock, spin)
    similar.draw()
    viewer.layers.remove("volume")
    assert similar.state.found is None
    assert similar.outline is None
    names = {layer.name for layer in viewer.layers}
    assert not names & {"Alike", "Similar places", "Numbers of places", "Look for"}
    similar.pick()
    assert "Tick a survey first" in dock.desk.messages.message
    assert not similar.state.picking


def test_a_cube_is_looked_through_by_its_bands(viewer, dock, spin):
    values, fields = cube()
    viewer.add_image(values, name="cube", axis_labels=("band", "y", "x"))
    dock.labels.new.click()
    similar = dock.desk.labelling.similar
    similar.ask_at((4, 14, 16))
    answer = found(dock, spin)
    assert answer.examples.alike[0].tolist() == [[14, 16]]
    assert fields[answer.found[0].voxel]
    dock.labels.similar.after.click()
    alike = next(layer for layer in viewer.layers if layer.name == "Alike")
    assert alike.data.shape == fields.shape


def test_layers_lie_over_the_survey(rock, spin):
    viewer, dock, _ = rock
    similar = dock.desk.labelling.similar
    similar.ask_at((16, 18, 28))
    answer = found(dock, spin)
    layers = {layer.name: layer for layer in viewer.layers}
    for number, place in enumerate(answer.places, 1):
        drawn = np.asarray(layers["Similar places"].data)[place.box.slices]
        assert set(np.unique(drawn[place.inside])) == {number}
        cell = tuple(answer.described.lattice.cells_of(np.array([place.voxel]))[0])
        box = answer.described.lattice.box(cell)
        middle = [(a + b - 1) / 2 for a, b in zip(box.start, box.stop, strict=True)]
        np.testing.assert_allclose(np.asarray(layers["Alike"].data_to_world(cell)), middle)
    assert layers["Alike"].data.shape == answer.described.lattice.shape


def test_the_network_may_compare(labelled, spin):
    _, dock = labelled
    panel, similar, desk = dock.labels.similar, dock.desk.labelling.similar, dock.desk
    panel.by.setCurrentIndex(1)
    panel.by.activated.emit(1)
    similar.ask_at((6, 3, 8))
    assert "no network yet" in desk.messages.message
    dock.run.train.click()
    assert spin(lambda: desk.state.activity.idle and bool(desk.history.losses))
    similar.ask_at((6, 3, 8))
    answer = found(dock, spin)
    assert answer.described.lattice.cell == (2, 2, 4)
    assert panel.by.currentText() == "compared by the network"
    panel.by.activated.emit(0)
    assert spin(lambda: similar.state.found is not answer)
    assert similar.state.by == "data"
