r"""The leapfrog sweep, its inverse, and the reversible backward sweep.

One layer is one leapfrog step of the non-linear telegraph equation (Peters, Haber & Lensink 2024, eq. 2.5 and 2.6):

.. math:: Y_j = 2 W Y_{j-1} - W Y_{j-2} - h^2 K_j^T \sigma(K_j W Y_{j-1} + b_j), \qquad Y_1 = Y_2 = X

with ``W`` an orthogonal change of resolution, its inverse, or the identity. Given the last two states every earlier one
follows by reading the same equation for ``Y_{j-2}`` (eq. 2.9), so training keeps no state of any layer.

The backward sweep is a leapfrog too. Write ``P = W Y_{j-1}``, ``G`` for the adjoint of ``Y_j`` and ``H`` for *minus*
the adjoint of ``P`` as it arrives from later layers. Then

.. math:: Q = 2 P - Y_j - h^2 K^T \sigma(K P + b), \qquad G' = 2 G - H - h^2 K^T (\sigma'(K P + b) \odot K G)

with ``W^T Q = Y_{j-2}``, ``W^T G'`` the adjoint of ``Y_{j-1}`` and ``W^T G`` minus that of ``Y_{j-2}``: state and
adjoint obey one recursion. ``Q`` overwrites ``Y_j`` and ``G'`` overwrites ``H``, so four arrays of the size of a state,
and the hidden layers between ``K`` and ``K^T``, are all that training needs, whatever the depth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from napari_fhn.network.architecture import Transform
from napari_fhn.network.convolution import Portable
from napari_fhn.network.reading import Reader
from napari_fhn.network.symmetric import LayerParameters, Pointwise, add_layer, add_layer_with_adjoint
from napari_fhn.network.transforms import resample_
from napari_fhn.network.workspace import Pool, Workspace, shaped


@dataclass(frozen=True)
class Step:
    """One layer as the sweep sees it.

    Parameters
    ----------
    axes : tuple of int
        Spatial axes whose resolution changes before the step; empty where it stays.
    transform : {"haar", "shuffle"}
        How it changes.
    finer : bool
        Whether it gets finer (``W^T``) or coarser (``W``).
    h_squared : float
        Squared time step.
    pointwise : Pointwise
        Activation and normalisation.
    """

    axes: tuple[int, ...] = ()
    transform: Transform = "haar"
    finer: bool = False
    h_squared: float = 1.0
    pointwise: Pointwise = field(default_factory=Pointwise)


class Sweep:
    """The steps of a network on data of one shape: everything that is known before the numbers.

    Parameters
    ----------
    steps : sequence of Step
        One for each layer.
    layers : sequence of LayerParameters
        One for each layer.
    shape : sequence of int
        ``(batch, n, *space)`` of the first state.
    convolutions : Portable
        Implementation of ``K`` and ``K^T``.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        layers: Sequence[LayerParameters],
        shape: Sequence[int],
        convolutions: Portable,
    ) -> None:
        self.steps = tuple(steps)
        self.layers = tuple(layers)
        self.convolutions = convolutions
        self.shapes = [tuple(shape)]
        for step in self.steps:
            self.shapes.append(_resampled(self.shapes[-1], step))
        self.elements = _count(shape)

    @property
    def batch(self) -> int:
        """Examples."""
        return self.shapes[0][0]

    def sizes(self, training: bool) -> tuple[int, int]:
        """Return the elements of the two arrays of a workspace: states (each), and scratch.

        With an adjoint beside every state where it is for training.
        """
        copies = 2 if training else 1
        itemsize = self.layers[0].kernels.element_size()
        states = copies * self.elements
        hidden = [_count(self._hidden_shape(j, copies)) for j in range(len(self.steps))]
        convolving = max(self._bytes(h) + self.convolutions.staging_bytes(states, h) for h in hidden)
        resampling = self.elements * itemsize if any(step.axes for step in self.steps) else 0
        return states, -(-max(convolving, resampling) // itemsize) + _ALIGNMENT

    def _hidden_shape(self, j: int, copies: int) -> tuple[int, ...]:
        batch, _, *space = self.shapes[j + 1]
        return (copies * batch, self.layers[j].kernels.shape[0], *space)

    def _bytes(self, hidden: int) -> int:
        return hidden * self.convolutions.hidden_dtype(self.layers[0].kernels.dtype).itemsize

    def _hidden(self, work: Workspace, j: int, copies: int) -> tuple[Tensor, Tensor]:
        """Return the hidden layer of a step inside the scratch array, and what is left of the array for staging."""
        kernels = self.layers[j].kernels
        shape = self._hidden_shape(j, copies)
        dtype = self.convolutions.hidden_dtype(kernels.dtype)
        used = -(-self._bytes(_count(shape)) // kernels.element_size())
        used = -(-used // _ALIGNMENT) * _ALIGNMENT
        return shaped(work.scratch[:used].view(dtype), shape), work.scratch[used:]

    def _resample(self, work: Workspace, flat: Tensor, j: int, copies: int, *, back: bool) -> None:
        step = self.steps[j]
        if not step.axes:
            return
        shape = self.shapes[j + 1] if back else self.shapes[j]
        for part in torch.split(flat[: copies * self.elements], self.elements):
            resample_(
                part, work.scratch[: self.elements], shape, step.axes, step.transform, finer=step.finer is not back
            )

    @torch.no_grad()
    def forward(self, work: Workspace, watch: Callable[[int, Tensor], None] | None = None) -> tuple[Tensor, Tensor]:
        """Run the network on the first state, which is in ``work.current`` (eq. 2.5 and 2.6).

        Parameters
        ----------
        work : Workspace
            Holds the first state; its two arrays then hold what is returned.
        watch : callable, optional
            Called with the number of each layer, from 1, and its state, which must not be kept.

        Returns
        -------
        last, before : Tensor
            ``Y_J`` and ``W Y_{J-1}``, at the resolution of the last layer.
        """
        work.before[: self.elements].copy_(work.current[: self.elements])
        for j in range(len(self.steps)):
            self._resample(work, work.current, j, 1, back=False)
            self._resample(work, work.before, j, 1, back=False)
            state = shaped(work.current, self.shapes[j + 1])
            target = shaped(work.before, self.shapes[j + 1])
            target.lerp_(state, 2.0)  # 2 P - Y in one pass
            hidden, staging = self._hidden(work, j, 1)
            self._add_layer(target, state, hidden, j, staging, renew=True)
            work.swap()
            if watch is not None:
                watch(j + 1, target)
        return shaped(work.current, self.shapes[-1]), shaped(work.before, self.shapes[-1])

    @torch.no_grad()
    def inverse(self, work: Workspace) -> tuple[Tensor, Tensor]:
        """Undo :meth:`forward`, whose results are in the two arrays of ``work`` (eq. 2.9).

        Returns
        -------
        Tensor, Tensor
            ``Y_2`` and ``Y_1``. Both equal ``X`` up to rounding.
        """
        for j in reversed(range(len(self.steps))):
            state = shaped(work.before, self.shapes[j + 1])
            target = shaped(work.current, self.shapes[j + 1])
            target.lerp_(state, 2.0)
            hidden, staging = self._hidden(work, j, 1)
            self._add_layer(target, state, hidden, j, staging, renew=False)
            work.swap()
            self._resample(work, work.current, j, 1, back=True)
            self._resample(work, work.before, j, 1, back=True)
        return shaped(work.current, self.shapes[0]), shaped(work.before, self.shapes[0])

    def _add_layer(self, target: Tensor, state: Tensor, hidden: Tensor, j: int, staging: Tensor, renew: bool) -> None:
        step = self.steps[j]
        add_layer(
            target,
            state,
            hidden,
            self.layers[j],
            step.pointwise,
            -step.h_squared,
            self.convolutions,
            staging,
            renew=renew,
        )

    @torch.no_grad()
    def backward(self, work: Workspace) -> tuple[list[list[Tensor | None]], Tensor]:
        """Recompute the states from the last two while the adjoint travels back.

        Parameters
        ----------
        work : Workspace
            For training, as :meth:`forward` left it, with the adjoint of ``Y_J`` in the second half of ``before``.

        Returns
        -------
        gradients : list of list of Tensor or None
            For each layer, of each of its parameters.
        error : Tensor
            ``|Y_1 - Y_2| / |Y_2|`` of the recomputed first states, a scalar: zero but for rounding, because the network
            began with ``Y_1 = Y_2 = X``.

        Notes
        -----
        Afterwards the gradient with respect to the first state can be read by :meth:`input_gradient`.
        """
        # [P; G] stands beside [H; Y]: opposite orders, see `add_layer_with_adjoint`. H begins as zero.
        self._half(work.current, 1).copy_(self._half(work.current, 0))
        self._half(work.current, 0).zero_()
        gradients: list[list[Tensor | None]] = [[] for _ in self.steps]
        at_state = 0
        for j in reversed(range(len(self.steps))):
            step = self.steps[j]
            shape = (2 * self.batch, *self.shapes[j + 1][1:])
            pair, behind = shaped(work.before, shape), shaped(work.current, shape)
            for half in (0, 1):
                torch.split(behind, self.batch)[1 - half].lerp_(torch.split(pair, self.batch)[half], 2.0)
            hidden, staging = self._hidden(work, j, 2)
            gradients[j] = add_layer_with_adjoint(
                behind,
                pair,
                at_state,
                hidden,
                self.layers[j],
                step.pointwise,
                -step.h_squared,
                self.convolutions,
                staging,
            )
            self._resample(work, work.before, j, 2, back=True)
            self._resample(work, work.current, j, 2, back=True)
            work.swap()
            at_state = 1 - at_state
        self._at_state = at_state
        second, first = self._half(work.before, at_state), self._half(work.current, 1 - at_state)
        size = torch.linalg.vector_norm(second)
        error = torch.linalg.vector_norm(first.sub_(second)) / size
        return gradients, error

    def input_gradient(self, work: Workspace) -> Tensor:
        """Return the gradient with respect to the first state, after :meth:`backward`."""
        # X is both Y_1 and Y_2; what travels as H is minus an adjoint.
        at_adjoint = 1 - self._at_state
        flat = self._half(work.before, at_adjoint) - self._half(work.current, 1 - at_adjoint)
        return shaped(flat, self.shapes[0])

    def _half(self, flat: Tensor, half: int) -> Tensor:
        return flat[half * self.elements : (half + 1) * self.elements]


_ALIGNMENT = 32
"""Elements: hidden layer and staging each begin on a cache line."""


class ReversibleSweep(torch.autograd.Function):
    """The whole network as one differentiable function that keeps two states, whatever its depth."""

    @staticmethod
    def forward(
        ctx: Any,
        data: Tensor,
        sweep: Sweep,
        reader: Reader,
        pool: Pool,
        report: Callable[[Tensor], None],
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
            Given the invertibility error after the backward sweep.
        *parameters : Tensor
            Of the layers, in their order and without those that are None; then of the linear head, if there is one.
        """
        states, scratch = sweep.sizes(training=True)
        work = pool.take(states, scratch, parameters[0].dtype, data.device)
        lift_into(shaped(work.current, sweep.shapes[0]), data)
        last, _ = sweep.forward(work)
        head = parameters[len(parameters) - reader.parameters :]
        scores = reader.read(last, head)
        # Not by save_for_backward: the backward sweep overwrites these arrays, and they go back to the pool.
        ctx.kept = [work]
        ctx.sweep, ctx.reader, ctx.pool, ctx.report, ctx.head = sweep, reader, pool, report, head
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
        sweep: Sweep = ctx.sweep
        work: Workspace = ctx.kept.pop()
        shape = sweep.shapes[-1]
        adjoint = shaped(work.before[sweep.elements :], shape)
        head_gradients = ctx.reader.put_back_(adjoint, shaped(work.current, shape), scores_adjoint, ctx.head)
        layer_gradients, error = sweep.backward(work)
        ctx.report(error)
        data_gradient = None
        if ctx.needs_input_grad[0]:
            data_gradient = lift_adjoint(sweep.input_gradient(work), ctx.data_channels)
        ctx.pool.give_back(work)
        gradients = [
            gradient
            for parameters, values in zip(sweep.layers, layer_gradients, strict=True)
            for parameter, gradient in zip(parameters, values, strict=True)
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


def _resampled(shape: tuple[int, ...], step: Step) -> tuple[int, ...]:
    batch, channels, *space = shape
    factor = 2 ** len(step.axes)
    for axis in step.axes:
        space[axis] = space[axis] * 2 if step.finer else space[axis] // 2
    return (batch, channels // factor if step.finer else channels * factor, *space)


def _count(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
