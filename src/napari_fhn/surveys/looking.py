"""A look through a file in a process of its own, where a library has been seen to end the program, or to loop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from napari_fhn.surveys.errors import SurveyError

#: Seconds that a look through a file may compute. Where other programs compute too it may take longer than that.
TIMEOUT = 10
#: Seconds after which it is given up whatever it does: its disk may not answer.
PATIENCE = 40
_LOOK = 0.2
"""Seconds after which is asked how much it has computed."""

_DEATH = 0.5
"""Seconds that a killed process is waited for."""


def looked_through(path: Path, script: str, arguments: tuple[str, ...], library: str) -> bytes | None:
    """Let another process look through a file first.

    Parameters
    ----------
    path : Path
        The file.
    script : str
        What looks: a file of Python that imports nothing of this package, so that a fresh interpreter is quick. It is
        given the path, `arguments`, and the seconds after which it has to end by itself. What it raises in good
        order is left to the reader.
    arguments : tuple of str
        What it is told besides.
    library : str
        Whose library it is, for sentences.

    Returns
    -------
    bytes or None
        What it printed; None where there is no interpreter to start (an application that brings its own).

    Raises
    ------
    SurveyError
        When that process crashed, or did not end in time.
    """
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", script, str(path), *arguments, str(PATIENCE + 1)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    began = time.monotonic()
    try:
        said = _said(process, began)
    except subprocess.TimeoutExpired as error:
        what = f"{library}'s library came to no end in it within {time.monotonic() - began:.0f} seconds"
        way_out = "It seems to be damaged, or its disk does not answer: try again, or copy it again"
        raise SurveyError(path, what, way_out) from error
    finally:
        _end(process)
    if process.returncode == -signal.SIGKILL:
        what = "what looks through it first was ended from outside, as the system does where memory is short"
        raise SurveyError(path, what, "Close other programs, and open it again")
    if process.returncode < 0 or process.returncode >= 2**31:
        raise SurveyError(path, f"{library}'s library breaks down in it", "It seems to be damaged: copy it again")
    return said


def _said(process: subprocess.Popen[bytes], began: float) -> bytes:
    """Wait for what a process prints, as long as it may take."""
    while True:
        try:
            return process.communicate(timeout=_LOOK)[0]
        except subprocess.TimeoutExpired:
            waited = time.monotonic() - began
            if waited >= PATIENCE or (waited >= TIMEOUT and _computed(process.pid, waited) >= TIMEOUT):
                raise


def _computed(number: int, waited: float) -> float:
    """Seconds that a process has computed; those that it was waited for where no system says it."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return waited


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and let go of it, without waiting for one that waits for a disk which does not answer."""
    if process.poll() is None:
        process.kill()
        try:
            process.wait(_DEATH)
        except subprocess.TimeoutExpired:
            threading.Thread(target=process.wait, name="reaper", daemon=True).start()
    if process.stdout is not None:
        process.stdout.close()
