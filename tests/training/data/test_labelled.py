"""Labels are found where they are painted, at once in the section in view, and in their turn elsewhere."""

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training import Focus, JobError
from napari_fhn.training.data import labelled as module
from napari_fhn.training.data.labelled import LabelFile

SHAPE = (12, 10, 8)


@pytest.fixture
def painted(tmp_path, monkeypatch):
    """A label file of six parts of two rows, and the array behind it."""
    monkeypatch.setattr(module, "_PART", 2 * 10 * 8)
    monkeypatch.setattr(module, "_SHARE", 1e-9)  # as in a survey that takes long to look at
    path = tmp_path / "labels.npy"
    np.save(path, np.zeros(SHAPE, np.uint8))
    array = np.load(path, mmap_mode="r+")
    array[0, 0, 0], array[11, 9, 7] = 1, 2
    return LabelFile(str(path), SHAPE, 2), array


def flat(*voxels):
    return sorted(int(np.ravel_multi_index(voxel, SHAPE)) for voxel in voxels)


def test_all_is_found_to_begin_with(painted):
    labels, _ = painted
    assert [list(p) for p in labels.positions] == [flat((0, 0, 0)), flat((11, 9, 7))]
    assert list(labels.counts) == [1, 1]


@pytest.mark.parametrize("focus", [Focus(0, 6), Focus(1, 3), Focus(2, 5)])
def test_a_stroke_in_the_section_in_view_is_found_at_once(painted, focus):
    labels, array = painted
    labels.look()  # the next look at anything else is far away
    labels.look(focus)
    version = labels.version
    array[6, 3, 5] = 2
    labels.look(focus)
    assert list(labels.positions[1]) == flat((6, 3, 5), (11, 9, 7))
    assert labels.version == version + 1
    array[6, 3, 5] = 0
    labels.look(focus)
    assert list(labels.counts) == [1, 1]


def test_what_is_painted_elsewhere_is_found_in_its_turn(painted):
    labels, array = painted
    array[6, 3, 5] = 2
    for _ in range(6):
        labels._next_look = 0
        labels.look(Focus(0, 2))
    assert list(labels.counts) == [1, 2]


def test_nothing_changes_where_nothing_was_painted(painted):
    labels, _ = painted
    version = labels.version
    for _ in range(12):
        labels._next_look = 0
        labels.look(Focus(1, 3))
    assert labels.version == version


def test_a_class_that_is_none_is_noticed_and_forgotten(painted):
    labels, array = painted
    focus = Focus(0, 6)
    labels.look(focus)
    array[6, 3, 5] = 7
    labels.look(focus)
    assert labels.unknown == 7
    array[6, 3, 5] = 0
    labels.look(focus)
    assert labels.unknown == 0


def test_very_many_labels_are_thinned_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_KEPT", 100)
    path = tmp_path / "labels.npy"
    np.save(path, np.ones(SHAPE, np.uint8))
    labels = LabelFile(str(path), SHAPE, 2)
    assert labels.counts[0] == 12 * 10 * 8
    assert 50 < len(labels.positions[0]) <= 100


def test_what_are_no_labels_of_the_survey_is_said(tmp_path):
    path = str(tmp_path / "labels.npy")
    np.save(path, np.zeros(SHAPE, np.float32))
    with pytest.raises(JobError, match="holds float32 values; labels are integers"):
        LabelFile(path, SHAPE, 2)
    np.save(path, np.zeros(SHAPE, np.uint8))
    for what in ("held_out", "ignored"):
        words = rf"the {what.replace('_', '-')} box from \(0, 0\) to \(2, 2\) needs 3 axes"
        with pytest.raises(JobError, match=words):
            LabelFile(path, SHAPE, 2, **{what: (Box((0, 0), (2, 2)),)})
    with pytest.raises(JobError, match="must lie on their grid"):
        LabelFile(path, SHAPE[:2], 2)


def test_a_view_outside_of_the_labels_is_no_view(painted):
    labels, _ = painted
    labels.look(Focus(0, 99))
    labels.look(Focus(5, 0))
