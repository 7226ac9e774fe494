"""From what the network says of a box to what all factors say together."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.decoding import Transitions, decode
from napari_fhn.structure.factor import Factor, SeesSections
from napari_fhn.structure.pooling import pool
from napari_fhn.structure.snapping import Boundaries
from napari_fhn.training.combination.remembered import Remembered
from napari_fhn.training.combination.settings import NETWORK, Found
from napari_fhn.training.combination.upright import laid, stood
from napari_fhn.training.prediction.outputs import likeliest

if TYPE_CHECKING:
    from napari_fhn.training.combination.preparing import Preparing


Opinions = Mapping[str, NDArray[np.float32]]
"""By factor, ``(classes, *shape)`` probabilities."""

_BESIDE = 2
"""Traces each way over which it is averaged along the reflectors how much a place looks like a boundary."""

_AT_ONCE = 2**23
"""Numbers that say how much places look like boundaries, which are held at once."""


class Smoother(Protocol):
    """Averages probabilities along the structure of the data.

    Attributes
    ----------
    candidates : tuple of tuple of int
        How far it may look along each axis, of which labels choose.
    usual : tuple of int
        How far it looks whatever labels say; empty where they choose, and may choose none.
    """

    @property
    def candidates(self) -> tuple[tuple[int, ...], ...]: ...  # noqa: D102

    @property
    def usual(self) -> tuple[int, ...]: ...  # noqa: D102

    def halo(self, reach: tuple[int, ...]) -> tuple[int, ...]:
        """Return the voxels on each side, along each axis, that the average of a voxel looks at."""
        ...

    def smooth(self, box: Box, probabilities: NDArray[np.float32], reach: tuple[int, ...]) -> NDArray[np.float32]:
        """Average ``(classes, *box.shape)`` over what lies in the box."""
        ...


@dataclass(frozen=True)
class Combined:
    """What is said of a box.

    Parameters
    ----------
    probabilities : ndarray
        ``(classes, *box.shape)``.
    classes : ndarray of uint8
        ``box.shape``, from 1: the likeliest, as boundaries and the order of layers allow.
    alone : mapping of str to ndarray of uint8
        By factor, the classes that it alone says, from 1; 0 where it knows nothing.
    """

    probabilities: NDArray[np.float32]
    classes: NDArray[np.uint8]
    alone: Mapping[str, NDArray[np.uint8]]

    def within(self, box: Box, outer: Box) -> Combined:
        """Return what is said of a box inside of the one that this is of."""
        there = box.within(outer)
        return Combined(
            self.probabilities[(slice(None), *there)],
            self.classes[there],
            {name: said[there] for name, said in self.alone.items()},
        )

    def repeated(self, count: int, axis: int) -> Combined:
        """Return what is said of one section as if it were said of several side by side."""
        return Combined(
            np.repeat(self.probabilities, count, axis=1 + axis),
            np.repeat(self.classes, count, axis=axis),
            {name: np.repeat(said, count, axis=axis) for name, said in self.alone.items()},
        )


class Combiner:
    """Puts together what the factors of a prediction say.

    Parameters
    ----------
    factors : mapping of str to Factor
        By name, without the network.
    found : Found
        How much each counts. May be replaced at any time.
    shape : tuple of int
        Of the prediction.
    vertical : int or None
        Its vertical axis.
    smoother : Smoother or None
        None where nothing is known of the structure.
    boundaries : Boundaries or None
        What labelled boundaries look like, of the survey with its vertical axis last; None where that is not asked.

    Attributes
    ----------
    preparing : Preparing or None
        Finds what has to be known of the data first, where that takes long.
    """

    def __init__(
        self,
        factors: Mapping[str, Factor],
        found: Found,
        shape: tuple[int, ...],
        vertical: int | None,
        smoother: Smoother | None = None,
        boundaries: Boundaries | None = None,
    ) -> None:
        self.factors: dict[str, Factor] = dict(factors)
        self.found = found
        self.shape = shape
        self.vertical = vertical
        self.smoother = smoother
        self.boundaries = boundaries
        self.preparing: Preparing | None = None

    def remember(self, room: int) -> None:
        """From now on keep what factors say until labels change it: for whoever looks at the same places again.

        Parameters
        ----------
        room : int
            Bytes that all of it may take.
        """
        each = room // max(1, len(self.factors))
        self.factors = {name: Remembered(factor, self.shape, each) for name, factor in self.factors.items()}

    def without(self, bodies: Collection[int]) -> Combiner:
        """Return the same with factors that were not told of some bodies of labels."""
        factors = {name: factor.without(bodies) for name, factor in self.factors.items()}
        boundaries = None if self.boundaries is None else self.boundaries.without(bodies)
        return Combiner(factors, self.found, self.shape, self.vertical, self.smoother, boundaries)

    @property
    def halo(self) -> tuple[int, ...]:
        """Voxels on each side, along each axis, that a voxel depends on beside its own."""
        if self.smoother is None or not self.found.reach:
            return (0,) * len(self.shape)
        return self.smoother.halo(self.found.reach)

    @property
    def whole_columns(self) -> bool:
        """Whether columns have to be seen as a whole."""
        return (bool(self.found.order) or self._snaps) and self.vertical is not None

    @property
    def _snaps(self) -> bool:
        """Whether boundaries are snapped to reflectors."""
        return self.found.snapped and self.boundaries is not None

    @property
    def finishes(self) -> bool:
        """Whether a voxel depends on more than what is said of it, so that all else has to be predicted first."""
        return any(self.halo) or self.whole_columns

    @property
    def heard(self) -> tuple[str, ...]:
        """Names of the factors that are listened to beside the network."""
        return tuple(name for name in self.factors if name in self.found.weights)

    def look(self) -> bool:
        """Follow the labels; tells whether a factor says something else now."""
        changed = [factor.look() for factor in self.factors.values()]  # all of them, whatever the first one says
        if self.boundaries is not None:
            changed.append(self.boundaries.look())
        return any(changed)

    @property
    def directed(self) -> tuple[str, ...]:
        """Names of those that say something else of either direction of sections, the network first."""
        return (NETWORK, *(name for name in self.heard if isinstance(self.factors[name], SeesSections)))

    def seen(self, box: Box, network: NDArray[np.float32], across: int | None) -> Opinions:
        """Return what sections of one direction tell of a box: the network, and factors that look at sections too.

        Parameters
        ----------
        box : Box
            Inside the survey.
        network : ndarray
            ``(classes, *box.shape)``, what the network says.
        across : int or None
            The axis across which sections lie; None where there are no two directions.
        """
        found = {NETWORK: network}
        if across is not None:
            for name in self.heard:
                factor = self.factors[name]
                if isinstance(factor, SeesSections):
                    found[name] = factor.read_across(box, across)
        return found

    def opinions(self, box: Box, said: Opinions) -> Opinions:
        """Return what each factor says of a box, the network first: what is said already, and the others are asked."""
        first = {name: said[name] for name in (NETWORK,) if name in said}
        return first | {name: said[name] if name in said else self.factors[name].read(box) for name in self.heard}

    def combine(self, box: Box, said: Opinions, *, finished: bool = True) -> Combined:
        """Put together what is said of a box.

        Parameters
        ----------
        box : Box
            Inside the survey.
        said : mapping of str to ndarray
            ``(classes, *box.shape)``, what is said already: what the network says, unless there is none yet, and
            perhaps what factors do, see :meth:`seen`. The others are asked.
        finished : bool
            Without it only what is said of each voxel itself: neither averaged nor in the order of layers.

        Returns
        -------
        Combined
            Averaged along the structure over what lies in the box, and where it holds whole columns with boundaries on
            reflectors and in the order of layers.
        """
        said = self.opinions(box, said)
        together = self.together(said)
        alone = {name: _named(one) for name, one in said.items()}
        if not finished:
            return Combined(together, likeliest(together), alone)
        end = self.finished(box, together)
        return Combined(end.probabilities, end.classes, alone)

    def together(self, said: Opinions) -> NDArray[np.float32]:
        """Return ``(classes, *shape)``, what some factors come to, and nobody else is asked."""
        return pool(said, (self.found if NETWORK in said else self.found.heard(0.0)).weights)

    def finished(self, box: Box, pooled: NDArray[np.float32]) -> Combined:
        """Return what was pooled, averaged along the structure, with classes as :meth:`combine` finds them.

        Where the class of a voxel is not the likeliest one they exchange their probabilities: it is as sure as before.
        """
        together = self.finish(box, pooled)
        classes = self.classes(box, together)
        return Combined(_agreeing(together, classes), classes, {})

    def finish(self, box: Box, pooled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Average what was pooled along the structure."""
        if self.smoother is None or not self.found.reach:
            return pooled
        return self.smoother.smooth(box, pooled, self.found.reach)

    def classes(self, box: Box, probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the classes, from 1, that probabilities ``(classes, *box.shape)`` come to."""
        vertical = self.vertical
        if vertical is None or not self.whole_columns or box.shape[vertical] != self.shape[vertical]:
            return likeliest(probabilities)
        columns, upright = np.moveaxis(probabilities, 1 + vertical, -1), stood(box, vertical)
        penalty = np.inf if self.found.penalty is None else self.found.penalty
        named, order = np.empty(upright.shape, np.uint8), np.array(self.found.order, np.int64)
        # What lies beside the box is read, too: how it is cut makes no difference. Of a section there is nothing.
        beside = [_BESIDE if size > 1 else 0 for size in upright.shape[:-1]]
        for part in self._parts(upright):
            inside = part.within(upright)
            transitions = self._transitions(part, beside) if self._snaps else None
            named[inside] = decode(columns[(slice(None), *inside)], order, penalty, transitions) + np.uint8(1)
        return np.moveaxis(named, -1, vertical)

    def _parts(self, upright: Box) -> Iterator[Box]:
        """Cut an upright box, so that what is known of its boundaries can be held."""
        across = int(np.argmax(upright.shape[:-1]))
        pairs = len(self.boundaries.pairs) if self.boundaries is not None and self._snaps else 0
        each = math.prod(upright.shape) // upright.shape[across] * max(1, pairs)
        rows = max(1, _AT_ONCE // each)
        for first in range(upright.start[across], upright.stop[across], rows):
            yield upright.slab(across, first, min(first + rows, upright.stop[across]))

    def _transitions(self, upright: Box, beside: Sequence[int]) -> Transitions | None:
        """Return what is known of the boundaries in an upright box, averaged along the reflectors."""
        assert self.boundaries is not None
        assert self.vertical is not None
        if self.smoother is None or not self.found.reach:
            return self.boundaries.transitions(upright)
        sizes = stood(Box.whole(self.shape), self.vertical).stop
        start = [max(0, at - far) for at, far in zip(upright.start, beside, strict=False)]
        stop = [min(size, at + far) for size, at, far in zip(sizes, upright.stop, beside, strict=False)]
        outer = Box((*start, 0), (*stop, sizes[-1]))
        found = self.boundaries.transitions(outer)
        if found is None:
            return None
        reach = (_BESIDE,) * (len(self.shape) - 1)
        lying = np.moveaxis(found.worth, -1, 1 + self.vertical)
        averaged = self.smoother.smooth(laid(outer, self.vertical), lying, reach)
        worth = np.moveaxis(averaged, 1 + self.vertical, -1)[(slice(None), *upright.within(outer))]
        return Transitions(found.pairs, worth, found.other)


def seen(combiner: Combiner | None, box: Box, network: NDArray[np.float32], across: int | None) -> Opinions:
    """Return what :meth:`Combiner.seen` does; what the network says where nothing else does."""
    return {NETWORK: network} if combiner is None else combiner.seen(box, network, across)


def combined(combiner: Combiner | None, box: Box, said: Opinions) -> Combined:
    """Return what :meth:`Combiner.combine` does; what the network says where nothing else does."""
    if combiner is None:
        return Combined(said[NETWORK], likeliest(said[NETWORK]), {})
    return combiner.combine(box, said)


def _named(said: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the likeliest classes from 1; 0 where all are alike."""
    knows = said.max(axis=0) > np.float32(1.001 / len(said))
    found: NDArray[np.uint8] = likeliest(said) * knows
    return found


def _agreeing(probabilities: NDArray[np.float32], classes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return probabilities of which those of classes, from 1, are the largest: exchanged with what was likelier."""
    likeliest, named = probabilities.argmax(axis=0), classes.astype(np.int64) - 1
    where = np.nonzero(likeliest != named)
    if not len(where[0]):
        return probabilities
    one, other = (likeliest[where], *where), (named[where], *where)
    found = probabilities.copy()
    found[one], found[other] = probabilities[other], probabilities[one]
    return found
