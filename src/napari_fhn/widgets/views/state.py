"""Which further views are open, and what they show; kept with the session."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_fhn.project.sessions.view_record import FurtherViews


@dataclass
class ViewState:
    """What is looked at beside the canvas; setting a field emits an event of its name.

    Parameters
    ----------
    linked : bool
        Whether the other sections and the map are shown.
    map_shows : {"all", "data", "classes", "horizon", "outline"}
        What is drawn on the map below wells and lines.
    fence : tuple of (float, float)
        Corners of the fence, in voxels along the lateral axes; empty without one.
    bodies : tuple of int
        Label values whose bodies are shown in 3D.
    ticks, scale, colours : bool
        Whether ticks (on maps with a grid), scale bar and north, and the bar of colours are drawn on the canvas.

    Attributes
    ----------
    entering : Signal
        Emitted before the canvas is turned to 3D. Who hears of it only then comes after napari, which reads all that is
        in sight as a whole volume first.
    arrived : Signal
        Emitted with where one has gone by its name or number, along axes of the viewer: it is pointed at.
    returned : Signal
        Emitted when a survey or a prediction that could not be read can be again.
    """

    entering = Signal()
    arrived = Signal(object)
    returned = Signal()
    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    linked: bool = False
    map_shows: str = "all"
    fence: tuple[tuple[float, float], ...] = ()
    bodies: tuple[int, ...] = ()
    ticks: bool = True
    scale: bool = True
    colours: bool = True

    def record(self) -> FurtherViews:
        """Return what the session keeps."""
        return FurtherViews(**{each.name: getattr(self, each.name) for each in fields(FurtherViews)})

    def take(self, kept: FurtherViews) -> None:
        """Look as a session was looked at."""
        for each in fields(FurtherViews):
            setattr(self, each.name, getattr(kept, each.name))
