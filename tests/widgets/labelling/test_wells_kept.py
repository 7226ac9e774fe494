"""Wells come back with their session."""

from __future__ import annotations

import numpy as np


def test_they_come_back_with_the_session(viewer, dock, spin):
    viewer.open_sample("napari-fhn", "seismic")
    dock.labels.load.click()
    wells, book = dock.desk.labelling.wells, dock.desk.book
    assert spin(lambda: len(wells.state.wells) == 6)
    wells.set_radius(2.0)
    assert spin(lambda: wells.state.radius == 2.0)
    dock.desk.labelling.edits.rename(1, "Mud")
    burnt = np.array(book.layer.data)
    viewer.layers.remove(book.layer)
    assert wells.state.wells == ()
    dock.labels.new.click()
    assert [well.name for well in wells.state.wells][:2] == ["W-1", "W-2"]
    assert wells.state.radius == 2.0
    assert "Mud" in wells.state.wells[0].class_names
    np.testing.assert_array_equal(book.layer.data, burnt)
    # They are as they were: one that is removed takes its labels along.
    n = np.count_nonzero(burnt)
    wells.remove("W-1")
    assert spin(lambda: len(wells.state.wells) == 5)
    assert np.count_nonzero(book.layer.data) < n
    assert len(book.state.classes) == 7
    viewer.layers.remove(book.layer)
    dock.labels.new.click()
    assert len(wells.state.wells) == 5
