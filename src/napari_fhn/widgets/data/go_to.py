"""The view on a place of a survey: sliders and camera go there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer
from numpy.typing import NDArray

from napari_fhn.surveys.drawing import across
from napari_fhn.surveys.numbers import VERTICAL, Numbers, describe
from napari_fhn.surveys.places import GridPosition


def go(viewer: ViewerModel, layer: Layer, numbers: Numbers, place: GridPosition) -> str:
    """Move sliders and camera to a place.

    Parameters
    ----------
    viewer : ViewerModel
        Whose view moves.
    layer : napari.layers.Layer
        The layer that the place is in.
    numbers : Numbers
        Of that layer.
    place : GridPosition
        From `napari_fhn.surveys.places.resolve`.

    Returns
    -------
    str
        Where the view is now, in the survey's numbers.
    """
    offset = viewer.dims.ndim - layer.ndim
    _turn(viewer, numbers, place, offset)
    now = np.asarray(layer.world_to_data(viewer.dims.point), np.float64)[-layer.ndim :]
    shown = [axis - offset for axis in viewer.dims.displayed if axis >= offset]
    # Along what is on the canvas the camera, not the slider, says where the person is.
    camera = camera_of(viewer)
    middle = dict(zip(shown, camera.center[-len(shown) :], strict=True))
    world_now = np.asarray(layer.data_to_world(now), np.float64)
    for axis, where in middle.items():
        world_now[axis] = where
    index = np.asarray(layer.world_to_data(world_now), np.float64)
    sizes = [axis.values.size for axis in numbers.axes]
    for k, name in enumerate(numbers.names):
        index[k] = np.clip(place.index.get(name, index[k]), 0, sizes[k] - 1)
    world = np.asarray(layer.data_to_world(index), np.float64)
    center(viewer, layer, world, camera=any(numbers.names[k] in place.index for k in shown))
    # In the narrow dock; the status bar names the CRS.
    return describe(replace(numbers, crs=""), np.rint(index).tolist())


def _turn(viewer: ViewerModel, numbers: Numbers, place: GridPosition, offset: int) -> None:
    """Show the section that is asked for alone: "crossline 300" is one, and not a place on the inline in view."""
    if len(place.index) != 1 or len(numbers.names) != 3 or viewer.dims.ndisplay != 2:
        return
    (name,) = place.index
    if name not in ("inline", "crossline") or numbers.names.index(name) + offset not in viewer.dims.displayed:
        return
    vertical = next((k + offset for k, other in enumerate(numbers.names) if other in VERTICAL), None)
    viewer.dims.order = across(numbers.names.index(name) + offset, viewer.dims.ndim, vertical)
    getattr(viewer, "fit_to_view", viewer.reset_view)()


def center(viewer: ViewerModel, layer: Layer, world: NDArray[np.float64], *, camera: bool = True) -> None:
    """Show the section through a place, with the place in the middle of the canvas.

    Parameters
    ----------
    viewer : ViewerModel
        Whose view moves.
    layer : napari.layers.Layer
        The layer that the place is in.
    world : ndarray of float64
        The place along the axes of the layer, on the canvas.
    camera : bool, optional
        Move the camera too, and not only sliders.
    """
    offset = viewer.dims.ndim - layer.ndim
    shown = [axis - offset for axis in viewer.dims.displayed if axis >= offset]
    for axis in range(layer.ndim):
        if axis not in shown:
            viewer.dims.set_point(axis + offset, float(world[axis]))
    if camera:
        camera_of(viewer).center = (0.0,) * (3 - len(shown)) + tuple(float(world[axis]) for axis in shown)


def camera_of(viewer: ViewerModel) -> Any:
    """Return the camera, wherever this napari keeps it."""
    scene = getattr(viewer, "scene", None)
    return viewer.camera if scene is None else scene.camera
