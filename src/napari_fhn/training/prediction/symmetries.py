"""Ways to look at the same data: a prediction may be the mean over several."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from napari_fhn.training.data.frame import Frame


@dataclass(frozen=True)
class Symmetry:
    """A way to look at the same data: some axes of the network turned round, two perhaps exchanged.

    Parameters
    ----------
    flips : tuple of int
        Axes that are turned round, as the network counts them.
    exchanged : tuple of int
        Two axes that change places first; empty for none.
    """

    flips: tuple[int, ...] = ()
    exchanged: tuple[int, ...] = ()

    def apply(self, data: Tensor) -> Tensor:
        """Turn ``(batch, channel, *space)``."""
        data = self.exchange(data)
        return data.flip([2 + axis for axis in self.flips]) if self.flips else data

    def exchange(self, data: Tensor) -> Tensor:
        """Only exchange axes: where a voxel lies does not turn round with what is there."""
        return data.transpose(*(2 + axis for axis in self.exchanged)) if self.exchanged else data

    def undo(self, scores: Tensor, missing: int | None) -> Tensor:
        """Turn scores back, which may lack an axis of the network."""

        def place(axis: int) -> int:
            return 2 + axis - (missing is not None and missing < axis)

        scores = scores.flip([place(axis) for axis in self.flips]) if self.flips else scores
        return scores.transpose(*map(place, self.exchanged)) if self.exchanged else scores


def symmetries(frame: Frame, multiples: Sequence[int]) -> list[Symmetry]:
    """Return the ways to look at data that keep what is up and where cells of the network begin.

    Parameters
    ----------
    frame : Frame
        How the network looks at the survey.
    multiples : sequence of int
        Voxels in its coarsest cell, for each of its axes.
    """
    if frame.framing.neighbours:
        return [Symmetry()]  # what is known around a place does not turn round with the data
    level = [axis for axis in range(len(multiples)) if axis not in (frame.vertical, frame.map_axis)]
    flips = [some for count in range(len(level) + 1) for some in itertools.combinations(level, count)]
    exchanges: list[tuple[int, ...]] = [()]
    alike = len(level) == 2 and multiples[level[0]] == multiples[level[1]]
    if alike and frame.framing.position != "all":  # else it would take an inline for a crossline
        exchanges.append(tuple(level))
    return [Symmetry(some, exchanged) for exchanged in exchanges for some in flips]
