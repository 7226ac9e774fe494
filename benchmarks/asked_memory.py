"""How much memory a process has asked for, which is what a soak watches."""

from __future__ import annotations

from pathlib import Path

import psutil


def asked_for(process: psutil.Process) -> int:
    """Return the bytes in memory that a process has asked for: its heaps and stacks, and what it changed of files.

    Memory of a process alone (USS) is something else: pages of libraries are among it as soon as no other process of
    the machine has the same library, so that it grows by 70 MB when some other program that uses torch ends.
    """
    try:
        rolled = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
    except FileNotFoundError:  # no Linux
        return int(process.memory_full_info().uss)
    return next(int(line.split()[1]) * 1024 for line in rolled.splitlines() if line.startswith("Anonymous:"))
