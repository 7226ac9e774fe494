"""What a pixel is told by: its bands, differences of dates, what lies around it. numpy and scipy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

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

_WINDOWS = {2: (3, 7, 15), 3: (3, 7)}
"""Sides of the surroundings that texture is told by, by the number of axes."""

_MAIN = 6
"""Main directions of the columns whose texture is looked at; all columns where they are no more."""

_EDGE = {2: 16, 3: 8}
"""Side of the boxes in which they lie, and in which examples are read, by the number of axes."""

_OWN, _AROUND = 0, 1
"""Voxels that columns look away from their own, without and with the mean of its neighbours."""

_STILL, _CLIPPED = 1e-6, 6.0
"""A direction that hardly departs from its mean says nothing; nor is anything further away than so many times its usual
departure."""

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
    texture : bool
        The main directions of all columns in place of them: at the voxel, and their means and standard deviations in
        surroundings of several sizes.
    """

    differences: bool
    around: bool
    texture: bool = False

    @property
    def title(self) -> str:
        """For a person."""
        if self.texture:
            return "texture"
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
        told = [False, True] if self._spans else [False]
        plain = [FeatureSet(differences, around) for differences in told for around in (False, True)]
        self.sets = (*plain, FeatureSet(told[-1], around=False, texture=True))
        boxes = some_boxes(data)
        sample = sample_of(data)
        self._lines = [
            _unchanged(sample[:, span], sample[:, after])
            for span, after in zip(self._spans, self._spans[1:], strict=False)
        ]
        self._main = _Main.fitted(self._own_sample(boxes))
        raw = np.concatenate([self._columns(box)[:, data.present(box)] for box in boxes], axis=1).T
        self._views = {which: _View.fitted(raw[:, self._which(which)]) for which in self.sets}

    def _own_sample(self, boxes: Sequence[Box]) -> Floats:
        return np.concatenate([self._columns(box, _OWN)[:, self.data.present(box)] for box in boxes], axis=1).T

    def _which(self, chosen: FeatureSet) -> NDArray[np.int64]:
        bands, all_of = self.data.channels, self._width
        if chosen.texture:
            return np.arange(2 * all_of, self.width)
        own = np.arange(all_of if chosen.differences else bands)
        return np.concatenate([own, all_of + own]) if chosen.around else own

    @property
    def width(self) -> int:
        """How many columns a voxel has."""
        return 2 * self._width + self._main.directions * (1 + 2 * len(self._windows))

    @property
    def _windows(self) -> tuple[int, ...]:
        return _WINDOWS[len(self.data.shape)]

    @property
    def _width(self) -> int:
        return self.data.channels + sum(len(span) for span in self._spans[1:])

    def _columns(self, box: Box, far: int | None = None) -> Floats:
        """Return ``(columns, *box.shape)``: bands and differences, the mean of each around the voxel, and texture.

        The first two of these where `far` is 1, the first where it is 0.
        """
        far = self._windows[-1] // 2 if far is None else far
        wide = Box(tuple(a - far for a in box.start), tuple(b + far for b in box.stop))
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
        axes = there.ndim
        found = [_inner(own, far, axes)]
        if far >= _AROUND:
            close, near = (_inner(one, far - _AROUND, axes) for one in (own, there))
            found.append(_inner(_mean(close, near, 2 * _AROUND + 1), _AROUND, axes))
        if far > _AROUND:
            main = self._main.seen(own) * there
            found.append(_inner(main, far, axes))
            for size in self._windows:
                mean = _mean(main, there, size)
                spread = np.sqrt(np.maximum(_mean(np.square(main), there, size) - np.square(mean), 0))
                found += [_inner(mean, far, axes), _inner(spread, far, axes)]
        return np.concatenate(found)

    def columns(self, box: Box, sets: Collection[FeatureSet] | None = None) -> Floats:
        """Return the columns ``(voxels of the box, columns)``, of which :meth:`seen` makes features.

        Parameters
        ----------
        box : Box
            Of the survey.
        sets : collection of FeatureSet, optional
            Those that are to be seen; all when left out.
        """
        far = None
        if sets is not None and not any(one.texture for one in sets):
            far = _AROUND if any(one.around for one in sets) else _OWN
        columns = self._columns(box, far)
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


class _Main(NamedTuple):
    """The main directions of columns, each as usual as the others; where columns are few, these themselves."""

    centre: Floats
    turn: Floats

    @property
    def directions(self) -> int:
        """How many there are."""
        return int(self.turn.shape[1])

    @classmethod
    def fitted(cls, sample: Floats) -> _Main:
        if not len(sample):
            sample = np.zeros((1, sample.shape[1]), np.float32)
        centre = sample.mean(axis=0)
        turn = np.eye(sample.shape[1], dtype=np.float32)
        if len(turn) > _MAIN:
            _, vectors = np.linalg.eigh(np.cov(sample.T.astype(np.float64), bias=True))
            turn = vectors[:, ::-1][:, :_MAIN].astype(np.float32)
        spread = ((sample - centre) @ turn).std(axis=0)
        return cls(centre, turn * np.where(spread > _STILL, 1 / np.maximum(spread, _STILL), 0).astype(np.float32))

    def seen(self, columns: Floats) -> Floats:
        """Return ``(directions, ...)`` of ``(columns, ...)``."""
        centred = columns - self.centre.reshape(-1, *[1] * (columns.ndim - 1))
        return np.tensordot(self.turn, centred, (0, 0)).clip(-_CLIPPED, _CLIPPED).astype(np.float32, copy=False)


def _inner(values: Floats, rim: int, axes: int) -> Floats:
    """Return arrays without a rim on each side of their last axes."""
    inside: tuple[Any, ...] = (..., *[slice(rim, -rim)] * axes)
    return values[inside] if rim else values


def _mean(values: Floats, there: Floats, size: int) -> Floats:
    """Return means of ``(n, *space)`` over windows, of what is there."""
    share = np.maximum(uniform_filter(there, size, mode="constant"), 1e-3)
    found: Floats = uniform_filter(values, (1, *[size] * there.ndim), mode="constant") / share
    return found


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
