"""What a pixel is told by: its bands, differences of dates, what lies around it. numpy and scipy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from napari_fhn.box import Box
from napari_fhn.structure.kernel import Floats

_BANDS = 40
"""Of more than so many columns the main directions are taken."""

_KEPT = 30
"""So many of them."""

_SAMPLED = 12_000
"""Voxels of the survey that scales, directions and differences are fitted to."""

_EDGE = {2: 16, 3: 8}
"""Side of the boxes in which they lie, and in which examples are read, by the number of axes."""

_UNCHANGED = 0.7
"""Share of the survey that is taken to be alike on two dates: the pixels that a line through the others fits best."""


class Data(Protocol):
    """Channels over space, scaled: 0 is common, 1 a usual departure from it. ``training.data.volume.Volume`` is one.

    Attributes
    ----------
    shape : tuple of int
        Spatial.
    channels : int
        How many.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102

    @property
    def channels(self) -> int: ...  # noqa: D102

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return ``(channels, *box.shape)``; what is missing is 0, and beyond the survey its rim is repeated."""
        ...

    def present(self, box: Box) -> NDArray[np.bool_]:
        """Tell where there are data; nowhere beyond the survey."""
        ...


class FeatureSet(NamedTuple):
    """Which of the columns count.

    Parameters
    ----------
    differences : bool
        Between dates.
    around : bool
        Also the mean over a voxel and its neighbours.
    """

    differences: bool
    around: bool

    @property
    def title(self) -> str:
        """For a person."""
        words = "bands and differences of the dates" if self.differences else "bands"
        return f"{words}, and those around" if self.around else words


class Features:
    """Makes the features of voxels. Labels do not enter, so it is made once.

    Parameters
    ----------
    data : Data
        The survey.
    dates : sequence of slice
        Channels of each date, alike many and in the same order; empty where there are none to compare. More than two
        of a single channel are not taken for dates.

    Attributes
    ----------
    sets : tuple of FeatureSet
        Those that these data have.

    Raises
    ------
    ValueError
        When dates have unlike numbers of channels.
    """

    def __init__(self, data: Data, dates: Sequence[slice] = ()) -> None:
        self.data = data
        spans = [range(*date.indices(data.channels)) for date in dates]
        if len({len(span) for span in spans}) > 1:
            raise ValueError(
                f"dates have {', '.join(str(len(span)) for span in spans)} channels: they cannot be compared"
            )
        # Many maps of one channel each are maps of unlike things, and not dates.
        self._spans = spans if len(spans) == 2 or (len(spans) > 2 and len(spans[0]) > 1) else []
        self.sets = tuple(
            FeatureSet(differences, around)
            for differences in ([False, True] if self._spans else [False])
            for around in (False, True)
        )
        boxes = some_boxes(data)
        sample = sample_of(data)
        self._lines = [
            _unchanged(sample[:, span], sample[:, after])
            for span, after in zip(self._spans, self._spans[1:], strict=False)
        ]
        raw = np.concatenate([self._columns(box)[:, data.present(box)] for box in boxes], axis=1).T
        self._views = {which: _View.fitted(raw[:, self._which(which)]) for which in self.sets}

    def _which(self, chosen: FeatureSet) -> NDArray[np.int64]:
        bands, all_of = self.data.channels, self._width
        own = np.arange(all_of if chosen.differences else bands)
        return np.concatenate([own, all_of + own]) if chosen.around else own

    @property
    def width(self) -> int:
        """How many columns a voxel has."""
        return 2 * self._width

    @property
    def _width(self) -> int:
        return self.data.channels + sum(len(span) for span in self._spans[1:])

    def _columns(self, box: Box, around: bool = True) -> Floats:
        """Return ``(columns, *box.shape)``: bands, differences, and the mean of each around the voxel."""
        wide = Box(tuple(a - 1 for a in box.start), tuple(b + 1 for b in box.stop))
        values = self.data.read(wide)
        parts = [values]
        for span, after, (slope, start) in zip(self._spans, self._spans[1:], self._lines, strict=False):
            across = (-1, *[1] * len(box.shape))
            expected = slope.reshape(across) * values[list(span)] + start.reshape(across)
            parts.append(values[list(after)] - expected)
        own = np.concatenate(parts) if len(parts) > 1 else values
        # A gap says nothing about its neighbours: it is 0 there, and counts for nothing in their mean.
        there = self.data.present(wide).astype(np.float32)
        own = own * there
        inner = (slice(None), *[slice(1, -1)] * len(box.shape))
        if not around:
            return own[inner]
        size = (1, *[3] * len(box.shape))
        share = np.maximum(uniform_filter(there, 3, mode="constant"), 1e-3)
        return np.concatenate([own[inner], (uniform_filter(own, size, mode="constant") / share)[inner]])

    def columns(self, box: Box, around: bool = True) -> Floats:
        """Return the columns ``(voxels of the box, columns)``, of which :meth:`seen` makes features.

        Without those around, sets that ask for them cannot be seen.
        """
        columns = self._columns(box, around)
        return columns.reshape(len(columns), -1).T

    def at(self, places: NDArray[np.int64]) -> Floats:
        """Return the columns ``(n, columns)`` of single voxels, of which :meth:`seen` makes features."""
        edge = _EDGE[len(self.data.shape)]
        out = np.zeros((len(places), self.width), np.float32)
        cells = places // edge
        _, inverse = np.unique(cells, axis=0, return_inverse=True)
        order = np.argsort(inverse.ravel(), kind="stable")
        for own in np.split(order, np.flatnonzero(np.diff(inverse.ravel()[order])) + 1) if len(order) else []:
            start, stop = places[own].min(axis=0), places[own].max(axis=0) + 1
            columns = self._columns(Box(tuple(start.tolist()), tuple(stop.tolist())))
            out[own] = columns[(slice(None), *(places[own] - start).T)].T
        return out

    def seen(self, columns: Floats, chosen: FeatureSet) -> Floats:
        """Return features ``(n, features)`` of a set from columns of :meth:`at`."""
        return self._views[chosen].seen(columns[:, self._which(chosen)])


class _View(NamedTuple):
    """Columns to features: scaled, and turned into their main directions where they are many."""

    centre: Floats
    turn: Floats

    @classmethod
    def fitted(cls, sample: Floats) -> _View:
        if not len(sample):
            sample = np.zeros((1, sample.shape[1]), np.float32)
        centre = sample.mean(axis=0)
        spread = sample.std(axis=0)
        scale = np.where(spread > 1e-6, 1 / np.maximum(spread, 1e-6), 0).astype(np.float32)
        if sample.shape[1] <= _BANDS:
            return cls(centre, np.diag(scale))
        scaled = (sample - centre) * scale
        values, vectors = np.linalg.eigh((scaled.T @ scaled / len(scaled)).astype(np.float64))
        values, vectors = values[::-1][:_KEPT], vectors[:, ::-1][:, :_KEPT]
        # Directions keep a part of their weight: all alike would make noise as loud as what the bands share.
        loud = np.where(values > 1e-6 * max(values[0], 1e-12), np.maximum(values, 1e-12) ** -_WHITE, 0)
        turn = scale[:, np.newaxis] * vectors * loud
        turn *= np.sqrt(_KEPT / max(1e-12, float((values * loud**2).sum())))
        return cls(centre, turn.astype(np.float32))

    def seen(self, columns: Floats) -> Floats:
        out: Floats = ((columns - self.centre) @ self.turn).astype(np.float32, copy=False)
        return out


_WHITE = 0.25
"""0.5 makes all main directions alike strong, 0 leaves them as they are."""


def _unchanged(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Fit ``after = slope * before + start``, channel by channel, to the voxels that are most alike on both dates."""
    kept = np.ones(len(before), bool)
    slope, start = np.ones(before.shape[1], np.float32), np.zeros(before.shape[1], np.float32)
    for _ in range(5 if len(before) > 10 else 0):
        x, y = before[kept], after[kept]
        spread = x.var(axis=0)
        slope = np.where(
            spread > 1e-9, ((x - x.mean(axis=0)) * (y - y.mean(axis=0))).mean(axis=0) / np.maximum(spread, 1e-9), 0
        )
        slope = slope.astype(np.float32)
        start = (y.mean(axis=0) - slope * x.mean(axis=0)).astype(np.float32)
        off = after - slope * before - start
        unlike = np.square(off / np.maximum(off[kept].std(axis=0), 1e-6)).sum(axis=1)
        kept = unlike <= np.quantile(unlike, _UNCHANGED)
    return slope, start


def sample_of(data: Data) -> Floats:
    """Return the channels ``(n, channels)`` of some voxels with data, from all over the survey; always the same."""
    return np.concatenate([data.read(box)[:, data.present(box)] for box in some_boxes(data)], axis=1).T


def some_boxes(data: Data) -> list[Box]:
    """Return boxes with data, spread over a survey at random; always the same, and at least one."""
    rng = np.random.default_rng(0)
    edge = _EDGE[len(data.shape)]
    sides = tuple(min(edge, size) for size in data.shape)
    count = max(1, _SAMPLED // int(np.prod(sides)))
    starts = {
        tuple(int(rng.integers(0, size - side + 1)) for size, side in zip(data.shape, sides, strict=True))
        for _ in range(4 * count)
    }
    boxes = [Box(start, tuple(a + side for a, side in zip(start, sides, strict=True))) for start in sorted(starts)]
    # Of a survey that is mostly gaps, those that meet data: without reading all where there are none.
    order = rng.permutation(len(boxes))
    found: list[int] = []
    for number in order.tolist():
        if len(found) < count and data.present(boxes[number]).any():
            found.append(number)
    return [boxes[number] for number in sorted(found)] or [boxes[int(order[0])]]
