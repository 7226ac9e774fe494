"""A look through a file in a process of its own, where a library has been seen to end the program, or to loop."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from napari_fhn.surveys.errors import SurveyError

#: Seconds that a look through a file may take.
TIMEOUT = 10


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
        ended = subprocess.run(
            [sys.executable, "-I", script, str(path), *arguments, str(TIMEOUT + 1)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        what = f"{library}'s library came to no end in {path.stat().st_size} bytes within {TIMEOUT} seconds"
        raise SurveyError(path, what, "It seems to be damaged: copy it again") from error
    except OSError:
        return None
    if ended.returncode < 0 or ended.returncode >= 2**31:
        raise SurveyError(path, f"{library}'s library breaks down in it", "It seems to be damaged: copy it again")
    return ended.stdout
