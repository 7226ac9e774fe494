"""The viewer's end of a process in which a network looks at a survey."""

from __future__ import annotations

import contextlib
import math
import subprocess
import time
from collections.abc import Callable
from typing import Any

from napari_fhn import record
from napari_fhn.engine.outbox import Outbox
from napari_fhn.engine.pulse import Silence, waiting_of
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.machine import groups
from napari_fhn.training.machine.leaving import LAST_SECONDS, command, end
from napari_fhn.training.machine.pipes import lines_or_silence

PROGRAM = command("napari_fhn.engine.looker")
"""What is started."""

LOOK = 0.5
"""Seconds without a word after which is looked whether the process still lives, and whether anybody waits for it."""


class Looking:
    """Lets the network of a job look at its survey, in a process of its own."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def look(
        self,
        job: Job,
        told: Callable[[float], None] | None = None,
        stands: Callable[[str | None], None] | None = None,
    ) -> bool:
        """Wait until the states of the network lie beside the prediction.

        Parameters
        ----------
        job : Job
            Of a trained network.
        told : callable, optional
            Told the share that is done, on the thread that waits, at least each half a second, also by a process that
            stands still. What it raises ends the process.
        stands : callable, optional
            Told, on the same thread, that the process stands still and what to do; None when it goes on.

        Returns
        -------
        bool
            Whether they do; False when it was stopped.

        Raises
        ------
        JobError
            When the model or the files do not fit, or the process died.
        """
        process = self._process = subprocess.Popen(
            PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdin is not None
        assert process.stdout is not None
        killed_before = groups.killed()
        # By a thread: a process that stands still before it has read a long job would hold up whoever writes it.
        outbox = Outbox(process.stdin)
        try:
            outbox.put({"do": "look", "job": job.to_dict()})
            silence, standing, share = Silence("The process in which the network looks", _WAY_OUT), None, 0.0
            for line in lines_or_silence(process.stdout, LOOK):
                said = _plain(line)
                if "error" in said:
                    raise JobError(str(said["error"]))
                if "done" in said:
                    return bool(said["done"])
                if line is not None:
                    silence.heard(waiting_of(said) or 0.0)
                silence.look(time.monotonic())
                if stands is not None and silence.sentence != standing:
                    stands(silence.sentence)
                standing = silence.sentence
                share = _share(said, share)
                if told is not None:
                    told(share)
        finally:
            outbox.close()
            _let_go(process)
        raise JobError(
            "the process in which the network looked at the survey ended before it was done"
            + (": memory ran out" if groups.killed() > killed_before else "")
        )

    def close(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()


_WAY_OUT = "Wait, or stop it: nothing is lost."


def _plain(line: bytes | None) -> dict[str, Any]:
    """Return what a line says; nothing where it is none of its lines."""
    with contextlib.suppress(ValueError):
        said = record.parse(line or b"")
        if isinstance(said, dict):
            return said
    return {}


def _share(said: dict[str, Any], before: float) -> float:
    share = said.get("share")
    return min(max(float(share), 0.0), 1.0) if isinstance(share, float | int) and math.isfinite(share) else before


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has left, as it does when its standard input is closed; it is ended where it does not.

    What it says is read to its end, and closed, by the thread that hears it.
    """
    try:
        process.wait(2 * LAST_SECONDS)
    except subprocess.TimeoutExpired:
        end(process)
