"""How far scores are believed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.structure.believing import believed, softmax


def voice(right: np.ndarray, strength: float, seed: int = 0, classes: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (strength * (right[:, np.newaxis] == np.arange(classes)) + rng.normal(size=(len(right), classes))).astype(
        np.float32
    )


RIGHT = np.arange(300) % 3


def test_a_voice_that_knows_is_believed_and_one_that_does_not_is_silent() -> None:
    slopes, gain = believed([voice(RIGHT, 2.0), voice(RIGHT, 0.0, seed=1)], RIGHT, 300)
    assert slopes[0] > 1
    assert slopes[1] < 0.3
    assert gain > 0.4


def test_one_that_is_against_the_truth_is_silent() -> None:
    slopes, gain = believed([voice(RIGHT, -2.0)], RIGHT, 300)
    assert slopes.tolist() == [0]
    assert gain < 1e-9


def test_with_few_bodies_less_is_believed() -> None:
    said = voice(RIGHT, 3.0)
    many, few = (believed([said], RIGHT, bodies)[0][0] for bodies in (300, 1))
    assert 0 < few < many


def test_what_is_always_right_is_not_believed_without_end() -> None:
    sure = (RIGHT[:, np.newaxis] == np.arange(3)).astype(np.float32)
    slopes, _ = believed([sure], RIGHT, 10_000)
    assert slopes[0] <= 30


def test_nothing_is_left_out() -> None:
    slopes, gain = believed([np.zeros((0, 3), np.float32)], np.zeros(0, np.int64), 0)
    assert (slopes.tolist(), gain) == ([0], 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.integers(1, 3), st.integers(2, 5), st.floats(0, 100))
def test_no_small_step_is_better(seed, voices, classes, size) -> None:
    rng = np.random.default_rng(seed)
    right = rng.integers(0, classes, 40)
    said = [voice(right, rng.normal(), seed + k, classes) * np.float32(size) for k in range(voices)]
    slopes, gain = believed(said, right, 40)
    assert np.isfinite(slopes).all()
    assert (slopes >= 0).all()
    assert gain >= 0
    weights = 1 / np.bincount(right)[right]
    weights /= weights.sum()

    def told(at: np.ndarray) -> float:
        odds = softmax(np.tensordot(at, np.stack(said).astype(np.float64), 1))
        spread = np.stack(said).astype(np.float64).var(axis=2).mean(axis=1)
        return float(weights @ np.log(odds[np.arange(40), right]) - (spread / (8 * 40)) @ at**2)

    for k in range(voices):
        for step in (-0.02, 0.02):
            other = slopes.copy()
            other[k] = np.clip(other[k] + step / max(1, size), 0, 30)
            assert told(other) <= told(slopes) + 1e-4
