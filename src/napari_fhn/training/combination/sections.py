"""What a network that was trained beforehand sees in the vertical sections of a survey, whatever is labelled."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_fhn.box import Box
from napari_fhn.network.pooling import pad
from napari_fhn.network.resting import Resting
from napari_fhn.network.side_by_side import shares, side_by_side
from napari_fhn.training.combination.linear_head import LinearHead, bumps
from napari_fhn.training.combination.pretrained_memory import AT_ONCE, kept_bytes, most_side_by_side
from napari_fhn.training.combination.upright import laid
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.models.pretrained import Pretrained

Floats = NDArray[np.float32]

_LONGEST = 4
"""A part of a survey is looked at in the longest sections unless they cost so many times as much as the others: tiles
of a prediction are some of them each, and those at an end of the survey or of a shard are to be seen as those beside
them."""


@dataclass(frozen=True)
class Window:
    """A part of a section, its columns from end to end."""

    across: int
    line: int
    first: int
    last: int

    def box(self, depth: int) -> Box:
        """Of a survey with its vertical axis last."""
        start, stop = [self.first, self.first, 0], [self.last, self.last, depth]
        start[self.across], stop[self.across] = self.line, self.line + 1
        return Box(tuple(start), tuple(stop))


class Sections:
    """What the network sees in the vertical sections of a survey; it depends on no label.

    Parameters
    ----------
    volume : Volume
        The data, of which the first channel is looked at: the amplitudes.
    vertical : int
        Axis of two-way time or depth.
    pretrained : Pretrained
        The network.
    device : torch.device
        Where it computes.

    Attributes
    ----------
    shape : tuple of int
        Of the survey as a volume with its vertical axis last; a line is a volume of one section.
    device : torch.device
        As given.
    """

    def __init__(self, volume: Volume, vertical: int, pretrained: Pretrained, device: torch.device) -> None:
        self._volume = volume
        self._vertical = vertical
        self.pretrained = pretrained
        self.device = device
        self._network = pretrained.network.to(device)
        architecture = self._network.architecture
        cells = set(architecture.multiples)
        self._cell = max(cells)
        self.stride = 2 ** architecture.output_levels[0]
        self._around = -(-architecture.receptive_radius // self._cell) * self._cell
        lateral = [size for axis, size in enumerate(volume.shape) if axis != vertical]
        self._line = len(lateral) == 1
        self.shape = (*([1] if self._line else []), *lateral, volume.shape[vertical])
        self._kept: OrderedDict[Window, Floats] = OrderedDict()
        self._held = 0
        self._room = kept_bytes(self.shape)
        self._resting = Resting()

    def forget(self) -> None:
        """Keep no features of what was looked at."""
        self._kept.clear()
        self._held = 0

    def add(self, out: Sequence[Floats], box: Box, across: int, head: LinearHead, lines: range | None = None) -> None:
        """Add probabilities by a linear map of what is seen in sections of a box.

        Parameters
        ----------
        out : sequence of ndarray, shape of the box
            To which they are added, one for each class of the map. Of some lines alone, along `across` these.
        box : Box
            Of the upright volume.
        across : int
            Axis across which its sections lie.
        head : LinearHead
            The map.
        lines : range, optional
            Which of its sections; all when absent.
        """
        along = 1 - across
        lines = lines or range(box.start[across], box.stop[across])
        outer = self._grown(box, along)
        weights = torch.from_numpy(head.weights).to(self.device)
        column = self._column(head, outer)
        inside = box.within(outer)

        def look(some: range) -> None:
            for first in some:
                these = lines[first : min(first + some.step, some.stop)]
                data = self._read(outer, across, these)
                with torch.no_grad():
                    seen = self._network(data, resting=self._resting)
                    scores = torch.einsum("bchw,ck->bkhw", seen, weights) + column
                    scores = self._network.on_grid(scores * self.pretrained.scale, data)
                    said = scores[:, :, inside[along], inside[2]].softmax(1).cpu().numpy()
                there = [slice(None)] * 3
                there[across] = slice(first, first + len(these))
                for k, one in enumerate(out):
                    one[tuple(there)] += np.moveaxis(said[:, k], 0, across)

        for _ in side_by_side(look, self._lots(len(lines), outer.shape[along] * outer.shape[2])):
            pass

    def _lots(self, count: int, voxels: int) -> list[range]:
        """Return the sections of so many voxels that each thread looks at, which its range takes so many at a time."""
        each = shares(count, most=most_side_by_side(voxels)) if self.device.type == "cpu" else [count]
        self._network.expect(len(each))
        together = max(1, AT_ONCE // (voxels * self._network.architecture.channels))
        ends = list(itertools.accumulate(each, initial=0))
        return [range(a, b, together) for a, b in itertools.pairwise(ends)]

    def _column(self, head: LinearHead, outer: Box) -> Tensor:
        """Return what depth alone says of a box, to be added to scores ``(sections, classes, along, down)``."""
        cells = -(-(outer.stop[2] - outer.start[2]) // self._cell) * self._cell // self.stride
        first = outer.start[2] // self.stride
        rows = np.minimum(np.arange(first, first + cells), len(head.column) - 1)
        return torch.from_numpy(head.column[rows].T.copy()).to(self.device)[None, :, None, :]

    @cached_property
    def depths(self) -> Floats:
        """Where each cell down a trace lies, as :func:`~.linear_head.bumps` has it."""
        cells = -(-self.shape[2] // self.stride)
        return bumps((np.arange(cells) + 0.5) * self.stride - 0.5, self.shape[2])

    def features(self, window: Window) -> Floats:
        """Return the features ``(features, cells along, cells down)`` of a window of whole cells."""
        found = self._kept.get(window)
        if found is None:
            box = window.box(self.shape[2])
            along = 1 - window.across
            outer = self._grown(box, along)
            with torch.no_grad():
                seen = self._network(self._read(outer, window.across, range(window.line, window.line + 1)))[0]
            first = (window.first - outer.start[along]) // self.stride
            along_it, down = -(-(window.last - window.first) // self.stride), len(self.depths)
            found = seen[:, first : first + along_it, :down].cpu().numpy().copy()
            self._kept[window] = found
            self._held += found.nbytes
        self._kept.move_to_end(window)
        while self._held > self._room:
            self._held -= self._kept.popitem(last=False)[1].nbytes
        return found

    def ways(self, box: Box) -> tuple[int, ...]:
        """Return the axes across which sections of a box are looked at.

        Both, which make unlike mistakes, where it reaches over all traces of the survey; of a part, one: whether a tile
        lies in the middle or at an end may not decide how it is seen, or there would be a seam between the two.
        """
        if box.shape[0] == 1:  # part of an inline, or of a line
            return (0,)
        if box.shape[:2] == self.shape[:2] and min(box.shape[:2]) > 1:
            return (0, 1)
        cost = [box.shape[across] * self._grown(box, 1 - across).shape[1 - across] for across in (0, 1)]
        longest = int(self.shape[0] >= self.shape[1])
        return (longest,) if cost[longest] <= _LONGEST * cost[1 - longest] else (1 - longest,)

    def grown(self, box: Box, along: int, around: int, cell: int) -> Box:
        """Return a box with so many voxels around it along its sections, from cell to cell of the survey."""
        start, stop = list(box.start), list(box.stop)
        for axis in (along, 2):
            start[axis] = max(0, (start[axis] - around) // cell * cell)
            stop[axis] = min(self.shape[axis], -(-(stop[axis] + around) // cell) * cell)
        return Box(tuple(start), tuple(stop))

    def _grown(self, box: Box, along: int) -> Box:
        """Return a box with all that the network gathers around it."""
        return self.grown(box, along, self._around, self._cell)

    def _read(self, outer: Box, across: int, lines: range) -> Tensor:
        """Return what the network is shown of some sections: ``(sections, 4, along, down)``."""
        values = np.moveaxis(self.amplitudes(outer.slab(across, lines[0] - 1, lines[-1] + 2)), across, 0)
        data = np.empty((len(lines), 4, *values.shape[1:]), np.float32)
        for channel in range(3):
            data[:, channel] = values[channel : channel + lines[-1] - lines[0] + 1 : lines.step]
        deepest = max(self.shape[2] - 1, 1)
        data[:, 3] = 2 * np.arange(outer.start[2], outer.stop[2], dtype=np.float32) / deepest - 1
        # Whole cells: what the network pads itself it takes away again, and cells would not lie where they are drawn.
        return pad(torch.from_numpy(data), self._network.architecture.multiples).to(self.device)

    def amplitudes(self, box: Box) -> Floats:
        """Return the amplitudes of a box, which may reach outside of the survey."""
        start, stop = (side[1:] if self._line else side for side in (box.start, box.stop))
        values = self._volume.read(laid(Box(start, stop), self._vertical), 1)[0]
        values = np.moveaxis(values, self._vertical, -1)
        return np.broadcast_to(values, box.shape) if self._line else values
