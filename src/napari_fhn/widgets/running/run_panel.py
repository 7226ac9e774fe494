"""Step 4: train, pause, stop, predict, and the sentence that says what is happening: pinned below all other parts."""

from __future__ import annotations

import time
from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_fhn.network.counting import in_words
from napari_fhn.training.machine import time_left
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.running.beginning_menu import BeginningMenu
from napari_fhn.widgets.running.curves import Curves
from napari_fhn.widgets.running.next_panel import NextPanel
from napari_fhn.widgets.running.predict_menu import PredictMenu
from napari_fhn.widgets.running.prediction_view import PredictionView
from napari_fhn.widgets.section import QUIET, SPACING, Section

_ERROR = "color: #e0705a;"

_TICK_MS = 500
"""How often the bar follows an operation."""

_MOMENT = 0.4
"""Seconds before it is told of: what is over at once needs no bar."""

_FEWEST = 8
"""Letters of its title that are seen in any case."""

_LINES = 3
"""Lines of a sentence that are seen at once; longer ones are scrolled, and nothing moves for them."""

_FIGURES = (
    "Duration of a step; memory of the training process; relative error of the states that the backward sweep "
    "recomputes (some 1e-7 in single precision: below 1e-3 all is well)."
)


class RunPanel(Section):
    """Four buttons, a bar, a sentence, a line of figures and the curves.

    Parameters
    ----------
    desk : Desk
        Who carries it out.

    Attributes
    ----------
    pinned : QWidget
        Buttons, bar and sentence, for a place that does not scroll.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(4, "Train")
        self._desk = desk
        self.train = _button("Train", "Train a new network on the labels. What is in view is predicted meanwhile.")
        self.train.clicked.connect(lambda: desk.train())
        self.pause = _button("Pause", "Let the work wait and keep its memory; press again to go on.")
        self.pause.clicked.connect(lambda: desk.work.pause_or_resume())
        self.stop = _button("Stop", "Stop within a second. The network as trained so far is kept.")
        self.stop.clicked.connect(lambda: desk.stop())
        self.predict = _button(
            "Predict", "Predict the whole survey with the trained network, beginning where you look. Stop cancels it."
        )
        self.predict.clicked.connect(lambda: desk.predict())
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in (self.train, self.pause, self.stop, self.predict):
            row.addWidget(button, 1)
        self.beginnings = BeginningMenu(desk)
        row.insertWidget(1, self.beginnings)
        self.predictions = PredictMenu(desk)
        row.addWidget(self.predictions)
        self.pinned = QWidget()
        pinned = QVBoxLayout(self.pinned)
        pinned.setContentsMargins(8, 4, 8, 4)
        pinned.setSpacing(SPACING)
        pinned.addLayout(row)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("progress")
        self.bar.setRange(0, 1000)
        self.bar.setFixedHeight(16)
        self.bar.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.bar.setToolTip("How much is done, and the time left.")
        self.cancel = QToolButton()
        self.cancel.setText("✕")
        self.cancel.setToolTip("Let go of what the bar shows.")
        self.cancel.setFixedHeight(16)
        policy = self.cancel.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing moves when it comes
        self.cancel.setSizePolicy(policy)
        self.cancel.clicked.connect(self._cancel)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._show_bar)
        along = QHBoxLayout()
        along.setSpacing(SPACING)
        along.addWidget(self.bar, 1)
        along.addWidget(self.cancel)
        pinned.addLayout(along)
        self.message = self._make_message()
        pinned.addWidget(self._room_for(self.message))
        self.figures = QElidingLabel()
        self.figures.setStyleSheet(QUIET)
        self.figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.figures.setVisible(False)
        self.body.addWidget(self.figures)
        self.details = _button("Details …", "What exactly went wrong, for a report.")
        self.details.clicked.connect(self._show_details)
        pinned.addWidget(self.details)
        self.curves = Curves(desk.history)
        self.curves.setVisible(False)
        self.curves.reverted.connect(desk.work.revert)
        self.body.addWidget(self.curves, 1)
        self.looks = PredictionView(desk)
        self.body.addWidget(self.looks)
        self.next = NextPanel(desk.suggestions)
        self.body.addWidget(self.next)
        self._connect()
        self._enable()
        self._show_bar()
        self._show_message()

    def _connect(self) -> None:
        desk, events = self._desk, self._desk.state.events
        events.activity.connect(self._enable)
        desk.project.changed.connect(self._enable)
        desk.project.runs_changed.connect(self._enable)
        desk.book.state.events.has_labels.connect(self._enable)
        desk.book.state.events.classes.connect(self.curves.colour)
        desk.history.changed.connect(self._show_history)
        for name in ("activity", "share", "seconds_left"):
            getattr(events, name).connect(self._show_bar)
        desk.background.changed.connect(self._operations)
        for name in ("message", "note", "waiting", "error", "detail", "cell"):
            getattr(desk.messages.events, name).connect(self._show_message)

    def _make_message(self) -> QLabel:
        message = QLabel()
        message.setWordWrap(True)
        message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        message.setAlignment(Qt.AlignmentFlag.AlignTop)
        message.setToolTip("What is happening now.")
        return message

    @staticmethod
    def _room_for(message: QLabel) -> QScrollArea:
        """Return a room of always the same height: nothing may move when a sentence grows."""
        room = QScrollArea()
        room.setWidget(message)
        room.setWidgetResizable(True)
        room.setFrameShape(QFrame.Shape.NoFrame)
        room.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        room.setFixedHeight(_LINES * message.fontMetrics().lineSpacing() + 8)
        return room

    def _enable(self, event: Any = None) -> None:
        activity, project = self._desk.state.activity, self._desk.project
        may = activity.idle and self._desk.book.state.has_labels and project.writable
        self.pause.setText("Resume" if activity.paused else "Pause")
        self._offer(
            {
                self.train: may,
                self.pause: activity.can_pause,
                self.stop: activity.can_stop,
                self.predict: may and project.has_model,
            }
        )
        self.beginnings.setEnabled(may)
        something = project.has_model or project.has_prediction or not activity.idle
        for widget in (self.looks, self.next):
            widget.setVisible(something)

    def _offer(self, wanted: dict[QPushButton, bool]) -> None:
        """Enable buttons and disable others; the keys stay in this part of the dock.

        Of a button that is disabled while it has them Qt hands them to whatever comes next, in another panel, where a
        second press of the space bar would do something else.
        """
        if any(button.hasFocus() and not may for button, may in wanted.items()):
            self.heading.setFocus(Qt.FocusReason.OtherFocusReason)
        for button, may in wanted.items():
            button.setEnabled(may)

    @property
    def operation(self) -> Operation | None:
        """What the bar tells of beside training and predicting: what was begun last, once it has taken a moment."""
        found = [one for one in self._desk.background.under_way if time.monotonic() - one.began > _MOMENT]
        return found[-1] if found else None

    def _operations(self) -> None:
        if self._desk.background.under_way:
            self._tick.start()
        else:
            self._tick.stop()
        self._show_bar()

    def _cancel(self) -> None:
        operation = self.operation
        if operation is not None:
            self._desk.background.stop(operation)
            self._show_bar()

    def _show_bar(self, event: Any = None) -> None:
        operation = self.operation
        self.cancel.setVisible(operation is not None)
        if operation is not None:
            self._show_operation(operation)
            return
        state = self._desk.state
        busy = not state.activity.idle
        left = f" · {said}" if busy and (said := time_left.words(state.seconds_left)) else ""
        # By itself the bar paints at once, before the rest of the window.
        self.bar.setUpdatesEnabled(False)
        self.bar.setValue(round(1000 * state.share))
        self.bar.setFormat(f"{100 * state.share:.0f} %{left}" if busy or state.share else "")
        self.bar.setUpdatesEnabled(True)

    def _show_operation(self, operation: Operation) -> None:
        share, seconds = operation.share, int(time.monotonic() - operation.began)
        done = f"{100 * share:.0f} %" if share is not None else f"{time_left.duration(seconds)}"
        words = f"Stopping: {operation.title}" if operation.stopped else operation.title
        self.cancel.setToolTip(f"Stop: {operation.title}.")
        self.cancel.setEnabled(not operation.stopped)
        self.bar.setUpdatesEnabled(False)
        self.bar.setValue(round(1000 * (share or 0.0)))
        room = self.bar.fontMetrics().horizontalAdvance
        while len(words) > _FEWEST and room(f"{words} … · {done}") > self.bar.width():
            words = words[:-1]
        self.bar.setFormat(f"{words.rstrip()} … · {done}")
        self.bar.setUpdatesEnabled(True)

    def _show_history(self) -> None:
        history = self._desk.history
        # An empty plot takes room from what matters before training.
        self.curves.setVisible(bool(history.steps) or self._desk.state.activity.training)
        parts = []
        if history.seconds and history.seconds[-1] > 0:
            parts.append(f"{history.seconds[-1]:.2g} s a step")
        if history.memory:
            parts.append(in_words(history.memory))
        if history.invertibility_error is not None:
            parts.append(f"exact to {history.invertibility_error:.0e}")
        self.figures.setText("  ·  ".join(parts))
        self.figures.setToolTip(f"{self.figures.text()}. {_FIGURES}")
        self.figures.setVisible(bool(parts))

    def _show_message(self, event: Any = None) -> None:
        words = self._desk.messages
        self.message.setStyleSheet(_ERROR if words.error else "")
        self.message.setText(words.words)
        self.details.setVisible(words.error and bool(words.detail))

    def _show_details(self) -> None:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("FHN")
        box.setText(self._desk.messages.worded(self._desk.messages.message))
        box.setDetailedText(self._desk.messages.detail)
        box.exec()


def _button(title: str, tooltip: str) -> QPushButton:
    button = QPushButton(title)
    button.setToolTip(tooltip)
    # As wide as there is room: four in a row fit beside a scroll bar.
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return button
