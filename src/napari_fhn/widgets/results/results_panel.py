"""Step 5: compare, tidy, score, and take along what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from napari_fhn.project.predictions.predictions import Tidying
from napari_fhn.widgets.choosing import ask_folder, folder_of
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.results.confusion_table import ConfusionTable
from napari_fhn.widgets.results.made_of_panel import MadeOfPanel
from napari_fhn.widgets.results.runs_panel import RunsPanel
from napari_fhn.widgets.saving import ask_file
from napari_fhn.widgets.section import TOGGLE, Section
from napari_fhn.widgets.wrapping import Wrapping

_MOST = 10_000_000


class ResultsPanel(Section):
    """Three rows of controls and the confusion matrix.

    Parameters
    ----------
    desk : Desk
        Who carries it out.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(5, "Results")
        self._desk = desk
        self.fold()
        self.runs = RunsPanel(desk.runs, desk.state)
        self.body.addWidget(self.runs)
        self.made_of = MadeOfPanel(desk.made_of, desk.prediction, desk.planning)
        self.body.addWidget(self.made_of)
        self.truth = QComboBox()
        self.truth.setAccessibleName("compared with")
        self.truth.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.truth.setToolTip("What the prediction is compared with: labels, a truth, or a prediction kept before.")
        self.compare = _button("Compare", "Count where they agree, and show where they differ.", self._compare)
        self.keep = _button("Keep", "Keep this prediction as a layer, to compare the next with.", desk.comparison.keep)
        self.body.addLayout(_row(self.truth, self.compare, self.keep))
        self.matrix = ConfusionTable(desk.comparison)
        self.body.addWidget(self.matrix)
        self._add_tidying()
        self.score = _button(
            "Score",
            "How good it is on labels that training never saw, how sure that is, and whether copying would be better.",
            desk.reporting.score,
        )
        self.in_turn = _button(
            "Leave out …",
            "Train again without some wells or patches in turn, and score on them. How long that takes is said first.",
            desk.leaving_out.press,
        )
        self.model = _button("Save network …", "Copy the trained network to a folder of its own.", self._save_model)
        self.network_file = _button(
            "Network as …",
            "Write the trained network as one file that other programs read: ONNX, torch, or weights for Julia.",
            self._export_network,
        )
        self.command = _button(
            "Copy command",
            "Copy the command that does what was clicked, without a viewer.",
            self._copy,
        )
        self.report = _button("Report", "Write what was trained and what came out as HTML.", desk.reporting.report)
        whole = QWidget()
        rows = Wrapping(whole, 4, 4)
        rows.setContentsMargins(0, 0, 0, 0)
        for button in (self.score, self.in_turn, self.report, self.model, self.network_file, self.command):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)  # each word is read
            rows.addWidget(button)
        self.body.addWidget(whole)
        desk.viewer.layers.events.inserted.connect(self._show)
        desk.viewer.layers.events.removed.connect(self._show)
        desk.prediction.shown.connect(self._show)
        desk.prediction.shown.connect(self._put_down)
        desk.state.events.activity.connect(self._enable)
        desk.project.changed.connect(self._enable)
        desk.project.runs_changed.connect(self._enable)
        desk.leaving_out.changed.connect(self._enable)
        self._show()
        self._enable()

    def close_panel(self) -> None:
        """Let go of the viewer."""
        for name in ("inserted", "removed"):
            getattr(self._desk.viewer.layers.events, name).disconnect(self._show)

    @property
    def how_to_tidy(self) -> Tidying:
        """How to tidy, as it is set."""
        return Tidying(self.radius.value(), self.smallest.value(), self.largest.value())

    def _add_tidying(self) -> None:
        given = Tidying()
        self.radius = _number(given.radius, 10, "Majority vote among the voxels within so many; 0 for none.")
        self.smallest = _number(given.smallest, _MOST, "Bodies of fewer voxels go to the class around them.")
        self.largest = _number(given.largest, _MOST, "Holes of at most so many voxels are closed.")
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        fields = (("Smooth", self.radius), ("Bodies from", self.smallest), ("Close holes to", self.largest))
        for column, (words, field) in enumerate(fields):
            label = QLabel(words)
            label.setToolTip(field.toolTip())
            label.setBuddy(field)
            grid.addWidget(label, 0, column)
            grid.addWidget(field, 1, column)
            field.valueChanged.connect(lambda _: self._preview())
        self.body.addLayout(grid)
        self.preview = QToolButton()
        self.preview.setText("Preview")
        self.preview.setCheckable(True)
        self.preview.setStyleSheet(TOGGLE)
        self.preview.setToolTip("Show what is in view as it would be, tidied by itself.")
        self.preview.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.preview.toggled.connect(lambda _: self._preview())
        self.tidy = _button("Tidy", "Tidy the whole prediction at once.", self._tidy)
        self.back = _button("Take back", "Bring back what was predicted.", self._desk.tidying.take_back)
        self.body.addLayout(_row(self.preview, self.tidy, self.back))

    def _show(self, event: Any = None) -> None:
        if getattr(event, "type", "") == "removed" and event.value is self._desk.tidying.layer:
            self._put_down()  # somebody has taken its layer away
        chosen = self.truth.currentText()
        self.truth.clear()
        for layer in self._desk.comparison.candidates():
            self.truth.addItem(layer.name, layer)
        self.truth.setCurrentIndex(max(0, self.truth.findText(chosen)))

    def _enable(self, event: Any = None) -> None:
        desk, project = self._desk, self._desk.project
        idle, may = desk.state.activity.idle, project.writable
        predicted, trained = project.has_prediction, project.has_model
        for button in (self.compare, self.preview, self.score):
            button.setEnabled(idle and predicted)
        for button in (self.keep, self.tidy):
            button.setEnabled(idle and predicted and may)
        self.back.setEnabled(idle and may and desk.tidying.can_take_back)
        for button in (self.model, self.network_file, self.command):
            button.setEnabled(idle and trained)
        self.report.setEnabled(idle and trained and may)
        leaving = desk.leaving_out.running
        self.in_turn.setEnabled(leaving or (idle and trained and may))
        self.in_turn.setText("Stop" if leaving else "Leave out …")
        if not idle:
            self.preview.setChecked(False)

    def _compare(self) -> None:
        layer = self.truth.currentData()
        if layer is not None:
            self._desk.comparison.compare(layer)

    def _preview(self) -> None:
        self._desk.tidying.preview(self.how_to_tidy if self.preview.isChecked() else None)

    def _put_down(self) -> None:
        self.preview.setChecked(False)

    def _tidy(self) -> None:
        self.preview.setChecked(False)
        self._desk.tidying.apply(self.how_to_tidy)

    def _save_model(self) -> None:
        folder = ask_folder(self, "network", "Folder for the network", self._near())
        if folder is not None:
            self._desk.reporting.save_model(folder)

    def _export_network(self) -> None:
        kinds = "ONNX (*.onnx);;torch.export (*.pt2);;Weights for InvertibleNetworks.jl (*.npz)"
        near = self._near()
        path = ask_file(self, "The network as a file", str((near or Path()) / "network.onnx"), kinds)
        if path is not None:
            self._desk.reporting.export_network(path)

    def _near(self) -> Path | None:
        material = self._desk.data.material
        return None if material is None else folder_of(material.first)

    def _copy(self) -> None:
        command, clipboard = self._desk.reporting.command(), QApplication.clipboard()
        if command is not None and clipboard is not None:
            clipboard.setText(command)
            self._desk.messages.say(f"Copied: {command}")


def _button(title: str, tooltip: str, act: Any) -> QPushButton:
    button = QPushButton(title)
    button.setToolTip(tooltip)
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    button.clicked.connect(lambda: act())
    return button


def _number(value: int, most: int, tooltip: str) -> QSpinBox:
    field = QSpinBox()
    field.setRange(0, most)
    field.setValue(value)
    field.setToolTip(tooltip)
    field.setStyleSheet("QSpinBox { min-width: 40px; }")  # three of napari's are wider than the narrowest dock
    field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return field


def _row(*widgets: Any) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
