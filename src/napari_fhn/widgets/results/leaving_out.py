"""Leaves wells or patches out in turn: trainings in a program of their own, which is heard and can be stopped."""

from __future__ import annotations

import contextlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_fhn import leftovers, record
from napari_fhn.labels import LabelError
from napari_fhn.project import NeedsConsent, ProjectError, Run
from napari_fhn.report import left_out
from napari_fhn.training.files import removing
from napari_fhn.training.job import JobError
from napari_fhn.training.machine import leaving
from napari_fhn.training.machine.pipes import lines
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.state import Activity

_POLL_MS = 200
_GRACE = 3.0
"""Seconds in which it stops by itself when it is asked to; then it is ended."""

_TAIL = 400
"""Characters of what the program said last, where it fails."""


class LeavingOut:
    """Scores the current run by its labels, each left out of a training of its own.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.

    Attributes
    ----------
    changed : Signal
        Emitted when it begins and when it has ended.
    """

    changed = Signal()

    def __init__(self, context: DeskContext) -> None:
        self._context = context
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._errors: Path | None = None
        self._run: Run | None = None
        self._words: list[str] | None = None
        self._stopped: float | None = None
        self._timer = QTimer()
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._hear)

    @property
    def running(self) -> bool:
        """Whether trainings are under way."""
        return self._process is not None

    def press(self) -> None:
        """Plan it, ask, and begin; stop it where it is under way."""
        if self.running:
            self.stop()
            return
        context, run = self._context, self._context.project.current
        if run is None or not run.has_model or not context.project.writable:
            context.messages.say("Train first: there is no network yet.")
            return

        def planned(found: left_out.Plan) -> None:
            # What it takes is said before it begins.
            if context.consent(NeedsConsent(" ".join(found.notes), consent="folds")):
                self._begin(run)
            else:
                context.messages.say("Nothing was done.")

        def failed(error: BaseException) -> None:
            known = isinstance(error, ProjectError | JobError | LabelError)
            context.messages.fail(str(error) if known else f"Labels could not be left out: {error}.")

        title = "Planning which labels are left out"
        context.attempt(Operation(title), lambda _: left_out.plan(run.job()), planned, failed)

    def stop(self) -> None:
        """End what is under way; the run stays as it is."""
        if self._process is not None and self._stopped is None:
            self._stopped = time.monotonic()
            if sys.platform == "win32":
                self._process.terminate()
            else:
                self._process.send_signal(signal.SIGINT)  # it stops at its next small step, and tidies up

    def close(self) -> None:
        """End it with the window."""
        # At the end of the program Qt may have deleted the timer already.
        with contextlib.suppress(RuntimeError):
            self._timer.stop()
        if self._process is not None:
            leaving.end(self._process)
            self._process = None
            self._clear()

    def _clear(self) -> None:
        """Remove what it worked in, which it has left where it was ended."""
        if self._scratch is not None:
            self._scratch.cleanup()
        if self._run is not None:
            removing.trials(self._run.folder / left_out.SCRATCH)

    def _begin(self, run: Run) -> None:
        if self.running or not self._context.state.become(Activity.LEAVING_OUT):
            return
        self._run, self._stopped, self._words = run, None, None
        # Where no session is, so that nobody but this window writes in the one that is open.
        self._scratch = leftovers.temporary()
        job, self._errors = Path(self._scratch.name, "job.json"), Path(self._scratch.name, "errors.txt")
        run.job().save(job)
        # Through a program that ends it with this window, however that ends.
        given = ("score", "--job", str(job), "--leave-one-out", "--json")
        trusted = "--trust-job"  # of this session, whose files lie where it says
        command = leaving.command("napari_fhn.cli", *given, trusted, interrupt=True)
        with self._errors.open("w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        assert self._process.stdout is not None
        self._lines = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(self._process.stdout, self._lines), daemon=True).start()
        self._context.messages.say("Leaving labels out in turn …")
        self._timer.start()
        self.changed.emit()

    def _hear(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                line = self._lines.get_nowait()
                if line is None:
                    self._end()
                    return
                self._take(line)
        late = self._stopped is not None and time.monotonic() - self._stopped > _GRACE
        if late and self._process is not None:
            self._process.kill()  # one that stands still does not hear that it is to stop

    def _take(self, line: bytes) -> None:
        try:
            match record.parse(line):
                case {"kind": "Note", "message": str(words)}:
                    self._context.messages.say(words)
                case {"kind": "Fold", "number": int(number), "folds": int(folds)}:
                    self._context.state.share = number / max(folds, 1)
                case {"kind": "Spread", "words": list(words)}:
                    self._words = [str(word) for word in words]
        except ValueError:
            pass  # what a library prints

    def _end(self) -> None:
        assert self._process is not None
        self._timer.stop()
        code = self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
        said = self._errors.read_text(encoding="utf-8", errors="replace").strip() if self._errors is not None else ""
        self._clear()
        self._context.state.become(Activity.IDLE)
        if self._words is not None:
            self._context.messages.say("\n".join(self._words))
        elif self._stopped is not None:
            self._context.messages.say("Stopped: nothing was scored, and the run is as it was.")
        else:
            self._context.messages.fail(f"Labels could not be left out ({code}): {said[-_TAIL:]}")
        self.changed.emit()


def _listen(stream: IO[bytes], heard: queue.SimpleQueue[bytes | None]) -> None:
    with stream:
        for line in lines(stream):
            if line is not None:
                heard.put(line)
    heard.put(None)
