"""Energy growth, stability and the error of the inverse as section 2.1 of the paper defines them."""

import math

import pytest
import torch

from napari_fhn.network import HyperbolicNetwork, parse
from napari_fhn.network.properties import Properties, properties


def network(h, words="2d 4: 2x3 | down 2x4 | up 2x3"):
    return HyperbolicNetwork(parse(words, h=h), 4, 2, torch.Generator().manual_seed(0)).double()


DATA = torch.randn(1, 4, 12, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_they_are_the_ratios_of_norms_that_the_paper_prints():
    net = network(0.7)
    found = properties(net, DATA, directions=2, seed=3)
    last, _ = net.states(DATA)
    assert found.growth == pytest.approx((last.norm() / DATA.norm()).item())
    generator = torch.Generator().manual_seed(3)
    expected = []
    for _ in range(2):
        noise = torch.randn(DATA.shape, generator=generator, dtype=DATA.dtype)
        noise = 0.1 * DATA.norm() * noise / noise.norm()
        expected.append(((net.states(DATA + noise)[0] - last).norm() / noise.norm()).item())
    assert found.stability == pytest.approx(expected)
    assert found.mean_stability == pytest.approx(sum(expected) / 2)
    assert found.inversion < 1e-12


def test_a_small_time_step_keeps_energy_and_a_large_one_does_not():
    small, large = properties(network(0.05), DATA), properties(network(3.0), DATA)
    assert small.growth == pytest.approx(1, abs=0.02)
    assert small.mean_stability == pytest.approx(1, abs=0.02)
    assert large.growth > 10
    assert large.inversion > small.inversion


def test_states_that_run_over_are_infinite():
    found = properties(network(100.0, "2d 4: 90x4"), DATA)
    assert found.growth == math.inf
    assert Properties(1.0, (1.0, 1.0), 0.0).spread_of_stability == 0
