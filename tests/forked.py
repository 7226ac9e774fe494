"""What runs modules of the package, and scripts of the benchmarks, as copies of a process that has imported everything.

A process that imports torch computes for two seconds before it does anything. Where a test is about what a process
does, and not about how it begins, a copy is as good: it has its own memory, streams, environment, folder and end.

:func:`installed` puts :class:`Forked` in the place of `subprocess.Popen`. Other commands begin as ever. Run as a
program this module is the process that is copied.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

AVAILABLE = sys.platform == "linux"

#: What a first process imports: what the program that trains, the one that looks and the command line need.
_IMPORTED = (
    "napari_fhn.engine",
    "napari_fhn.training.trainer",
    "napari_fhn.training.predicting",
    "napari_fhn.training.prediction.states",
    "napari_fhn.project.labelling.carrying",
    "napari_fhn.report.evaluation",
    "napari_fhn.cli.running",
)
_BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
_ORIGINAL = subprocess.Popen


class Forked(_ORIGINAL):  # type: ignore[misc,valid-type,type-arg]
    """A `subprocess.Popen` whose ``-m napari_fhn...`` is a copy."""

    #: What the process that is copied has imported.
    _imported: ClassVar[tuple[str, ...]] = _IMPORTED
    _servers: ClassVar[dict[tuple[str, ...], _Server]] = {}
    _copied = False

    @staticmethod
    def _copies(args: Any) -> bool:
        return _is_ours(args)

    def _execute_child(self, args: Any, executable: Any, *rest: Any) -> None:
        preexec, _, passed, cwd, env, _, _, shell, *pipes = rest
        if not self._copies(args) or executable or preexec or passed or shell:
            super()._execute_child(args, executable, *rest)  # type: ignore[misc]
            return
        p2cread, _, _, c2pwrite, _, errwrite = pipes[:6]
        streams = [own if own != -1 else theirs for own, theirs in ((p2cread, 0), (c2pwrite, 1), (errwrite, 2))]
        self._server = self._servers.get(self._imported) or self._servers.setdefault(
            self._imported, _Server(self._imported)
        )
        self._copied = True
        asked = {"args": list(map(str, args[1:])), "env": dict(os.environ if env is None else env)}
        self.pid = self._server.begin({**asked, "cwd": str(cwd or os.getcwd())}, streams)
        self._child_created = True
        self._close_pipe_fds(*pipes[:6])  # type: ignore[attr-defined]

    def _internal_poll(self, *args: Any, **kwargs: Any) -> int | None:
        if not self._copied:
            return super()._internal_poll(*args, **kwargs)  # type: ignore[misc,no-any-return]
        if self.returncode is None:
            self.returncode = self._server.ended(self.pid)
        return self.returncode

    def _wait(self, timeout: float | None) -> int | None:
        if not self._copied:
            return super()._wait(timeout)  # type: ignore[misc,no-any-return]
        end = None if timeout is None else time.monotonic() + timeout
        while self._internal_poll() is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            time.sleep(0.002)
        return self.returncode


class ForkedCode(Forked):
    """A `subprocess.Popen` of which ``-c`` that imports the package is a copy too."""

    @staticmethod
    def _copies(args: Any) -> bool:
        return _is_ours(args) or (args[:2] == [sys.executable, "-c"] and "napari_fhn" in args[2])


class ForkedLooks(Forked):
    """A `subprocess.Popen` of which only what looks through a file is a copy."""

    _imported = ("h5py",)

    @staticmethod
    def _copies(args: Any) -> bool:
        return _is_a_look(args)


@contextlib.contextmanager
def installed(kind: type[Forked] = Forked) -> Iterator[None]:
    """Let ``-m napari_fhn...`` be copies while this is entered.

    Nothing changes where processes cannot be copied.
    """
    before = subprocess.Popen
    if AVAILABLE:
        subprocess.Popen = kind  # type: ignore[misc]
    try:
        yield
    finally:
        subprocess.Popen = before  # type: ignore[misc]


def _is_ours(args: Any) -> bool:
    if not isinstance(args, list | tuple) or len(args) < 2 or args[0] != sys.executable:
        return False
    if (module := _module(list(map(str, args[1:])))[:1]) != []:
        return module[0].partition(".")[0] == "napari_fhn"
    return Path(args[1]).parent == _BENCHMARKS or _is_a_look(args)


def _module(args: list[str]) -> list[str]:
    """Return the module that arguments of Python run, with its own arguments; nothing where they run none."""
    if args[:1] == ["-P"] and Path(args[1]).name == "leaving.py":
        return [one for one in args[2:3] if one != "--interrupt"] + args[3:]
    return args[1:] if args[:1] == ["-m"] else []


def _is_a_look(args: Any) -> bool:
    """A script that looks through a file before its library opens it (`napari_fhn.surveys.looking`)."""
    return isinstance(args, list) and args[:2] == [sys.executable, "-I"] and str(args[2]).endswith("_look.py")


class _Server:
    """This end of the socket to the process that is copied."""

    def __init__(self, imported: tuple[str, ...]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Not among those that a Ctrl-C of the terminal reaches; it ends when this socket does.
        self._process = _ORIGINAL(
            [sys.executable, os.path.abspath(__file__), str(theirs.fileno()), *imported],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._codes: dict[int, int] = {}
        self._lock = threading.Lock()
        atexit.register(self._socket.close)

    def begin(self, asked: dict[str, Any], streams: list[int]) -> int:
        """Begin a copy and return its number."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(asked).encode()], streams)
            while (pid := self._take()) is None:
                pass
            return pid

    def ended(self, pid: int) -> int | None:
        """Return how a copy ended, None while it runs."""
        with self._lock:
            while select.select([self._socket], [], [], 0)[0]:
                self._take()
            return self._codes.pop(pid, None)

    def _take(self) -> int | None:
        said = self._socket.recv(1024)
        if not said:
            raise OSError(f"the process that is copied has ended ({self._process.wait()})")
        number, code = json.loads(said)
        if code is None:
            return int(number)
        self._codes[number] = code
        return None


def _serve(channel: socket.socket, imported: list[str]) -> None:
    """Copy this process for whoever asks, and say how each copy ends."""
    import importlib

    import quick_disk

    os.fsync = quick_disk.fsync
    for name in imported:
        importlib.import_module(name)
    wake, waker = socket.socketpair()
    for end in (wake, waker):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(waker.fileno())
    while True:
        ready, _, _ = select.select([channel, wake], [], [])
        if wake in ready:
            wake.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                channel.send(json.dumps([ended[0], os.waitstatus_to_exitcode(ended[1])]).encode())
        if channel not in ready:
            continue
        asked, streams, _, _ = socket.recv_fds(channel, 1 << 18, 3)
        if not asked:
            return
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            for end in (channel, wake, waker):
                end.close()
            _become(json.loads(asked), streams)
        for stream in streams:
            os.close(stream)
        channel.send(json.dumps([pid, None]).encode())


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    """Do what was asked, in the copy, and end."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        sys.stdin, sys.stdout, sys.stderr = (open(n, "w" if n else "r", encoding="utf-8") for n in range(3))  # noqa: SIM115
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        first, *arguments = asked["args"]
        first, *arguments = arguments if first == "-I" else asked["args"]
        if module := _module(asked["args"]):
            sys.argv[1:] = module[1:]
            runpy.run_module(module[0], run_name="__main__", alter_sys=True)
        elif first == "-c":
            sys.argv[:] = ["-c", *arguments[1:]]
            exec(compile(arguments[0], "<string>", "exec"), {"__name__": "__main__"})
        else:
            sys.argv[:], sys.path[0] = [first, *arguments], str(Path(first).parent)
            runpy.run_path(first, run_name="__main__")
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        # What the interpreter does at its end, without taking apart what the first process still has.
        with contextlib.suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
