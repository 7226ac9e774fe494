"""What is known, carried along the reflectors: wells, strokes, sections and horizons say what lies between them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Labels, Without
from napari_fhn.structure.known import Known
from napari_fhn.structure.marches import Marches, Where
from napari_fhn.structure.marching import DipSource
from napari_fhn.structure.sources import Source, left, sources

_AT_ONCE = 2**23
"""Probabilities of a whole survey that are held at once."""

_IN_CACHE = 2**15
"""Voxels that are looked up at once: a dozen arrays of so many stay in the cache of a core."""


@dataclass(frozen=True)
class CarrySettings:
    """How labels are carried. The numbers were found on generated surveys with six wells each.

    Attributes
    ----------
    power : float
        Of the inverse length of the way: how much more a near body counts than a far one.
    shyness : float
        How many times longer, beside itself, a step is where there is no clear reflector.
    near : float
        Traces that are added to every way, so that a body on the spot is not all there is.
    doubt : float
        Share of each probability that is alike for all classes: what is carried may be wrong anywhere.
    half : float
        Length of a way, in traces, at which confidence has fallen to a half.
    """

    power: float = 3.0
    shyness: float = 4.0
    near: float = 2.0
    doubt: float = 0.05
    half: float = 32.0


class Said(NamedTuple):
    """What is carried to a box.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (classes, *box.shape)
        They sum to 1 over the classes.
    confidence : ndarray of float32, shape of the box
        0 to 1.
    distance : ndarray of float32, shape of the box
        Length of the shortest way to a label, in traces, longer through what is not clear; infinite where none leads.
    """

    probabilities: NDArray[np.float32]
    confidence: NDArray[np.float32]
    distance: NDArray[np.float32]


class Carried:
    """What labels say elsewhere: each body's columns carried along the dips, weighed by the lengths of their ways.

    Every body is carried over the survey once; a change of its labels is then a matter of looking them up, and only a
    body that moved is carried again. Between bodies the inverse lengths of the ways decide; they are longer through
    faults and chaos, and of all ways the shortest counts.

    Parameters
    ----------
    labels : Labels
        What is known; of a volume ``(inline, crossline, sample)`` or a line ``(trace, sample)``.
    dips : DipSource
        Of the same survey, such as :class:`napari_fhn.structure.dips.DipField`.
    settings : CarrySettings
        How.

    Attributes
    ----------
    name, title : str
        As a factor of a prediction.
    marches : Marches
        What has been carried, shared with what :meth:`without` returns.

    Raises
    ------
    ValueError
        When labels and dips are of different surveys.

    Examples
    --------
    Reflectors that fall by one sample per trace, and a well at the first trace of a line:

    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> dips = SimpleNamespace(shape=(6, 12), read=lambda box: SimpleNamespace(
    ...     slopes=np.ones((1, *box.shape), np.float32), coherence=np.ones(box.shape, np.float32)))
    >>> labels = np.zeros((6, 12), np.uint8)
    >>> labels[0, :4], labels[0, 4:] = 1, 2
    >>> carried = Carried(Known(labels, 2), dips)
    >>> probabilities = carried.read(Box((4, 0), (5, 12)))
    >>> (probabilities.argmax(axis=0) + 1)[0, 4:].tolist()
    [1, 1, 1, 1, 2, 2, 2, 2]

    Nothing is known of what lies above the first reflector that meets the well:

    >>> probabilities[:, 0, 0].tolist()
    [0.5, 0.5]
    """

    name = "reflectors"
    title = "carried along the reflectors"

    def __init__(
        self,
        labels: Labels,
        dips: DipSource,
        *,
        settings: CarrySettings = CarrySettings(),
        marches: Marches | None = None,
    ) -> None:
        if tuple(labels.shape) != tuple(dips.shape):
            raise ValueError(f"labels of {labels.shape} voxels and dips of {dips.shape}: they must be of one survey")
        self._labels = labels
        self._dips = dips
        self._settings = settings
        self.marches = Marches.of(dips, settings.shyness) if marches is None else marches
        self._seen: int | None = None
        self._sources: list[Source] = []

    def look(self) -> bool:
        """Follow the labels; tells whether what is carried has changed."""
        if self._labels.version == self._seen:
            return False
        self._seen = self._labels.version
        before, self._sources = self._sources, sources(self._labels, self.marches.lattice)
        same = len(before) == len(self._sources)
        return not (same and all(map(Source.says_as, before, self._sources)))

    def without(self, bodies: Collection[int]) -> Carried:
        """Return the same as if these bodies (of :class:`napari_fhn.structure.bodies.Bodies`) had no labels."""
        found = Bodies.of(self._labels, len(self._labels.shape) - 1)
        hidden = Without(self._labels, found, bodies)
        other = Carried(hidden, self._dips, settings=self._settings, marches=self.marches)
        self.look()
        other._seen = self._seen
        other._sources = left(self._sources, hidden, self.marches.lattice, found, bodies)
        return other

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return probabilities ``(classes, *box.shape)`` that sum to 1; all alike where nothing is carried."""
        return self._shared(box)[0]

    def confidence(self, box: Box) -> NDArray[np.float32]:
        """Return how far what is carried can be trusted, 0 to 1: nearness of a body, times how far the bodies agree."""
        return self.say(box).confidence

    def labels(
        self, box: Box, *, reach: float | None = None, least: float = 0.0
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return the classes that are carried to a box, and their confidence.

        Parameters
        ----------
        box : Box
            Of the survey.
        reach : float, optional
            Longest way, in traces (default: any).
        least : float
            Least confidence, 0 to 1.

        Returns
        -------
        labels : ndarray of uint8, shape of the box
            0 where nothing is carried, or not surely enough.
        confidence : ndarray of float32, shape of the box
        """
        said = self.say(box)
        taken = np.isfinite(said.distance) & (said.confidence >= least)
        if reach is not None:
            taken &= said.distance <= reach
        return np.where(taken, said.probabilities.argmax(axis=0) + 1, 0).astype(np.uint8), said.confidence

    def boxes(self) -> Iterator[Box]:
        """Go through the whole survey in boxes of some rows, as large as memory should allow."""
        shape = self._labels.shape
        rows = max(1, _AT_ONCE // (max(1, self._labels.classes) * int(np.prod(shape[1:]))))
        for first in range(0, shape[0], rows):
            yield Box((first, *[0] * (len(shape) - 1)), (min(first + rows, shape[0]), *shape[1:]))

    def say(self, box: Box) -> Said:
        """Return all that is carried to a box: probabilities, confidence and the lengths of the ways."""
        shares, agreement, nearest = self._shared(box)
        confidence = (agreement * 2 ** (-nearest / self._settings.half)).astype(np.float32)
        return Said(shares, confidence, nearest)

    def _shared(self, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return probabilities, how far the bodies agree, and the lengths of the shortest ways."""
        self.look()
        classes, settings = self._labels.classes, self._settings
        volume = box if len(box.start) == 3 else Box((0, *box.start), (1, *box.stop))
        shares = np.zeros((classes, *volume.shape), np.float32)
        nearest = np.full(volume.shape, np.inf, np.float32)
        if self._sources:
            self.marches.prepare((source.seeds, source.key) for source in self._sources)
            where = self.marches.where(volume)
            for part in _parts(volume.shape):
                there = Where(where.node[part].ravel(), where.beyond[part].ravel())
                said, far = np.zeros((classes, there.node.size), np.float32), nearest[part].ravel()
                for source in self._sources:
                    self._add(source, there, said, far)
                shares[(slice(None), *part)] = said.reshape(classes, *where.node[part].shape)
                nearest[part] = far.reshape(where.node[part].shape)
        known = shares.sum(axis=0)
        np.divide(shares, known, out=shares, where=known > 0)
        agreement = shares.max(axis=0)
        shares *= 1 - settings.doubt
        shares += np.float32(settings.doubt / classes)
        shares[:, known == 0] = 1 / classes
        return shares.reshape(classes, *box.shape), agreement.reshape(box.shape), nearest.reshape(box.shape)

    def _add(self, source: Source, where: Where, shares: NDArray[np.float32], nearest: NDArray[np.float32]) -> None:
        depth, distance, column = self.marches.carried(source.seeds, source.key, where)
        last = source.columns.shape[1] - 1
        inside = (depth > -0.5) & (depth < last + 0.5)
        weight = distance + np.float32(self._settings.near)
        # What no way leads to lies infinitely far, and weighs nothing.
        np.power(weight, np.float32(-self._settings.power), out=weight)
        weight *= inside
        np.clip(depth, 0, last, out=depth)
        above = depth.astype(np.int32)
        depth -= above
        below = np.minimum(above + 1, last)
        if column is not None:
            first = column.astype(np.intp) * source.columns.shape[1]
            above, below = above + first, below + first
        says = np.zeros(depth.shape, bool)
        labels = source.columns.ravel()
        for at, share in ((above, weight * (1 - depth)), (below, weight * depth)):
            label = labels.take(at)
            for k, out in enumerate(shares):
                np.add(out, share, out=out, where=label == k + 1)
            says |= (label > 0) & (share > 0)
        np.minimum(nearest, distance, out=nearest, where=says)


def _parts(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Cut a volume along its first two axes: what is made of a part of it stays in the cache until it is used."""
    along = next((axis for axis in (0, 1) if shape[axis] > 1), 0)
    step = max(1, _IN_CACHE // math.prod(size for axis, size in enumerate(shape) if axis != along))
    for first in range(0, shape[along], step):
        part = slice(first, first + step)
        yield (part, slice(None)) if along == 0 else (slice(None), part)


def carry(
    labels: NDArray[Any] | Labels,
    dips: DipSource,
    classes: int | None = None,
    *,
    reach: float | None = None,
    least: float = 0.0,
    settings: CarrySettings = CarrySettings(),
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Carry labels along the reflectors over a whole survey.

    Parameters
    ----------
    labels : ndarray of uint8, or Labels
        What is known, 0 where unlabelled; of a volume ``(inline, crossline, sample)`` or a line ``(trace, sample)``.
    dips : DipSource
        Of the same survey.
    classes : int, optional
        How many there are (default: as many as the labels say).
    reach : float, optional
        Longest way, in traces (default: any).
    least : float
        Least confidence, 0 to 1.
    settings : CarrySettings
        How.

    Returns
    -------
    labels : ndarray of uint8, shape of the survey
        Those that were there, and those that were carried; 0 where nothing was, or not surely enough.
    confidence : ndarray of float32, shape of the survey
        0 to 1; 1 where labels were there.

    Raises
    ------
    ValueError
        When labels and dips are of different surveys.
    """
    if isinstance(labels, np.ndarray):
        labels = Known(labels, int(labels.max(initial=0)) if classes is None else classes)
    carried = Carried(labels, dips, settings=settings)
    out = np.zeros(labels.shape, np.uint8)
    confidence = np.zeros(labels.shape, np.float32)
    if not labels.classes:
        return out, confidence
    for box in carried.boxes():
        found, sure = carried.labels(box, reach=reach, least=least)
        there = labels.read(box)
        out[box.slices] = np.where(there > 0, there, found)
        confidence[box.slices] = np.where(there > 0, 1, sure)
    return out, confidence
