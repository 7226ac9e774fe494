"""The tool that makes labels from labels: from section to section, and from shapes."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QPushButton, QSlider, QSpinBox, QWidget

from napari_fhn.project.labelling.carrying import LEAST
from napari_fhn.sentence import counted
from napari_fhn.widgets.labelling.carrying import Carrying
from napari_fhn.widgets.labelling.sections import Sections

_FARTHEST = 50
_ANY = 200
"""The last place of the slider: any way."""


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
        self._sections = sections
        self.carry = QPushButton("Carry along reflectors")
        self.carry.setToolTip(
            "Carry all that is labelled (wells, sections, horizons, strokes) along the reflectors, as labels that "
            "count by their confidence. What is labelled stays; what was carried before makes room."
        )
        self.carry.clicked.connect(self._carry)
        self.least = QSpinBox()
        self.least.setAccessibleName("least confidence of what is carried")
        self.least.setRange(1, 100)
        self.least.setValue(round(100 * LEAST))
        self.least.setSuffix(" % sure")
        self.least.setToolTip(
            "How sure it must be, at least: confidence falls with distance, where reflectors break off, and where "
            "wells disagree."
        )
        self.preview = QPushButton("Preview")
        self.preview.setCheckable(True)
        self.preview.setToolTip(
            "Show what would be carried to the section in view, before any label is set. It follows the sliders."
        )
        self.preview.clicked.connect(self._preview)
        self.way = QSlider(Qt.Orientation.Horizontal)
        self.way.setAccessibleName("how far labels are carried")
        self.way.setRange(1, _ANY)
        self.way.setValue(_ANY)
        self.way.setToolTip("How far labels are carried, along the way: longer where reflectors break off.")
        self.way.valueChanged.connect(self._changed)
        self.least.valueChanged.connect(self._changed)
        self.words = QLabel()
        self.words.setWordWrap(True)
        carrying.preview.state.events.shown.connect(self._seen)
        carrying.preview.state.events.words.connect(self._tell)
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
        rows = (
            (self.carry, self.least),
            (self.preview, self.way),
            (self.words,),
            (self.copy, self.reach),
            (self.draw, self.burn),
        )
        for row, widgets in enumerate(rows):
            for column, widget in enumerate(widgets):
                grid.addWidget(widget, row, column, 1, 3 - len(widgets))
        grid.addWidget(self.erase, 5, 0)
        grid.addWidget(self.interpolate, 5, 1)
        self._changed()
        self.look()

    @property
    def farthest(self) -> int | None:
        """Longest way in traces; None for any."""
        return None if self.way.value() == _ANY else self.way.value()

    def _carry(self) -> None:
        self._carrying.preview.discard()
        self._carrying.carry(self.least.value() / 100, self.farthest)

    def _preview(self, down: bool) -> None:
        if down:
            self._carrying.preview.show(self.least.value() / 100, self.farthest)
        else:
            self._carrying.preview.discard()

    def _seen(self, shown: bool) -> None:
        """Say what the buttons do now."""
        self.preview.setChecked(shown)
        self.preview.setText("Discard" if shown else "Preview")
        self.carry.setText("Apply" if shown else "Carry along reflectors")
        self._changed()

    def _changed(self, value: int = 0) -> None:
        if self._carrying.preview.state.shown:
            self._carrying.preview.show(self.least.value() / 100, self.farthest)
        self._tell()

    def _tell(self, words: str = "") -> None:
        far = self.farthest
        metres = None if far is None else self._carrying.metres(far)
        way = "as far as it is sure enough" if far is None else f"up to {counted(far, 'traces')}"
        said = [f"{way}, {metres:,.0f} m" if metres else way, self._carrying.preview.state.words]
        self.words.setText(": ".join(one for one in said if one))

    def look(self) -> None:
        """Offer what goes with the survey."""
        for widget in (self.carry, self.least, self.preview, self.way, self.words, self.erase):
            widget.setVisible(self._carrying.fits)
        for widget in (self.copy, self.reach):
            widget.setVisible(self._sections.are_there and not self._carrying.fits)
        self.interpolate.setVisible(self._sections.are_there)
