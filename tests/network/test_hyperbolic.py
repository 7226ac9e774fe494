"""Forward then inverse returns the input; the reversible gradient is autograd's; memory does not grow with depth."""

import copy
import os
import subprocess
import sys
from itertools import product

import pytest
import torch
import torch.nn.functional as F

from napari_fhn.network import Architecture, HyperbolicNetwork, Layer, hyperbolic
from napari_fhn.network.architecture import levels
from napari_fhn.network.convolution import Portable
from napari_fhn.network.readings import Reading
from napari_fhn.network.reference import plain_scores

UP_AND_DOWN = (
    Layer("keep", 2),
    Layer("coarsen", 3),
    Layer("keep", 5),
    Layer("coarsen", 2),
    Layer("refine", 3),
    Layer("refine", 2),
)
ARCHITECTURES = [
    pytest.param(Architecture(2, 4, UP_AND_DOWN, h=0.7), id="2D"),
    pytest.param(Architecture(3, 2, (*UP_AND_DOWN[:3], Layer("refine", 2)), h=0.7), id="3D"),
    pytest.param(Architecture(2, 4, UP_AND_DOWN[:3], h=0.9), id="2D, coarser output"),
    pytest.param(Architecture(2, 4, (Layer("keep", 2), Layer("refine", 3)), h=0.9), id="2D, finer output"),
    pytest.param(Architecture(3, 8, (Layer("coarsen", 3), Layer("keep", 3)), h=0.9), id="3D, coarser output"),
]
NORMALIZED = (Layer("keep", 3), Layer("coarsen", 4), Layer("keep", 4))
VARIANTS = [
    *ARCHITECTURES,
    pytest.param(Architecture(2, 2, (Layer("coarsen", 9), Layer("keep", 12)), h=0.5), id="wide"),
    pytest.param(
        Architecture(
            3, 2, (Layer("coarsen", 3, axes=(2,)), Layer("coarsen", 3, axes=(0, 2)), Layer("refine", 2, axes=(0,)))
        ),
        id="axes of their own",
    ),
    pytest.param(
        Architecture(2, 4, (Layer("coarsen", 3, transform="shuffle"), Layer("refine", 3, transform="shuffle"))),
        id="shuffle",
    ),
    pytest.param(Architecture(2, 2, UP_AND_DOWN[:3], bias=False), id="no bias"),
    *[
        pytest.param(Architecture(2, 2, NORMALIZED, activation=activation), id=activation)
        for activation in ("leaky_relu", "softplus", "tanh")
    ],
    *[
        pytest.param(Architecture(2, 2, NORMALIZED, h=0.1, normalization=kind), id=f"{kind} normalisation")
        for kind in ("instance", "layer", "batch")
    ],
    pytest.param(Architecture(2, 8, UP_AND_DOWN[:1], haar_lift=1), id="Haar lift"),
    pytest.param(Architecture(2, 4, UP_AND_DOWN[:2], reading=Reading(channels=(9, 0))), id="embedded in channels"),
    pytest.param(Architecture(3, 2, UP_AND_DOWN[:2], reading=Reading(axis=1, at=1.0)), id="embedded in a slice"),
    pytest.param(
        Architecture(3, 2, UP_AND_DOWN[:2], reading=Reading(axis=1, at=(1.0, 0.0, 1.0))), id="embedded in slices"
    ),
    pytest.param(Architecture(3, 2, UP_AND_DOWN[:1], reading=Reading(axis=2, head="linear")), id="linear head"),
    pytest.param(
        Architecture(3, 2, UP_AND_DOWN[:1], reading=Reading(axis=2, at=(0.2, 0.9), head="linear")),
        id="linear head on slices",
    ),
]
SPACE = {2: (8, 12), 3: (4, 4, 8)}


def make(architecture, seed=0, inputs=2, classes=2):
    net = HyperbolicNetwork(architecture, inputs, min(classes, architecture.layer_channels[-1])).double()
    g = torch.Generator().manual_seed(seed)
    for parameter in net.parameters():  # larger than at the start of training, biases not zero
        parameter.data = 0.2 * torch.randn(parameter.shape, generator=g, dtype=torch.float64)
    data = torch.randn(2, inputs, *SPACE[architecture.dimensions], generator=g, dtype=torch.float64)
    return net, data


def haar_by_convolution(state):
    """W as a strided convolution that autograd understands: independent of the code under test."""
    d, c = state.ndim - 2, state.shape[1]
    low, high = torch.tensor([1.0, 1.0]), torch.tensor([1.0, -1.0])
    bands = []
    for index in range(2**d):
        filters = [high if index >> axis & 1 else low for axis in range(d)]
        kernel = filters[0]
        for f in filters[1:]:
            kernel = kernel[..., None] * f
        bands.append(kernel / 2 ** (d / 2))
    weight = torch.stack(bands)[:, None, None].expand(-1, c, 1, *[2] * d).reshape(-1, 1, *[2] * d)
    # Sub-band slowest, channel fastest; every channel goes through every band.
    convolve = {2: F.conv2d, 3: F.conv3d}[d]
    repeated = torch.cat([state] * 2**d, dim=1)
    return convolve(repeated, weight.to(state), stride=2, groups=c * 2**d)


def plain_autograd(net, data):
    """The same equation written naively, every state kept by autograd."""
    d = net.architecture.dimensions
    convolve = {2: F.conv2d, 3: F.conv3d}[d]
    transposed = {2: F.conv_transpose2d, 3: F.conv_transpose3d}[d]

    def refine(y):  # the transpose of the strided convolution, through autograd itself
        n, size = y.shape[1] // 2**d, [2 * s for s in y.shape[2:]]
        probe = torch.zeros(y.shape[0], n, *size, dtype=y.dtype, requires_grad=True)
        return torch.autograd.grad(haar_by_convolution(probe), probe, y, create_graph=True)[0]

    change = {"keep": lambda y: y, "coarsen": haar_by_convolution, "refine": refine}
    current = before = net.first_state(data)
    for layer, k, b in zip(net.architecture.layers, net.kernels, net.biases, strict=True):
        current, before = change[layer.resample](current), change[layer.resample](before)
        f = transposed(convolve(current, k, b, padding=1).relu(), k, padding=1)
        current, before = 2 * current - before - net.h**2 * f, current
    return current[:, : net.classes]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_reference_equals_the_equation_written_with_strided_convolutions(architecture):
    net, data = make(architecture)
    torch.testing.assert_close(plain_scores(net, data), plain_autograd(net, data))
    torch.testing.assert_close(plain_scores(net, data, checkpointed=True), plain_autograd(net, data))


@pytest.mark.parametrize("architecture", VARIANTS)
def test_forward_then_inverse_returns_the_input(architecture):
    net, data = make(architecture)
    seen = []
    last = net.states(data, lambda j, state: seen.append((j, state.shape)))
    assert [j for j, _ in seen] == list(range(1, len(architecture.layers) + 1))
    assert seen[-1][1] == last[0].shape
    second, first = net.invert(*last)
    torch.testing.assert_close(second, net.first_state(data))
    torch.testing.assert_close(first, net.first_state(data))


class InPlace(Portable):
    """Portable convolutions that write where they are told to, as those for a CPU do in single precision."""

    in_place = True

    def convolve(self, state, kernels, bias, out, staging, *, relu=False):
        return out.copy_(super().convolve(state, kernels, bias, None, None, relu=relu))


@pytest.mark.parametrize("architecture", VARIANTS)
def test_value_and_gradient_equal_plain_autograd(architecture, monkeypatch):
    net, data = make(architecture)
    data.requires_grad_()
    reference = plain_scores(net, data)
    adjoint = torch.randn(reference.shape, generator=torch.Generator().manual_seed(2), dtype=data.dtype)
    leaves = [data, *net.parameters()]
    wanted = torch.autograd.grad(reference, leaves, adjoint)
    assert net.invertibility_error is None
    for convolutions, keep in product((Portable(), InPlace()), ("nothing", "hidden", "states")):
        monkeypatch.setattr(hyperbolic, "choose", lambda *_, chosen=convolutions: chosen)
        net.keep = keep
        for _ in range(2):  # the second time in the arrays of the first
            ours = net(data)
            torch.testing.assert_close(ours, reference)
            for got, expected in zip(torch.autograd.grad(ours, leaves, adjoint), wanted, strict=True):
                torch.testing.assert_close(got, expected)
        assert net.invertibility_error < 1e-9
        with torch.no_grad():
            torch.testing.assert_close(net(data), reference)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_is_kept_changes_gradients_by_rounding_only(precision):
    net = HyperbolicNetwork(levels(3, 4, (3, 5, 2), 2), 1, 2, torch.Generator().manual_seed(0))
    net.precision = precision
    data = torch.randn(1, 1, 8, 4, 12)
    found = {}
    for keep in ("nothing", "hidden", "states"):
        net.keep = keep
        net.zero_grad()
        net(data).square().mean().backward()
        found[keep] = torch.cat([k.grad.flatten() for k in net.parameters()])
    size = found["states"].norm()
    assert 0 < (found["hidden"] - found["states"]).norm() < 1e-5 * size  # those of one were computed again
    assert (found["nothing"] - found["states"]).norm() < (1e-5 if precision == "float32" else 1e-2) * size


@pytest.mark.parametrize("architecture", VARIANTS)
def test_gradient_equals_central_differences(architecture):
    net, data = make(architecture)
    names = [name for name, _ in net.named_parameters()]
    leaves = [data.requires_grad_(), *net.parameters()]
    g = torch.Generator().manual_seed(3)
    direction = [torch.randn(leaf.shape, generator=g, dtype=leaf.dtype) for leaf in leaves]
    adjoint = torch.randn(net(data).shape, generator=g, dtype=data.dtype)

    def value(t):
        moved = [leaf + t * d for leaf, d in zip(leaves, direction, strict=True)]
        scores = torch.func.functional_call(net, dict(zip(names, moved[1:], strict=True)), (moved[0],))
        return (scores * adjoint).sum()

    gradients = torch.autograd.grad(value(0.0), leaves)
    slope = sum((g * d).sum() for g, d in zip(gradients, direction, strict=True))
    step = 1e-7
    with torch.no_grad():
        difference = (value(step) - value(-step)) / (2 * step)
    torch.testing.assert_close(difference, slope, rtol=1e-5, atol=1e-5)


def test_single_precision_is_invertible_to_rounding():
    net = HyperbolicNetwork(levels(2, 8, (4, 8), 8), 2, 3, torch.Generator().manual_seed(0))
    data = torch.randn(1, 2, 32, 32)
    second, first = net.invert(*net.states(data))
    assert (second - net.first_state(data)).abs().max() < 1e-4
    assert (second - first).abs().max() < 1e-4
    net(data).square().mean().backward()
    assert 0 < net.invertibility_error < 1e-5


def test_the_error_shows_a_network_beyond_its_stability_bound():
    """The free check: far beyond h^2 |K|^2 = 4 states grow until nothing is left of the input in the last two."""
    net = HyperbolicNetwork(levels(2, 8, (4, 8), 8), 2, 3, torch.Generator().manual_seed(0))
    net.h = 5.0
    net(torch.randn(1, 2, 32, 32)).square().mean().backward()
    assert not net.invertibility_error < 1e-2


def test_bfloat16_convolutions_stay_near():
    net = HyperbolicNetwork(levels(2, 8, (4, 8), 4), 2, 3, torch.Generator().manual_seed(0))
    data = torch.randn(1, 2, 32, 32)

    def gradients():
        net.zero_grad()
        scores = net(data)
        scores.square().mean().backward()
        return scores.detach(), torch.cat([k.grad.flatten() for k in net.kernels])

    exact, rounded = gradients(), None
    net.precision = "bfloat16"
    rounded = gradients()
    for a, b in zip(exact, rounded, strict=True):
        assert 0 < (a - b).norm() < 0.03 * a.norm()
    assert rounded[0].dtype == torch.float32


@pytest.mark.parametrize("dimensions", [2, 3])
def test_sizes_that_do_not_divide_are_padded_and_cropped_exactly(dimensions):
    net = HyperbolicNetwork(levels(dimensions, 4, (2, 3, 2), 1, output_level=1), 1, 2).double()
    data = torch.randn(1, 1, *[9, 6, 7][:dimensions], dtype=torch.float64)
    padded = data
    for axis, size in enumerate(data.shape[2:]):
        full = -(-size // 4) * 4
        last = padded.narrow(2 + axis, size - 1, 1)
        padded = torch.cat([padded, *[last] * (full - size)], dim=2 + axis)
    halves = (..., *(slice(0, -(-size // 2)) for size in data.shape[2:]))
    whole = (..., *(slice(0, size) for size in data.shape[2:]))
    torch.testing.assert_close(net(data), net(padded)[halves])
    torch.testing.assert_close(net.scores(data), net.scores(padded)[whole])
    assert net.scores(data).shape == (1, 2, *data.shape[2:])
    second, _ = net.invert(*net.states(data))
    torch.testing.assert_close(second, net.first_state(padded))


def test_a_map_is_read_from_a_cube_on_the_grid_of_the_map():
    reading = Reading(channels=(0, 8), axis=2, at=0.5)
    architecture = Architecture(3, 8, (Layer("keep", 2), Layer("coarsen", 3)), reading=reading)
    net = HyperbolicNetwork(architecture, 2, 2)
    data = torch.randn(1, 2, 8, 6, 11)
    assert net(data).shape == (1, 2, 4, 3)
    assert net.scores(data).shape == (1, 2, 8, 6)
    last, _ = net.states(data)
    torch.testing.assert_close(net(data), last[:, [0, 8], :, :, 2])


def test_several_slices_are_read_apart_or_as_their_mean():
    reading = Reading(axis=2, at=(0.0, 1.0))
    net = HyperbolicNetwork(Architecture(3, 2, (Layer("keep", 2),), reading=reading), 2, 2).double()
    data = torch.randn(3, 2, 4, 6, 5, dtype=torch.float64)
    last, _ = net.states(data)
    apart = net.scores(data, apart=True)
    torch.testing.assert_close(apart, torch.cat([last[..., 0], last[..., 4]]))
    torch.testing.assert_close(net.scores(data), (last[..., 0] + last[..., 4]) / 2)
    torch.testing.assert_close(net(data), net.scores(data))


def test_a_finer_output_is_averaged_to_the_grid_of_the_data():
    net = HyperbolicNetwork(Architecture(2, 8, (Layer("refine", 2),)), 2, 2)
    data = torch.randn(1, 2, 6, 4)
    assert net(data).shape == (1, 2, 12, 8)
    torch.testing.assert_close(net.scores(data), F.avg_pool2d(net(data), 2))


def test_a_prediction_between_forward_and_backward_disturbs_nothing():
    net, data = make(ARCHITECTURES[0].values[0])

    def gradient(meanwhile):
        net.zero_grad()
        scores = net(data)
        meanwhile()
        scores.square().sum().backward()
        return [p.grad.clone() for p in net.parameters()]

    def predict():
        with torch.no_grad():
            net(3 * data)

    for got, expected in zip(gradient(predict), gradient(lambda: None), strict=True):
        torch.testing.assert_close(got, expected, rtol=0, atol=0)


@pytest.mark.parametrize("keep", ["nothing", "hidden", "states"])
def test_weights_that_change_between_the_two_ways_are_noticed_as_by_autograd(keep):
    net, data = make(ARCHITECTURES[0].values[0])
    net.keep = keep
    loss = net(data).sum()
    with torch.no_grad():
        net.kernels[1].mul_(1.5)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
    net(data).sum().backward()


def test_data_of_another_shape_or_type_are_refused():
    net, data = make(ARCHITECTURES[0].values[0])
    for wrong in (data[:, :1], torch.cat([data, data], dim=1), data[0], data[..., None]):
        with pytest.raises(ValueError, match=r"data of shape \(batch, 2, height, width\), and these have"):
            net(wrong)
    with pytest.raises(ValueError, match=r"the data are float32 and the weights float64: .* data.to\(torch.float64\)"):
        net.scores(data.float())
    with pytest.raises(ValueError, match="float32"):
        net.states(data.float())


def test_frozen_weights_need_no_room_for_training():
    architecture = Architecture(2, 4, UP_AND_DOWN, h=0.7, reading=Reading(head="linear"))
    net, data = make(architecture)
    wanted = torch.autograd.grad(net(data).square().sum(), list(net.parameters()))
    [taken] = net._pool.waiting
    net.free_memory()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    for parameter in net.head:
        parameter.requires_grad_(True)
    scores = net(data)
    net(3 * data)  # works in the same arrays
    got = torch.autograd.grad(scores.square().sum(), list(net.head))
    assert 2 * net._pool.waiting[0].state == taken.state
    for gradient, expected in zip(got, wanted[-2:], strict=True):
        torch.testing.assert_close(gradient, expected)
    net.kernels[2].requires_grad_(True)
    gradients = torch.autograd.grad(net(data).square().sum(), [net.kernels[2], net.head[0]])
    torch.testing.assert_close(gradients[0], wanted[2])
    torch.testing.assert_close(gradients[1], wanted[-2])


def test_states_go_back_once():
    net, data = make(ARCHITECTURES[0].values[0])
    loss = net(data).sum()
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="evaluate the network again"):
        loss.backward()


def test_a_copy_works_in_memory_of_its_own():
    net, data = make(ARCHITECTURES[0].values[0])
    net(data).sum().backward()
    twin = copy.deepcopy(net)
    assert twin._pool is not net._pool
    torch.testing.assert_close(twin(data), net(data))


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_scores_lie_on_the_grid_of_the_data(dimensions, level):
    net = HyperbolicNetwork(levels(dimensions, 2, (2, 2, 2), 1, output_level=level), 2, 2)
    assert net.architecture.output_levels == (level,) * dimensions
    data = torch.randn(1, 2, *[8, 12, 4][:dimensions])
    scores = net.scores(data)
    assert scores.shape == data.shape
    coarse = net(data)
    assert coarse.shape[2:] == tuple(s // 2**level for s in data.shape[2:])
    # A cell's score is found again at the centre of the voxels that it covers.
    pool = {2: F.avg_pool2d, 3: F.avg_pool3d}[dimensions]
    inner = (slice(None), slice(None), *[slice(1, -1)] * dimensions)
    if level == 0:
        torch.testing.assert_close(scores, coarse)
    else:
        smooth = torch.linspace(0, 1, coarse.shape[2]).view(1, 1, -1, *[1] * (dimensions - 1)).expand_as(coarse)
        net._padded_scores = lambda *_: smooth
        torch.testing.assert_close(pool(net.scores(data), 2**level)[inner], smooth[inner])


def test_channels_and_classes_that_do_not_fit_are_refused():
    architecture = levels(2, 4, (2,), 1)
    with pytest.raises(ValueError, match="more channels"):
        HyperbolicNetwork(architecture, 5, 2)
    with pytest.raises(ValueError, match="more channels"):
        HyperbolicNetwork(architecture, 2, 5)
    with pytest.raises(ValueError, match="8 after the Haar lift"):
        HyperbolicNetwork(Architecture(2, 4, (Layer("keep", 2),), haar_lift=1), 2, 2)
    with pytest.raises(ValueError, match="2 channels named"):
        HyperbolicNetwork(Architecture(2, 4, (Layer("keep", 2),), reading=Reading(channels=(0, 1))), 2, 3)


MEASURE = """
import re, sys, torch
from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import levels
torch.set_num_threads(1)

def peak():  # of this process alone: what getrusage gives begins with the peak of the process that started it
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])

data = torch.randn(1, 2, 320, 320)
for depth in (4, 24):
    net = HyperbolicNetwork(levels(2, 16, (8,), depth), 2, 3)
    net(data[..., :64, :64]).sum().backward()
    net.free_memory()
    open("/proc/self/clear_refs", "w").write("5")  # what was the peak before does not count
    before = peak()
    net(data).square().mean().backward()
    print(peak() - before)
    del net
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory of a process the Linux way")
def test_peak_memory_is_four_states_and_hidden_layers_and_does_not_grow_with_depth():
    # Large tensors in mappings of their own: the measurement is then of what lives, not of a fragmented heap.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    run = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True, env=environment)
    one_state = 16 * 320 * 320 * 4
    shallow, deep = (int(line) * 1024 for line in run.stdout.split())
    assert shallow > 4 * one_state  # the measurement sees the states at all
    # Keeping one state more would show, and one for each of the 20 more layers would add 20.
    assert deep - shallow < 0.25 * one_state
    # Two states, two adjoints, and one for the hidden layers; three of sixteen channels of scores and their gradients.
    assert deep < 6 * one_state
