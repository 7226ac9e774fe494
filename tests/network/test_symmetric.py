"""K^T is the adjoint of K, and the stacked evaluation equals what autograd says of the layer."""

import pytest
import torch
import torch.nn.functional as F

from napari_fhn.network.symmetric import (
    apply_k,
    apply_k_transposed,
    symmetric_layer,
    symmetric_layer_with_adjoint,
)


def draw(dimensions, m, n, batch=2, size=5, seed=0):
    g = torch.Generator().manual_seed(seed)
    space = [size + i for i in range(dimensions)]
    return (
        torch.randn(batch, n, *space, generator=g, dtype=torch.float64),
        torch.randn(batch, m, *space, generator=g, dtype=torch.float64),
        torch.randn(m, n, *[3] * dimensions, generator=g, dtype=torch.float64),
        torch.randn(m, generator=g, dtype=torch.float64),
    )


cases = pytest.mark.parametrize(("dimensions", "m", "n"), [(2, 3, 8), (2, 8, 3), (3, 2, 5), (3, 5, 2)])


@cases
def test_dot_test(dimensions, m, n):
    state, hidden, kernels, _ = draw(dimensions, m, n)
    left = (apply_k(state, kernels) * hidden).sum()
    right = (state * apply_k_transposed(hidden, state, kernels)).sum()
    torch.testing.assert_close(left, right)


@cases
def test_adjoint_is_the_transposed_convolution(dimensions, m, n):
    state, hidden, kernels, _ = draw(dimensions, m, n)
    transposed = {2: F.conv_transpose2d, 3: F.conv_transpose3d}[dimensions]
    torch.testing.assert_close(apply_k_transposed(hidden, state, kernels), transposed(hidden, kernels, padding=1))


@cases
def test_stacked_evaluation_equals_autograd(dimensions, m, n):
    state, _, kernels, bias = draw(dimensions, m, n)
    adjoint = torch.randn_like(state)
    transposed = {2: F.conv_transpose2d, 3: F.conv_transpose3d}[dimensions]
    convolve = {2: F.conv2d, 3: F.conv3d}[dimensions]

    leaves = [t.clone().requires_grad_() for t in (state, kernels, bias)]
    value = transposed(convolve(leaves[0], leaves[1], leaves[2], padding=1).relu(), leaves[1], padding=1)
    expected = torch.autograd.grad(value, leaves, adjoint)

    out, kernels_gradient, bias_gradient = symmetric_layer_with_adjoint(torch.cat((state, adjoint)), kernels, bias)
    batch = len(state)
    torch.testing.assert_close(out[:batch], expected[0])
    torch.testing.assert_close(out[batch:], value.detach())
    torch.testing.assert_close(symmetric_layer(state, kernels, bias), value.detach())
    torch.testing.assert_close(kernels_gradient, expected[1])
    torch.testing.assert_close(bias_gradient, expected[2])


@cases
def test_minus_the_layer_only_takes_energy_away(dimensions, m, n):
    """<Y, K^T relu(K Y)> >= 0: the symmetry that makes the telegraph equation stable."""
    state, _, kernels, bias = draw(dimensions, m, n)
    assert (state * symmetric_layer(state, kernels, torch.zeros_like(bias))).sum() >= 0
