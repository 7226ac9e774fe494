"""The network as one differentiable function, with the guarantees that autograd gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from napari_fhn.network.leapfrog import Sweep
from napari_fhn.network.reading import Reader
from napari_fhn.network.workspace import Pool, Workspace


class ReversibleSweep(torch.autograd.Function):
    """The whole network as one differentiable function, which keeps what its sweep keeps."""

    @staticmethod
    def forward(
        ctx: Any,
        data: Tensor,
        sweep: Sweep,
        reader: Reader,
        pool: Pool,
        report: Callable[[Tensor | None], None],
        *parameters: Tensor,
    ) -> Tensor:
        """Return the scores for the data.

        Parameters
        ----------
        ctx : object
            Of autograd.
        data : Tensor
            ``(batch, channel, *space)``; repeated over channels until they fill the first state.
        sweep : Sweep
            The steps.
        reader : Reader
            Reads the scores from the last state.
        pool : Pool
            Where the arrays come from and go back to.
        report : callable
            Given the invertibility error after the backward sweep; None where states were kept.
        *parameters : Tensor
            Of the layers, in their order and without those that are None; then of the linear head, if there is one.
        """
        work = pool.take(sweep.sizes(training=True), parameters[0].dtype, data.device)
        lift_into(sweep.first(work, training=True), data)
        last, _ = sweep.forward(work, training=True)
        head = parameters[len(parameters) - reader.parameters :]
        scores = reader.read(last, head)
        # Not by save_for_backward: the backward sweep overwrites these arrays, and they go back to the pool.
        ctx.kept = [work]
        # The weights are, though the sweep has them: autograd then notices when they were changed in between.
        ctx.save_for_backward(*parameters)
        ctx.sweep, ctx.reader, ctx.pool, ctx.report = sweep, reader, pool, report
        ctx.data_channels = data.shape[1]
        return scores

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scores_adjoint: Tensor) -> tuple[Tensor | None, ...]:
        """Recompute the states from the last two while the adjoint travels back."""
        if not ctx.kept:
            raise RuntimeError(
                "the backward sweep overwrites the states that it starts from and runs once: evaluate the network again"
            )
        parameters = ctx.saved_tensors
        sweep: Sweep = ctx.sweep
        work: Workspace = ctx.kept.pop()
        last, adjoint = sweep.begin_backward(work)
        head = parameters[len(parameters) - ctx.reader.parameters :]
        head_gradients = ctx.reader.put_back_(adjoint, last, scores_adjoint, head)
        wanted = iter(ctx.needs_input_grad[5:])
        learns = [[next(wanted) for p in layer if p is not None] for layer in sweep.layers]
        layer_gradients, error = sweep.backward(work, [kernels for kernels, *_ in learns])
        ctx.report(error)
        data_gradient = None
        if ctx.needs_input_grad[0]:
            data_gradient = lift_adjoint(sweep.input_gradient(work), ctx.data_channels)
        ctx.pool.give_back(work)
        gradients = [
            gradient
            for layer, values in zip(sweep.layers, layer_gradients, strict=True)
            for parameter, gradient in zip(layer, values, strict=True)
            if parameter is not None
        ]
        return data_gradient, None, None, None, None, *gradients, *head_gradients


def lift_into(state: Tensor, data: Tensor) -> None:
    """Repeat the channels of the data until they fill the state (section 3.2 of the paper)."""
    channels = data.shape[1]
    for start in range(0, state.shape[1], channels):
        part = state[:, start : start + channels]
        part.copy_(data[:, : part.shape[1]])


def lift_adjoint(state: Tensor, channels: int) -> Tensor:
    """Apply the adjoint of :func:`lift_into`: sum over the repetitions."""
    total = state.new_zeros(state.shape[0], channels, *state.shape[2:])
    for part in torch.split(state, channels, dim=1):
        total[:, : part.shape[1]] += part
    return total
