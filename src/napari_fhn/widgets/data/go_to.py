"""The view on a place of a survey: sliders and camera go there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer

from napari_fhn.surveys.numbers import Numbers, describe
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
    now = np.asarray(layer.world_to_data(viewer.dims.point), np.float64)[-layer.ndim :]
    shown = [axis - offset for axis in viewer.dims.displayed if axis >= offset]
    # Along what is on the canvas the camera, not the slider, says where the person is.
    camera = camera_of(viewer)
    center = dict(zip(shown, camera.center[-len(shown) :], strict=True))
    world_now = np.asarray(layer.data_to_world(now), np.float64)
    for axis, where in center.items():
        world_now[axis] = where
    index = np.asarray(layer.world_to_data(world_now), np.float64)
    sizes = [axis.values.size for axis in numbers.axes]
    for k, name in enumerate(numbers.names):
        index[k] = np.clip(place.index.get(name, index[k]), 0, sizes[k] - 1)
    world = np.asarray(layer.data_to_world(index), np.float64)
    for k in range(layer.ndim):
        if k not in shown:
            viewer.dims.set_point(k + offset, world[k])
    if any(numbers.names[k] in place.index for k in shown):
        camera.center = (0.0, 0.0, 0.0)[: 3 - len(shown)] + tuple(float(world[k]) for k in shown)
    # In the narrow dock; the status bar names the CRS.
    return describe(replace(numbers, crs=""), np.rint(index).tolist())


def camera_of(viewer: ViewerModel) -> Any:
    """Return the camera, wherever this napari keeps it."""
    scene = getattr(viewer, "scene", None)
    return viewer.camera if scene is None else scene.camera
