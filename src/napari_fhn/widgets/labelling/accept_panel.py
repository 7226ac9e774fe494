"""The tool that takes over parts of the prediction as labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from qtpy.QtWidgets import QDoubleSpinBox, QGridLayout, QPushButton, QWidget

from napari_fhn.widgets.labelling.sections import Sections

_SURE = 0.9


class AcceptPanel(QWidget):
    """Accept what lies inside drawn shapes, or what the network is sure of.

    Parameters
    ----------
    sections : Sections
        Who carries it out.
    prediction : callable
        Returns the predicted classes, None where there are none.
    entropy : callable
        Returns how undecided the network is, 0 to 1; None where that was not written.
    """

    def __init__(
        self,
        sections: Sections,
        prediction: Callable[[], NDArray[Any] | None],
        entropy: Callable[[], NDArray[Any] | None],
    ) -> None:
        super().__init__()
        self._sections = sections
        self._prediction = prediction
        self._entropy = entropy
        self.draw = QPushButton("Draw shapes")
        self.draw.setToolTip("Draw around the part of the prediction that is right.")
        self.draw.clicked.connect(lambda: sections.draw())
        self.inside = QPushButton("Accept inside")
        self.inside.setToolTip("Make labels of the prediction inside the shapes; they are outlined in white.")
        self.inside.clicked.connect(self._accept_inside)
        self.least = QDoubleSpinBox()
        self.least.setAccessibleName("how sure")
        self.least.setRange(0.0, 1.0)
        self.least.setSingleStep(0.05)
        self.least.setValue(_SURE)
        self.least.setPrefix("sure ≥ ")
        self.least.setToolTip("How sure the network must be, 0 to 1: one minus the entropy of its probabilities.")
        self.sure = QPushButton("Accept sure")
        self.sure.setToolTip("Make labels of what is in view and the network is sure of; they are outlined in white.")
        self.sure.clicked.connect(self._accept_sure)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for k, widget in enumerate((self.draw, self.inside, self.least, self.sure)):
            grid.addWidget(widget, k // 2, k % 2)

    def _accept_inside(self) -> None:
        values = self._prediction()
        if values is not None:
            self._sections.accept(values, by_shapes=True)

    def _accept_sure(self) -> None:
        values, entropy = self._prediction(), self._entropy()
        if values is not None:
            self._sections.accept(values, entropy, self.least.value(), by_shapes=False)
