"""One writer in a session, whichever process it is in, and however that one ends."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import forked
from napari_fhn import leftovers
from napari_fhn.project import ProjectError, SessionInUse
from napari_fhn.project.sessions.lock import FILE, SILENT_S, SessionLock, _started

HOLDS = """
import sys, time
from pathlib import Path
from napari_fhn.project.sessions.lock import SessionLock
lock = SessionLock(Path(sys.argv[1]))
lock.acquire("another program")
print("held", flush=True)
sys.stdin.readline()
print(lock.held, flush=True)
lock.release()
"""

CONTENDS = """
import sys, time
from pathlib import Path
from napari_fhn.project import ProjectError, SessionInUse
from napari_fhn.project.sessions.lock import SessionLock
folder = Path(sys.argv[1])
lock = SessionLock(folder)
print("ready", flush=True)
sys.stdin.readline()
try:
    lock.acquire("one of many")
except SessionInUse:
    print("refused", flush=True)
else:
    print("got it", flush=True)
    sys.stdin.readline()  # until all have asked
    print("held" if lock.held else "lost", flush=True)
"""


def start(code: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture(autouse=True)
def quick_processes():
    """Processes begin as copies of one that has imported everything."""
    with forked.installed(forked.ForkedCode):
        yield


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock until it is spoken to."""
    process = start(HOLDS, tmp_path)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def written(folder: Path, **changes) -> Path:
    """The lock as another process has left it."""
    lock = SessionLock(folder)
    lock.acquire("the desk")
    content = json.loads((folder / FILE).read_text())
    lock.release()
    (folder / FILE).write_text(json.dumps({**content, **changes}))
    return folder / FILE


def test_it_is_taken_and_given_back(tmp_path):
    lock, second = SessionLock(tmp_path), SessionLock(tmp_path)
    assert not lock.held
    lock.acquire("the desk")
    assert lock.held
    assert not lock.lost
    assert lock.holder() is None  # nobody else
    assert second.holder().program == "the desk"
    with pytest.raises(SessionInUse, match=r"the desk \(process \d+ on .*\) is working in it") as refused:
        second.acquire("napari-fhn train")
    assert "copy of the folder" in str(refused.value)
    second.release()  # of somebody who does not hold it
    assert lock.held
    lock.release()
    assert not (tmp_path / FILE).exists()
    second.acquire("napari-fhn train")
    assert second.held


def test_another_process_holds_it(tmp_path, other):
    lock = SessionLock(tmp_path)
    assert lock.holder().process == other.pid
    with pytest.raises(SessionInUse, match=f"another program .process {other.pid} "):
        lock.acquire("the desk")
    said, _ = other.communicate("\n")
    assert said == "True\n"
    lock.acquire("the desk")
    assert lock.held


def test_a_killed_process_holds_nothing(tmp_path, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert (tmp_path / FILE).exists()
    lock = SessionLock(tmp_path)
    assert lock.holder() is None
    lock.acquire("the desk")
    assert lock.held


def test_one_that_has_ended_holds_nothing_though_nobody_has_asked_how(tmp_path):
    process = subprocess.Popen(["sleep", "60"])
    part = tmp_path / f"a.npy.{process.pid}-1.part"
    part.write_text("half")
    try:
        path = written(tmp_path, process=process.pid, started=_started(process.pid))
        assert SessionLock(tmp_path).holder().process == process.pid
        os.utime(path)
        os.kill(process.pid, signal.SIGKILL)
        until = time.monotonic() + 60
        while SessionLock(tmp_path).holder() is not None and time.monotonic() < until:
            time.sleep(0.01)
        assert SessionLock(tmp_path).holder() is None
        assert leftovers.is_gone(process.pid, part)
    finally:
        process.kill()
        process.wait()


def test_of_others_processes_that_cannot_be_seen_time_tells(tmp_path, monkeypatch):
    path = written(tmp_path, process=os.getppid(), started=_started(os.getppid()))
    read = Path.read_text

    def hidden(self, *how, **more):
        if self.parts[:2] == ("/", "proc"):
            raise FileNotFoundError(self)
        return read(self, *how, **more)

    monkeypatch.setattr(Path, "read_text", hidden)
    assert SessionLock(tmp_path).holder().process == os.getppid()
    os.utime(path, (1e9, 1e9))
    assert SessionLock(tmp_path).holder() is None


def test_a_lock_that_only_somebody_else_may_read_is_believed_while_it_is_touched(tmp_path, monkeypatch):
    path = written(tmp_path)
    read = Path.read_text

    def refused(self, *how, **more):
        if self.name.startswith(FILE) or self.name.startswith(f".{FILE}"):
            raise PermissionError(self)
        return read(self, *how, **more)

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(SessionInUse, match="a program of another person"):
        SessionLock(tmp_path).acquire("the desk")
    assert path.exists()
    os.utime(path, (1e9, 1e9))
    assert SessionLock(tmp_path).holder() is None


def test_whoever_is_taken_over_finds_out(tmp_path, other):
    lock = SessionLock(tmp_path)
    lock.acquire("the desk", take_over=True)
    said, _ = other.communicate("\n")
    assert said == "False\n"
    assert lock.held  # and its giving back took nothing from the new one


def test_taken_over_in_the_same_process(tmp_path):
    first, second = SessionLock(tmp_path), SessionLock(tmp_path)
    first.acquire("the desk")
    second.acquire("the desk", take_over=True)
    assert first.lost
    assert not first.held
    first.release()
    assert second.held


def test_a_number_that_another_process_has_now_says_nothing(tmp_path):
    written(tmp_path, process=os.getppid(), started=1.0)
    assert SessionLock(tmp_path).holder() is None


def test_on_another_host_time_tells(tmp_path):
    path = written(tmp_path, host="elsewhere", process=1)
    lock = SessionLock(tmp_path)
    assert lock.holder().host == "elsewhere"
    with pytest.raises(SessionInUse, match="on elsewhere"):
        lock.acquire("the desk")
    long_ago = time.time() - SILENT_S - 1
    os.utime(path, (long_ago, long_ago))
    assert lock.holder() is None
    lock.acquire("the desk")
    assert lock.held


def test_a_writer_says_that_it_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_fhn.project.sessions.lock.TOUCH_S", 0.05)
    lock = SessionLock(tmp_path)
    lock.acquire("the desk")
    long_ago = time.time() - 1000
    os.utime(tmp_path / FILE, (long_ago, long_ago))
    until = time.monotonic() + 60
    while (tmp_path / FILE).stat().st_mtime < long_ago + 1 and time.monotonic() < until:
        time.sleep(0.02)
    assert (tmp_path / FILE).stat().st_mtime > long_ago + 900
    lock.release()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"x"', b'{"program": "x"}', b"\xff\xfe\x00", b"[" * 5000, b'{"process": 1e999}']
)
def test_a_damaged_lock_stops_nobody(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    lock = SessionLock(tmp_path)
    assert lock.holder() is None
    lock.acquire("the desk")
    assert lock.held


@pytest.mark.parametrize("stale", [False, True])
def test_of_many_at_once_one_gets_it(tmp_path, stale):
    if stale:
        written(tmp_path, process=2**22 + 5)
    several = [start(CONTENDS, tmp_path) for _ in range(4)]
    for process in several:
        assert process.stdout.readline() == "ready\n"
    for process in several:
        process.stdin.write("\n")
        process.stdin.flush()
    assert sorted(process.stdout.readline() for process in several) == ["got it\n"] + ["refused\n"] * 3
    assert sorted(process.communicate("\n", timeout=60)[0] for process in several) == ["", "", "", "held\n"]
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_where_nothing_can_be_written_that_is_said(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "write_text", refused)
    with pytest.raises(ProjectError, match=r"nothing can be written in it .Read-only file system") as said:
        SessionLock(tmp_path).acquire("a test")
    assert str(said.value).startswith(f"{tmp_path}: ")
