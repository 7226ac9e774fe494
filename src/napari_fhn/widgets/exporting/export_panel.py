"""Step 6: results as files that other programs read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSpinBox

from napari_fhn.project.exporting.exporter import OFFERS, Request
from napari_fhn.widgets.exporting.exports import Exports
from napari_fhn.widgets.saving import ask_file
from napari_fhn.widgets.section import Section

_POLL_MS = 100
_STEPS = 1000
_NOTHING_YET = "Label something, or predict, first."
_ALL = "all classes"
_OF_CLASS = ("probabilities", "bodies", "mesh", "horizon", "thickness")


class ExportPanel(Section):
    """What to export, what it needs to know, and a button; a bar and Cancel while it is written.

    Parameters
    ----------
    exports : Exports
        Who writes the file.
    """

    def __init__(self, exports: Exports) -> None:
        super().__init__(6, "Export")
        self._exports = exports
        self.what = QComboBox()
        self.what.setAccessibleName("what to export")
        self.what.setToolTip("What to save.")
        self.what.setMinimumContentsLength(10)
        self.what.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.button = QPushButton("Save …")
        self.button.setToolTip("Save it on the grid of the survey, with its headers or its place on the map.")
        self.button.clicked.connect(self._save)
        row = QHBoxLayout()
        row.addWidget(self.what, 1)
        row.addWidget(self.button)
        self.body.addLayout(row)
        self.value = self._classes("class", "The class that is exported; for a horizon the one above it.")
        self.arrow = QLabel("over")
        self.below = self._classes("class below", "The class below the horizon.")
        self.at_least = QSpinBox()
        self.at_least.setAccessibleName("smallest body")
        self.at_least.setRange(1, 10**9)
        self.at_least.setValue(100)
        self.at_least.setPrefix("≥ ")
        self.at_least.setSuffix(" voxels")
        self.at_least.setToolTip("How many voxels a body has at least; smaller ones are left out.")
        self.velocity = QSpinBox()
        self.velocity.setAccessibleName("velocity")
        self.velocity.setRange(0, 9000)
        self.velocity.setSingleStep(50)
        self.velocity.setSuffix(" m/s")
        self.velocity.setSpecialValueText("in ms")
        self.velocity.setToolTip("By this velocity a thickness in two-way time becomes one in metres.")
        details = QHBoxLayout()
        for widget in (self.value, self.arrow, self.below, self.at_least, self.velocity):
            details.addWidget(widget, {self.arrow: 0, self.at_least: 2}.get(widget, 1))
        self.body.addLayout(details)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("progress of the export")
        self.bar.setRange(0, _STEPS)
        self.bar.setFixedHeight(16)
        self.bar.setToolTip("How much is written.")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Write no more; a file that was there stays as it was.")
        self.cancel.clicked.connect(exports.cancel)
        progress = QHBoxLayout()
        progress.addWidget(self.bar, 1)
        progress.addWidget(self.cancel)
        self.body.addLayout(progress)
        self._said = self._every = False
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(lambda: self.bar.setValue(round(_STEPS * exports.share)))
        self.what.currentIndexChanged.connect(self._show_details)
        self.what.currentIndexChanged.connect(self._say)
        exports.state.events.busy.connect(self._show)
        exports.context.state.events.activity.connect(self._show)
        exports.context.project.changed.connect(self._show)
        exports.context.project.runs_changed.connect(self._show)
        for name in ("has_labels", "classes"):
            getattr(exports.book.state.events, name).connect(self._show)
        self._show()

    @property
    def key(self) -> str:
        """What is chosen."""
        return str(self.what.currentData() or "classes")

    def _say(self, index: int) -> None:
        """Take note that a person has chosen: until then the best of what there is stands first."""
        self._said = True

    def _classes(self, name: str, words: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(words)
        box.setMinimumContentsLength(6)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return box

    def _show(self, event: Any = None) -> None:
        exports = self._exports
        chosen, offered = self.key, exports.offered()
        self.what.blockSignals(True)
        self.what.clear()
        for offer in offered:
            self.what.addItem(offer.title, offer.what)
        self.what.setCurrentIndex(max(self.what.findData(chosen), 0) if self._said else 0)
        self.what.blockSignals(False)
        busy = exports.state.busy
        self.what.setEnabled(bool(offered) and not busy)
        self.button.setEnabled(bool(offered) and exports.context.state.activity.idle)
        self.aside.setText("" if offered else _NOTHING_YET)
        for widget in (self.bar, self.cancel):
            widget.setVisible(busy)
        if busy:
            self._timer.start()
        else:
            self._timer.stop()
        self._show_details()

    def _show_details(self, event: Any = None) -> None:
        key = self.key if self.what.count() else ""
        self._fill_classes(every=key == "probabilities")
        self.value.setVisible(key in _OF_CLASS)
        self.arrow.setVisible(key == "horizon")
        self.below.setVisible(key == "horizon")
        self.at_least.setVisible(key == "bodies")
        material = self._exports.context.data.material
        self.velocity.setVisible(key == "thickness" and material is not None and "twt" in material.first.dims)
        words = OFFERS[key].words if key in OFFERS else ""
        self.what.setToolTip(self._exports.context.data.worded(f"What to save. {words}"))

    def _fill_classes(self, *, every: bool) -> None:
        """List the classes, and all at once where an export may be of all: that is chosen then, until one is."""
        for k, box in enumerate((self.value, self.below)):
            value = box.currentData()
            box.clear()
            if every and box is self.value:
                box.addItem(_ALL, None)
                value = value if self._every else None
            for entry in self._exports.book.state.classes:
                box.addItem(entry.name, entry.value)
            at = box.findData(value) if value is not None else min(0 if every else k, box.count() - 1)
            box.setCurrentIndex(max(at, 0))
        self._every = every

    def _save(self) -> None:
        exports, offer = self._exports, OFFERS[self.key]
        proposed = str(exports.propose(offer.what))
        path = ask_file(self, f"Export: {offer.title.lower()}", proposed, exports.files(offer.what))
        if path is not None:
            exports.save(replace(self.request(path), asked=True))

    def request(self, path: Path) -> Request:
        """Return what is chosen, for a file."""
        key, value, below = OFFERS[self.key].what, self.value.currentData(), self.below.currentData()
        if key == "horizon":
            return Request(key, path, above=(value,), below=(below,))
        if key == "probabilities":
            return Request(key, path, of=() if value is None else (value,))
        if key == "thickness":
            wanted = self.velocity.value() if not self.velocity.isHidden() else 0
            return Request(key, path, of=(value,), velocity=float(wanted) if wanted else None)
        of = (value,) if key in ("bodies", "mesh") else ()
        return Request(key, path, of=of, at_least=self.at_least.value() if key == "bodies" else 1)
