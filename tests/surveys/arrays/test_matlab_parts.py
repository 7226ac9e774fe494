"""Cubes in structs and cells, in files of version 4, and as tables of bands x pixels."""

from __future__ import annotations

import itertools
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from napari_fhn import surveys
from napari_fhn.surveys.axes import AmbiguousAxes

CASES = Path(__file__).parents[4] / "shared" / "cases" / "matlab"
CUBE = np.arange(5 * 6 * 4, dtype="f4").reshape(5, 6, 4)
WAVES = np.array([450.0, 550.0, 650.0, 900.0])


def saved(folder, packed=True, **arrays):
    path = folder / "a.mat"
    scipy.io.savemat(path, arrays, do_compression=packed)
    return path


def cell(*values):
    out = np.empty((1, len(values)), dtype=object)
    out[0, :] = list(values)
    return out


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("arrays", "name"),
    [
        ({"data": {"cube": CUBE, "wavelength": WAVES}}, "data/cube"),
        ({"a": {"b": {"c": {"cube": CUBE}, "wavelength": WAVES}}}, "a/b/c/cube"),
        ({"scenes": cell("text", CUBE), "wavelength": WAVES}, "scenes{2}"),
        ({"s": {"parts": cell(WAVES, {"x": CUBE})}, "wavelength": WAVES}, "s/parts{2}/x"),
        ({"s": np.array([[("one", np.ones((2, 2))), ("two", CUBE)]], dtype=[("n", "O"), ("x", "O")]),
          "wavelength": WAVES}, "s(2)/x"),
    ],
)  # fmt: skip
def test_a_cube_is_found_wherever_it_lies(tmp_path, arrays, name, packed):
    survey = surveys.open(saved(tmp_path, packed, **arrays))
    assert survey.attrs["variable"] == name
    np.testing.assert_array_equal(survey.values, CUBE.transpose(2, 0, 1))
    assert survey["wavelength"].values.tolist() == WAVES.tolist()
    again = surveys.open(tmp_path / "a.mat", variable=name, axes=("y", "x", "band"))
    np.testing.assert_array_equal(again.values, survey.values)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"])
def test_all_types_of_numbers_in_a_struct_are_read(tmp_path, dtype):
    values = (np.arange(30).reshape(5, 6) % 2).astype(dtype)
    survey = surveys.open(saved(tmp_path, s={"m": values, "text": "abc", "nothing": np.zeros((0, 0))}))
    np.testing.assert_array_equal(survey.values[0], values)


def test_damaged_structs_are_refused_or_read_and_never_end_in_a_traceback(tmp_path):
    path = saved(tmp_path, packed=False, data={"cube": CUBE, "deep": {"wavelength": WAVES}})
    content, rng = path.read_bytes(), np.random.default_rng(5)
    opened = refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        for at in rng.integers(128, 700, 3):
            damaged[at] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            surveys.open(path, axes=("y", "x", "band")).values.sum()
            opened += 1
        except surveys.SurveyError:
            refused += 1
    assert opened
    assert refused


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "i2", "u2", "u1"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_version_4_is_read(tmp_path, dtype, order):
    values = np.arange(30).reshape(5, 6).astype(order + dtype)
    word = (1000 if order == ">" else 0) + 10 * ("f8", "f4", "i4", "i2", "u2", "u1").index(dtype)
    path = tmp_path / "old.mat"
    head = np.array([word, 5, 6, 0, 6], dtype=f"{order}i4").tobytes() + b"chart\0"
    path.write_bytes(head + values.tobytes(order="F"))
    assert surveys.can_open(path)
    np.testing.assert_array_equal(surveys.open(path).values[0], values)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(surveys.SurveyError, match="or is cut short"):
        surveys.open(path)


def test_version_4_as_scipy_writes_it_holds_what_it_was_given(tmp_path):
    path = tmp_path / "old.mat"
    values = np.random.default_rng(0).random((5, 6))
    scipy.io.savemat(path, {"text": "abc", "m": values, "z": values[:2] * 1j}, format="4")
    np.testing.assert_array_equal(surveys.open(path).values[0], values)


def tables():
    """Tables of bands x pixels, with their cube ``(band, y, x)`` and what the file says beside."""
    cube = np.arange(3 * 8 * 5, dtype="f4").reshape(3, 8, 5)
    down, along = cube.transpose(0, 2, 1).reshape(3, -1), cube.reshape(3, -1)
    return cube, {
        "down": ({"Y": down, "nRow": 8, "nCol": 5}, {"rows": 8, "pixels": "down"}),
        "along": ({"Y": along, "lines": 8, "samples": 5}, {"rows": 8, "pixels": "along"}),
        "pixels first": ({"Y": down.T, "nRow": 8, "nCol": 5}, {"rows": 8, "pixels": "down"}),
        "by wavelengths": ({"Y": down, "wavelength": WAVES[:3]}, {"rows": 8, "pixels": "down"}),
        "in a struct": ({"s": {"Y": down, "nRow": 8, "nCol": 5}}, {"rows": 8, "pixels": "down"}),
    }


@pytest.mark.parametrize("name", tables()[1])
def test_bands_x_pixels_asks_for_rows_and_columns(tmp_path, name):
    cube, kinds = tables()
    arrays, answer = kinds[name]
    path = saved(tmp_path, **arrays)
    with pytest.raises(AmbiguousAxes, match="3 bands of 40 pixels") as caught:
        surveys.open(path)
    offered = [dict(choice.options) for choice in caught.value.choices]
    asked = [{key: one[key] for key in answer} for one in offered if "rows" in one]
    assert answer in asked
    if "wavelength" not in arrays:
        assert asked[0]["rows"] == 8
    survey = surveys.open(path, **offered[asked.index(answer)])
    assert survey.dims == ("band", "y", "x")
    np.testing.assert_array_equal(survey.values, cube)
    np.testing.assert_array_equal(surveys.open(path, **survey.attrs["read_as"]).values, cube)
    assert surveys.open(path, **offered[-1]).sizes["band"] == 1


def test_rows_that_do_not_fit_are_refused(tmp_path):
    path = saved(tmp_path, Y=np.ones((3, 40)))
    with pytest.raises(surveys.SurveyError, match="40 pixels of 'Y' do not make 7 rows"):
        surveys.open(path, rows=7)


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases lie beside the checkout")
def test_the_cases_are_their_cubes():
    assert surveys.open(CASES / "struct.mat").shape == (7, 11, 13)
    assert surveys.open(CASES / "v4.mat").shape == (1, 11, 13)
    with pytest.raises(AmbiguousAxes) as caught:
        surveys.open(CASES / "flat.mat")
    assert surveys.open(CASES / "flat.mat", **caught.value.choices[0].options).shape == (7, 11, 13)


def version_73(path, **content):
    """Write a file of version 7.3: arrays, lists (cells), tuples of dicts (arrays of structs), dicts (structs)."""

    def put(group, name, value):
        if isinstance(value, np.ndarray):
            item = group.create_dataset(name, data=value.T)
            item.attrs["MATLAB_class"] = np.bytes_(value.dtype.name)
        elif isinstance(value, dict):
            item = group.create_group(name)
            item.attrs["MATLAB_class"] = np.bytes_("struct")
            for key, one in value.items():
                put(item, key, one)
        elif isinstance(value, tuple):
            item = group.create_group(name)
            item.attrs["MATLAB_class"] = np.bytes_("struct")
            for key in value[0]:
                item.create_dataset(key, data=[[kept(one[key])] for one in value], dtype=h5py.ref_dtype)
        else:
            item = group.create_dataset(name, data=[[kept(one)] for one in value], dtype=h5py.ref_dtype)
            item.attrs["MATLAB_class"] = np.bytes_("cell")

    def kept(value):
        name = f"r{next(count)}"
        put(refs, name, value)
        return refs[name].ref

    with h5py.File(path, "w", userblock_size=512) as file:
        refs, count = file.create_group("#refs#"), itertools.count()
        for key, one in content.items():
            put(file, key, one)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return path


def test_cells_and_arrays_of_structs_of_version_73_are_looked_into(tmp_path):
    cube = np.random.default_rng(0).random((4, 5, 3)).astype(np.float32)
    labels = np.ones((4, 5), np.uint8)
    path = version_73(
        tmp_path / "a.mat",
        data=[cube, {"labels": labels, "note": np.array([1.0])}, [cube + 1]],
        scenes=({"cube": cube + 2}, {"cube": cube + 3}),
    )
    axes = ("y", "x", "band")
    for name, values in (
        ("data{1}", cube), ("data{3}{1}", cube + 1), ("scenes(1)/cube", cube + 2), ("scenes(2)/cube", cube + 3)
    ):  # fmt: skip
        survey = surveys.open(path, variable=name, axes=axes)
        np.testing.assert_array_equal(survey.values, values.transpose(2, 0, 1))
        np.testing.assert_array_equal(survey[1, 2:4].values, values[2:4, :, 1])
    np.testing.assert_array_equal(surveys.open(path, variable="data{2}/labels", axes=("y", "x")).values[0], labels)
    with pytest.raises(AmbiguousAxes) as asked:
        surveys.open(path)
    offered = {choice.options["variable"] for choice in asked.value.choices}
    assert {"data{1}", "data{3}{1}", "scenes(1)/cube", "scenes(2)/cube"} <= offered


def test_a_cell_that_holds_itself_or_nothing_ends(tmp_path):
    path = version_73(tmp_path / "a.mat", data=[np.ones((4, 5, 3), np.float32), *[np.ones((2, 2))] * 40])
    with h5py.File(path, "r+") as file:
        for k in range(1, 41):
            file["data"][k, 0] = file["data"].ref
        file.create_dataset("empty", shape=(2, 1), dtype=h5py.ref_dtype).attrs["MATLAB_class"] = np.bytes_("cell")
    assert surveys.open(path, variable="data{1}", axes=("y", "x", "band")).shape == (3, 4, 5)
