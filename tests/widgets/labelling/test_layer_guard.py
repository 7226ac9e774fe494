"""What others put into the label layer counts and can be undone, or it is said that it does not."""

from __future__ import annotations

import numpy as np


def on_disk(desk):
    return np.load(desk.session.labels, mmap_mode="r")


def test_what_others_put_into_the_layer_is_in_the_session_or_said_not_to_be(labelled, spin):
    viewer, dock = labelled
    desk = dock.desk
    book, layer = desk.book, desk.book.layer
    before = np.array(layer.data)

    # Another array of the same shape, as a plugin or a console leaves it; then a stroke on it.
    given = np.zeros(before.shape, np.int32)
    given[2:4, 5, 7] = 2
    layer.data = given
    layer.data_setitem((np.array([9]), np.array([9]), np.array([9])), 1)
    assert spin(lambda: on_disk(desk)[9, 9, 9] == 1 and on_disk(desk)[2, 5, 7] == 2), desk.messages.message
    assert spin(lambda: "Another program put labels into the layer" in desk.messages.message)
    np.testing.assert_array_equal(layer.data, on_disk(desk))
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 1)
    assert on_disk(desk)[0, 0, 0] == 1
    for entry in list(reversed(book.history.entries))[:3]:
        book.history.toggle(entry)
    np.testing.assert_array_equal(on_disk(desk), before)

    # Values that are no classes.
    layer.data = np.full(before.shape, 300)
    assert spin(lambda: "no classes" in desk.messages.message)
    np.testing.assert_array_equal(layer.data, before)

    # Written past the brush: it counts, and that is said.
    assert spin(lambda: not book.tally.pending)
    np.copyto(layer.data[11, 15, :4], 2)
    layer.refresh()
    assert spin(lambda: book.state.counts[2] == 20)
    assert "cannot be taken back here" in desk.messages.note

    # Taken away and added again: strokes go on into the session and its history.
    viewer.layers.remove(layer)
    assert book.layer is None
    viewer.add_layer(layer)
    assert book.layer is layer
    layer.data_setitem((np.array([1]), np.array([1]), np.array([1])), 2)
    assert on_disk(desk)[1, 1, 1] == 2
    book.history.undo()
    assert on_disk(desk)[1, 1, 1] == 0

    # Of another shape: it is let go of, and the labels come back.
    kept = np.array(on_disk(desk))
    layer.data = np.zeros((3, 4, 5), np.uint8)
    assert spin(lambda: book.layer is None)
    assert "does not count any more" in desk.messages.message
    assert "not labels of the session" in layer.name
    layer.data_setitem((np.array([1]), np.array([1]), np.array([1])), 1)
    np.testing.assert_array_equal(on_disk(desk), kept)
    dock.labels.new.click()
    assert book.layer is not layer
    np.testing.assert_array_equal(book.layer.data, kept)


def test_what_was_last_done_is_taken_back_after_the_desk_was_closed(labelled, viewer, spin):
    _, dock = labelled
    desk = dock.desk
    before = np.array(desk.book.layer.data)
    desk.labelling.edits.merge((1, 2), 2)
    assert spin(lambda: len(desk.book.state.classes) == 2)
    dock.close_desk()
    viewer.window.remove_dock_widget("all")
    _, again = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
    again.labels.new.click()
    book = again.desk.book
    assert [entry.title for entry in book.history.entries[-1:]] == ["merged class 1 into class 2"]
    book.history.toggle(book.history.entries[-1])
    np.testing.assert_array_equal(book.layer.data, before)
    assert len(book.state.classes) == 3
