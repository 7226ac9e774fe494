"""The view on a place of a survey: sliders and camera go there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer
from numpy.typing import NDArray

from napari_fhn.surveys.drawing import across
from napari_fhn.surveys.numbers import VERTICAL, Numbers, describe
from napari_fhn.surveys.places import GridPosition
from napari_fhn.widgets.data.camera import CanvasView, bring_into_view, camera_of


def go(
    viewer: ViewerModel,
    layer: Layer,
    numbers: Numbers,
    place: GridPosition,
    arrived: Callable[[Mapping[int, float]], None] | None = None,
) -> str:
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
    arrived : callable, optional
        Told where one is then, by axis of the viewer, where that is a place on the section and not all of it.

    Returns
    -------
    str
        Where the view is now, in the survey's numbers.
    """
    offset = viewer.dims.ndim - layer.ndim
    _turn(viewer, numbers, place, offset)
    index = np.asarray(layer.world_to_data(here(viewer)), np.float64)[-layer.ndim :]
    sizes = [axis.values.size for axis in numbers.axes]
    for k, name in enumerate(numbers.names):
        index[k] = np.clip(place.index.get(name, index[k]), 0, sizes[k] - 1)
    world = np.asarray(layer.data_to_world(index), np.float64)
    named = {k for k, name in enumerate(numbers.names) if name in place.index}
    show(viewer, layer, world, named)
    if arrived is not None and any(k + offset in viewer.dims.displayed for k in named):
        arrived({k + offset: float(world[k]) for k in range(layer.ndim)})
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


def show(viewer: ViewerModel, layer: Layer, world: NDArray[np.float64], named: Collection[int] | None = None) -> None:
    """Be at a place: all sliders go there, and the camera where the place would not be seen.

    Parameters
    ----------
    viewer : ViewerModel
        Whose view moves.
    layer : napari.layers.Layer
        The layer that the place is in.
    world : ndarray of float64
        The place along the axes of the layer, on the canvas.
    named : collection of int, optional
        The axes of the layer along which it is to be seen; all of them where nothing is said.
    """
    offset = viewer.dims.ndim - layer.ndim
    axes = range(layer.ndim)
    viewer.dims.set_point([axis + offset for axis in axes], [float(world[axis]) for axis in axes])
    bring_into_view(viewer, {axis + offset: float(world[axis]) for axis in (axes if named is None else named)})


def here(viewer: ViewerModel) -> NDArray[np.float64]:
    """Return where one is: where the sliders are; where that is not seen, in the middle of the canvas."""
    dims = viewer.dims
    place = np.array(dims.point, np.float64)
    if not CanvasView.of(viewer).sees({axis: place[axis] for axis in dims.displayed}):
        place[list(dims.displayed)] = camera_of(viewer).center[-len(dims.displayed) :]
    return place
