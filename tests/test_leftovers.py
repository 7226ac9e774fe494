from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from napari_fhn import leftovers
from napari_fhn.project.sessions import sweeping


@pytest.fixture(scope="module")
def gone() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def test_only_what_is_not_whole_and_of_nobody_goes(tmp_path, gone):
    mine = [f"a.npy.{os.getpid()}-1.part", f"a.npy.{os.getppid()}-1.part"]
    others = ["a.npy", "a.part", f"{gone}.part", f"a.npy.{gone}.part", "notes.1-2.part.txt", f"engine-{gone}-ab.log"]
    for name in [*mine, *others, f"a.npy.{gone}-1.part", f".{gone}-Survey.part.npy", f".session.lock.{gone}-7.gone"]:
        (tmp_path / name).write_text("half")
    os.utime(tmp_path / mine[1])  # since that process began
    for name in ("dips", "thesis"):
        (tmp_path / f"{name}.{gone}-1.part").mkdir()
        (tmp_path / f"{name}.{gone}-1.part" / "done.npy").write_text("half")
    (tmp_path / f"dips.{gone}-1.part" / f"done.npy.{gone}-1.part").write_text("half of it")
    (tmp_path / f"thesis.{gone}-1.part" / "chapter.txt").write_text("years of work")
    (tmp_path / f"link.npy.{gone}-1.part").symlink_to(tmp_path / "a.npy")
    assert leftovers.sweep(tmp_path, ("done.npy",)) == 4
    left = {*mine, *others, f"thesis.{gone}-1.part", f"link.npy.{gone}-1.part"}
    assert {path.name for path in tmp_path.iterdir()} == left
    assert (tmp_path / f"thesis.{gone}-1.part" / "chapter.txt").exists()
    assert leftovers.sweep(tmp_path / "missing") == 0


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="the system does not say when a process began")
def test_a_number_that_was_given_again_is_another_process(tmp_path):
    path = tmp_path / f"a.npy.{os.getppid()}-1.part"
    path.write_text("half")
    assert not leftovers.is_gone(os.getppid(), path)
    os.utime(path, (1e9, 1e9))  # long before that process began
    assert leftovers.is_gone(os.getppid(), path)
    assert leftovers.sweep(tmp_path) == 1


def test_logs_of_windows_that_are_gone_go(tmp_path, gone):
    names = [f"engine-{gone}-7f01.log", f"engine-{os.getpid()}-7f01.log", "engine-notes.log", f"engine-{gone}-7f01.txt"]
    for name in names:
        (tmp_path / name).write_text("said")
    assert leftovers.sweep_logs(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])


def test_temporary_folders_of_killed_processes_go_and_no_others(tmp_path, monkeypatch, gone):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine = leftovers.temporary()
    (Path(mine.name) / "work.fhn").mkdir()
    owner = (Path(mine.name) / ".napari-fhn-owner").read_text()
    assert leftovers.sweep_temporary(tmp_path) == 0

    def made(name: str, process: int, folder: str = "", host: str = socket.gethostname()) -> None:
        (tmp_path / name / "work.fhn").mkdir(parents=True)
        said = {**json.loads(owner), "process": process, "folder": folder or name, "host": host}
        (tmp_path / name / ".napari-fhn-owner").write_text(json.dumps(said))

    made(f"napari-fhn-{gone}-left", gone)
    made(f"napari-fhn-{gone}-copied", gone, folder=f"napari-fhn-{gone}-left")
    made(f"napari-fhn-{gone}-elsewhere", gone, host="another machine")
    made(f"napari-fhn-{gone}-other", os.getpid())
    made("napari-fhn-thesis", gone)
    (tmp_path / f"napari-fhn-{gone}-thesis").mkdir()
    (tmp_path / f"napari-fhn-{gone}-thesis" / "chapter.txt").write_text("years of work")
    (tmp_path / f"napari-fhn-{gone}-link").symlink_to(tmp_path / f"napari-fhn-{gone}-thesis")
    before = {path.name for path in tmp_path.iterdir()}
    with leftovers.temporary() as another:  # which looks first
        assert {path.name for path in tmp_path.iterdir()} == before - {f"napari-fhn-{gone}-left"} | {Path(another).name}
    mine.cleanup()
    assert not Path(mine.name).exists()


def test_what_python_leaves_when_it_is_killed_is_taken_away_by_the_next_session(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = "import os, signal; from napari_fhn import leftovers; f = leftovers.temporary(); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sweeping.sweep(tmp_path / "no session yet")
    assert list(tmp_path.iterdir()) == []
