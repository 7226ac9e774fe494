"""A factor of seismic data: what a network that was trained beforehand sees in sections, read as the labels say.

Its features are the same whatever is labelled; what of them means which class is a linear map, found of all wells in a
moment. So it speaks before the network of the labels has made a step, and no well costs it a training to be left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Labels, Without, labelled_columns
from napari_fhn.training.combination.every_second import COARSE, EverySecond
from napari_fhn.training.combination.foretelling import asked, likely, together
from napari_fhn.training.combination.linear_head import LinearHead, Sums
from napari_fhn.training.combination.pretrained_memory import WINDOWS
from napari_fhn.training.combination.sections import Sections, Window
from napari_fhn.training.combination.settings import TITLES
from napari_fhn.training.combination.upright import as_volume

Floats = NDArray[np.float32]


_COMPACT = 16
"""Traces: a body no wider is a well, and one section in each direction through its middle shows what it says."""

_LINES = 8
"""Sections in each direction through a wider body."""

_MARGIN = 16
"""Traces beside labelled ones of which features are kept, as strokes go on."""

_TESTED = 2**14
"""Places of which some are left out, to learn how well features foretell; of more, some from everywhere."""


class _Known(NamedTuple):
    """Places of which something is known.

    Parameters
    ----------
    features : ndarray, shape (places, features)
    down : ndarray of int, shape (places,)
        The cell of each along the vertical axis.
    shares : ndarray, shape (places, classes)
        Which part of each is known as which class.
    body : ndarray of int, shape (places,)
        The body of labels that knows it.
    """

    features: Floats
    down: NDArray[np.int64]
    shares: Floats
    body: NDArray[np.int64]

    def some(self, these: NDArray[np.bool_] | slice) -> _Known:
        """Return some of the places."""
        return _Known(self.features[these], self.down[these], self.shares[these], self.body[these])

    def thinned(self, most: int) -> _Known:
        """Return so many of them, from everywhere."""
        return self.some(slice(None, None, max(1, -(-len(self.down) // max(1, most)))))

    def sums(self, sections: Sections) -> Sums:
        """Return what the meaning of features is found of."""
        return Sums.of(self.features, sections.depths[self.down], self.shares)

    def only(self, classes: NDArray[np.intp]) -> _Known:
        """Return those places of which something is known of some classes, and only that."""
        found = self._replace(shares=self.shares[:, classes])
        there: NDArray[np.bool_] = np.any(found.shares, axis=1)
        return found.some(there)

    def said(self, head: LinearHead, scale: float) -> Floats:
        """Return probabilities ``(classes, places)``."""
        scores = torch.from_numpy((self.features @ head.weights + head.column[self.down]) * np.float32(scale))
        said: Floats = scores.softmax(1).numpy().T
        return said


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
    labels, sections
        As given.
    """

    name = "pretrained"
    title = TITLES["pretrained"]

    def __init__(self, labels: Labels, sections: Sections) -> None:
        self.labels = labels
        self.sections = sections
        self._head: LinearHead | None = None
        self._present: NDArray[np.intp] = np.zeros(0, np.intp)
        self._seen = labels.version
        self._fitted = -1
        self._every_second = EverySecond(self.look_at)
        self._every_fourth = EverySecond(self.look_at, COARSE)

    def look(self) -> bool:
        """Follow the labels; tells whether what it says has changed."""
        changed, self._seen = self.labels.version != self._seen, self.labels.version
        return changed

    def without(self, bodies: Collection[int]) -> PretrainedFeatures:
        """Return the same as if these bodies had no labels."""
        return PretrainedFeatures(Without(self.labels, self._bodies(), bodies), self.sections)

    @property
    def classes(self) -> int:
        """How many there are."""
        return self.labels.classes

    @property
    def present(self) -> NDArray[np.intp]:
        """The classes, from 0, that are known somewhere."""
        self._fit()
        return self._present

    def read(self, box: Box) -> Floats:
        """Return ``(classes, *box.shape)`` that sum to 1; all alike where no two classes are known."""
        return self._read(box, self.sections.ways(as_volume(box)))

    def read_across(self, box: Box, across: int, *, coarse: bool = False) -> Floats:
        """Return what :meth:`read` does, seen in every second section across an axis; coarsely in every fourth."""
        every = self._every_fourth if coarse else self._every_second
        return every.read(box, across, self.sections.shape[across], self.labels.version)

    def look_at(self, box: Box, across: int, lines: range | None = None) -> Floats:
        """Return ``(classes, *box.shape)`` of sections across an axis; of some lines alone, along it these."""
        return self._read(box, (across,), lines)

    def _read(self, box: Box, ways: Sequence[int], lines: range | None = None) -> Floats:
        self._fit()
        whole, classes = as_volume(box), self.labels.classes
        shape = list(whole.shape)
        if lines is not None:
            shape[ways[0]] = len(lines)
        asked = box.shape if lines is None else shape
        if self._head is None:
            return np.full((classes, *asked), 1 / classes, np.float32)
        out = np.zeros((classes, *asked), np.float32)
        told = [out[k].reshape(shape) for k in self._present]
        for across in ways:
            self.sections.add(told, whole, across, self._head, lines)
        out /= np.float32(len(ways))
        return out

    def _fit(self) -> None:
        """Find the map anew where labels have changed since."""
        if self._fitted == self.labels.version:
            return
        self._fitted = self.labels.version
        self._head = None
        windows, sections, bodies = self._windows(), self.sections, self._bodies()
        total = sum((self._counts(window) for window in windows), np.zeros(self.labels.classes))
        self._present = np.flatnonzero(total)
        if len(self._present) > 1:
            whole = (self._part(window, bodies) for window in windows)
            parts = (part.only(self._present) for part in whole if len(part.down))
            rows = ((part.features, sections.depths[part.down], part.shares) for part in parts)
            self._head = LinearHead.of(rows, total[self._present], sections.depths, sections.pretrained.held)

    def foretold(self) -> float | None:
        """Return how likely, in geometric mean over bodies of labels, what one knows is by the others; None of one."""
        windows, sections, bodies = self._windows(), self.sections, self._bodies()
        few = [self._part(window, bodies).thinned(_TESTED // len(windows)) for window in windows]
        if not few:
            return None
        known = _Known(*map(np.concatenate, zip(*few, strict=True)))
        # Each place is multiplied once for all and once for its body, however many bodies are left out.
        whole, found = known.sums(sections), []
        for one in asked(self.labels):
            apart = known.some(known.body == one.number)
            left = LinearHead.left(whole, apart.sums(sections), sections.depths, sections.pretrained.held)
            if left is not None:
                head, classes = left
                found.append(likely(apart.said(head, sections.pretrained.scale), apart.shares[:, classes].T))
        return together(found)

    def _bodies(self) -> Bodies:
        return Bodies.of(self.labels, len(self.labels.shape) - 1)

    def _labelled(self, window: Window) -> NDArray[np.uint8]:
        """Return the labels ``(along, down)`` of a window."""
        box = window.box(self.sections.shape[2])
        if len(self.labels.shape) == 2:
            box = Box(box.start[1:], box.stop[1:])
        return self.labels.read(box).reshape(-1, self.sections.shape[2])

    def _counts(self, window: Window) -> NDArray[np.float64]:
        """Return how many cells of a window are known as each class, those known in part by their part."""
        voxels = np.bincount(self._labelled(window).ravel(), minlength=self.labels.classes + 1)
        found: NDArray[np.float64] = voxels[1 : self.labels.classes + 1] / self.sections.stride**2
        return found

    def _part(self, window: Window, bodies: Bodies) -> _Known:
        """Return what a window teaches of these bodies."""
        stride, lateral = self.sections.stride, len(self.labels.shape) - 1
        box = window.box(self.sections.shape[2])
        places = np.stack(np.meshgrid(*(np.arange(box.start[a], box.stop[a]) for a in (0, 1)), indexing="ij"), -1)
        body = bodies.at(places[..., 2 - lateral :].reshape(-1, lateral))
        known = _shares(self._labelled(window), self.labels.classes, stride)
        there = known.any(axis=0)
        along, down = np.nonzero(there)
        features = self.sections.features(window)[:, there].T if len(down) else np.zeros((0, 1), np.float32)
        return _Known(features, down, known[:, there].T, _widest(body, stride)[along])

    def _windows(self) -> list[Window]:
        """Return the parts of sections of which the meaning of features is learnt."""
        line = len(self.labels.shape) == 2
        places = labelled_columns(self.labels, tuple(range(len(self.labels.shape) - 1)))
        if not len(places):
            return []
        body = Bodies.of_places(places, self.labels.shape, tuple(range(len(self.labels.shape) - 1))).at(places)
        if line:
            places = np.column_stack([np.zeros_like(places), places])
        found: dict[Window, None] = {}
        for number in range(int(body.max()) + 1):
            own = places[body == number]
            for across in (0,) if line else (0, 1):
                found.update(dict.fromkeys(self._through(own, across)))
        windows = sorted(found, key=lambda one: (one.across, one.line, one.first))
        return [windows[k] for k in np.linspace(0, len(windows) - 1, min(len(windows), WINDOWS)).round().astype(int)]

    def _through(self, own: NDArray[np.int64], across: int) -> Iterator[Window]:
        """Yield windows of sections through the columns of a body."""
        along = 1 - across
        lines = np.unique(own[:, across])
        few = 1 if (np.ptp(own, axis=0) < _COMPACT).all() else _LINES
        middle = (np.arange(few) + 0.5) / few * len(lines)
        for line in np.unique(lines[np.minimum(middle.astype(int), len(lines) - 1)]):
            columns = own[own[:, across] == line][:, along]
            cell = _MARGIN  # windows begin and end with one, so that they stay what they are while a stroke goes on
            first = max(0, int(columns.min()) // cell - 1) * cell
            last = min(self.sections.shape[along], (int(columns.max()) // cell + 2) * cell)
            yield Window(across, int(line), first, last)


def _widest(body: NDArray[np.int64], stride: int) -> NDArray[np.int64]:
    """Return the body of each cell of so many traces; -1 where there is none."""
    padded = np.full(-(-len(body) // stride) * stride, -1, np.int64)
    padded[: len(body)] = body
    found: NDArray[np.int64] = padded.reshape(-1, stride).max(axis=1)
    return found


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
