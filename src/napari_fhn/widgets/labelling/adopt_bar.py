"""Offers to take over what was painted or drawn beside the labels; there only while there is something."""

from __future__ import annotations

from napari.layers import Layer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from napari_fhn.widgets.labelling.adopting import Adopting

_LEAST = 10


class AdoptBar(QWidget):
    """A list of layers and a button.

    Parameters
    ----------
    adopting : Adopting
        Who carries it out.
    """

    def __init__(self, adopting: Adopting) -> None:
        super().__init__()
        self._adopting = adopting
        self._layers: list[Layer] = []
        self.list = QComboBox()
        self.list.setAccessibleName("layer to take over")
        self.list.setMinimumContentsLength(_LEAST)
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.list.setToolTip("Layers that are no part of the labels and do not count in training.")
        self.take = QPushButton("Take over as labels")
        self.take.setToolTip(
            "Make labels of what is painted or drawn in this layer, by its values or the class its features name. "
            "What is labelled already stays; one Undo takes it back."
        )
        self.take.clicked.connect(self._take)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.list, 1)
        row.addWidget(self.take)
        adopting.changed.connect(self.look)
        self.look()

    def look(self) -> None:
        """List what may be taken over."""
        self._layers = self._adopting.candidates()
        names = [layer.name for layer in self._layers]
        if [self.list.itemText(k) for k in range(self.list.count())] != names:
            self.list.clear()
            self.list.addItems(names)
        self.setVisible(bool(names))

    def _take(self) -> None:
        index = self.list.currentIndex()
        if 0 <= index < len(self._layers):
            self._adopting.adopt(self._layers[index])
