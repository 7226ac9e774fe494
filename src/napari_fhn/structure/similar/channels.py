"""The values of a survey as they are asked for, a box at a time."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box


class Channels(Protocol):
    """A survey.

    Attributes
    ----------
    shape : tuple of int
        Of space: two or three axes.
    count : int
        Channels.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102

    @property
    def count(self) -> int: ...  # noqa: D102

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return ``(channels, *box.shape)``, the caller's to change; NaN where there are no data."""
        ...


class NothingThere(ValueError):
    """There are no data to describe, or all of them are alike."""
