"""Zarr stores: nothing runs, nothing leaves the folder, and no piece unpacks to more than it may."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import json
import lzma
import os
import pickle
import struct
import tracemalloc
import zlib
from pathlib import Path

import numcodecs
import numpy as np
import pytest
import xarray as xr
import zarr
from zarr.abc.store import RangeByteRequest
from zarr.core.buffer import default_buffer_prototype

from napari_fhn import surveys
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.arrays import unpacking, zarr_metadata
from napari_fhn.surveys.arrays.zarr_guard import GuardedStore
from survey_files import rasters as factory

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(60)]
CALLED: list[str] = []


class Harm:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return CALLED.append, ("it ran",)


def edit(path: Path, change) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def store(folder: Path, version: int = 2, consolidated: bool = False) -> Path:
    values = factory.cube("float32")
    data = xr.Dataset(
        {"a": (("band", "y", "x"), values)},
        {"band_name": ("band", np.array(list("abcde"), dtype=object)), "y": np.arange(6.0), "x": np.arange(7.0)},
    )
    data.to_zarr(folder / "s.zarr", zarr_format=version, consolidated=consolidated)
    return folder / "s.zarr"


@pytest.mark.parametrize("consolidated", [False, True])
def test_no_codec_of_a_store_runs_what_it_says(tmp_path, consolidated):
    path = store(tmp_path, consolidated=consolidated)
    harm = pickle.dumps(np.array([Harm()] * 5, dtype=object))
    CALLED.clear()
    for name in os.listdir(path / "band_name"):
        if not name.startswith("."):
            (path / "band_name" / name).write_bytes(harm)

    def pickled(said) -> None:
        said.update(dtype="|O", filters=[{"id": "vlen-utf8"}, {"id": "pickle", "protocol": 4}], compressor=None)

    if consolidated:
        edit(path / ".zmetadata", lambda said: pickled(said["metadata"]["band_name/.zarray"]))
    else:
        edit(path / "band_name" / ".zarray", pickled)
    with pytest.raises(SurveyError, match=r"'band_name' is packed with 'pickle'.*runs what the file says"):
        surveys.open(path)
    assert CALLED == []


@pytest.mark.parametrize("name", ["pickle", "numcodecs.pickle", "somebodys", "zfpy"])
def test_codecs_that_nobody_knows_are_refused_by_name(tmp_path, name):
    path = store(tmp_path, 3)
    edit(path / "a" / "zarr.json", lambda said: said["codecs"].append({"name": name, "configuration": {}}))
    with pytest.raises(SurveyError, match=f"'a' is packed with '{name.removeprefix('numcodecs.')}'"):
        surveys.open(path)


def test_whatever_else_is_common_is_read(tmp_path):
    values = factory.cube("float32")
    for version in (2, 3):
        survey = surveys.open(store(tmp_path / str(version), version))
        np.testing.assert_array_equal(survey, values)
        assert survey["band_name"].values.tolist() == list("abcde")
    for k, codec in enumerate(
        (numcodecs.Zstd(), numcodecs.LZ4(), numcodecs.Zlib(), numcodecs.GZip(), numcodecs.BZ2(), numcodecs.LZMA(), None)
    ):
        array = zarr.create_array(
            tmp_path / f"{k}.zarr", shape=values.shape, chunks=(2, 6, 7), dtype="f4", zarr_format=2,
            compressors=codec, filters=[numcodecs.Shuffle(4)] if k == 0 else None,
        )  # fmt: skip
        array[...] = values
        np.testing.assert_array_equal(surveys.open(tmp_path / f"{k}.zarr", axes=("band", "y", "x")), values)
    array = zarr.create_array(
        tmp_path / "shards.zarr", shape=values.shape, shards=(4, 6, 8), chunks=(2, 3, 4), dtype="f4"
    )
    array[...] = values
    survey = surveys.open(tmp_path / "shards.zarr", axes=("band", "y", "x"))
    np.testing.assert_array_equal(survey, values)
    np.testing.assert_array_equal(survey[1, 2:4, 3], values[1, 2:4, 3])


def test_files_of_a_store_are_plain_and_inside_it(tmp_path):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(path, shape=(2, 12), chunks=(1, 12), dtype="u1", compressors=None)
    array[...] = 1
    (tmp_path / "secret").write_bytes(b"secret of 12")
    chunk = path / "c" / "1" / "0"
    chunk.unlink()
    chunk.symlink_to(tmp_path / "secret")
    with pytest.raises(SurveyError, match="c/1/0 leads out of the folder"):
        np.asarray(surveys.open(path))
    chunk.unlink()
    os.mkfifo(chunk)
    with pytest.raises(SurveyError, match="c/1/0 is no plain file: it is a pipe"):
        np.asarray(surveys.open(path))
    edit(path / "zarr.json", lambda said: said.update(node_type="group"))
    other = {"zarr_format": 3, "node_type": "group", "consolidated_metadata": {"metadata": {"../secret": {}}}}
    (path / "zarr.json").write_text(json.dumps(other))
    with pytest.raises(SurveyError, match="no place in it"):
        surveys.open(path)


PACKED = {
    "gzip": (numcodecs.GZip(), lambda n: gzip.compress(bytes(n))),
    "zlib": (numcodecs.Zlib(), lambda n: zlib.compress(bytes(n))),
    "bz2": (numcodecs.BZ2(), lambda n: bz2.compress(bytes(n))),
    "lzma": (numcodecs.LZMA(), lambda n: lzma.compress(bytes(n))),
    "zstd": (numcodecs.Zstd(), lambda n: numcodecs.Zstd().encode(bytes(n))),
    "lz4": (numcodecs.LZ4(), lambda n: numcodecs.LZ4().encode(bytes(n))),
    "blosc": (numcodecs.Blosc(), lambda n: numcodecs.Blosc().encode(bytes(n))),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_piece_that_unpacks_to_more_than_it_may_is_not_unpacked(tmp_path, name):
    codec, pack = PACKED[name]
    path = tmp_path / "a.zarr"
    zarr.create_array(path, shape=(2, 128), chunks=(2, 128), dtype="u1", zarr_format=2, compressors=codec)
    size = 2**25
    (path / "0.0").write_bytes(pack(size))
    survey = surveys.open(path)
    tracemalloc.start()
    try:
        with pytest.raises(SurveyError, match="unpacks to more"):
            np.asarray(survey)
        assert tracemalloc.get_traced_memory()[1] < size // 2
    finally:
        tracemalloc.stop()


def test_a_piece_of_a_shard_that_unpacks_to_more_than_it_may_is_not_unpacked(tmp_path):
    path = tmp_path / "a.zarr"
    zarr.create_array(
        path, shape=(4, 64), shards=(4, 64), chunks=(2, 64), dtype="u1", compressors=zarr.codecs.GzipCodec()
    )
    packed = gzip.compress(bytes(2**25))
    index = struct.pack("<4Q", 0, len(packed), 0, len(packed))
    edit(path / "zarr.json", lambda said: said["codecs"][0]["configuration"]["index_codecs"].pop())
    (path / "c" / "0").mkdir(parents=True)
    (path / "c" / "0" / "0").write_bytes(packed + index)
    for part in (slice(None), slice(0, 1)):
        with pytest.raises(SurveyError, match="unpacks to more"):
            np.asarray(surveys.open(path)[0, part])


def test_a_piece_that_is_cut_off_is_not_handed_to_a_library_that_reads_on_behind_it(tmp_path):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(
        path, shape=(2, 128), chunks=(2, 128), dtype="u1", zarr_format=2, compressors=numcodecs.Blosc()
    )
    array[...] = np.tile(np.arange(128), (2, 1))
    whole = (path / "0.0").read_bytes()
    for content in (whole[:20], whole[:10], whole + b"\0"):
        (path / "0.0").write_bytes(content)
        with pytest.raises(SurveyError, match=r"\(0.0\) is cut off"):
            np.asarray(surveys.open(path))


def test_zstandard_that_promises_nothing_is_told_by_its_blocks():
    # A frame without its length: a block of 2**17 bytes of one kind, four times; the last one says so.
    block = [(2**17 << 3 | 1 << 1 | last).to_bytes(3, "little") + b"\0" for last in (0, 0, 0, 1)]
    frame = b"\x28\xb5\x2f\xfd" + b"\x00\x58" + b"".join(block)
    assert numcodecs.Zstd().decode(frame) == bytes(2**19)
    assert unpacking.within("zstd", frame, 2**19)
    assert not unpacking.within("zstd", frame, 2**19 - 1)
    assert not unpacking.within("zstd", frame + frame, 2**19)
    assert not unpacking.within("nobody's", b"", 10)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chunks": [2**11, 2**11, 2**11]}, "pieces of 32,768 MB"),
        ({"shape": [2**40]}, "promises 1,099,511,627,776 entries"),
        ({"shape": [2**40, 2**40, 7]}, "promises 8,462,480,737,302,404,222,943,232 values"),
        ({"compressor": {"id": "zlib"}, "filters": [{"id": "gzip"}]}, "packed 2 times"),
        ({"chunks": None}, "says what is no array"),
        ({"dtype": ["a"]}, "says what is no array"),
        ({"shape": [-5, 6, 7]}, "a length below 0"),
        ({"compressor": {"id": "lzma", "format": 3}}, "packed with 'lzma'"),
    ],
)
def test_what_a_store_promises_is_looked_at_before_it_is_opened(tmp_path, change, words):
    path = store(tmp_path)
    edit(path / "a" / ".zarray", lambda said: said.update(change))
    with pytest.raises(SurveyError, match=words):
        surveys.open(path)


SHARDS = {"name": "sharding_indexed", "configuration": {"chunk_shape": [1, 6, 7], "codecs": [{"name": "bytes"}]}}
INDEX = {"index_codecs": [{"name": "bytes"}, {"name": "gzip", "configuration": {"level": 1}}]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"storage_transformers": [{"name": "another"}]}, "stored in a way that is not read"),
        ({"codecs": [SHARDS, {"name": "gzip", "configuration": {"level": 1}}]}, "packs whole shards"),
        ({"codecs": [{**SHARDS, "configuration": SHARDS["configuration"] | INDEX}]}, "packs the index of its shards"),
        ({"shape": [5, -6, 7]}, "a length below 0"),
    ],
)
def test_what_shards_would_unpack_whole_is_refused_before_it_is_opened(tmp_path, change, words):
    path = store(tmp_path, 3)
    edit(path / "a" / "zarr.json", lambda said: said.update(change))
    with pytest.raises(SurveyError, match=words):
        surveys.open(path)


def test_metadata_as_deep_as_a_file_is_long_is_a_sentence(tmp_path):
    path = store(tmp_path)
    for name in (".zgroup", ".zattrs", "a/.zarray", "a/.zattrs"):
        whole = (path / name).read_bytes()
        (path / name).write_bytes(b'{"a":' * 100_000)
        with pytest.raises(SurveyError):
            surveys.open(path)
        (path / name).write_bytes(whole)
    deep = tmp_path / "deep.json"
    deep.write_bytes(b"[" * 100_000)
    assert zarr_metadata.said_in(deep) == {}


def test_pieces_of_a_shard_are_looked_at_one_by_one(tmp_path):
    """As zarr from 3.2 on asks for them: it would read neighbours as one, which is cut off for who looks at a piece."""
    values = np.arange(64, dtype=np.float32).reshape(8, 8)
    array = zarr.create_array(tmp_path / "a.zarr", shape=(8, 8), shards=(8, 8), chunks=(4, 8), dtype="float32")
    array[:] = values
    np.testing.assert_array_equal(zarr.open_array(GuardedStore(tmp_path / "a.zarr"), mode="r")[2:6], values[2:6])

    async def ranges(store, key, parts):
        prototype = default_buffer_prototype()
        return [one async for group in store.get_ranges(key, parts, prototype=prototype) for one in group]

    store = GuardedStore(tmp_path / "a.zarr")
    asyncio.run(store.get("zarr.json", default_buffer_prototype()))
    index = (tmp_path / "a.zarr" / "c" / "0" / "0").read_bytes()[-36:-4]
    places = [tuple(int.from_bytes(index[k : k + 8], "little") for k in (n, n + 8)) for n in (0, 16)]
    parts = [RangeByteRequest(start, start + length) for start, length in places]
    found = asyncio.run(ranges(store, "c/0/0", parts))
    assert [(number, len(piece)) for number, piece in found] == [(n, places[n][1]) for n in (0, 1)]
    assert store.get_ranges_sync("c/0/0", parts, prototype=default_buffer_prototype())[1][0] == 1
    with pytest.raises(BaseExceptionGroup, match="c/9/9") as raised:
        asyncio.run(ranges(store, "c/9/9", parts))
    assert raised.value.split(FileNotFoundError)[1] is None
