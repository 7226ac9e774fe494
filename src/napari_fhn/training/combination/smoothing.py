"""Averages along the structure of the data: along reflectors, and on maps where the bands are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.volume import Volume

if TYPE_CHECKING:
    from napari_fhn.structure.dips import DipField
    from napari_fhn.structure.guided import Guide


class AlongReflectors:
    """Averages along the dips of a survey whose last axis is vertical.

    Parameters
    ----------
    dips : DipField
        Of the survey.
    """

    def __init__(self, dips: DipField) -> None:
        self._dips = dips
        lateral = len(dips.shape) - 1
        self.candidates = ((2, 4), (4, 8), (6, 12)) if lateral == 2 else ((4,), (8,), (12,))

    def halo(self, reach: tuple[int, ...]) -> tuple[int, ...]:
        """Return the traces on each side; along the columns nothing, as boxes hold all of them."""
        return (*reach, 0)

    def smooth(self, box: Box, probabilities: NDArray[np.float32], reach: tuple[int, ...]) -> NDArray[np.float32]:
        """Average ``(classes, *box.shape)`` along the reflectors within a box."""
        from napari_fhn.structure.smoothing import along_dips

        # In a section there is nothing to the sides.
        inside = tuple(min(one, size - 1) for one, size in zip(reach, box.shape, strict=False))
        return along_dips(probabilities, self._dips.read(box), inside)


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
        axes = len(volume.shape)
        self.candidates = tuple((far,) * axes for far in ((1, 2, 4, 8) if axes == 2 else (1, 2)))

    def halo(self, reach: tuple[int, ...]) -> tuple[int, ...]:
        """Return the cells on each side: a mean of means looks twice as far as one."""
        return tuple(2 * one for one in reach)

    def smooth(self, box: Box, probabilities: NDArray[np.float32], reach: tuple[int, ...]) -> NDArray[np.float32]:
        """Average ``(classes, *box.shape)`` within a box."""
        from napari_fhn.structure.guided import Guide, guided

        if self._guide is None:
            self._guide = Guide(self._volume)
        return guided(probabilities, self._guide.read(box), reach, self._volume.present(box))
