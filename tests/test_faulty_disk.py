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
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="what is mapped is not told here")
def test_what_was_written_through_a_map_is_lost_with_the_power_unless_it_was_brought_to_the_disk(tmp_path):
    def write(path, sync):
        values = np.lib.format.open_memmap(path, "r+")
        values[:2] = 1
        if sync == "map":
            values.flush()
        if sync == "file":
            with path.open("rb") as file:
                os.fsync(file.fileno())
        values[2:] = 2
        (tmp_path / "end").touch()  # where the power is cut

    for sync, left in (("", [0, 0, 0, 0]), ("map", [1, 1, 0, 0]), ("file", [1, 1, 0, 0])):
        path = tmp_path / "values.npy"
        np.save(path, np.zeros(4, np.uint8))
        seen = events_without_power(tmp_path, lambda path=path, sync=sync: write(path, sync))
        np.save(path, np.zeros(4, np.uint8))
        (tmp_path / "end").unlink()
        assert killed(tmp_path, lambda path=path, sync=sync: write(path, sync), seen, "power")
        assert np.load(path).tolist() == left, sync


def events_without_power(folder, action):
    """How many events there are where the power is cut, which maps that are brought to the disk are among."""
    with disk(folder, 0, "power") as seen:
        action()
    assert str(seen.events[-1]) == "create end"
    return len(seen.events)


@posix
def test_a_disk_may_have_written_by_itself_what_was_not_asked_for(tmp_path):
    def write():
        for number in range(8):
            (tmp_path / f"{number}").write_text("new")
        (tmp_path / "end").touch()

    found = set()
    for seed in range(4):
        for number in range(8):
            (tmp_path / f"{number}").write_text("old")
        (tmp_path / "end").unlink(missing_ok=True)
        with disk(tmp_path, 0, "power") as seen:
            write()
        (tmp_path / "end").unlink()
        for number in range(8):
            (tmp_path / f"{number}").write_text("old")
        assert killed(tmp_path, write, len(seen.events), "power", seed)
        left = [(tmp_path / f"{number}").read_text() for number in range(8)]
        assert set(left) == {"", "new"}  # which is what became of a file that was emptied and written
        found.add(tuple(left))
    assert len(found) > 1


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
