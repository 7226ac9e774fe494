"""The program that trains: commands come in as JSON lines on standard input, updates go out on standard output.

Run as ``python -m napari_fhn.engine.worker``. It ends when its standard input closes, so it never outlives the viewer.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import IO, Any

from napari_fhn import mapped
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.job import Job, JobError
from napari_fhn.training.log import kept
from napari_fhn.training.updates import Failed, Update, to_json

_LAST_SECONDS = 1.0
"""Time that running work has to save itself once the viewer is gone."""

_STILL_MOVING = 0.5
"""Seconds after the last change of section, or movement of the hand, during which the window draws without end."""


class Worker:
    """Carries out commands one after the other; stop, pause, resume, revert, focus and "give way" act at once.

    Parameters
    ----------
    commands, updates : text streams
        One JSON object in each line.
    """

    def __init__(self, commands: IO[str], updates: IO[str]) -> None:
        self._commands = commands
        self._updates = updates
        self._control = Control()
        self._work: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._moved = -math.inf

    def run(self) -> None:
        """Work until the commands end."""
        threading.Thread(target=self._read, name="commands", daemon=True).start()
        import torch  # slow: done while the person is still labelling

        from napari_fhn.training.device import choose_device, describe

        all_threads = torch.get_num_threads()
        self._say(describe(choose_device("auto")))
        while (command := self._work.get()) is not None:
            self._say(describe(choose_device("auto")))  # other programs may have taken memory since
            for update in self._carry_out(command):
                self._say(update)
                threads = self.threads(all_threads)
                if threads != torch.get_num_threads():
                    torch.set_num_threads(threads)

    def threads(self, most: int) -> int:
        """Return how many threads to compute with just now.

        Drawing takes about a core while sections fly by or someone paints. Two threads that wait for each other on one
        core and a half are slower than one thread that has a core to itself, and the window stutters.
        """
        moving = time.monotonic() - self._moved < _STILL_MOVING
        return max(1, most - 1) if moving else most

    def _say(self, update: Update) -> None:
        self._updates.write(to_json(update) + "\n")
        self._updates.flush()

    def _read(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in self._commands:
                self._hear(json.loads(line))
        self._control.stop.set()
        self._work.put(None)
        # The viewer is gone: what does not stop by itself is ended.
        timer = threading.Timer(_LAST_SECONDS, os._exit, (1,))
        timer.daemon = True
        timer.start()

    def _hear(self, command: dict[str, Any]) -> None:
        control = self._control
        match command["do"]:
            case "stop":
                control.stop.set()
            case "pause":
                control.pause.set()
            case "resume":
                control.pause.clear()
            case "revert":
                control.revert = command["step"]
            case "focus":
                control.focus = Focus(**command["focus"]) if command["focus"] else None
                self._moved = time.monotonic()
            case "give way":
                self._moved = time.monotonic()
            case _:
                # Cleared here, in the order of the commands: a stop that follows at once is not lost.
                control.stop.clear()
                control.pause.clear()
                control.revert = None
                self._work.put(command)

    def _carry_out(self, command: dict[str, Any]) -> Iterator[Update]:
        try:
            from napari_fhn.training.predicting import predict
            from napari_fhn.training.trainer import fit

            job, resume = Job.from_dict(command["job"]), command.get("resume", False)
            if command["do"] == "train":
                updates = fit(job, self._control, resume=resume)
            else:
                updates = predict(job, self._control)
            yield from kept(updates, job, command["do"], continued=resume)
        except JobError as error:
            message = str(error)
            yield Failed(message[:1].upper() + message[1:], traceback.format_exc())
        except Exception as error:
            yield Failed(_sentence(error), traceback.format_exc())


def _sentence(error: Exception) -> str:
    text = str(error)
    # torch reports a full GPU as OutOfMemoryError, a full machine as a RuntimeError of its allocator.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in text:
        return "There is not enough memory for blocks of this size. Choose a smaller block; your labels are untouched."
    if mapped.is_full(error):
        return f"There is no room left on the disk ({text}): make room and do it again. Your labels are untouched."
    if isinstance(error, OSError):
        return f"A file could not be read or written: {text}. Your labels are untouched."
    return f"Training stopped on an error: {type(error).__name__}: {text}. Your labels are untouched."


def main() -> None:
    """Talk over the standard streams."""
    # What libraries print must not end up between the updates: standard output is theirs no longer.
    updates = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    Worker(sys.stdin, updates).run()


if __name__ == "__main__":
    main()
