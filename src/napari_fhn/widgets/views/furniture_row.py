"""What is drawn around the data, and how finely: ticks, scale, colours; nearest or linear."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QWidget

from napari_fhn.widgets.context import DeskContext

_DRAWN = {"nearest": "Nearest", "linear": "Linear", "cubic": "Cubic"}


class FurnitureRow(QWidget):
    """Boxes to tick, and beside them (placed by whoever shows it) a choice.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.

    Attributes
    ----------
    ticks, scale, colours : QCheckBox
        What is drawn on the canvas.
    drawn : QComboBox
        How values between voxels are drawn.
    """

    def __init__(self, context: DeskContext) -> None:
        super().__init__()
        self._context = context
        self.ticks = QCheckBox("ticks")
        self.ticks.setToolTip("Show the survey's numbers along the edges of the canvas; on maps a grid of coordinates.")
        self.scale = QCheckBox("scale")
        self.scale.setToolTip("Show a scale bar in the survey's units, on maps and slices with north.")
        self.colours = QCheckBox("colours")
        self.colours.setToolTip("Show which colour is which value, and in which unit.")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for name, box in (("ticks", self.ticks), ("scale", self.scale), ("colours", self.colours)):
            box.toggled.connect(lambda wanted, name=name: setattr(context.views, name, wanted))
            getattr(context.views.events, name).connect(self._look)
            row.addWidget(box)
        row.addStretch(1)
        self.drawn = QComboBox()
        self.drawn.setAccessibleName("how values are drawn")
        self.drawn.setToolTip("Nearest draws each voxel as it is; linear and cubic draw what may lie between them.")
        for key, words in _DRAWN.items():
            self.drawn.addItem(words, key)
        self.drawn.activated.connect(self._chosen)
        context.data.state.events.chosen.connect(self._look)
        self._look()

    def _look(self, event: Any = None) -> None:
        views, chosen = self._context.views, self._context.data.state.chosen
        for name, box in (("ticks", self.ticks), ("scale", self.scale), ("colours", self.colours)):
            box.setChecked(bool(getattr(views, name)))
        if chosen:
            self.drawn.setCurrentIndex(max(0, self.drawn.findData(str(chosen[0].interpolation2d))))

    def _chosen(self, index: int) -> None:
        for layer in self._context.data.state.chosen:
            layer.interpolation2d = self.drawn.currentData()
