from __future__ import annotations

import os
import tracemalloc
import zipfile

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.surveys.arrays import npy
from napari_fhn.surveys.axes import AmbiguousAxes


def test_axes_have_no_names_and_values_stay_on_disk(tmp_path):
    values = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    np.save(tmp_path / "a.npy", values)
    array = surveys.open(tmp_path / "a.npy")
    assert array.dims == ("axis_0", "axis_1", "axis_2")
    assert array.attrs["kind"] == "array"
    np.testing.assert_array_equal(array[:, 2].values, values[:, 2])
    array.values[0, 0, 0] = 7  # of what was read: the file is never written
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), values)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_what_becomes_shorter_while_it_is_open_is_a_sentence(tmp_path, name):
    path = tmp_path / name
    values = np.random.default_rng(0).random((30, 40, 50))
    (np.save if name == "a.npy" else np.savez)(path, values)
    array = surveys.open(path, axes=("inline", "crossline", "twt"))
    np.testing.assert_array_equal(array[0].values, values[0])
    whole = path.read_bytes()
    os.truncate(path, 4096)
    with pytest.raises(surveys.SurveyError, match=r"a\.np[yz]: it has become shorter .* Open it again"):
        array[-1].values  # noqa: B018
    path.write_bytes(whole)
    np.testing.assert_array_equal(array[-1].values, values[-1])


def test_anything_else_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.ones((4, 4)))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(surveys.SurveyError, match="not a whole npy array"):
        surveys.open(path)
    for values in (
        np.array(["a", "b"]),
        np.array([{}], dtype=object),
        np.array(3.0),
        np.ones((0, 3)),
        np.ones(3) * 1j,
    ):
        np.save(path, values)
        with pytest.raises(surveys.SurveyError):
            surveys.open(path)
    path.write_text("no")
    assert not surveys.can_open(path)
    with pytest.raises(surveys.SurveyError):
        surveys.open(path)


def test_axes_that_a_person_names_are_put_into_order(tmp_path):
    values = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    np.save(tmp_path / "a.npy", values)
    array = surveys.open(tmp_path / "a.npy", axes=("x", "band", "y"))
    assert array.dims == ("band", "y", "x")
    np.testing.assert_array_equal(array.values, values.transpose(1, 2, 0))
    volume = surveys.open(tmp_path / "a.npy", axes=("inline", "crossline", "twt"))
    assert volume.attrs["kind"] == "seismic"
    with pytest.raises(surveys.SurveyError, match="3 axes"):
        surveys.open(tmp_path / "a.npy", axes=("y", "x"))


def test_a_section_that_a_person_names_is_a_line(tmp_path):
    values = np.random.default_rng(0).random((6, 9)).astype(np.float32)
    np.save(tmp_path / "a.npy", values)
    line = surveys.open(tmp_path / "a.npy", axes=("time", "trace"))
    assert line.dims == ("trace", "twt")
    assert line.attrs["kind"] == "seismic"
    np.testing.assert_array_equal(line.values, values.T)


def test_what_a_wizard_can_ask_opens(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4, 5)))
    choices = surveys.open(tmp_path / "a.npy").attrs["choices"]
    assert choices[0].options == {"axes": ("y", "x", "band")}
    for choice in choices:
        assert surveys.open(tmp_path / "a.npy", **choice.options).size == 60


def test_an_npz_without_a_hint_asks(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, cube=np.zeros((3, 4, 5)), name=np.array(["x"]))
    with pytest.raises(AmbiguousAxes, match=r"axes of 'cube' \(3 x 4 x 5\) have no names") as caught:
        surveys.open(path)
    assert surveys.open(path, **caught.value.choices[0].options).sizes == {"band": 5, "y": 3, "x": 4}
    np.savez(path, a=np.zeros((3, 4, 5)), b=np.ones((3, 4, 5)))
    with pytest.raises(AmbiguousAxes, match="2 arrays that can be the survey") as caught:
        surveys.open(path)
    with pytest.raises(AmbiguousAxes) as again:
        surveys.open(path, **caught.value.choices[1].options)
    assert surveys.open(path, **again.value.choices[0].options).values.all()


def test_a_square_npz_with_as_many_bands_asks(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, cube=np.zeros((5, 4, 5)), wavelength=np.arange(400.0, 900, 100))
    with pytest.raises(AmbiguousAxes):
        surveys.open(path)


def test_stored_arrays_of_an_npz_stay_on_disk(tmp_path):
    values = np.random.default_rng(0).random((300, 200, 5))
    np.savez(tmp_path / "a.npz", first=np.arange(3), cube=values)
    tracemalloc.start()
    array = surveys.open(tmp_path / "a.npz", axes=("y", "x", "band"))
    np.testing.assert_array_equal(array[2, 7].values, values[7, :, 2])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < values.nbytes / 4


def test_a_lying_npz_is_a_sentence(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("cube.npy", "w") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f8", "fortran_order": False, "shape": (10**5, 10**5, 10**3)}
        )
        file.write(bytes(1000))
    with pytest.raises(surveys.SurveyError, match="its header promises 8000000000"):
        surveys.open(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(surveys.SurveyError, match="not a whole npz"):
        surveys.open(path)
    np.savez(path, words=np.array(["a"]), pickled=np.array([{}], dtype=object), line=np.arange(3))
    with pytest.raises(surveys.SurveyError, match="no array of two or more axes"):
        surveys.open(path)
    with pytest.raises(surveys.SurveyError, match="holds no array 'cube'"):
        surveys.open(path, variable="cube")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("size", [40, 3000])
def test_an_array_that_is_not_what_its_checksum_says_is_damaged(tmp_path, save, size):
    path = tmp_path / "a.npz"
    values = np.random.default_rng(0).random((30, size)).astype(np.float32)
    save(path, cube=values)
    np.testing.assert_array_equal(surveys.open(path).values[0], values)
    with zipfile.ZipFile(path) as archive:
        (info,) = archive.infolist()
    content = path.read_bytes()
    said = info.CRC.to_bytes(4, "little")
    assert content.count(said) >= 1
    path.write_bytes(content.replace(said, (info.CRC ^ 1).to_bytes(4, "little")))
    with pytest.raises(surveys.SurveyError, match=r"a\.npz: its array 'cube\.npy' is damaged \(Bad CRC-32"):
        surveys.open(path)
    with pytest.raises(surveys.SurveyError, match="is damaged"):
        npy.only_array(path)


def test_of_a_large_array_that_stays_on_disk_nothing_is_read_for_its_checksum(tmp_path, monkeypatch):
    monkeypatch.setattr(npy, "MAX_CHECKED", 1000)
    monkeypatch.setattr(npy, "_read_to_the_end", lambda file: pytest.fail("it is read"))
    np.savez(tmp_path / "a.npz", cube=np.zeros((30, 40), np.float32))
    assert surveys.open(tmp_path / "a.npz").shape == (1, 30, 40)


def test_a_checksum_is_looked_at_a_piece_at_a_time(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, cube=np.zeros((2000, 2000), np.float32))
    surveys.open(path)
    tracemalloc.start()
    try:
        surveys.open(path)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_axes_of_length_1_need_no_name(tmp_path):
    values = np.random.default_rng(0).random((1, 3, 1, 4, 5)).astype(np.float32)
    np.save(tmp_path / "a.npy", values)
    choices = surveys.open(tmp_path / "a.npy").attrs["choices"]
    assert {len(choice.options["axes"]) for choice in choices} == {3}
    array = surveys.open(tmp_path / "a.npy", axes=("inline", "crossline", "twt"))
    assert array.dims == ("inline", "crossline", "twt")
    np.testing.assert_array_equal(array.values, values[0, :, 0])
    named = surveys.open(tmp_path / "a.npy", axes=("date", "inline", "band", "crossline", "twt"))
    assert named.dims == ("band", "inline", "crossline", "twt")


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "array"])
def test_five_axes_without_names_are_not_opened_unasked(tmp_path, name):
    values = np.zeros((2, 3, 4, 5, 6), np.float32)
    if name != "array":
        (np.save if name == "a.npy" else np.savez)(tmp_path / name, values)
    with pytest.raises(surveys.SurveyError, match=r"\(2 x 3 x 4 x 5 x 6\) have no names\. Save the part .* with axes="):
        npy.of_array(values) if name == "array" else surveys.open(tmp_path / name)
