"""How a network looks at a volume: as blocks of it, or as vertical sections with their neighbours as channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.training.data.fitting import view
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.data.hiding import Lesson
from napari_fhn.training.data.labelled import LabelFile
from napari_fhn.training.data.neighbours import Neighbours
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.job import JobError


class Frame:
    """Turns boxes of the labels' grid into what a network takes.

    The labels' grid is that of the volume, without the axis of which a network reads a slice (a map from a cube): boxes
    never have that axis, and the network gets all of it.

    Parameters
    ----------
    volume : Volume
        The data.
    network : Architecture, ResNetArchitecture or UNetArchitecture
        With as many dimensions as the volume, or 2D for a 3D volume (2.5D).
    framing : Framing
        What the axes are.

    Attributes
    ----------
    shape : tuple of int
        Of the labels' grid.
    channels : int
        Channels that the network gets: data, neighbouring sections, and position.
    sections : tuple of int
        Axes across which sections may be taken; empty where the network has the dimensions of the volume.
    vertical : int or None
        The vertical axis as the network counts its axes.
    vertical_of_scores : int or None
        The same, as the scores count them.
    map_axis : int or None
        The axis that only the data have.
    network_multiples, multiples : tuple of int
        Of the network, one for each of its axes; and without the axis that the labels lack.

    Raises
    ------
    JobError
        When the network does not go with the volume.
    """

    def __init__(self, volume: Volume, network: NetworkDescription, framing: Framing) -> None:
        self.volume = volume
        self.framing = framing
        self.context = network.context
        ndim = len(volume.shape)
        seen = view(network, ndim, framing)
        self.vertical_axis, self.map_axis = seen.vertical_axis, seen.map_axis
        self.sections, self.vertical = seen.sections, seen.vertical
        self.shape = tuple(size for axis, size in enumerate(volume.shape) if axis != self.map_axis)
        before = self.map_axis is not None and self.vertical is not None and self.map_axis < self.vertical
        along = None if self.vertical == self.map_axis else self.vertical
        self.vertical_of_scores = along - before if along is not None else None
        self.network_multiples = tuple(network.multiples)
        self.multiples = tuple(m for axis, m in enumerate(self.network_multiples) if axis != self.map_axis)
        neighbours = 2 * self.context + 1 if self.sections else 1
        self.channels = volume.channels * neighbours + len(self._placed_axes)
        self._neighbours: Neighbours | None = None

    def know(self, labels: LabelFile) -> None:
        """Take up what is known where the framing asks for it: more channels for the network.

        Raises
        ------
        JobError
            When there are no two bodies of labels, one of which could foretell the other.
        """
        if self.framing.neighbours:
            self._neighbours = Neighbours(labels, self.vertical_axis)
            if self._neighbours.bodies < 2:
                raise JobError(
                    "the network is to be told what the nearest labels say, and all labels lie in one place: label "
                    "another well or patch, or choose a recipe without neighbours"
                )
            self.channels += self._neighbours.channels

    @property
    def vertical_of_prediction(self) -> int | None:
        """The vertical axis as labels and prediction count their axes; None where they have none."""
        vertical, missing = self.vertical_axis, self.map_axis
        if vertical is None or vertical == missing:
            return None
        return vertical - (missing is not None and missing < vertical)

    @property
    def _placed_axes(self) -> tuple[int, ...]:
        """Axes of the volume along which the place of a voxel is a channel."""
        if self.framing.position == "all":
            return tuple(axis for axis in range(len(self.volume.shape)) if axis != self.map_axis)
        vertical = self.framing.position == "vertical" and self.vertical_axis is not None
        return (self.vertical_axis,) if vertical and self.vertical_axis is not None else ()

    def space(self, box: Box, across: int | None) -> tuple[int, ...]:
        """Return the shape of the scores of a box."""
        return tuple(size for axis, size in enumerate(box.shape) if axis != across)

    def read(self, box: Box, across: int | None) -> NDArray[np.float32]:
        """Read all that the network gets: the data of a box, and where it lies.

        Parameters
        ----------
        box : Box
            Of the labels' grid; one voxel thick along ``across``.
        across : int or None
            Section axis, or None for a block.

        Returns
        -------
        ndarray
            ``(channels, *space)``, with the whole of the axis that only the data have.
        """
        return np.concatenate((self.data(box, across), self.position(box, across)))

    def data(self, box: Box, across: int | None) -> NDArray[np.float32]:
        """Read the data channels of :meth:`read`."""
        if across is None:
            return self.volume.read(self._in_volume(box))
        around = box.slab(across, box.start[across] - self.context, box.stop[across] + self.context)
        values = np.moveaxis(self.volume.read(around), 1 + across, 1)
        return values.reshape(-1, *values.shape[2:])

    def data_of_all(self, box: Box, across: int | None) -> NDArray[np.float32]:
        """Read the data channels of all sections of a box, each value once.

        Parameters
        ----------
        box : Box
            As in :meth:`read`, of any thickness.
        across : int or None
            As in :meth:`read`.

        Returns
        -------
        ndarray
            ``(sections, channels, *space)``; of a block one.
        """
        if across is None:
            return self.data(box, None)[np.newaxis]
        around = box.slab(across, box.start[across] - self.context, box.stop[across] + self.context)
        values = np.moveaxis(self.volume.read(around), 1 + across, 0)
        beside = np.lib.stride_tricks.sliding_window_view(values, 2 * self.context + 1, axis=0, writeable=True)
        found = np.moveaxis(beside, -1, 2)
        return np.ascontiguousarray(found).reshape(len(found), -1, *found.shape[3:])

    def position(self, box: Box, across: int | None) -> NDArray[np.float32]:
        """Return the other channels of :meth:`read`: where each voxel lies, and what is known around it.

        Where a voxel lies along an axis goes from -1 to 1: layered geology cannot be told apart without it.

        Parameters
        ----------
        box : Box
            As in :meth:`read`.
        across : int or None
            As in :meth:`read`.

        Returns
        -------
        ndarray
            ``(channels, *space)``.
        """
        return self._with_what_is_known(box, across, None)

    def lesson(
        self, box: Box, across: int | None, at: Sequence[int], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
        """Return the channels of :meth:`position` to learn from: some of what is known is hidden, and asked for.

        Parameters
        ----------
        box : Box
            As in :meth:`read`.
        across : int or None
            As in :meth:`read`.
        at : sequence of int
            The labelled voxel that the box was drawn for.
        rng : numpy.random.Generator
            Which draws what is hidden.

        Returns
        -------
        channels : ndarray
            ``(channels, *space)``.
        asked : ndarray of bool or None
            Where labels count, to be broadcast to the shape of the box; None where all do.
        """
        if self._neighbours is None:
            return self._place(box, across), None
        self._neighbours.look()
        lesson, asked = self._neighbours.lesson(box, at, rng)
        return self._with_what_is_known(box, across, lesson), asked

    def _with_what_is_known(self, box: Box, across: int | None, lesson: Lesson | None) -> NDArray[np.float32]:
        places = self._place(box, across)
        if self._neighbours is None:
            return places
        self._neighbours.look()
        known = self._neighbours.read(box, lesson)
        return np.concatenate((places, known if across is None else known.take(0, axis=1 + across)))

    def _place(self, box: Box, across: int | None) -> NDArray[np.float32]:
        box = self._in_volume(box)
        axes = self._placed_axes
        channels = np.empty((len(axes), *(b for a, b in enumerate(box.shape) if a != across)), np.float32)
        for channel, axis in zip(channels, axes, strict=True):
            size = max(self.volume.shape[axis] - 1, 1)
            place = 2 * np.arange(box.start[axis], box.stop[axis], dtype=np.float32) / size - 1
            if axis != across:
                # The network counts on past the section axis.
                own = axis - (across is not None and across < axis)
                place = place.reshape([-1 if a == own else 1 for a in range(channel.ndim)])
            channel[...] = place
        return channels

    def present(self, box: Box) -> NDArray[np.bool_]:
        """Tell where in a box of the labels' grid there are data; a map has some where its cube has some."""
        found = self.volume.present(self._in_volume(box))
        return found if self.map_axis is None else np.any(found, axis=self.map_axis, keepdims=False)

    def present_at(self, flat: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell the same of single voxels, by their flat indices in the labels' grid."""
        index = np.unravel_index(flat, self.shape)
        if self.map_axis is None:
            return self.volume.present_at(index)
        found = np.zeros(flat.shape, bool)
        for slice_ in range(self.volume.shape[self.map_axis]):
            along = np.full(flat.shape, slice_)
            found |= self.volume.present_at((*index[: self.map_axis], along, *index[self.map_axis :]))
            if found.all():
                break
        return found

    def _in_volume(self, box: Box) -> Box:
        if self.map_axis is None:
            return box
        start, stop = list(box.start), list(box.stop)
        start.insert(self.map_axis, 0)
        stop.insert(self.map_axis, self.volume.shape[self.map_axis])
        return Box(tuple(start), tuple(stop))
