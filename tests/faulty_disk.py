"""A disk that fails at the n-th write: the process is killed there, the power is cut, or no room is left.

Every file that this program writes through Python is seen: files that are opened for writing and each write of theirs,
as it reaches the system and not the buffer; renaming, removing, truncating, reserving room, syncing, making folders.
Where a write fails, half of it is on the disk: that is what torn lines and torn headers come from.

``all_faults`` goes through them one after the other::

    for fault in all_faults(folder, action=lambda: save(folder), prepare=lambda: put_back(folder)):
        assert load(folder) in (OLD, NEW), fault

Where the power is cut, names are as they were left, as a journal of the file system keeps them, and what was written
since a file was last brought to the disk is lost: it holds what it held then. That goes for what is written into mapped
files too. A disk may have written some of it by itself: with a seed, chance decides for each file whether it has.

Writers in C (GDAL, HDF5) are seen where Python opens, moves or removes their files. `size_limit` stops these in the
middle of a file, and `on_small_disk` runs a program on a disk of a few megabytes, where the system allows it.

As a program: ``python faulty_disk.py FOLDER N kill|full|power -m napari_fhn train ...`` runs another one on such a
disk. Its child processes are not part of it.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import itertools
import mmap
import os
import random
import runpy
import shutil
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Fault = Literal["kill", "full", "power"]

KILLED = 77
"""Exit status of a process that was ended by a fault."""

_CRASHED = 70
_ROOM_NEEDED = ("create", "write", "rename", "truncate", "reserve", "sync", "mkdir")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Event:
    """Something that changes a disk: create, open, write, rename, remove, truncate, reserve, sync or mkdir."""

    kind: str
    path: Path
    target: Path | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.path.name}" + ("" if self.target is None else f" -> {self.target.name}")


@dataclass
class Disk:
    """What happens below a folder, and where it fails.

    Attributes
    ----------
    events : list of Event
        Those that were begun, in order; the last one is the one that failed.
    hit : bool
        Whether the fault came.
    """

    folder: Path
    at: int = 0
    fault: Fault = "full"
    events: list[Event] = field(default_factory=list)
    hit: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)
    seed: int | None = None
    synced: dict[Path, bytes] = field(default_factory=dict)
    """Of files that were written since: what of each was brought to the disk."""
    maps: dict[Path, int] = field(default_factory=dict)
    """Files that are mapped for writing, with how many maps there are: nobody hears when one is written to."""

    def covers(self, path: Path) -> bool:
        """Whether a path lies on it."""
        return path == self.folder or self.folder in path.parents

    def happens(self, kind: str, path: Any, target: Any = None, torn: Callable[[], None] | None = None) -> None:
        """Count an event, and fail at the n-th one; a full disk stays full for all that needs room."""
        where, other = _absolute(path), None if target is None else _absolute(target)
        if where is None or not (self.covers(where) or (other is not None and self.covers(other))):
            return
        with self.lock:
            self.events.append(Event(kind, where, other))
            if self.fault == "power" and len(self.events) < self.at:
                self._note(kind, where, other)
            if not self.at or len(self.events) < self.at:
                return
            first, self.hit = not self.hit, True
            if self.fault == "full" and kind not in _ROOM_NEEDED:
                return
            if torn is not None and first:
                torn()
            if self.fault == "power":
                self._lose()
            if self.fault in ("kill", "power"):
                os._exit(KILLED)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(where))

    def _note(self, kind: str, path: Path, target: Path | None) -> None:
        """Remember what of a file would be left; told before it happens."""
        if kind in ("write", "truncate", "reserve"):
            if path not in self.synced:
                self.synced[path] = _content(path)
        elif kind in ("sync", "remove"):
            self.synced.pop(path, None)
            if kind == "remove":
                self.maps.pop(path, None)
            elif path in self.maps:  # which may be written to from now on
                self.synced[path] = _content(path)
        elif kind == "rename" and target is not None:
            for known in (self.synced, self.maps):
                known.pop(target, None)
                for one in [one for one in known if one == path or path in one.parents]:
                    known[target / one.relative_to(path)] = known.pop(one)

    def mapped(self, path: Path) -> None:
        """Remember that a file may be written to through a map from now on."""
        with self.lock:
            if self.fault == "power" and self.covers(path):
                self.maps[path] = self.maps.get(path, 0) + 1
                if path not in self.synced:
                    self.synced[path] = _content(path)

    def unmapped(self, path: Path) -> None:
        """Forget it; what was not brought to the disk until then is not there yet."""
        with self.lock:
            if path in self.maps:
                self.maps[path] -= 1
                if not self.maps[path]:
                    del self.maps[path]

    def _lose(self) -> None:
        """Take away what was not brought to the disk."""
        global _disk
        _disk = None  # nobody hears of this
        chance = None if self.seed is None else random.Random(self.seed)
        for path, before in sorted(self.synced.items()):
            if path.is_file() and (chance is None or chance.random() < 0.5):
                with _opened(path, "r+b") as file:
                    file.truncate(min(len(before), path.stat().st_size))
                    file.write(before[: path.stat().st_size])


_disk: Disk | None = None
_listening = False


@contextlib.contextmanager
def disk(folder: str | Path, at: int = 0, fault: Fault = "full", seed: int | None = None) -> Iterator[Disk]:
    """Let the disk below a folder fail at its ``at``-th event; with 0 it only counts.

    Killing ends *this* process: see `killed` and the program. Without power all is lost that was not brought to the
    disk; with a `seed` of some files, drawn by chance.
    """
    global _disk, _listening
    assert _disk is None, "one disk at a time"
    if not _listening:
        sys.addaudithook(_hear)  # which stays for as long as the process lives
        _listening = True
    _disk = Disk(Path(os.path.abspath(folder)), at, fault, seed=seed)
    try:
        with _watched():
            yield _disk
    finally:
        _disk = None


def events(folder: str | Path, action: Callable[[], Any]) -> list[Event]:
    """Return what a callable does to the disk below a folder."""
    with disk(folder) as seen:
        action()
    return seen.events


def killed(
    folder: str | Path, action: Callable[[], Any], at: int, fault: Fault = "kill", seed: int | None = None
) -> bool:
    """Run a callable in a process of its own that is killed at the ``at``-th event; whether it came that far."""
    return _in_a_child(lambda: _on(folder, at, action, fault, seed)) == KILLED


def size_limit(most: int, action: Callable[[], Any]) -> bool:
    """Run a callable in a process of its own whose files may have so many bytes; whether it raised an ``OSError``.

    Writers in C are stopped as well, in the middle of what they write.
    """

    def limited() -> int:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        try:
            action()
        except OSError:
            return KILLED
        return 0

    return _in_a_child(limited) == KILLED


def on_small_disk(folder: Path, megabytes: int, program: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """Run a program that sees a disk of so many megabytes in a folder; None where the system does not allow it.

    The disk is gone with the program, which therefore looks itself at what became of its files.
    """
    return _mounted(folder, f'mount -t tmpfs -o size={megabytes}m none "$0"', program)


def on_read_only_disk(folder: Path, program: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """Run a program that sees what lies in a folder as on a disk nobody can write; None where that is not allowed."""
    return _mounted(folder, 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"', program)


def _mounted(folder: Path, mount: str, program: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    tried = shutil.which("unshare")
    mount = f'{{ {mount}; }} || exit 99; exec "$@"'
    if tried is None:
        return None
    ran = subprocess.run(
        [tried, "-rm", "sh", "-c", mount, str(folder), *program], capture_output=True, text=True, check=False
    )
    refused = ran.returncode == 99 or (ran.returncode == 1 and ran.stderr.startswith("unshare:"))
    return None if refused else ran


def run(
    program: Sequence[str], folder: str | Path, at: int, fault: Fault, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a Python program, as in ``["-m", "napari_fhn", "info"]``, on such a disk; see `KILLED`."""
    command = [sys.executable, __file__, str(folder), str(at), fault, *program]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@dataclass(frozen=True)
class Happened:
    """A fault that came: which, where, and what the callable raised, if it came to that."""

    fault: Fault
    at: int
    error: Exception | None = None

    def __str__(self) -> str:
        return f"{self.fault} at event {self.at}" + ("" if self.error is None else f": {self.error!r}")


def all_faults(
    folder: str | Path,
    action: Callable[[], Any],
    prepare: Callable[[], Any],
    faults: Sequence[Fault] = ("kill", "full"),
    each: int = 1,
) -> Iterator[Happened]:
    """Let a callable run into a fault at each of its events, one after the other.

    Parameters
    ----------
    folder : path-like
        Whose disk fails.
    action : callable
        What writes.
    prepare : callable
        Puts the folder back to how it was before.
    faults : sequence of {"kill", "full", "power"}
        Which ones.
    each : int
        Of the events each so manyth.

    Yields
    ------
    Happened
        After each fault, with the folder as it was left.
    """
    for fault in faults:
        if fault != "full" and not hasattr(os, "fork"):
            continue
        for at in itertools.count(1, each):
            prepare()
            error = None
            if fault != "full":
                hit = killed(folder, action, at, fault)
            else:
                with disk(folder, at, "full") as seen:
                    try:
                        action()
                    except Exception as raised:
                        error = raised
                hit = seen.hit
                assert hit or error is None, error
            if not hit:
                break
            yield Happened(fault, at, error)


def unsynced(seen: Sequence[Event]) -> list[Event]:
    """Return the files that were moved into place before what was written to them was brought to the disk."""
    dirty: set[Path] = set()
    found = []
    for event in seen:
        if event.kind in ("create", "write", "truncate"):
            dirty.add(event.path)
        elif event.kind == "sync":
            dirty.discard(event.path)
        elif event.kind == "rename" and event.path in dirty:
            found.append(event)
    return found


# Inside --------------------------------------------------------------------------------------------------------------


def _on(folder: str | Path, at: int, action: Callable[[], Any], fault: Fault, seed: int | None) -> int:
    with disk(folder, at, fault, seed):
        action()
    return 0


def _in_a_child(action: Callable[[], int]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: what runs in the child is small
        child = os.fork()
    if child == 0:
        code = _CRASHED
        try:
            code = action()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, KILLED), f"the process ended with {code}: see what it printed"
    return code


def _hear(name: str, given: tuple[Any, ...]) -> None:
    on = _disk
    if on is None:
        return
    if name == "open":
        path, _, flags = given
        if isinstance(path, str | bytes | os.PathLike) and flags & _WRITING:
            made = flags & os.O_CREAT and not os.path.lexists(path)
            on.happens("create" if made else "open", path)
    elif name == "os.rename":
        on.happens("rename", _under(given[0], given[2]), _under(given[1], given[3]))
    elif name in ("os.remove", "os.rmdir"):
        on.happens("remove", _under(given[0], given[1]))
    elif name == "os.mkdir":
        on.happens("mkdir", _under(given[0], given[2]))
    elif name == "os.truncate":
        on.happens("truncate", given[0])


def _under(path: Any, folder: int) -> Any:
    base = _of_descriptor(folder) if folder >= 0 else None
    return path if base is None else base / os.fsdecode(path)


def _of_descriptor(number: int) -> Path | None:
    try:
        return Path(os.readlink(f"/proc/self/fd/{number}"))
    except OSError:
        return None


def _absolute(path: Any) -> Path | None:
    return _of_descriptor(path) if isinstance(path, int) else Path(os.path.abspath(os.fsdecode(path)))


class _Raw(io.FileIO):
    """A file whose writes are seen as they reach the system."""

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if _disk is not None:
            half = super().write
            _disk.happens("write", self.fileno(), torn=lambda: half(view[: len(view) // 2]) and None)
        return super().write(view) or 0


def _open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    where = _absolute(file)
    if not set(mode) & set("wax+") or _disk is None or where is None or not _disk.covers(where):
        return _opened(file, mode, buffering, encoding, errors, newline, closefd, opener)
    raw = _Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
    if buffering == 0:
        return raw
    size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
    buffered = io.BufferedRandom(raw, size) if "+" in mode else io.BufferedWriter(raw, size)
    if "b" in mode:
        return buffered
    return io.TextIOWrapper(buffered, io.text_encoding(encoding), errors, newline, buffering == 1)


_opened = io.open


class _Map(mmap.mmap):
    """A map that says when it is brought to the disk. What is written to it in between nobody hears."""

    _file: tuple[int, int] | None = None

    def __new__(cls, number: int, *given: Any, **named: Any) -> _Map:
        made = super().__new__(cls, number, *given, **named)
        if _disk is not None and number >= 0 and named.get("access", mmap.ACCESS_WRITE) == mmap.ACCESS_WRITE:
            path = _of_descriptor(number)
            if path is not None:
                made._file = _number_of(path)
                _disk.mapped(path)
        return made

    def flush(self, *given: Any) -> None:
        path = self._path()
        # A disk that is full is no reason not to take what has its room there.
        if _disk is not None and path is not None and _disk.fault == "power":
            _disk.happens("sync", path)
        super().flush(*given)

    def __del__(self) -> None:
        path = self._path()
        if _disk is not None and path is not None:
            _disk.unmapped(path)

    def _path(self) -> Path | None:
        """What its file is called now; None where it was removed or replaced."""
        maps = [] if _disk is None or self._file is None else list(_disk.maps)
        return next((path for path in maps if _number_of(path) == self._file), None)


def _number_of(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _content(path: Path) -> bytes:
    """What a file holds; it is small."""
    try:
        with _opened(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _seen(kind: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def seen(file: Any, *given: Any) -> Any:
        if _disk is not None:
            torn = None
            if kind == "write":

                def torn() -> None:
                    call(file, given[0][: len(given[0]) // 2])

            _disk.happens(kind, file, torn=torn)
        return call(file, *given)

    return seen


@contextlib.contextmanager
def _watched() -> Iterator[None]:
    """Let what Python writes go through here for a while."""
    changed: list[tuple[Any, str, Any]] = [(builtins, "open", _open), (io, "open", _open)]
    changed.append((mmap, "mmap", _Map))
    for name, kind in (("write", "write"), ("fsync", "sync"), ("fdatasync", "sync"), ("posix_fallocate", "reserve")):
        if hasattr(os, name):
            changed.append((os, name, _seen(kind, getattr(os, name))))
    if hasattr(shutil, "_USE_CP_SENDFILE"):
        changed.append((shutil, "_USE_CP_SENDFILE", False))  # copies whose writes nobody would see
    for module in ("numpy.lib._format_impl", "numpy.lib.format"):
        if hasattr(sys.modules.get(module), "isfileobj"):
            changed.append((sys.modules[module], "isfileobj", lambda _: False))  # else it writes in C
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changed]
    try:
        for owner, name, new in changed:
            setattr(owner, name, new)
        yield
    finally:
        for owner, name, old in before:
            setattr(owner, name, old)


def _main(folder: str, at: str, fault: Fault, *program: str) -> None:
    how, *rest = program
    with disk(folder, int(at), fault):
        if how == "-m":
            sys.argv = rest
            runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        elif how == "-c":
            sys.argv = ["-c", *rest[1:]]
            exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
        else:
            sys.argv = list(program)
            runpy.run_path(how, run_name="__main__")


if __name__ == "__main__":
    sys.path[0] = os.getcwd()
    _main(*sys.argv[1:])  # type: ignore[arg-type]
