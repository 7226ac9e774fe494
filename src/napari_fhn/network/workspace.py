"""The arrays a sweep works in, allocated once: fresh memory costs as much as the convolutions that fill it."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from dataclasses import astuple, dataclass

import torch
from torch import Tensor

from napari_fhn.network.architecture import Transform
from napari_fhn.network.recorded import Recordings
from napari_fhn.network.transforms import Pass, resample_, resampling, run


@dataclass(frozen=True)
class Sizes:
    """Elements of the arrays of a workspace, all of the type of the states.

    Parameters
    ----------
    state : int
        Of each of the two arrays of states. For training an array holds a state and its adjoint.
    scratch : int
        Of what passes: hidden layers, staging, and what is on its way through ``W``.
    states : int
        Of the states that are kept from the way forward.
    hidden : int
        Of the hidden layers that are kept from the way forward.
    """

    state: int = 0
    scratch: int = 0
    states: int = 0
    hidden: int = 0


class Workspace:
    """The flat arrays of a sweep: see :class:`Sizes`.

    A state has the same number of elements at every level, because ``W`` is orthogonal: one array serves all shapes.

    Parameters
    ----------
    sizes : Sizes
        Of the arrays.
    dtype, device
        Of all.

    Attributes
    ----------
    layers : dict of int to Tensor
        Hidden layers that are kept without room in ``hidden``.
    recordings : Recordings
        Of steps in these arrays.
    """

    _MOST_VIEWS = 4096
    _MOST_CHANGES = 64

    def __init__(self, sizes: Sizes, dtype: torch.dtype, device: torch.device) -> None:
        self.dtype, self.device = dtype, device
        self.scratch, self.states, self.hidden = (
            torch.empty(size, dtype=dtype, device=device) for size in (sizes.scratch, sizes.states, sizes.hidden)
        )
        if 2 * sizes.state <= sizes.states:  # a prediction between two steps works where the states are kept
            self.current, self.before = torch.split(self.states[: sizes.states // 2 * 2], sizes.states // 2)
        else:
            self.current, self.before = (torch.empty(sizes.state, dtype=dtype, device=device) for _ in range(2))
        self.layers: dict[int, Tensor] = {}
        self.recordings = Recordings()
        self._views: dict[tuple[int, int, tuple[int, ...], torch.dtype], Tensor] = {}
        self._changes: dict[Hashable, list[Pass] | None] = {}

    def holds(self, sizes: Sizes, dtype: torch.dtype, device: torch.device) -> bool:
        """Tell whether a sweep of this size fits."""
        alike = (self.dtype, self.device) == (dtype, device)
        return alike and all(has >= needs for has, needs in zip(astuple(self.sizes), astuple(sizes), strict=True))

    @property
    def sizes(self) -> Sizes:
        """What there is."""
        arrays = (self.current, self.scratch, self.states, self.hidden)
        return Sizes(*(array.numel() for array in arrays))

    def swap(self) -> None:
        """Exchange the two arrays of states."""
        self.current, self.before = self.before, self.current

    def view(self, flat: Tensor, shape: tuple[int, ...], start: int = 0, dtype: torch.dtype | None = None) -> Tensor:
        """Return a part of one of the arrays as a channels-last ``(batch, channel, *space)``; the same each time.

        Parameters
        ----------
        flat : Tensor
            One of the arrays.
        shape : tuple of int
            Of the view.
        start : int
            Element of ``flat`` where it begins.
        dtype : torch.dtype, optional
            Type of the view; that of the array by default.
        """
        key = id(flat), start, shape, dtype or self.dtype
        found = self._views.get(key)
        if found is None:
            if len(self._views) >= self._MOST_VIEWS:  # blocks of ever new sizes
                self._views.clear()
            found = self._views[key] = shaped(flat[start:].view(key[3]), shape)
        return found

    def resample_(
        self, flat: Tensor, shape: tuple[int, ...], axes: tuple[int, ...], transform: Transform, *, finer: bool
    ) -> None:
        """Coarsen or refine a state in one of the arrays, with the array ``scratch`` for what is on its way.

        Parameters
        ----------
        flat : Tensor
            A part of one of the arrays.
        shape, axes, transform, finer
            As in :func:`~napari_fhn.network.transforms.resample_`.
        """
        key = flat.data_ptr(), shape, axes, transform, finer
        if key not in self._changes:
            if len(self._changes) >= self._MOST_CHANGES:  # blocks of ever new sizes
                self._changes.clear()
            self._changes[key] = resampling(flat, shape, axes, transform, finer=finer, scratch=self.scratch)
        found = self._changes[key]
        if found is None:
            resample_(flat, shape, axes, transform, finer=finer, scratch=self.scratch)
        else:
            run(found)


class Pool:
    """Workspaces between sweeps: a training step finds the one that the step before it left.

    Attributes
    ----------
    most : int
        Workspaces that wait at most: as many as there are threads that use the network at the same time.
    """

    def __init__(self) -> None:
        self.most = 1
        self._spare: list[Workspace] = []
        self._lock = threading.Lock()

    @property
    def waiting(self) -> tuple[Sizes, ...]:
        """Sizes of the workspaces that wait, the largest first."""
        return tuple(workspace.sizes for workspace in self._spare)

    def take(self, sizes: Sizes, dtype: torch.dtype, device: torch.device) -> Workspace:
        """Return a workspace that nobody else uses."""
        with self._lock:
            fitting = (i for i, workspace in enumerate(self._spare) if workspace.holds(sizes, dtype, device))
            if (place := next(fitting, None)) is not None:
                return self._spare.pop(place)
            del self._spare[self.most - 1 :]  # before the new one is allocated, not after
        return Workspace(sizes, dtype, device)

    def give_back(self, workspace: Workspace) -> None:
        """Keep a workspace for the next sweep; the larger ones, where more come back than may wait."""
        workspace.layers.clear()
        with self._lock:
            self._spare.append(workspace)
            self._spare.sort(key=lambda one: -sum(astuple(one.sizes)))
            del self._spare[self.most :]

    def clear(self) -> None:
        """Forget the workspaces that wait, so that their memory is free."""
        with self._lock:
            self._spare.clear()

    def __deepcopy__(self, memo: object) -> Pool:
        # A copied network works in memory of its own; nothing in here is worth copying.
        return Pool()

    def __reduce__(self) -> tuple[type[Pool], tuple[()]]:
        return Pool, ()


def shaped(flat: Tensor, shape: Sequence[int]) -> Tensor:
    """Return the beginning of a flat array as a channels-last ``(batch, channel, *space)``."""
    batch, channels, *space = shape
    count = batch * channels
    for size in space:
        count *= size
    return flat[:count].view(batch, *space, channels).movedim(-1, 1)
