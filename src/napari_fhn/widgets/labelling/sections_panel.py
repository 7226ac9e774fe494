"""The tool that makes labels from labels: from section to section, and from shapes."""

from __future__ import annotations

from qtpy.QtWidgets import QGridLayout, QPushButton, QSpinBox, QWidget

from napari_fhn.widgets.labelling.sections import Sections

_FARTHEST = 50


class SectionsPanel(QWidget):
    """Four buttons.

    Parameters
    ----------
    sections : Sections
        Who carries it out.
    """

    def __init__(self, sections: Sections) -> None:
        super().__init__()
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
        for k, widget in enumerate((self.copy, self.reach, self.draw, self.burn)):
            grid.addWidget(widget, k // 2, k % 2)
        grid.addWidget(self.interpolate, 2, 0, 1, 2)
