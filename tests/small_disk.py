"""A disk of a few megabytes that a test may fill, where the system lends one: a tmpfs in a name space of its own."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_PLACE = "/mnt"


@functools.cache
def _lent() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    mount = ["unshare", "-Urm", "mount", "-t", "tmpfs", "-o", "size=1m", "none", _PLACE]
    return subprocess.run(mount, capture_output=True, timeout=30, check=False).returncode == 0


def run_on_small_disk(code: str, megabytes: float, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process whose current folder is a small disk of its own; skip where there is none to be had.

    The code finds `fill(free)`, which leaves so many bytes free on that disk, and `free()`.
    """
    if not _lent():
        pytest.skip("the system lends no small disk")
    helpers = (
        "import os, shutil, sys\n"
        "def free():\n"
        "    return shutil.disk_usage('.').free\n"
        "def fill(left=0):\n"
        "    with open('filling', 'ab') as file:\n"
        "        os.posix_fallocate(file.fileno(), 0, os.path.getsize('filling') + max(1, free() - left))\n"
    )
    mount = f'mount -t tmpfs -o size={int(megabytes * 2**20)} none {_PLACE} && cd {_PLACE} && exec "$@"'
    return subprocess.run(
        ["unshare", "-Urm", "sh", "-c", mount, "sh", sys.executable, "-c", helpers + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
