"""The viewer's end of a process in which a network looks at a survey."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from napari_fhn import record
from napari_fhn.training import groups
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.leaving import LAST_SECONDS, end
from napari_fhn.training.pipes import lines


class Looking:
    """Lets the network of a job look at its survey, in a process of its own."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def look(self, job: Job, told: Callable[[float], None] | None = None) -> bool:
        """Wait until the states of the network lie beside the prediction.

        Parameters
        ----------
        job : Job
            Of a trained network.
        told : callable, optional
            Told the share that is done, on the thread that waits.

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
            [sys.executable, "-m", "napari_fhn.engine.looker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        killed_before = groups.killed()
        try:
            with contextlib.suppress(OSError):
                process.stdin.write(json.dumps(job.to_dict()).encode() + b"\n")
                process.stdin.flush()
            for line in lines(process.stdout):
                said = _plain(line)
                if "error" in said:
                    raise JobError(str(said["error"]))
                if "done" in said:
                    return bool(said["done"])
                if told is not None and isinstance(said.get("share"), float | int):
                    told(float(said["share"]))
        finally:
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


def _plain(line: bytes | None) -> dict[str, Any]:
    """Return what a line says; nothing where it is none of its lines."""
    with contextlib.suppress(ValueError):
        said = record.parse(line or b"")
        if isinstance(said, dict):
            return said
    return {}


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Close what leads to a process, upon which it leaves, and wait for that; it is ended where it does not."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    try:
        process.wait(2 * LAST_SECONDS)
    except subprocess.TimeoutExpired:
        end(process)
