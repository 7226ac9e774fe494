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
from napari_fhn.network.side_by_side import side_by_side
from napari_fhn.network.workspace import Pool


class ReversibleSweep(torch.autograd.Function):
    """The whole network as one differentiable function, which keeps what its sweep keeps."""

    @staticmethod
    def forward(
        ctx: Any,
        data: Tensor,
        sweeps: Sequence[Sweep],
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
        sweeps : sequence of Sweep
            The steps, for some of the examples each: they are made side by side.
        reader : Reader
            Reads the scores from the last state.
        pool : Pool
            Where the arrays come from and go back to.
        report : callable
            Given the invertibility error after the backward sweep; None where states were kept.
        *parameters : Tensor
            Of the layers, in their order and without those that are None; then of the linear head, if there is one.
        """
        ways = [_Way(sweep, reader, pool, parameters, ctx.needs_input_grad) for sweep in sweeps]
        parts = torch.split(data, [way.examples for way in ways])
        found = list(side_by_side(lambda one: one[0].there(one[1]), list(zip(ways, parts, strict=True))))
        scores = found[0] if len(found) == 1 else torch.cat(found)
        # Not by save_for_backward: the backward sweep overwrites their arrays, and these go back to the pool.
        ctx.kept = [ways]
        # The weights are, though the sweep has them: autograd then notices when they were changed in between.
        ctx.save_for_backward(*parameters)
        ctx.report = report
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
        _ = ctx.saved_tensors  # which raises where weights have changed
        ways: list[_Way] = ctx.kept.pop()
        lots = scores_adjoint.shape[0] // sum(way.examples for way in ways)
        adjoints = torch.split(scores_adjoint, [lots * way.examples for way in ways])
        found = list(side_by_side(lambda one: one[0].back(one[1]), list(zip(ways, adjoints, strict=True))))
        ctx.report(_largest([error for error, *_ in found if error is not None]))
        data_gradient = None
        if ctx.needs_input_grad[0]:
            data_gradient = torch.cat([lift_adjoint(way.input_gradient(), ctx.data_channels) for way in ways])
        for way in ways:
            way.leave()
        gradients = [_sum(each) for each in zip(*(gradients for _, *gradients in found), strict=True)]
        return data_gradient, None, None, None, None, *gradients


class _Way:
    """There and back with some examples, in a workspace: step by step, or as it was recorded."""

    def __init__(
        self, sweep: Sweep, reader: Reader, pool: Pool, parameters: Sequence[Tensor], wanted: Sequence[bool]
    ) -> None:
        self._sweep, self._reader, self._pool, self._parameters = sweep, reader, pool, parameters
        self._head = parameters[len(parameters) - reader.parameters :]
        self._wanted = wanted
        self._work = pool.take(sweep.sizes(training=True), parameters[0].dtype, parameters[0].device)
        self._key: Hashable = None
        self._recording: recorded.Recording | None = None
        self._data: Tensor | None = None

    @property
    def examples(self) -> int:
        """Of the data."""
        return self._sweep.batch

    def there(self, data: Tensor) -> Tensor:
        """Return the scores."""
        work = self._work
        self._key = None if self._wanted[0] else self._constants(data)
        if self._key is not None:
            self._recording = work.recordings.find(self._key)
            if self._recording is not None:
                return self._recording.there(work, data)
            self._data = data if work.recordings.is_due(self._key) else None
        return self._forward(data)

    def back(self, scores_adjoint: Tensor) -> list[Tensor | None]:
        """Return the error of the inverse, then the gradients of all parameters."""
        work = self._work
        if self._recording is not None:
            return self._recording.back(work, scores_adjoint)
        found = self._backward(scores_adjoint)
        if self._data is not None:
            ways = self._forward, self._backward
            work.recordings.record(self._key, work, ways, self._data, scores_adjoint, found)
        return found

    def input_gradient(self) -> Tensor:
        """Return the gradient with respect to the first state, after :meth:`back`."""
        return self._sweep.input_gradient(self._work)

    def leave(self) -> None:
        """Give the workspace back."""
        self._pool.give_back(self._work)

    @torch.no_grad()  # which a thread does not inherit
    def _forward(self, data: Tensor) -> Tensor:
        lift_into(self._sweep.first(self._work, training=True), data)
        last, _ = self._sweep.forward(self._work, training=True)
        return self._reader.read(last, self._head)

    @torch.no_grad()
    def _backward(self, scores_adjoint: Tensor) -> list[Tensor | None]:
        last, adjoint = self._sweep.begin_backward(self._work)
        head_gradients = self._reader.put_back_(adjoint, last, scores_adjoint, self._head)
        layer_gradients, error = self._sweep.backward(self._work, self._learns())
        gradients = [
            gradient
            for layer, values in zip(self._sweep.layers, layer_gradients, strict=True)
            for parameter, gradient in zip(layer, values, strict=True)
            if parameter is not None
        ]
        return [error, *gradients, *head_gradients]

    def _learns(self) -> list[bool]:
        """Return for each layer whether its kernels learn, of what autograd wants of all arguments."""
        flags = iter(self._wanted[5:])
        each = [[next(flags) for parameter in layer if parameter is not None] for layer in self._sweep.layers]
        return [kernels for kernels, *_ in each]

    def _constants(self, data: Tensor) -> Hashable:
        """Return all that holds for good in a recording of this step; None where there can be no recording."""
        constants = self._sweep.constants()
        if constants is None or recorded.recorder_for(data.device) is None:
            return None
        routines = torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32
        places = tuple(parameter.data_ptr() for parameter in self._parameters)
        return constants, self._reader.reading, data.shape, data.dtype, places, tuple(self._wanted), routines


def _largest(errors: Sequence[Tensor]) -> Tensor | None:
    """Return the largest error; one that is no number is the largest of all."""
    if len(errors) < 2:
        return errors[0] if errors else None
    return torch.stack(list(errors)).max()  # which is NaN where one of them is


def _sum(gradients: Sequence[Tensor | None]) -> Tensor | None:
    """Return the sum of the gradients that each lot of examples has found, in their order."""
    first, *others = gradients
    for other in others:
        if first is not None and other is not None:
            first.add_(other)
    return first


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
