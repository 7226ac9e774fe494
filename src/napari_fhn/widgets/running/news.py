"""News of the training process: heard, and shown as layers, curves, numbers and sentences."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtCore import QTimer

from napari_fhn.box import Box
from napari_fhn.engine import Engine
from napari_fhn.training import BoxChanged, Device, Done, Failed, Note, Progress, Update
from napari_fhn.widgets import view
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.network.planning import Planning
from napari_fhn.widgets.prediction import Prediction
from napari_fhn.widgets.running.overlays import Overlays
from napari_fhn.widgets.running.training_history import TrainingHistory
from napari_fhn.widgets.state import Activity

POLL_MS = 50
"""How often the news of the training process are read."""

SHOW_SECONDS = 1.0
"""How often numbers and curves in the dock follow them. Whatever changes, Qt puts the whole window together anew,
canvas and all: without a graphics card that takes a core for 20 to 60 ms, away from training and from the hand."""


@dataclass(frozen=True, eq=False)
class Shown:
    """Where the news of the process are shown.

    Parameters
    ----------
    prediction : Prediction
        The layer of what is predicted.
    overlays : Overlays
        What is written beside it.
    history : TrainingHistory
        The curves.
    """

    prediction: Prediction
    overlays: Overlays
    history: TrainingHistory


class News:
    """Listens to the process.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    engine : Engine
        The process.
    planning : Planning
        Which is told of the device.
    shown : Shown
        Where the news are shown.
    ended : callable
        Called with the last news of a training or prediction, when all before it is shown.
    painted : callable
        Called with the time (``time.monotonic``) when a change of the prediction in view has been handed to the canvas.

    Attributes
    ----------
    copied : float
        How much of the survey is copied before the process begins, 0 to 1; written by another thread.
    first : float or None
        Seconds from the beginning to the first prediction in view.
    """

    def __init__(
        self,
        context: DeskContext,
        engine: Engine,
        planning: Planning,
        shown: Shown,
        *,
        ended: Callable[[Done | Failed], None],
        painted: Callable[[float], None],
    ) -> None:
        self.copied = 0.0
        self.first: float | None = None
        self._state = context.state
        self._messages = context.messages
        self._engine = engine
        self._planning = planning
        self._shown = shown
        self._ended = ended
        self._painted = painted
        self._repainter = view.Repainter(context.viewer)
        self._began = 0.0
        self._written = False
        self._latest: Progress | None = None
        self._developed = False
        self._show_at = self._left_at = 0.0
        self._left: float | None = None
        self._stood = False
        self._timer = QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._timer.start()

    def begin(self) -> None:
        """Forget the news of what was done before."""
        self.copied, self.first, self._left = 0.0, None, None
        self._began, self._written = time.monotonic(), False
        self._messages.note = ""

    def close(self) -> None:
        """Hear no more."""
        # At the end of the program Qt may have deleted the timer already.
        with contextlib.suppress(RuntimeError):
            self._timer.stop()

    def _poll(self) -> None:
        for update in self._engine.poll():
            self._developed |= self._shown.history.hear(update)
            self._hear(update)
        self.repaint()
        if time.monotonic() >= self._show_at:
            self._show()

    def _show(self) -> None:
        """Let numbers and curves follow what was heard."""
        self._show_at = time.monotonic() + SHOW_SECONDS
        state, latest = self._state, self._latest
        if state.activity is Activity.PREPARING:
            state.share = self.copied
        if latest is not None and state.activity.can_pause:
            state.share = latest.step / max(latest.steps, 1)
            self._left, self._left_at = latest.seconds_left, time.monotonic()
            if not state.activity.paused:
                self._messages.say(_progress(latest))
        self._count_down()
        self._say_standing()
        self._latest = None
        if self._developed:
            self._developed = False
            self._shown.history.changed.emit()

    def _count_down(self) -> None:
        """Let the time left run down between the news: a view that is predicted takes longer than a step."""
        state = self._state
        if state.activity.can_pause and not state.activity.paused and self._left is not None:
            state.seconds_left = self._left - (time.monotonic() - self._left_at)

    def _say_standing(self) -> None:
        """Say that the process stands still, for as long as it does."""
        standing, stood = self._engine.standing, self._stood
        self._stood = standing is not None
        if standing is not None:
            self._messages.say(standing)
        elif stood and self._latest is None and self._state.activity.can_stop:
            self._messages.say("The training process goes on.")

    def _hear(self, update: Update) -> None:
        activity = self._state.activity
        match update:
            case Progress():
                self._latest = update
            case BoxChanged():
                self._box_changed(update.box)
            case Device():
                self._planning.hear(update)
            case Note() if activity.paused:
                self._show()  # a pause shows all that was made before it
                learnt = " What you paint meanwhile is learnt when you resume." if activity.training else ""
                self._messages.say(update.message + learnt)
            case Note():
                self._messages.note = update.message
            case Done() | Failed():
                self._show()
                self._ended(update)

    def _box_changed(self, box: Box) -> None:
        if not self._written:
            self._written = True
            self._shown.overlays.renew()  # their files are there from now on
            self._shown.prediction.follow()
        if self._shown.prediction.layer is not None:
            self._repainter.changed(box, self._shown.prediction.layer)

    def repaint(self, *, now: bool = False) -> None:
        """Repaint the prediction where it has changed in view, if it is time, or now."""
        layer = self._shown.prediction.layer
        if layer is None or not self._repainter.repaint([layer, *self._shown.overlays.layers.values()], now=now):
            return
        now_s = time.monotonic()
        if self.first is None:
            self.first = now_s - self._began
        self._painted(now_s)


def _progress(update: Progress) -> str:
    if update.task == "train":
        loss = f", loss {update.loss:.2f}" if update.loss is not None else ""
        return f"Training: step {update.step} of {update.steps}{loss}."
    return f"Predicting the whole survey: {update.step} of {update.steps}."
