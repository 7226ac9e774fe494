"""The two layers in class colours: what is known, and what is predicted."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_fhn.labels import ClassTable
from napari_fhn.widgets.preferences import preferences

OPACITY = 0.6
"""Of labels: the data under a pick is seen."""


def colormap(
    classes: ClassTable, hidden: frozenset[int] = frozenset(), *, only: int | None = None
) -> DirectLabelColormap:
    """Return the colours of the classes, or of one alone; what has none is transparent."""
    colors: dict[int | None, Any] = {None: (0.5, 0.5, 0.5, 1.0), 0: (0.0, 0.0, 0.0, 0.0)}
    for value, color in classes.colors.items():
        seen = only in (None, value) and value not in hidden
        colors[value] = color if seen else (0.0, 0.0, 0.0, 0.0)
    return DirectLabelColormap(color_dict=colors)


def recolour(
    layer: Labels,
    classes: ClassTable,
    hidden: frozenset[int] = frozenset(),
    *,
    only: int | None = None,
) -> None:
    """Give a layer the colours and names of the classes.

    Parameters
    ----------
    layer : napari.layers.Labels
        The layer.
    classes : ClassTable
        The classes.
    hidden : frozenset of int
        Label values that are not seen.
    only : int, optional
        The one that is seen alone.
    """
    layer.colormap = colormap(classes, hidden, only=only)
    layer.metadata["classes"] = names(classes)


def names(classes: ClassTable) -> dict[int, str]:
    """Return names by value, as the status bar shows them."""
    return dict(zip(classes.values, classes.names, strict=True))


def labels_layer(values: NDArray[np.uint8], classes: ClassTable, placement: dict[str, Any]) -> Labels:
    """Make the layer that the person paints on; strokes go straight into the file behind ``values``."""
    layer = Labels(values, name="Labels", colormap=colormap(classes), opacity=OPACITY, **placement)
    layer.metadata["classes"] = names(classes)
    layer.brush_size = 5
    layer.selected_label = classes.values[0]
    return layer


def prediction_layer(values: NDArray[np.uint8], classes: ClassTable, placement: dict[str, Any]) -> Labels:
    """Make the layer that shows the prediction; it cannot be painted on by accident."""
    layer = Labels(values, name="Prediction", colormap=colormap(classes), opacity=preferences().opacity, **placement)
    layer.metadata["classes"] = names(classes)
    layer.mode = "pan_zoom"
    layer.editable = False
    return layer
