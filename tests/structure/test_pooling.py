"""Opinions pooled, and the weights found for them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from napari_fhn.structure.pooling import FLOORS, Weight, evidence_of, influence, likelihood, pool, weigh


def dirichlet(rng: np.random.Generator, classes: int, n: int) -> NDArray[np.float32]:
    return rng.dirichlet(np.full(classes, 0.5), n).T.astype(np.float32)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 6), st.integers(1, 40), st.integers(0, 99), st.floats(0, 3), st.sampled_from(FLOORS))
def test_a_pool_sums_to_one_and_does_not_depend_on_the_order(
    classes: int, n: int, seed: int, weight: float, floor: float
) -> None:
    rng = np.random.default_rng(seed)
    said = {"a": dirichlet(rng, classes, n), "b": dirichlet(rng, classes, n)}
    weights = {"a": Weight(weight, floor), "b": Weight(1.0, floor)}
    together = pool(said, weights)
    np.testing.assert_allclose(together.sum(0), 1, atol=1e-5)
    np.testing.assert_allclose(pool(dict(reversed(said.items())), weights), together, atol=1e-5)


def test_who_knows_nothing_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    said = dirichlet(rng, 4, 30)
    alike = np.full_like(said, 0.25)
    alone = pool({"a": said}, {"a": Weight()})
    np.testing.assert_allclose(pool({"a": said, "b": alike}, {"a": Weight(), "b": Weight(2.0)}), alone, atol=1e-6)
    np.testing.assert_allclose(pool({"a": said, "b": 1 - alone}, {"a": Weight()}), alone, atol=1e-6)


def test_without_anybody_to_listen_to_all_classes_are_alike() -> None:
    np.testing.assert_allclose(pool({"a": np.eye(3, dtype=np.float32)}, {}), 1 / 3)
    with pytest.raises(ValueError, match="no opinions"):
        pool({}, {})


def opinion(truth: NDArray[np.int64], classes: int, right: float, sure: float, seed: int) -> NDArray[np.float32]:
    """What one says who is right in a share of the cases and always as sure."""
    rng = np.random.default_rng(seed)
    named = np.where(rng.random(len(truth)) < right, truth, rng.integers(0, classes, len(truth)))
    return np.where(np.arange(classes)[:, np.newaxis] == named, sure, (1 - sure) / (classes - 1)).astype(np.float32)


def test_weights_are_better_than_any_alone_and_calibrate() -> None:
    truth = np.random.default_rng(1).integers(0, 4, 4000)
    said = {"a": opinion(truth, 4, 0.7, 0.99, 2), "b": opinion(truth, 4, 0.6, 0.99, 3)}
    ones = np.ones(len(truth))
    found = weigh(said, truth, ones, {"a": 1.0, "b": 1.0})
    assert found["a"].weight > found["b"].weight > 0
    together = pool(said, found)
    for name in said:
        alone = weigh({name: said[name]}, truth, ones, {name: 1.0})
        assert likelihood(together, truth, ones) > likelihood(pool({name: said[name]}, alone), truth, ones)
    sure = together.max(0)
    assert sure.mean() == pytest.approx((together.argmax(0) == truth).mean(), abs=0.03)


def test_one_that_misleads_is_not_listened_to() -> None:
    truth = np.random.default_rng(1).integers(0, 3, 500)
    said = {"good": opinion(truth, 3, 0.8, 0.8, 2), "bad": opinion((truth + 1) % 3, 3, 0.9, 0.9, 3)}
    assert weigh(said, truth, np.ones(500), {"good": 1.0, "bad": 1.0})["bad"].weight == 0


def test_with_little_known_weights_stay_as_believed() -> None:
    truth = np.array([0, 1])
    said = {"a": opinion(truth, 3, 0.5, 0.6, 2), "b": opinion(truth, 3, 0.5, 0.6, 3)}
    found = weigh(said, truth, np.full(2, 0.01), {"a": 1.0, "b": 0.7})
    assert found["a"].weight == pytest.approx(1.0, abs=0.05)
    assert found["b"].weight == pytest.approx(0.7, abs=0.05)


def test_voxels_of_one_class_in_one_body_count_once() -> None:
    bodies, truth = np.array([0] * 10 + [1] * 5), np.array([0] * 9 + [1] + [0] * 5)
    evidence = evidence_of(bodies, truth)
    assert evidence.sum() == pytest.approx(3)
    assert evidence_of(np.zeros(0, int), np.zeros(0, int)).shape == (0,)


def test_who_tells_no_classes_apart_moves_nothing() -> None:
    alike, sure = np.full((3, 5), 1 / 3, np.float32), np.tile(np.float32([[0.9], [0.05], [0.05]]), 5)
    ones = np.ones(5)
    assert influence(alike, Weight(4.0), ones) == pytest.approx(0, abs=1e-5)
    assert influence(sure, Weight(2.0), ones) == pytest.approx(2 * influence(sure, Weight(1.0), ones))
