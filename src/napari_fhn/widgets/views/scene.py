"""The view in 3D: three sections as planes, bodies of classes, tubes along wells; in place of whole volumes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Shapes, Surface
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_fhn.labels.wells import tracks
from napari_fhn.surveys.cuts import Plane, covered
from napari_fhn.surveys.kinds import kind_of
from napari_fhn.surveys.solids import Solid, together, tube
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.data.placement import fit
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.views.latest import Latest
from napari_fhn.widgets.views.looks import LooksWatch
from napari_fhn.widgets.views.place import Place
from napari_fhn.widgets.views.sources import HIDDEN, picture, sources

OURS = "shown in 3D"
"""In the metadata of layers that are there only in 3D."""
_MOST = (512, 512)
_SOON_MS = 60
_WELLS = (0.96, 0.96, 0.96, 1.0)
_FROM, _UP = (0.75, 0.55, 0.38), (0.0, 0.0, -1.0)
"""Which way one looks along inlines, crosslines and time, and where up is."""
_RADIUS = 0.006
"""Of the tube of a well, as a share of the survey's longest side on the canvas."""


class Scene:
    """Shows planes, bodies and wells while the canvas is in 3D and a volume is worked on.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    place : Place
        Through which the planes run.
    wells : WellBook
        The wells.

    Attributes
    ----------
    shown : bool
        Whether the canvas is in 3D, and shows planes.
    planes, tubes : napari.layers.Surface or None
        The layers: from the first time on they are there, and out of sight on sections.
    changed : Signal
        Emitted when planes have come or gone.
    """

    changed = Signal()

    def __init__(self, context: DeskContext, place: Place, wells: WellBook) -> None:
        self._context = context
        self._place = place
        self._wells = wells
        self._latest = Latest(context.background)
        self._drawn: tuple[int, ...] = ()
        self._version = 0
        self._order: tuple[int, ...] = ()
        self.shown = False
        self.planes: Surface | None = None
        self.tubes: Surface | None = None
        viewer = context.viewer
        viewer.dims.events.ndisplay.connect(self.follow)
        viewer.layers.events.inserted.connect(self._inserted)
        viewer.layers.events.removed.connect(self._removed)
        self._looks = LooksWatch(context)
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SOON_MS)
        self._timer.timeout.connect(self._draw)
        self._connections: list[tuple[Any, Callable[..., None]]] = [
            (context.views.entering, self.prepare),
            (place.moved, self._soon),
            (self._looks.changed, self._changed),
            (wells.state.events.wells, self._show_wells),
            (context.data.state.events.material, self._other_survey),
        ]
        for signal, slot in self._connections:
            signal.connect(slot)

    @property
    def fits(self) -> bool:
        """Whether what is worked on is a volume that planes can be shown of."""
        material = self._context.data.material
        if material is None or material.layer not in self._context.viewer.layers:
            return False
        return kind_of(material.first) == "seismic volume" and self._context.data.vertical == 2

    def prepare(self) -> None:
        """Hide whole volumes before napari, which is about to turn the canvas to 3D, reads them."""
        if self.fits and not self.shown:
            for layer in self._context.viewer.layers:
                self._hide(layer)

    def follow(self, event: Any = None) -> None:
        """Show planes in 3D, and whole layers on sections."""
        wanted = self._context.viewer.dims.ndisplay == 3 and self.fits
        if wanted and not self.shown:
            self._enter()
        elif not wanted and self.shown:
            self._leave()

    def repaint(self, event: Any = None) -> None:
        """Draw again: something was predicted, which layers that are out of sight do not tell."""
        self._looks.later()

    def end(self) -> None:
        """Go back to sections, and take away what is shown in 3D: without a desk it would show what was."""
        viewer = self._context.viewer
        if self.shown:
            viewer.dims.ndisplay = 2
        self._take_away()

    def close(self) -> None:
        """Let go of the viewer."""
        with contextlib.suppress(RuntimeError):  # at the end of the program Qt may have deleted it already
            self._timer.stop()
        self._latest.forget()
        viewer = self._context.viewer
        disconnect(viewer.dims.events.ndisplay, self.follow)
        disconnect(viewer.layers.events.inserted, self._inserted)
        disconnect(viewer.layers.events.removed, self._removed)
        self._looks.close()
        for signal, slot in self._connections:
            disconnect(signal, slot)

    def add(self, name: str, solid: Solid, colors: NDArray[np.float32], *, opacity: float = 1.0) -> Surface:
        """Add a layer of triangles in voxels of the survey, each vertex with its colour.

        Parameters
        ----------
        name : str
            Of the layer.
        solid : Solid
            The triangles.
        colors : ndarray of float32, shape (n, 4)
            Of the vertices.
        opacity : float
            0 to 1.
        """
        material = self._context.data.material
        assert material is not None
        # Nothing reaches beyond the survey: see `planes`.
        inside = np.clip(solid.vertices, 0, np.array(material.shape) - 1)
        layer = Surface(
            (inside, solid.faces),
            name=name,
            vertex_colors=colors,
            shading="smooth",
            opacity=opacity,
            blending="translucent",
            **self._placed(),
        )
        self._add(layer)
        return layer

    # Coming and going ------------------------------------------------------------------------------------------------

    def _enter(self) -> None:
        viewer = self._context.viewer
        for layer in viewer.layers:
            if layer.metadata.get(OURS):
                layer.visible = True
            else:
                self._hide(layer)
        self.shown = True
        # A surface is drawn with its axes in their own order, whatever the order of the viewer's is.
        self._order = tuple(viewer.dims.order)
        viewer.dims.order = tuple(range(viewer.dims.ndim))
        if self.planes is None:
            # Something to begin with, until the first picture is there: specks that nobody sees.
            self.planes = Surface(
                (np.zeros((12, 3)), np.array([[0, 1, 2]])),
                name="Sections (3D)",
                shading="none",
                blending="translucent",
                **self._placed(),
            )
            self._add(self.planes)
            self._show_wells()
            # Napari has its own idea of the camera, which comes after this.
            QTimer.singleShot(0, self._face)
        self._soon()
        self.changed.emit()

    def _leave(self) -> None:
        viewer = self._context.viewer
        self.shown = False
        for layer in viewer.layers:
            if layer.metadata.get(OURS):
                layer.visible = False
            elif layer.metadata.pop(HIDDEN, False):
                layer.visible = True
        if tuple(viewer.dims.order) == tuple(range(viewer.dims.ndim)) and len(self._order) == viewer.dims.ndim:
            viewer.dims.order = self._order
        self.changed.emit()

    def _face(self) -> None:
        """Look from aside and a little from above, with time downwards."""
        if self.shown:
            camera_of(self._context.viewer).set_view_direction(_FROM, up_direction=_UP)
            material = self._context.data.material
            fit(self._context.viewer, None if material is None else material.layer)

    def _hide(self, layer: Any) -> None:
        """Hide what would be drawn as a whole volume, or twice."""
        volume = isinstance(layer, Image | Labels) and layer.ndim == 3
        if layer.visible and (volume or isinstance(layer, Shapes)):
            layer.metadata[HIDDEN] = True
            layer.visible = False

    def _inserted(self, event: Any) -> None:
        if self.shown and not event.value.metadata.get(OURS):
            self._hide(event.value)

    def _removed(self, event: Any) -> None:
        if event.value is self.planes:
            self.planes, self._drawn = None, ()
        elif event.value is self.tubes:
            self.tubes = None

    def _other_survey(self, event: Any = None) -> None:
        self._version += 1
        if self.shown:
            self._leave()
        self._take_away()
        self.follow()

    def _take_away(self) -> None:
        layers = self._context.viewer.layers
        for layer in [layer for layer in layers if layer.metadata.get(OURS)]:
            layers.remove(layer)

    def _add(self, layer: Surface) -> None:
        layer.metadata[OURS] = True
        viewer = self._context.viewer
        selection = viewer.layers.selection
        chosen, active = set(selection), selection.active
        # That the new one is chosen, and given up again, would each draw the canvas.
        with selection.events.blocker_all():
            viewer.add_layer(layer)
            selection.clear()
            selection.update(chosen)
            if active is not None:
                selection.active = active

    def _placed(self) -> dict[str, Any]:
        material = self._context.data.material
        assert material is not None
        return {key: value for key, value in material.placement().items() if key != "metadata"}

    # Planes ----------------------------------------------------------------------------------------------------------

    def _soon(self, event: Any = None) -> None:
        if self.shown and not self._timer.isActive():
            self._timer.start()

    def _changed(self) -> None:
        self._version += 1
        self._soon()

    def _draw(self) -> None:
        """Have the pictures of the three planes made where they are others than those that are there."""
        material, index = self._context.data.material, self._place.index
        wanted = (*index, self._version)
        if self.planes is None or not self.shown or material is None or len(index) != 3 or wanted == self._drawn:
            return
        self._drawn = wanted
        found = sources(self._context.viewer, material)

        def work() -> list[NDArray[np.uint8]]:
            return [picture(found, Plane(axis, index[axis]), 2, _MOST, _MOST) for axis in range(3)]

        def done(pictures: list[NDArray[np.uint8]]) -> None:
            if self.planes is not None and self._drawn == wanted:
                self._show(material.shape, index, pictures)

        def failed(error: BaseException) -> None:
            self._context.messages.say(f"The sections cannot be shown in 3D: {error}", note=True)

        self._latest.ask("planes", work, done, failed)

    def _show(self, shape: tuple[int, ...], index: tuple[int, ...], pictures: list[NDArray[np.uint8]]) -> None:
        vertices, places, texture = planes(shape, index, pictures)
        faces = np.array([[0, 1, 2], [2, 1, 3]])
        layer = self.planes
        assert layer is not None
        layer.data = (vertices, np.concatenate([faces + 4 * k for k in range(3)]), np.ones(len(vertices)))
        layer.texcoords = places
        layer.texture = texture
        layer.contrast_limits = (0, 1)

    # Wells -----------------------------------------------------------------------------------------------------------

    def _show_wells(self, event: Any = None) -> None:
        viewer, material = self._context.viewer, self._context.data.material
        if self.planes is None or material is None:
            return
        if self.tubes is not None and self.tubes in viewer.layers:
            viewer.layers.remove(self.tubes)
        scale = np.abs(np.array(self._placed()["scale"], np.float64))
        radius = _RADIUS * float((scale * material.shape).max())
        paths = [tracks.track(well, material.first) for well in self._wells.state.wells]
        made = together([tube(path * scale, radius) for path in paths if path is not None])
        if len(made.faces):
            solid = Solid(made.vertices / scale, made.faces)
            self.tubes = self.add("Wells (3D)", solid, np.tile(np.array(_WELLS, np.float32), (len(solid.vertices), 1)))
            self.tubes.visible = self.shown


def planes(
    shape: tuple[int, ...], index: tuple[int, ...], pictures: list[NDArray[np.uint8]]
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32]]:
    """Return the corners of three planes, where in one texture their pictures stand, and the texture.

    Parameters
    ----------
    shape : tuple of int
        Of the volume; its last axis is vertical.
    index : tuple of int
        Where the planes are.
    pictures : list of ndarray of uint8, shape (rows, columns, 4)
        Across each axis, as :func:`napari_fhn.surveys.cuts.cut` lays them out.

    Returns
    -------
    vertices : ndarray of float64, shape (12, 3)
        Four corners of each: the first of the picture, the end of its rows, the end of its columns, of both.
    places : ndarray of float32, shape (12, 2)
        Of the corners in the texture, to the right and upwards.
    texture : ndarray of float32, shape (rows, columns, 4)
        Pictures below each other.
    """
    # A pixel of its own around each picture: colours of neighbours do not shine through.
    width = max(one.shape[1] for one in pictures) + 2
    texture = np.zeros((sum(len(one) + 2 for one in pictures), width, 4), np.float32)
    vertices, places, top = [], [], 1
    for axis, rgba in enumerate(pictures):
        rows, columns = rgba.shape[:2]
        padded = np.pad(rgba, ((1, 1), (1, 1), (0, 0)), mode="edge")
        texture[top - 1 : top + rows + 1, : columns + 2] = padded / np.float32(255)
        down, right = (0, 1) if axis == 2 else (2, 1 - axis)
        # From the middle of the first voxel to that of the last: what reaches further would move napari's sliders, and
        # with them the place one is at, by half a voxel.
        for low, left in ((0, 0), (1, 0), (0, 1), (1, 1)):
            corner = np.empty(3)
            corner[axis] = index[axis]
            corner[down], corner[right] = low * (shape[down] - 1), left * (shape[right] - 1)
            vertices.append(corner)
            row, column = (
                (corner[along] + 0.5) * taken / covered(shape[along], taken)
                for along, taken in ((down, rows), (right, columns))
            )
            places.append([(1 + column) / width, 1 - (top + row) / len(texture)])
        top += rows + 2
    return np.array(vertices), np.array(places, np.float32), texture
