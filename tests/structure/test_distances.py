"""Classes foretold from the nearest bodies."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.structure.distances import by_distance, nearest_bodies
from napari_fhn.structure.examples import Examples


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.integers(1, 15), st.integers(1, 40))
def test_the_nearest_bodies_are_the_nearest(seed, bodies, count) -> None:
    rng = np.random.default_rng(seed)
    seen = Examples(rng.integers(0, 60, (count, 2)), rng.integers(0, 3, count), rng.integers(0, bodies, count))
    places = rng.integers(0, 60, (9, 2))
    squared, classes = nearest_bodies(places, seen)
    for place, near, named in zip(places, squared, classes, strict=True):
        off = np.square(seen.places - place).sum(axis=1)
        best = sorted(off[seen.bodies == body].min() for body in np.unique(seen.bodies))
        assert sorted(near.tolist()) == best[:8]
        assert all(((off == far) & (seen.classes == k)).any() for far, k in zip(near, named, strict=True))


def test_a_body_does_not_foretell_itself() -> None:
    seen = Examples(np.array([[0, 0], [0, 1], [0, 9]]), np.array([0, 0, 1]), np.array([0, 0, 1]))
    squared, classes = nearest_bodies(seen.places, seen, seen.bodies)
    assert squared.min(axis=1).tolist() == [81, 64, 64]
    nearest = classes[np.arange(3), squared.argmin(axis=1)]
    assert nearest.tolist() == [1, 1, 0]
    there = np.ones(2, bool)
    scores = by_distance(squared, classes, there, 3.0, np.inf)
    np.testing.assert_allclose(scores, [[-0.5, 0.5], [-0.5, 0.5], [0.5, -0.5]], atol=1e-5)


def test_scores_fade_with_distance_and_leave_classes_without_labels_alone() -> None:
    squared, classes = np.array([[1], [400], [250_000]]), np.zeros((3, 1), np.int64)
    scores = by_distance(squared, classes, np.array([True, True, False]), 3.0, 20.0)
    assert scores[0, 0] > scores[1, 0] > scores[2, 0] >= 0
    assert scores[2, 0] < 1e-6
    assert not scores[:, 2].any()
