"""Boundaries of classes snapped to reflectors: what a boundary looks like at the wells tells where it runs elsewhere.

A boundary between two rocks reflects, and its reflection looks much alike all over a survey. So the piece of trace
around each labelled boundary is a template, as in a matched filter (Turin 1960, "An introduction to matched filters"):
whitened by the covariance of all the survey's traces, so that it tells this reflector from others and not from silence.
How far a template is believed, its labels say: each body of them (a well, a section) is foretold by the others. numpy
alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Labels, Without, labelled_columns
from napari_fhn.structure.decoding import Transitions

Floats = NDArray[np.float32]

HALF = 8
"""Samples of a template above the boundary, and as many below it."""

BELIEVED = 6.0
"""What a correlation of 1 is worth, in units of the logarithm of a probability, where labels say nothing of it."""

FAIR = 0.5
"""Correlation with which a boundary is worth nothing, for or against it; without a template it is as with none."""

_SHIFTS = 4
"""Samples up and down with which the place of a boundary is compared, where a body is foretold by others."""

_WORTHS = np.array([0, 0.5, 1, 2, 3, 4, 6, 8, 12], np.float32)
"""What a correlation may turn out to be worth."""

_SPREAD = 0.8
"""Standard deviation of its logarithm, before labels say more."""

_LOOKED_AT = 512
"""Labelled columns that are looked at; more are thinned evenly."""

_KEPT = 2048
"""Columns of the survey that are kept, so that a stroke need not read all of them again."""

_ALIKE = 0.05
"""Share of what all samples have in common that is taken for noise in the covariance of windows."""

_APART = 16
"""Traces: pieces of a body of labels that are so long count as bodies, where it is more than twice as wide, as a
section is: one piece is foretold by the others."""

_COLUMNS = 96
"""Columns of a survey that its covariance is found on."""

_FAINT = 0.03
"""Windows fainter than this, by how strong they are on the mean, look like nothing."""

_AT_ONCE = 2**18
"""Windows that are looked at at once: they fit into the cache."""


@dataclass(frozen=True)
class _Templates:
    """What boundaries look like.

    Parameters
    ----------
    pairs : tuple of (int, int)
        The class above and the class below.
    waveforms : ndarray of float32, shape (pairs, 2 HALF)
        Whitened, of length 1.
    worth : ndarray of float32, shape (pairs,)
        What a correlation of 1 is worth.
    """

    pairs: tuple[tuple[int, int], ...]
    waveforms: Floats
    worth: Floats


class Boundaries:
    """What labelled boundaries look like, and how much other places look like them.

    Parameters
    ----------
    labels : Labels
        What is known; of a volume ``(inline, crossline, sample)`` or a line ``(trace, sample)``.
    amplitudes : ndarray, or what is read by slices like one
        Of the same survey; missing values (NaN) count as 0.

    Examples
    --------
    Noise with a reflector that falls by one sample per trace, and a well at the first trace of a line:

    >>> import numpy as np
    >>> from napari_fhn.structure.known import Known
    >>> rng = np.random.default_rng(0)
    >>> amplitudes = rng.normal(size=(6, 64)).astype(np.float32)
    >>> for trace in range(6):
    ...     amplitudes[trace, 28 + trace : 32 + trace] += [4, 8, -8, -4]
    >>> labels = np.zeros((6, 64), np.uint8)
    >>> labels[0, :30], labels[0, 30:] = 1, 2
    >>> boundaries = Boundaries(Known(labels, 2), amplitudes)
    >>> found = boundaries.transitions(Box((0, 0), (6, 64)))
    >>> found.pairs, found.worth[0].argmax(axis=1).tolist()
    (((0, 1),), [30, 31, 32, 33, 34, 35])
    """

    def __init__(self, labels: Labels, amplitudes: Any) -> None:
        if tuple(labels.shape) != tuple(amplitudes.shape):
            raise ValueError(
                f"labels of {labels.shape} voxels and amplitudes of {tuple(amplitudes.shape)}: they must be of one "
                "survey"
            )
        self._labels = labels
        self._amplitudes = amplitudes
        self._whitening: Floats | None = None
        self._faint = np.float32(0)
        self._kept: dict[tuple[int, ...], Floats] = {}
        self._seen: int | None = None
        self._templates = _Templates((), np.empty((0, 2 * HALF), np.float32), np.empty(0, np.float32))

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The classes above and below those boundaries of which is known what they look like."""
        self.look()
        return self._templates.pairs

    def look(self) -> bool:
        """Follow the labels; tells whether what boundaries look like has changed."""
        if self._labels.version == self._seen:
            return False
        self._seen = self._labels.version
        before, self._templates = self._templates, self._found()
        now = self._templates
        same = before.pairs == now.pairs and np.array_equal(before.waveforms, now.waveforms)
        return not (same and np.array_equal(before.worth, now.worth))

    def without(self, bodies: Collection[int]) -> Boundaries:
        """Return the same as if these bodies (of :class:`napari_fhn.structure.bodies.Bodies`) had no labels."""
        hidden = Without(self._labels, Bodies.of(self._labels, len(self._labels.shape) - 1), bodies)
        other = Boundaries(hidden, self._amplitudes)
        other._whitening, other._faint, other._kept = self._whitening, self._faint, self._kept
        return other

    def transitions(self, box: Box) -> Transitions | None:
        """Return what it is worth that one class begins below another, at each sample of a box of whole columns.

        Parameters
        ----------
        box : Box
            Inside the survey.

        Returns
        -------
        Transitions or None
            With ``worth`` of shape ``(pairs, *box.shape)``; None where no labelled column changes its class.
        """
        self.look()
        found = self._templates
        if not found.pairs:
            return None
        values = self._read(box).reshape(-1, box.shape[-1])
        worth = np.empty((len(found.pairs), *values.shape), np.float32)
        weighed = np.ascontiguousarray((found.waveforms * found.worth[:, np.newaxis]).T)
        together = max(1, _AT_ONCE // values.shape[-1])
        for first in range(0, len(values), together):
            part = slice(first, first + together)
            said = self._whitened(_windows(values[part])) @ weighed
            worth[:, part] = np.moveaxis(said - FAIR * found.worth, -1, 0)
        return Transitions(found.pairs, worth.reshape(-1, *box.shape), -FAIR * BELIEVED)

    def _read(self, box: Box) -> Floats:
        values = np.array(self._amplitudes[box.slices], np.float32)
        return np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)

    def _whitened(self, windows: Floats) -> Floats:
        """Return windows ``(..., 2 HALF)`` with their mean gone, whitened, and of length 1 where they are not faint."""
        if self._whitening is None:
            self._whitening, self._faint = self._learnt()
        found: Floats = windows @ self._whitening
        length = np.sqrt(np.einsum("...i,...i->...", found, found))
        found /= np.maximum(length, self._faint)[..., np.newaxis]
        return found

    def _learnt(self) -> tuple[Floats, np.float32]:
        """Return the matrix that windows are multiplied with, and how strong those are that look like nothing."""
        lateral = self._amplitudes.shape[:-1]
        count = int(np.prod(lateral))
        chosen = np.random.default_rng(0).permutation(count)[:_COLUMNS]
        places = zip(*np.unravel_index(chosen, lateral), strict=True)
        drawn = np.concatenate([_windows(self._column(tuple(map(int, place)))) for place in places])
        centred = np.eye(2 * HALF) - 1 / (2 * HALF)
        windows = drawn.reshape(-1, 2 * HALF) @ centred
        covariance = windows.T @ windows / max(1, len(windows))
        scale = np.trace(covariance) / (2 * HALF)
        if not scale:
            return np.zeros((2 * HALF, 2 * HALF), np.float32), np.float32(1)
        values, vectors = np.linalg.eigh(covariance / scale + _ALIKE * np.eye(2 * HALF))
        whitening = centred @ (vectors / np.sqrt(values * scale)) @ vectors.T
        faint = _FAINT * np.sqrt(np.square(windows @ whitening).sum(axis=1).mean())
        return whitening.astype(np.float32), np.float32(faint)

    def _column(self, place: tuple[int, ...]) -> Floats:
        """Return a column ``(1, samples)``, which is kept: read where a survey lies it may take a whole brick."""
        if place not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            box = Box((*place, 0), (*(at + 1 for at in place), self._amplitudes.shape[-1]))
            self._kept[place] = self._read(box).reshape(1, -1)
        return self._kept[place]

    def _found(self) -> _Templates:
        """Return templates of all boundaries in labelled columns."""
        seen: dict[tuple[int, int], dict[int, list[Floats]]] = {}
        for body, column, place in self._columns():
            below = np.flatnonzero((column[1:] != column[:-1]) & (column[1:] > 0) & (column[:-1] > 0)) + 1
            if not len(below):
                continue
            windows = self._whitened(_windows(self._column(place))[0])
            near = np.clip(below[:, np.newaxis] + np.arange(-_SHIFTS, _SHIFTS + 1), 0, len(column) - 1)
            for at, around in zip(below.tolist(), windows[near], strict=True):
                pair = (int(column[at - 1]) - 1, int(column[at]) - 1)
                seen.setdefault(pair, {}).setdefault(body, []).append(around)
        pairs = tuple(sorted(seen))
        bodies = [[np.stack(each) for each in seen[pair].values()] for pair in pairs]
        waveforms = [_mean(np.stack([each[:, _SHIFTS].mean(axis=0) for each in one])) for one in bodies]
        worth = [_worth(one) for one in bodies]
        return _Templates(
            pairs, np.reshape(np.array(waveforms, np.float32), (-1, 2 * HALF)), np.array(worth, np.float32)
        )

    def _columns(self) -> Iterator[tuple[int, NDArray[np.uint8], tuple[int, ...]]]:
        """Yield the body, the labels and the place of labelled columns."""
        shape = self._labels.shape
        lateral = tuple(range(len(shape) - 1))
        places = labelled_columns(self._labels, lateral)
        if not len(places):
            return
        bodies = _pieces(places, Bodies.of_places(places, shape, lateral).at(places))
        step = max(1, -(-len(places) // _LOOKED_AT))
        for place, body in zip(places[::step].tolist(), bodies[::step].tolist(), strict=True):
            box = Box((*place, 0), (*(at + 1 for at in place), shape[-1]))
            yield body, self._labels.read(box).ravel(), tuple(place)


def _pieces(places: NDArray[np.int64], bodies: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers of bodies of columns ``(n, lateral axes)``, of which wide ones are cut into pieces."""
    found = np.zeros((len(places), 1 + places.shape[1]), np.int64)
    found[:, 0] = bodies
    for number in np.unique(bodies):
        own = bodies == number
        from_first = places[own] - places[own].min(axis=0)
        if from_first.max() >= 2 * _APART:
            found[own, 1:] = from_first // _APART
    return np.unique(found, axis=0, return_inverse=True)[1].reshape(-1)


def _windows(columns: Floats) -> Floats:
    """Return ``(columns, samples, 2 HALF)``: the samples around the upper end of each sample, 0 outside the survey."""
    padded = np.pad(columns, ((0, 0), (HALF, HALF)))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * HALF, axis=1)[:, : columns.shape[1]]


def _mean(windows: Floats) -> Floats:
    """Return the mean of windows ``(n, 2 HALF)``, of length 1."""
    found: Floats = windows.mean(axis=0)
    return found / np.float32(max(float(np.linalg.norm(found)), 1e-6))


def _worth(bodies: Sequence[Floats]) -> float:
    """Return what a correlation with a template is worth, as bodies say that are foretold by the others.

    Parameters
    ----------
    bodies : sequence of ndarray, shape (boundaries, 2 _SHIFTS + 1, 2 HALF)
        Of each body windows that are shifted up and down from its boundaries.
    """
    prior = -0.5 * np.square(np.log(np.maximum(_WORTHS, 0.25) / BELIEVED) / _SPREAD)
    of_each = np.stack([one.mean(axis=0) for one in bodies])
    for number, own in enumerate(of_each if len(of_each) > 1 else ()):
        alike = own @ _mean(np.delete(of_each[:, _SHIFTS], number, axis=0))
        alike /= max(float(np.linalg.norm(own[_SHIFTS])), 1e-6)
        likely = np.multiply.outer(_WORTHS, alike)  # (worths, shifts)
        highest = likely.max(axis=-1)
        prior += likely[:, _SHIFTS] - highest - np.log(np.exp(likely - highest[:, np.newaxis]).sum(axis=-1))
    return float(_WORTHS[prior.argmax()])
