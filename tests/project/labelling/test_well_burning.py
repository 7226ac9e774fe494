"""Wells are burnt again where they stand now, and what was painted over them stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from napari_fhn.labels import ClassTable, Interval, LabelClass, Well
from napari_fhn.project import Session
from napari_fhn.project.labelling import wells as well_file
from napari_fhn.project.labelling.well_burning import WellBurning, burnt
from napari_fhn.project.labelling.wells import KeptWells, renamed

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


def burn(session, survey, before, after, locked=()):
    """Burn wells as every door does; returns the step and what was burnt."""
    step, made = WellBurning(session, survey, CLASSES, before, after).plan(survey.shape, "wells", locked)
    session.steps.do(step)
    return step, made


@pytest.fixture
def session(tmp_path, survey):
    session = Session(tmp_path)
    session.label_volume(survey.shape)
    return session


def test_a_well_moves_with_its_labels(session, survey):
    there, elsewhere = KeptWells((WELL,), 0.0), KeptWells((replace(WELL, inline=6.0),), 0.0)
    first, made = burn(session, survey, KeptWells(), there)
    assert made.count == 1
    out = session.label_volume(survey.shape)
    assert set(np.unique(out[2, 3])) == {0, 2}
    out[2, 3, 0] = 1  # painted over the well
    burn(session, survey, there, elsewhere)
    assert out[2, 3].tolist() == [1, 0, 0, 0, 0, 0]
    assert (out[6, 3] == 2).sum() == first.labels.voxels
    assert well_file.same(well_file.load(session.folder), elsewhere)


def test_locked_labels_stay(session, survey):
    session.label_volume(survey.shape)[...] = 1
    step, _ = burn(session, survey, KeptWells(), KeptWells((WELL,), 1.0), locked=(1,))
    assert not step.labels.patches


def test_weights_and_wells_follow_undo_and_redo(session, survey):
    after = KeptWells((WELL,), 2.0, 1.0)
    _, new = burn(session, survey, KeptWells(), after)
    weights = session.weight_volume(survey.shape)
    np.testing.assert_array_equal(np.asarray(weights)[new.labels != 0], new.weights[new.labels != 0])
    (entry,) = session.steps.entries
    session.steps.toggle(entry)
    assert not np.asarray(weights).any()
    assert not session.known().any()
    assert well_file.load(session.folder).wells == ()
    session.steps.toggle(entry)
    np.testing.assert_array_equal(weights, new.weights)
    assert well_file.same(well_file.load(session.folder), after)


def test_no_intervals_no_labels(survey):
    found = burnt(KeptWells((replace(WELL, intervals=()),), 1.0), survey, CLASSES, survey.shape)
    assert (found.count, found.labels.any()) == (0, False)


def test_classes_are_called_as_they_are_now():
    (well,) = renamed([WELL], CLASSES.with_change(2, name="halite"), {"salt": 2})
    assert well.class_names == ("halite",)
