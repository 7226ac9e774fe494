"""The network as one differentiable function, with the guarantees that autograd gives."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from napari_fhn.network import recorded
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
        way = _Way(sweep, reader, work, parameters)
        ctx.key = None if ctx.needs_input_grad[0] else way.key(data, ctx.needs_input_grad)
        ctx.recording = None if ctx.key is None else work.recordings.find(ctx.key)
        if ctx.recording is not None:
            scores: Tensor = ctx.recording.there(work, data)
        else:
            scores = way.there(data)
            due = ctx.key is not None and work.recordings.is_due(ctx.key)
            ctx.data = data if due else None
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
        way = _Way(sweep, ctx.reader, work, parameters)
        learns = way.learns(ctx.needs_input_grad)
        if ctx.recording is not None:
            error, *gradients = ctx.recording.back(work, scores_adjoint)
        else:
            error, *gradients = way.back(scores_adjoint, learns)
        ctx.report(error)
        data_gradient = None
        if ctx.needs_input_grad[0]:
            data_gradient = lift_adjoint(sweep.input_gradient(work), ctx.data_channels)
        if ctx.recording is None and ctx.data is not None:
            ways = way.there, lambda adjoint: way.back(adjoint, learns)
            work.recordings.record(ctx.key, work, ways, ctx.data, scores_adjoint, [error, *gradients])
        ctx.pool.give_back(work)
        return data_gradient, None, None, None, None, *gradients


class _Way:
    """There and back in a workspace, as torch does it, step by step."""

    def __init__(self, sweep: Sweep, reader: Reader, work: Workspace, parameters: Sequence[Tensor]) -> None:
        self._sweep, self._reader, self._work, self._parameters = sweep, reader, work, parameters
        self._head = parameters[len(parameters) - reader.parameters :]

    def there(self, data: Tensor) -> Tensor:
        """Return the scores."""
        lift_into(self._sweep.first(self._work, training=True), data)
        last, _ = self._sweep.forward(self._work, training=True)
        return self._reader.read(last, self._head)

    def back(self, scores_adjoint: Tensor, learns: Sequence[bool]) -> list[Tensor | None]:
        """Return the error of the inverse, then the gradients of all parameters."""
        last, adjoint = self._sweep.begin_backward(self._work)
        head_gradients = self._reader.put_back_(adjoint, last, scores_adjoint, self._head)
        layer_gradients, error = self._sweep.backward(self._work, learns)
        gradients = [
            gradient
            for layer, values in zip(self._sweep.layers, layer_gradients, strict=True)
            for parameter, gradient in zip(layer, values, strict=True)
            if parameter is not None
        ]
        return [error, *gradients, *head_gradients]

    def learns(self, wanted: Sequence[bool]) -> list[bool]:
        """Return for each layer whether its kernels learn, of what autograd wants of all arguments."""
        flags = iter(wanted[5:])
        each = [[next(flags) for parameter in layer if parameter is not None] for layer in self._sweep.layers]
        return [kernels for kernels, *_ in each]

    def key(self, data: Tensor, wanted: Sequence[bool]) -> Hashable:
        """Return all that holds for good in a recording of this step; None where there can be no recording."""
        constants = self._sweep.constants()
        if constants is None or recorded.recorder_for(data.device) is None:
            return None
        routines = torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32
        places = tuple(parameter.data_ptr() for parameter in self._parameters)
        return constants, self._reader.reading, data.shape, data.dtype, places, tuple(wanted), routines


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
