"""Control groups of Linux: how much memory the groups of this process may still take, and whether any was ended for it.

A container, a job of Slurm and a unit of systemd are groups, and lie within each other: the tightest limit holds, which
need not be that of the innermost. Where a process does not see the groups above its own, it cannot see their limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_FILES = {
    "cgroup2": (("memory.max", "memory.high"), "memory.current", "inactive_file"),
    "cgroup": (("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file"),
}
"""Of the second and the first version: limits, use, and what of that is a copy of files that nobody has lately read."""

_NO_LIMIT = 1 << 60
"""Bytes; the first version writes a huge number where there is no limit."""


def left(root: Path = Path("/")) -> int | None:
    """Return how much memory the groups of this process leave.

    Parameters
    ----------
    root : Path
        Where ``proc`` lies.

    Returns
    -------
    int or None
        Bytes, not below 0; None where no group has a limit.
    """
    found = []
    for version, folder in _folders(root):
        limits, used, cache = _FILES[version]
        bounds = [limit for name in limits if (limit := _number(folder / name)) is not None and limit < _NO_LIMIT]
        if bounds:
            # What is a copy of a file goes as soon as something else needs its place.
            held = (_number(folder / used) or 0) - (_entry(folder / "memory.stat", cache) or 0)
            found.append(max(0, min(bounds) - max(0, held)))
    return min(found, default=None)


def killed(root: Path = Path("/")) -> int:
    """Return how many processes of this one's group the system has ended because memory ran out.

    Parameters
    ----------
    root : Path
        Where ``proc`` lies.
    """
    counts = [
        count
        for version, folder in _folders(root)
        for name in ("memory.events.local", "memory.events", "memory.oom_control")
        if (count := _entry(folder / name, "oom_kill")) is not None
    ]
    return max(counts, default=0)


def _folders(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the folders of this process's groups that tell of memory, the innermost first."""
    own = dict(_own(root))
    for version, top, mounted in _mounts(root):
        place = own.get(version)
        if place is None:
            continue
        # A container sees its own group as the top one, whatever that is called outside of it.
        inside = place.relative_to(top) if place.is_relative_to(top) else PurePosixPath()
        folder = root / mounted.relative_to("/")
        for group in (inside, *inside.parents):
            yield version, folder / group


def _own(root: Path) -> Iterator[tuple[str, PurePosixPath]]:
    for line in _lines(root / "proc/self/cgroup"):
        number, _, rest = line.partition(":")
        controllers, _, place = rest.partition(":")
        if ".." in place.split("/"):
            place = "/"  # a group that is not seen from here: what is, holds for it too
        if number == "0" and not controllers:
            yield "cgroup2", PurePosixPath(place)
        elif "memory" in controllers.split(","):
            yield "cgroup", PurePosixPath(place)


def _mounts(root: Path) -> Iterator[tuple[str, PurePosixPath, PurePosixPath]]:
    for line in _lines(root / "proc/self/mountinfo"):
        where, _, what = line.partition(" - ")
        of, kind = where.split(), what.split()
        if len(of) < 5 or len(kind) < 3 or kind[0] not in _FILES:
            continue
        if kind[0] == "cgroup2" or "memory" in kind[2].split(","):
            top, mounted = (PurePosixPath(re.sub(r"\\(\d{3})", _character, name)) for name in of[3:5])
            if top.is_absolute() and mounted.is_absolute():
                yield kind[0], top, mounted


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 8))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _number(path: Path) -> int | None:
    """Return the number in a file; None where it is not there, or "max": no limit."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _entry(path: Path, name: str) -> int | None:
    """Return the number behind a name in a file with a name and a number in each line."""
    for line in _lines(path):
        found, _, value = line.partition(" ")
        if found == name and value.strip().isdecimal():
            return int(value)
    return None
