from __future__ import annotations

import tracemalloc
import zlib

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from napari_fhn import surveys
from napari_fhn.surveys.arrays import matlab
from napari_fhn.surveys.axes import AmbiguousAxes
from survey_files import rasters as factory

CUBE = factory.cube("float32").transpose(1, 2, 0)


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_a_cube_without_a_hint_asks(tmp_path, version):
    write = factory.matlab73 if version == "7.3" else factory.matlab5
    path = write(tmp_path, arrays={"indian_pines": CUBE}, **({} if version == "7.3" else {"compressed": True}))
    assert surveys.can_open(path)
    with pytest.raises(AmbiguousAxes, match=r"axes of 'indian_pines' \(6 x 7 x 5\) have no names") as caught:
        surveys.open(path)
    best = surveys.open(path, **caught.value.choices[0].options)
    np.testing.assert_array_equal(best.values, factory.cube("float32"))
    volume = surveys.open(path, axes=("inline", "crossline", "twt"))
    np.testing.assert_array_equal(volume.values, CUBE)


def test_a_map_has_rows_and_columns_and_says_so(tmp_path):
    survey = surveys.open(factory.matlab73(tmp_path, arrays={"gt": CUBE[..., 0]}))
    assert survey.sizes == {"band": 1, "y": 6, "x": 7}
    assert any("Rows of 'gt' are taken as y" in note for note in survey.attrs["notes"])


def test_7_3_is_read_piece_by_piece(tmp_path):
    values = np.random.default_rng(0).random((400, 300, 8))
    path = factory.matlab73(tmp_path, arrays={"cube": values, "wavelength": 400.0 + 50 * np.arange(8)})
    tracemalloc.start()
    survey = surveys.open(path)
    np.testing.assert_array_equal(survey[3].values, values[..., 3])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < values.nbytes / 2


def test_what_is_no_array_of_numbers_is_named(tmp_path):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"s": {"a": 1}, "c": np.array(["x"]), "sp": scipy.sparse.eye(3)})
    with pytest.raises(surveys.SurveyError, match=r"no array of numbers \(.*s \(struct\)"):
        surveys.open(path)
    scipy.io.savemat(path, {"z": np.ones((3, 4)) * 1j})
    with pytest.raises(surveys.SurveyError, match="complex"):
        surveys.open(path)


def test_a_cut_file_says_where_it_ends(tmp_path):
    path = factory.matlab5(tmp_path, arrays={"a": np.random.default_rng(0).random((30, 40))}, compressed=True)
    whole = path.read_bytes()
    for n in (len(whole) - 10, len(whole) // 2, 200, 130):
        path.write_bytes(whole[:n])
        with pytest.raises(surveys.SurveyError, match=f"the file ends at {n}"):
            surveys.open(path)
    path.write_bytes(whole[:100])
    assert not surveys.can_open(path)
    with pytest.raises(surveys.SurveyError, match="does not begin as a MATLAB file"):
        surveys.open(path)


def element(kind: int, payload: bytes) -> bytes:
    return np.array([kind, len(payload)], "<u4").tobytes() + payload + bytes(-len(payload) % 8)


def test_a_lying_array_is_refused_before_it_is_read(tmp_path):
    dims = np.array([30000, 30000, 1000], "<i4").tobytes()
    flags = np.array([6, 0], "<u4").tobytes()
    body = element(6, flags) + element(5, dims) + element(1, b"cube") + element(9, bytes(64))
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    path = tmp_path / "a.mat"
    packed = zlib.compress(element(14, body))
    path.write_bytes(head + np.array([15, len(packed)], "<u4").tobytes() + packed)
    assert surveys.can_open(path)
    with pytest.raises(surveys.SurveyError, match="promises 30000 x 30000 x 1000 values, too many"):
        surveys.open(path)


def test_an_array_too_large_for_memory_names_the_way_out(tmp_path, monkeypatch):
    path = factory.matlab5(tmp_path, arrays={"a": np.zeros((30, 40))}, compressed=True)
    monkeypatch.setattr(matlab, "MAX_LOADED", 1000)
    with pytest.raises(surveys.SurveyError, match=r"-v7\.3"):
        surveys.open(path)
