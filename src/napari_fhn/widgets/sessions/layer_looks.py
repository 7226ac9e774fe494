"""How a layer is shown, as a session keeps it: in sight or not, opacity, colours, nearest or linear."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from napari.layers import Image, Layer

from napari_fhn.project.data.standing_in import without_values
from napari_fhn.project.sessions.view_record import Looks
from napari_fhn.surveys.contrast import OF_NOTHING
from napari_fhn.widgets.views.sources import shows


def looks_of(layer: Layer) -> Looks:
    """Return how a layer is shown now."""
    if not isinstance(layer, Image):
        return Looks(shows(layer), float(layer.opacity))
    contrast = tuple(map(float, layer.contrast_limits))
    survey = layer.metadata.get("survey")
    # Of a survey that is gone, and has no copy, the limits are those of nothing: when it is back it has its own.
    nothing = survey is not None and without_values(survey) and contrast == OF_NOTHING
    finite = contrast if np.all(np.isfinite(contrast)) and not nothing else ()
    drawn = str(layer.interpolation2d)
    return Looks(shows(layer), float(layer.opacity), str(layer.colormap.name), finite, drawn)


def look_as(layer: Any, looks: Looks) -> None:
    """Show a layer so."""
    layer.visible, layer.opacity = looks.visible, looks.opacity
    if looks.contrast:
        layer.contrast_limits = looks.contrast
    # A colormap of another plugin may not be here, nor what a later version draws with.
    if looks.colormap:
        with contextlib.suppress(KeyError, ValueError):
            layer.colormap = looks.colormap
    if looks.drawn and isinstance(layer, Image):
        with contextlib.suppress(KeyError, ValueError):
            layer.interpolation2d = looks.drawn
