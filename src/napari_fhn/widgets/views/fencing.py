"""The fence that is shown: where it runs, drawn on the map or laid through wells."""

from __future__ import annotations

from napari_fhn.labels.wells import tracks
from napari_fhn.surveys.fences import Fence, beside, fence, through
from napari_fhn.surveys.kinds import kind_of
from napari_fhn.surveys.map_frame import MapFrame
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.views.state import ViewState

NEAR = 200.0
"""Metres, or else steps of two traces: wells so near a fence are written on it."""
_NEAR_TRACES = 2.0


class Fencing:
    """Lays fences.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    wells : WellBook
        The wells.
    state : ViewState
        Where the corners are kept.
    """

    def __init__(self, context: DeskContext, wells: WellBook, state: ViewState) -> None:
        self._context = context
        self._wells = wells
        self._state = state
        self._placed: tuple[Material | None, MapFrame | None] = (None, None)

    @property
    def map_frame(self) -> MapFrame | None:
        """Where the survey lies, of any kind; None where it lies on no map."""
        material = self._context.data.material
        if material is not self._placed[0]:
            self._placed = (material, None if material is None else MapFrame.of(material.first))
        return self._placed[1]

    @property
    def frame(self) -> MapFrame | None:
        """Where the survey lies, if it is one that fences can run through."""
        material = self._context.data.material
        if material is None or kind_of(material.first) != "seismic volume" or self._context.data.vertical != 2:
            return None
        return self.map_frame

    def heads(self) -> dict[str, tuple[float, ...]]:
        """Return where wells lie, in voxels along the lateral axes."""
        material = self._context.data.material
        if material is None or kind_of(material.first) not in ("seismic volume", "seismic line"):
            return {}
        return tracks.heads(self._wells.state.wells, material.first)

    def through_wells(self) -> None:
        """Lay a fence through all wells, or say why not."""
        frame, heads = self.frame, self.heads()
        if frame is None or len(heads) < 2:
            self._context.messages.say("A fence through wells needs two wells in the survey, or more.")
            return
        places = list(heads.values())
        self._state.fence = tuple((float(places[k][0]), float(places[k][1])) for k in through(places, frame))

    def current(self) -> Fence | None:
        """Return the fence that is shown; None without one, and where it lies nowhere in the survey."""
        frame = self.frame
        if frame is None or len(self._state.fence) < 2:
            return None
        try:
            return fence(self._state.fence, frame)
        except ValueError:
            return None

    def wells_near(self, found: Fence) -> list[tuple[str, float, float]]:
        """Return wells near a fence: their names, where along it they are, and how far from it."""
        frame = self.frame
        if frame is None:
            return []
        near = NEAR if found.unit == "m" else _NEAR_TRACES
        placed = [(name, *beside(head, found, frame)) for name, head in self.heads().items()]
        return [one for one in placed if one[2] <= near]
