"""The average follows the weights, stands in for them for a while, and replaces them at the end."""

import pytest
import torch

from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import levels
from napari_fhn.training.steps.average import WeightAverage


def network():
    return HyperbolicNetwork(levels(2, 4, (2,), 1), 1, 2)


def fill(made, value):
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(value)


def value(made):
    return made.kernels[0].detach().flatten()[0].item()


def test_without_decay_it_is_the_weights_themselves():
    made = network()
    average = WeightAverage(made, 0.0)
    fill(made, 3.0)
    average.follow()
    with average.in_network():
        assert value(made) == 3
    average.finish()
    assert value(made) == 3


def test_follows_with_its_decay_once_the_start_is_forgotten():
    made = network()
    average = WeightAverage(made, 0.9)
    for _ in range(200):
        fill(made, 1.0)
        average.follow()
    fill(made, 2.0)
    average.follow()
    with average.in_network():
        assert value(made) == pytest.approx(1.1)
    assert value(made) == 2  # what learns is back


def test_the_random_start_is_soon_forgotten():
    made = network()
    fill(made, 100.0)
    average = WeightAverage(made, 0.999)
    fill(made, 1.0)
    for _ in range(10):
        average.follow()
    with average.in_network():
        assert value(made) < 1.01


def test_comes_back_when_something_fails_meanwhile():
    made = network()
    average = WeightAverage(made, 0.9)
    fill(made, 2.0)
    with pytest.raises(RuntimeError, match="no room"), average.in_network():
        raise RuntimeError("no room")
    assert value(made) == 2


def test_stays_in_the_network_at_the_end():
    made = network()
    fill(made, 1.0)
    average = WeightAverage(made, 0.9)
    fill(made, 2.0)
    average.follow()
    average.finish()
    assert value(made) == pytest.approx(1.9)
    with average.in_network():
        assert value(made) == pytest.approx(1.9)
