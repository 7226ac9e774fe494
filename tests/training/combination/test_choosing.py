"""What the beginning of a training is not shown."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_fhn.structure.bodies import Bodies
from napari_fhn.training.combination.choosing import choose, left_out
from napari_fhn.training.data.labelled import LabelFile


def known(tmp_path, labels: NDArray[np.uint8]) -> LabelFile:
    np.save(tmp_path / "labels.npy", labels)
    return LabelFile(str(tmp_path / "labels.npy"), labels.shape, int(labels.max()))


def wells(*columns: list[int]) -> NDArray[np.uint8]:
    """Return labels of a volume, in columns far from each other."""
    labels = np.zeros((4, 8 * len(columns), len(columns[0])), np.uint8)
    for number, column in enumerate(columns):
        labels[1:3, 8 * number + 3] = column
    return labels


def hidden(file: LabelFile, vertical: int | None) -> NDArray[np.uint8]:
    """Return the labels that are left out, and nothing else."""
    labels, boxes = np.zeros(file.shape, np.uint8), left_out(file, Bodies.of(file, vertical), vertical, 0)[0]
    for box in boxes:
        labels[box.slices] = file.truth(box)
    return labels


@pytest.mark.parametrize(("count", "left"), [(1, 0), (2, 1), (3, 1), (6, 2), (12, 4)])
def test_a_third_of_the_wells_is_left_out_and_of_two_one(tmp_path, count: int, left: int) -> None:
    file = known(tmp_path, wells(*[[1, 1, 2, 2]] * count))
    bodies = Bodies.of(file, 2)
    assert bodies.count == count
    assert len(choose(file, bodies, 0)) == left
    boxes, body = left_out(file, bodies, 2, 0)
    assert sorted(set(body)) == choose(file, bodies, 0)
    assert all(box.shape[2] == 4 for box in boxes)


def test_none_is_left_out_that_alone_has_a_class(tmp_path) -> None:
    file = known(tmp_path, wells([1, 1, 2, 2], [1, 3, 2, 2]))
    assert choose(file, Bodies.of(file, 2), 0) == [0]


def test_where_each_well_alone_has_a_class_one_is_left_out_but_for_what_it_has_of_it(tmp_path) -> None:
    labels = wells([1, 1, 2, 3, 3, 2, 0, 1], [1, 1, 2, 2, 2, 2, 4, 4])
    file = known(tmp_path, labels)
    assert choose(file, Bodies.of(file, 2), 0) == []
    expected = np.where(np.isin(labels, (3, 4)), 0, labels)
    expected[:, 8:] = 0  # both have two classes in common with each other: the first of them
    np.testing.assert_array_equal(hidden(file, 2), expected)
    assert set(left_out(file, Bodies.of(file, 2), 2, 0)[1]) == {0}


def test_on_a_map_cells_that_hold_a_class_of_their_own_stay(tmp_path) -> None:
    labels = np.zeros((12, 20), np.uint8)
    labels[2:6, 2:6], labels[2, 2] = 1, 2
    labels[2:6, 12:16], labels[5, 15] = 1, 3
    expected = np.where(labels == 1, 1, 0)
    expected[:, 10:] = 0
    np.testing.assert_array_equal(hidden(known(tmp_path, labels), None), expected)


def test_with_no_class_in_two_bodies_nothing_is_left_out(tmp_path) -> None:
    file = known(tmp_path, wells([1, 1, 2, 2], [3, 3, 4, 4]))
    assert left_out(file, Bodies.of(file, 2), 2, 0) == ([], [])
