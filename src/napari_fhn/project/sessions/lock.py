"""One writer in a session: a small file that says who, on which host, in which process, since when.

The file survives a kill, so it is believed only while its process lives. On another host nobody can look for the
process: there the time at which the file was last touched tells, which a living writer does each minute.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import secrets
import socket
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from napari_fhn.project.errors import SessionInUse, SessionUnwritable

FILE = "session.lock"

TOUCH_S = 60.0
"""How often a writer says that it is still there."""

SILENT_S = 300.0
"""A writer on another host that has not been heard of for so long is gone."""

_TRIES = 5


@dataclass(frozen=True)
class Holder:
    """Who writes.

    Parameters
    ----------
    program : str
        As a person knows it, such as ``"the desk"`` or ``"napari-fhn train"``.
    host : str
        Name of the machine.
    process : int
        Its number there.
    started : float
        When that process began, in the units of the system: a number is given again to another process.
    since : str
        Date and time in UTC, ISO 8601.
    token : str
        Tells two writers of one process apart.
    """

    program: str
    host: str
    process: int
    started: float
    since: str
    token: str = ""

    def words(self) -> str:
        """Say who it is."""
        return f"{self.program} (process {self.process} on {self.host}, since {self.since} UTC)"


_STRANGER = Holder("a program of another person", "", 0, 0.0, "a time that only they may read")


class SessionLock:
    """The lock of one session, taken and given back by one process.

    Parameters
    ----------
    folder : Path
        Of the session.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> lock = SessionLock(Path(tempfile.mkdtemp()))
    >>> lock.acquire("an example")
    >>> lock.held
    True
    >>> lock.release()
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._mine: Holder | None = None
        self._stop = threading.Event()

    @property
    def program(self) -> str:
        """Which program holds it, as it was said when it was acquired; empty where this object does not."""
        return "" if self._mine is None else self._mine.program

    @property
    def lost(self) -> bool:
        """Whether this object held it and somebody has taken it over."""
        return self._mine is not None and self._read() != self._mine

    @property
    def held(self) -> bool:
        """Whether this object holds it, and nobody has taken it over."""
        return self._mine is not None and self._read() == self._mine

    def holder(self) -> Holder | None:
        """Return who else writes in the session now; None for nobody."""
        found = self._read()
        if found is None or found == self._mine or not self._alive(found):
            return None
        return found

    def acquire(self, program: str, *, take_over: bool = False) -> None:
        """Become the writer.

        Parameters
        ----------
        program : str
            As a person knows it.
        take_over : bool
            Whoever writes now is no longer one; it finds out before it writes its next record.

        Raises
        ------
        SessionInUse
            When another living process is the writer.
        SessionUnwritable
            When nothing can be written in the folder.
        """
        process = os.getpid()
        mine = Holder(program, socket.gethostname(), process, _started(process), _now(), secrets.token_hex(4))
        for _ in range(_TRIES):
            there = self._read()
            other = self.holder()
            if other is not None and not take_over:
                raise SessionInUse(self.path.parent, other.words())
            # Of a process that is gone, or that is to go.
            if self.path.exists() and not self._remove(there):
                continue
            try:
                made = self._make(mine)
            except OSError as error:
                raise SessionUnwritable(self.path.parent, error) from error
            if made:
                self._mine = mine
                self._stop = threading.Event()
                threading.Thread(target=self._touch, args=(self._stop,), daemon=True, name="session lock").start()
                return
        other = self.holder()
        raise SessionInUse(self.path.parent, "another program" if other is None else other.words())

    def release(self) -> None:
        """Be the writer no longer; does nothing where somebody else is."""
        self._stop.set()
        if self.held:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self._mine = None

    def _make(self, mine: Holder) -> bool:
        """Make the file, whole, where there is none; one process alone succeeds, whatever others do at that moment."""
        part = self._beside("part")
        try:
            part.write_text(json.dumps(asdict(mine)), encoding="utf-8")
            try:
                os.link(part, self.path)
            except FileExistsError:
                return False
            except OSError:  # a disk that knows no links
                try:
                    descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
                except FileExistsError:
                    return False
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(asdict(mine), file)
            return True
        finally:
            with contextlib.suppress(OSError):
                part.unlink()

    def _remove(self, there: Holder | None) -> bool:
        """Remove the file of a certain holder; that of another one, who came in between, is put back."""
        aside = self._beside("gone")
        try:
            self.path.rename(aside)  # one process alone gets it
        except OSError:
            return False
        try:
            if self._read(aside) == there:
                return True
            with contextlib.suppress(OSError):
                os.link(aside, self.path)
            return False
        finally:
            with contextlib.suppress(OSError):
                aside.unlink()

    def _beside(self, word: str) -> Path:
        return self.path.with_name(f".{FILE}.{os.getpid()}-{threading.get_ident()}.{word}")

    def _touch(self, stop: threading.Event) -> None:
        while not stop.wait(TOUCH_S):
            if not self.held:
                return
            with contextlib.suppress(OSError):
                os.utime(self.path)

    def _read(self, path: Path | None = None) -> Holder | None:
        try:
            data = json.loads((path or self.path).read_text(encoding="utf-8")[:4096])
            return Holder(
                str(data["program"])[:80],
                str(data["host"])[:80],
                int(data["process"]),
                float(data["started"]),
                str(data["since"])[:40],
                str(data.get("token", ""))[:40],
            )
        except PermissionError:
            # Somebody else has made it, for himself alone: whether he is there can be seen by its time.
            return _STRANGER
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return None

    def _alive(self, holder: Holder) -> bool:
        if holder.host != socket.gethostname():
            return self._heard_of()
        if holder.process == os.getpid():
            # Two windows of one program, or an object that was forgotten without being released: its thread tells.
            return _started(holder.process) == holder.started
        started = _started(holder.process)
        if started == 0.0 and (os.name != "posix" or holder.started != 0.0):
            return self._heard_of()
        return started == holder.started

    def _heard_of(self) -> bool:
        try:
            return time.time() - self.path.stat().st_mtime < SILENT_S
        except OSError:
            return False


def _started(process: int) -> float:
    """Return when a process of this machine began; -1 where there is none, 0 where the system does not tell."""
    try:
        # Behind the name, which may have blanks and brackets in it; the 22nd field is the start in clock ticks.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        # One that has ended stays in the list until whoever began it asks how.
        return -1.0 if fields[0] in "ZX" else float(fields[19])
    except (OSError, ValueError, IndexError):
        pass  # there is none, or systems that show nobody the processes of others
    if os.name == "posix":  # elsewhere the same call ends the process
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return -1.0
        except OSError:
            pass
    return 0.0


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M")
