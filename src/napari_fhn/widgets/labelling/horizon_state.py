"""Horizons as the parts of the dock watch them, and as they are drawn on sections and maps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor

from napari_fhn.project.labelling.horizons import KeptHorizons

COLORS = ("#ffd166", "#06d6a0", "#ef476f", "#4cc9f0", "#f8961e", "#b8f2e6", "#c77dff", "#f1faee")
"""Of horizons, in turn: bright, for lines are thin."""


@dataclass
class HorizonState:
    """The horizons; setting a field emits an event of its name.

    Parameters
    ----------
    kept : KeptHorizons
        As the session has them.
    chosen : str
        Name of the one that is picked and tracked.
    picking : bool
        Whether clicks on the canvas are picks.
    erasing : bool
        Whether drags over the canvas erase.
    reach : int
        How far from the mouse is erased, in traces.
    snap : bool
        Whether a pick moves to the nearest event.
    tracking : bool
        Whether one is being tracked.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    kept: KeptHorizons = field(default_factory=KeptHorizons)
    chosen: str = ""
    picking: bool = False
    erasing: bool = False
    reach: int = 5
    snap: bool = True
    tracking: bool = False


class HorizonMap(NamedTuple):
    """A horizon for who draws it.

    Parameters
    ----------
    name, color : str
        As people know it.
    samples, quality : ndarray of float32, shape (inline, crossline) or (trace,)
        In samples from the first; NaN where it is not, or not good enough. Quality is 0 there.
    times : ndarray of float64, same shape
        The same in the unit of the survey's vertical axis.
    """

    name: str
    color: str
    samples: NDArray[np.float32]
    quality: NDArray[np.float32]
    times: NDArray[np.float64]
