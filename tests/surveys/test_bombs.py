"""Small files that promise, or unpack to, more than any machine has: a sentence at once, and no memory gone."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator

import h5py
import numpy as np
import pytest
import scipy.io

from napari_fhn import labels, surveys, vector
from napari_fhn.labels import LabelError
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.arrays import hdf5, hdf5_look, unpacking
from napari_fhn.surveys.lazy import LazyArray
from napari_fhn.surveys.raster import tiff
from survey_files import rasters as factory

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(60)]


@pytest.fixture(autouse=True)
def soon_and_small() -> Iterator[None]:
    """Holds each of them to a few seconds, on a busy machine, and to little memory."""
    tracemalloc.start()
    began = time.monotonic()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 100e6
        assert time.monotonic() - began < 20
    finally:
        tracemalloc.stop()


def test_arrays_that_can_only_be_unpacked_whole_and_hold_next_to_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_LARGE", 2**20)
    values = np.zeros((40, 200, 300), np.uint8)
    np.savez_compressed(tmp_path / "a.npz", a=values)
    scipy.io.savemat(tmp_path / "a.mat", {"a": values}, do_compression=True)
    for name in ("a.npz", "a.mat"):
        with pytest.raises(SurveyError, match=r"packed into 0.0 MB, and can only be unpacked whole"):
            surveys.open(tmp_path / name, axes=("y", "x", "band"))
    np.save(tmp_path / "b.npy", values[0])
    with pytest.raises(SurveyError, match="unpacked whole"):
        surveys.read_classes(tmp_path / "a.npz", surveys.open(tmp_path / "b.npy"))
    # What holds something for its size is read.
    monkeypatch.setattr(unpacking, "_MOST_WHOLE", 2000)
    assert surveys.open(tmp_path / "a.npz", axes=("y", "x", "band")).shape == (300, 40, 200)


def test_an_array_in_an_archive_whose_header_has_no_end(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**28) + bytes(2**24))
    with pytest.raises(SurveyError, match="header without end"):
        surveys.open(path)


@pytest.mark.parametrize("how", ["packed", "large"])
def test_pieces_of_hdf5(tmp_path, monkeypatch, how):
    monkeypatch.setattr(hdf5, "_looked_through", lambda path, *_: hdf5._of_look(
        path, lambda: hdf5_look.look(str(path), 100)))  # fmt: skip
    with h5py.File(tmp_path / "a.h5", "w") as file:
        chunks = (1, 256) if how == "packed" else (2**15, 2**15)
        array = file.create_dataset(
            "a", (8, 256), "u1", chunks=chunks, maxshape=(None, None), compression="gzip", compression_opts=1
        )
        array.id.write_direct_chunk((0, 0), zlib.compress(bytes(2**24)), 0)
    with pytest.raises(SurveyError, match=r"should unpack to 256|pieces of 1,024 MB"):
        surveys.open(tmp_path / "a.h5")


def test_blocks_of_a_tiff(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff, "LARGEST", 100)
    with pytest.raises(SurveyError, match="would have to be unpacked whole"):
        surveys.open(factory.tiff(tmp_path, values=factory.cube("float32")))


def test_segy_that_promises_thousands_of_headers_and_billions_of_samples(tmp_path):
    head = bytearray(3600)
    head[3216:3218], head[3220:3222], head[3224:3226] = struct.pack(">hHh", 4000, 65535, 5)[:2], b"\xff\xff", b"\0\5"
    path = tmp_path / "a.sgy"
    more = bytearray(head)
    more[3504:3506] = struct.pack(">h", 32767)
    path.write_bytes(more + bytes(4000))
    with pytest.raises(SurveyError, match="32767 extended text headers"):
        surveys.open(path)
    head[3500:3502], head[3268:3272] = b"\2\0", struct.pack(">I", 2**31 + 5)
    path.write_bytes(head + bytes(10_000))
    with pytest.raises(SurveyError, match="2,147,483,653 samples"):
        surveys.open(path)


def test_text_without_lines_and_json_without_bottom(tmp_path):
    (tmp_path / "a.las").write_bytes(b"~V\n VERS. 2.0:\n" + b"x" * 10_000_000)
    (tmp_path / "a.csv").write_bytes(b"a," * 5_000_000)
    (tmp_path / "a.geojson").write_bytes(b'{"type":"FeatureCollection","features":' + b"[" * 1_000_000)
    for read, name in ((labels.read_log, "a.las"), (labels.sniff, "a.csv")):
        with pytest.raises(LabelError, match="longer than 100,000"):
            read(tmp_path / name)
    with pytest.raises(vector.VectorError, match="nested"):
        vector.layer_of(tmp_path / "a.geojson")


def test_a_survey_larger_than_memory_is_said_to_be_that(tmp_path):
    class Endless(LazyArray):
        def read(self, box):
            raise MemoryError

    values = Endless(tmp_path / "a.tif", (10**6, 10**6), np.uint8)
    with pytest.raises(SurveyError, match="no memory for 1000000 x 1000000 values"):
        np.asarray(values.variable(("y", "x")))
