"""A U-Net is followed level by level, and stands beside the hyperbolic network of the same levels."""

import pytest
import torch

from napari_fhn.network import HyperbolicNetwork, UNet, equivalent_unet
from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.beside_unet import activations, beside_unet
from napari_fhn.network.diagnostics import energy, sensitivity


def make(architecture, seed=0, inputs=2, classes=2):
    return HyperbolicNetwork(architecture, inputs, classes, torch.Generator().manual_seed(seed))


def noise(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_activations_of_a_unet_are_those_of_its_levels():
    architecture = equivalent_unet(levels(2, 4, (2, 2, 2), 1))
    net, data = UNet(architecture, 2, 2, torch.Generator().manual_seed(0)), noise(2, 2, 8, 8)
    wanted, double = [], net._double

    def watched(state, number):
        result = double(state, number)
        wanted.append((result.square().mean() / data.square().mean()).sqrt().item())
        return result

    net._double = watched
    net.scores(data)
    del net._double
    found = activations(net, data)
    assert len(found) == 5
    assert found == pytest.approx(wanted)


def test_the_two_networks_side_by_side():
    architecture, data = levels(2, 8, (4, 8), 2), noise(1, 2, 8, 8)
    first, second = beside_unet(architecture, data, seeds=(0, 1))
    assert first != second
    assert first.states == energy(make(architecture), data).norms
    assert first.sensitivity == sensitivity(make(architecture), data)
    assert len(first.unet_states) == 3
    assert first.unet_sensitivity > 0
    with pytest.raises(ValueError, match="haar_lift"):
        beside_unet(Architecture(2, 8, (Layer("keep", 2),), haar_lift=1), data)
