"""A process leaves with whoever started it, whatever it is doing: no thread of its own has to run for that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from napari_fhn.training.machine import leaving

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")

BUSY = """
import ctypes, sys, time
from napari_fhn.training.machine.leaving import leave_with_starter
leave_with_starter()
print("ready", flush=True)
if sys.argv[1] == "loading":
    ctypes.PyDLL(None).sleep(60)  # no other thread of Python runs meanwhile, as while a library is loaded
time.sleep(60)
"""

TIDY = """
import time
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("tidied up", flush=True)
"""


def started(*command):
    # As a script starts what it starts in the background.
    unheard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = subprocess.Popen(
        [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    signal.signal(signal.SIGINT, unheard)
    assert process.stdout.readline() == "ready\n"
    return process


def test_it_leaves_within_two_seconds_while_it_loads_sleeps_or_is_stopped():
    processes = [started("-c", BUSY, doing) for doing in ("loading", "sleeping", "stopped")]
    os.kill(processes[2].pid, signal.SIGSTOP)
    time.sleep(0.2)
    assert [process.poll() for process in processes] == [None] * 3
    began = time.monotonic()
    for process in processes:
        process.stdin.close()
    assert [process.wait(10) for process in processes] == [-signal.SIGKILL] * 3
    assert time.monotonic() - began < 2
    for process in processes:  # nobody is left who holds its output open
        assert process.stdout.read() == ""
        process.stdout.close()


def test_any_module_can_be_run_so_and_is_interrupted_first(tmp_path, monkeypatch):
    (tmp_path / "tidy_module.py").write_text(TIDY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    # As `leaving.command("tidy_module", interrupt=True)`, with more time on a busy machine than anybody gets else.
    patient = "from napari_fhn.training.machine import leaving; leaving.LAST_SECONDS = 20; leaving.main()"
    process = started("-c", patient, "--interrupt", "tidy_module")
    process.stdin.close()
    assert process.stdout.read() == "tidied up\n"
    process.wait(10)
    process.stdout.close()


def test_one_that_ends_by_itself_is_seen_to_end():
    process = started("-c", BUSY.replace("60", "0"), "sleeping")
    assert process.wait(10) == 0
    assert process.stdout.read() == ""
    for stream in (process.stdin, process.stdout):
        stream.close()


def test_a_killed_process_that_is_not_gone_is_not_waited_for(monkeypatch):
    class Undying:
        def kill(self):
            pass

        def wait(self, timeout=None):
            waited.append((timeout, threading.current_thread() is threading.main_thread()))
            if timeout is not None:
                raise subprocess.TimeoutExpired("x", timeout)
            reaped.set()

    waited, reaped = [], threading.Event()
    leaving.end(Undying())
    assert reaped.wait(60)
    # Half a second at most for whoever ends it, and for ever for a thread.
    assert waited == [(0.5, True), (None, False)]


BEFORE_ANYTHING = """
import ctypes
print("ready", flush=True)
ctypes.PyDLL(None).sleep(60)
"""


@pytest.mark.parametrize(
    "module", ["napari_fhn.engine.worker", "napari_fhn.engine.looker", "napari_fhn.training.backbone"]
)
def test_somebody_watches_before_the_package_is_there(tmp_path, monkeypatch, module):
    # Where the machine is busy it takes seconds to import what a module needs before it can do anything itself.
    (tmp_path / "napari_fhn.py").write_text(BEFORE_ANYTHING)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    process = started(*leaving.command(module)[1:])
    process.stdin.close()
    began = time.monotonic()
    assert process.wait(10) == -signal.SIGKILL
    assert time.monotonic() - began < 2
    process.stdout.close()


STARTER = """
import os, subprocess, sys, time
from napari_fhn.training.machine import leaving
process = subprocess.Popen(leaving.command("stays"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
process.stdout.readline()
print(process.pid, flush=True)
if os.fork() == 0:
    sys.stdout.close(), os.close(1)
time.sleep(60)  # both of them: the copy holds the pipe open
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the end of a process cannot be waited for here")
def test_a_copy_of_the_starter_that_holds_the_pipe_keeps_nobody(tmp_path, monkeypatch):
    (tmp_path / "stays.py").write_text(BEFORE_ANYTHING)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    left = psutil.Process(int(starter.stdout.readline()))
    starter.stdout.close()
    try:
        starter.kill()
        starter.wait()
        began = time.monotonic()
        while left.is_running() and left.status() != psutil.STATUS_ZOMBIE and time.monotonic() < began + 10:
            time.sleep(0.02)
        assert time.monotonic() - began < 2
    finally:
        os.killpg(starter.pid, signal.SIGKILL)


def test_what_is_run_to_its_end_gives_what_it_printed(tmp_path, monkeypatch):
    (tmp_path / "speaks.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(3)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    done = leaving.run(leaving.command("speaks", "--interrupt", "x", interrupt=True))
    assert (done.returncode, done.stdout, done.stderr) == (3, "['--interrupt', 'x']\n", "")


def test_a_module_of_the_folder_one_works_in_is_not_taken_for_one_of_python(tmp_path, monkeypatch):
    (tmp_path / "contextlib.py").write_text("print('taken')")
    (tmp_path / "queue.py").write_text("print('taken')")
    monkeypatch.chdir(tmp_path)
    done = leaving.run(leaving.command("napari_fhn.cli", "--help"))
    assert done.returncode == 0
    assert "taken" not in done.stdout
