"""Changes of a label volume: taken back and made again, in any order."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.labels.volumes import changes, splits
from napari_fhn.labels.volumes.changes import Change


def do(out: np.ndarray, *rules: changes.Rule) -> Change:
    change = changes.planned(out, *rules)
    change.redo(out)
    return change


@pytest.fixture
def volume() -> np.ndarray:
    out = np.zeros((6, 7, 8), np.uint8)
    out[1:3, 2:4, 3:5] = 1
    return out


def test_fill_writes_where_nothing_is_known_and_can_be_taken_back(volume):
    before = volume.copy()
    wanted = np.zeros_like(volume)
    wanted[1:5, 2:5, :] = 2
    change = do(volume, changes.filling(wanted))
    assert (volume[1:3, 2:4, 3:5] == 1).all()
    assert change.voxels == (volume == 2).sum() == 4 * 3 * 8 - 8
    after = volume.copy()
    assert change.undo(volume) == change.voxels
    np.testing.assert_array_equal(volume, before)
    assert change.redo(volume) == change.voxels
    np.testing.assert_array_equal(volume, after)


def test_fill_keeps_locked_values_even_when_it_may_overwrite(volume):
    wanted = np.full_like(volume, 2)
    do(volume, changes.filling(wanted, overwrite=True, locked=(1,)))
    assert (volume == 1).sum() == 8
    do(volume, changes.filling(wanted, overwrite=True))
    assert (volume == 2).all()


def test_a_later_change_on_the_same_voxels_survives_undo(volume):
    wanted = np.zeros_like(volume)
    wanted[0] = 2
    first = do(volume, changes.filling(wanted))
    wanted[0, :3] = 3
    second = do(volume, changes.filling(wanted, overwrite=True))
    first.undo(volume)
    assert (volume[0, :3] == 3).all()
    assert (volume[0, 3:] == 0).all()
    second.undo(volume)
    # What the first had written there is what the second found.
    assert (volume[0, :3] == 2).all()


def test_erase_takes_away_only_what_still_stands(volume):
    was = np.zeros_like(volume)
    was[1] = 1
    volume[1, 2, 3] = 5
    change = do(volume, changes.erasing(was))
    assert volume[1, 2, 3] == 5
    assert not (volume[1] == 1).any()
    assert (volume[2] == 1).any()
    change.undo(volume)
    assert (volume[1] == 1).sum() == 3


def test_replace_merges_values_and_two_changes_are_one(volume):
    before = volume.copy()
    volume[4] = 3
    both = do(volume, changes.replacing({3: 1})) + do(volume, changes.replacing({1: 0}))
    assert not volume.any()
    both.undo(volume)
    assert (volume[4] == 3).all()
    volume[4] = 0
    np.testing.assert_array_equal(volume, before)


def test_part_of_a_change_and_the_sections_it_touches(volume):
    index = (np.array([1, 1, 5]), np.array([2, 6, 6]), np.array([3, 7, 7]))
    change = changes.of_voxels(index, volume[index], 4)
    volume[index] = 4
    assert change.touches(0, 5)
    assert not change.touches(1, 0)
    change.only((1,)).undo(volume)
    assert volume[1, 2, 3] == 1
    assert volume[5, 6, 7] == 4
    assert not changes.of_voxels((np.array([], int),) * 3, np.array([], np.uint8), 1).patches


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 3)), max_size=6), st.integers(1, 40))
def test_undoing_all_from_the_last_to_the_first_restores_the_volume(boxes, slab):
    volume = np.random.default_rng(0).integers(0, 3, (5, 4, 3)).astype(np.uint8)
    before = volume.copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splits, "SLAB_VOXELS", slab)
        made = []
        for start, stop, value in boxes:
            wanted = np.zeros_like(volume)
            wanted[start:stop] = value
            made.append(do(volume, changes.filling(wanted, overwrite=True)))
    for change in reversed(made):
        change.undo(volume)
    np.testing.assert_array_equal(volume, before)


def test_a_change_is_marked_where_it_is_and_nowhere_else(volume):
    before, marks = volume.copy(), np.zeros(volume.shape, np.uint8)
    change = do(volume, changes.replacing({1: 2}))
    mark = change.marked()
    mark.redo(marks)
    np.testing.assert_array_equal(marks == 1, before != volume)
    mark.undo(marks)
    assert not marks.any()


def test_a_change_is_known_before_anything_is_written(volume):
    before, wanted = volume.copy(), np.full_like(volume, 2)
    change = changes.planned(volume, changes.erasing(before), changes.filling(wanted))
    np.testing.assert_array_equal(volume, before)
    assert change.redo(volume) == volume.size
    np.testing.assert_array_equal(volume, wanted)
    assert not changes.planned(volume, changes.becoming(wanted)).patches


@pytest.mark.parametrize("held", [b"", b"\x00" * 7, b"\x00" * 9])
def test_a_box_holds_as_many_values_as_it_has_voxels(held):
    patch = changes.Patch(Box((0, 0, 0), (2, 2, 2)), zlib.compress(held), zlib.compress(b"\x00" * 8))
    with pytest.raises(ValueError, match="has 8 voxels"):
        patch.values()
    with pytest.raises(ValueError, match="damaged"):
        changes.Patch(patch.box, b"no zlib", patch.new).values()
