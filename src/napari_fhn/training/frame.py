"""How a network looks at a volume: as blocks of it, or as vertical sections with their neighbours as channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.network.comparison import NetworkDescription
from napari_fhn.training.job import JobError
from napari_fhn.training.volume import Volume


class Frame:
    """Turns boxes of a volume into what a network takes, and back.

    Parameters
    ----------
    volume : Volume
        The data.
    network : Architecture, ResNetArchitecture or UNetArchitecture
        With as many dimensions as the volume, or 2D for a 3D volume (2.5D).
    vertical_axis : int or None
        Axis of two-way time or depth.

    Attributes
    ----------
    channels : int
        Channels that the network gets: data, neighbouring sections, and position along the vertical axis.
    sections : tuple of int
        Axes across which sections may be taken; empty where the network has the dimensions of the volume.
    vertical : int or None
        The vertical axis as the network counts its axes.

    Raises
    ------
    JobError
        When the network does not go with the volume.
    """

    def __init__(self, volume: Volume, network: NetworkDescription, vertical_axis: int | None) -> None:
        self.volume = volume
        self.context = network.context
        ndim = len(volume.shape)
        if vertical_axis is not None and not -ndim <= vertical_axis < ndim:
            raise JobError(f"the survey has {ndim} axes and no axis {vertical_axis} to be vertical")
        self.vertical_axis = None if vertical_axis is None else vertical_axis % ndim
        self.sections: tuple[int, ...] = ()
        if network.dimensions == 2 and ndim == 3:
            if self.vertical_axis is None:
                raise JobError("sections of a volume are vertical: say which axis is two-way time or depth")
            self.sections = tuple(axis for axis in range(3) if axis != self.vertical_axis)
        elif network.dimensions != ndim:
            raise JobError(f"a {network.dimensions}D network does not go with a survey of {ndim} spatial axes")
        if self.sections and self.vertical_axis != 2:
            raise JobError("sections need two-way time or depth as the last axis: transpose the volume")
        self.vertical = 1 if self.sections else self.vertical_axis
        neighbours = 2 * self.context + 1 if self.sections else 1
        self.channels = volume.channels * neighbours + (self.vertical_axis is not None)

    def space(self, box: Box, across: int | None) -> tuple[int, ...]:
        """Return the shape of a box as the network sees it."""
        return tuple(size for axis, size in enumerate(box.shape) if axis != across)

    def data(self, box: Box, across: int | None) -> NDArray[np.float32]:
        """Read the data channels of a box, without the position.

        Parameters
        ----------
        box : Box
            One voxel thick along ``across``.
        across : int or None
            Section axis, or None for a block.

        Returns
        -------
        ndarray
            ``(channels, *space)``.
        """
        if across is None:
            return self.volume.read(box)
        start, stop = list(box.start), list(box.stop)
        start[across] -= self.context
        stop[across] += self.context
        values = np.moveaxis(self.volume.read(Box(tuple(start), tuple(stop))), 1 + across, 1)
        return values.reshape(-1, *values.shape[2:])

    def with_position(self, data: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
        """Append where each voxel lies along the vertical axis, from -1 (top) to 1 (bottom), as a channel.

        Layered geology cannot be told apart without it. It is added after augmentation: a sheared section still lies
        where it lies.
        """
        if self.vertical_axis is None or self.vertical is None:
            return data
        axis = self.vertical_axis
        size = max(self.volume.shape[axis] - 1, 1)
        position = 2 * np.arange(box.start[axis], box.stop[axis], dtype=np.float32) / size - 1
        shape = [1] * (data.ndim - 1)
        shape[self.vertical] = -1
        channel = np.broadcast_to(position.reshape(shape), data.shape[1:])
        return np.concatenate((data, channel[np.newaxis]))
