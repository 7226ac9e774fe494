"""What a ResNet keeps is counted: autograd's own saved tensors, byte by byte."""

import pytest
import torch

from napari_fhn.network import ResNet, ResNetArchitecture, Stage
from napari_fhn.network.forecast_resnet import forecast_resnet
from napari_fhn.network.paper_compared import COMPARED

NETWORKS = [
    COMPARED["resnet1"].architecture,
    COMPARED["resnet3"].architecture,
    ResNetArchitecture(2, 6, (Stage("keep", 2, rank=3), Stage("coarsen", 2, (1,)), Stage("refine", 2, (1,))), growth=2),
]


def saved(network, data):
    """Bytes that autograd keeps between forward and backward: arrays that are kept twice count once."""
    held = {}

    def keep(tensor):
        held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        scores = network.scores(data)
    weights = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    return sum(size for place, size in held.items() if place not in weights), scores


@pytest.mark.parametrize("architecture", NETWORKS)
def test_the_states_are_those_that_autograd_keeps(architecture):
    network = ResNet(architecture, 2, 2, torch.Generator().manual_seed(0))
    block = (24, 16, 16)[: architecture.dimensions]
    kept, _scores = saved(network, torch.randn(1, 2, *block))
    told = forecast_resnet(architecture, block, input_channels=2, classes=2)
    assert told.states == pytest.approx(kept, rel=0.08)
    assert told.kernels == 4 * sum(parameter.numel() for parameter in network.parameters())


def test_predicting_keeps_nothing_and_full_rank_costs_more():
    architecture = COMPARED["resnet1"].architecture
    size = {"input_channels": 2, "classes": 2}
    training = forecast_resnet(architecture, (32, 32, 32), **size)
    assert forecast_resnet(architecture, (32, 32, 32), **size, training=False).total < 0.6 * training.total
    assert forecast_resnet(architecture, (32, 32, 32), **size, block_low_rank=False).states > 1.2 * training.states
    with pytest.raises(ValueError, match="each of 3 axes"):
        forecast_resnet(architecture, (32, 32), **size)
