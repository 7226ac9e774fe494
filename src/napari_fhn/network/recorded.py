"""A step that a GPU is told once: both sweeps recorded as CUDA graphs, and played again while nothing changes.

A step is some forty operations a layer, which Python needs longer to name than a GPU to do where blocks are small.
Shapes do not change from step to step, arrays are those of a workspace and weights stay where they are, so that the
same operations can be played again. What was recorded is tried before it is used: its gradients have to be those of the
step just made. Where a step cannot be recorded, or says something else, it goes on as it did.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

_LOG = logging.getLogger(__name__)

_ALIKE = 2
"""Steps alike, one after the other, after which the next is worth recording: by then routines have been chosen."""

_APART = 0.02
"""Most by which gradients may differ, as a part of their size: sums come in another order, and in bfloat16."""

Found = TypeVar("Found")


class Recorder(Protocol):
    """Records what a device is told."""

    def record(self, run: Callable[[], Found]) -> tuple[Callable[[], None], Found]:
        """Call a function without doing what it says to the device.

        Parameters
        ----------
        run : callable
            Works on arrays that stay where they are.

        Returns
        -------
        replay : callable
            Does it.
        found
            What the function returned: arrays that are filled by each replay.
        """


class CudaRecorder:
    """Records CUDA graphs that share their memory: they are played in the order in which they were recorded."""

    def __init__(self, device: torch.device) -> None:
        self._pool: Any = None
        self._device = device

    def record(self, run: Callable[[], Found]) -> tuple[Callable[[], None], Found]:
        """See :class:`Recorder`."""
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        # Other threads go on: one of them cuts the next batch, and pins its memory.
        with (
            torch.cuda.device(self._device),
            torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"),
        ):
            found = run()
        return graph.replay, found


def recorder_for(device: torch.device) -> Recorder | None:
    """Return what records on a device, or None where nothing does."""
    return CudaRecorder(device) if device.type == "cuda" else None


class Arrays(Protocol):
    """The two arrays of states, which sweeps exchange: those of a workspace."""

    current: Tensor
    before: Tensor


class Recording:
    """The two sweeps of a step, recorded.

    Parameters
    ----------
    recorder : Recorder
        Of the device.
    work : Workspace
        Where the step just made has worked.
    there : callable
        From data to scores.
    back : callable
        From the adjoint of the scores to what a way back finds, tensors or None.
    data, adjoint : Tensor
        Of that step.
    """

    def __init__(
        self,
        recorder: Recorder,
        work: Arrays,
        there: Callable[[Tensor], Tensor],
        back: Callable[[Tensor], Sequence[Tensor | None]],
        data: Tensor,
        adjoint: Tensor,
    ) -> None:
        self._data, self._adjoint = data.clone(), adjoint.clone()
        # The graphs know arrays by their places: each begins where it began, and what comes after it finds its own.
        self._before = work.current, work.before
        self._there, self._scores = recorder.record(lambda: there(self._data))
        self._between = work.current, work.before
        self._back, self._found = recorder.record(lambda: back(self._adjoint))
        self._after = work.current, work.before

    def there(self, work: Arrays, data: Tensor) -> Tensor:
        """Return the scores for data of the same shape."""
        work.current, work.before = self._before
        self._data.copy_(data)
        self._there()
        work.current, work.before = self._between
        return self._scores.clone()

    def back(self, work: Arrays, adjoint: Tensor) -> list[Tensor | None]:
        """Return what the way back finds, after :meth:`there`."""
        self._adjoint.copy_(adjoint)
        self._back()
        work.current, work.before = self._after
        return [None if found is None else found.clone() for found in self._found]


class Recordings:
    """What was recorded of the steps in one workspace: the last kind of them that came again and again."""

    def __init__(self) -> None:
        self._recording: Recording | None = None
        self._key: Hashable = None
        self._seen: tuple[Hashable, int] = (None, 0)
        self._given_up: set[Hashable] = set()

    def find(self, key: Hashable) -> Recording | None:
        """Return the recording of a kind of step, where there is one.

        Parameters
        ----------
        key : hashable
            All that a recording holds for good: shapes, places of weights, time steps, routines.
        """
        if self._recording is None or key != self._key:
            return None
        self._seen = (None, 0)
        return self._recording

    def is_due(self, key: Hashable) -> bool:
        """Tell whether a step of this kind is to be recorded. A single step of another kind, as a check is, is not."""
        last, count = self._seen
        self._seen = key, count + 1 if key == last else 1
        return self._seen[1] > _ALIKE and key not in self._given_up

    def record(
        self,
        key: Hashable,
        work: Arrays,
        ways: tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Sequence[Tensor | None]]],
        data: Tensor,
        adjoint: Tensor,
        found: Sequence[Tensor | None],
    ) -> None:
        """Record a step that was just made, and keep that where it finds the same.

        Parameters
        ----------
        key, work, data, adjoint
            Of that step.
        ways : tuple of callable
            There and back, see :class:`Recording`.
        found : sequence of Tensor or None
            What its way back has found.
        """
        self._recording = None  # its memory is free before the next one is made
        recorder = recorder_for(data.device)
        if recorder is None:
            return
        trouble = "it finds other gradients"
        try:
            made = Recording(recorder, work, *ways, data, adjoint)
            made.there(work, data)
            if _alike(made.back(work, adjoint), found):
                self._recording, self._key = made, key
                return
        except Exception as error:  # above all what a graph may not do, and memory: steps go on unrecorded
            trouble = str(error)
        self._given_up.add(key)
        _LOG.warning("Steps on %s are not recorded: %s", data.device, trouble)


def _alike(found: Sequence[Tensor | None], wanted: Sequence[Tensor | None]) -> bool:
    """Tell whether gradients are the same but for rounding; waits for the device."""
    pairs = [(a, b) for a, b in zip(found, wanted, strict=True) if a is not None and b is not None and a.ndim]
    apart = [(a - b).norm() <= _APART * b.norm() for a, b in pairs]
    return bool(torch.stack(apart).all()) if apart else True
