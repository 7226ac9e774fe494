"""The best ordered labelling of columns, and the order that labels show."""

from __future__ import annotations

from itertools import combinations_with_replacement, pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from napari_fhn.structure.decoding import Transitions, decode, order_of
from napari_fhn.training.data.labelled import LabelFile


def value(column: NDArray[np.float32], labels: tuple[int, ...]) -> float:
    return float(np.log(np.maximum(column[list(labels), range(len(labels))], 1e-30)).sum())


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 4), st.integers(1, 6), st.integers(0, 999))
def test_it_is_the_best_of_all_ordered_labellings(classes: int, samples: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(classes)
    column = rng.dirichlet(np.ones(classes), samples).T.astype(np.float32)
    found = decode(column, order)
    best = max(value(column, tuple(order[list(r)])) for r in combinations_with_replacement(range(classes), samples))
    assert value(column, tuple(found)) == pytest.approx(best, abs=1e-4)
    ranks = np.argsort(order)[found]
    assert (np.diff(ranks) >= 0).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 3), st.integers(1, 5), st.floats(0, 4), st.integers(0, 999))
def test_with_a_penalty_it_is_the_best_of_all(classes: int, samples: int, penalty: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    column = rng.dirichlet(np.ones(classes), samples).T.astype(np.float32)

    def worth(labels: tuple[int, ...]) -> float:
        return value(column, labels) - penalty * sum(a > b for a, b in pairwise(labels))

    found = decode(column, np.arange(classes), penalty)
    assert worth(tuple(found)) == pytest.approx(max(map(worth, product(range(classes), repeat=samples))), abs=1e-4)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 3), st.integers(1, 5), st.floats(0, 4), st.booleans(), st.integers(0, 999))
def test_with_known_boundaries_it_is_the_best_of_all(
    classes: int, samples: int, cost: float, ordered: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    column = rng.dirichlet(np.ones(classes), samples).T.astype(np.float32)
    pairs = ((0, 1), (1, classes - 1))[: 1 if classes == 2 else 2]
    known = Transitions(pairs, rng.normal(0, 2, (len(pairs), samples)).astype(np.float32), -cost)
    order = np.arange(classes if ordered else 0)

    def change(upper: int, lower: int, sample: int) -> float:
        if upper == lower:
            return 0.0
        worth = [-cost - 3.0 * (ordered and upper > lower)]
        worth += [float(known.worth[k, sample]) for k, pair in enumerate(pairs) if pair == (upper, lower)]
        return max(worth)

    def worth(labels: tuple[int, ...]) -> float:
        return value(column, labels) + sum(change(*pair, sample) for sample, pair in enumerate(pairwise(labels), 1))

    found = decode(column, order, 3.0, known)
    assert worth(tuple(found)) == pytest.approx(max(map(worth, product(range(classes), repeat=samples))), abs=1e-4)


def test_what_is_said_stays_as_it_was() -> None:
    for samples in ((5,), (1, 5), (4, 6)):
        said = np.moveaxis(np.random.default_rng(0).dirichlet(np.ones(3), samples).astype(np.float32), -1, 0)
        before = said.copy()
        decode(said, np.arange(3))
        np.testing.assert_array_equal(said, before)


def test_columns_do_not_mind_each_other_and_keep_their_places() -> None:
    rng = np.random.default_rng(0)
    said = rng.dirichlet(np.ones(3), (70, 80, 9)).transpose(3, 0, 1, 2).astype(np.float32)
    whole = decode(said, np.array([2, 0, 1]))
    assert whole.shape == (70, 80, 9)
    np.testing.assert_array_equal(whole[5, 7], decode(said[:, 5, 7], np.array([2, 0, 1])))


def test_a_class_without_a_place_may_lie_anywhere() -> None:
    said = np.full((3, 6), 0.05, np.float32)
    for sample, k in enumerate([0, 2, 0, 1, 2, 1]):
        said[k, sample] = 0.9
    assert decode(said, np.array([0, 1])).tolist() == [0, 2, 0, 1, 2, 1]


def test_an_order_names_each_class_once() -> None:
    with pytest.raises(ValueError, match="each class once"):
        decode(np.ones((2, 3), np.float32), np.array([0, 0]))
    with pytest.raises(ValueError, match="each class once"):
        decode(np.ones((2, 3), np.float32), np.array([0, 2]))


def labelled(tmp_path: Path, *columns: list[int]) -> LabelFile:
    values = np.zeros((3 * len(columns), 2, len(columns[0])), np.uint8)
    for number, column in enumerate(columns):
        values[3 * number, 0] = column
    np.save(tmp_path / "labels.npy", values)
    return LabelFile(str(tmp_path / "labels.npy"), values.shape, 4)


def test_wells_that_agree_show_an_order(tmp_path: Path) -> None:
    assert order_of(labelled(tmp_path, [2, 2, 1, 3], [2, 1, 0, 3], [2, 1, 3, 3]), 2) == (1, 0, 2)


@pytest.mark.parametrize(
    "columns",
    [
        ([1, 2, 3, 3], [1, 3, 2, 2], [1, 2, 3, 3]),  # they contradict each other
        ([1, 2, 1, 3], [1, 2, 3, 3], [1, 2, 3, 3]),  # it comes back
        ([1, 2, 3, 4],),  # only one says so
        ([1, 1, 2, 2], [1, 1, 1, 2]),  # of two classes there is not much to say
    ],
)
def test_without_agreement_there_is_no_order(tmp_path: Path, columns: tuple[list[int], ...]) -> None:
    assert order_of(labelled(tmp_path, *columns), 2) is None


def test_a_class_of_one_well_is_left_out_of_the_order(tmp_path: Path) -> None:
    assert order_of(labelled(tmp_path, [1, 4, 2, 3], [1, 2, 3, 3], [1, 2, 3, 3]), 2) == (0, 1, 2)


def test_as_many_classes_as_there_may_be():
    """Which takes time with the number of classes, and not with that of their pairs."""
    truth = np.sort(np.random.default_rng(0).integers(0, 255, (3, 400)), axis=1)
    said = np.full((255, 3, 400), 0.001, np.float32)
    np.put_along_axis(said, truth[np.newaxis], 0.9, axis=0)
    said[:, 1, 200] = said[::-1, 1, 200]  # one that is out of its place
    found = decode(said, np.arange(255), np.inf)
    assert (np.diff(found.astype(int), axis=1) >= 0).all()
    assert (found != truth).sum() == 1
