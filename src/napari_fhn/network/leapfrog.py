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

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from napari_fhn.network.architecture import Transform
from napari_fhn.network.convolution import Portable
from napari_fhn.network.layer import (
    NO_ROOM,
    Gradients,
    Room,
    add_layer,
    add_layer_with_adjoint,
    add_stacked_layer_with_adjoint,
)
from napari_fhn.network.symmetric import LayerParameters, Pointwise
from napari_fhn.network.transforms import resample_, scratch_for
from napari_fhn.network.workspace import Sizes, Workspace, shaped


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
    keeps_hidden : bool
        Keep the hidden layers on the way forward, which saves one of eight convolutions on the way back.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        layers: Sequence[LayerParameters],
        shape: Sequence[int],
        convolutions: Portable,
        *,
        keeps_hidden: bool = False,
    ) -> None:
        self.steps = tuple(steps)
        self.layers = tuple(layers)
        self.convolutions = convolutions
        self.keeps_hidden = keeps_hidden
        self.shapes = [tuple(shape)]
        for step in self.steps:
            self.shapes.append(_resampled(self.shapes[-1], step))
        self.elements = _count(shape)
        # Where the hidden layer of each step is kept.
        self._starts = [0]
        for j in range(len(self.steps)):
            self._starts.append(self._starts[-1] + self._room(j, 1))

    @property
    def batch(self) -> int:
        """Examples."""
        return self.shapes[0][0]

    def sizes(self, training: bool) -> Sizes:
        """Return the elements of the arrays of a workspace, with an adjoint beside every state where it is to train."""
        copies = 2 if training else 1
        kept = self._starts[-1] if training and self.keeps_hidden else 0
        return Sizes(copies * self.elements, self._scratch(copies), hidden=kept)

    def constants(self) -> Hashable:
        """Return what a step does beside its numbers; None where that is not the same each time."""
        if not all(step.pointwise.is_relu for step in self.steps):
            return None  # others go through autograd, or renew statistics
        return type(self), self.keeps_hidden, type(self.convolutions), self.steps

    def _scratch(self, copies: int) -> int:
        if not self.convolutions.in_place:
            return 0
        itemsize = self.layers[0].kernels.element_size()
        convolving = max(
            self._room(j, copies)
            + -(-self.convolutions.staging_bytes(copies * self.elements, copies * self._hidden(j)) // itemsize)
            for j in range(len(self.steps))
        )
        resampling = max(scratch_for(*self.shapes[j : j + 2]) for j in range(len(self.steps)))
        return max(convolving, resampling)

    def _hidden(self, j: int) -> int:
        """Return how many values a hidden layer has."""
        batch, _, *space = self.shapes[j + 1]
        return _count((batch, self.layers[j].kernels.shape[0], *space))

    def _room(self, j: int, copies: int) -> int:
        """Return the elements of a workspace that hidden layers take: whole cache lines."""
        if not self.convolutions.in_place:
            return 0
        dtype = self.layers[j].kernels.dtype
        needed = copies * self._hidden(j) * self.convolutions.hidden_dtype(dtype).itemsize
        return -(-needed // (ALIGNMENT * dtype.itemsize)) * ALIGNMENT

    def _place(self, work: Workspace, j: int, copies: int, *, kept: bool = False) -> Room:
        """Return the room for the hidden layers of a step."""
        if not self.convolutions.in_place:
            return NO_ROOM
        batch, _, *space = self.shapes[j + 1]
        kernels = self.layers[j].kernels
        shape, dtype = (copies * batch, kernels.shape[0], *space), self.convolutions.hidden_dtype(kernels.dtype)
        if kept:
            return Room(work.view(work.hidden, shape, self._starts[j], dtype), work.scratch)
        return Room(work.view(work.scratch, shape, 0, dtype), work.scratch[self._room(j, copies) :])

    def _resample(self, work: Workspace, flat: Tensor, j: int, copies: int, *, back: bool) -> None:
        step = self.steps[j]
        if not step.axes:
            return
        batch, *rest = self.shapes[j + 1] if back else self.shapes[j]
        part, shape, finer = flat[: copies * self.elements], (copies * batch, *rest), step.finer is not back
        if self.convolutions.in_place:
            work.resample_(part, shape, step.axes, step.transform, finer=finer)
        else:
            resample_(part, shape, step.axes, step.transform, finer=finer)

    def first(self, work: Workspace, *, training: bool = False) -> Tensor:
        """Return the array for the first state."""
        return work.view(work.current, self.shapes[0])

    @torch.no_grad()
    def forward(
        self, work: Workspace, watch: Callable[[int, Tensor], None] | None = None, *, training: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Run the network on the first state (eq. 2.5 and 2.6).

        Parameters
        ----------
        work : Workspace
            Holds the first state in the array that :meth:`first` names.
        watch : callable, optional
            Called with the number of each layer, from 1, and its state, which must not be kept.
        training : bool
            Keep what :meth:`backward` is to find.

        Returns
        -------
        last, before : Tensor
            ``Y_J`` and ``W Y_{J-1}``, at the resolution of the last layer.
        """
        keep = training and self.keeps_hidden
        for j in range(len(self.steps)):
            self._resample(work, work.current, j, 1, back=False)
            if j > 0:
                self._resample(work, work.before, j, 1, back=False)
            state, target = (work.view(flat, self.shapes[j + 1]) for flat in (work.current, work.before))
            older = target if j > 0 else state  # the first two states are one
            self._leap(work, target, older, state, j, keep=keep, renew=True)
            work.swap()
            if watch is not None:
                watch(j + 1, target)
        return work.view(work.current, self.shapes[-1]), work.view(work.before, self.shapes[-1])

    @torch.no_grad()
    def inverse(self, work: Workspace) -> tuple[Tensor, Tensor]:
        """Undo :meth:`forward`, whose results are in the two arrays of ``work`` (eq. 2.9).

        Returns
        -------
        Tensor, Tensor
            ``Y_2`` and ``Y_1``. Both equal ``X`` up to rounding.
        """
        for j in reversed(range(len(self.steps))):
            state, target = (work.view(flat, self.shapes[j + 1]) for flat in (work.before, work.current))
            self._leap(work, target, target, state, j, keep=False, renew=False)
            work.swap()
            self._resample(work, work.current, j, 1, back=True)
            self._resample(work, work.before, j, 1, back=True)
        return work.view(work.current, self.shapes[0]), work.view(work.before, self.shapes[0])

    def _leap(
        self, work: Workspace, target: Tensor, older: Tensor, state: Tensor, j: int, *, keep: bool, renew: bool
    ) -> None:
        step, room = self.steps[j], self._place(work, j, 1, kept=keep)
        scale = -step.h_squared
        z = add_layer(
            target,
            state,
            self.layers[j],
            step.pointwise,
            scale,
            self.convolutions,
            room,
            older=older,
            keep=keep,
            renew=renew,
        )
        if keep and room.hidden is None:
            work.layers[j] = z

    def begin_backward(self, work: Workspace) -> tuple[Tensor, Tensor]:
        """Return the last state and the array for its adjoint, which :meth:`backward` begins with."""
        shape = self.shapes[-1]
        return work.view(work.current, shape), work.view(work.before, shape, self.elements)

    @torch.no_grad()
    def backward(self, work: Workspace, learns: Sequence[bool] | None = None) -> tuple[list[Gradients], Tensor | None]:
        """Recompute the states from the last two while the adjoint travels back.

        Parameters
        ----------
        work : Workspace
            As :meth:`forward` left it when training, with the adjoint that :meth:`begin_backward` asks for.
        learns : sequence of bool, optional
            For each layer whether the gradient of its kernels is wanted; all by default.

        Returns
        -------
        gradients : list of list of Tensor or None
            For each layer, of each of its parameters.
        error : Tensor or None
            ``|Y_1 - Y_2| / |Y_2|`` of the recomputed first states, a scalar: zero but for rounding, because the network
            began with ``Y_1 = Y_2 = X``. None where states are not recomputed.

        Notes
        -----
        Afterwards the gradient with respect to the first state can be read by :meth:`input_gradient`.
        """
        # [P; G] stands beside [H; Y]: opposite orders, see `add_stacked_layer_with_adjoint`. H begins as zero.
        first = work.view(work.current, self.shapes[-1])
        work.view(work.current, self.shapes[-1], self.elements).copy_(first)
        first.zero_()
        gradients: list[Gradients] = [[] for _ in self.steps]
        at_state = 0
        for j in reversed(range(len(self.steps))):
            halves = [
                [work.view(flat, self.shapes[j + 1], half * self.elements) for half in (0, 1)]
                for flat in (work.before, work.current)
            ]
            pair, behind = halves
            gradients[j] = self._layer_back(work, j, pair, behind, at_state, learns is None or learns[j])
            self._resample(work, work.before, j, 2, back=True)
            self._resample(work, work.current, j, 2, back=True)
            work.swap()
            at_state = 1 - at_state
        self._at_state = at_state
        self._scale_(gradients)
        second, first = self._half(work.before, at_state), self._half(work.current, 1 - at_state)
        size = torch.linalg.vector_norm(second)
        error = torch.linalg.vector_norm(first.sub_(second)) / size
        return gradients, error

    def _layer_back(
        self, work: Workspace, j: int, pair: list[Tensor], behind: list[Tensor], at_state: int, learns: bool
    ) -> Gradients:
        step = self.steps[j]
        layer = self.layers[j], step.pointwise, -step.h_squared, self.convolutions
        if not self.convolutions.in_place:
            apart, z = (behind[1 - at_state], behind[at_state]), work.layers.pop(j, None)
            return add_layer_with_adjoint(
                apart, pair[at_state], pair[1 - at_state], z, *layer, leaps=True, learns=learns
            )
        for half in (0, 1):
            behind[1 - half].lerp_(pair[half], 2.0)
        shape = (2 * self.batch, *self.shapes[j + 1][1:])
        stacked, targets = (work.view(flat, shape) for flat in (work.before, work.current))
        room, z = self._place(work, j, 2), None
        if self.keeps_hidden:
            z = self._place(work, j, 1, kept=True).hidden
        return add_stacked_layer_with_adjoint(targets, stacked, at_state, z, *layer, room, learns=learns)

    def _scale_(self, gradients: list[Gradients]) -> None:
        """Multiply the gradients of each layer by ``-h^2``, all in one call."""
        pairs = [
            (gradient, -step.h_squared)
            for step, of_layer in zip(self.steps, gradients, strict=True)
            for gradient in of_layer
            if gradient is not None
        ]
        if pairs:
            torch._foreach_mul_([gradient for gradient, _ in pairs], [scale for _, scale in pairs])

    def input_gradient(self, work: Workspace) -> Tensor:
        """Return the gradient with respect to the first state, after :meth:`backward`."""
        # X is both Y_1 and Y_2; what travels as H is minus an adjoint.
        at_adjoint = 1 - self._at_state
        flat = self._half(work.before, at_adjoint) - self._half(work.current, 1 - at_adjoint)
        return shaped(flat, self.shapes[0])

    def _half(self, flat: Tensor, half: int) -> Tensor:
        return flat[half * self.elements : (half + 1) * self.elements]


ALIGNMENT = 32
"""Elements: hidden layer and staging each begin on a cache line."""


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
