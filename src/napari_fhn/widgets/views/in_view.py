"""Which section is predicted first: the one on the canvas; in 3D each of the three planes in turn."""

from __future__ import annotations

import time

from napari.components import ViewerModel
from napari.layers import Labels

from napari_fhn.training import Focus
from napari_fhn.widgets import view
from napari_fhn.widgets.views.place import Place
from napari_fhn.widgets.views.scene import Scene

_EACH = 2.0
"""Seconds for a plane, at least: a process that trains predicts a section at once that has come into view."""


class InView:
    """Says what a process is to predict while somebody looks.

    Parameters
    ----------
    viewer : ViewerModel
        Where the person looks.
    scene : Scene
        Which knows whether planes are shown.
    place : Place
        Through which they run.
    """

    def __init__(self, viewer: ViewerModel, scene: Scene, place: Place) -> None:
        self._viewer = viewer
        self._scene = scene
        self._place = place
        self._plane = 0
        self._index: tuple[int, ...] = ()
        self._until = 0.0

    def focus(self, layer: Labels) -> Focus | None:
        """Return the section that is predicted first.

        Parameters
        ----------
        layer : napari.layers.Labels
            On the survey's grid.
        """
        index = self._place.index
        if not self._scene.shown or len(index) != 3:
            return view.focus(self._viewer, layer)
        moved = [axis for axis, (now, before) in enumerate(zip(index, self._index, strict=False)) if now != before]
        self._index = index
        if moved:  # what a person moves is what they look at
            self._plane, self._until = moved[0], time.monotonic() + _EACH
        return Focus(self._plane, index[self._plane])

    def place(self, layer: Labels) -> tuple[int, ...] | None:
        """Return the voxel in the middle of the canvas, as `napari_fhn.widgets.view.place` does."""
        return view.place(self._viewer, layer)

    def turn(self) -> bool:
        """Go on to the next plane, something having been painted; says whether it is another than before."""
        now = time.monotonic()
        if not self._scene.shown or now < self._until:
            return False
        self._plane, self._until = (self._plane + 1) % 3, now + _EACH
        return True
