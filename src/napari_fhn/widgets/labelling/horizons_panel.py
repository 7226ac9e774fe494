"""The tool for horizons: which one, picking, tracking with its bar, how good it must be, and what becomes of it."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from napari_fhn.widgets.labelling.horizon_results import HorizonResults
from napari_fhn.widgets.labelling.horizons import HorizonBook
from napari_fhn.widgets.saving import ask_file, suffixes

_EVENTS = (
    ("peak", "Peak", "The largest amplitude."),
    ("trough", "Trough", "The smallest amplitude."),
    ("rising", "− to +", "Where amplitudes change from negative to positive on the way down."),
    ("falling", "+ to −", "Where amplitudes change from positive to negative on the way down."),
    ("waveform", "Waveform", "Any part of the wave: what the traces look like around the picks."),
)
_LINE_FILES = "Table with quality (*.csv);;XYZ (*.xyz);;Text (*.dat *.txt)"
_FILES = f"Irap classic (*.irap);;ZMAP+ (*.zmap);;GeoTIFF (*.tif);;{_LINE_FILES}"
_POLL_MS = 200


class HorizonsPanel(QWidget):
    """Picks, tracks and uses horizons.

    Parameters
    ----------
    horizons : HorizonBook
        Who carries it out.
    results : HorizonResults
        Who makes labels and files of them.
    """

    def __init__(self, horizons: HorizonBook, results: HorizonResults) -> None:
        super().__init__()
        self._horizons = horizons
        self._results = results
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setAccessibleName("horizon")
        self.name.setToolTip("The horizon that is picked and tracked. Type another name and press Enter to rename it.")
        self.name.activated.connect(lambda row: self._choose(self.name.itemText(row)))
        line = self.name.lineEdit()
        assert line is not None
        line.setPlaceholderText("no horizon yet")
        line.editingFinished.connect(self._rename)
        self.add = self._small("+", "Begin another horizon.", horizons.add)
        self.remove = self._small("−", "Let go of this horizon. Labels that were made of it stay.", horizons.remove)
        self.pick = QPushButton("Pick")
        self.pick.setCheckable(True)
        self.pick.setToolTip(
            "Click on the horizon on a section. Drag a pick to move it; Shift+click takes it away; Ctrl+Z "
            "takes the last step back."
        )
        self.pick.clicked.connect(self._picking)
        self.follows = QComboBox()
        self.follows.setAccessibleName("what the horizon follows")
        for row, (event, title, words) in enumerate(_EVENTS):
            self.follows.addItem(title, event)
            self.follows.setItemData(row, words, Qt.ItemDataRole.ToolTipRole)
        self.follows.setToolTip("What the horizon follows: a peak, a trough, a zero crossing, or the waveform.")
        self.follows.activated.connect(lambda row: horizons.follow(str(self.follows.itemData(row))))
        self.snap = QCheckBox("Snap")
        self.snap.setToolTip("Move each pick to the nearest peak, trough or zero crossing of its trace.")
        self.snap.setChecked(horizons.state.snap)
        self.snap.toggled.connect(lambda on: setattr(horizons.state, "snap", on))
        self.track = QPushButton("Track")
        self.track.setToolTip(
            "Follow the horizon from its picks along the reflectors. It stays on this side of faults; pick it on the "
            "other side too."
        )
        self.track.clicked.connect(self._track)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("how far the horizon is tracked")
        self.bar.setRange(0, 100)
        self.bar.setFixedHeight(16)
        self.bar.setToolTip("How many of the survey's traces it has come to.")
        self.erase = QPushButton("Erase")
        self.erase.setCheckable(True)
        self.erase.setToolTip(
            "Drag over what was tracked wrongly, on a section or a slice: it is erased on all traces near the mouse. "
            "Ctrl+Z brings it back; Track fills it again from the picks."
        )
        self.erase.clicked.connect(self._erasing)
        self.reach = QSpinBox()
        self.reach.setAccessibleName("how far is erased")
        self.reach.setRange(0, 200)
        self.reach.setPrefix("within ")
        self.reach.setSuffix(" traces")
        self.reach.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)  # its longest words are read
        self.reach.setToolTip("How far from the mouse is erased, to all sides.")
        self.reach.setValue(horizons.state.reach)
        self.reach.valueChanged.connect(lambda traces: setattr(horizons.state, "reach", traces))
        self.quality = QSlider(Qt.Orientation.Horizontal)
        self.quality.setAccessibleName("least quality")
        self.quality.setRange(0, 100)
        self.quality.setToolTip(
            "Show and use only what is this sure, at least. Quality falls with the distance from picks, in noise, and "
            "beyond faults."
        )
        self.quality.valueChanged.connect(self._least)
        self.least = QLabel()
        self.use = QPushButton("Use as labels …")
        self.use.setToolTip("Label what lies above, between or below the horizons, or a band around each.")
        self.use.clicked.connect(lambda: results.use_as_labels())
        self.save = QPushButton("Save …")
        self.save.setToolTip("Save this horizon as a surface, a GeoTIFF or a table.")
        self.save.clicked.connect(self._save)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self.name, 0, 0, 1, 2)
        grid.addWidget(self.add, 0, 2)
        grid.addWidget(self.remove, 0, 3)
        picking = QHBoxLayout()  # of its own: beside the long words below, three are wider than the narrowest dock
        for widget, share in ((self.pick, 3), (self.follows, 2), (self.snap, 0)):
            picking.addWidget(widget, share)
        grid.addLayout(picking, 1, 0, 1, 4)
        grid.addWidget(self.track, 2, 0)
        grid.addWidget(self.bar, 2, 1, 1, 3)
        grid.addWidget(self.quality, 3, 0)
        grid.addWidget(self.least, 3, 1, 1, 3)
        erasing = QHBoxLayout()
        erasing.addWidget(self.erase, 1)
        erasing.addWidget(self.reach)
        grid.addLayout(erasing, 4, 0, 1, 4)
        grid.addWidget(self.use, 5, 0)
        grid.addWidget(self.save, 5, 1, 1, 3)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(lambda: self.bar.setValue(round(100 * horizons.share)))
        state = horizons.state.events
        for name in ("kept", "chosen", "tracking", "picking", "erasing"):
            getattr(state, name).connect(self._show)
        self._show()

    def hideEvent(self, event: Any) -> None:
        """Pick and erase no more when the tool is put away."""
        self._horizons.state.picking = self._horizons.state.erasing = False
        super().hideEvent(event)

    def _small(self, text: str, words: str, act: Any) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(words)
        button.clicked.connect(lambda: act())
        return button

    def _choose(self, name: str) -> None:
        if self._horizons.state.kept.named(name) is not None:
            self._horizons.state.chosen = name

    def _rename(self) -> None:
        text = self.name.currentText()
        if self._horizons.state.kept.named(text) is None:
            self._horizons.rename(text)

    def _picking(self, down: bool) -> None:
        horizons = self._horizons
        if down and horizons.chosen is None:
            horizons.add()
        horizons.state.erasing = False
        horizons.state.picking = down and horizons.chosen is not None
        self.pick.setChecked(horizons.state.picking)

    def _erasing(self, down: bool) -> None:
        self._horizons.state.picking = False
        self._horizons.state.erasing = down

    def _track(self) -> None:
        if self._horizons.state.tracking:
            self._horizons.stop()
        else:
            self._horizons.track()

    def _least(self, percent: int) -> None:
        self.least.setText(f"quality ≥ {percent} %")
        self._horizons.set_least(percent / 100)

    def _save(self) -> None:
        one = self._horizons.chosen
        if one is None:
            return
        filters = _FILES if one.picks and len(one.picks[0].trace) > 1 else _LINE_FILES
        path = ask_file(self, "Save horizon", str(self._results.propose(one, suffixes(filters)[0])), filters)
        if path is not None:
            self._results.save(path)

    def _show(self, event: Any = None) -> None:
        horizons, one, tracking = self._horizons, self._horizons.chosen, self._horizons.state.tracking
        self.name.blockSignals(True)
        self.name.clear()
        for kept in horizons.state.kept.horizons:
            self.name.addItem(kept.name)
        self.name.setCurrentText("" if one is None else one.name)
        self.name.blockSignals(False)
        self.pick.setChecked(horizons.state.picking)
        self.erase.setChecked(horizons.state.erasing)
        if one is not None:
            self.follows.setCurrentIndex(max(self.follows.findData(one.follows), 0))
            self.quality.blockSignals(True)
            self.quality.setValue(round(100 * one.least))
            self.quality.blockSignals(False)
        self.least.setText(f"quality ≥ {self.quality.value()} %")
        self.track.setText("Stop" if tracking else "Track")
        self.track.setEnabled(tracking or (one is not None and bool(one.picks)))
        self.bar.setVisible(tracking)
        if tracking:
            self.bar.setValue(0)
            self._timer.start()
        else:
            self._timer.stop()
        there = one is not None and bool(one.surface)
        for widget in (self.quality, self.least, self.save, self.erase, self.reach):
            widget.setEnabled(there and not tracking)
        if self.erase.isChecked() and not self.erase.isEnabled():
            horizons.state.erasing = False
        self.use.setEnabled(any(kept.surface for kept in horizons.state.kept.horizons) and not tracking)
        for button in (self.remove, self.follows):
            button.setEnabled(one is not None and not tracking)
        self.add.setEnabled(not tracking)
