"""A kernel machine, and what it would say of examples that it has not seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.structure.kernel import KernelMachine, Likeness, balanced, indicators, squared_distances

KINDS = st.sampled_from(["gaussian", "exponential"])


def drawn(seed: int, count: int = 20, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    named = np.concatenate([np.arange(classes), rng.integers(0, classes, count - classes)])
    return rng.normal(size=(count, 2)).astype(np.float32) + named[:, np.newaxis], named


@settings(max_examples=20, deadline=None)
@given(kind=KINDS, seed=st.integers(0, 50), noise=st.sampled_from([0.1, 1.0]))
def test_what_it_says_of_a_group_left_out_is_what_it_says_without_it(kind, seed, noise) -> None:
    features, classes = drawn(seed)
    likeness = Likeness(kind, 2.0, noise)
    group = np.random.default_rng(seed).choice(len(classes), 4, replace=False)
    rest = np.setdiff1d(np.arange(len(classes)), group)
    said = KernelMachine(features, classes, 3, likeness).left_out([group])
    # The weights that make classes count alike, and what a guess is, are those of the whole.
    alike = likeness.between(squared_distances(features, features)).astype(np.float64)
    alike += np.diag((noise + 1e-6) / balanced(classes))
    fewer = np.linalg.solve(alike[np.ix_(rest, rest)], indicators(classes, 3)[rest])
    np.testing.assert_allclose(said[group], alike[np.ix_(group, rest)] @ fewer, atol=1e-4)
    assert not said[rest].any()


@pytest.mark.parametrize("kind", ["gaussian", "exponential"])
def test_examples_are_believed_and_far_away_nothing_is_said(kind) -> None:
    features, classes = drawn(0)
    machine = KernelMachine(features, classes, 4, Likeness(kind, 0.5, 0.0))
    scores = machine.scores(features)
    assert (scores[:, :3].argmax(axis=1) == classes).all()
    assert not scores[:, 3].any()  # a class without examples
    np.testing.assert_allclose(scores.sum(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(machine.scores(np.full((1, 2), 900, np.float32)), 0, atol=1e-6)


def test_examples_that_are_the_same_twice_are_no_trouble() -> None:
    features = np.zeros((6, 2), np.float32)
    scores = KernelMachine(features, np.array([0, 0, 0, 1, 1, 1]), 2, Likeness("gaussian", 1, 0)).scores(features)
    np.testing.assert_allclose(scores, 0, atol=1e-3)


def test_a_rare_class_counts_as_much_as_a_common_one() -> None:
    assert balanced(np.array([0, 0, 0, 2])).tolist() == [2 / 3, 2 / 3, 2 / 3, 2.0]
