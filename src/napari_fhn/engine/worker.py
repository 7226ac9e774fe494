"""The program that trains: commands come in as JSON lines on standard input, updates go out on standard output.

Run as ``leaving.command`` says. It ends when its standard input closes, and is ended when whoever started it is gone,
so it never outlives the viewer. A line that it does not understand is answered, and the next one heard.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import IO, Any

from napari_fhn import mapped, record
from napari_fhn.engine import pulse
from napari_fhn.keys import hidden
from napari_fhn.record.errors import in_words
from napari_fhn.sentence import begun
from napari_fhn.training.control import Control, Focus
from napari_fhn.training.errors import JobError, decoded
from napari_fhn.training.files.log import kept
from napari_fhn.training.job import Job
from napari_fhn.training.machine.leaving import LAST_SECONDS, leave_with_starter
from napari_fhn.training.machine.memory import is_out_of_memory
from napari_fhn.training.machine.pipes import lines
from napari_fhn.training.updates import Failed, Note, Update, to_json

_STILL_MOVING = 0.5
"""Seconds after the last change of section, or movement of the hand, during which the window draws without end."""


class Worker:
    """Carries out commands one after the other; stop, pause, resume, revert, focus and "give way" act at once.

    Parameters
    ----------
    commands, updates : binary streams
        One JSON object in each line.
    """

    def __init__(self, commands: IO[bytes], updates: IO[bytes]) -> None:
        self._commands = commands
        self._updates = updates
        self._saying = threading.Lock()
        self._control = Control()
        self._work: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._asked = self._ended = 0
        self._moved = -math.inf

    def run(self) -> None:
        """Work until the commands end."""
        pulse.start(self._beat)
        threading.Thread(target=self._read, name="commands", daemon=True).start()
        import torch  # slow: done while the person is still labelling

        from napari_fhn.training.machine.device import choose_device, describe

        all_threads = torch.get_num_threads()
        self._say(describe(choose_device("auto")))

        from napari_fhn.training.combination.opening import get_ready

        if self._work.empty():  # else somebody waits, perhaps for something else
            get_ready()

        while (command := self._work.get()) is not None:
            self._say(describe(choose_device("auto")))  # other programs may have taken memory since
            for update in self._carry_out(command):
                self._say(update)
                threads = self.threads(all_threads)
                if threads != torch.get_num_threads():
                    torch.set_num_threads(threads)
            self._ended += 1

    def threads(self, most: int) -> int:
        """Return how many threads to compute with just now.

        Drawing takes about a core while sections fly by or someone paints. Two threads that wait for each other on one
        core and a half are slower than one thread that has a core to itself, and the window stutters.
        """
        moving = time.monotonic() - self._moved < _STILL_MOVING
        return max(1, most - 1) if moving else most

    def _say(self, update: Update) -> None:
        line = to_json(update).encode() + b"\n"
        with self._saying:
            self._write(line)

    def _beat(self, line: bytes) -> None:
        # Where another line is being written, that says that this process lives as soon as somebody reads it.
        if self._saying.acquire(blocking=False):
            try:
                self._write(line)
            finally:
                self._saying.release()

    def _write(self, line: bytes) -> None:
        try:
            self._updates.write(line)
            self._updates.flush()
        except BrokenPipeError:
            # Nobody hears it any more. What is under way saves itself, as when it is stopped; what it says of that, and
            # what was not taken, goes nowhere, where Python would try once more at the end.
            self._control.stop.set()
            with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), self._updates.fileno())

    def listen(self) -> None:
        """Do what the commands say, or put it into the queue of work, until they end."""
        for line in lines(self._commands):
            try:
                self._hear(line)
            except OSError:
                break  # nobody hears the answers any more

    def _read(self) -> None:
        try:
            self.listen()
        finally:  # also where hearing failed: a process that is deaf leaves, and the viewer says that it is gone
            self._control.stop.set()
            self._work.put(None)
            # The viewer is gone: what does not stop by itself is ended.
            timer = threading.Timer(LAST_SECONDS, os._exit, (1,))
            timer.daemon = True
            timer.start()

    def _hear(self, line: bytes | None) -> None:
        """Do what a line says, or answer that it says nothing."""
        try:
            if line is None:
                raise JobError("it is too long")
            command = record.parse(line)
            if not isinstance(command, dict):
                raise JobError(f"it is {type(command).__name__} where names and values are expected")
            self._obey(command)
        except ValueError as error:
            words = f"The training process was told something that it does not understand, and left it out: {error}."
            # Whoever waits for an end would wait for ever; work under way has an end of its own.
            self._say(Note(words) if self._asked > self._ended else Failed(words))

    def _obey(self, command: dict[str, Any]) -> None:
        control = self._control
        match command.get("do"):
            case "stop":
                control.stop.set()
            case "pause":
                control.pause.set()
            case "resume":
                control.pause.clear()
            case "revert":
                control.revert = decoded(int, command.get("step"), "step")
            case "focus":
                if "focus" not in command:
                    raise JobError("it does not say which section is in view")
                where = command["focus"]
                control.focus = None if where is None else decoded(Focus, where, "focus")
                place = command.get("place")
                control.place = None if place is None else decoded(tuple[int, ...], place, "place")
                self._moved = time.monotonic()
            case "give way":
                self._moved = time.monotonic()
            case "train" | "predict":
                # Cleared here, in the order of the commands: a stop that follows at once is not lost.
                control.stop.clear()
                control.pause.clear()
                control.revert = None
                self._asked += 1
                self._work.put(command)
            case other:
                raise JobError(f"{in_words(other)} is no command that this version knows")

    def _carry_out(self, command: dict[str, Any]) -> Iterator[Update]:
        try:
            from napari_fhn.training.predicting import predict
            from napari_fhn.training.trainer import fit

            job, resume = Job.from_dict(command.get("job", {})), command.get("resume") is True
            if command["do"] == "train":
                updates = fit(job, self._control, resume=resume)
            else:
                updates = predict(job, self._control)
            yield from kept(updates, job, command["do"], continued=resume)
        except JobError as error:
            message = str(error)
            yield Failed(begun(message), hidden(traceback.format_exc()))
        except Exception as error:
            yield Failed(_sentence(error), hidden(traceback.format_exc()))


def _sentence(error: Exception) -> str:
    text = str(error)
    # A full GPU and a full machine have many names.
    if is_out_of_memory(error):
        return "There is not enough memory for blocks of this size. Choose a smaller block; your labels are untouched."
    if mapped.is_full(error):
        return f"There is no room left on the disk ({text}): make room and do it again. Your labels are untouched."
    if isinstance(error, OSError):
        return f"A file could not be read or written: {text}. Your labels are untouched."
    return f"Training stopped on an error: {type(error).__name__}: {text}. Your labels are untouched."


def main() -> None:
    """Talk over the standard streams."""
    leave_with_starter()  # where it was run as a module
    # What libraries print must not end up between the updates: standard output is theirs no longer.
    updates = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    Worker(sys.stdin.buffer, updates).run()


if __name__ == "__main__":
    main()
