"""The tool that makes labels from labels: from section to section, and from shapes."""

from __future__ import annotations

from qtpy.QtWidgets import QGridLayout, QPushButton, QSpinBox, QWidget

from napari_fhn.project.carrying import LEAST
from napari_fhn.widgets.labelling.carrying import Carrying
from napari_fhn.widgets.labelling.sections import Sections

_FARTHEST = 50


class SectionsPanel(QWidget):
    """A few buttons; where the survey has reflectors labels are carried along them, else copied to neighbours.

    Parameters
    ----------
    sections : Sections
        Who carries it out.
    carrying : Carrying
        Who carries along the reflectors.
    """

    def __init__(self, sections: Sections, carrying: Carrying) -> None:
        super().__init__()
        self._carrying = carrying
        self.carry = QPushButton("Carry along reflectors")
        self.carry.setToolTip(
            "Carry all that is labelled (wells, sections, horizons, strokes) along the reflectors, as labels that "
            "count by their confidence. What is labelled stays; what was carried before makes room."
        )
        self.carry.clicked.connect(lambda: carrying.carry(self.least.value() / 100))
        self.least = QSpinBox()
        self.least.setAccessibleName("least confidence of what is carried")
        self.least.setRange(1, 100)
        self.least.setValue(round(100 * LEAST))
        self.least.setSuffix(" % sure")
        self.least.setToolTip(
            "How sure it must be, at least: confidence falls with distance, where reflectors break off, and where "
            "wells disagree."
        )
        self.erase = QPushButton("Erase carried")
        self.erase.setToolTip("Take away all labels that were carried along the reflectors and stand as they were.")
        self.erase.clicked.connect(lambda: carrying.erase())
        self.reach = QSpinBox()
        self.reach.setAccessibleName("how many neighbours")
        self.reach.setRange(1, _FARTHEST)
        self.reach.setValue(2)
        self.reach.setSuffix(" each side")
        self.reach.setToolTip("To how many neighbouring sections the labels are copied, before and after this one.")
        self.copy = QPushButton("Copy to neighbours")
        self.copy.setToolTip("Copy the labels of the section in view to its neighbours. What is labelled there stays.")
        self.copy.clicked.connect(lambda: sections.copy(self.reach.value()))
        self.interpolate = QPushButton("Interpolate")
        self.interpolate.setToolTip(
            "Label the sections between the nearest labelled ones before and after this one: edges move evenly "
            "from one to the other."
        )
        self.interpolate.clicked.connect(lambda: sections.interpolate())
        self.draw = QPushButton("Draw shapes")
        self.draw.setToolTip("Draw polygons, rectangles or ellipses around what you know, on a layer of their own.")
        self.draw.clicked.connect(lambda: sections.draw())
        self.burn = QPushButton("Label shapes")
        self.burn.setToolTip("Make labels of the class in use of the shapes that are drawn.")
        self.burn.clicked.connect(lambda: sections.burn_shapes())
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        rows = ((self.carry, self.least), (self.copy, self.reach), (self.draw, self.burn))
        for row, widgets in enumerate(rows):
            for column, widget in enumerate(widgets):
                grid.addWidget(widget, row, column)
        grid.addWidget(self.erase, 3, 0)
        grid.addWidget(self.interpolate, 3, 1)
        self.look()

    def look(self) -> None:
        """Offer what goes with the survey."""
        for widget in (self.carry, self.least, self.erase):
            widget.setVisible(self._carrying.fits)
        for widget in (self.copy, self.reach):
            widget.setVisible(not self._carrying.fits)
