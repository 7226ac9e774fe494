"""Lessons for the gating network, and a few steps of its training."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

import pretrain_gate
from napari_fhn.training.models.pretrained import bundled
from samples.episodes import Rocks
from samples.mixtures import mixtures


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    """Of a survey on which nothing was ever learnt."""
    folder = tmp_path_factory.mktemp("lessons")
    return list(islice(mixtures(Rocks.of(2000), bundled(), np.random.default_rng(4), folder), 8))


def test_a_lesson_is_what_both_say_of_a_section(lessons):
    for one in lessons:
        features, carried, *rest = one.said
        assert features.shape == carried.shape
        assert {part.shape for part in (*rest, one.truth, one.known)} == {features.shape[1:]}
        np.testing.assert_allclose(features.astype(np.float32).sum(axis=0), 1, atol=0.01)
        np.testing.assert_allclose(carried.astype(np.float32).sum(axis=0), 1, atol=0.01)
        assert all(0 < told <= 1 for told in one.told)
        assert one.truth.max() <= len(features)
    assert {part.said[0].shape[1] for part in lessons} > {lessons[0].truth.shape[0]}  # both directions
    right = np.mean([
        (part.argmax(axis=0) + 1 == one.truth)[one.truth > 0].mean() for one in lessons for part in one.said[:2]
    ])  # fmt: skip
    assert right > 0.4


def test_it_learns_whom_to_believe(lessons):
    one = pretrain_gate.first()
    optimiser = torch.optim.AdamW(one.network.parameter_groups(0.01, 0.01))
    losses = []
    for _ in range(12):
        found = [pretrain_gate.loss(one, lesson, np.random.default_rng(0)) for lesson in lessons[:2]]
        optimiser.zero_grad()
        sum(found).backward()
        optimiser.step()
        losses.append(sum(found).item())
    assert losses[-1] < 0.95 * losses[0]
