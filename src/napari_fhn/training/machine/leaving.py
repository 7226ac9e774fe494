"""A process that somebody started leaves with whoever that was, whatever it is doing then.

Python's own threads cannot see to that: they wait while a library is loaded, which takes seconds for torch, and none of
them runs while the process is stopped. So a second process of a few pages does: it waits until the pipe of standard
input has no writer any more, or whoever started the first is gone, and ends the first.

As a program this file runs a module in that way (:func:`command`). It is run by its path and imports nothing but the
smallest parts of the standard library: what the package imports before a module of it begins takes seconds on a busy
machine, in which nobody would watch.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

LAST_SECONDS = 0.7
"""Time to save itself that a process has once whoever started it is gone."""

_DEATH = 0.5
"""Seconds that a killed process is waited for."""

_STDIN = 0
_INTERRUPT = "--interrupt"


def command(module: str, *arguments: str, interrupt: bool = False) -> list[str]:
    """Return the command that runs a module of this Python, which leaves with whoever starts it.

    Its standard input has to be a pipe that the starter keeps open.

    Parameters
    ----------
    module : str
        Its name, as after ``python -m``.
    *arguments : str
        For it.
    interrupt : bool
        See :func:`leave_with_starter`.
    """
    # With -P neither this folder nor the one somebody works in is looked through for modules.
    return [sys.executable, "-P", os.path.abspath(__file__), *([_INTERRUPT] if interrupt else []), module, *arguments]


def run(said: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a :func:`command` to its end, and return what it printed."""
    import subprocess

    theirs, ours = os.pipe()
    try:
        return subprocess.run(said, stdin=theirs, capture_output=True, text=True, check=False)
    finally:
        os.close(theirs)
        os.close(ours)


def leave_with_starter(*, interrupt: bool = False) -> None:
    """End this process soon after the pipe of its standard input has been closed at the other end, or its parent ended.

    Call it first, while there is one thread and before anything large is loaded; a :func:`command` has called it
    already, and then nothing happens. Nothing is read from the pipe. Where standard input is no pipe, nothing happens
    either: such a process may be meant to stay. Where there is no ``fork`` (Windows), a thread waits for an interrupted
    program, and any other has to hear of the end of its standard input itself.

    Parameters
    ----------
    interrupt : bool
        Send SIGINT first, as Ctrl-C does, to a program that would not notice otherwise.
    """
    if __name__ != "__main__" and os.path.abspath(__file__) in sys.orig_argv:
        return
    if sys.platform == "win32":
        if interrupt:
            import threading

            threading.Thread(target=_read_to_the_end, name="leaving", daemon=True).start()
        return
    if interrupt and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # What a script starts in the background begins so, and would only hear of being killed.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _ended():  # while this process began
        os._exit(1)
    process, starter = os.getpid(), _starter()
    # Its other end stays open for as long as this process lives, and tells the second one when it does not.
    ours, theirs = os.pipe()
    watched = [ours] if starter is None else [starter, ours]
    try:
        watching = os.fork() == 0
    except OSError:  # no more processes allowed: then without
        for one in (*watched, theirs):
            os.close(one)
        return
    if not watching:
        for one in watched:
            os.close(one)
        return
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Whoever reads what the first process says must see its end when it ends.
        for before, after in itertools.pairwise([_STDIN, *sorted(watched), theirs + 1]):
            os.closerange(before + 1, after)
        _watch(process, ours, starter, interrupt)
    finally:
        os._exit(0)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that this one started, and wait until it is gone, but no longer than half a second.

    One that waits for a disk which does not answer is gone only when that does.
    """
    import subprocess
    import threading

    process.kill()
    try:
        process.wait(_DEATH)
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, name="reaper", daemon=True).start()


def _starter() -> int | None:
    """Return what can be waited on for the end of the parent of this process; None where the system has no such thing.

    Where the starter has copies of itself, as libraries make them that share work out, these hold the pipe open after
    it was killed.
    """
    import stat

    if sys.platform != "linux":
        return None
    try:
        # What a script leaves behind in the background has no pipe, and is not to go with the script.
        return os.pidfd_open(os.getppid()) if stat.S_ISFIFO(os.fstat(_STDIN).st_mode) else None
    except (OSError, AttributeError):  # no standard input, or a system of before 2020
        return None


def _watch(process: int, alive: int, starter: int | None, interrupt: bool) -> None:
    """Wait until the starter or the process is gone, and end the process in the first case."""
    import select

    poll = select.poll()
    poll.register(_STDIN, 0)  # for nothing but its end, which is always told
    poll.register(alive, 0)
    if starter is not None:
        poll.register(starter, select.POLLIN)
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
    del sys.argv[0]
    interrupt = sys.argv[:1] == [_INTERRUPT]
    del sys.argv[: int(interrupt)]
    leave_with_starter(interrupt=interrupt)
    import runpy

    # Last: a package that is installed comes first, and a bare checkout is found as well.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
