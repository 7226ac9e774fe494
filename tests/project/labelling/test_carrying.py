"""Labels of a session carried along the reflectors."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn.labels import ClassTable, LabelClass
from napari_fhn.project import HeldOut, Project, ProjectError, Session, SurveySet
from napari_fhn.project.errors import SessionInUse
from napari_fhn.project.labelling.carrying import carry_labels, erase_carried, reference
from napari_fhn.training.job import Input

SHAPE = (12, 16, 80)


def _beds(shape=SHAPE, dip: float = 0.5) -> np.ndarray:
    """Beds that deepen by half a sample from crossline to crossline, with a texture that repeats nowhere."""
    rng = np.random.default_rng(1)
    line = np.convolve(rng.standard_normal(200), np.hanning(7), "same")
    at = np.arange(shape[-1]) - dip * np.arange(shape[-2])[:, np.newaxis] + 40
    section = np.interp(at, np.arange(200), line)
    return np.broadcast_to(section, shape).astype(np.float32) + 0.02 * rng.standard_normal(shape).astype(np.float32)


def _truth(shape=SHAPE, dip: float = 0.5) -> np.ndarray:
    at = np.arange(shape[-1]) - dip * np.arange(shape[-2])[:, np.newaxis]
    return np.broadcast_to(np.where(at < 36, 1, 2), shape).astype(np.uint8)


@pytest.fixture
def project(tmp_path):
    survey = xr.DataArray(_beds(), dims=("inline", "crossline", "twt"), name="beds")
    survey["twt"] = ("twt", 4.0 * np.arange(SHAPE[2]), {"units": "ms"})
    session = Session(tmp_path / "work")
    with session.writing("a test"):
        found = Project(session, SurveySet.together([("beds", survey)])[0])
        found.use(found.surveys)
        session.set_classes(ClassTable((LabelClass(1, "upper", "#ffcc00"), LabelClass(2, "lower", "#336699"))))
        session.label_volume(SHAPE)[5, 2] = _truth()[5, 2]
        yield found


def test_labels_are_carried_and_count_by_their_confidence(project):
    found = carry_labels(project)
    known, weights = project.session.known(), np.load(project.session.weights)
    added = (known > 0) & (_well() == 0)
    assert found.voxels == np.count_nonzero(added) > 5000
    assert (known == _truth())[added].mean() > 0.97
    assert weights[added].min() >= 50
    assert weights[added].max() <= 100
    assert not weights[~added].any()
    # Farther away they count for less.
    assert weights[5, 3, 20:60].mean() > weights[5, 14, 20:60].mean()


def test_labels_held_out_are_told_to_leak(project):
    assert not carry_labels(project).notes
    project.session.change(held_out=HeldOut(1))
    assert "held out" in carry_labels(project).notes[0]


def test_carrying_again_begins_from_what_was_observed(project):
    carry_labels(project)
    first = np.array(project.session.known())
    again = carry_labels(project)
    np.testing.assert_array_equal(project.session.known(), first)
    assert again.voxels == np.count_nonzero(first) - SHAPE[2]
    carry_labels(project, reach=4)
    assert not project.session.known()[5, 8:].any()
    assert project.session.known()[5, 4, 20:60].all()


def test_what_a_person_painted_since_is_an_observation(project):
    carry_labels(project)
    out = project.session.label_volume(SHAPE)
    out[0, 15, 60:70] = 1
    erase_carried(project)
    expected = _well()
    expected[0, 15, 60:70] = 1
    np.testing.assert_array_equal(out == 1, expected == 1)
    assert not np.load(project.session.carried).any()


def test_erasing_takes_all_that_was_carried_and_its_weights(project):
    before = np.array(project.session.known())
    carry_labels(project)
    assert erase_carried(project).voxels == 0
    np.testing.assert_array_equal(project.session.known(), before)
    assert not np.load(project.session.weights).any()
    assert erase_carried(project).labels.voxels == 0


def test_taking_it_back_and_making_it_again(project):
    session = project.session
    before = np.array(session.known())
    change = carry_labels(project, least=0.7)
    after, weights, marks = (np.array(np.load(path)) for path in (session.labels, session.weights, session.carried))
    assert change.labels.patches
    (entry,) = session.steps.entries[-1:]
    session.steps.toggle(entry)
    np.testing.assert_array_equal(session.known(), before)
    assert not np.load(session.weights).any()
    assert not np.load(session.carried).any()
    session.steps.toggle(entry)
    for path, was in ((session.labels, after), (session.weights, weights), (session.carried, marks)):
        np.testing.assert_array_equal(np.load(path), was)


def test_a_locked_class_is_not_carried_and_keeps_what_was(project):
    carry_labels(project, locked=(2,))
    known = np.array(project.session.known())
    assert not (known == 2)[_well() == 0].any()
    carry_labels(project)
    lower = np.array(project.session.known()) == 2
    carry_labels(project, reach=3, locked=(2,))
    now = project.session.known()
    np.testing.assert_array_equal(now == 2, lower)
    assert not (now[5, 10] == 1).any()


def test_stopped_in_the_middle_the_labels_are_as_they_were(project):
    before = np.array(project.session.known())

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_labels(project, progress=stop)
    np.testing.assert_array_equal(project.session.known(), before)
    assert not list(project.session.folder.glob(".carrying*"))


@pytest.mark.parametrize(("given", "words"), [({"least": 1.5}, "confidence of 1.5"), ({"reach": 0}, "reach of 0")])
def test_numbers_that_make_no_sense_are_refused(project, given, words):
    with pytest.raises(ProjectError, match=words):
        carry_labels(project, **given)


def test_nothing_labelled_and_nobody_writing(project, tmp_path):
    project.session.label_volume(SHAPE)[...] = 0
    with pytest.raises(ProjectError, match="nothing is labelled"):
        carry_labels(project)


def test_a_map_has_no_reflectors(tmp_path):
    session = Session(tmp_path / "map")
    survey = xr.DataArray(np.zeros((8, 9), np.float32), dims=("y", "x"), name="map")
    with session.writing("a test"):
        found = Project(session, SurveySet.together([("map", survey)])[0])
        found.use(found.surveys)
        session.label_volume((8, 9))[2, 2] = 1
        with pytest.raises(ProjectError, match="no reflectors"):
            carry_labels(found)


def test_only_who_writes_in_the_session_carries(tmp_path):
    session = Session(tmp_path / "work")
    survey = xr.DataArray(_beds(), dims=("inline", "crossline", "twt"), name="beds")
    with session.writing("a test"):
        found = Project(session, SurveySet.together([("beds", survey)])[0])
        found.use(found.surveys)
    with pytest.raises((ProjectError, SessionInUse)):
        carry_labels(found)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_reference_follows_the_reflectors_on_any_vertical_axis(tmp_path, axis):
    np.save(tmp_path / "beds.npy", np.moveaxis(_beds(), 2, axis))
    inputs = (Input(str(tmp_path / "beds.npy"), stamp="one"),)
    found = reference(np.moveaxis(_well(), 2, axis), inputs, axis, tmp_path / "structure")
    assert found is not None
    assert (found == np.moveaxis(_truth(), 2, axis)).mean() > 0.97
    assert found.all()


def test_the_reference_of_a_channel_and_of_what_is_gone(tmp_path):
    np.save(tmp_path / "beds.npy", np.stack([_beds(), np.zeros(SHAPE, np.float32)], axis=-1))
    found = reference(_well(), (Input(str(tmp_path / "beds.npy"), channel_axis=3),), 2)
    assert found is not None
    assert (found == _truth()).mean() > 0.97
    assert reference(_well(), (Input(str(tmp_path / "gone.npy")),), 2) is None
    assert reference(_well(), (Input(str(tmp_path / "beds.npy")),), None) is None


def _well() -> np.ndarray:
    known = np.zeros(SHAPE, np.uint8)
    known[5, 2] = _truth()[5, 2]
    return known
