r"""The leapfrog sweep, its inverse, and the reversible backward sweep.

One layer is one leapfrog step of the non-linear telegraph equation (Peters, Haber & Lensink 2024, eq. 2.5 and 2.6):

.. math:: Y_j = 2 W Y_{j-1} - W Y_{j-2} - h^2 K_j^T \sigma(K_j W Y_{j-1} + b_j), \qquad Y_1 = Y_2 = X

with ``W`` the Haar transform, its inverse, or the identity. Given the last two states every earlier one follows by
reading the same equation for ``Y_{j-2}`` (eq. 2.9), so training keeps no state of any layer.

The backward sweep is a leapfrog too. Write ``P = W Y_{j-1}``, ``G`` for the adjoint of ``Y_j`` and ``H`` for *minus*
the adjoint of ``P`` as it arrives from later layers. Then

.. math:: Q = 2 P - Y_j - h^2 K^T \sigma(K P + b), \qquad G' = 2 G - H - h^2 K^T (\sigma'(K P + b) \odot K G)

with ``W^T Q = Y_{j-2}``, ``W^T G'`` the adjoint of ``Y_{j-1}`` and ``W^T G`` minus that of ``Y_{j-2}``: state and
adjoint obey one recursion and travel stacked along the batch axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from napari_fhn.network.architecture import Resample
from napari_fhn.network.haar import coarsen, refine
from napari_fhn.network.symmetric import symmetric_layer, symmetric_layer_with_adjoint


@dataclass(frozen=True)
class Step:
    """One layer as the sweep sees it: how the resolution changes before it, and the squared time step ``h**2``."""

    resample: Resample
    h_squared: float


def _transform(state: Tensor, resample: Resample) -> Tensor:
    if resample == "coarsen":
        return coarsen(state)
    return refine(state) if resample == "refine" else state


def _transform_back(state: Tensor, resample: Resample) -> Tensor:
    if resample == "coarsen":
        return refine(state)
    return coarsen(state) if resample == "refine" else state


def _stacked(state: Tensor, adjoint: Tensor | None) -> Tensor:
    """Stack a state on an adjoint (zero when None) along the batch axis, channels last, in one allocation."""
    layout = torch.channels_last_3d if state.ndim == 5 else torch.channels_last
    shape = (2 * state.shape[0], *state.shape[1:])
    out = torch.empty(shape, dtype=state.dtype, device=state.device, memory_format=layout)
    out[: state.shape[0]].copy_(state)
    if adjoint is None:
        out[state.shape[0] :].zero_()
    else:
        out[state.shape[0] :].copy_(adjoint)
    return out


def channels_last(state: Tensor) -> Tensor:
    """Return the state with channels last in memory, which the convolutions of every backend prefer."""
    layout = torch.channels_last_3d if state.ndim == 5 else torch.channels_last
    return state.contiguous(memory_format=layout)


@torch.no_grad()
def forward_sweep(x: Tensor, steps: Sequence[Step], parameters: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Run the network.

    Parameters
    ----------
    x : Tensor
        ``(batch, n, *space)``, the lifted input ``X = Y_1 = Y_2``.
    steps : sequence of Step
        One for each layer.
    parameters : sequence of Tensor
        ``K_1, b_1, K_2, b_2, ...``

    Returns
    -------
    last, before : Tensor
        ``Y_J`` and ``W Y_{J-1}``, at the resolution of the last layer.
    """
    current = channels_last(x)
    before = current
    for step, kernels, bias in zip(steps, parameters[0::2], parameters[1::2], strict=True):
        shared = before is current
        current = _transform(current, step.resample)
        before = current if shared else _transform(before, step.resample)
        following = symmetric_layer(current, kernels, bias)
        following.mul_(-step.h_squared).add_(current, alpha=2).sub_(before)
        before, current = current, following
    return current, before


@torch.no_grad()
def inverse_sweep(
    last: Tensor, before: Tensor, steps: Sequence[Step], parameters: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """Undo :func:`forward_sweep` (eq. 2.9).

    Parameters
    ----------
    last, before : Tensor
        ``Y_J`` and ``W Y_{J-1}``.
    steps, parameters
        As in :func:`forward_sweep`.

    Returns
    -------
    Tensor, Tensor
        ``Y_2`` and ``Y_1``. Both equal ``X`` up to rounding; their difference is a free check of invertibility.
    """
    following, current = last, before
    layers = list(zip(steps, parameters[0::2], parameters[1::2], strict=True))
    for step, kernels, bias in reversed(layers):
        earlier = symmetric_layer(current, kernels, bias)
        earlier.mul_(-step.h_squared).add_(current, alpha=2).sub_(following)
        following = _transform_back(current, step.resample)
        current = _transform_back(earlier, step.resample)
    return following, current


class ReversibleSweep(torch.autograd.Function):
    """The whole network as one differentiable function that keeps two states, whatever its depth."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, steps: Sequence[Step], *parameters: Tensor) -> Tensor:
        """Return ``Y_J`` for the lifted input ``x``, keeping only ``Y_J`` and ``Y_{J-1}``."""
        last, before = forward_sweep(x, steps, parameters)
        ctx.steps = steps
        ctx.save_for_backward(last, before, *parameters)
        return last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Recompute the states from the last two while the adjoint travels back."""
        last, before, *parameters = ctx.saved_tensors
        batch = last.shape[0]
        # `pair` is [P; G], `behind` is [Y_j; H]: see the top of this file. H starts as zero.
        pair, behind = _stacked(before, gradient), _stacked(last, None)
        gradients: list[Tensor | None] = [None] * len(parameters)
        for j in reversed(range(len(ctx.steps))):
            step, kernels, bias = ctx.steps[j], parameters[2 * j], parameters[2 * j + 1]
            out, kernels_gradient, bias_gradient = symmetric_layer_with_adjoint(pair, kernels, bias)
            gradients[2 * j] = kernels_gradient.mul_(-step.h_squared)
            gradients[2 * j + 1] = bias_gradient.mul_(-step.h_squared)
            behind.neg_().add_(pair, alpha=2)
            behind[:batch].sub_(out[batch:], alpha=step.h_squared)
            behind[batch:].sub_(out[:batch], alpha=step.h_squared)
            pair, behind = _transform_back(behind, step.resample), _transform_back(pair, step.resample)
        input_gradient = None
        if ctx.needs_input_grad[0]:
            # X is both Y_1 and Y_2; what travels as H is minus an adjoint.
            input_gradient = pair[batch:] - behind[batch:]
        return input_gradient, None, *gradients
