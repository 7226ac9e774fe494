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
    book.history.undo()
    np.testing.assert_array_equal(book.layer.data, before)
    assert spin(lambda: not np.load(session.carried).any() and not np.load(session.weights).any())
    book.history.redo()
    np.testing.assert_array_equal(book.layer.data, after)
    assert spin(lambda: np.array_equal(np.load(session.carried) > 0, added))
    sections.erase.click()
    assert spin(lambda: "carried labels are gone" in desk.messages.message), desk.messages.message
    np.testing.assert_array_equal(book.layer.data, before)
    sections.erase.click()
    assert spin(lambda: "Nothing has changed" in desk.messages.message), desk.messages.message


def test_without_a_vertical_axis_labels_are_copied(labelled):
    _, dock = labelled
    dock.desk.data.state.vertical_axis = None
    assert dock.labels.sections.carry.isHidden()
    assert not dock.labels.sections.copy.isHidden()


def test_nothing_to_carry_is_said(labelled, spin):
    _, dock = labelled
    dock.desk.book.layer.data[...] = 0
    dock.labels.sections.carry.click()
    assert spin(lambda: dock.desk.messages.error)
    assert "nothing is labelled" in dock.desk.messages.message.lower()


def test_a_preview_shows_what_would_be_set_and_sets_nothing(labelled, spin):
    viewer, dock = labelled
    desk, sections = dock.desk, dock.labels.sections
    preview = desk.labelling.carrying.preview
    before = np.array(desk.book.layer.data)
    sections.least.setValue(40)
    sections.preview.click()
    assert spin(lambda: preview.layer is not None, 60), desk.messages.message
    place = desk.book.place()
    seen = np.take(preview.layer.data, place.index, place.axis).copy()
    assert seen.any()
    assert "sure on average" in sections.words.text()
    assert sections.carry.text() == "Apply"
    np.testing.assert_array_equal(desk.book.layer.data, before)
    # It follows the sliders and the section.
    sections.way.setValue(2)
    assert spin(lambda: np.count_nonzero(np.take(preview.layer.data, place.index, place.axis)) < np.count_nonzero(seen))
    assert "up to 2 traces" in sections.words.text()
    sections.way.setValue(sections.way.maximum())
    desk.book.go(place.axis, place.index + 1)
    assert spin(lambda: np.take(preview.layer.data, place.index + 1, place.axis).any())
    sections.preview.click()
    assert preview.layer is None
    assert "Would be carried" not in [layer.name for layer in viewer.layers]
    # What is applied is what was seen, in one step.
    sections.preview.click()
    assert spin(lambda: preview.layer is not None)
    sections.carry.click()
    assert preview.layer is None
    assert spin(lambda: "along the reflectors now" in desk.messages.message, 60), desk.messages.message
    now = np.take(desk.book.layer.data, place.index, place.axis)
    was = np.take(before, place.index, place.axis)
    np.testing.assert_array_equal(now[was == 0], seen[was == 0])
    desk.book.history.undo()
    np.testing.assert_array_equal(desk.book.layer.data, before)


def test_the_circle_of_the_brush_has_the_colour_of_its_class(labelled):
    viewer, dock = labelled
    canvas = viewer.window._qt_viewer.canvas
    dock.desk.book.layer.brush_size = 10
    for value in (2, 1):
        dock.desk.book.brush(value)
        (circle,) = canvas._viewer_overlay_to_visual[viewer.canvas.overlays._brush_circle]
        wanted = dock.desk.book.layer.get_color(value)
        np.testing.assert_allclose(np.ravel(circle._white_circle.border_color.rgba)[:3], wanted[:3], atol=0.01)
