"""Any description becomes a network that training can use."""

import pytest
import torch

from napari_fhn.network import (
    HyperbolicNetwork,
    ResNet,
    UNet,
    equivalent_resnet,
    equivalent_unet,
    slim_resnet,
)
from napari_fhn.network.architecture import levels
from napari_fhn.network.build import build

PLAIN = {2: levels(2, 8, (2, 3), 2, output_level=1), 3: levels(3, 4, (2, 3), 1)}


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda architecture: architecture, HyperbolicNetwork),
        (equivalent_resnet, ResNet),
        (slim_resnet, ResNet),
        (equivalent_unet, UNet),
    ],
)
def test_builds_the_network_that_is_described(make, kind, dimensions):
    description = make(PLAIN[dimensions])
    nets = [build(description, 3, 2, torch.Generator().manual_seed(1)) for _ in range(2)]
    assert all(isinstance(net, kind) for net in nets)
    net = nets[0]
    assert (net.architecture, net.input_channels, net.classes) == (description, 3, 2)
    data = torch.randn(1, 3, *[multiple * 2 for multiple in description.multiples])
    scores = [net.to(torch.device("cpu")).eval().scores(data) for net in nets]
    assert scores[0].shape == (1, 2, *data.shape[2:])
    torch.testing.assert_close(*scores)
    # One number of a schedule moves all weights by about the same share of their size.
    held = {id(p) for group in net.parameter_groups(0.1, 0.0) for p in group["params"]}
    assert held == {id(p) for p in net.parameters()}
