"""What may reach a running fit or predict from outside: stop, and where the person looks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Focus:
    """The section in view.

    Parameters
    ----------
    axis : int
        Spatial axis across which the viewer slices.
    index : int
        Section number along it, in voxels.
    """

    axis: int
    index: int


@dataclass
class Control:
    """Shared between the loop that computes and whoever steers it (another thread may write at any time).

    Parameters
    ----------
    stop : threading.Event
        Set it and the loop ends at its next small step, keeping what it has.
    focus : Focus or None
        Section to predict first; None means that everything is in view (a map).
    """

    stop: threading.Event = field(default_factory=threading.Event)
    focus: Focus | None = None
