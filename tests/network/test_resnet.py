"""The symmetric ResNet computes the formula of appendix A.1, with its gradient, on the grid of the data."""

import pytest
import torch
import torch.nn.functional as F

from napari_fhn.network import ResNet, ResNetArchitecture, Stage
from napari_fhn.network.comparison import map_axis
from napari_fhn.network.readings import Reading
from napari_fhn.network.resnet import symmetric_step

DOUBLE = torch.float64
SPACE = {2: (6, 4), 3: (2, 4, 3)}


def make(dimensions, *stages, channels=4, inputs=2, classes=3, **options):
    generator = torch.Generator().manual_seed(0)
    net = ResNet(ResNetArchitecture(dimensions, channels, stages, **options), inputs, classes, generator).double()
    for bias in net.biases:
        bias.data.normal_(generator=generator)
    return net


def written_out(state, kernels, bias, h):
    """The formula with autograd's own convolutions."""
    convolve, transposed = (F.conv2d, F.conv_transpose2d) if state.ndim == 4 else (F.conv3d, F.conv_transpose3d)
    return state - h * transposed(convolve(state, kernels, bias, padding=1).relu(), kernels, padding=1)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_one_step_with_square_k_is_the_formula(dimensions):
    torch.manual_seed(0)
    state = torch.randn(2, 3, *SPACE[dimensions], dtype=DOUBLE, requires_grad=True)
    kernels = torch.randn(3, 3, *[3] * dimensions, dtype=DOUBLE, requires_grad=True)
    bias = torch.randn(3, dtype=DOUBLE, requires_grad=True)
    leaves = (state, kernels, bias)
    ours, reference = symmetric_step(*leaves, 0.3), written_out(*leaves, 0.3)
    torch.testing.assert_close(ours, reference)
    adjoint = torch.randn_like(ours)
    for got, expected in zip(
        torch.autograd.grad(ours, leaves, adjoint), torch.autograd.grad(reference, leaves, adjoint), strict=True
    ):
        torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_gradcheck_of_a_step(dimensions):
    torch.manual_seed(0)
    state = torch.randn(1, 2, *[2, 3, 2][:dimensions], dtype=DOUBLE, requires_grad=True)
    kernels = torch.randn(2, 2, *[3] * dimensions, dtype=DOUBLE, requires_grad=True)
    bias = torch.randn(2, dtype=DOUBLE, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *leaves: symmetric_step(*leaves, 0.7), (state, kernels, bias))


def test_gradcheck_of_a_network():
    net = make(2, Stage("keep", 1), Stage("coarsen", 2), Stage("refine", 1), channels=2, growth=2)
    data = torch.randn(1, 2, 4, 4, dtype=DOUBLE, requires_grad=True)
    parameters = list(net.parameters())
    assert torch.autograd.gradcheck(lambda data, *_: net.scores(data), (data, *parameters), fast_mode=True)


def test_the_network_is_its_layers_one_after_the_other():
    net = make(2, Stage("keep", 1), Stage("coarsen", 2), Stage("refine", 1), growth=2, h=0.5)
    data = torch.randn(1, 2, 8, 4, dtype=DOUBLE)
    k, b = list(net.kernels), list(net.biases)
    state = written_out(torch.cat([data, data], dim=1), k[0], b[0], 0.5)
    state = F.conv2d(F.max_pool2d(state, 2), k[1], b[1], padding=1).relu()
    state = written_out(state, k[2], b[2], 0.5)
    state = F.conv2d(state.repeat_interleave(2, 2).repeat_interleave(2, 3), k[3], b[3], padding=1).relu()
    torch.testing.assert_close(net(data), torch.einsum("bnij,cn->bcij", state, net.reading))
    assert [tuple(kernels.shape[:2]) for kernels in k] == [(4, 4), (8, 4), (8, 8), (4, 8)]


@pytest.mark.parametrize("axes", [None, (0,)])
@pytest.mark.parametrize("growth", [None, 1, 2])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_scores_lie_on_the_grid_of_the_data(dimensions, growth, axes):
    net = make(dimensions, Stage("keep", 1), Stage("coarsen", 2, axes), Stage("coarsen", 1, axes), growth=growth)
    data = torch.randn(2, 2, *[8, 9, 6][:dimensions], dtype=DOUBLE)
    scores = net.scores(data)
    assert scores.shape == (2, 3, *data.shape[2:])
    torch.testing.assert_close(net(data), scores)
    scores.sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


@pytest.mark.parametrize("stages", [(2,), (1, 2), (2, 1, 2)])
def test_receptive_radius_bounds_what_a_score_depends_on(stages):
    net = make(2, *(Stage("coarsen" if level else "keep", steps) for level, steps in enumerate(stages)), growth=2)
    radius = net.architecture.receptive_radius
    size = -(-(2 * radius + 8) // 4) * 4
    data = torch.rand(1, 2, size, size, dtype=DOUBLE, requires_grad=True)
    reach = []
    for at in range(size // 2, size // 2 + 4):  # wherever the voxel lies in its coarse cell
        (gradient,) = torch.autograd.grad(net.scores(data)[0, :, at, at].sum(), data)
        reach += ((gradient[0].abs().sum((0, 1)) > 0).nonzero() - at).abs().flatten().tolist()
    assert radius // 2 < max(reach) <= radius


def test_odd_sizes_are_padded_with_what_lies_at_the_end():
    net = make(2, Stage("keep", 1), Stage("coarsen", 2))
    data = torch.randn(1, 2, 6, 5, dtype=DOUBLE)
    longer = torch.cat([data, data[..., -1:]], dim=-1)
    torch.testing.assert_close(net.scores(data), net.scores(longer)[..., :5])


def test_kernels_start_inside_the_stability_bound_and_learn_relative_to_their_size():
    net = make(2, Stage("keep", 2), Stage("coarsen", 2), channels=16)
    for kernels in net.kernels:
        if kernels.shape[0] == kernels.shape[1]:
            state = torch.randn(1, kernels.shape[1], 16, 16, dtype=DOUBLE)
            for _ in range(20):  # the power method for |K|^2
                state = state / state.norm()
                state = F.conv_transpose2d(F.conv2d(state, kernels, padding=1), kernels, padding=1)
            assert 0.3 < state.norm() < 2
    groups = net.parameter_groups(0.1, 0.01)
    assert sum(len(group["params"]) for group in groups) == len(list(net.parameters()))
    for group in groups[:-1]:
        size = group["params"][0].std().item()
        assert group["lr"] == pytest.approx(0.1 * size, rel=0.3)
        assert group["lr"] * group["weight_decay"] == pytest.approx(0.1 * 0.01)
    assert groups[-1]["weight_decay"] == 0


def test_one_seed_gives_one_network():
    first, second = make(2, Stage("keep", 1)), make(2, Stage("keep", 1))
    torch.testing.assert_close(first.state_dict(), second.state_dict())


def test_more_data_than_channels_are_refused():
    with pytest.raises(ValueError, match="more channels"):
        make(2, Stage("keep", 1), channels=4, inputs=5)


def test_a_block_rank_leaves_fewer_rows_in_k_and_the_change_of_channels_as_it_is():
    net = make(2, Stage("keep", 1, rank=2), Stage("coarsen", 2, rank=3, channels=6))
    data = torch.randn(1, 2, 8, 4, dtype=DOUBLE)
    k, b = list(net.kernels), list(net.biases)
    assert [tuple(kernels.shape[:2]) for kernels in k] == [(2, 4), (6, 4), (3, 6)]
    state = written_out(torch.cat([data, data], dim=1), k[0], b[0], 1.0)
    state = F.conv2d(F.max_pool2d(state, 2), k[1], b[1], padding=1).relu()
    state = written_out(state, k[2], b[2], 1.0)
    read = torch.einsum("bnij,cn->bcij", state, net.reading)
    torch.testing.assert_close(net(data), F.interpolate(read, size=(8, 4), mode="bilinear"))


def test_classes_are_read_from_channels_and_slices_as_in_the_hyperbolic_network():
    reading = Reading(channels=(0, 8, 3), axis=2, at=(0.0, 1.0))
    net = make(3, Stage("keep", 1), Stage("coarsen", 1), reading=reading)
    assert net.reading is None
    assert map_axis(net.architecture) == 2
    data = torch.randn(2, 2, 4, 6, 5, dtype=DOUBLE)
    apart, together = net.scores(data, apart=True), net.scores(data)
    assert apart.shape == (4, 3, 4, 6)
    torch.testing.assert_close(together, (apart[:2] + apart[2:]) / 2)
    together.sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


@pytest.mark.parametrize(
    ("reading", "words"),
    [(Reading(channels=(0, 1)), "3 classes cannot be read from 2"), (Reading(), "channels of a state that has 2")],
)
def test_channels_that_the_classes_do_not_have_are_refused(reading, words):
    with pytest.raises(ValueError, match=words):
        make(2, Stage("keep", 1), channels=2, reading=reading)
