"""Bodies of labels left out in turn: what is asked of them, and how well it was foretold."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.structure.known import Known
from napari_fhn.training.combination import foretelling
from napari_fhn.training.combination.foretelling import asked, foretold, likely, together


def wells(*places, shape=(12, 14, 10), radius=1):
    labels = np.zeros(shape, np.uint8)
    for i, j in places:
        labels[i - radius : i + radius + 1, j - radius : j + radius + 1] = np.repeat([1, 2], shape[2] // 2)
    return labels


def says(values):
    """Say the same of each column, whoever is left out."""
    return lambda _: (
        lambda box: np.broadcast_to(
            np.asarray(values, np.float32)[:, None, None, box.start[2] : box.stop[2]], (len(values), *box.shape)
        )
    )


def test_of_one_body_nothing_is_left_out():
    assert foretold(Known(wells((3, 3)), 2), says(np.ones((2, 10)))) is None
    assert foretold(Known(np.zeros((4, 4, 4), np.uint8), 2), says(np.ones((2, 10)))) is None


def test_what_is_right_is_likely_and_what_is_wrong_is_not():
    labels = Known(wells((3, 3), (8, 9)), 2)
    right = np.repeat([[0.9, 0.1], [0.1, 0.9]], 5, axis=1)
    assert foretold(labels, says(right)) == pytest.approx(0.9)
    assert foretold(labels, says(right[::-1])) == pytest.approx(0.1)
    assert foretold(labels, says(np.zeros((2, 10)))) == pytest.approx(foretelling._LEAST)


def test_each_body_is_left_out_by_its_number_and_counts_alike():
    labels = wells((3, 3), (8, 9))
    labels[8:, 8:, 5:] = 0  # the second knows half as much
    told = {}

    def without(number):
        told[number] = 0.8 if number == 0 else 0.2
        return lambda box: np.full((2, *box.shape), told[number], np.float32)

    assert foretold(Known(labels, 2), without) == pytest.approx(np.sqrt(0.8 * 0.2))
    assert sorted(told) == [0, 1]


def test_a_class_that_no_other_body_knows_is_not_asked_for():
    labels = wells((3, 3), (8, 9))
    labels[8:10, 9, 8:] = 3
    one = list(asked(Known(labels, 3)))
    assert [part.shared.tolist() for part in one] == [[True, True, True], [True, True, False]]
    right = np.repeat([[1, 0], [0, 1], [0, 0]], 5, axis=1)
    assert foretold(Known(labels, 3), says(right)) == pytest.approx(1.0)


def test_a_well_is_asked_for_along_a_line_through_its_middle_and_what_is_wide_here_and_there():
    labels = wells((5, 5), (30, 30), shape=(40, 40, 10))
    labels[20, 2:38] = 1
    first, wide, last = asked(Known(labels, 2))
    assert first.columns == (Box((5, 4, 0), (6, 7, 10)),)
    assert last.columns == (Box((30, 29, 0), (31, 32, 10)),)
    assert len(wide.columns) == foretelling._COLUMNS
    assert {box.shape for box in wide.columns} == {(1, 1, 10)}
    assert {box.start[:2] for box in wide.columns} >= {(20, 2), (20, 37)}


def test_of_very_many_bodies_some_are_left_out():
    labels = np.zeros((90, 90, 4), np.uint8)
    labels[3::6, 3::6] = (1, 1, 2, 2)
    assert len(list(asked(Known(labels, 2)))) == foretelling._BODIES


def test_a_line_has_bodies_too():
    labels = np.zeros((30, 8), np.uint8)
    labels[3:6, :4], labels[3:6, 4:], labels[20, :4], labels[20, 4:] = 1, 2, 1, 2
    first, last = asked(Known(labels, 2))
    assert first.columns == (Box((3, 0), (6, 8)),)
    assert last.columns == (Box((20, 0), (21, 8)),)


def test_a_place_counts_by_how_much_of_it_is_known():
    said = np.array([[0.5, 0.2], [0.5, 0.8]], np.float32)
    shares = np.array([[0.5, 0.0], [0.25, 0.25]], np.float32)
    assert likely(said, shares) == pytest.approx((0.75 * np.log(0.5) + 0.25 * np.log(0.8)) / 1.0)
    assert likely(said, np.zeros((2, 2), np.float32)) is None
    assert likely(np.zeros((2, 2), np.float32), 0.25 * np.ones((2, 2), np.float32)) == pytest.approx(np.log(1e-3))


def test_bodies_are_together_as_their_geometric_mean():
    assert together([np.log(0.2), None, np.log(0.8)]) == pytest.approx(0.4)
    assert together([None]) is None
    assert together([]) is None


@pytest.mark.parametrize(("items", "most", "expected"), [
    (7, 12, [0, 1, 2, 3, 4, 5, 6]), (9, 3, [0, 4, 8]), (90, 5, [0, 22, 44, 67, 89]), (1, 5, [0]),
])  # fmt: skip
def test_some_are_from_everywhere(items, most, expected):
    assert foretelling._some(range(items), most) == expected


@pytest.mark.parametrize(("wide", "columns"), [(16, 1), (17, 5)])
def test_what_is_a_well_and_what_is_wide(wide, columns):
    labels = wells((30, 30), shape=(40, 40, 10))
    labels[10, 4 : 4 + wide] = 2
    assert len(next(asked(Known(labels, 2))).columns) == columns
