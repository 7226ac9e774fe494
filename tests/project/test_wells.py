"""Wells are kept in the session and come back with it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.labels import DeviatedWell, Interval, LabelError, Well
from napari_fhn.labels.wells import Stretch
from napari_fhn.widgets.labelling import well_file
from napari_fhn.widgets.labelling.well_file import Kept


def test_every_kind_of_well_comes_back(tmp_path):
    path = np.array([0.0, 500.0, 1000.0])
    wells = (
        Well("A", 1019, 2057.5, (Interval(400, 600, "Sand"), Interval(700, 800, "Shale"))),
        Well("B", float("nan"), float("nan"), (), (431000.0, 6350000.0)),
        DeviatedWell("C", 10, 20, path, path / 10, -path / 20, path * 1.5, (Stretch(100, 300, "Sand"),)),
    )
    well_file.save(tmp_path, Kept(wells, 4.0, 2.5))
    kept = well_file.load(tmp_path)
    assert (kept.radius, kept.fall_off) == (4.0, 2.5)
    assert kept.wells[0] == wells[0]
    assert kept.wells[1].xy == wells[1].xy
    assert np.isnan(kept.wells[1].inline)
    assert kept.wells[2].intervals == wells[2].intervals
    np.testing.assert_array_equal(kept.wells[2].dy_m, wells[2].dy_m)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}', '{"format": "napari-fhn wells 1", "wells": [1]}'])
def test_a_damaged_file_is_a_sentence(tmp_path, text):
    (tmp_path / well_file.FILE).write_text(text)
    with pytest.raises(LabelError, match=r"wells\.json"):
        well_file.load(tmp_path)


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
