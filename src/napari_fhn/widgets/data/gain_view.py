"""Gain as a view: a layer shows amplified values, and the survey behind it stays what is learnt from."""

from __future__ import annotations

import numpy as np
from napari.layers import Image

from napari_fhn.surveys.gain import Gained
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import survey_of

_SPREAD = 2.5
"""Root mean squares at which the colours end."""


class GainView:
    """Lets layers show their values with gain.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    """

    def __init__(self, context: DeskContext) -> None:
        self._context = context

    def shown(self, layer: Image) -> bool:
        """Whether a layer shows gain."""
        return isinstance(layer.data, Gained)

    def show(self, layer: Image, window: float) -> None:
        """Show a layer with gain, or as it is.

        Parameters
        ----------
        layer : napari.layers.Image
            On a seismic survey.
        window : float
            Length of the window in the unit of time or depth; 0 for none.
        """
        data = layer.data.values if isinstance(layer.data, Gained) else layer.data
        if "survey" not in layer.metadata or layer.multiscale:
            self._context.messages.say(f"'{layer.name}' is no survey from a file: it is shown as it is.", note=True)
            return
        limits = layer.contrast_limits
        if window > 0:
            survey = survey_of(layer)
            axis = np.asarray(survey[survey.dims[-1]], np.float64)
            step = abs(float(axis[-1] - axis[0])) / max(axis.size - 1, 1) or 1.0
            # As strong as the colours reach, so that neither they nor what a session keeps of them has to change.
            level = max(map(abs, limits)) / _SPREAD
            layer.data = Gained(data, max(1, round(window / step / 2)), level)
        elif data is not layer.data:
            layer.data = data
        layer.contrast_limits = limits
