"""What one training step is shown: as it is drawn, and as it lies on the device that computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor


class Known(NamedTuple):
    """The labelled voxels of a batch, found where the labels are.

    A GPU that had to find them itself would keep the processor waiting for how many there are.

    Parameters
    ----------
    places : Tensor
        ``(voxels,)`` int64, counted through ``(batch, *space)``.
    classes : Tensor
        ``(voxels,)`` int64, counted from 0.
    weights : Tensor or None
        ``(voxels,)``, how much each label counts, from 0 to 1; None where all count fully.
    present : Tensor
        ``(classes that occur,)`` int64, in their order.
    """

    places: Tensor
    classes: Tensor
    weights: Tensor | None
    present: Tensor

    @classmethod
    def of(cls, labels: Tensor, weights: Tensor | None = None) -> Known:
        """Find them.

        Parameters
        ----------
        labels : Tensor
            ``(batch, *space)`` of whole numbers: 0 unlabelled, class ``k`` is ``k + 1``.
        weights : Tensor, optional
            ``(batch, *space)``.
        """
        flat = labels.flatten()
        places = flat.nonzero()[:, 0]
        classes = flat[places].long() - 1
        kept = None if weights is None else weights.flatten()[places]
        counted = classes if kept is None else classes[kept > 0]
        return cls(places, classes, kept, counted.bincount().nonzero()[:, 0])


@dataclass(frozen=True)
class Shown:
    """A batch on the device that computes.

    Parameters
    ----------
    data : Tensor
        ``(batch, channels, *space)`` float32.
    known : Known
        What is labelled.
    voxels : int
        Of the labels.
    counted : Tensor or None
        As in :class:`Batch`.
    absent : tuple of Tensor
        For each absence of the objective where it holds and something counts, as :attr:`Known.places`.
    pseudo : Known or None
        Pseudo-labels; None where none are learnt from.
    """

    data: Tensor
    known: Known
    voxels: int
    counted: Tensor | None = None
    absent: tuple[Tensor, ...] = ()
    pseudo: Known | None = None

    def repeated(self, times: int) -> Shown:
        """Return it with what is known so many times over: once for each slice that a map is read from."""
        if times == 1:
            return self

        def placed(places: Tensor) -> Tensor:
            return torch.cat([places + turn * self.voxels for turn in range(times)])

        def again(known: Known) -> Known:
            weights = None if known.weights is None else known.weights.repeat(times)
            return Known(placed(known.places), known.classes.repeat(times), weights, known.present)

        counted = None if self.counted is None else torch.cat([self.counted] * times)
        pseudo = None if self.pseudo is None else again(self.pseudo)
        absent = tuple(map(placed, self.absent))
        return Shown(self.data, again(self.known), times * self.voxels, counted, absent, pseudo)

    def to(self, device: torch.device) -> Shown:
        """Move to a device; from pinned memory without waiting for it."""

        def moved(part: Tensor) -> Tensor:
            return part.to(device, non_blocking=True)

        return self._each(moved)

    def pinned(self) -> Shown:
        """Move to memory that a GPU reads by itself."""
        return self._each(Tensor.pin_memory)

    def _each(self, moved: Callable[[Tensor], Tensor]) -> Shown:
        def each(known: Known) -> Known:
            return Known(*(None if part is None else moved(part) for part in known))  # type: ignore[arg-type]

        counted = None if self.counted is None else moved(self.counted)
        pseudo = None if self.pseudo is None else each(self.pseudo)
        absent = tuple(map(moved, self.absent))
        return Shown(moved(self.data), each(self.known), self.voxels, counted, absent, pseudo)


@dataclass(frozen=True)
class Batch:
    """Blocks of data and what is known in them, in the memory of the processor.

    Parameters
    ----------
    data : Tensor
        ``(batch, channels, *space)`` float32.
    labels : Tensor
        ``(batch, *space)`` of whole numbers: 0 unlabelled, class ``k`` is ``k + 1``.
    weights : Tensor or None
        ``(batch, *space)`` float32 from 0 to 1, how much each label counts; None where all count fully.
    counted : Tensor or None
        ``(batch, *space)`` bool: the voxels of which something can be known, in the survey, with data and not ignored;
        None where all are.
    absent : Tensor or None
        ``(batch, absences, *space)`` bool: where each absence of the objective holds; None without any.
    pseudo : Tensor or None
        As `labels`, pseudo-labels; None where none are learnt from.
    parts : int
        In how many it is shown, see ``Schedule.accumulate``.
    """

    data: Tensor
    labels: Tensor
    weights: Tensor | None = None
    counted: Tensor | None = None
    absent: Tensor | None = None
    pseudo: Tensor | None = None
    parts: int = 1

    @property
    def places(self) -> int:
        """How many voxels it is learnt from, with those of pseudo-labels."""
        pseudo = self.shown.pseudo
        return self.shown.known.places.numel() + (0 if pseudo is None else pseudo.places.numel())

    def split(self) -> list[Batch]:
        """Return the parts in which it is shown, as even as can be."""
        return self._parts

    @cached_property
    def _parts(self) -> list[Batch]:
        count = min(self.parts, len(self.data))
        if count == 1:
            return [self]
        some = (self.weights, self.counted, self.absent, self.pseudo)
        whole = (self.data.tensor_split(count), self.labels.tensor_split(count))
        return [Batch(*row) for row in zip(*whole, *(_parted(rows, count) for rows in some), strict=True)]

    def pinned(self) -> Batch:
        """Move the data to memory that a GPU reads by itself; what is found in it later goes there too."""
        return replace(self, data=self.data.pin_memory())

    @cached_property
    def shown(self) -> Shown:
        """It as a step is shown it, still here."""
        absent = []
        for where in () if self.absent is None else self.absent.unbind(1):
            where = where if self.counted is None else where & self.counted
            absent.append(where.flatten().nonzero()[:, 0])
        known = Known.of(self.labels, self.weights)
        pseudo = None if self.pseudo is None else Known.of(self.pseudo)
        found = Shown(self.data, known, self.labels.numel(), self.counted, tuple(absent), pseudo)
        return found.pinned() if self.data.is_pinned() else found


def _parted(rows: Tensor | None, count: int) -> Sequence[Tensor | None]:
    return [None] * count if rows is None else rows.tensor_split(count)
