"""Labels from labels, from shapes and from the prediction."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.labels.volumes.drawn import areas
from napari_fhn.widgets.labelling.shapes import shapes_layer


@pytest.fixture
def book(labelled):
    return labelled[1].desk.book


def look(book, index):
    book.go(0, index)


def test_copying_to_neighbours_and_undoing_it(labelled, spin):
    _, dock = labelled
    book = dock.desk.book
    look(book, 6)
    book.layer.data[5, 3, 4] = 2
    dock.labels.sections.reach.setValue(2)
    dock.labels.sections.copy.click()
    assert spin(lambda: "Copied" in dock.desk.messages.message), dock.desk.messages.message
    values = np.asarray(book.layer.data)
    assert [k for k in range(12) if values[k].any()] == [4, 5, 6, 7, 8]
    np.testing.assert_array_equal(values[4], values[6])
    said = "127 voxels are labels now; 1 was labelled already, and stays as it was."
    assert dock.desk.messages.message == f"Copied Axis 0 6 to 2 neighbours on either side: {said}"
    book.history.undo()
    assert [k for k in range(12) if np.asarray(book.layer.data)[k].any()] == [5, 6]


def test_interpolating_between_labelled_sections(labelled, spin):
    _, dock = labelled
    book = dock.desk.book
    book.layer.data[6] = 0
    for k, edge in ((1, 10), (9, 20)):
        book.layer.data[k, :, :edge], book.layer.data[k, :, edge:] = 1, 2
    look(book, 4)
    dock.labels.sections.interpolate.click()
    assert spin(lambda: "Interpolated" in dock.desk.messages.message), dock.desk.messages.message
    assert abs((np.asarray(book.layer.data)[5, 8] == 1).sum() - 15) <= 1
    look(book, 11)
    dock.labels.sections.interpolate.click()
    assert spin(lambda: dock.desk.messages.error)
    assert "no labelled section on either side" in dock.desk.messages.message


def test_shapes_become_labels_of_the_class_in_use(labelled, spin):
    viewer, dock = labelled
    book = dock.desk.book
    look(book, 2)
    dock.labels.sections.draw.click()
    shapes = dock.desk.labelling.sections.shapes
    assert viewer.layers.selection.active is shapes
    shapes.add_rectangles([[2, 3, 4], [2, 3, 9], [2, 7, 9], [2, 7, 4]])
    book.layer.selected_label = 3
    dock.labels.sections.burn.click()
    assert spin(lambda: (np.asarray(book.layer.data) == 3).any())
    where = np.argwhere(np.asarray(book.layer.data) == 3)
    assert where.min(axis=0).tolist() == [2, 3, 4]
    assert where.max(axis=0).tolist() == [2, 7, 9]
    assert not len(shapes.data)
    said = "Shapes as class 3: 30 voxels are labels now."
    assert spin(lambda: dock.desk.messages.message == said), dock.desk.messages.message


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_shapes_lie_on_the_section_they_were_drawn_on(axis):
    layer = shapes_layer(3, {})
    square = np.array([[2, 2], [2, 6], [6, 6], [6, 2]], float)
    layer.add([np.insert(square, axis, 4, axis=1)], shape_type="polygon")
    layer.add([np.insert(square, axis, 5, axis=1)], shape_type="ellipse")
    layer.add([np.insert(square[:2], axis, 6, axis=1)], shape_type="line")
    inside = np.moveaxis(areas(zip(layer.data, layer.shape_type, strict=True), (9, 9, 9)), axis, 0)
    counts = inside.sum(axis=(1, 2))
    assert counts.tolist()[:4] == [0, 0, 0, 0]
    assert counts[4] == 25
    assert 5 < counts[5] < 25
    assert counts[6] == 5


def test_a_part_of_the_prediction_is_accepted_and_marked(labelled, spin):
    viewer, dock = labelled
    desk, book = dock.desk, dock.desk.book
    prediction = np.ones((12, 16, 32), np.uint8)
    entropy = np.ones((12, 16, 32), np.float32)
    entropy[3, :4] = 0.05
    look(book, 3)
    before = np.array(book.layer.data)
    desk.labelling.sections.accept(prediction, entropy, 0.9, by_shapes=False)
    assert spin(lambda: "Accepted" in desk.messages.message), desk.messages.message
    assert (np.asarray(book.layer.data)[3, :4] == 1).all()
    assert not np.asarray(book.layer.data)[3, 4:].any()
    marks = next(layer for layer in viewer.layers if layer.name == "Accepted from prediction")
    assert np.asarray(marks.data).sum() == 4 * 32
    book.history.undo()
    np.testing.assert_array_equal(book.layer.data, before)
    assert not np.asarray(marks.data).any()
    desk.labelling.sections.accept(prediction, None, 0.9, by_shapes=False)
    assert desk.messages.error


def test_the_inside_of_shapes_is_accepted(labelled, spin, add_run):
    _, dock = labelled
    desk = dock.desk
    add_run(desk, np.full((12, 16, 32), 2, np.uint8))
    look(desk.book, 2)
    dock.labels.accept.draw.click()
    desk.labelling.sections.shapes.add_rectangles([[2, 3, 4], [2, 3, 9], [2, 7, 9], [2, 7, 4]])
    dock.labels.accept.inside.click()
    assert spin(lambda: (np.asarray(desk.book.layer.data)[2] == 2).sum() == 30), desk.messages.message
