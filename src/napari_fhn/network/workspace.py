"""The arrays a sweep works in, allocated once: fresh memory costs as much as the convolutions that fill it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Workspace:
    """Two flat arrays for states and one for everything that passes.

    A state has the same number of elements at every level, because ``W`` is orthogonal: one array serves all shapes.

    Parameters
    ----------
    state : int
        Elements of the two arrays of states, each. For training an array holds a state and an adjoint.
    scratch : int
        Elements of the third array.
    dtype, device
        Of all.
    """

    def __init__(self, state: int, scratch: int, dtype: torch.dtype, device: torch.device) -> None:
        self.current = torch.empty(state, dtype=dtype, device=device)
        self.before = torch.empty(state, dtype=dtype, device=device)
        self.scratch = torch.empty(scratch, dtype=dtype, device=device)

    def holds(self, state: int, scratch: int, dtype: torch.dtype, device: torch.device) -> bool:
        """Tell whether a sweep of this size fits."""
        alike = (self.current.dtype, self.current.device) == (dtype, device)
        return alike and self.current.numel() >= state and self.scratch.numel() >= scratch

    def swap(self) -> None:
        """Exchange the two arrays of states."""
        self.current, self.before = self.before, self.current


class Pool:
    """Workspaces between sweeps: a training step finds the one that the step before it left."""

    def __init__(self) -> None:
        self._spare: Workspace | None = None

    def take(self, state: int, scratch: int, dtype: torch.dtype, device: torch.device) -> Workspace:
        """Return a workspace that nobody else uses."""
        spare, self._spare = self._spare, None
        if spare is not None and spare.holds(state, scratch, dtype, device):
            return spare
        del spare  # before the new one is allocated, not after
        return Workspace(state, scratch, dtype, device)

    def give_back(self, workspace: Workspace) -> None:
        """Keep a workspace for the next sweep; the larger one, where two come back."""
        if self._spare is None or self._spare.current.numel() < workspace.current.numel():
            self._spare = workspace

    def clear(self) -> None:
        """Forget the spare workspace, so that its memory is free."""
        self._spare = None

    def __deepcopy__(self, memo: object) -> Pool:
        # A copied network works in memory of its own; nothing in here is worth copying.
        return Pool()

    def __getstate__(self) -> dict[str, None]:
        return {"_spare": None}


def shaped(flat: Tensor, shape: Sequence[int]) -> Tensor:
    """Return the beginning of a flat array as a channels-last ``(batch, channel, *space)``."""
    batch, channels, *space = shape
    count = batch * channels
    for size in space:
        count *= size
    return flat[:count].view(batch, *space, channels).movedim(-1, 1)
