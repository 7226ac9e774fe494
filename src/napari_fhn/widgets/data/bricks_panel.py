"""Offers a copy in bricks where the survey is large, and shows how far it is."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_fhn.training.machine import time_left
from napari_fhn.widgets.data.bricks import Bricks

_POLL_MS = 200
_STEPS = 1000


class BricksPanel(QWidget):
    """A sentence and a button; a bar and Cancel while it is copied; nothing for surveys that need none.

    Parameters
    ----------
    bricks : Bricks
        Who copies.
    """

    def __init__(self, bricks: Bricks) -> None:
        super().__init__()
        self._bricks = bricks
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setToolTip("The copy lies beside the sessions. The file itself is only read.")
        self.make = QPushButton("Copy into bricks")
        self.make.setToolTip("Copy the survey in the background. One may go on working, and cancel at any moment.")
        self.make.clicked.connect(lambda: bricks.copy())
        self.bar = QProgressBar()
        self.bar.setAccessibleName("progress of the copy")
        self.bar.setRange(0, _STEPS)
        self.bar.setFixedHeight(16)
        self.bar.setToolTip("How much is copied.")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop copying. What is copied is kept, and the next copy goes on from there.")
        self.cancel.clicked.connect(lambda: bricks.cancel())
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.words)
        column.addWidget(self.make)
        column.addLayout(row)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._show_share)
        for name in ("offered", "copying", "ready"):
            getattr(bricks.state.events, name).connect(self._show)
        self._show()

    def _show(self, event: Any = None) -> None:
        state = self._bricks.state
        self.setVisible(bool(state.offered) or state.copying)
        self.words.setText("Copying into bricks …" if state.copying else state.offered)
        self.make.setVisible(not state.copying)
        for widget in (self.bar, self.cancel):
            widget.setVisible(state.copying)
        if state.copying:
            self._timer.start()
            self._show_share()
        else:
            self._timer.stop()

    def _show_share(self) -> None:
        bricks = self._bricks
        left = f" · {said}" if (said := time_left.words(bricks.seconds_left)) else ""
        self.bar.setValue(round(_STEPS * bricks.share))
        self.bar.setFormat(f"{100 * bricks.share:.0f} %{left}")
