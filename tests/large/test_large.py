"""Large arrays: used as mapped ones are, seen by others as they change, small on the disk, and right after a kill."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn import mapped
from napari_fhn.large import Large, array, holding, layout

SHAPE = (13, 21, 17)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(layout, "_SIDES", {1: 4, 2: 4, 3: 4})
    monkeypatch.setattr(layout, "_TIMES", 2)


def made(path: Path, values: np.ndarray) -> Large:
    out = mapped.create(path, values.shape, values.dtype)
    out[...] = values
    return out  # type: ignore[return-value]


def numbers(shape: tuple[int, ...] = SHAPE, dtype: str = "uint8") -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.integers(1, 9, shape) * (rng.random(shape) < 0.5)).astype(dtype)


@pytest.mark.parametrize(("shape", "dtype"), [(SHAPE, "uint8"), ((3, *SHAPE), "float16"), ((9, 14), "uint8")])
def test_zarr_reads_what_was_written_packed_and_shards_that_hold_nothing_are_not_there(tmp_path, shape, dtype):
    values = numbers(shape, dtype)
    values[..., :9] = 0
    out = made(tmp_path / "a.zarr", values)
    out.pack()
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "a.zarr", mode="r")[...], values)
    np.testing.assert_array_equal(mapped.open(tmp_path / "a.zarr")[...], values)
    shards = [name for name in layout.files(tmp_path / "a.zarr") if name != "zarr.json"]
    assert shards
    assert all(int(name.split("/")[-1]) >= 1 for name in shards)
    out[...] = 0
    out.pack()
    assert layout.files(tmp_path / "a.zarr") == ["zarr.json"]


def test_what_is_held_is_read_though_its_folder_is_gone_or_elsewhere(tmp_path, monkeypatch):
    values = numbers()
    for way in (shutil.rmtree, lambda path: path.rename(tmp_path / "moved")):
        one = made(tmp_path / "a.zarr", values)
        one.pack()
        assert mapped.hold(one) == 0
        one[0, 0, 0] = 7
        one.pack()
        one[12, 20, 16] = 8  # in a shard that lies open
        wanted = np.array(one)
        assert (wanted[0, 0, 0], wanted[12, 20, 16]) == (7, 8)
        one._blocks.clear()
        way(tmp_path / "a.zarr")
        np.testing.assert_array_equal(one[...], wanted)
        found = np.zeros_like(values)
        for box in one.written():
            found[box] = one[box]
        np.testing.assert_array_equal(found, wanted)
        assert mapped.hold(one) == 0  # what is held stays so
        np.testing.assert_array_equal(one[...], wanted)
    many = made(tmp_path / "b.zarr", values)
    many.pack()
    monkeypatch.setattr(holding, "_all", type(holding._all)())  # what others hold is no part of this
    monkeypatch.setattr(holding, "_most", lambda: 2)
    assert mapped.hold(many) == len(layout.files(tmp_path / "b.zarr")) - 1 - 2
    shutil.rmtree(tmp_path / "b.zarr")
    assert len(list(many.written())) == 2
    unheld = made(tmp_path / "c.zarr", values)
    unheld.pack()
    shutil.rmtree(tmp_path / "c.zarr")
    with pytest.raises(FileNotFoundError):
        unheld[...]


KEYS = st.tuples(
    *(
        st.one_of(
            st.integers(-n, n - 1),
            st.builds(slice, *[st.none() | st.integers(-n, n)] * 2, st.sampled_from([None, 1, 3, -1, -2])),
        )
        for n in SHAPE
    )
)


@settings(max_examples=20, deadline=None)
@given(keys=st.lists(KEYS, min_size=1, max_size=4), lay=st.lists(st.booleans(), min_size=4, max_size=4))
def test_it_reads_and_writes_as_numpy_does_open_or_packed(tmp_path_factory, keys, lay):
    out = made(tmp_path_factory.mktemp("a") / "a.zarr", expected := numbers())
    for number, (key, packed) in enumerate(zip(keys, lay, strict=False)):
        if packed:
            out.pack()
        np.testing.assert_array_equal(out[key], expected[key])
        expected[key] = number + 20
        out[key] = number + 20
        np.testing.assert_array_equal(mapped.open(out.filename)[...], expected)


def test_single_voxels_masks_and_numpy_go_through_it(tmp_path):
    out, expected = made(tmp_path / "a.zarr", numbers()), numbers()
    out.pack()
    rng = np.random.default_rng(1)
    points = tuple(rng.integers(-n, n, 40) for n in SHAPE)
    np.testing.assert_array_equal(out[points], expected[points])
    out[points] = expected[points] = np.arange(40) + 100
    np.testing.assert_array_equal(out, expected)
    mask = expected == 3
    out[mask] = expected[mask] = 50
    np.testing.assert_array_equal(out == 50, expected == 50)
    assert int(np.count_nonzero(out)) == int(np.count_nonzero(expected))
    np.testing.assert_array_equal(out.take(4, 1), expected.take(4, 1))
    np.testing.assert_array_equal(np.array(list(out)), expected)
    with pytest.raises(IndexError, match="along all axes"):
        out[np.array([1, 2])]
    with pytest.raises(IndexError):
        out[0, 0, 17]
    with pytest.raises(ValueError, match="for reading"):
        mapped.open(out.filename)[0] = 1


def test_a_layer_of_probabilities_is_read_where_it_is_looked_at(tmp_path):
    values = numbers((3, *SHAPE), "float16")
    out = made(tmp_path / "a.zarr", values)
    for _ in range(2):
        found = mapped.layer(out, 2)
        assert found.shape == SHAPE
        points = tuple(np.arange(5) + k for k in range(3))
        np.testing.assert_array_equal(out[(slice(None), *points)], values[(slice(None), *points)])
        np.testing.assert_array_equal(found[3:9, 20, ::2], values[2, 3:9, 20, ::2])
        np.testing.assert_array_equal(found, values[2])
        out.pack()


def test_others_see_what_is_written_and_what_was_packed_meanwhile(tmp_path):
    out = made(tmp_path / "a.zarr", numbers())
    other = mapped.open(out.filename)
    for value, pack in ((11, False), (12, True), (13, False), (0, True), (14, False)):
        out[2:5] = value
        if pack:
            out.pack()
        assert (other[2:5] == value).all()
        assert other[6, 3, 2] == numbers()[6, 3, 2]


def test_shards_are_packed_as_others_are_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(array, "OPEN_BYTES", 4 * 8**3)
    expected = np.zeros(SHAPE, np.uint8)
    out = mapped.create(tmp_path / "a.zarr", SHAPE, np.uint8)
    for value, row in enumerate((0, 12, 3, 9, 1), start=1):
        out[row, ::2] = expected[row, ::2] = value
        assert len(os.listdir(tmp_path / "a.zarr" / "open")) <= 4
    np.testing.assert_array_equal(out, expected)


def test_it_is_copied_and_removed_by_name_and_what_others_put_there_stays(tmp_path):
    out = made(tmp_path / "a.zarr", numbers())
    out.pack()
    out[0] = 5
    mapped.copy(out.filename, tmp_path / "b.zarr")
    np.testing.assert_array_equal(mapped.open(tmp_path / "b.zarr"), out)
    (tmp_path / "a.zarr" / "thesis.doc").write_text("mine")
    with pytest.raises(OSError, match="not empty"):
        mapped.remove(tmp_path / "a.zarr")
    assert [path.name for path in (tmp_path / "a.zarr").iterdir()] == ["thesis.doc"]
    mapped.remove(tmp_path / "b.zarr")
    mapped.remove(tmp_path / "b.zarr")
    assert not (tmp_path / "b.zarr").exists()
    with pytest.raises(FileExistsError):
        mapped.create(tmp_path / "a.zarr", SHAPE, np.uint8)


def test_what_is_damaged_or_of_others_is_said(tmp_path):
    out = made(tmp_path / "a.zarr", numbers())
    out.pack()
    with pytest.raises(FileNotFoundError):
        mapped.open(tmp_path / "none.zarr")
    zarr.create_array(tmp_path / "other.zarr", shape=SHAPE, chunks=(4, 4, 4), dtype="uint8")
    (tmp_path / "file.zarr").write_bytes(b"x")
    for name in ("other.zarr", "file.zarr"):
        assert not mapped.is_whole(tmp_path / name)
        with pytest.raises(mapped.DamagedArray, match=name):
            mapped.open(tmp_path / name)
    shard = tmp_path / "a.zarr" / "c" / "0" / "0" / "0"
    data = shard.read_bytes()
    for cut in (data[:40], data[100:], data[:50] + bytes(20) + data[70:]):
        shard.write_bytes(cut)
        with pytest.raises(ValueError, match="is no whole shard"):
            mapped.open(tmp_path / "a.zarr")[0]


def test_a_killed_writer_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(array, "OPEN_BYTES", 4 * 8**3)
    mapped.create(tmp_path / "a.zarr", SHAPE, np.uint8)
    done = np.zeros(SHAPE[0], int)
    for lines in (12, 5):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            out = mapped.open(tmp_path / "a.zarr", "r+")
            for value, row in itertools.product(range(1, 200), range(SHAPE[0])):
                out[row] = value
                os.write(writing, f"{row} {value}\n".encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as said:
            for number, line in enumerate(said):
                row, value = map(int, line.split())
                done[row] = value
                if number == lines:
                    os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = np.asarray(mapped.open(tmp_path / "a.zarr"))
        # One row may have been under way.
        assert sum((found[row] == done[row]).all() for row in range(SHAPE[0])) >= SHAPE[0] - 1
    out = mapped.open(tmp_path / "a.zarr", "r+")
    mapped.pack(out)
    assert not out._cut.open_places()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(out, found)
