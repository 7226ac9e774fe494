"""How often which amplitude occurs, and where the colours end: a fold of the dock that is closed at first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from napari.layers import Image
from numpy.typing import NDArray
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QPushButton

from napari_fhn.surveys.contrast import clipped, sampled
from napari_fhn.surveys.kinds import is_seismic
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import survey_of
from napari_fhn.widgets.data.small_plot import small_plot
from napari_fhn.widgets.section import Fold

HEIGHT = 90
_BINS = 96
_CLIP = 1.0
_BLUE = QColor(86, 180, 233, 60)


class AmplitudePanel(Fold):
    """A histogram of the first ticked layer's values with the two ends of its colours, which can be dragged.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    """

    def __init__(self, context: DeskContext) -> None:
        super().__init__("Amplitudes", "How often which value occurs, and where the colours end.")
        self._context = context
        self._layer: Image | None = None
        self._values: NDArray[np.float64] = np.empty(0)
        self.plot = small_plot(self, HEIGHT)
        self.plot.getPlotItem().hideAxis("left")
        self.bars = self.plot.plot(stepMode="center", fillLevel=0, brush=QColor(140, 145, 155, 120), pen=None)
        self.ends = pg.LinearRegionItem(brush=_BLUE)
        self.plot.addItem(self.ends, ignoreBounds=True)
        self.plot.setToolTip("Drag the two lines: what lies beyond them has the darkest and the lightest colour.")
        self.ends.sigRegionChanged.connect(self._dragged)
        self.clip = QDoubleSpinBox()
        self.clip.setRange(0.0, 20.0)
        self.clip.setSingleStep(0.5)
        self.clip.setValue(_CLIP)
        self.clip.setSuffix(" %")
        self.clip.setToolTip("Share of the values beyond the ends.")
        self.button = QPushButton("Clip")
        self.button.setToolTip("Set the ends so that this share of the values lies beyond them.")
        self.button.clicked.connect(self.clip_now)
        self.clip.valueChanged.connect(lambda _: self.clip_now())
        label = QLabel("Beyond")
        label.setBuddy(self.clip)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label)
        row.addWidget(self.clip, 1)
        row.addWidget(self.button)
        self.body.addWidget(self.plot)
        self.body.addLayout(row)
        self.fold()
        self.heading.toggled.connect(self._look)
        context.data.state.events.chosen.connect(self._look)
        self._look()

    def clip_now(self) -> None:
        """Set the ends by the share."""
        if self._layer is None or not self._values.size:
            return
        seismic = is_seismic(survey_of(self._layer))
        self._layer.contrast_limits = clipped(self._values, self.clip.value(), symmetric=seismic)

    def close_panel(self) -> None:
        """Let go of the layer."""
        self._follow(None)

    def _look(self, event: Any = None) -> None:
        chosen = self._context.data.state.chosen
        self.setVisible(bool(chosen))
        layer = chosen[0] if chosen and not self.folded else None
        if layer is self._layer:
            return
        self._follow(layer)
        if layer is None:
            return
        survey = survey_of(layer)

        def done(values: NDArray[np.float64]) -> None:
            if layer is self._layer:
                self._values = values
                self._draw()

        def failed(error: BaseException) -> None:
            self._context.messages.say(f"The values of '{layer.name}' cannot be counted: {error}", note=True)

        self._context.background.run(lambda: sampled(survey), done, failed)

    def _follow(self, layer: Image | None) -> None:
        if self._layer is not None:
            self._layer.events.contrast_limits.disconnect(self._show_ends)
        self._layer = layer
        self._values = np.empty(0)
        self.bars.setData([0, 1], [0])
        if layer is not None:
            layer.events.contrast_limits.connect(self._show_ends)
            self._show_ends()

    def _draw(self) -> None:
        if not self._values.size:
            return
        low, high = np.percentile(self._values, (0.05, 99.95))
        if low == high:
            low, high = low - 0.5, high + 0.5
        counts, edges = np.histogram(self._values, _BINS, (low, high))
        self.bars.setData(edges, counts)
        self.plot.setXRange(float(low), float(high), padding=0.02)
        self.plot.setYRange(0, max(int(counts.max()), 1), padding=0)

    def _show_ends(self, event: Any = None) -> None:
        if self._layer is not None:
            self.ends.blockSignals(True)
            self.ends.setRegion(self._layer.contrast_limits)
            self.ends.blockSignals(False)

    def _dragged(self) -> None:
        low, high = self.ends.getRegion()
        if self._layer is not None and low < high:
            self._layer.contrast_limits = (float(low), float(high))
