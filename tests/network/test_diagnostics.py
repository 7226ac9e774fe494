"""Diagnostics against what is known exactly: dense matrices, a linear layer, layers that do nothing."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.diagnostics import (
    _POTENTIALS,
    BOUND,
    Stability,
    energy,
    invertibility,
    kernel_norms,
    over_time_step,
    random_over_time_step,
    sensitivity,
    stability,
)
from napari_fhn.network.symmetric import _ACTIVATIONS

EXACTLY = {"iterations": 3000, "tolerance": 1e-14}
RESAMPLED = (
    Layer("keep", 2),
    Layer("coarsen", 3),
    Layer("coarsen", 3, axes=(1,)),
    Layer("refine", 2, transform="shuffle"),
)


def make(architecture, seed=0, inputs=2, classes=2):
    return HyperbolicNetwork(architecture, inputs, classes, torch.Generator().manual_seed(seed))


def noise(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def repeated(depth, rank=4, **options):
    """The same layer again and again: what the bound of the leapfrog is about."""
    net = make(Architecture(2, 4, (Layer("keep", rank),) * depth, **options)).double()
    for kernels in net.kernels:
        kernels.data.copy_(net.kernels[0].data)
    return net


def linear(depth, h):
    """A ReLU layer that is linear, relu(z) - relu(-z) = z, at a part ``h`` of the time step where it turns unstable."""
    net, half = repeated(depth, rank=8), repeated(1)
    for kernels in net.kernels:
        kernels.data.copy_(torch.cat([half.kernels[0], -half.kernels[0]]))
    net.h = h * math.sqrt(BOUND) / kernel_norms(half, size=8, **EXACTLY)[0]
    return net


@pytest.mark.parametrize(("dimensions", "size"), [(2, 5), (3, 3)])
@pytest.mark.parametrize("rank", [2, 7])
def test_kernel_norms_equal_those_of_dense_matrices(dimensions, size, rank):
    net = make(Architecture(dimensions, 3, (Layer("keep", rank), Layer("coarsen", rank)))).double()
    convolve = {2: F.conv2d, 3: F.conv3d}[dimensions]
    for kernels, norm in zip(net.kernels, kernel_norms(net, size=size, **EXACTLY), strict=True):
        n = kernels.shape[1]
        basis = torch.eye(n * size**dimensions, dtype=torch.float64).view(-1, n, *[size] * dimensions)
        matrix = convolve(basis, kernels, padding=1).flatten(1)
        assert norm == pytest.approx(torch.linalg.matrix_norm(matrix, 2).item(), rel=1e-6)


def test_kernel_norms_rise_with_the_grid_to_the_largest_of_the_spectrum():
    net = make(levels(2, 8, (4, 8), 2)).double()
    spectra = [torch.fft.fft2(kernels, s=(64, 64)).permute(2, 3, 0, 1) for kernels in net.kernels]
    small, large = kernel_norms(net, size=4, **EXACTLY), kernel_norms(net)
    for low, high, spectrum in zip(small, large, spectra, strict=True):
        most = torch.linalg.matrix_norm(spectrum, 2).max().item()
        assert low < high < most < 1.03 * high


def test_kernel_norms_of_nothing_are_nothing():
    net = make(Architecture(2, 4, (Layer("keep", 2),)))
    net.kernels[0].data.zero_()
    assert stability(net).largest_h == math.inf
    assert kernel_norms(net) == (0.0,)


def test_stability_is_h_squared_times_the_norm_squared():
    net = make(levels(2, 8, (4, 8), 1))
    net.kernels[1].data *= 3
    net.h = 0.5
    found = stability(net)
    assert found.norms == kernel_norms(net)
    assert found.numbers == pytest.approx([(0.5 * norm) ** 2 for norm in found.norms])
    assert max(found.numbers) == found.numbers[1]
    assert Stability(0.999 * found.largest_h, found.norms).stable
    at_the_bound = Stability(found.largest_h, found.norms)
    assert max(at_the_bound.numbers) == pytest.approx(BOUND)
    assert not Stability(1.001 * found.largest_h, found.norms).stable


def test_states_of_a_linear_layer_are_bounded_below_the_bound_and_grow_exponentially_beyond_it():
    data = noise(1, 2, 8, 8)
    assert energy(linear(400, 0.98), data).growth < 3
    beyond = energy(linear(60, 1.05), data).norms
    assert beyond[-1] > 1e6
    # The root of r + 1/r = 2 - h^2 |K|^2 is the factor of one step.
    half = 1 - BOUND * 1.05**2 / 2
    assert beyond[-1] / beyond[-2] == pytest.approx(abs(half - math.sqrt(half**2 - 1)), rel=1e-3)


@pytest.mark.parametrize("activation", list(_POTENTIALS))
def test_energy_of_a_repeated_layer_is_conserved_to_second_order(activation):
    def drift(h):
        total = energy(repeated(round(8 / h), h=h, activation=activation), 3 * noise(1, 2, 8, 8)).total
        return (max(total) - min(total)) / total[0]

    coarse, fine = drift(0.4), drift(0.1)
    assert coarse < 0.1
    assert coarse / fine == pytest.approx(16, rel=0.4)


def test_energy_of_a_repeated_layer_grows_beyond_the_bound():
    net = repeated(60, activation="elu")
    largest = stability(net, size=8).largest_h
    net.h = 0.9 * largest
    bounded = energy(net, noise(1, 2, 8, 8)).total
    net.h = 1.6 * largest
    unbounded = energy(net, noise(1, 2, 8, 8)).total
    assert max(bounded) < 2 * bounded[0]
    assert unbounded[-1] > 1e3 * unbounded[0]


@pytest.mark.parametrize("activation", list(_POTENTIALS))
def test_potentials_are_antiderivatives(activation):
    z = torch.linspace(-6, 6, 101, dtype=torch.float64, requires_grad=True)
    slope = torch.autograd.grad(_POTENTIALS[activation](z).sum(), z)[0]
    torch.testing.assert_close(slope, _ACTIVATIONS[activation](z.detach()))


def test_layers_that_do_nothing_keep_norm_and_energy_at_every_resolution():
    net = make(Architecture(2, 4, RESAMPLED))
    for kernels in net.kernels:
        kernels.data.zero_()
    found = energy(net, noise(2, 2, 8, 12))
    assert found.norms == pytest.approx((1.0,) * 4, abs=1e-6)
    assert found.total == pytest.approx((0.0,) * 4, abs=1e-10)


def test_energy_of_the_first_step_by_hand():
    net = make(Architecture(2, 4, RESAMPLED[:1], h=0.7)).double()
    net.biases[0].data.fill_(0.1)
    first = net.first_state(noise(1, 2, 8, 8).double())
    z = F.conv2d(first, net.kernels[0], net.biases[0], padding=1)
    f = F.conv_transpose2d(z.relu(), net.kernels[0], padding=1)
    found = energy(net, noise(1, 2, 8, 8))
    size = first.square().sum().item()
    assert found.norms[0] ** 2 == pytest.approx((first - 0.49 * f).square().sum().item() / size)
    assert found.kinetic[0] == pytest.approx(0.49 * f.square().sum().item() / 8 / size)
    assert found.potential == pytest.approx([z.relu().square().sum().item() / 2 / size])


@pytest.mark.parametrize("options", [{"normalization": "instance"}, {"activation": "softplus"}])
def test_where_there_is_no_potential_there_is_no_energy(options):
    found = energy(make(Architecture(2, 4, RESAMPLED, **options)), noise(1, 2, 8, 8))
    assert found.potential is None
    assert found.total is None
    assert len(found.kinetic) == len(found.norms) == 4


def test_what_runs_over_has_grown_without_bound():
    net = make(Architecture(2, 4, (Layer("keep", 4),) * 40, h=30.0))
    assert energy(net, noise(1, 2, 8, 8)).growth == math.inf


def test_rounding_is_all_that_is_lost_and_grows_with_the_time_step():
    net = make(levels(2, 8, (8, 16), 4))
    data = noise(1, 2, 16, 16)
    errors = {}
    for h in (0.2, 2.0, 3.0):
        net.h = h
        found = errors[h] = invertibility(net, data)
        for part in ("from_data", "from_each_other"):
            single, double = getattr(found.single, part), getattr(found.double, part)
            assert 1e-10 < double / single < 1e-7
    assert errors[0.2].single.from_data < 1e-5
    assert errors[0.2].double.from_data < 1e-14
    for precision in ("single", "double"):
        low, middle, high = (getattr(errors[h], precision).from_data for h in (0.2, 2.0, 3.0))
        assert 10 * low < middle < high / 10


def test_the_round_trip_is_measured_against_the_data_and_without_them_as_a_training_step_does():
    net = make(levels(2, 8, (8, 16), 4))
    net.h = 2.5
    data = noise(1, 2, 16, 16)
    first = net.first_state(data)
    second, earlier = net.invert(*net.states(data))
    found = invertibility(net, data).single
    assert found.from_data == pytest.approx(((second - first).norm() / first.norm()).item(), rel=1e-3)
    assert found.from_each_other == pytest.approx(((earlier - second).norm() / second.norm()).item(), rel=1e-3)
    assert abs(found.from_data / found.from_each_other - 1) > 0.02
    net(data).square().mean().backward()
    ratio = net.invertibility_error / invertibility(net, data).single.from_each_other
    assert 0.2 < ratio < 5


def test_sensitivity_of_a_network_that_passes_its_data_on_is_one():
    net = make(Architecture(2, 4, RESAMPLED[:1] * 3))
    for kernels in net.kernels:
        kernels.data.zero_()
    assert sensitivity(net, noise(1, 2, 8, 8)) == pytest.approx(1)


def test_sensitivity_does_not_depend_on_the_size_of_the_data_where_the_network_is_homogeneous():
    net, data = make(levels(2, 8, (4, 8), 2)), noise(1, 2, 16, 16)
    assert sensitivity(net, 100 * data) == pytest.approx(sensitivity(net, data))
    assert sensitivity(net, data, directions=8) >= sensitivity(net, data, directions=1)


def test_over_time_step_follows_one_network():
    net, data = make(levels(2, 8, (8, 16), 4)), noise(1, 2, 16, 16)
    found = over_time_step(net, data, (0.5, 2.0, 4.0))
    assert found.h == (0.5, 2.0, 4.0)
    largest = max(kernel_norms(net))
    assert found.numbers == pytest.approx([(h * largest) ** 2 for h in found.h])
    assert found.numbers[0] < BOUND < found.numbers[2]
    assert found.growth[0] < 2
    assert found.growth[2] > 1e3
    net.h = 2.0
    assert found.growth[1] == pytest.approx(energy(net, data).growth, rel=1e-4)
    assert found.sensitivity[1] == pytest.approx(sensitivity(net, data))
    assert found.double[1] == invertibility(net, data).double.from_data
    assert found.single[1] == invertibility(net, data).single.from_data
    assert list(found.single) == sorted(found.single)


def test_random_networks_differ_by_seed():
    architecture, data = levels(2, 8, (4, 8), 1), noise(1, 2, 8, 8)
    first, second = random_over_time_step(architecture, data, (0.5, 1.0), seeds=(3, 4))
    assert first == random_over_time_step(architecture, data, (0.5, 1.0), seeds=(3,))[0]
    assert first.growth != second.growth


@pytest.mark.parametrize(
    "look",
    [
        energy,
        invertibility,
        sensitivity,
        lambda net, data: stability(net),
        lambda net, data: over_time_step(net, data, (0.1, 3.0)),
    ],
)
def test_the_network_stays_as_it_is(look):
    net = make(Architecture(2, 4, RESAMPLED, h=0.3, normalization="batch"))
    before = copy.deepcopy(net.state_dict())
    look(net, noise(1, 2, 8, 8))
    assert net.h == 0.3
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
