"""The cross that follows the mouse from one view onto all others."""

from __future__ import annotations

from collections.abc import Sequence

from napari_fhn.widgets.views.map_pane import MapPane
from napari_fhn.widgets.views.place import Place
from napari_fhn.widgets.views.section_pane import FencePane, SectionPane


def follow_mouse(place: Place, panes: Sequence[SectionPane | FencePane | MapPane], vertical: int | None) -> None:
    """Draw a cross where the mouse is, on all views but the one that it is on.

    Parameters
    ----------
    place : Place
        Which knows where the mouse is.
    panes : sequence of SectionPane, FencePane or MapPane
        The views.
    vertical : int or None
        The survey's axis of time or depth.
    """
    at = place.hover
    for pane in panes:
        if at is None or pane is place.hovered or pane.isHidden():
            pane.follow_mouse()
        elif isinstance(pane, MapPane):
            pane.follow_mouse(*pane.xy([k for axis, k in enumerate(at) if axis != vertical]))
        else:
            pane.follow_mouse(*pane.place_of(at))
