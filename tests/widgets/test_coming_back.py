"""Labels, prediction and runs come back by themselves, once."""

from __future__ import annotations

import napari
import numpy as np

from napari_fhn.widgets.dock import Dock


def names(viewer):
    return sorted(layer.name for layer in viewer.layers)


def reopened(viewer, dock):
    """Close the dock and open it again in the same viewer."""
    viewer.window.remove_dock_widget(dock)
    dock.close_desk()
    _, again = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
    assert again is not dock
    return again


def test_a_dock_that_is_opened_again_shows_all_there_was(labelled, add_run):
    viewer, dock = labelled
    values = np.ones((12, 16, 32), np.uint8)
    add_run(dock.desk, values)
    folder, before = dock.desk.session.folder, names(viewer)
    again = reopened(viewer, dock)
    assert again.desk.session.folder == folder
    assert names(viewer) == before
    assert again.desk.book.layer in viewer.layers
    assert np.asarray(again.desk.book.layer.data)[6, 3].tolist() == [1] * 16 + [2] * 16
    np.testing.assert_array_equal(again.desk.prediction.layer.data, values)
    assert again.run.predict.isEnabled()
    assert [run.id for run in again.desk.project.runs()] == ["run-001"]
    assert again.desk.book.layer.editable


def test_the_next_day_they_come_with_the_survey(viewer, dock, small, add_run, spin):
    viewer.open_sample("napari-fhn", "seismic")
    dock.labels.new.click()
    desk = dock.desk
    desk.book.layer.data[3] = np.arange(160) // 80 + 1
    desk.planning.change("schedule", "steps", 7)
    desk.labelling.edits.rename(2, "Chalk")
    add_run(desk, np.full((128, 192, 160), 2, np.uint8))
    viewer.dims.set_current_step(0, 17)
    desk.store.save()
    assert spin((desk.session.folder / "picture.png").is_file)
    root = desk.root
    dock.close_desk()
    other = napari.Viewer(show=False)
    try:
        tomorrow = Dock(other, root)
        other.window.add_dock_widget(tomorrow)
        other.open_sample("napari-fhn", "seismic")
        # First it is asked.
        assert tomorrow.desk.book.layer is None
        assert not tomorrow.start.offer.isHidden()
        assert tomorrow.start.words.text() == "You labelled this today: 3 classes, network of step 45. Go on?"
        assert not tomorrow.start.picture.isHidden()
        tomorrow.start.go_on.click()
        assert tomorrow.start.isHidden()
        assert other.dims.current_step[0] == 17
        assert tomorrow.desk.book.layer is not None
        assert tomorrow.labels.aside.text() == ""
        assert tomorrow.desk.book.state.classes.names[1] == "Chalk"
        assert tomorrow.desk.planning.state.settings.schedule.steps == 7
        assert (np.asarray(tomorrow.desk.prediction.layer.data) == 2).all()
        assert names(other) == ["Labels", "Prediction", "fold and fault"]
        # Taken away by the person it stays away, until the button that says so.
        other.layers.remove(tomorrow.desk.book.layer)
        assert tomorrow.labels.new.text() == "Show labels"
        assert tomorrow.labels.new.isEnabled()
        tomorrow.labels.new.click()
        assert names(other) == ["Labels", "Prediction", "fold and fault"]
        tomorrow.close_desk()
    finally:
        other.close()


def test_no_layer_comes_twice(viewer, dock, small, add_run, spin):
    viewer.open_sample("napari-fhn", "seismic")
    dock.labels.load.click()
    assert spin(lambda: len(dock.desk.labelling.wells.state.wells) == 6)
    shape = dock.desk.data.material.shape
    add_run(dock.desk, np.full(shape, 2, np.uint8), outputs={"entropy": np.zeros(shape, np.float16)})
    dock.run.looks.buttons["entropy"].click()
    dock.results.keep.click()
    assert spin(lambda: "Prediction 1" in viewer.layers)
    dock.desk.labelling.sections.accept(np.full(shape, 2, np.uint8), np.zeros(shape), 0.9, by_shapes=False)
    assert spin(lambda: "Accepted" in dock.desk.messages.message)
    before = names(viewer)
    assert len(before) == 8
    again = reopened(viewer, dock)
    # What was asked for to look at is asked for again.
    assert names(viewer) == [name for name in before if name != "Entropy"]
    assert len(again.desk.labelling.wells.state.wells) == 6
    viewer.layers.remove(again.desk.book.layer)
    again.labels.new.click()
    assert names(viewer) == [name for name in before if name != "Entropy"]


def test_a_survey_without_labels_offers_a_new_layer(viewer, dock):
    viewer.add_image(np.zeros((4, 5, 6), np.float32))
    assert dock.labels.new.text() == "New label layer"
    assert dock.desk.session is None
