"""The U-Net: any number of input channels, scores on the grid of the data, every weight in use."""

import pytest
import torch

from napari_fhn.network import UNet, UNetArchitecture


def make(dimensions, poolings, inputs=3, classes=2, **options):
    architecture = UNetArchitecture(dimensions, 4, poolings, **options)
    return UNet(architecture, inputs, classes, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("groups", [0, 4])
@pytest.mark.parametrize(
    ("dimensions", "poolings"), [(2, ()), (2, ((0, 1),)), (2, ((0,), (0, 1))), (3, ((0, 1, 2), (2,)))]
)
def test_scores_lie_on_the_grid_of_the_data(dimensions, poolings, groups):
    net = make(dimensions, poolings, inputs=7, groups=groups)
    data = torch.randn(2, 7, *[4, 6, 7][:dimensions])
    scores = net.scores(data)
    assert scores.shape == (2, 2, *data.shape[2:])
    torch.testing.assert_close(scores, net(data))
    scores.square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


def test_levels_convolutions_and_skips_are_as_described():
    net = make(2, ((0, 1), (0, 1)))
    shapes = [tuple(kernels.shape[:2]) for kernels in net.kernels]
    down = [(4, 3), (4, 4), (8, 4), (8, 8), (16, 8), (16, 16)]
    assert shapes == [*down, (8, 16 + 8), (8, 8), (4, 8 + 4), (4, 4)]
    assert not net.norms
    assert len(make(2, ((0, 1), (0, 1)), groups=2).norms) == len(shapes)


def test_gradcheck():
    net = make(2, ((0, 1),), inputs=1).double()
    data = torch.randn(1, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda data, *_: net.scores(data), (data, *net.parameters()), fast_mode=True)


def test_the_finest_level_reaches_the_scores_past_the_coarse_ones():
    net = make(2, ((0, 1),), inputs=1)
    for kernels in list(net.kernels)[2:4]:
        kernels.data.zero_()
    scores = net.scores(torch.randn(1, 1, 8, 8))
    assert scores.std() > 0.01


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_receptive_radius_bounds_what_a_score_depends_on(depth):
    net = make(2, ((0, 1),) * depth, inputs=1).double()
    for kernels in net.kernels:
        kernels.data.abs_()  # nothing is cut off by a relu
    radius = net.architecture.receptive_radius
    size = -(-(2 * radius + 8) // 4) * 4
    data = torch.rand(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    reach = []
    for at in range(size // 2, size // 2 + 4):
        (gradient,) = torch.autograd.grad(net.scores(data)[0, :, at, at].sum(), data)
        reach += ((gradient[0].abs().sum((0, 1)) > 0).nonzero() - at).abs().flatten().tolist()
    assert radius // 2 < max(reach) <= radius


def test_rates_are_relative_to_the_size_of_the_kernels():
    net = make(2, ((0, 1), (0, 1)), inputs=8, groups=2)
    groups = net.parameter_groups(0.1, 0.01)
    assert sum(len(group["params"]) for group in groups) == len(list(net.parameters()))
    for group in groups[:-2]:
        assert group["lr"] == pytest.approx(0.1 * group["params"][0].std().item(), rel=0.3)
        assert group["lr"] * group["weight_decay"] == pytest.approx(0.1 * 0.01)
    assert groups[-1]["weight_decay"] == 0
