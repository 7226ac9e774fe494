"""The linear map that reads features: it is the minimum it says, and what is rare counts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.training.combination import linear_head
from napari_fhn.training.combination.linear_head import RARE, Held, LinearHead, Sums, bumps


def made(seed: int, places: int = 60, features: int = 5, classes: int = 3, samples: int = 200):
    rng = np.random.default_rng(seed)
    shares = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, places)] * rng.uniform(0.2, 1, (places, 1))
    depths = rng.uniform(0, samples - 1, places)
    seen = rng.standard_normal((places, features)).astype(np.float32)
    return seen, bumps(depths, samples), shares.astype(np.float32)


@given(st.integers(0, 1000), st.floats(1e-3, 10), st.floats(1e-4, 1))
def test_no_other_map_has_a_smaller_loss(seed, features, depth):
    seen, at, shares = made(seed)
    width = at.shape[1]
    # A place without a bump, and one of each: what they add tells the map apart.
    column = np.concatenate([np.zeros((1, width), np.float32), np.eye(width, dtype=np.float32)])
    head = LinearHead.fit(seen, at, shares, column, Held(features, depth))
    counted = (shares / np.sqrt(shares.sum(axis=0) + RARE)).sum(axis=1)
    counted *= 3 / counted.sum()
    wanted = shares / shares.sum(axis=1, keepdims=True) - 1 / 3

    def loss(weights, by_depth, constant):
        off = np.square(seen @ weights + at @ by_depth + constant - wanted).sum(axis=1)
        held = features * np.square(seen).mean() * np.square(weights).sum() + depth * np.square(by_depth).sum()
        return counted @ off + 3 * held

    rng = np.random.default_rng(seed)
    found = [part.astype(np.float64) for part in (head.weights, head.column[1:] - head.column[0], head.column[0])]
    for size in (1e-2, 1e-1):
        assert loss(*found) < loss(*(part + size * rng.standard_normal(part.shape) for part in found))


def test_what_is_held_back_goes_to_nothing():
    seen, at, shares = made(1)
    loose = LinearHead.fit(seen, at, shares, at, Held(1e-6, 1e-6))
    tight = LinearHead.fit(seen, at, shares, at, Held(1e6, 1e6))
    assert np.abs(tight.weights).max() < 1e-4 < np.abs(loose.weights).max()
    assert np.ptp(tight.column, axis=0).max() < 1e-4


def test_a_layer_is_found_by_depth_alone():
    samples = 300
    at = np.arange(1.5, samples, 4)
    truth = (at > 100).astype(int) + (at > 200)
    column = bumps(at, samples)
    head = LinearHead.fit(
        np.zeros((len(at), 2), np.float32) + 1e-3, column, np.eye(3, dtype=np.float32)[truth], column, Held(0.1, 0.005)
    )
    assert (head.column.argmax(axis=1) == truth).mean() > 0.9


def test_what_is_rare_counts_more_than_its_share():
    rng = np.random.default_rng(0)
    truth = (np.arange(1000) < 12).astype(int)
    seen = (np.where(truth == 1, 1.0, 0.0) + 0.35 * rng.standard_normal(1000)).astype(np.float32)[:, np.newaxis]
    at = np.zeros((1000, 1), np.float32)
    shares = np.eye(2, dtype=np.float32)[truth]
    head = LinearHead.fit(seen, at, shares, at[:1], Held(1e-4, 1e-4))
    alike = np.linalg.lstsq(np.concatenate([seen, np.ones((1000, 1))], axis=1), shares - 0.5, rcond=None)[0]
    found = (seen @ head.weights + head.column).argmax(axis=1)
    counted = (np.concatenate([seen, np.ones((1000, 1))], axis=1) @ alike).argmax(axis=1)
    assert (found == truth)[truth == 1].mean() >= 0.3 > 0.1 > (counted == truth)[truth == 1].mean()


def test_bumps_follow_one_another_from_end_to_end():
    for samples in (1, 7, 24, 112, 1536):
        found = bumps(np.arange(samples), samples)
        assert found.shape == (samples, max(2, round(samples / 24) + 1))
        assert found.dtype == np.float32  # as the maps on a network's states are
        assert found[0].argmax() == 0
        assert (np.diff(found.argmax(axis=1)) >= 0).all()
        assert found.max() == 1


@given(st.integers(0, 1000), st.floats(0.1, 0.9))
def test_what_is_left_out_may_be_taken_away_from_the_sums(seed, share):
    seen, at, shares = made(seed)
    rng = np.random.default_rng(seed)
    shares *= np.float32(0.5)
    shares[::7, 0] += 0.3  # some places are of two classes
    out = rng.random(len(seen)) < share
    out |= shares[:, 2] > 0 if seed % 3 == 0 else False  # a class that nobody else knows
    column, held = np.eye(at.shape[1], dtype=np.float32), Held(0.1, 0.1)
    rest = shares[~out]
    known = np.flatnonzero(rest.any(axis=0))
    found = LinearHead.left(Sums.of(seen, at, shares), Sums.of(seen[out], at[out], shares[out]), column, held)
    if len(known) < 2:
        assert found is None
        return
    assert found is not None
    head, classes = found
    expected = LinearHead.fit(seen[~out], at[~out], rest[:, known], column, held)
    assert classes.tolist() == known.tolist()
    np.testing.assert_allclose(head.weights, expected.weights, atol=1e-5)
    np.testing.assert_allclose(head.column, expected.column, atol=1e-5)


def test_products_are_summed_a_lot_at_a_time(monkeypatch):
    seen, at, shares = made(2)
    column, held = np.eye(at.shape[1], dtype=np.float32), Held(0.1, 0.1)
    whole, sums = LinearHead.fit(seen, at, shares, column, held), Sums.of(seen, at, shares)
    monkeypatch.setattr(linear_head, "_ROWS", 7)
    in_lots = LinearHead.fit(seen, at, shares, column, held)
    np.testing.assert_allclose(in_lots.weights, whole.weights, atol=1e-6)
    np.testing.assert_allclose(in_lots.column, whole.column, atol=1e-6)
    again = Sums.of(seen, at, shares)
    np.testing.assert_allclose(again.products, sums.products)
    np.testing.assert_allclose(again.wanted, sums.wanted)
    assert (again.seen, again.count.tolist()) == (sums.seen, sums.count.tolist())
