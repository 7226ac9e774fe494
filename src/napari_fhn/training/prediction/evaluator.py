"""The network on one tile: class probabilities, flips averaged, in halves where memory is short, open to a stop."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode

from napari_fhn.box import Box
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.network.comparison import UNetArchitecture
from napari_fhn.network.forecast import PORTABLE, WORKING_SET, WorkingSet, forecast
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.resting import Resting
from napari_fhn.network.side_by_side import shares, side_by_side
from napari_fhn.sentence import counted
from napari_fhn.training.control import Control
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.job import JobError
from napari_fhn.training.machine.memory import free_bytes, is_out_of_memory
from napari_fhn.training.prediction.symmetries import Symmetry, symmetries
from napari_fhn.training.prediction.tiles import Lattice

_PORTABLE = 2**30
"""Bytes of a tile, the same on all machines. An operation on it takes less than a second on most of them, and between
two operations a stop is heard."""

_SHARE_OF_MACHINE = 0.5
"""Part of the free memory that a tile may fill: other programs want to go on."""

_SHARE_OF_DEVICE = 0.8
"""The same where the memory is the device's own."""

_OTHER_STATES = 6
"""States of a comparison network taken to be in memory at once; the forecast is about the hyperbolic one."""


_TOGETHER = 1 << 20
"""Elements of a state up to which sections are computed together: two states and what lies between them stay in the
cache, and more sections would save nothing."""


class Stopped(Exception):
    """Raised in the middle of a tile when the person asked to stop; never leaves prediction."""


class _Listening(TorchFunctionMode):
    """Looks for a stop before every operation of torch."""

    def __init__(self, control: Control | None) -> None:
        super().__init__()
        self._control = control

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.heed()
        return func(*args, **(kwargs or {}))

    def heed(self) -> None:
        """Look once."""
        if self._control is not None and self._control.stop.is_set():
            raise Stopped


class Evaluator:
    """Runs a network on boxes of a survey.

    Parameters
    ----------
    network : SegmentationNetwork
        Its weights may change between calls.
    frame : Frame
        How it looks at the survey.
    device : torch.device
        Where the network is.
    flips : bool
        Average over :func:`symmetries`.
    memory : int or None
        Bytes that a tile may need; None for what is free.
    block : int
        Voxels of the blocks that it learns from: what it sees when it predicts is no smaller.

    Attributes
    ----------
    notes : list of str
        What the person should know about it, since somebody last emptied the list.
    count : int
        Channels of what it returns.
    """

    def __init__(
        self,
        network: SegmentationNetwork,
        frame: Frame,
        device: torch.device,
        *,
        flips: bool = False,
        memory: int | None = None,
        block: int = 0,
    ) -> None:
        self.network = network
        self.frame = frame
        self.notes: list[str] = []
        self.count = network.classes
        self._device = device
        self._memory = memory
        self._block = block
        self._symmetries = symmetries(frame, network.architecture.multiples) if flips else [Symmetry()]
        self._most: float = math.inf
        self._reading = threading.Lock()

    @property
    def voxels(self) -> int:
        """Most voxels of the prediction in a tile.

        The same on all machines, however fast they are and whatever else they do, unless memory is short: a voxel may
        depend on where tiles end. What is found on labels left out, and what is predicted, must not depend on the hour.
        """
        return max(1, int(min(self._fit, self._wanted)) // self._depth)

    @property
    def short(self) -> bool:
        """Whether memory is too short for tiles as they are on other machines."""
        return self._fit < self._wanted

    def say_if_short(self, lattices: Iterable[Lattice]) -> None:
        """Note where short memory changes what is predicted: where tiles pass into each other."""
        if self.short and any(cut.fade for lattice in lattices for cut in lattice.cuts):
            self.notes.append(
                f"Memory is short: tiles of {counted(self.voxels, 'voxels')} pass into each other, and "
                "where they do the "
                "prediction may differ a little from one that is made with more memory."
            )

    @property
    def _wanted(self) -> float:
        return max(_PORTABLE / self._bytes_per_voxel(PORTABLE), self._block)

    @property
    def _fit(self) -> float:
        return min(self._most, self._budget() / self._bytes_per_voxel())

    def portable_voxels(self, memory: int | None = None) -> int:
        """Return the most voxels of the prediction in a tile of a gigabyte, or of less memory, on any machine.

        Parameters
        ----------
        memory : int, optional
            Bytes.
        """
        budget = _PORTABLE if memory is None else min(_PORTABLE, memory)
        return max(1, int(budget / self._bytes_per_voxel(PORTABLE)) // self._depth)

    @property
    def radius(self) -> int | None:
        """Of the network's receptive field; None where a voxel depends on all of its block, through its statistics."""
        architecture = self.network.architecture
        if isinstance(architecture, Architecture):
            whole = architecture.normalization in ("instance", "layer")
        else:
            whole = isinstance(architecture, UNetArchitecture) and architecture.groups > 0
        return None if whole else architecture.receptive_radius

    @property
    def _depth(self) -> int:
        """Voxels of the survey for each of the prediction."""
        axis = self.frame.map_axis
        return 1 if axis is None else self.frame.volume.shape[axis]

    def _budget(self) -> float:
        if self._memory is not None:
            return self._memory
        return free_bytes(str(self._device)) * (_SHARE_OF_MACHINE if self._device.type == "cpu" else _SHARE_OF_DEVICE)

    def _bytes_per_voxel(self, working_set: WorkingSet | None = None) -> float:
        architecture, classes = self.network.architecture, self.network.classes
        channels = self.network.input_channels
        copies = 4 * (2 * channels + 2 * classes)  # as read, and on their way to and from the device
        if not isinstance(architecture, Architecture):
            return 4 * _OTHER_STATES * architecture.channels + copies
        block = tuple(8 * multiple for multiple in architecture.multiples)
        needs = forecast(
            architecture,
            block,
            input_channels=channels,
            classes=classes,
            optimiser="none",
            training=False,
            working_set=working_set or (WORKING_SET if self._device.type == "cpu" else PORTABLE),
        )
        return (needs.total - needs.kernels) / math.prod(block) + copies

    def probabilities(
        self, box: Box, used: Box, across: int | None, control: Control | None = None
    ) -> NDArray[np.float32]:
        """Return the class probabilities of a part of a box.

        Parameters
        ----------
        box : Box
            What the network sees: from cell to cell of the network, if need be over the survey's end.
        used : Box
            The part of it that is returned.
        across : int or None
            Axis across which the network sees sections.
        control : Control, optional
            To stop.

        Returns
        -------
        ndarray
            ``(classes, *used.shape)``.

        Raises
        ------
        Stopped
            When that was asked for.
        JobError
            When memory is too short for the smallest tile.
        """
        if math.prod(box.shape) * self._depth > self._most:
            return self._in_halves(box, used, across, control)
        try:
            values = self._evaluate(box, across, control)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return values[(slice(None), *used.within(box))]
        # Here the error is gone, and with it the arrays that its traceback held.
        self._most = math.prod(box.shape) * self._depth - 1
        if isinstance(self.network, HyperbolicNetwork):
            self.network.free_memory()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self.notes.append(f"Memory ran out in a tile of {_times(box.shape)} voxels: it goes on with halves.")
        return self._in_halves(box, used, across, control)

    def _in_halves(self, box: Box, used: Box, across: int | None, control: Control | None) -> NDArray[np.float32]:
        multiples = self.multiples(across)
        lengths = [size // multiple for size, multiple in zip(used.shape, multiples, strict=True)]
        # Sections apart first: that costs nothing.
        axis = across if across is not None and box.shape[across] > 1 else int(np.argmax(lengths))
        multiple = multiples[axis]
        middle = (used.start[axis] + used.stop[axis]) // 2 // multiple * multiple
        if not used.start[axis] < middle < used.stop[axis]:
            raise JobError(
                f"memory is too short for a tile of {_times(box.shape)} voxels, the smallest there is: close other "
                "programs, or train a network with fewer channels"
            )
        halo = 0 if axis == across else -(-(self.radius or 0) // multiple) * multiple
        # A halo as long as what it surrounds would never get smaller.
        halo = min(halo, -(-used.shape[axis] // 2 // multiple) * multiple)
        halves = []
        for part in (_with(used, axis, used.start[axis], middle), _with(used, axis, middle, used.stop[axis])):
            first = max(box.start[axis], part.start[axis] // multiple * multiple - halo)
            last = min(box.stop[axis], -(-part.stop[axis] // multiple) * multiple + halo)
            halves.append(self.probabilities(_with(box, axis, first, last), part, across, control))
        return np.concatenate(halves, 1 + axis)

    def multiples(self, across: int | None) -> list[int]:
        """Return the network's multiples, one for each axis of the prediction."""
        multiples = list(self.frame.multiples)
        if across is not None:
            multiples.insert(across, 1)
        return multiples

    def _evaluate(self, box: Box, across: int | None, control: Control | None) -> NDArray[np.float32]:
        sections = 1 if across is None else box.shape[across]
        space = self.frame.space(box, across)
        total = np.empty((sections, self.count, *space), np.float32)
        listening = _Listening(control)
        resting = Resting(listening.heed)
        self.network.eval()

        def evaluate(some: range) -> None:
            for first in some:
                examples = slice(first, min(first + some.step, some.stop))
                with self._reading:
                    data, position = self._seen(box, across, examples)
                for number, symmetry in enumerate(self._symmetries):
                    seen = torch.cat((symmetry.apply(data), symmetry.exchange(position)), dim=1)
                    with torch.no_grad(), nullcontext() if self._heeds else listening:
                        found = symmetry.undo(self._say(seen.to(self._device), resting), self.frame.map_axis).cpu()
                    if number:
                        total[examples] += found.numpy()
                    else:
                        total[examples] = found.numpy()

        for _ in side_by_side(evaluate, self._lots(sections, math.prod(space))):
            pass
        if len(self._symmetries) > 1:
            total /= len(self._symmetries)
        return total[0] if across is None else np.moveaxis(total, 0, 1 + across)

    def _seen(self, box: Box, across: int | None, examples: slice) -> tuple[Tensor, Tensor]:
        """Return data and position of some examples of a box."""
        if across is not None:
            first = box.start[across]
            box = _with(box, across, first + examples.start, first + examples.stop)
        position = np.stack([self.frame.position(part, across) for part in _sections(box, across)])
        return torch.from_numpy(self.frame.data_of_all(box, across)), torch.from_numpy(position)

    def _lots(self, sections: int, voxels: int) -> list[range]:
        """Return the sections that each thread computes, which its range takes so many at a time.

        Parameters
        ----------
        sections : int
            In all.
        voxels : int
            Of each.
        """
        each = shares(sections) if self._device.type == "cpu" else [sections]
        together = sections
        if self._device.type == "cpu" and isinstance(self.network, HyperbolicNetwork):
            self.network.expect(len(each))
            together = max(1, _TOGETHER // (voxels * self.network.architecture.channels))
        ends = list(itertools.accumulate(each, initial=0))
        return [range(a, b, together) for a, b in itertools.pairwise(ends)]

    @property
    def _heeds(self) -> bool:
        """Whether the network itself asks whether to go on."""
        return isinstance(self.network, HyperbolicNetwork)

    def _scores(self, data: Tensor, resting: Resting) -> Tensor:
        if isinstance(self.network, HyperbolicNetwork):
            return self.network.scores(data, resting=resting).float()
        return self.network.scores(data).float()

    def _say(self, data: Tensor, resting: Resting) -> Tensor:
        """Return what the network says of data ``(batch, channels, *space)``, of the same space."""
        return self._scores(data, resting).softmax(1)


def _sections(box: Box, across: int | None) -> Iterator[Box]:
    if across is None:
        yield box
        return
    for index in range(box.start[across], box.stop[across]):
        yield _with(box, across, index, index + 1)


def _with(box: Box, axis: int, start: int, stop: int) -> Box:
    """Return a box with other ends along an axis."""
    return Box((*box.start[:axis], start, *box.start[axis + 1 :]), (*box.stop[:axis], stop, *box.stop[axis + 1 :]))


def _times(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
