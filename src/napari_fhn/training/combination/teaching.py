"""A network learns from what is known of a survey without it, too: pseudo-labels.

Features that were learnt beforehand, weighed with what is carried along reflectors, need no training and say something
of every voxel as soon as there are labels. From the step on after which factors are weighed the network is shown that
beside the labels. It does not repeat what it is told: errors that have nothing to do with what the data look like are
averaged out (`benchmarks/README.md` has what that is worth).

It is taught after that step, and not before, so that it foretells labels that are left out by what it learnt of the
others alone; and only where what teaches foretold them no worse.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.factor import Factor, SeesSections
from napari_fhn.training.combination.combiner import Combiner
from napari_fhn.training.combination.settings import NETWORK, Found, is_taught
from napari_fhn.training.combination.shown import Shown
from napari_fhn.training.combination.weighing import weighed_at
from napari_fhn.training.data.frame import Frame
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.pseudo_labels import AVERAGED, PREDICTED, PseudoLabels, at_once, traces_of
from napari_fhn.training.job import Job

TEACHER = "pretrained"
"""The name of the factor that teaches."""

_FROM = 0.1
"""Share of the steps before a first tile is begun, which is to be there when factors are weighed."""

_KNOWS = 1.001
"""Times what all classes alike would have: below nothing is known of a voxel."""


def pseudo_labels_of(job: Job, frame: Frame) -> PseudoLabels | None:
    """Return where the network of a job is taught; None where nothing teaches it."""
    if not is_taught(job) or frame.vertical_axis is None:
        return None
    shape, vertical, schedule = frame.shape, frame.vertical_axis, job.schedule
    assert frame.vertical is not None
    traces = traces_of(schedule.block, frame.vertical)
    block = [min(size, shape[vertical]) if axis == frame.vertical else size for axis, size in enumerate(schedule.block)]
    seen = schedule.steps * schedule.batch * math.prod(block)
    return PseudoLabels(shape, vertical, len(job.classes), seen, traces, schedule.seed)


def is_worth_hearing(found: Found) -> bool:
    """Tell whether the teacher foretold labels that were left out no worse than the network that it would teach.

    Where none could be left out nobody knows, and a network that a few labels made is the worse one.
    """
    alone = {one.name: one.alone.mean_iou for one in found.factors}
    teacher, network = alone.get(TEACHER), alone.get(NETWORK)
    return teacher is None or network is None or teacher >= network


class Teaching:
    """Makes pseudo-labels between the steps of a training, a piece of a tile at a time.

    Parameters
    ----------
    pseudo : PseudoLabels
        Where they go.
    combiner : Combiner
        Of the predictions.
    labels : LabelFile
        What is known, all of which the teacher is told. When it changes tiles are made anew; those that are there stay
        until the first one is.
    steps : int
        Of the training.
    """

    def __init__(self, pseudo: PseudoLabels, combiner: Combiner, labels: LabelFile, steps: int) -> None:
        self._pseudo = pseudo
        self._combiner = combiner
        self._teacher = combiner.factors.get(TEACHER)  # as it is before anybody remembers what it said
        self._labels = labels
        self._steps = steps
        self._from, self._until = math.ceil(_FROM * steps), weighed_at(steps)
        self._version, self._of = -1, 0
        self._making: Iterator[NDArray[np.uint8] | None] | None = None
        self._made: NDArray[np.uint8] | None = None
        self._pieces_made = self._owed = 0
        self._began: int | None = None
        self._least = 0.0

    def lacks(self, step: int) -> bool:
        """Whether the network is to be taught from a step on, and a first tile is not there yet.

        It is waited for: what a network becomes must not depend on how soon the structure of the data was known.
        """
        if self._teacher is None or step >= self._steps:
            return False
        self._follow()
        if self._owed and self._made is None and self._number is not None:
            return True
        first = step >= self._until and not self._pseudo.held and is_worth_hearing(self._found)
        return first and self._made is None

    def catch_up(self) -> None:
        """Make another piece of the first tile, where the structure of the data is known."""
        if self._teacher is not None:
            self._follow()
            self._go_on(self._teacher)
            self._owed = max(0, self._owed - 1)

    def released(self) -> None:
        """Labels that were hidden are shown: the teacher knew of them."""
        if self._version >= 0:
            self._version, self._of = self._labels.version, _standing_for(self._labels)

    @property
    def _found(self) -> Found:
        return self._combiner.found

    @property
    def _number(self) -> int | None:
        """The tile that is to come next: the first one where labels are others; None where all are there."""
        if self._of != self._pseudo.of:
            return 0
        return self._pseudo.held if self._pseudo.held < len(self._pseudo.boxes) else None

    def share(self, step: int) -> float:
        """Return how much of what it is to be taught the network has had after a step, from 0 to 1."""
        if self._began is None:
            return 0.0
        return max(self._least, min(1.0, max(0, step - self._began) / max(1, self._steps - self._began)))

    def go_back(self, step: int) -> None:
        """Go on from the weights of an earlier step."""
        self._least = 0.0
        if self._began is not None:
            self._began = min(self._began, step)

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        return {"of": self._of, "pieces": self._pieces_made, "began": self._began}

    def resume(self, state: Mapping[str, Any], taught: float) -> None:
        """Go on with what :meth:`state` returned: the pieces of a tile that was not whole are made again first.

        Parameters
        ----------
        state : mapping
            See above.
        taught : float
            What :meth:`share` was: more steps than were planned do not take it away.
        """
        self._of, self._owed = int(state["of"]), int(state["pieces"])
        self._began = None if state["began"] is None else int(state["began"])
        self._least = taught

    def after(self, step: int, *, waits: bool) -> None:
        """Make what is due after a step, where the structure of the data is known.

        Parameters
        ----------
        step : int
            Steps made.
        waits : bool
            Whether labels are still left out on which factors are to be weighed.
        """
        if self._teacher is None or step < self._from:
            return
        self._follow()
        taught = not waits and step >= self._until
        if taught and not is_worth_hearing(self._found):
            return
        if taught or self._number == 0:  # until it is taught one tile is enough
            self._go_on(self._teacher)
        if taught and self._made is not None:
            self._pseudo.put(self._of, self._made)
            self._made, self._pieces_made = None, 0
            self._began = step if self._began is None else self._began

    def _follow(self) -> None:
        """Begin anew where labels are others."""
        if self._version == self._labels.version:
            return
        self._version = self._labels.version
        if (of := _standing_for(self._labels)) != self._of:
            self._of, self._making, self._made = of, None, None
            self._pieces_made = self._owed = 0

    def _go_on(self, teacher: Factor) -> None:
        """Make another piece of a tile."""
        number = self._number
        if self._made is None and number is not None:
            if self._making is None:
                teacher.look()
                self._making = self._pieces(teacher, self._pseudo.boxes[number])
            self._made = next(self._making)
            self._pieces_made += 1
            if self._made is not None:
                self._making = None

    def _pieces(self, teacher: Factor, box: Box) -> Iterator[NDArray[np.uint8] | None]:
        """Yield None after each piece of a tile, and in the end what it says."""
        vertical = self._combiner.vertical
        lateral = [axis for axis in range(len(box.shape)) if axis != vertical]
        ways = lateral if len(lateral) == 2 and isinstance(teacher, SeesSections) else lateral[:1]
        total = np.zeros((self._labels.classes, *box.shape), np.float16)
        for across in ways:
            for part in _cut(box, across, PREDICTED):
                if isinstance(teacher, SeesSections) and len(lateral) == 2:
                    said = teacher.read_across(part, across, coarse=True)
                else:
                    said = teacher.read(part)
                said *= np.float32(1 / len(ways))
                total[(slice(None), *part.within(box))] += said
                yield None
        classes, halo = np.zeros(box.shape, np.uint8), self._combiner.halo
        for part in _cut(box, lateral[0], AVERAGED):
            start = tuple(max(a, b - far) for a, b, far in zip(box.start, part.start, halo, strict=True))
            stop = tuple(min(a, b + far) for a, b, far in zip(box.stop, part.stop, halo, strict=True))
            outer = Box(start, stop)
            said = total[(slice(None), *outer.within(box))].astype(np.float32)
            found = self._combiner.finished(outer, said).within(part, outer)
            classes[part.within(box)] = found.classes * (found.probabilities.max(axis=0) > _KNOWS / len(said))
            yield None
        yield classes


def _cut(box: Box, axis: int, piece: int) -> Iterator[Box]:
    """Yield pieces of a box of so many voxels, side by side along an axis."""
    length = at_once(math.prod(box.shape) // box.shape[axis], piece, line=len(box.shape) == 2)
    for first in range(box.start[axis], box.stop[axis], length):
        yield box.slab(axis, first, min(first + length, box.stop[axis]))


def _standing_for(labels: LabelFile) -> int:
    """Return a number that is another one where other labels are known, hidden ones too; not 0."""
    found = 1
    for positions in Shown(labels).positions:
        found = zlib.crc32(len(positions).to_bytes(8, "little") + positions.tobytes(), found)
    return found or 1
