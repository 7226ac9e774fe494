"""What is hidden while learning: distances as prediction will meet them, nothing asked that is told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.training.data import hiding
from proofs import LONG, examples

SIZES = np.array([200, 160])


def patches(side, step):
    """Columns of square patches on a lattice, and the patch of each."""
    corners = [(i, j) for i in range(10, SIZES[0] - side, step) for j in range(10, SIZES[1] - side, step)]
    square = np.stack(np.meshgrid(*[np.arange(side)] * 2, indexing="ij"), -1).reshape(-1, 2)
    places = np.concatenate([square + corner for corner in corners])
    return places, np.repeat(np.arange(len(corners)), side * side)


def heard(places, body, hide):
    """How far the nearest column is that is told, from labels drawn for blocks as training draws them."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(400):
        at = places[rng.integers(len(places))]
        start = at - rng.integers(0, 64, 2)
        beside = np.flatnonzero(((places >= start) & (places < start + 64)).all(axis=1))
        told = hide(at, beside, rng)
        found.append(np.sqrt(np.square(places[told] - at).sum(axis=1).min()))
    return np.array(found)


def apart(first, second):
    """The largest distance between two cumulative distributions (Kolmogorov and Smirnov)."""
    at = np.sort(np.concatenate([first, second]))
    return max(abs(np.mean(first <= value) - np.mean(second <= value)) for value in at)


@pytest.mark.parametrize(
    ("side", "step"), [(1, 9), pytest.param(6, 12, marks=LONG), (12, 40), pytest.param(30, 40, marks=LONG)]
)
def test_distances_are_those_that_prediction_meets(side, step):
    places, body = patches(side, step)
    met = hiding.distances(places, SIZES)
    alone = np.zeros(body.max() + 1, bool)

    def drawn(at, beside, rng):
        return hiding.draw(places, body, at, beside, met, rng, alone).told

    def whole_bodies(at, beside, rng):
        return ~np.isin(body, body[beside])

    ours, before = heard(places, body, drawn), heard(places, body, whole_bodies)
    # A label of one pixel has no neighbour nearer than the next label.
    assert apart(ours, np.maximum(met, step) if side == 1 else met) < 0.35
    # As it would be if the bodies in a block were hidden whole: farther away than almost any place ever is.
    assert apart(before, met) > 0.5


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 6), st.floats(0, 80))
def test_nothing_is_asked_that_is_told(seed, count, bodies, largest):
    rng = np.random.default_rng(seed)
    places = np.unique(rng.integers(0, 60, (count, 2)), axis=0)
    body = np.sort(rng.integers(0, bodies, len(places)))
    alone = rng.random(bodies) < 0.5
    at = places[rng.integers(len(places))]
    beside = np.flatnonzero((np.abs(places - at) < 30).all(axis=1))
    lesson = hiding.draw(places, body, at, beside, np.array([0.0, largest]), rng, alone)
    asked = lesson.asked(np.zeros(2, int), np.array([60, 60]))
    assert asked[tuple(at)]
    told = places[lesson.told]
    assert not asked[tuple(told.T)].any()
    # Every centre is as far from what is told as was drawn, or farther.
    for centre, radius in zip(lesson.centres, lesson.radii, strict=True):
        if len(told):
            assert np.sqrt(np.square(told - centre).sum(axis=1).min()) > 2 * radius - 1e-9


def test_a_class_known_at_one_place_only_is_told_half_of_the_time():
    places, body = patches(7, 60)
    wanted = np.array([50.0])  # far enough to hide all of a patch
    at = places[body == 1][24]
    rng = np.random.default_rng(1)

    def told(alone):
        lessons = [hiding.draw(places, body, at, np.zeros(0, int), wanted, rng, alone) for _ in range(200)]
        return np.mean([lesson.told[body == 1].any() for lesson in lessons])

    assert told(np.zeros(body.max() + 1, bool)) == 0
    assert 0.35 < told(np.arange(body.max() + 1) == 1) < 0.65


def test_along_a_line_places_have_one_coordinate():
    places, body = np.array([[3], [4], [40], [41]]), np.array([0, 0, 1, 1])
    met = hiding.distances(places, np.array([64]))
    assert met.max() < 25
    lesson = hiding.draw(
        places, body, places[0], np.array([0, 1]), np.array([5.0]), np.random.default_rng(0), np.zeros(2, bool)
    )
    assert lesson.told.tolist() == [False, False, True, True]
    assert lesson.asked(np.array([0]), np.array([10])).tolist() == [False] + [True] * 5 + [False] * 4
