from __future__ import annotations

import errno
import os
import shutil
import sys

import pytest

from faulty_disk import all_faults, disk, unsynced
from napari_fhn import surveys
from napari_fhn.surveys import moving, swapping


def fail(new):
    new.mkdir()
    (new / "half").write_text("of the")
    raise RuntimeError


def test_what_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text("old")
    for name in ("file", "folder"):
        with pytest.raises(RuntimeError), moving.replacing(tmp_path / name) as new:
            fail(new)
    assert (tmp_path / "file").read_text() == "old"
    assert (tmp_path / "folder" / "a").read_text() == "old"
    with moving.replacing(tmp_path / "file") as new:
        new.write_text("new")
        new.with_name("beside").write_text("new")
    with moving.replacing(tmp_path / "folder") as new:
        new.mkdir()
        (new / "b").write_text("new")
    assert (tmp_path / "file").read_text() == "new"
    assert (tmp_path / "beside").read_text() == "new"
    assert os.listdir(tmp_path / "folder") == ["b"]
    assert sorted(os.listdir(tmp_path)) == ["beside", "file", "folder"]


def test_a_folder_set_aside_by_a_killed_process_gets_its_name_back(tmp_path):
    hidden = tmp_path / ".a[1].zarr.123.partial"
    (hidden / "replaced").mkdir(parents=True)
    (hidden / "replaced" / "x").write_text("old")
    (hidden / "lock").touch()
    stranger = tmp_path / ".a[1].zarr.124.partial"
    stranger.mkdir()
    (stranger / "of somebody").touch()
    with pytest.raises(RuntimeError), moving.replacing(tmp_path / "a[1].zarr"):
        raise RuntimeError
    assert (tmp_path / "a[1].zarr" / "x").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == [stranger.name, "a[1].zarr"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError("Can't write data (file write failed: errno = 28, No space left on device)"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be written: Permission denied"),
    ],
)
def test_the_system_speaks_in_sentences(tmp_path, error, words):
    with pytest.raises(surveys.SurveyError, match=words), moving.sentences(tmp_path / "file"):
        raise error


def test_one_process_holds_a_lock(tmp_path):
    first = moving.lock(tmp_path / "lock")
    assert first is not None
    assert moving.lock(tmp_path / "lock") is None
    first.close()
    again = moving.lock(tmp_path / "lock")
    assert again is not None
    again.close()


def test_sizes_are_said_as_people_do():
    assert [moving.bytes_text(n) for n in (12, 1234, 5e6, 12.3e9, 4e12)] == [
        "12 bytes", "1.2 kB", "5.0 MB", "12.3 GB", "4000.0 GB",
    ]  # fmt: skip


# Killed at each moment ------------------------------------------------------------------------------------------------


def put_back(folder, kind):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if kind == "folder":
        (folder / "a.zarr").mkdir()
        (folder / "a.zarr" / "x").write_text("old")
    else:
        (folder / "a.img").write_text("old")
    if kind == "pair":
        (folder / "a.hdr").write_text("old")


def replace_all(folder, kind):
    with moving.replacing(folder / ("a.zarr" if kind == "folder" else "a.img")) as new:
        if kind == "folder":
            new.mkdir()
            (new / "x").write_text("new")
        else:
            new.write_text("new")
        if kind == "pair":
            new.with_name("a.hdr").write_text("new")


def there(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot copy a process")
@pytest.mark.parametrize(("kind", "swaps"), [("file", True), ("pair", True), ("folder", True), ("folder", False)])
def test_whenever_a_process_is_killed_the_old_or_the_new_is_there_and_the_next_puts_it_right(
    tmp_path, kind, swaps, monkeypatch
):
    if not swaps:
        monkeypatch.setattr(swapping, "swap", lambda one, other: False)
    elif sys.platform != "linux":
        pytest.skip("only tried where folders are known to trade names")
    folder, seen = tmp_path / "work", set()
    names = {"file": {"a.img"}, "pair": {"a.img", "a.hdr"}, "folder": {"a.zarr/x"}}[kind]
    for fault in all_faults(folder, lambda: replace_all(folder, kind), lambda: put_back(folder, kind)):
        found = {name: text for name, text in there(folder).items() if "partial" not in name}
        if kind != "folder" or swaps:
            assert found.keys() == names, fault
        moving.sweep(folder / ("a.zarr" if kind == "folder" else "a.img"))
        after = there(folder)
        assert after.keys() == names, fault
        assert len(set(after.values())) == 1, fault  # of a pair both are old, or both are new
        seen |= set(after.values())
        replace_all(folder, kind)
        assert set(there(folder).values()) == {"new"}
    assert seen == {"old", "new"}


@pytest.mark.parametrize("kind", ["file", "pair", "folder"])
def test_nothing_takes_its_name_before_it_is_on_the_disk(tmp_path, kind):
    put_back(tmp_path / "work", kind)
    with disk(tmp_path / "work") as seen:
        replace_all(tmp_path / "work", kind)
    assert sum(event.kind == "sync" for event in seen.events) >= 2  # what it holds, and its name
    assert unsynced(seen.events) == []


def test_what_a_living_process_writes_is_not_swept(tmp_path):
    with moving.replacing(tmp_path / "a.npy") as new:
        new.write_text("half")
        moving.sweep(tmp_path / "a.npy")
        assert new.exists()
