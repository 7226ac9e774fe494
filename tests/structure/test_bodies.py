"""Bodies of labels, and labels without some of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Without, labelled_columns
from napari_fhn.training.data.labelled import LabelFile


@pytest.fixture
def wells(tmp_path: Path) -> LabelFile:
    values = np.zeros((20, 30, 10), np.uint8)
    values[2, 3, 2:8] = 1
    values[2, 4, 5] = 2  # touches the first
    values[15, 20] = 3
    values[10, 25, 9] = 1
    np.save(tmp_path / "labels.npy", values)
    return LabelFile(str(tmp_path / "labels.npy"), values.shape, 3)


def test_columns_that_touch_are_one_body(wells: LabelFile) -> None:
    bodies = Bodies.of(wells, 2)
    assert bodies.count == 3
    numbers = bodies.at(np.array([[2, 3], [2, 4], [15, 20], [10, 25], [0, 0]]))
    assert numbers[0] == numbers[1]
    assert len(set(numbers[[0, 2, 3]].tolist())) == 3
    assert numbers[4] == -1


def test_bodies_of_a_box(wells: LabelFile) -> None:
    bodies = Bodies.of(wells, 2)
    assert bodies.within(Box((0, 0, 0), (5, 5, 1))) == {int(bodies.at(np.array([[2, 3]]))[0])}
    assert bodies.within(Box((5, 5, 0), (8, 8, 10))) == frozenset()


def test_without_a_body_its_labels_are_gone_and_others_stay(wells: LabelFile) -> None:
    bodies = Bodies.of(wells, 2)
    body = int(bodies.at(np.array([[15, 20]]))[0])
    rest = Without(wells, bodies, {body})
    whole = Box.whole(wells.shape)
    expected = wells.read(whole)
    expected[15, 20] = 0
    np.testing.assert_array_equal(rest.read(whole), expected)
    part = Box((14, 19, 3), (17, 22, 7))
    np.testing.assert_array_equal(rest.read(part), expected[part.slices])
    assert [len(found) for found in rest.positions] == [int((expected == k + 1).sum()) for k in range(3)]
    assert rest.version == wells.version


def test_a_map_has_bodies_of_pixels(tmp_path: Path) -> None:
    values = np.zeros((400, 300), np.uint8)
    values[10:13, 10:13], values[100, 200] = 1, 2
    np.save(tmp_path / "labels.npy", values)
    labels = LabelFile(str(tmp_path / "labels.npy"), values.shape, 2)
    bodies = Bodies.of(labels, None)
    assert bodies.count == 2
    assert len(labelled_columns(labels, (0, 1))) == 10


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 13)), min_size=1, max_size=20, unique=True), st.data())
def test_every_labelled_column_has_one_body_and_boxes_hold_no_other(
    places: list[tuple[int, int]], data: st.DataObject
) -> None:
    cells = np.unique(np.array(places, np.int64), axis=0)
    bodies = Bodies(cells, 1, (0, 1))
    numbers = bodies.at(cells)
    assert set(numbers.tolist()) == set(range(bodies.count))
    one = data.draw(st.integers(0, bodies.count - 1))
    held = {box.start for box in bodies.boxes({one}, (12, 14))}
    assert held == {tuple(cell) for cell in cells[numbers == one].tolist()}
