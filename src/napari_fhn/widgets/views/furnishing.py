"""What is drawn over the canvas of a desk, put together."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_fhn.widgets.data.rulers import Rulers
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.views.arrival import Arrival
from napari_fhn.widgets.views.caption import Caption
from napari_fhn.widgets.views.crosshair import Crosshair
from napari_fhn.widgets.views.furniture import Furniture
from napari_fhn.widgets.views.sheet import Sheet
from napari_fhn.widgets.views.veil import Veil
from napari_fhn.widgets.views.well_names import WellNames


def furnished(canvas: QWidget, desk: Desk) -> Sheet:
    """Lay a sheet over the canvas, with all that is drawn there.

    Parameters
    ----------
    canvas : QWidget
        The canvas.
    desk : Desk
        Whose viewer it is.
    """
    viewer, data, state, place = desk.viewer, desk.data, desk.context.views, desk.beside.place
    sheet = Sheet(viewer, canvas)
    names = WellNames(viewer, lambda: sheet.canvas, sheet.update)
    arrival = Arrival(viewer, state, sheet.update)
    sheet.drawings = [
        Veil(desk.context, desk.prediction, desk.doubts, sheet.update),
        Crosshair(viewer, data, place, state, sheet.update),
        names,
        Rulers(viewer, data, state),
        Furniture(viewer, data, state),
        Caption(data),
        arrival,
    ]
    sheet.in_3d = [names, arrival]
    for name in ("ticks", "scale", "colours", "linked"):
        getattr(state.events, name).connect(sheet.look)
    sheet.ending += [names.close, arrival.close]
    sheet.left.connect(lambda: place.point())
    data.state.events.chosen.connect(sheet.look)
    data.state.events.material.connect(sheet.look)
    return sheet
