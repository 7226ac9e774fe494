"""A virtual display for one process of the tests alone: windows of two processes would share a keyboard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_servers: list[subprocess.Popen[bytes]] = []


def own() -> bool:
    """Tell whether this process has a display of its own; it is made when it is first asked for."""
    if _servers:
        return True
    given = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    beside = "PYTEST_XDIST_WORKER" in os.environ
    if (given and not beside) or not sys.platform.startswith("linux") or shutil.which("Xvfb") is None:
        return False
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    _servers.append(subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL))
    os.close(write)
    with os.fdopen(read) as said:
        number = said.readline().strip()
    if not number:
        close()
        return False
    os.environ.update(DISPLAY=f":{number}", QT_QPA_PLATFORM="xcb")
    return True


def close() -> None:
    """Take it away."""
    while _servers:
        server = _servers.pop()
        server.terminate()
        server.wait()
