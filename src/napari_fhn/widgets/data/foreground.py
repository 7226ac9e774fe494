"""The survey that is worked on comes to the front: others in its place are hidden, and it is faced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.components import ViewerModel

from napari_fhn.surveys.drawing import UPRIGHT
from napari_fhn.surveys.grid import Grid
from napari_fhn.surveys.kinds import is_map
from napari_fhn.widgets.data.material import Material, survey_of
from napari_fhn.widgets.data.placement import fit

ASIDE = "hidden beside another survey"
"""In the metadata of a layer that is hidden as long as another survey is worked on."""


def set_aside(viewer: ViewerModel, material: Material, chosen: Sequence[Any]) -> list[str]:
    """Hide the surveys that would be drawn through the one that is worked on; show this one again where it was hidden.

    Maps lie beside each other on the canvas, by their coordinates. Volumes and lines lie where their own numbers begin:
    of two surveys one would be drawn through the other.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers.
    material : Material
        What is worked on.
    chosen : sequence of napari.layers.Image
        Its layers.

    Returns
    -------
    list of str
        Names of those that were hidden.
    """
    hidden = []
    for layer in viewer.layers:
        if layer in chosen:
            if layer.metadata.pop(ASIDE, False):
                layer.visible = True
            continue
        if is_in_the_way(layer, material):
            hide(layer)
            hidden.append(str(layer.name))
    return hidden


def is_in_the_way(layer: Any, material: Material) -> bool:
    """Whether a layer is a survey that is drawn through the one that is worked on, and lies elsewhere.

    Parameters
    ----------
    layer : napari.layers.Layer
        Any.
    material : Material
        What is worked on.
    """
    if not layer.visible or "survey" not in layer.metadata:
        return False
    survey = survey_of(layer)
    return not (is_map(survey) and is_map(material.first)) and bool(Grid.of(survey).apart(Grid.of(material.first)))


def hide(layer: Any) -> None:
    """Hide a survey for as long as another one is worked on."""
    layer.metadata[ASIDE] = True
    layer.visible = False


def bring_back(viewer: ViewerModel) -> None:
    """Show what was hidden beside a survey, now that none is worked on."""
    for layer in viewer.layers:
        if layer.metadata.pop(ASIDE, False):
            layer.visible = True


def face(viewer: ViewerModel, material: Material, vertical: int | None, *, turn: bool) -> None:
    """Look at a survey, where nothing of it is in view.

    Parameters
    ----------
    viewer : ViewerModel
        Whose view.
    material : Material
        The survey.
    vertical : int or None
        Its axis of time or depth.
    turn : bool
        Whether its axes are others than those of the survey before, and it is turned as surveys are at first.
    """
    layer, dims = material.layer, viewer.dims
    upright = UPRIGHT.get(dims.ndim) if vertical is not None and vertical == len(material.shape) - 1 else None
    wanted = upright or tuple(range(dims.ndim))
    turned = turn and dims.ndisplay == 2 and tuple(dims.order) != wanted
    if turned:
        dims.order = wanted
    low, high = np.asarray(layer.extent.world)
    point = np.asarray(dims.point, np.float64)[-layer.ndim :]
    outside = [axis for axis in range(layer.ndim) if not low[axis] - 1e-9 <= point[axis] <= high[axis] + 1e-9]
    if outside:
        middle = layer.data_to_world([(size - 1) // 2 for size in layer.data.shape[: layer.ndim]])
        first = dims.ndim - layer.ndim
        dims.set_point([first + axis for axis in outside], [float(middle[axis]) for axis in outside])
    if turned or outside:
        fit(viewer, layer)
