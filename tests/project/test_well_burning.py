"""Wells are burnt again where they stand now, and what was painted over them stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from napari_fhn.labels import ClassTable, Interval, LabelClass, Well
from napari_fhn.project import Session
from napari_fhn.project.well_burning import WellBurning, burnt, renamed
from napari_fhn.project.wells import KeptWells

CLASSES = ClassTable((LabelClass(1, "shale", "#000000"), LabelClass(2, "salt", "#ffffff")))
WELL = Well("A", 2, 3, (Interval(0, 16, "salt"),))


@pytest.fixture
def survey():
    coords = {
        "inline": np.arange(8.0),
        "crossline": np.arange(9.0),
        "twt": ("twt", 4.0 * np.arange(6), {"units": "ms"}),
    }
    return xr.DataArray(np.zeros((8, 9, 6), np.float32), dims=("inline", "crossline", "twt"), coords=coords)


def burning(tmp_path, survey, before, after):
    return WellBurning(Session(tmp_path), survey, CLASSES, before, after)


def test_a_well_moves_with_its_labels(tmp_path, survey):
    out = np.zeros(survey.shape, np.uint8)
    there, elsewhere = KeptWells((WELL,), 0.0), KeptWells((replace(WELL, inline=6.0),), 0.0)
    first, made = burning(tmp_path, survey, KeptWells(), there).burn(out)
    assert made.count == 1
    assert set(np.unique(out[2, 3])) == {0, 2}
    out[2, 3, 0] = 1  # painted over the well
    burning(tmp_path, survey, there, elsewhere).burn(out)
    assert out[2, 3].tolist() == [1, 0, 0, 0, 0, 0]
    assert (out[6, 3] == 2).sum() == first.voxels


def test_locked_labels_stay(tmp_path, survey):
    out = np.ones(survey.shape, np.uint8)
    change, _ = burning(tmp_path, survey, KeptWells(), KeptWells((WELL,), 1.0)).burn(out, locked=(1,))
    assert not change.patches


def test_weights_follow_undo_and_redo(tmp_path, survey):
    out = np.zeros(survey.shape, np.uint8)
    made = burning(tmp_path, survey, KeptWells(), KeptWells((WELL,), 2.0, 1.0))
    change, new = made.burn(out)
    weights = made.session.weight_volume(out.shape)
    np.testing.assert_array_equal(np.asarray(weights)[new.labels != 0], new.weights[new.labels != 0])
    change.undo(out)
    made.weigh(out.shape, again=False)
    assert not np.asarray(made.session.weight_volume(out.shape)).any()
    made.weigh(out.shape, again=True)
    np.testing.assert_array_equal(made.session.weight_volume(out.shape), new.weights)


def test_no_intervals_no_labels(survey):
    found = burnt(KeptWells((replace(WELL, intervals=()),), 1.0), survey, CLASSES, survey.shape)
    assert (found.count, found.labels.any()) == (0, False)


def test_classes_are_called_as_they_are_now():
    (well,) = renamed([WELL], CLASSES.with_change(2, name="halite"), {"salt": 2})
    assert well.class_names == ("halite",)
