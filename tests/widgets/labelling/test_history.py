"""Undo that belongs to the section it was made on, across painting, burning and class edits."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def book(labelled):
    return labelled[1].desk.book


def stroke(book, index, value):
    book.layer.paint(index, value)
    return book.history.entries[-1]


def look(book, inline):
    book.go(0, inline)


def test_undo_takes_back_what_was_made_on_the_section_in_view(book, dock):
    book.layer.brush_size = 1
    look(book, 2)
    stroke(book, (2, 5, 7), 3)
    look(book, 9)
    stroke(book, (9, 5, 7), 3)
    look(book, 2)
    book.layer.undo()
    assert book.layer.data[2, 5, 7] == 0
    assert book.layer.data[9, 5, 7] == 3
    # The strokes of the fixture were made on another section: nothing unseen is touched.
    before = np.array(book.layer.data)
    book.layer.undo()
    np.testing.assert_array_equal(book.layer.data, before)
    assert "nothing to undo here" in dock.desk.messages.message
    assert dock.desk.messages.message.endswith(", was made elsewhere: see History.")
    book.layer.redo()
    assert book.layer.data[2, 5, 7] == 3


def test_any_change_can_be_taken_back_from_the_list(labelled, spin):
    viewer, dock = labelled
    book, panel = dock.desk.book, dock.labels.history
    book.layer.brush_size = 1
    look(book, 2)
    stroke(book, (2, 5, 7), 3)
    look(book, 9)
    stroke(book, (9, 5, 7), 3)
    assert panel.list.count() == 0  # nobody looks
    dock.labels.tools.open("History")
    item = panel.list.item(1)
    assert "painted class 3" in item.text()
    item.setCheckState(item.checkState().Unchecked)
    assert book.layer.data[2, 5, 7] == 0
    panel._go(panel.list.item(1))
    assert viewer.dims.current_step[0] == 2
    stroke(book, (2, 9, 9), 2)
    assert spin(lambda: "painted class 2" in panel.list.item(0).text())


def test_merging_and_deleting_classes_is_undone_with_their_voxels(labelled, spin):
    _, dock = labelled
    book, edits = dock.desk.book, dock.desk.labelling.edits
    before, table = np.array(book.layer.data), book.state.classes
    edits.merge((1, 2), 2)
    assert spin(lambda: len(book.state.classes) == 2)
    assert set(np.unique(book.layer.data)) == {0, 2}
    book.history.undo()
    np.testing.assert_array_equal(book.layer.data, before)
    assert book.state.classes == table
    edits.delete((1,))
    assert spin(lambda: len(book.state.classes) == 2)
    assert not (np.asarray(book.layer.data) == 1).any()
    book.history.undo()
    np.testing.assert_array_equal(book.layer.data, before)


def test_locked_classes_are_not_painted_over(labelled, spin):
    _, dock = labelled
    book = dock.desk.book
    dock.desk.labelling.edits.lock(1, True)
    book.layer.brush_size = 1
    look(book, 6)
    book.layer.paint((6, 3, 4), 2)
    assert spin(lambda: book.layer.data[6, 3, 4] == 1, 2)
    dock.desk.labelling.edits.lock(1, False)
    book.layer.paint((6, 3, 4), 2)
    assert book.layer.data[6, 3, 4] == 2


def test_hidden_classes_are_transparent_in_labels_and_prediction(labelled):
    _, dock = labelled
    dock.desk.labelling.edits.show(1, False)
    for layer in (dock.desk.book.layer, dock.desk.prediction.layer):
        assert layer.get_color(1)[3] == 0
        assert layer.get_color(2)[3] == 1
    dock.desk.labelling.edits.show(1, True)
    assert dock.desk.book.layer.get_color(1)[3] == 1


def test_digits_choose_classes(labelled):
    _viewer, dock = labelled
    layer = dock.desk.book.layer
    next(act for key, act in layer.keymap.items() if str(key) == "3")(layer)
    assert layer.selected_label == 3


def test_later_class_edits_stay_when_an_earlier_one_is_undone(labelled):
    _, dock = labelled
    book, edits = dock.desk.book, dock.desk.labelling.edits
    edits.rename(1, "Sand")
    edits.rename(2, "Shale")
    book.history.toggle(book.history.entries[-2])
    assert book.state.classes.names == ("class 1", "Shale", "class 3")


def test_what_a_legend_has_beside_classes_is_said(labelled, tmp_path):
    _, dock = labelled
    legend = tmp_path / "legend.json"
    legend.write_text('{"1": "Tree", "1.5": "forest"}')
    dock.desk.labelling.edits.read(legend)
    said = "legend.json: 1 entry has no whole number as code, or no name, and was left out: '1.5' forest."
    assert dock.desk.messages.message == said
    assert "Tree" in dock.desk.book.state.classes.names
