"""A trained network as one module that takes data as they are measured and gives classes, for files of others."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from napari_fhn.network.comparison import map_axis
from napari_fhn.network.portable import PortableNetwork
from napari_fhn.training.job import JobError
from napari_fhn.training.models.model import Model

_CLIP = 5.0
"""As in :mod:`napari_fhn.training.data.volume`: normalised values beyond this are spikes."""


class PortableModel(nn.Module):
    """The network of a model with its normalisation before it, and its class codes behind.

    Parameters
    ----------
    model : Model
        Its network is switched to prediction.

    Attributes
    ----------
    inputs : tuple of str
        Names of what :meth:`forward` takes: always ``"data"``; ``"place"`` where the network is told where a voxel
        lies, and ``"known"`` where it is told what the nearest labels say.
    channels : int
        Of the data, neighbouring sections among them.
    placed : tuple of int
        Axes of the survey along which a place is told, one row of ``place`` each.
    nothing : int
        Code where there are no data.
    minimum : tuple of int
        Smallest size along each axis.

    Raises
    ------
    JobError
        When a network is told places along axes that its model does not know of.
    """

    centre: Tensor
    scale: Tensor
    codes: Tensor

    def __init__(self, model: Model) -> None:
        super().__init__()
        architecture, framing = model.network.architecture, model.framing
        self.network = PortableNetwork(model.network.eval())
        self.context = architecture.context
        self.map_axis = map_axis(architecture)
        self.dimensions = architecture.dimensions
        volume = self.context > 0 or (framing.vertical_axis or 0) >= self.dimensions
        axes = len(model.axes) or (3 if volume else self.dimensions)
        sections = self.dimensions == 2 and axes == 3
        self.placed: tuple[int, ...] = ()
        if framing.position == "all":
            self.placed = tuple(axis for axis in range(axes) if axis != self.map_axis)
        elif framing.position == "vertical" and framing.vertical_axis is not None:
            self.placed = (framing.vertical_axis % axes,)
        # The axis that sections lie along is the first of the network, whichever of the two it is.
        self._along = tuple(max(axis - 1, 0) if sections else axis for axis in self.placed)
        classes = len(model.classes)
        self.known = classes + 1 if framing.neighbours else 0
        neighbours = 2 * self.context + 1 if sections else 1
        self.channels = model.network.input_channels - len(self.placed) - self.known
        if self.channels < 1 or self.channels % neighbours:
            raise JobError("it is told more of the axes of its survey than its description says: train it again")
        self._neighbours = neighbours
        self.inputs = ("data", *(["place"] if self.placed else []), *(["known"] if self.known else []))
        self.minimum = tuple(multiple + 1 for multiple in architecture.multiples)
        codes = model.codes or tuple(range(1, classes + 1))
        self.nothing = next(code for code in (0, 255, 65535) if code not in codes)
        shape = [1] * self.dimensions
        bands = 1
        if self.map_axis is not None:
            bands = shape[self.map_axis] = len(model.normalisation.centre) // (self.channels // neighbours)
        self.bands = bands
        for name, numbers in (("centre", model.normalisation.centre), ("scale", model.normalisation.scale)):
            each = torch.tensor(numbers, dtype=torch.float32).reshape(-1, *shape)
            self.register_buffer(name, each.repeat_interleave(neighbours, 0))
        self.register_buffer("codes", torch.tensor(codes))

    def forward(self, data: Tensor, *further: Tensor) -> tuple[Tensor, Tensor]:
        """Return the probabilities of the classes, and the likeliest one.

        Parameters
        ----------
        data : Tensor
            ``(batch, channels, *space)`` of float32, in the units of the survey; NaN where there are none. Of sections
            the channels are those of each input, and in each the sections before, at and after the place.
        further : Tensor
            As `inputs` says: ``place``, ``(axes, 2)``, where the first and the last voxel lie along each of `placed`,
            from -1 at the first voxel of the survey to 1 at its last one; ``known``, ``(batch, classes + 1, *space)``,
            what :class:`~napari_fhn.training.data.neighbours.Neighbours` reads.

        Returns
        -------
        probabilities : Tensor
            ``(batch, classes, *space)``.
        codes : Tensor
            ``(batch, *space)``, int64; `nothing` where there are no data.
        """
        there = torch.isfinite(data[:, self._neighbours // 2 :: self._neighbours]).any(1)
        values = (data - self.centre) / self.scale
        values = torch.where(torch.isnan(values), torch.zeros_like(values), values).clamp(-_CLIP, _CLIP)
        parts = [values]
        if self.placed:
            parts += [self._place(values[:, :1], row, axis) for row, axis in zip(further[0], self._along, strict=True)]
        if self.known:
            parts.append(further[-1])
        probabilities = self.network(torch.cat(parts, 1)).softmax(1)
        if self.map_axis is not None:
            there = there.any(1 + self.map_axis)
        codes = self.codes[probabilities.argmax(1)]
        return probabilities, torch.where(there, codes, self.nothing)

    def _place(self, like: Tensor, ends: Tensor, axis: int) -> Tensor:
        size = like.shape[2 + axis]
        along = torch.arange(size, device=like.device).reshape([-1 if a == axis else 1 for a in range(self.dimensions)])
        return 0 * like + (ends[0] + (ends[1] - ends[0]) * along / (size - 1))

    def example(self, space: tuple[int, ...] | None = None) -> tuple[Tensor, ...]:
        """Return inputs of a size, to trace the module with; the smallest that is good for that when none is given."""
        space = space or tuple(
            self.bands if axis == self.map_axis else 2 * least for axis, least in enumerate(self.minimum)
        )
        found: list[Any] = [torch.zeros(2, self.channels, *space)]
        if self.placed:
            found.append(torch.tensor([[-1.0, 1.0]] * len(self.placed)))
        if self.known:
            found.append(torch.zeros(2, self.known, *space))
        return tuple(found)
