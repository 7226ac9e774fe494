"""A loss that is no number or runs away takes training back to good weights; new labels and odd blocks do not."""

import math

import pytest
import torch

from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import levels
from napari_fhn.training import Schedule
from napari_fhn.training.steps.optimiser import Optimiser
from napari_fhn.training.steps.rollback import Rollback


@pytest.fixture
def rollback():
    network = HyperbolicNetwork(levels(2, 4, (2,), 1), 1, 2)
    return Rollback(network, Optimiser(network, Schedule()), math.log(2))


def train(rollback, loss, steps=1, weight=None):
    """Make steps with this loss; returns what was said of the last."""
    said = None
    for _ in range(steps):
        said = rollback.judge(loss)
        if said is None:
            with torch.no_grad():
                rollback.network.kernels[0].fill_(weight if weight is not None else loss)
            rollback.stepped()
    return said


def value(rollback):
    return rollback.network.kernels[0].detach().flatten()[0].item()


def test_a_loss_that_is_no_number_goes_back_and_slows_down(rollback):
    assert train(rollback, 0.5, 25, weight=1.0) is None
    train(rollback, 0.5, weight=math.nan)
    said = train(rollback, math.nan)
    assert "went back to its last good weights" in said
    assert "0.5 of its rate" in said
    assert value(rollback) == 1
    assert rollback.optimiser.damping == 0.5


def test_good_weights_that_give_no_number_themselves_are_somebody_elses_case(rollback):
    train(rollback, 0.5, 25)
    train(rollback, 0.5)
    assert train(rollback, math.inf)
    assert train(rollback, math.inf) is None


def test_a_loss_that_runs_away_goes_back(rollback):
    train(rollback, 0.3, 30, weight=1.0)
    for _ in range(2):
        assert train(rollback, 20.0, weight=7.0) is None
    assert "ran away" in train(rollback, 20.0)
    assert value(rollback) == 1
    # And if it is as high with good weights, it was the data.
    assert train(rollback, 20.0, 5) is None


def test_one_odd_block_is_no_divergence(rollback):
    train(rollback, 0.3, 30)
    for _ in range(10):
        assert train(rollback, 20.0, 2) is None
        assert train(rollback, 0.3) is None


def test_a_loss_below_chance_is_no_jump(rollback):
    train(rollback, 0.001, 30)
    assert train(rollback, 0.7, 10) is None


def test_new_labels_may_raise_the_loss(rollback):
    train(rollback, 0.3, 30)
    rollback.labels_changed()
    assert train(rollback, 20.0, 10) is None
