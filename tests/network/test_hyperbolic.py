"""Forward then inverse returns the input; the reversible gradient is autograd's; memory does not grow with depth."""

import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from napari_fhn.network import Architecture, HyperbolicNetwork, Layer
from napari_fhn.network.architecture import levels
from napari_fhn.network.leapfrog import ReversibleSweep

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
SPACE = {2: (8, 12), 3: (4, 2, 6)}


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
    current = before = net.lift(data)
    for layer, k, b in zip(net.architecture.layers, net.kernels, net.biases, strict=True):
        current, before = change[layer.resample](current), change[layer.resample](before)
        f = transposed(convolve(current, k, b, padding=1).relu(), k, padding=1)
        current, before = 2 * current - before - net.architecture.h**2 * f, current
    return current[:, : net.classes]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_forward_then_inverse_returns_the_input(architecture):
    net, data = make(architecture)
    second, first = net.invert(*net.states(data))
    torch.testing.assert_close(second, net.lift(data))
    torch.testing.assert_close(first, net.lift(data))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_value_and_gradient_equal_plain_autograd(architecture):
    net, data = make(architecture)
    data.requires_grad_()
    ours, reference = net(data), plain_autograd(net, data)
    torch.testing.assert_close(ours, reference)
    with torch.no_grad():
        torch.testing.assert_close(net(data), reference)
    adjoint = torch.randn_like(ours)
    leaves = [data, *net.parameters()]
    for got, expected in zip(
        torch.autograd.grad(ours, leaves, adjoint),
        torch.autograd.grad(reference, leaves, adjoint),
        strict=True,
    ):
        torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_gradcheck(architecture):
    net, data = make(architecture)
    small = data[:1, :, :4, :4].clone() if architecture.dimensions == 2 else data[:1, :, :2, :2, :2].clone()
    parameters = net._parameters_in_order()
    x = net.lift(small).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x, *p: ReversibleSweep.apply(x, net.steps, *p), (x, *parameters), fast_mode=True
    )


def test_single_precision_is_invertible_to_rounding():
    net = HyperbolicNetwork(levels(2, 8, (4, 8), 8), 2, 3, torch.Generator().manual_seed(0))
    data = torch.randn(1, 2, 32, 32)
    second, first = net.invert(*net.states(data))
    assert (second - net.lift(data)).abs().max() < 1e-4
    assert (second - first).abs().max() < 1e-4


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_scores_lie_on_the_grid_of_the_data(dimensions, level):
    net = HyperbolicNetwork(levels(dimensions, 2, (2, 2, 2), 1, output_level=level), 2, 2)
    assert net.architecture.output_level == level
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
        net.forward = lambda _: smooth
        torch.testing.assert_close(pool(net.scores(data), 2**level)[inner], smooth[inner])


def test_channels_and_classes_that_do_not_fit_are_refused():
    architecture = levels(2, 4, (2,), 1)
    with pytest.raises(ValueError, match="more channels"):
        HyperbolicNetwork(architecture, 5, 2)
    with pytest.raises(ValueError, match="more channels"):
        HyperbolicNetwork(architecture, 2, 5)


MEASURE = """
import re, sys, torch
from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import levels
torch.set_num_threads(1)

def peak():  # of this process alone: what getrusage gives begins with the peak of the process that started it
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])

net = HyperbolicNetwork(levels(2, 16, (8,), int(sys.argv[1])), 2, 3)
data = torch.randn(1, 2, 512, 512)
net(data[..., :64, :64]).sum().backward()
before = peak()
net(data).square().mean().backward()
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory of a process the Linux way")
def test_peak_memory_does_not_grow_with_depth():
    def peak(depth):
        # Large tensors in mappings of their own: the measurement is then of what lives, not of a fragmented heap.
        environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
        command = [sys.executable, "-c", MEASURE, str(depth)]
        run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return int(run.stdout) * 1024

    one_state = 16 * 512 * 512 * 4
    shallow, deep = peak(4), peak(40)
    assert shallow > 2 * one_state  # the measurement sees the states at all
    # Keeping one state more would show, and one for each of the 36 more layers would add 36.
    assert deep - shallow < 0.25 * one_state
