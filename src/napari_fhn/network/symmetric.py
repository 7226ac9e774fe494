r"""The block-low-rank symmetric layer ``f(Y) = K^T sigma(K Y + b)`` and what the backward sweep needs of it.

``K`` holds ``m`` (the block rank) times ``n`` (channels) small convolution kernels. ``m < n`` makes ``K^T K`` a block
matrix of low rank: a layer stores ``m * n`` kernels where a general one stores ``n * n`` (Peters, Haber & Lensink 2024,
section 2.2). The convolutions are zero-padded, so ``K^T`` is the exact adjoint of ``K``.

``K^T`` runs through ``aten.convolution_backward`` and not ``conv_transpose``: on CPUs the first reaches the speed of
the forward convolution while the second is over ten times slower, and one call also returns the gradient of ``K``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def _convolution_adjoint(
    hidden: Tensor, state: Tensor, kernels: Tensor, gradient_too: bool
) -> tuple[Tensor, Tensor | None]:
    """Return ``K^T hidden`` and, on request, the gradient of ``<hidden, K state>`` with respect to ``K``."""
    d = state.ndim - 2
    back, gradient, _ = torch.ops.aten.convolution_backward(
        hidden,
        state,
        kernels,
        None,
        [1] * d,
        [1] * d,
        [1] * d,
        False,
        [0] * d,
        1,
        [True, gradient_too, False],
    )
    return back, gradient


def apply_k(state: Tensor, kernels: Tensor) -> Tensor:
    """Apply ``K``.

    Parameters
    ----------
    state : Tensor
        ``(batch, n, *space)``.
    kernels : Tensor
        ``(m, n, 3, 3[, 3])``.

    Returns
    -------
    Tensor
        ``(batch, m, *space)``.
    """
    convolve = F.conv3d if state.ndim == 5 else F.conv2d
    return convolve(state, kernels, padding=1)


def apply_k_transposed(hidden: Tensor, state: Tensor, kernels: Tensor) -> Tensor:
    """Apply ``K^T``.

    Parameters
    ----------
    hidden : Tensor
        ``(batch, m, *space)``.
    state : Tensor
        ``(batch, n, *space)``; only its shape and memory layout are used.
    kernels : Tensor
        ``(m, n, 3, 3[, 3])``.

    Returns
    -------
    Tensor
        ``(batch, n, *space)``.
    """
    return _convolution_adjoint(hidden, state, kernels, gradient_too=False)[0]


def symmetric_layer(state: Tensor, kernels: Tensor, bias: Tensor) -> Tensor:
    """Return ``K^T relu(K state + b)``, shaped like ``state`` (no autograd history)."""
    hidden = apply_k(state, kernels)
    hidden.add_(_per_channel(bias, hidden)).relu_()
    return apply_k_transposed(hidden, state, kernels)


def symmetric_layer_with_adjoint(pair: Tensor, kernels: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r"""Evaluate the layer at a state and its derivative's adjoint at an adjoint state, in two convolution calls.

    Parameters
    ----------
    pair : Tensor
        ``(2 * batch, n, *space)``: the state ``P`` stacked on an adjoint ``G`` along the batch axis.
    kernels, bias : Tensor
        ``(m, n, 3, 3[, 3])`` and ``(m,)``.

    Returns
    -------
    pair_out : Tensor
        ``(2 * batch, n, *space)``: ``K^T (sigma'(z) * K G)`` stacked on ``K^T sigma(z)``, where ``z = K P + b``. Note
        the order: the adjoint comes first.
    kernels_gradient, bias_gradient : Tensor
        Gradient of ``<G, f(P)>`` with respect to the kernels and the bias.
    """
    batch = pair.shape[0] // 2
    hidden = apply_k(pair, kernels)
    at_state, at_adjoint = hidden[:batch], hidden[batch:]
    at_state.add_(_per_channel(bias, at_state))
    active = at_state > 0
    at_adjoint.mul_(active)
    bias_gradient = at_adjoint.sum(dim=(0, *range(2, pair.ndim)))
    activation = at_state.relu()
    # <G, K^T sigma(KP + b)> varies with K through both factors: correlate G with sigma(z), and P with sigma'(z) * KG.
    # With the hidden layers exchanged, one batched call returns both adjoints and the sum of both gradients.
    at_state.copy_(at_adjoint)
    at_adjoint.copy_(activation)
    out, kernels_gradient = _convolution_adjoint(hidden, pair, kernels, gradient_too=True)
    assert kernels_gradient is not None
    return out, kernels_gradient, bias_gradient


def _per_channel(bias: Tensor, like: Tensor) -> Tensor:
    return bias.view(1, -1, *([1] * (like.ndim - 2)))
