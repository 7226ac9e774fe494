"""The viewer's end of a process in which a network looks at a survey."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable

from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job


class Looking:
    """Lets the network of a job look at its survey, in a process of its own."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

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
            text=True,
            encoding="utf-8",
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            with contextlib.suppress(OSError):
                process.stdin.write(json.dumps(job.to_dict()) + "\n")
                process.stdin.flush()
            for line in process.stdout:
                said = json.loads(line)
                if "error" in said:
                    raise JobError(said["error"])
                if "done" in said:
                    return bool(said["done"])
                if told is not None:
                    told(float(said["share"]))
        raise JobError("the process in which the network looked at the survey ended before it was done")

    def close(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()
