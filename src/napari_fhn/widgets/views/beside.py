"""The views beside the canvas as a part of the window, which comes and goes."""

from __future__ import annotations

import contextlib
from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.bricks import Bricks
from napari_fhn.widgets.labelling.horizons import HorizonBook
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.views.linked_views import LinkedViews
from napari_fhn.widgets.views.place import Place

TITLE = "Linked views"
_HEIGHT, _SHARE = 300, 1 / 3
"""Of the views, in pixels and of the window, whichever is less: the canvas stays the largest."""
_LEFT = Qt.Corner.BottomLeftCorner


class Beside:
    """Shows the linked views at the lower edge of the window while they are wanted.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    wells : WellBook
        The wells.
    bricks : Bricks
        Which knows of surveys whose slices take long.
    horizons : HorizonBook
        The horizons.

    Attributes
    ----------
    place : Place
        Where one is.
    views : LinkedViews or None
        The views, as long as they are shown.
    """

    def __init__(self, context: DeskContext, wells: WellBook, bricks: Bricks, horizons: HorizonBook) -> None:
        self._context = context
        self._wells = wells
        self._bricks = bricks
        self._horizons = horizons
        self._dock: QDockWidget | None = None
        self.place = Place(context.viewer, context.data)
        self.views: LinkedViews | None = None
        self._survey: object = None
        self._main: QMainWindow | None = None
        self._corner: Qt.DockWidgetArea | None = None
        context.views.events.linked.connect(self.follow)
        context.data.state.events.material.connect(self._other_survey)

    def follow(self, event: Any = None) -> None:
        """Show the views, or take them away."""
        wanted = self._context.views.linked
        window = getattr(self._context.viewer, "window", None)
        if wanted and self.views is None and window is not None:
            context = self._context
            self.views = LinkedViews(context, self.place, self._wells, self._bricks, self._horizons, context.views)
            window.add_dock_widget(self.views, name=TITLE, area="bottom", add_vertical_stretch=False)
            found = self.views.parentWidget()  # what napari hands back to a plugin is no widget to Qt
            while found is not None and not isinstance(found, QDockWidget):
                found = found.parentWidget()
            self._dock = found
            if found is not None:
                found.visibilityChanged.connect(self._seen)
                main = found.parentWidget()
                if isinstance(main, QMainWindow):
                    self._main = main
                    self._beside_controls(wanted=True)
                    height = min(_HEIGHT, round(_SHARE * main.height()))
                    main.resizeDocks([found], [height], Qt.Orientation.Vertical)
        elif self._dock is not None:
            self._beside_controls(wanted=wanted)
            with contextlib.suppress(RuntimeError):  # gone with its window
                self._dock.setVisible(wanted)

    def _beside_controls(self, *, wanted: bool) -> None:
        """Let the views begin to the right of napari's controls, and not below them.

        What the controls of a layer take, more in 3D than on sections, would be taken from the height of the views.
        """
        main, before = self._main, self._corner
        if main is None:
            return
        with contextlib.suppress(RuntimeError):  # gone, at the end of the program
            if wanted and before is None:
                self._corner = main.corner(_LEFT)
                main.setCorner(_LEFT, Qt.DockWidgetArea.LeftDockWidgetArea)
            elif not wanted and before is not None:
                self._corner = None
                main.setCorner(_LEFT, before)

    def close(self) -> None:
        """Let go of the viewer, and take the views away."""
        self.place.close()
        if self.views is None:
            return
        self._beside_controls(wanted=False)
        views, self.views = self.views, None
        with contextlib.suppress(RuntimeError, LookupError, AttributeError):
            views.close_views()
            self._context.viewer.window.remove_dock_widget(views)
            views.deleteLater()

    def _other_survey(self, event: Any = None) -> None:
        """Forget a fence, and bodies, that were those of another survey."""
        material = self._context.data.material
        if material is None:
            return
        survey = (material.shape, str(material.first.attrs.get("source", "")))
        if self._survey not in (None, survey):
            self._context.views.fence, self._context.views.bodies = (), ()
        self._survey = survey

    def _seen(self, visible: bool) -> None:
        """Follow a person who closes the part of the window; one that is only covered is still wanted."""
        if not visible:
            QTimer.singleShot(0, self._look)
        elif not self._context.views.linked:
            self._context.views.linked = True

    def _look(self) -> None:
        if self.views is None:
            return  # closed with the desk: nobody is told any more
        try:
            gone = self.views.parent() is None
            hidden = self._dock is None or self._dock.isHidden()
        except RuntimeError:
            gone, hidden = True, True
        if hidden:
            self._beside_controls(wanted=False)
        if gone:
            views, self.views, self._dock = self.views, None, None
            with contextlib.suppress(RuntimeError):
                views.close_views()
                views.deleteLater()
        if hidden and self._context.views.linked:
            self._context.views.linked = False
