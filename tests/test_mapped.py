from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from napari_fhn import disk_room, mapped


def npy(shape=(20, 30), dtype=np.uint8, begin=b""):
    import io

    stream = io.BytesIO()
    np.save(stream, np.ones(shape, dtype))
    return begin + stream.getvalue()


def test_what_is_made_is_zero_writable_and_has_its_room(tmp_path):
    made = mapped.create(tmp_path / "a.npy", (300, 1000, 10), np.float16)
    assert made.shape == (300, 1000, 10)
    assert not made.any()
    if hasattr(os, "posix_fallocate"):
        assert (tmp_path / "a.npy").stat().st_blocks * 512 >= made.nbytes
    made[3] = 2
    mapped.sync(made[3:4])
    assert np.load(tmp_path / "a.npy")[3, 5, 6] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
    assert mapped.create(tmp_path / "f.npy", (3, 4), "<i4", order="F").flags.f_contiguous


def test_what_is_made_anew_leaves_the_map_of_the_old_alone(tmp_path):
    old = mapped.create(tmp_path / "a.npy", (1000, 1000), np.uint8)
    old[...] = 5
    new = mapped.create(tmp_path / "a.npy", (3, 3), np.uint8)
    assert old.min() == 5  # to truncate the file would end whoever looks at it
    assert mapped.open(tmp_path / "a.npy").shape == new.shape
    with pytest.raises(FileExistsError):
        mapped.create(tmp_path / "a.npy", (3, 3), np.uint8, exclusive=True)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_where_there_is_no_room_nothing_is_left_and_the_old_file_stays(tmp_path, monkeypatch, number):
    path = tmp_path / "a.npy"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match=r"a\.npy") as caught:
        mapped.create(path, (100, 100), np.uint8)
    assert mapped.is_full(caught.value)
    assert [item.name for item in tmp_path.iterdir()] == ["a.npy"]
    assert path.read_bytes() == b"old"
    with pytest.raises(OSError, match="are needed"):
        mapped.create(path, (10**6, 10**6, 10**6), np.uint8)


def test_a_system_that_reserves_nothing_writes_zeros_or_looks_for_room(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    assert not mapped.create(tmp_path / "a.npy", (1000, 1000), np.uint8).any()
    if hasattr(os, "SEEK_HOLE"):
        assert (tmp_path / "a.npy").stat().st_blocks * 512 >= 1e6
    monkeypatch.setattr(disk_room, "_WRITTEN", 0)
    assert not mapped.create(tmp_path / "b.npy", (1000, 1000), np.uint8).any()
    monkeypatch.setattr(disk_room, "room", lambda _: 1000)
    with pytest.raises(OSError, match=r"b\.npy"):
        mapped.open(tmp_path / "b.npy", "r+")


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system reserves no room")
def test_holes_of_an_older_file_get_their_room_before_they_are_written(tmp_path):
    path = tmp_path / "a.npy"
    values = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(5, 1000, 1000))
    values[1, :500], values[3] = 7, 8
    values.flush()
    before = np.array(values)
    if path.stat().st_blocks * 512 > 4e6:
        pytest.skip("the disk has no holes")
    mapped.open(path, "r")
    assert path.stat().st_blocks * 512 < 4e6
    opened = mapped.open(path, "r+")
    assert path.stat().st_blocks * 512 >= 5e6
    np.testing.assert_array_equal(opened, before)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (npy()[:-1], "promises"),
        (npy()[:40], "header"),
        (npy()[:7], "header"),
        (b"PK\x03\x04" + bytes(200), "header"),
        (b"\x93NUMPY\x01\x00v\x00" + b"(" * 117 + b"\n", "header"),
        (npy().replace(b"(20, 30), }", b"(-2, 30), }"), "shape"),
        (npy().replace(b"(20, 30), }", b"(True,30),}"), "shape"),
        (npy().replace(b"(20, 30), }", b"(0, 30),  }"), "holds nothing"),
        (npy().replace(b"(20, 30), }        ", b"(9999999999,99999),}"), "promises"),
        (npy().replace(b"|u1", b"|O8"), "numbers|header"),
        (npy().replace(b"|u1", b"|V0"), "numbers"),
        (npy().replace(b"{'descr'", b"['descr'"), "header"),
    ],
)
@pytest.mark.parametrize("mode", ["r", "r+"])
def test_what_is_no_whole_array_is_named_and_left_as_it_is(tmp_path, content, words, mode):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(mapped.DamagedArray, match=words) as caught:
        mapped.open(path, mode)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_what_is_no_file_is_not_waited_for(tmp_path):
    with pytest.raises(mapped.DamagedArray, match="no file"):
        mapped.open(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.npy")
        with pytest.raises(mapped.DamagedArray, match="no file"):
            mapped.open(tmp_path / "pipe.npy")
    with pytest.raises(FileNotFoundError):
        mapped.open(tmp_path / "nothing.npy")
