"""Which further views are open, and what they show; kept with the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from napari_fhn.project.view_record import FurtherViews


@dataclass
class ViewState:
    """What is looked at beside the canvas; setting a field emits an event of its name.

    Parameters
    ----------
    linked : bool
        Whether the other sections and the map are shown.
    map_shows : {"all", "data", "classes", "outline"}
        What is drawn on the map below wells and lines.
    fence : tuple of (float, float)
        Corners of the fence, in voxels along the lateral axes; empty without one.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    linked: bool = False
    map_shows: str = "all"
    fence: tuple[tuple[float, float], ...] = ()

    def record(self) -> FurtherViews:
        """Return what the session keeps."""
        return FurtherViews(self.linked, self.map_shows, self.fence)

    def take(self, kept: FurtherViews) -> None:
        """Look as a session was looked at."""
        self.map_shows, self.fence, self.linked = kept.map_shows, kept.fence, kept.linked
