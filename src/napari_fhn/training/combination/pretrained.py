"""A factor of seismic data: what a network that was trained beforehand sees in sections, read as the labels say.

Its features are the same whatever is labelled; what of them means which class is a linear map, found of all wells in a
moment. So it speaks before the network of the labels has made a step, and no well costs it a training to be left out.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
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
from napari_fhn.structure.bodies import Bodies, Labels, Without, labelled_columns
from napari_fhn.training.combination.linear_head import LinearHead, Part, bumps
from napari_fhn.training.combination.pretrained_memory import AT_ONCE, WINDOWS, kept_bytes, most_side_by_side
from napari_fhn.training.combination.settings import TITLES
from napari_fhn.training.combination.upright import laid
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.models.pretrained import Pretrained

Floats = NDArray[np.float32]

_WORTH = 1.5
"""A box is looked at in both directions, which make unlike mistakes, where what has to be looked at around it is no
more than half of it. A thin slab of a large survey would cost many times as much."""

_COMPACT = 16
"""Traces: a body no wider is a well, and one section in each direction through its middle shows what it says."""

_LINES = 8
"""Sections in each direction through a wider body."""

_MARGIN = 16
"""Traces beside labelled ones of which features are kept, as strokes go on."""


@dataclass(frozen=True)
class _Window:
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
    """

    def __init__(self, volume: Volume, vertical: int, pretrained: Pretrained, device: torch.device) -> None:
        self._volume = volume
        self._vertical = vertical
        self.pretrained = pretrained
        self._device = device
        self._network = pretrained.network.to(device)
        architecture = self._network.architecture
        cells = set(architecture.multiples)
        self._cell = max(cells)
        self.stride = 2 ** architecture.output_levels[0]
        self._around = -(-architecture.receptive_radius // self._cell) * self._cell
        lateral = [size for axis, size in enumerate(volume.shape) if axis != vertical]
        self._line = len(lateral) == 1
        self.shape = (*([1] if self._line else []), *lateral, volume.shape[vertical])
        self._kept: OrderedDict[_Window, Floats] = OrderedDict()
        self._held = 0
        self._room = kept_bytes(self.shape)
        self._resting = Resting()

    def add(self, out: Sequence[Floats], box: Box, across: int, head: LinearHead) -> None:
        """Add probabilities by a linear map of what is seen in sections of a box.

        Parameters
        ----------
        out : sequence of ndarray, shape of the box
            To which they are added, one for each class of the map.
        box : Box
            Of the upright volume.
        across : int
            Axis across which its sections lie.
        head : LinearHead
            The map.
        """
        along = 1 - across
        outer = self._grown(box, along)
        weights = torch.from_numpy(head.weights).to(self._device)
        column = self._column(head, outer)
        inside = box.within(outer)

        def look(lines: range) -> None:
            for first in lines:
                last = min(first + lines.step, lines.stop)
                data = self._read(outer, across, first, last)
                with torch.no_grad():
                    seen = self._network(data, resting=self._resting)
                    scores = torch.einsum("bchw,ck->bkhw", seen, weights) + column
                    scores = self._network.on_grid(scores * self.pretrained.scale, data)
                    said = scores[:, :, inside[along], inside[2]].softmax(1).cpu().numpy()
                there = [slice(None)] * 3
                there[across] = slice(first - box.start[across], last - box.start[across])
                for k, one in enumerate(out):
                    one[tuple(there)] += np.moveaxis(said[:, k], 0, across)

        for _ in side_by_side(look, self._lots(box, across, outer.shape[along] * outer.shape[2])):
            pass

    def _lots(self, box: Box, across: int, voxels: int) -> list[range]:
        """Return the sections of so many voxels that each thread looks at, which its range takes so many at a time."""
        count, first = box.shape[across], box.start[across]
        each = shares(count, most=most_side_by_side(voxels)) if self._device.type == "cpu" else [count]
        self._network.expect(len(each))
        together = max(1, AT_ONCE // (voxels * self._network.architecture.channels))
        ends = list(itertools.accumulate(each, initial=first))
        return [range(a, b, together) for a, b in itertools.pairwise(ends)]

    def _column(self, head: LinearHead, outer: Box) -> Tensor:
        """Return what depth alone says of a box, to be added to scores ``(sections, classes, along, down)``."""
        cells = -(-(outer.stop[2] - outer.start[2]) // self._cell) * self._cell // self.stride
        first = outer.start[2] // self.stride
        rows = np.minimum(np.arange(first, first + cells), len(head.column) - 1)
        return torch.from_numpy(head.column[rows].T.copy()).to(self._device)[None, :, None, :]

    @cached_property
    def depths(self) -> Floats:
        """Where each cell down a trace lies, as :func:`~.linear_head.bumps` has it."""
        cells = -(-self.shape[2] // self.stride)
        return bumps((np.arange(cells) + 0.5) * self.stride - 0.5, self.shape[2])

    def features(self, window: _Window) -> Floats:
        """Return the features ``(features, cells along, cells down)`` of a window of whole cells."""
        found = self._kept.get(window)
        if found is None:
            box = window.box(self.shape[2])
            along = 1 - window.across
            outer = self._grown(box, along)
            with torch.no_grad():
                seen = self._network(self._read(outer, window.across, window.line, window.line + 1))[0]
            first = (window.first - outer.start[along]) // self.stride
            along_it, down = -(-(window.last - window.first) // self.stride), len(self.depths)
            found = seen[:, first : first + along_it, :down].cpu().numpy().copy()
            self._kept[window] = found
            self._held += found.nbytes
        self._kept.move_to_end(window)
        while self._held > self._room:
            self._held -= self._kept.popitem(last=False)[1].nbytes
        return found

    def beside(self, box: Box, along: int) -> float:
        """Return how many times its own traces along an axis are looked at for those of a box."""
        return self._grown(box, along).shape[along] / box.shape[along]

    def _grown(self, box: Box, along: int) -> Box:
        """Return a box with all that the network gathers around it, from cell to cell of the survey."""
        start, stop = list(box.start), list(box.stop)
        for axis in (along, 2):
            start[axis] = max(0, (start[axis] - self._around) // self._cell * self._cell)
            stop[axis] = min(self.shape[axis], -(-(stop[axis] + self._around) // self._cell) * self._cell)
        return Box(tuple(start), tuple(stop))

    def _read(self, outer: Box, across: int, first: int, last: int) -> Tensor:
        """Return what the network is shown of some sections: ``(sections, 4, along, down)``."""
        start, stop = list(outer.start), list(outer.stop)
        start[across], stop[across] = first - 1, last + 1
        values = np.moveaxis(self._values(Box(tuple(start), tuple(stop))), across, 0)
        data = np.empty((last - first, 4, *values.shape[1:]), np.float32)
        for channel in range(3):
            data[:, channel] = values[channel : channel + last - first]
        deepest = max(self.shape[2] - 1, 1)
        data[:, 3] = 2 * np.arange(outer.start[2], outer.stop[2], dtype=np.float32) / deepest - 1
        # Whole cells: what the network pads itself it takes away again, and cells would not lie where they are drawn.
        return pad(torch.from_numpy(data), self._network.architecture.multiples).to(self._device)

    def _values(self, box: Box) -> Floats:
        """Return the amplitudes of a box, which may reach outside of the survey."""
        start, stop = (side[1:] if self._line else side for side in (box.start, box.stop))
        values = self._volume.read(laid(Box(start, stop), self._vertical), 1)[0]
        values = np.moveaxis(values, self._vertical, -1)
        return np.broadcast_to(values, box.shape) if self._line else values


class PretrainedFeatures:
    """A factor: classes told apart by features of a network that was trained beforehand.

    Parameters
    ----------
    labels : Labels
        What is known, with the vertical axis last; followed while it changes.
    sections : Sections
        What the network sees.

    Attributes
    ----------
    name, title : str
        See :class:`napari_fhn.structure.factor.Factor`.
    """

    name = "pretrained"
    title = TITLES["pretrained"]

    def __init__(self, labels: Labels, sections: Sections) -> None:
        self._labels = labels
        self._sections = sections
        self._head: LinearHead | None = None
        self._present: NDArray[np.intp] = np.zeros(0, np.intp)
        self._seen = labels.version
        self._fitted = -1

    def look(self) -> bool:
        """Follow the labels; tells whether what it says has changed."""
        changed, self._seen = self._labels.version != self._seen, self._labels.version
        return changed

    def without(self, bodies: Collection[int]) -> PretrainedFeatures:
        """Return the same as if these bodies had no labels."""
        return PretrainedFeatures(Without(self._labels, Bodies.of(self._labels, -1), bodies), self._sections)

    def read(self, box: Box) -> Floats:
        """Return ``(classes, *box.shape)`` that sum to 1; all alike where no two classes are known."""
        classes = self._labels.classes
        self._fit()
        if self._head is None:
            return np.full((classes, *box.shape), 1 / classes, np.float32)
        out = np.zeros((classes, *box.shape), np.float32)
        whole = box if len(box.shape) == 3 else Box((0, *box.start), (1, *box.stop))
        ways, told = self._ways(whole), [out[k].reshape(whole.shape) for k in self._present]
        for across in ways:
            self._sections.add(told, whole, across, self._head)
        out /= np.float32(len(ways))
        return out

    def _ways(self, box: Box) -> tuple[int, ...]:
        if self._sections.shape[0] == 1:
            return (0,)
        thin = 0 if box.shape[0] <= box.shape[1] else 1
        return (0, 1) if min(box.shape[:2]) > 1 and self._sections.beside(box, thin) <= _WORTH else (thin,)

    def _fit(self) -> None:
        """Find the map anew where labels have changed since."""
        if self._fitted == self._labels.version:
            return
        self._fitted = self._labels.version
        self._head = None
        windows, sections = self._windows(), self._sections
        total = sum((self._counts(window) for window in windows), np.zeros(self._labels.classes))
        self._present = np.flatnonzero(total)
        if len(self._present) > 1:
            parts, held = filter(None, map(self._part, windows)), sections.pretrained.held
            self._head = LinearHead.of(parts, total[self._present], sections.depths, held)

    def _known(self, window: _Window) -> NDArray[np.uint8]:
        """Return the labels ``(along, down)`` of a window."""
        box = window.box(self._sections.shape[2])
        if len(self._labels.shape) == 2:
            box = Box(box.start[1:], box.stop[1:])
        return self._labels.read(box).reshape(-1, self._sections.shape[2])

    def _counts(self, window: _Window) -> NDArray[np.float64]:
        """Return how many cells of a window are known as each class, those known in part by their part."""
        voxels = np.bincount(self._known(window).ravel(), minlength=self._labels.classes + 1)
        found: NDArray[np.float64] = voxels[1 : self._labels.classes + 1] / self._sections.stride**2
        return found

    def _part(self, window: _Window) -> Part | None:
        """Return what a window teaches, of the classes that are present; None where nothing is known in it."""
        known = _shares(self._known(window), self._labels.classes, self._sections.stride)[self._present]
        there = known.any(axis=0)
        if not there.any():
            return None
        features = self._sections.features(window)[:, there].T
        return features, self._sections.depths[np.nonzero(there)[1]], known[:, there].T

    def _windows(self) -> list[_Window]:
        """Return the parts of sections of which the meaning of features is learnt."""
        line = len(self._labels.shape) == 2
        places = labelled_columns(self._labels, tuple(range(len(self._labels.shape) - 1)))
        if not len(places):
            return []
        body = Bodies.of_places(places, self._labels.shape, tuple(range(len(self._labels.shape) - 1))).at(places)
        if line:
            places = np.column_stack([np.zeros_like(places), places])
        found: dict[_Window, None] = {}
        for number in range(int(body.max()) + 1):
            own = places[body == number]
            for across in (0,) if line else (0, 1):
                found.update(dict.fromkeys(self._through(own, across)))
        windows = sorted(found, key=lambda one: (one.across, one.line, one.first))
        return [windows[k] for k in np.linspace(0, len(windows) - 1, min(len(windows), WINDOWS)).round().astype(int)]

    def _through(self, own: NDArray[np.int64], across: int) -> Iterator[_Window]:
        """Yield windows of sections through the columns of a body."""
        along = 1 - across
        lines = np.unique(own[:, across])
        few = 1 if (np.ptp(own, axis=0) < _COMPACT).all() else _LINES
        middle = (np.arange(few) + 0.5) / few * len(lines)
        for line in np.unique(lines[np.minimum(middle.astype(int), len(lines) - 1)]):
            columns = own[own[:, across] == line][:, along]
            cell = _MARGIN  # windows begin and end with one, so that they stay what they are while a stroke goes on
            first = max(0, int(columns.min()) // cell - 1) * cell
            last = min(self._sections.shape[along], (int(columns.max()) // cell + 2) * cell)
            yield _Window(across, int(line), first, last)


def _shares(labels: NDArray[np.uint8], classes: int, stride: int) -> Floats:
    """Return which part of each cell is known as which class: ``(classes, cells along, cells down)``."""
    along, down = (-(-size // stride) * stride for size in labels.shape)
    padded = np.zeros((along, down), np.uint8)
    padded[: labels.shape[0], : labels.shape[1]] = labels
    cells = padded.reshape(along // stride, stride, down // stride, stride)
    found = np.empty((classes, along // stride, down // stride), np.float32)
    for k in range(classes):
        found[k] = (cells == k + 1).mean(axis=(1, 3), dtype=np.float32)
    return found
