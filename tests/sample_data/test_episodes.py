"""Lessons of generated surveys, and the training that they are for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import pretrain
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.training.combination.linear_head import LinearHead, bumps
from samples import stories
from samples.episodes import Rocks, episode


@pytest.fixture(scope="module")
def rocks():
    return Rocks.of(1003)


def test_no_survey_that_is_tuned_on_or_reported_is_learnt_from():
    assert not set(stories.PRETRAINING) & {*stories.TUNING, *stories.TESTING}


def test_a_lesson_is_whole_sections_with_wells_in_the_first(rocks):
    for seed in range(40):
        lesson = episode(rocks, np.random.default_rng(seed))
        sections, channels, traces, samples = lesson.data.shape
        assert channels == 4
        assert lesson.data.dtype == np.float32
        assert traces % 8 == samples % 8 == 0
        assert lesson.truth.shape == lesson.known.shape == (sections, traces, samples)
        assert sections == lesson.shown + 3
        assert lesson.truth.min() >= 1
        assert np.isfinite(lesson.data).all()
        assert np.abs(lesson.data[:, :3]).max() <= 5
        depth = lesson.data[:, 3]
        assert depth.min() >= -1.0001
        assert depth.max() <= 1.0001
        assert (np.diff(depth, axis=2) > 0).all()
        known = lesson.known > 0
        np.testing.assert_array_equal(lesson.known[known], lesson.truth[known])
        assert known[: lesson.shown].any(axis=(1, 2)).all()
        assert not known[lesson.shown :].any()


def test_the_same_chance_gives_the_same_lesson(rocks):
    one, other = (episode(rocks, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.data, other.data)
    np.testing.assert_array_equal(one.truth, other.truth)


def learner():
    made = pretrain.architecture()
    network = HyperbolicNetwork(made, 4, made.layer_channels[-1], torch.Generator().manual_seed(0))
    return pretrain.Learner(network)


def test_it_learns_through_the_map_that_the_program_finds(rocks):
    """What the training differentiates is what the factor solves."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((50, 6)).astype(np.float32)
    shares = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 50)] * np.float32(0.7)
    at, column = bumps(rng.uniform(0, 127, 50), 128), bumps(np.arange(1.5, 128, 4), 128)
    one = learner()
    found = one._solved(*(torch.from_numpy(part) for part in (features, at, shares, column)))
    expected = LinearHead.fit(features, at, shares, column, one.made("").held)
    np.testing.assert_allclose(found[0].detach(), expected.weights, atol=1e-4)
    np.testing.assert_allclose(found[1].detach(), expected.column, atol=1e-4)


def test_the_loss_falls():
    torch.manual_seed(0)
    losses = pretrain.train(learner(), (1000, 1003), 24, 0.03)
    assert np.mean(losses[-8:]) < np.mean(losses[:8])
