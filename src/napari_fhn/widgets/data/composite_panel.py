"""A picture of three bands: true colour, or the bands or wavelengths a person names."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from napari.layers import Image
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.raster import Composite, composite
from napari_fhn.surveys.raster.composites import BANDS, bands_in
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import Material, survey_of

_LEAST = 3


class CompositePanel(QWidget):
    """A field and a button; there for ticked cubes of three bands or more.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    """

    def __init__(self, context: DeskContext) -> None:
        super().__init__()
        self._context = context
        self.bands = QLineEdit()
        self.bands.setAccessibleName("bands of the composite")
        self.bands.setPlaceholderText("true colour")
        self.bands.setToolTip(BANDS)
        self.bands.returnPressed.connect(self.show_composite)
        self.button = QPushButton("Composite")
        self.button.setToolTip("Show three bands of the first ticked cube as one picture, stretched from 2 to 98 %.")
        self.button.clicked.connect(self.show_composite)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.bands, 1)
        row.addWidget(self.button)
        context.data.state.events.chosen.connect(self._look)
        self._look()

    def show_composite(self) -> None:
        """Make the picture beside the GUI and add it as a layer below the labels."""
        layer, words = self._cube(), self._context.messages
        if layer is None:
            return
        try:
            wanted = bands_in(self.bands.text())
        except ValueError as error:
            words.fail(str(error))
            return
        survey = survey_of(layer)

        def done(made: Composite) -> None:
            placed = Material.of((layer,)).placement()
            placed.pop("metadata")
            picture = Image(made.image, rgb=True, name=f"{layer.name}: {made}", **placed)
            viewer = self._context.viewer
            top = max(viewer.layers.index(one) for one in self._context.data.state.chosen)
            with view.keeping_active(viewer):
                viewer.layers.insert(top + 1, picture)
            words.say(f"Red, green and blue are {made}.")

        def failed(error: BaseException) -> None:
            words.fail(str(error), "" if isinstance(error, SurveyError) else repr(error))

        self._context.background.run(lambda: _made(survey, wanted), done, failed)

    def _cube(self) -> Image | None:
        ticked = (
            layer for layer in self._context.data.state.chosen if set(survey_of(layer).dims) == {"band", "y", "x"}
        )
        return next((layer for layer in ticked if survey_of(layer).sizes["band"] >= _LEAST), None)

    def _look(self, event: Any = None) -> None:
        self.setVisible(self._cube() is not None)


def _made(survey: xr.DataArray, wanted: dict[str, Any]) -> Composite:
    made = composite(survey, **wanted)
    # Colours have no "no data" on the canvas but black.
    return Composite(np.nan_to_num(made.image), made.bands, made.wavelengths, made.limits)
