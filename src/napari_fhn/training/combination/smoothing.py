"""Averages along the structure of the data: along reflectors, and on maps where the bands are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.combination.upright import stood
from napari_fhn.training.data.volume import Volume

if TYPE_CHECKING:
    from napari_fhn.structure.dips import DipField
    from napari_fhn.structure.guided import Guide


_PART, _FARTHEST = 16, 12
"""Along reflectors: what part of the traces of a survey, and how many at most, as each box is read with so many around
it."""


def along_reflectors(lateral: Sequence[int]) -> tuple[int, ...]:
    """Return how far probabilities are averaged along reflectors.

    A sixteenth of the survey each way, as a bed that goes on for long in it goes on for many traces. No labels are
    asked: what two wells left out say of it is chance (`benchmarks/README.md`).

    Parameters
    ----------
    lateral : sequence of int
        Traces along each lateral axis.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> along_reflectors((128, 192)), along_reflectors((40, 2000)), along_reflectors((3,))
    ((8, 12), (2, 12), (1,))
    """
    return tuple(max(1, min(_FARTHEST, round(traces / _PART))) for traces in lateral)


def among_bands(axes: int) -> tuple[tuple[int, ...], ...]:
    """Return how far probabilities may be averaged on a map, or in a cube without a vertical axis; labels choose."""
    return tuple((far,) * axes for far in ((1, 2, 4, 8) if axes == 2 else (1, 2)))


class AlongReflectors:
    """Averages along the dips of a survey.

    Parameters
    ----------
    dips : DipField
        Of the survey with its vertical axis last.
    vertical : int
        Which axis of the survey that is.
    """

    def __init__(self, dips: DipField, vertical: int) -> None:
        self._dips = dips
        self._vertical = vertical
        self.usual = along_reflectors(dips.shape[:-1])
        self.candidates = (self.usual,)

    def halo(self, reach: tuple[int, ...]) -> tuple[int, ...]:
        """Return the traces on each side; along the columns nothing, as boxes hold all of them."""
        return (*reach[: self._vertical], 0, *reach[self._vertical :])

    def smooth(self, box: Box, probabilities: NDArray[np.float32], reach: tuple[int, ...]) -> NDArray[np.float32]:
        """Average ``(classes, *box.shape)`` along the reflectors within a box."""
        import torch  # here, as the viewer knows of this module

        from napari_fhn.structure.smoothing import along_dips

        upright = stood(box, self._vertical)
        # In a section there is nothing to the sides.
        inside = tuple(min(one, size - 1) for one, size in zip(reach, upright.shape[:-1], strict=True))
        found = along_dips(
            np.moveaxis(probabilities, 1 + self._vertical, -1),
            self._dips.read(upright),
            inside,
            threads=torch.get_num_threads(),  # a core that is left to somebody who paints stays theirs
        )
        return np.moveaxis(found, -1, 1 + self._vertical)


class Guided:
    """Averages on a map where the bands are alike.

    Parameters
    ----------
    volume : Volume
        The bands.
    """

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._guide: Guide | None = None
        self.usual: tuple[int, ...] = ()
        self.candidates = among_bands(len(volume.shape))

    def halo(self, reach: tuple[int, ...]) -> tuple[int, ...]:
        """Return the cells on each side: a mean of means looks twice as far as one."""
        return tuple(2 * one for one in reach)

    def smooth(self, box: Box, probabilities: NDArray[np.float32], reach: tuple[int, ...]) -> NDArray[np.float32]:
        """Average ``(classes, *box.shape)`` within a box."""
        from napari_fhn.structure.guided import Guide, guided

        if self._guide is None:
            self._guide = Guide(self._volume)
        return guided(probabilities, self._guide.read(box), reach, self._volume.present(box))
