"""The best network is remembered, and waiting for a better one ends."""

import torch

from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import levels
from napari_fhn.training import Score
from napari_fhn.training.validation import Best


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
