"""How seismic is looked at: colours and polarity, gain, proportions, ticks. What is learnt from stays as it is."""

from __future__ import annotations

from typing import Any

from napari.layers import Image
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data import seismic_colors
from napari_fhn.widgets.data.gain_view import GainView
from napari_fhn.widgets.data.proportions import Proportions
from napari_fhn.widgets.section import Fold
from napari_fhn.widgets.views.furniture_row import FurnitureRow

_WINDOW = 250.0
"""Length of the gain's window where nobody says another, in ms or m."""


class SeismicPanel(Fold):
    """Colours, polarity, gain, proportions and ticks of the ticked seismic.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    headers : QWidget
        What asks how the file is read.
    """

    def __init__(self, context: DeskContext, headers: QWidget) -> None:
        super().__init__(
            "Seismic", "Colours and polarity, gain, proportions of the section, ticks; amplitudes; headers of the file."
        )
        seismic_colors.register()
        self._context = context
        self._gain = GainView(context)
        self._proportions = Proportions(context)
        self.colors = QComboBox()
        self.colors.setAccessibleName("colours of the seismic")
        self.colors.setToolTip("From the lowest amplitude to the highest, zero in the middle.")
        self.colors.addItems([f"{name[:1].upper()}{name[1:]}" for name in seismic_colors.NAMES])
        self.colors.activated.connect(self._colour)
        self.reverse = QCheckBox("reversed polarity")
        self.reverse.setToolTip("Swap the colours of negative and positive amplitudes, for data of the other polarity.")
        self.reverse.clicked.connect(self._colour)
        self.gain = QCheckBox("gain (AGC) over")
        self.gain.setToolTip(
            "Show amplitudes divided by their root mean square around each sample. Training sees them as they are."
        )
        self.gain.clicked.connect(self._amplify)
        self.window_length = QDoubleSpinBox()
        self.window_length.setAccessibleName("window of the gain")
        self.window_length.setDecimals(0)
        self.window_length.setRange(1, 100_000)
        self.window_length.setValue(_WINDOW)
        self.window_length.setKeyboardTracking(False)
        self.window_length.setToolTip("Length of the window of the gain, in ms or m.")
        self.window_length.valueChanged.connect(self._amplify)
        self.fit = QPushButton("Fit width")
        self.fit.setToolTip("Stretch sections across the canvas: traces are drawn as wide as there is room.")
        self.fit.clicked.connect(self._fit)
        self.usual = QPushButton("Usual width")
        self.usual.setToolTip("Draw traces as wide again as their distances say.")
        self.usual.clicked.connect(self._reset)
        self.vertical = QDoubleSpinBox()
        self.vertical.setAccessibleName("vertical exaggeration")
        self.vertical.setPrefix("vertical × ")
        self.vertical.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)  # its longest words are read
        self.vertical.setDecimals(1)
        self.vertical.setRange(0.1, 100.0)
        self.vertical.setSingleStep(0.5)
        self.vertical.setKeyboardTracking(False)
        self.vertical.setToolTip(
            "How many times as long as lateral lengths vertical ones are drawn, on sections and in 3D; a millisecond "
            "is taken for a metre."
        )
        self.vertical.setValue(self._proportions.exaggeration)
        self.vertical.valueChanged.connect(self._proportions.exaggerate)
        self.furniture = FurnitureRow(context)
        grid = QGridLayout()
        grid.setSpacing(4)
        grid.addWidget(self.colors, 0, 0)
        grid.addWidget(self.reverse, 0, 1)
        grid.addWidget(self.gain, 1, 0)
        grid.addWidget(self.window_length, 1, 1)
        grid.addWidget(self.fit, 2, 0)
        grid.addWidget(self.usual, 2, 1)
        last = QHBoxLayout()
        last.addWidget(self.furniture.drawn, 1)
        last.addWidget(self.vertical)
        grid.addLayout(last, 3, 0, 1, 2)
        grid.addWidget(headers, 4, 1)
        self.body.addLayout(grid)
        self.body.addWidget(self.furniture)
        self.fold()
        for name in ("chosen", "material"):
            getattr(context.data.state.events, name).connect(self._look)
        self._look()

    def close_panel(self) -> None:
        """Let go of the viewer."""
        self._proportions.close()

    @property
    def _layers(self) -> list[Image]:
        """The ticked layers that are seismic."""
        material = self._context.data.material
        if material is None or not is_seismic(material.first):
            return []
        return list(self._context.data.state.chosen)

    def _look(self, event: Any = None) -> None:
        layers = self._layers
        self.setVisible(bool(layers))
        if not layers:
            return
        found = seismic_colors.said(str(layers[0].colormap.name))
        if found is not None:
            self.colors.setCurrentIndex(seismic_colors.NAMES.index(found[0]))
            self.reverse.setChecked(found[1])
        self.gain.setChecked(self._gain.shown(layers[0]))

    def _fit(self) -> None:
        self._proportions.fit_width()
        self._show_proportions()

    def _reset(self) -> None:
        self._proportions.reset()
        self._show_proportions()

    def _show_proportions(self) -> None:
        self.vertical.blockSignals(True)
        self.vertical.setValue(self._proportions.exaggeration)
        self.vertical.blockSignals(False)

    def _colour(self, chosen: Any = None) -> None:
        for layer in self._layers:
            layer.colormap = seismic_colors.colormap(
                seismic_colors.NAMES[self.colors.currentIndex()], reverse=self.reverse.isChecked()
            )

    def _amplify(self, chosen: Any = None) -> None:
        for layer in self._layers:
            self._gain.show(layer, self.window_length.value() if self.gain.isChecked() else 0.0)
