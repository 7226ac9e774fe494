"""What looks through files, one after the other, in a process of its own.

Run as ``python -I look_loop.py SCRIPT SECONDS IDLE [ARGUMENT ...]`` it loads `SCRIPT`, a file of Python with a function
``answer(path, *arguments)``, and is given names of files on its standard input, a line of JSON each: a number and the
path. It prints the number and the answer, as JSON. A look that takes more than `SECONDS` ends the process, and so does
nothing to do for `IDLE` seconds. It imports nothing of this package, so that a fresh interpreter is quick.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import json
import sys
from types import ModuleType


def loaded(script: str) -> ModuleType:
    """Load a file of Python.

    Parameters
    ----------
    script : str
        Its path.
    """
    spec = importlib.util.spec_from_file_location("look", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(script: str, seconds: float, idle: float, arguments: list[str]) -> None:
    """Look through the files that are named on standard input, until it is closed.

    Parameters
    ----------
    script : str
        What looks.
    seconds, idle : float
        How long a look may take, and how long there may be nothing to do.
    arguments : list of str
        For the script.
    """
    # Nobody stops the process when the one that began it has been killed, and a library may hold Python's lock for
    # ever: a thread of faulthandler's, which needs no lock, ends it then.
    faulthandler.dump_traceback_later(seconds, exit=True)
    module = loaded(script)
    while True:
        faulthandler.dump_traceback_later(idle, exit=True)
        line = sys.stdin.readline()
        if not line:
            return
        faulthandler.dump_traceback_later(seconds, exit=True)
        number, path = json.loads(line)
        try:
            found = module.answer(path, *arguments)
        except Exception:
            found = None  # what it raises in good order is left to the reader
        print(json.dumps([number, found]), flush=True)


if __name__ == "__main__":
    run(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
