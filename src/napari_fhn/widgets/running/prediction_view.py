"""How the prediction is looked at: opacity, outlines, one class alone, and what the network says beside its classes."""

from __future__ import annotations

from typing import Any, get_args

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton

from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.running.overlays import Overlay
from napari_fhn.widgets.section import TOGGLE, Fold

_WORDS: dict[Overlay, tuple[str, str]] = {
    "entropy": ("Entropy", "How undecided the network is: 0 where it is certain, 1 where all classes are alike."),
    "margin": ("Margin", "Probability of the likeliest class minus that of the next: 0 undecided, 1 certain."),
    "probabilities": ("Probability", "Probability of the class chosen on the left. Takes two bytes a voxel and class."),
}

OUTLINE = 2
"""Pixels of an outline, on the class's side of the boundary: with its neighbour's the boundary has twice as many."""


class PredictionView(Fold):
    """Two rows of controls over the prediction layer.

    Parameters
    ----------
    desk : Desk
        Whose prediction is shown.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__("View of the prediction", "Opacity, outlines, one class alone; entropy, margin, probability.")
        self._desk = desk
        self.fold()
        self.body.setContentsMargins(14, 0, 0, 0)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setToolTip("Opacity of the prediction.")
        self.opacity.valueChanged.connect(lambda value: self._set("opacity", value / 100))
        self.outlines = QCheckBox("outlines")
        self.outlines.setToolTip("Draw only the borders between classes, so that the data can be read.")
        self.outlines.toggled.connect(lambda on: self._set("contour", OUTLINE if on else 0))
        row = QHBoxLayout()
        label = QLabel("Opacity")
        label.setBuddy(self.opacity)
        row.addWidget(label)
        row.addWidget(self.opacity, 1)
        row.addWidget(self.outlines)
        self.body.addLayout(row)
        self.only = QComboBox()
        self.only.setAccessibleName("classes shown")
        self.only.setMinimumContentsLength(8)
        self.only.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.only.setToolTip("Show all classes, or one alone; its probability is what 'Probability' shows.")
        self.only.currentIndexChanged.connect(self._only_chosen)
        self.factor = QComboBox()
        self.factor.setAccessibleName("part shown")
        self.factor.setMinimumContentsLength(8)
        self.factor.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.factor.setToolTip(
            "Show what all parts of the prediction say together, or the network or another part alone."
        )
        self.factor.activated.connect(lambda _: desk.made_of.show(self.factor.currentData()))
        self.buttons: dict[Overlay, QToolButton] = {}
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.factor, 1)
        row.addWidget(self.only, 1)
        self.body.addLayout(row)
        row = QHBoxLayout()
        row.setSpacing(4)
        for kind in get_args(Overlay):
            button = QToolButton()
            title, words = _WORDS[kind]
            button.setText(title)
            button.setToolTip(words)
            button.setCheckable(True)
            button.setStyleSheet(TOGGLE)
            button.clicked.connect(lambda checked, kind=kind: self._want(kind, checked))
            row.addWidget(button, 1)
            self.buttons[kind] = button
        self.body.addLayout(row)
        desk.book.state.events.classes.connect(self._show)
        desk.prediction.shown.connect(self._show)
        desk.prediction.shown.connect(self._show_factors)
        desk.made_of.state.events.rows.connect(self._show_factors)
        desk.overlays.changed.connect(self._show_buttons)
        self._show()
        self._show_factors()

    def _show_factors(self, event: Any = None) -> None:
        rows = self._desk.made_of.state.rows
        self.factor.clear()
        for row in rows:
            self.factor.addItem(row.title[:1].upper() + row.title[1:], row.name)
        self.factor.setCurrentIndex(max(0, self.factor.findData(self._desk.prediction.factor)))
        self.factor.setVisible(bool(rows))

    def _show(self, event: Any = None) -> None:
        layer = self._desk.prediction.layer
        for widget, value in ((self.opacity, 50 if layer is None else round(100 * layer.opacity)),):
            widget.blockSignals(True)
            widget.setValue(value)
            widget.blockSignals(False)
        chosen = self.only.currentData()
        self.only.blockSignals(True)
        self.only.clear()
        self.only.addItem("All classes", None)
        for entry in self._desk.book.state.classes:
            self.only.addItem(entry.name, entry.value)
        self.only.setCurrentIndex(max(0, self.only.findData(chosen)))
        self.only.blockSignals(False)
        self._show_buttons()

    def _show_buttons(self) -> None:
        for kind, button in self.buttons.items():
            button.setChecked(kind in self._desk.overlays.wanted)

    def _set(self, name: str, value: Any) -> None:
        layer = self._desk.prediction.layer
        if layer is not None:
            setattr(layer, name, value)

    def _only_chosen(self, index: int) -> None:
        value = self.only.currentData()
        self._desk.prediction.show_only(value)
        if value is not None:
            self._desk.overlays.show_probability_of(value)

    def _want(self, kind: Overlay, wanted: bool) -> None:
        if not self._desk.overlays.want(kind, wanted):
            self._desk.messages.say(f"{_WORDS[kind][0]} comes with the next Train or Predict.", note=True)
