"""A map foretold pixel by pixel from its bands, with what the labels left out have decided."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Labels, Without
from napari_fhn.structure.examples import Examples, examples, spread
from napari_fhn.structure.features import Data, Features
from napari_fhn.structure.kernel import Floats
from napari_fhn.structure.voices import Choir, Chosen, choose

_CHOSEN_BY = 500
"""Examples by which features and settings are chosen; more would take longer than a second."""

_MOST = 4000
"""Examples that are read at all."""

_GROWN = 1.1
"""Features and settings are chosen again when there are so many times the examples that there were."""

_COLUMNS = 2**24
"""Numbers that are made of voxels at once, about: 64 MB."""


class PixelModel:
    """A factor: what the bands of a pixel say of its class, learnt from the labelled pixels in a second.

    Which features (bands, differences of dates, means around), which settings, and how far a kernel machine and a
    forest are believed, is decided by the bodies of labels left out in turn. Where they foretell nothing, all classes
    are alike. Nothing is fitted before something is read.

    Parameters
    ----------
    labels : Labels
        What is known; followed while it changes.
    data : Data
        The channels, scaled.
    dates : sequence of slice
        Channels of each date, alike many; empty where there are none to compare.
    vertical : int or None
        Axis along which labelled columns run; None for a map.

    Attributes
    ----------
    name, title : str
        See :class:`napari_fhn.structure.factor.Factor`.

    Raises
    ------
    ValueError
        When dates have unlike numbers of channels.
    """

    name = "bands"
    title = "by its bands"

    def __init__(self, labels: Labels, data: Data, *, dates: Sequence[slice] = (), vertical: int | None = None) -> None:
        self._follow(labels, _Shared(data, tuple(dates)), vertical)

    def _follow(self, labels: Labels, shared: _Shared, vertical: int | None) -> None:
        self._labels, self._shared, self._vertical = labels, shared, vertical
        self._chosen: Chosen | None = None
        self._chosen_with = 0
        self._choir: Choir | None = None
        self._kept: dict[frozenset[int], PixelModel] = {}
        self._seen = -1
        self._examples: Examples | None = None
        self.look()

    def look(self) -> bool:
        """Follow the labels; tells whether what it says has changed."""
        if self._labels.version == self._seen:
            return False
        self._seen = self._labels.version
        self._bodies = Bodies.of(self._labels, self._vertical)
        before, self._examples = self._examples, examples(self._labels, self._bodies, _MOST)
        if before is not None and before.same(self._examples):
            return False
        self._choir = None
        self._kept = {}
        return True

    def without(self, bodies: Collection[int]) -> PixelModel:
        """Return the same as if these bodies had no labels; features, settings and beliefs, too, are found without."""
        left_out = frozenset(bodies)
        if left_out not in self._kept:
            other = PixelModel.__new__(PixelModel)
            other._follow(Without(self._labels, self._bodies, left_out), self._shared, self._vertical)
            self._kept[left_out] = other
        return self._kept[left_out]

    @property
    def chosen(self) -> Chosen:
        """What the labels left out have decided; found when it is first asked for."""
        seen = self._examples
        assert seen is not None
        grown = max(len(seen.classes), 1) / max(self._chosen_with, 1)
        if self._chosen is None or not 1 / _GROWN < grown < _GROWN:
            some = seen.some(spread(seen, _CHOSEN_BY))
            columns = self._shared.columns(some.places)
            self._chosen = choose(self._shared.features, some, self._labels.classes, columns)
            self._chosen_with = len(seen.classes)
        return self._chosen

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return ``(classes, *box.shape)`` that sum to 1; all alike where there are no data, or nothing is foretold."""
        classes = self._labels.classes
        out = np.full((classes, *box.shape), 1 / classes, np.float32)
        seen = self._examples
        assert seen is not None
        if len(np.unique(seen.classes)) < 2 or not self.chosen.voices:
            return out
        if self._choir is None:
            columns = self._shared.columns(seen.places)
            self._choir = Choir(self._shared.features, self.chosen, seen, columns, classes)
        for part in _parts(box, self._shared.features.width):
            present = self._shared.data.present(part)
            if present.any():
                out[(slice(None), *part.within(box))][:, present] = self._choir.read(part, present).T
        return out


class _Shared:
    """What does not depend on labels: features, and those of voxels that were read already."""

    def __init__(self, data: Data, dates: tuple[slice, ...]) -> None:
        self.data = data
        self._dates = dates
        self._features: Features | None = None
        self._flat = np.zeros(0, np.int64)
        self._columns: Floats | None = None

    @property
    def features(self) -> Features:
        """Made when they are first asked for."""
        if self._features is None:
            self._features = Features(self.data, self._dates)
        return self._features

    def columns(self, places: NDArray[np.int64]) -> Floats:
        """Return the columns of voxels, which stay for the next time."""
        flat = np.ravel_multi_index(tuple(places.T), self.data.shape)
        missing = ~np.isin(flat, self._flat)
        if missing.any() or self._columns is None:
            new = self.features.at(places[missing])
            old = self._columns if self._columns is not None and len(self._flat) < 4 * _MOST else new[:0]
            known = self._flat[: len(old)]
            if len(old) < len(self._flat):  # too many of former times: read again what is wanted now
                new, missing = self.features.at(places), np.ones(len(flat), bool)
            both = np.concatenate([known, flat[missing]])
            order = np.argsort(both, kind="stable")
            self._flat, self._columns = both[order], np.concatenate([old, new])[order]
        found: Floats = self._columns[np.searchsorted(self._flat, flat)]
        return found


def _parts(box: Box, width: int) -> Iterator[Box]:
    """Yield boxes that make up a box, a few rows each."""
    step = max(1, _COLUMNS // max(1, width * int(np.prod(box.shape[1:]))))
    for first in range(box.start[0], box.stop[0], step):
        last = min(first + step, box.stop[0])
        yield Box((first, *box.start[1:]), (last, *box.stop[1:]))
