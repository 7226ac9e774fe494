"""A process that somebody started leaves with whoever that was, whatever it is doing then.

Python's own threads cannot see to that: they wait while a library is loaded, which takes seconds for torch, and none of
them runs while the process is stopped. So a second process of a few pages does: it waits until the pipe of standard
input has no writer any more, and ends the first.

As a program, ``python -m napari_fhn.training.leaving MODULE ARGUMENTS`` runs a module in that way.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import signal
import subprocess
import sys
import threading
import time

LAST_SECONDS = 0.7
"""Time to save itself that a process has once whoever started it is gone."""

_DEATH = 0.5
"""Seconds that a killed process is waited for."""

_STDIN = 0


def leave_with_starter(*, interrupt: bool = False) -> None:
    """End this process soon after the pipe of its standard input has been closed at the other end.

    Call it first, while there is one thread and before anything large is loaded. Nothing is read from the pipe. Where
    standard input is no pipe, nothing happens; where there is no ``fork`` (Windows), a thread waits for an interrupted
    program, and any other has to hear of the end of its standard input itself.

    Parameters
    ----------
    interrupt : bool
        Send SIGINT first, as Ctrl-C does, to a program that would not notice otherwise.
    """
    if sys.platform == "win32":
        if interrupt:
            threading.Thread(target=_read_to_the_end, name="leaving", daemon=True).start()
        return
    if interrupt and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # What a script starts in the background begins so, and would only hear of being killed.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _ended():  # while this process began
        os._exit(1)
    process = os.getpid()
    # Its other end stays open for as long as this process lives, and tells the second one when it does not.
    ours, theirs = os.pipe()
    try:
        watching = os.fork() == 0
    except OSError:  # no more processes allowed: then without
        os.close(ours)
        os.close(theirs)
        return
    if not watching:
        os.close(ours)
        return
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Whoever reads what the first process says must see its end when it ends.
        os.closerange(_STDIN + 1, ours)
        os.closerange(ours + 1, theirs + 1)
        _watch(process, ours, interrupt)
    finally:
        os._exit(0)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that this one started, and wait until it is gone, but no longer than half a second.

    One that waits for a disk which does not answer is gone only when that does.
    """
    process.kill()
    try:
        process.wait(_DEATH)
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, name="reaper", daemon=True).start()


def _watch(process: int, alive: int, interrupt: bool) -> None:
    """Wait until the starter or the process is gone, and end the process in the first case."""
    import select

    poll = select.poll()
    poll.register(_STDIN, 0)  # for nothing but its end, which is always told
    poll.register(alive, 0)
    while True:
        for stream, event in poll.poll():
            if stream == alive:
                return
            if event & select.POLLNVAL:  # there is no standard input
                poll.unregister(stream)
                continue
            for number in (signal.SIGINT, signal.SIGKILL) if interrupt else (signal.SIGKILL,):
                if number == signal.SIGKILL:
                    time.sleep(LAST_SECONDS)
                if os.getppid() == process:  # else it has left, and its number may be another's
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, number)
            return


def _ended() -> bool:
    """Tell whether standard input has no writer any more."""
    import select

    poll = select.poll()
    poll.register(_STDIN, 0)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def _read_to_the_end() -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(_STDIN, 1 << 16):
            pass
    os._exit(1)


def main() -> None:
    """Run a module, whose name and arguments follow, and leave with whoever started it."""
    leave_with_starter(interrupt=True)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
