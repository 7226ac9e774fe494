"""The best network is remembered, and waiting for a better one ends."""

import math

import numpy as np
import torch

from napari_fhn.box import Box
from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import levels
from napari_fhn.training import Score
from napari_fhn.training.scores.validation import Best, _together


def network():
    return HyperbolicNetwork(levels(2, 4, (2,), 1), 1, 2)


def look(best, step, mean, weight):
    with torch.no_grad():
        best.network.kernels[0].fill_(weight)
    best.look(Score(step, True, (mean, None)))


def test_gives_up_after_so_many_scores_without_a_better_one():
    best = Best(network(), 2)
    for step, mean in enumerate((0.5, 0.7, 0.6, 0.8, 0.8), 1):
        look(best, step, mean, float(step))
        assert not best.given_up
    look(best, 6, 0.1, 6.0)
    assert best.given_up
    assert best.step == 4
    assert best.restore()
    assert best.network.kernels[0].detach().unique().item() == 4


def test_without_patience_it_remembers_nothing():
    best = Best(network(), 0)
    for step in range(10):
        look(best, step, 0.5, 1.0)
    assert not best.given_up
    assert not best.restore()


def test_a_score_of_nothing_says_nothing():
    best = Best(network(), 1)
    for step in range(5):
        look(best, step, None, 1.0)
    assert not best.given_up


def test_begins_again():
    best = Best(network(), 1)
    look(best, 1, 0.9, 1.0)
    look(best, 2, 0.1, 2.0)
    best.forget()
    assert not best.given_up
    look(best, 3, 0.2, 3.0)
    assert best.step == 3


def well(inline: int, crossline: int) -> Box:
    return Box((inline - 2, crossline - 2, 0), (inline + 3, crossline + 3, 50))


def test_what_a_deep_network_sees_around_several_wells_is_predicted_once():
    wells = [well(20, 20), well(20, 80), well(80, 20), well(80, 80)]
    ((region, together),) = _together(wells, (100, 100, 50), around=60, across=None)
    assert region == Box((0, 0, 0), (100, 100, 50))
    assert sorted(together, key=str) == sorted(wells, key=str)


def test_wells_that_lie_apart_are_predicted_apart():
    wells = [well(20, 20), well(80, 80)]
    found = _together(wells, (100, 100, 50), around=4, across=None)
    assert [region.shape for region, _ in found] == [(13, 13, 50)] * 2
    assert [bodies for _, bodies in found] == [[one] for one in wells]


def test_no_more_is_predicted_than_with_a_region_for_each_well():
    rng = np.random.default_rng(0)
    wells = [well(*map(int, place)) for place in rng.integers(5, 95, (12, 2))]
    for around in (0, 5, 20, 60):
        found = _together(wells, (100, 100, 50), around, None)
        alone = sum(math.prod(_together([one], (100, 100, 50), around, None)[0][0].shape) for one in wells)
        assert sum(math.prod(region.shape) for region, _ in found) <= alone
        assert sorted((body for _, bodies in found for body in bodies), key=str) == sorted(wells, key=str)


def test_a_network_of_sections_sees_each_well_on_the_section_through_its_middle():
    wells = [well(20, 20), well(20, 30), well(60, 20)]
    found = _together(wells, (100, 100, 50), around=60, across=0)
    assert [(region.start[0], region.shape[0], len(bodies)) for region, bodies in found] == [(20, 1, 2), (60, 1, 1)]
    assert {body.shape for _, bodies in found for body in bodies} == {(1, 5, 50)}
