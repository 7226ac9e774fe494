"""What is in view: which section the person looks at, and repainting it no more often than needed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_fhn.box import Box
from napari_fhn.surveys.drawing import across
from napari_fhn.training import Focus
from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.door import busy

REPAINT_SECONDS = 0.2
"""At most five repaints of the prediction in a second."""

REPAINT_SECONDS_3D = 5.0
"""The same for a volume rendering, which uploads all of it each time."""


def focus(viewer: ViewerModel, layer: Labels) -> Focus | None:
    """Return the section of a layer's grid that is in view.

    Parameters
    ----------
    viewer : ViewerModel
        Where the person looks.
    layer : napari.layers.Labels
        Any layer on the survey's grid, in the viewer or not.

    Returns
    -------
    Focus or None
        None where everything is in view: a map, or a volume rendering.
    """
    offset = viewer.dims.ndim - layer.ndim
    across = [axis - offset for axis in viewer.dims.not_displayed if axis >= offset]
    if len(across) != 1:
        return None
    axis = across[0]
    index = round(float(layer.world_to_data(viewer.dims.point)[axis]))
    return Focus(axis, min(max(index, 0), layer.data.shape[axis] - 1))


def place(viewer: ViewerModel, layer: Labels) -> tuple[int, ...] | None:
    """Return the voxel of a map or a line that is in the middle of the canvas.

    Parameters
    ----------
    viewer : ViewerModel
        Where the person looks.
    layer : napari.layers.Labels
        Any layer on the survey's grid, in the viewer or not.

    Returns
    -------
    tuple of int or None
        None for a volume, of which a section is in view.
    """
    if layer.ndim != 2 or viewer.dims.ndisplay != 2:
        return None
    point = list(viewer.dims.point)
    for axis, at in zip(viewer.dims.displayed, camera_of(viewer).center[-2:], strict=True):
        point[axis] = at
    found = layer.world_to_data(point)[-2:]
    return tuple(min(max(round(float(x)), 0), size - 1) for x, size in zip(found, layer.data.shape, strict=True))


def look_at(viewer: ViewerModel, layer: Layer, axis: int, index: int, vertical: int | None) -> None:
    """Look at a section of a layer's grid, upright.

    Parameters
    ----------
    viewer : ViewerModel
        Whose view moves.
    layer : napari.layers.Layer
        On the survey's grid.
    axis, index : int
        Across which axis of the layer the section is, and which one.
    vertical : int or None
        The axis of time or depth.
    """
    dims = viewer.dims
    if dims.ndisplay != 2:
        dims.ndisplay = 2
    offset = dims.ndim - layer.ndim
    if axis + offset in dims.displayed:
        order = across(axis + offset, dims.ndim, None if vertical is None else vertical + offset)
        dims.order = order
        if dims.order != order:
            # From a time slice the way to a crossline looks like napari's roll, which means the next axis.
            dims.order = order
    point = layer.data_to_world([index if a == axis else 0 for a in range(layer.ndim)])
    dims.set_point(axis + offset, float(point[axis]))


@contextlib.contextmanager
def keeping_active(viewer: ViewerModel) -> Iterator[None]:
    """Leave the layer active that is, though another one comes: napari would choose the new one.

    To add one takes napari up to half a second, in which the window hears nothing: the cursor says so.
    """
    active = viewer.layers.selection.active
    busy()
    yield
    if active is not None and active in viewer.layers:
        viewer.layers.selection.active = active


class Repainter:
    """Repaints the prediction layer where it changed in view.

    Parameters
    ----------
    viewer : ViewerModel
        Where the person looks.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._due = False
        self._next = 0.0

    def changed(self, box: Box, layer: Labels) -> None:
        """Note that a box of the prediction has new values."""
        looked_at = focus(self._viewer, layer)
        if looked_at is None or box.start[looked_at.axis] <= looked_at.index < box.stop[looked_at.axis]:
            self._due = True

    def repaint(self, layers: Sequence[Layer], *, now: bool = False) -> bool:
        """Repaint if something in view has changed and it is time.

        Parameters
        ----------
        layers : sequence of napari.layers.Layer
            The prediction, and what else is written with it.
        now : bool
            Whether changed or not, and however soon after the last.

        Returns
        -------
        bool
            Whether it was repainted.
        """
        began = time.monotonic()
        if not now and (not self._due or began < self._next):
            return False
        for layer in layers:
            if layer.visible:
                # The extent cannot change, and a thumbnail of a volume costs more than the section itself.
                layer.refresh(extent=False, thumbnail=False, highlight=False)
        self._due = False
        rendered = self._viewer.dims.ndisplay == 3 and any(layer.ndim == 3 and layer.visible for layer in layers)
        pause = REPAINT_SECONDS_3D if rendered else REPAINT_SECONDS
        self._next = began + pause
        return True
