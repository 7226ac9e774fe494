"""Step 4: Train, Stop, Predict, and the sentence that says what is happening."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QProgressBar, QPushButton, QSizePolicy

from napari_fhn.widgets.curves import Curves
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.network.measured import duration
from napari_fhn.widgets.section import Section

_ERROR = "color: #e0705a;"


class RunPanel(Section):
    """Three buttons, a bar, a sentence and the curves.

    Parameters
    ----------
    desk : Desk
        Who carries it out.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(4, "Train")
        self._desk = desk
        self.train = QPushButton("Train")
        self.train.setToolTip("Train a new network on the labels. The section in view is predicted meanwhile.")
        self.train.clicked.connect(lambda: desk.train())
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("Stop within a second. The network as trained so far is kept.")
        self.stop.clicked.connect(lambda: desk.stop())
        self.predict = QPushButton("Predict")
        self.predict.setToolTip("Predict the whole survey with the trained network, beginning where you look.")
        self.predict.clicked.connect(lambda: desk.predict())
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in (self.train, self.stop, self.predict):
            row.addWidget(button, 1)
        self.body.addLayout(row)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setFixedHeight(16)
        self.bar.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.bar.setToolTip("How much is done, and the time left.")
        self.body.addWidget(self.bar)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.message.setSizePolicy(policy)
        # Room for two lines: the controls below must not jump when a sentence grows.
        self.message.setMinimumHeight(2 * self.message.fontMetrics().lineSpacing() + 4)
        self.message.setToolTip("What is happening now.")
        self.body.addWidget(self.message)
        self.details = QPushButton("Details …")
        self.details.setToolTip("What exactly went wrong, for a report.")
        self.details.clicked.connect(self._show_details)
        self.body.addWidget(self.details)
        self.curves = Curves(desk.history)
        self.curves.setVisible(False)
        desk.history.changed.connect(self._show_curves)
        self.body.addWidget(self.curves, 1)
        events = desk.state.events
        for name in ("task", "has_model"):
            getattr(events, name).connect(self._enable)
        desk.book.state.events.has_labels.connect(self._enable)
        for name in ("task", "share", "seconds_left"):
            getattr(events, name).connect(self._show_bar)
        for name in ("message", "note", "error", "detail"):
            getattr(desk.words.events, name).connect(self._show_message)
        self._enable()
        self._show_bar()
        self._show_message()

    def _enable(self, event: Any = None) -> None:
        state = self._desk.state
        idle = state.task is None and self._desk.book.state.has_labels
        self.train.setEnabled(idle)
        self.stop.setEnabled(state.task in ("prepare", "train", "predict"))
        self.predict.setEnabled(idle and state.has_model)

    def _show_bar(self, event: Any = None) -> None:
        state = self._desk.state
        self.bar.setValue(round(1000 * state.share))
        left = f" · {duration(state.seconds_left)} left" if state.task and state.seconds_left is not None else ""
        self.bar.setFormat(f"{100 * state.share:.0f} %{left}" if state.task or state.share else "")

    def _show_curves(self) -> None:
        # An empty plot takes room from what matters before training.
        self.curves.setVisible(bool(self._desk.history.steps) or self._desk.state.task == "train")

    def _show_message(self, event: Any = None) -> None:
        words = self._desk.words
        self.message.setStyleSheet(_ERROR if words.error else "")
        self.message.setText(f"{words.message} {words.note}" if words.note and not words.error else words.message)
        self.details.setVisible(words.error and bool(words.detail))

    def _show_details(self) -> None:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("FHN")
        box.setText(self._desk.words.message)
        box.setDetailedText(self._desk.words.detail)
        box.exec()
