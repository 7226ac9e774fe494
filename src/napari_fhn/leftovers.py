"""What processes that were killed have left: names say whose they are, and they go when that process is gone.

Files that are not whole yet are called ``NAME.PROCESS-THREAD.part`` (`part_of`). Nothing is taken away but what is
called so, in a folder where this program makes such files, and only by whoever may write there.

Temporary folders go with their process too; a killed one leaves them, and in each stands whose it is (`temporary`).
"""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import re
import shutil
import socket
import stat
import tempfile
import threading
from pathlib import Path

_PART = re.compile(r".+\.(\d{1,10})-\d+\.(?:part|gone)")
_FIRST_PARTS = re.compile(r"\.(\d{1,10})-.+\.part\.npy")
"""As copies of surveys were called at first."""
_LOG = re.compile(r"engine-(\d{1,10})-[0-9a-f]+\.log")
_TEMPORARY = re.compile(r"napari-fhn-(\d{1,10})-[^.]+")
_OWNER = ".napari-fhn-owner"
_SLACK = 5.0
"""Seconds by which the clocks of a disk and of the system may differ."""


def part_of(path: Path) -> Path:
    """Return a name beside a path for what is not whole yet: that of this process and thread alone."""
    return path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")


def is_part(name: str) -> bool:
    """Tell whether a file is called as what is not whole yet, whoever writes it."""
    return _PART.fullmatch(name) is not None


def take_name(part: Path, path: Path, exclusive: bool) -> None:
    """Give what is whole now its name.

    Parameters
    ----------
    part, path : Path
        Its name until now, and the one it gets.
    exclusive : bool
        Whether a file that has the name stays: `FileExistsError` then.
    """
    if not exclusive:
        os.replace(part, path)
        return
    try:
        os.link(part, path)  # one alone succeeds
    except FileExistsError:
        raise
    except OSError:  # a disk that knows no links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.rename(part, path)


def sweep(folder: Path, inside: tuple[str, ...] = ()) -> int:
    """Remove what is not whole in a folder, and whose process is gone.

    Parameters
    ----------
    folder : Path
        In which this program makes such files; may be missing. Links are left alone, as is what lies deeper.
    inside : tuple of str
        Names of the files that may lie in folders which are called so; others stay, and their folder with them.

    Returns
    -------
    int
        How many went.
    """
    count = 0
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            found = _PART.fullmatch(path.name) or _FIRST_PARTS.fullmatch(path.name)
            if found is None or path.is_symlink() or not is_gone(int(found[1]), path):
                continue
            with contextlib.suppress(OSError):
                if path.is_dir():
                    sweep(path)  # what was not whole in it either
                    for name in inside:
                        (path / name).unlink(missing_ok=True)
                    path.rmdir()
                else:
                    path.unlink()
                count += 1
    return count


def sweep_beside(path: Path) -> None:
    """Remove what killed processes were about to put in the place of a file: of one that has no session to sweep it.

    Parameters
    ----------
    path : Path
        The file; it and all others of its folder stay.
    """
    with contextlib.suppress(OSError):
        for part in list(path.parent.glob(f"{glob.escape(path.name)}.*.part")):
            found = _PART.fullmatch(part.name)
            if found is not None and part.is_file() and not part.is_symlink() and is_gone(int(found[1]), part):
                with contextlib.suppress(OSError):
                    part.unlink()


def sweep_logs(folder: Path) -> int:
    """Remove the logs ``engine-PROCESS-NUMBER.log`` of windows that are gone, and tell how many."""
    count = 0
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            found = _LOG.fullmatch(path.name)
            if found is not None and path.is_file() and not path.is_symlink() and is_gone(int(found[1]), path):
                with contextlib.suppress(OSError):
                    path.unlink()
                    count += 1
    return count


def temporary() -> tempfile.TemporaryDirectory[str]:
    """Make a temporary folder, which goes with this process; those that killed processes have left go now.

    Returns
    -------
    tempfile.TemporaryDirectory
        Used in a ``with`` statement, or cleaned up when it is no longer needed.

    Examples
    --------
    >>> with temporary() as folder:
    ...     Path(folder).is_dir()
    True
    """
    sweep_temporary(Path(tempfile.gettempdir()))
    made = tempfile.TemporaryDirectory(prefix=f"napari-fhn-{os.getpid()}-", ignore_cleanup_errors=True)
    with contextlib.suppress(OSError):  # without it nobody takes the folder away when this process was killed
        Path(made.name, _OWNER).write_text(_owner(os.getpid(), Path(made.name)), encoding="utf-8")
    return made


def sweep_temporary(folder: Path) -> int:
    """Remove what killed processes of this person and this machine have left in the folder for what is temporary.

    Returns
    -------
    int
        How many folders went.
    """
    count = 0
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            found = _TEMPORARY.fullmatch(path.name)
            if found is None or path.is_symlink() or not is_gone(int(found[1]), path):
                continue
            with contextlib.suppress(OSError, ValueError):
                mine = not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid()
                owner = path / _OWNER
                # It says where it belongs: a copy of such a folder, wherever it lies, is somebody's.
                if (
                    mine
                    and stat.S_ISREG(owner.lstat().st_mode)
                    and owner.read_text("utf-8") == _owner(int(found[1]), path)
                ):
                    shutil.rmtree(path)
                    count += 1
    return count


def _owner(process: int, path: Path) -> str:
    return json.dumps({"process": process, "host": socket.gethostname(), "folder": path.name})


def is_gone(process: int, path: Path) -> bool:
    """Tell whether the process that made a file is gone, or its number was given to another one since.

    Parameters
    ----------
    process : int
        Its number, on this machine.
    path : Path
        The file: a process that began after it was last written has not made it.
    """
    if process == os.getpid():
        return False
    began = _began(process)
    if began is None:
        return True
    try:
        return path.lstat().st_mtime < began - _SLACK
    except OSError:
        return False


def _began(process: int) -> float | None:
    """Return when a process began, in seconds as files have them; 0 where nobody says, None where it is gone."""
    if os.name != "posix":
        return 0.0
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except OSError:
        pass
    try:
        # Behind the name, which may have blanks and brackets in it; the 22nd field is the start in clock ticks.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        if fields[0] in "ZX":  # it has ended, and whoever began it has not asked how yet
            return None
        ticks = float(fields[19])
        lines = Path("/proc/stat").read_text().splitlines()
        booted = float(next(line.split()[1] for line in lines if line.startswith("btime ")))
        return booted + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return 0.0
