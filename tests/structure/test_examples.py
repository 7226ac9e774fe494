"""Which labelled voxels are learnt from, and which are left out together."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.structure.bodies import Bodies
from napari_fhn.structure.examples import Examples, evenly, examples, folds, most_of_each, spread
from structure.maps import Known


def test_classes_and_bodies_get_alike_many() -> None:
    values = np.zeros((60, 60), np.uint8)
    values[:20, :20], values[40, 40], values[30:32, :3] = 1, 1, 2
    labels = Known(values, 3)
    bodies = Bodies.of(labels, None)
    found = examples(labels, bodies, 40)
    assert np.bincount(found.classes).tolist() == [34, 6]  # the second class has no more
    assert (found.bodies == bodies.at(np.array([[40, 40]]))[0]).sum() == 1
    assert (values[tuple(found.places.T)] == found.classes + 1).all()


def test_of_more_bodies_than_room_some_are_kept_all_over() -> None:
    kept = evenly(np.arange(100), 10)
    assert len(kept) == 10
    assert kept[0] == 0
    assert kept[-1] == 99


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 200))
def test_room_is_shared(counts, most) -> None:
    allowed = most_of_each(counts, most)
    assert all(a <= c for a, c in zip(allowed, counts, strict=True))
    assert sum(allowed) <= most
    cut = [a for a, c in zip(allowed, counts, strict=True) if a < c]
    assert not cut or max(allowed) - min(cut) <= 1
    assert cut or sum(allowed) == sum(counts)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.integers(1, 12), st.integers(1, 4), st.integers(1, 60))
def test_no_fold_shares_a_body_and_none_is_in_two(seed, bodies, classes, count) -> None:
    rng = np.random.default_rng(seed)
    body, named = rng.integers(0, bodies, count), rng.integers(0, classes, count)
    chosen = Examples(rng.integers(0, 50, (count, 2)), named, body)
    parts = folds(chosen, 5)
    assert len(parts) != 1
    together = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    assert len(np.unique(together)) == len(together)
    for k in np.unique(named[together]):
        holding = [part for part in parts if (named[part] == k).any()]
        assert len(holding) > 1  # whatever is left out, something of the class stays
    several = [
        b for b in np.unique(body) if all(len(np.unique(body[named == k])) > 1 for k in np.unique(named[body == b]))
    ]
    for b in several:
        assert sum((body[part] == b).any() for part in parts) <= 1


def test_the_only_body_of_a_class_is_cut() -> None:
    places = np.stack([np.arange(8), np.zeros(8, int)], axis=1)
    parts = folds(Examples(places, np.zeros(8, int), np.zeros(8, int)), 5)
    assert sorted(len(part) for part in parts) == [2, 2, 2, 2]
    assert all(np.ptp(places[part, 0]) == 1 for part in parts)


def test_spread_keeps_what_there_is() -> None:
    nothing = Examples(np.zeros((0, 2), int), np.zeros(0, int), np.zeros(0, int))
    assert len(spread(nothing, 9)) == 0
    assert folds(nothing, 5) == []
