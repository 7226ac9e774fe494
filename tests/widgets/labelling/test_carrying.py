"""Labels carried along the reflectors, in the dock."""

from __future__ import annotations

import numpy as np


def test_carrying_erasing_and_undoing(labelled, spin):
    _, dock = labelled
    desk, book, sections = dock.desk, dock.desk.book, dock.labels.sections
    assert not sections.carry.isHidden()
    assert sections.copy.isHidden()
    before = np.array(book.layer.data)
    sections.least.setValue(40)
    sections.carry.click()
    assert spin(lambda: "along the reflectors now" in desk.messages.message, 60), desk.messages.message
    after = np.array(book.layer.data)
    added = (after > 0) & (before == 0)
    assert added.any()
    np.testing.assert_array_equal(after[~added], before[~added])
    session = desk.project.session
    assert (np.load(session.weights)[added] >= 40).all()
    np.testing.assert_array_equal(np.load(session.carried) > 0, added)
    # One step takes all of it back, with the weights.
    book.undo()
    np.testing.assert_array_equal(book.layer.data, before)
    assert spin(lambda: not np.load(session.carried).any() and not np.load(session.weights).any(), 10)
    book.redo()
    np.testing.assert_array_equal(book.layer.data, after)
    assert spin(lambda: np.array_equal(np.load(session.carried) > 0, added), 10)
    sections.erase.click()
    assert spin(lambda: "carried labels are gone" in desk.messages.message, 30), desk.messages.message
    np.testing.assert_array_equal(book.layer.data, before)
    sections.erase.click()
    assert spin(lambda: "Nothing has changed" in desk.messages.message, 30), desk.messages.message


def test_without_a_vertical_axis_labels_are_copied(labelled):
    _, dock = labelled
    dock.desk.data.state.vertical_axis = None
    assert dock.labels.sections.carry.isHidden()
    assert not dock.labels.sections.copy.isHidden()


def test_nothing_to_carry_is_said(labelled, spin):
    _, dock = labelled
    dock.desk.book.layer.data[...] = 0
    dock.labels.sections.carry.click()
    assert spin(lambda: dock.desk.messages.error, 30)
    assert "nothing is labelled" in dock.desk.messages.message.lower()
