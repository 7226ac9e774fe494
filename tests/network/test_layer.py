"""The layer and its adjoint, evaluated together in each of the ways, equal what autograd says of the layer."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from napari_fhn.network.convolution import Portable
from napari_fhn.network.layer import (
    Room,
    add_layer,
    add_layer_with_adjoint,
    add_stacked_layer_with_adjoint,
    layer_adjoint,
)
from napari_fhn.network.symmetric import LayerParameters, Pointwise

SIZES = [(2, 3, 8), (2, 8, 3), (3, 2, 5), (3, 5, 2)]
ACTIVATIONS = ["relu", "leaky_relu", "elu", "softplus", "tanh", "sigmoid"]
NORMALIZATIONS = ["none", "instance", "layer", "batch"]


class InPlace(Portable):
    """Portable convolutions that write where they are told to."""

    in_place = True

    def convolve(self, state, kernels, bias, out, staging, *, relu=False):
        return out.copy_(super().convolve(state, kernels, bias, None, None, relu=relu))


def draw(dimensions, m, n, normalized, batch=2, size=5, seed=0):
    g = torch.Generator().manual_seed(seed)
    space = [size + i for i in range(dimensions)]
    random = lambda *shape: torch.randn(shape, generator=g, dtype=torch.float64)  # noqa: E731
    affine = (1 + 0.3 * random(m), random(m)) if normalized else (None, None)
    return random(batch, n, *space), LayerParameters(random(m, n, *[3] * dimensions), random(m), *affine)


def hidden_for(state, m, copies=1):
    return state.new_empty(copies * state.shape[0], m, *state.shape[2:])


def evaluate(state, parameters, pointwise):
    out = torch.zeros_like(state)
    add_layer(out, state, parameters, pointwise, 1.0, Portable())
    return out


@pytest.mark.parametrize(("dimensions", "m", "n"), SIZES)
@pytest.mark.parametrize("at_state", [0, 1])
@pytest.mark.parametrize(
    ("activation", "normalization"),
    [(a, "none") for a in ACTIVATIONS] + list(itertools.product(["relu", "tanh"], NORMALIZATIONS[1:])),
)
def test_both_evaluations_equal_autograd(dimensions, m, n, at_state, activation, normalization):
    state, parameters = draw(dimensions, m, n, normalization != "none")
    pointwise = Pointwise(activation, normalization, training=True)
    adjoint = torch.randn(state.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    transposed = {2: F.conv_transpose2d, 3: F.conv_transpose3d}[dimensions]
    convolve = {2: F.conv2d, 3: F.conv3d}[dimensions]
    given = [p for p in parameters if p is not None]
    leaves = [t.clone().requires_grad_() for t in (state, *given)]
    layer = LayerParameters(*leaves[1:])
    z = convolve(leaves[0], layer.kernels, layer.bias, padding=1)
    value = transposed(pointwise.evaluate(z, layer), layer.kernels, padding=1)
    expected = torch.autograd.grad(value, leaves, adjoint)

    torch.testing.assert_close(evaluate(state, parameters, pointwise), value.detach())

    def close(gradients, of_state, of_adjoint):
        torch.testing.assert_close(of_state, 1 - 0.5 * value.detach())
        torch.testing.assert_close(of_adjoint, 1 - 0.5 * expected[0])
        for got, wanted in zip([g for g in gradients if g is not None], expected[1:], strict=True):
            torch.testing.assert_close(got, wanted)

    kept = hidden_for(state, m)
    add_layer(torch.zeros_like(state), state, parameters, pointwise, 1.0, InPlace(), Room(kept), keep=True)
    layer = parameters, pointwise, -0.5
    for z in (None, kept):
        pair = torch.cat((adjoint, state) if at_state else (state, adjoint))
        targets = torch.ones_like(pair)
        room = Room(hidden_for(state, m, 2))
        halves = targets.split(len(state))
        gradients = add_stacked_layer_with_adjoint(targets, pair, at_state, z, *layer, InPlace(), room)
        close(gradients, halves[1 - at_state], halves[at_state])

        first, second = torch.ones_like(state), torch.ones_like(state)
        z = None if z is None else z.clone()
        close(add_layer_with_adjoint((first, second), state, adjoint, z, *layer, Portable()), first, second)

    pair = torch.cat((state, adjoint))
    for ours, room in ((Portable(), Room()), (InPlace(), Room(torch.cat((kept, kept))))):
        z = kept.clone() if room.hidden is None else room.hidden[len(kept) :]
        back, gradients = layer_adjoint(pair, z, *layer[:2], ours, room)
        target = torch.ones_like(state)
        ours.add_transposed(target, back, parameters.kernels, -0.5, None)
        close(gradients, first, target)
    assert layer_adjoint(pair, kept, *layer[:2], Portable(), learns=False)[1][0] is None


@pytest.mark.parametrize(("dimensions", "m", "n"), SIZES)
def test_minus_the_layer_only_takes_energy_away(dimensions, m, n):
    """<Y, K^T relu(K Y)> >= 0: the symmetry that makes the telegraph equation stable."""
    state, parameters = draw(dimensions, m, n, normalized=False)
    assert (state * evaluate(state, parameters._replace(bias=None), Pointwise())).sum() >= 0


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_are_monotone(activation):
    """What keeps the derivative of -K^T sigma(K Y) negative semi-definite."""
    z = torch.linspace(-6, 6, 400, dtype=torch.float64).view(1, 1, -1)
    parameters = LayerParameters(torch.zeros(1, 1, 3, dtype=torch.float64))
    assert (Pointwise(activation).evaluate(z, parameters).diff() >= 0).all()


def test_batch_statistics_are_renewed_once_and_used_afterwards():
    state, parameters = draw(2, 3, 4, normalized=True)
    running = (torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64))
    pointwise = Pointwise("relu", "batch", running, training=True)
    arguments = (torch.zeros_like(state), state, parameters, pointwise, 1.0, Portable())
    add_layer(*arguments)
    assert running[0].abs().max() == 0  # the way back must not count the batch again
    add_layer(*arguments, renew=True)
    mean = F.conv2d(state, parameters.kernels, parameters.bias, padding=1).mean((0, 2, 3))
    torch.testing.assert_close(running[0], 0.1 * mean)
    later = evaluate(state, parameters, Pointwise("relu", "batch", running, training=False))
    z = F.conv2d(state, parameters.kernels, parameters.bias, padding=1)
    a = F.batch_norm(z, *running, parameters.gain, parameters.offset).relu()
    torch.testing.assert_close(later, F.conv_transpose2d(a, parameters.kernels, padding=1))
