"""The sweep that keeps its states: six convolutions in a layer, where recomputing the states takes eight.

Where there is memory for them, states cost less to keep than to compute again. All are slots of one flat array, in the
order of the layers. Slot ``j`` holds ``P = W Y_{j-1}``; on the way back the adjoint of the state in a slot takes its
place, so that ``P`` and ``G`` are neighbours and one call gives the gradient of ``K``. Gradients are those of autograd;
those of :class:`~napari_fhn.network.leapfrog.Sweep` differ from them by the rounding of states that were recomputed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import Tensor

from napari_fhn.network.layer import NO_ROOM, Gradients, Room, add_layer, layer_adjoint
from napari_fhn.network.leapfrog import ALIGNMENT, Sweep
from napari_fhn.network.workspace import Sizes, Workspace


class StoringSweep(Sweep):
    """The steps of a network, with every state and hidden layer kept in training."""

    @cached_property
    def _room_for_hidden(self) -> tuple[list[int], int]:
        """Where the room for two hidden layers begins in each step, and where the last of them ends.

        The second of the two is kept. The first, for the adjoint, lies over those of later layers, which are no longer
        needed when the sweep has come back to this one.
        """
        starts, end = [0] * len(self.steps), 0
        if self.convolutions.in_place:
            for j in reversed(range(len(self.steps))):
                dtype = self.layers[j].kernels.dtype
                taken = self._hidden(j) * self.convolutions.hidden_dtype(dtype).itemsize
                starts[j] = -(-max(0, end - taken // dtype.itemsize) // ALIGNMENT) * ALIGNMENT
                end = starts[j] + -(-2 * taken // dtype.itemsize)
        return starts, end

    def sizes(self, training: bool) -> Sizes:
        """Return the elements of the arrays of a workspace: a slot more than there are states, and one for ``H``."""
        if not training:
            return super().sizes(training)
        _, hidden = self._room_for_hidden
        # With the scratch array of the sweep that recomputes: now and then one is made, see `Guard`.
        return Sizes(0, self._scratch(2), (len(self.steps) + 2) * self.elements, hidden)

    def _both(self, work: Workspace, j: int) -> Room:
        if not self.convolutions.in_place:
            return NO_ROOM
        batch, _, *space = self.shapes[j + 1]
        kernels = self.layers[j].kernels
        shape, dtype = (2 * batch, kernels.shape[0], *space), self.convolutions.hidden_dtype(kernels.dtype)
        return Room(work.view(work.hidden, shape, self._room_for_hidden[0][j], dtype), work.scratch)

    def _slot(self, work: Workspace, number: int, j: int) -> Tensor:
        """Return a slot with the shape of the states of a layer."""
        return work.view(work.states, self.shapes[j + 1], number * self.elements)

    def first(self, work: Workspace, *, training: bool = False) -> Tensor:
        """Return the array for the first state."""
        return work.view(work.states, self.shapes[0]) if training else super().first(work)

    @torch.no_grad()
    def forward(
        self, work: Workspace, watch: Callable[[int, Tensor], None] | None = None, *, training: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Run the network; see :meth:`Sweep.forward`."""
        if not training:
            return super().forward(work, watch)
        work.layers.clear()
        for j, step in enumerate(self.steps):
            self._resample(work, work.states[j * self.elements :], j, 1, back=False)
            state, target = self._slot(work, j, j), self._slot(work, j + 1, j)
            if j == 0:
                older = state  # both are the first state
            elif step.axes:
                flat = work.states[(j + 1) * self.elements :]
                flat[: self.elements].copy_(work.states[(j - 1) * self.elements :][: self.elements])
                self._resample(work, flat, j, 1, back=False)
                older = target
            else:
                older = self._slot(work, j - 1, j)
            both = self._both(work, j)
            room = both if both.hidden is None else Room(both.hidden[self.batch :], both.staging)
            layer = self.layers[j], step.pointwise, -step.h_squared, self.convolutions
            work.layers[j] = add_layer(target, state, *layer, room, older=older, keep=True, renew=True)
            if watch is not None:
                watch(j + 1, target)
        last = len(self.steps)
        return self._slot(work, last, last - 1), self._slot(work, last - 1, last - 1)

    def begin_backward(self, work: Workspace) -> tuple[Tensor, Tensor]:
        """Return the last state and the array for its adjoint, which :meth:`backward` begins with."""
        last = len(self.steps)
        return self._slot(work, last, last - 1), self._slot(work, last + 1, last - 1)

    @torch.no_grad()
    def backward(self, work: Workspace, learns: Sequence[bool] | None = None) -> tuple[list[Gradients], Tensor | None]:
        """Let the adjoint travel back; see :meth:`Sweep.backward`."""
        last, arriving = self.begin_backward(work)
        last.copy_(arriving)
        arriving.zero_()
        gradients: list[Gradients] = [[] for _ in self.steps]
        for j in reversed(range(len(self.steps))):
            step, room = self.steps[j], self._both(work, j)
            pair = work.view(work.states, (2 * self.batch, *self.shapes[j + 1][1:]), j * self.elements)
            state, adjoint, later = (self._slot(work, j + k, j) for k in range(3))
            layer = self.layers[j], step.pointwise, self.convolutions
            wanted = learns is None or learns[j]
            back, gradients[j] = layer_adjoint(pair, work.layers.pop(j), *layer, room, learns=wanted)
            kernels = self.layers[j].kernels
            self.convolutions.leap(state, later, adjoint, back, kernels, -step.h_squared, room.staging)
            self._resample(work, work.states[j * self.elements :], j, 2, back=True)
        self._scale_(gradients)
        return gradients, None

    def input_gradient(self, work: Workspace) -> Tensor:
        """Return the gradient with respect to the first state, after :meth:`backward`."""
        adjoint, later = (work.view(work.states, self.shapes[0], slot * self.elements) for slot in (0, 1))
        return adjoint - later
