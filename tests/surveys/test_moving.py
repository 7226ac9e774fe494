from __future__ import annotations

import errno
import os

import pytest

from napari_fhn import surveys
from napari_fhn.surveys import moving


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
