"""Why a process ended that did not say so itself, in a sentence with what to do."""

from __future__ import annotations

import signal
import sys


def epitaph(code: int, *, short_of_memory: bool = False) -> str:
    """Return a sentence about a process that ended.

    Parameters
    ----------
    code : int
        As ``subprocess`` gives it: negative for a signal.
    short_of_memory : bool
        Whether the system has ended a process of this group meanwhile because memory ran out.
    """
    if sys.platform != "win32" and code == -signal.SIGKILL:
        why = (
            "because memory ran out: the system, or the limit of the container or group that this program runs in, "
            "allows no more"
            if short_of_memory
            else "most often because memory ran out"
        )
        return (
            f"The training process was killed, {why}. Your labels are safe. Choose a smaller block, or close other "
            "programs, and press Train again."
        )
    if code < 0:
        return (
            f"The training process was ended by signal {-code}. Your labels are safe. "
            "Press Train to start again; the details hold the end of its log."
        )
    return (
        f"The training process ended unexpectedly (exit code {code}). Your labels are safe. "
        "The details hold the end of its log."
    )
