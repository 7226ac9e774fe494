"""What is known elsewhere: labelled columns interpolated sideways, as channels of the network's input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.bodies import Bodies, Labels, labelled_columns
from napari_fhn.training.data import hiding
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.scores.score import confusion, scores

_KEPT = 1024
"""Labelled columns remembered; more are thinned evenly."""

_BODIES = 8
"""Nearest bodies that a place is interpolated from."""

_POWER = 3.0
"""Of the inverse distance: near bodies count for much more than far ones, and none decides alone between two."""

_ROWS = 4096
"""Places whose distances to all columns are held at once."""


class Agreement(NamedTuple):
    """How well labelled bodies foretell each other.

    Parameters
    ----------
    kappa : float
        Cohen's, of each body's columns as the others interpolate them: 1 where they are right, 0 where the shares of
        the classes alone would do as well.
    bodies : int
        How many there are: wells, patches, or what else is labelled apart from the rest.
    """

    kappa: float
    bodies: int


class Neighbours:
    """Interpolates what the labelled columns say over the whole survey, by inverse distance.

    An interpreter asks the nearest wells first. A network that is told what they say has only to learn where the data
    say otherwise. To learn that, it is asked for labels that are hidden from it, and told of the others, from as far
    away as it will be between the wells: see :mod:`~napari_fhn.training.data.hiding`.

    Parameters
    ----------
    labels : Labels
        What is known, such as a label file; followed while it changes.
    vertical : int or None
        Axis along which columns run; None for a map, where every pixel is a column of one voxel.

    Attributes
    ----------
    channels : int
        One for each class, and one for the distance.
    """

    def __init__(self, labels: Labels, vertical: int | None) -> None:
        self._labels = labels
        self._vertical = vertical
        shape = labels.shape
        self._lateral = tuple(axis for axis in range(len(shape)) if axis != vertical)
        self.channels = labels.classes + 1
        self._seen = -1
        self.look()

    def look(self) -> None:
        """Find the columns again where the labels have changed since the last time."""
        if self._labels.version == self._seen:
            return
        self._seen = self._labels.version
        shape = self._labels.shape
        places = labelled_columns(self._labels, self._lateral)
        self._bodies = Bodies.of_places(places, shape, self._lateral)
        self._cell = self._bodies.size
        body = self._bodies.at(places)
        order = np.argsort(body, kind="stable")
        # One in so many of each body, and of each at least one.
        rank = np.arange(len(order)) - np.searchsorted(body[order], body[order])
        kept = order[rank % -(-len(order) // _KEPT) == 0] if len(order) else order
        self._places, self._body = places[kept], body[kept]
        depth = 1 if self._vertical is None else shape[self._vertical]
        self._classes = np.zeros((len(kept), depth), np.uint8)
        for column, place in zip(self._classes, self._places, strict=True):
            start, stop = [0] * len(shape), list(shape)
            for axis, at in zip(self._lateral, place, strict=True):
                start[axis], stop[axis] = int(at), int(at) + 1
            column[:] = self._labels.read(Box(tuple(start), tuple(stop))).ravel()
        self._spacing = self._median_spacing()
        self._met = np.zeros(0)
        if len(kept):
            sizes = np.array([shape[axis] for axis in self._lateral])
            self._met = hiding.distances(self._places, sizes)
        self._alone = self._known_nowhere_else()

    @property
    def bodies(self) -> int:
        """How many bodies there are: wells, patches, or what else is labelled apart from the rest."""
        return int(self._body.max()) + 1 if self._body.size else 0

    def lesson(self, box: Box, at: Sequence[int], rng: np.random.Generator) -> tuple[hiding.Lesson, NDArray[np.bool_]]:
        """Draw what is hidden in a training block.

        Parameters
        ----------
        box : Box
            Of the survey.
        at : sequence of int
            The labelled voxel that it was drawn for.
        rng : numpy.random.Generator
            Which draws.

        Returns
        -------
        lesson : Lesson
            For :meth:`read`.
        asked : ndarray of bool
            Where labels of the box count, of its shape but for one voxel along the vertical axis.
        """
        start, stop = (np.array([side[axis] for axis in self._lateral]) for side in (box.start, box.stop))
        inside = np.flatnonzero(((self._places >= start) & (self._places < stop)).all(axis=1))
        place = np.array([at[axis] for axis in self._lateral])
        lesson = hiding.draw(self._places, self._body, place, inside, self._met, rng, self._alone)
        asked = lesson.asked(start, stop - start)
        return lesson, asked if self._vertical is None else np.expand_dims(asked, self._vertical)

    def read(self, box: Box, lesson: hiding.Lesson | None = None, *, coarse: int = 1) -> NDArray[np.float32]:
        """Interpolate over a box.

        Parameters
        ----------
        box : Box
            Of the survey; may reach outside.
        lesson : Lesson, optional
            What alone is told; everything where there is none.
        coarse : int
            Voxels along lateral axes that may be told the same, for a first look.

        Returns
        -------
        ndarray
            ``(classes + 1, *box.shape)`` float32: for each class its share among the nearest bodies, from 0 to 2 (all
            zero where none of them knows), then the distance to the nearest body, from 0 (in it) to 1 (far away).
        """
        # On a lattice that is fine beside what tells bodies apart: what is interpolated varies slowly.
        stride = max(coarse, self._cell // 2)
        cells = [np.arange(box.start[axis], box.stop[axis]) // stride for axis in self._lateral]
        nodes = [np.arange(cell[0], cell[-1] + 1) for cell in cells]
        places = np.stack(np.meshgrid(*nodes, indexing="ij"), axis=-1).reshape(-1, len(nodes)) * stride + stride // 2
        if self._vertical is None:
            depths = np.zeros(1, np.int64)
        else:
            last = self._classes.shape[1] - 1
            depths = np.arange(box.start[self._vertical], box.stop[self._vertical]).clip(0, last)
        kept = np.arange(len(self._body)) if lesson is None else np.flatnonzero(lesson.told)
        out = np.zeros((self.channels, len(places), len(depths)), np.float32)
        out[-1] = 1
        if kept.size:
            for first in range(0, len(places), _ROWS):
                rows = slice(first, first + _ROWS)
                self._interpolate(places[rows], depths, kept, out[:, rows])
        out = out.reshape(self.channels, *map(len, nodes), len(depths))
        for axis, cell in enumerate(cells):
            out = out.take(cell - cell[0], axis=1 + axis) if stride > 1 else out
        return out[..., 0] if self._vertical is None else np.moveaxis(out, -1, 1 + self._vertical)

    def agreement(self) -> Agreement | None:
        """Tell how well the bodies foretell each other: each one's columns from the others.

        Returns
        -------
        Agreement or None
            None where there are fewer than two bodies, or one class.
        """
        total = np.zeros((self._labels.classes + 1,) * 2, np.int64)
        for body in range(self.bodies if self.bodies > 1 else 0):
            own = np.flatnonzero(self._body == body)
            others = np.flatnonzero(self._body != body)
            out = np.zeros((self.channels, len(own), self._classes.shape[1]), np.float32)
            self._interpolate(self._places[own], np.arange(self._classes.shape[1]), others, out)
            said = np.where(out[:-1].any(axis=0), out[:-1].argmax(axis=0) + 1, 0)
            total += confusion(said, self._classes[own], self._labels.classes)
        kappa = scores(total).kappa
        return None if kappa is None else Agreement(kappa, self.bodies)

    def _interpolate(
        self, places: NDArray[np.int64], depths: NDArray[np.int64], kept: NDArray[np.int64], out: NDArray[np.float32]
    ) -> None:
        """Fill ``(channels, place, depth)`` from the kept columns, which are ordered by body."""
        squared = np.zeros((len(places), len(kept)), np.int64)
        for axis in range(len(self._lateral)):
            squared += np.square(places[:, np.newaxis, axis] - self._places[kept, axis])
        # Of each body its nearest column: distance and column in one number, whose smallest is both.
        edges = np.flatnonzero(np.diff(self._body[kept], prepend=-1))
        nearest = np.minimum.reduceat(squared * len(kept) + np.arange(len(kept)), edges, axis=1)
        if nearest.shape[1] > _BODIES:
            nearest = np.partition(nearest, _BODIES - 1, axis=1)[:, :_BODIES]
        nearest, column = np.divmod(nearest, len(kept))
        weights = np.zeros(squared.shape, np.float32)
        # Two voxels more, so that a column on the spot is not all there is.
        weights[np.arange(len(places))[:, np.newaxis], column] = (nearest + 4.0) ** (-_POWER / 2)
        used = np.flatnonzero(weights.any(axis=0))
        says = self._classes[kept[used]][:, depths]
        one_hot = says[:, np.newaxis] == np.arange(1, self.channels, dtype=np.uint8)[:, np.newaxis]
        shares = np.tensordot(weights[:, used], one_hot.astype(np.float32), 1).swapaxes(0, 1)
        known = shares.sum(axis=0)
        np.divide(2 * shares, known, out=out[:-1], where=known > 0)
        distance = np.sqrt(nearest.min(axis=1))
        out[-1] = (distance / (distance + self._spacing))[:, np.newaxis]

    def _known_nowhere_else(self) -> NDArray[np.bool_]:
        """Tell which bodies have a class that no other one has."""
        has = np.zeros((self.bodies, self._labels.classes + 1), bool)
        for column, body in zip(self._classes, self._body, strict=True):
            has[body, column] = True
        return np.asarray((has & (has.sum(axis=0) == 1))[:, 1:].any(axis=1))

    def _median_spacing(self) -> float:
        """Return the median distance from a body to the next, in voxels; 1 where there is one body or none."""
        found = []
        for body in range(self.bodies):
            own, others = self._places[self._body == body], self._places[self._body != body]
            if len(others):
                found.append(np.sqrt(np.square(own[:, np.newaxis] - others).sum(axis=2).min()))
        return float(np.median(found)) if found else 1.0


def agreement(
    path: str, shape: tuple[int, ...], classes: int, vertical: int | None, held_out: Sequence[Box] = ()
) -> Agreement | None:
    """Tell how well the bodies in a label file foretell each other; see :meth:`Neighbours.agreement`.

    Parameters
    ----------
    path : str
        ``.npy`` of labels.
    shape : tuple of int
        Of the survey.
    classes : int
        How many there are.
    vertical : int or None
        Axis along which columns run.
    held_out : sequence of Box
        Labels that do not count.

    Returns
    -------
    Agreement or None

    Raises
    ------
    JobError
        When the labels do not fit the survey or the classes.
    """
    return Neighbours(LabelFile(path, shape, classes, held_out), vertical).agreement()
