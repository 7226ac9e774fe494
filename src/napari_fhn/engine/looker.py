"""The program that lets a network look at a survey: a job comes in on standard input, shares and the end go out.

Run as ``leaving.command`` says. It ends when the one who asked is gone, whatever it is doing.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback

from napari_fhn.engine import pulse
from napari_fhn.keys import hidden
from napari_fhn.training.control import Control
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.machine.leaving import leave_with_starter


def main() -> None:
    """Look, and say as lines of JSON: the share that is done, at last that it is, or what went wrong."""
    leave_with_starter()  # where it was run as a module
    # What libraries print must not end up between the lines: standard output is theirs no longer.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    saying = threading.Lock()

    def say(**what: object) -> None:
        write(json.dumps(what).encode() + b"\n")

    def write(line: bytes) -> None:
        with saying:
            out.write(line)
            out.flush()

    pulse.start(write)
    control = Control()

    def watch() -> None:
        sys.stdin.read()  # ends when the viewer does
        control.stop.set()

    try:
        job = Job.from_dict(json.loads(sys.stdin.readline())["job"])
        threading.Thread(target=watch, daemon=True).start()
        from napari_fhn.training.prediction.states import write_states

        say(done=write_states(job, control, lambda share: say(share=share)))
    except JobError as error:
        say(error=str(error))
    except Exception as error:
        say(error=f"{type(error).__name__}: {error}", detail=hidden(traceback.format_exc()))


if __name__ == "__main__":
    main()
