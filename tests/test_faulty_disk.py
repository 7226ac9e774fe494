"""The disk that fails in tests fails where it should, and nowhere else."""

import json
import os
import sys

import numpy as np
import pytest

import faulty_disk
from faulty_disk import KILLED, all_faults, disk, events, killed, unsynced
from napari_fhn import record

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not copied here")


def careless(path):
    path.write_text("something new and longer", encoding="utf-8")


def careful(path):
    record.write_bytes(path, b"something new and longer")


@posix
def test_it_finds_a_writer_that_loses_the_old_file_and_none_in_one_that_does_not(tmp_path):
    path = tmp_path / "kept.txt"
    left = {careless: set(), careful: set()}
    for write, found in left.items():
        for _ in all_faults(tmp_path, lambda write=write: write(path), lambda: path.write_text("old")):
            found.add(path.read_text())
            for part in tmp_path.glob("*.part"):
                part.unlink()
    assert {"", "something ne"} <= left[careless]
    assert left[careful] == {"old", "something new and longer"}


def test_every_kind_of_event_is_seen(tmp_path):
    def all_of_them():
        (tmp_path / "folder").mkdir()
        with (tmp_path / "a").open("wb", 0) as file:
            file.write(b"1234")
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, 10)
            os.fsync(file.fileno())
        os.truncate(tmp_path / "a", 2)
        (tmp_path / "a").replace(tmp_path / "b")
        number = os.open(tmp_path / "b", os.O_WRONLY)
        os.write(number, b"5")
        os.close(number)
        np.save(tmp_path / "c.npy", np.arange(3))
        (tmp_path / "b").unlink()
        (tmp_path / "folder").rmdir()

    seen = events(tmp_path, all_of_them)
    kinds = [event.kind for event in seen]
    reserve = ["reserve"] if hasattr(os, "posix_fallocate") else []
    if os.path.isdir("/proc/self/fd"):
        first = ["mkdir", "create", "write", *reserve, "sync", "truncate", "rename", "open", "write", "create"]
        assert kinds[: len(first)] == first
        assert kinds[-3:] == ["write", "remove", "remove"]
        assert [str(event) for event in unsynced(seen)] == ["rename a -> b"]  # it was truncated after it was synced


def test_a_full_disk_stays_full_but_things_can_be_removed(tmp_path):
    (tmp_path / "old").write_text("old")
    with disk(tmp_path, 2, "full") as seen:
        with pytest.raises(OSError, match="No space left"):
            (tmp_path / "new").write_text("new")
        with pytest.raises(OSError, match="No space left"):
            (tmp_path / "other").write_text("new")
        (tmp_path / "old").unlink()
    assert seen.hit
    assert not (tmp_path / "old").exists()
    (tmp_path / "new").write_text("there is room again")


def test_what_lies_elsewhere_is_left_alone(tmp_path):
    (tmp_path / "here").mkdir()
    with disk(tmp_path / "here", 1, "full") as seen:
        (tmp_path / "elsewhere").write_text("fine")
    assert (seen.hit, seen.events) == (False, [])


@posix
def test_a_torn_line_of_a_log_is_half_on_the_disk(tmp_path):
    path = tmp_path / "log"

    def add():
        with path.open("a") as file:
            file.write("second\n")

    path.write_text("first\n")
    assert killed(tmp_path, add, 2)
    assert path.read_text() == "first\nsec"


@posix
def test_a_program_is_killed_or_told(tmp_path):
    program = ["-c", f"import pathlib; pathlib.Path({str(tmp_path / 'a')!r}).write_text('12345678')"]
    assert faulty_disk.run(program, tmp_path, 2, "kill").returncode == KILLED
    assert (tmp_path / "a").read_text() == "1234"
    assert "No space left" in faulty_disk.run(program, tmp_path, 2, "full").stderr
    assert faulty_disk.run(program, tmp_path, 3, "kill").returncode == 0


@posix
def test_files_can_be_limited_for_writers_in_c(tmp_path):
    assert faulty_disk.size_limit(1000, lambda: np.arange(1000).tofile(tmp_path / "a"))
    assert (tmp_path / "a").stat().st_size == 1000
    assert not faulty_disk.size_limit(1000, lambda: np.arange(10).tofile(tmp_path / "b"))


def test_a_small_disk_is_full_soon(tmp_path):
    code = (
        "import pathlib, sys, json\n"
        "try: pathlib.Path(sys.argv[1], 'a').write_bytes(bytes(2 << 20))\n"
        "except OSError as error: print(json.dumps(error.errno))"
    )
    ran = faulty_disk.on_small_disk(tmp_path, 1, [sys.executable, "-c", code, str(tmp_path)])
    if ran is None:
        pytest.skip("this system lets nobody mount a disk of his own")
    assert json.loads(ran.stdout) == 28


def test_a_power_cut_takes_what_was_not_brought_to_the_disk(tmp_path):
    def write():
        with open(tmp_path / "kept.part", "wb") as file:
            file.write(b"kept")
            file.flush()
            os.fsync(file.fileno())
            file.write(b" and lost")
        os.replace(tmp_path / "kept.part", tmp_path / "kept")
        (tmp_path / "lost").write_bytes(b"lost")
        (tmp_path / "last").mkdir()

    count = len(events(tmp_path, write))
    for path in tmp_path.iterdir():
        path.unlink() if path.is_file() else path.rmdir()
    assert killed(tmp_path, write, count, "power")
    assert (tmp_path / "kept").read_bytes() == b"kept"
    assert (tmp_path / "lost").read_bytes() == b""
    assert not (tmp_path / "last").exists()
