from __future__ import annotations

import os
import subprocess
import sys

import pytest

from napari_fhn import leftovers


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
