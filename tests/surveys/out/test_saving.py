from __future__ import annotations

import os

import numpy as np
import pytest
import rasterio
import segyio
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn import surveys
from proofs import examples


@settings(max_examples=examples(100), deadline=None)
@given(data=st.data())
def test_saved_segy_keeps_every_header_byte_but_the_format(data, tmp_path_factory, make_segy):
    folder = tmp_path_factory.mktemp("save")
    n_il, n_xl, n_t = (data.draw(st.integers(2, 4)) for _ in range(3))
    endian = data.draw(st.sampled_from(["big", "little"]))
    n_ext = data.draw(st.integers(0, 2))
    step_il, step_xl = (data.draw(st.sampled_from([-2, -1, 1, 3])) for _ in range(2))
    source = make_segy(
        folder / "in.sgy",
        100 + step_il * np.arange(n_il),
        200 + step_xl * np.arange(n_xl),
        np.random.default_rng(0).normal(size=(n_il, n_xl, n_t)).astype(np.float32),
        sorting=data.draw(st.sampled_from([1, 2])),
        endian=endian,
        format=data.draw(st.sampled_from([1, 5])),
        ext_headers=n_ext,
    )
    survey = surveys.open(source)
    kind, code, size = data.draw(
        st.sampled_from([(np.uint8, 8, 1), (np.int64, 3, 2), (np.float32, 5, 4), (np.float64, 5, 4), (np.bool_, 8, 1)])
    )
    values = np.random.default_rng(1).integers(0, 2, survey.shape).astype(kind)
    if kind is np.int64:
        values[0, 0, 0] = -3000
    out = surveys.save(folder / "out.sgy", values, survey)

    again = surveys.open(out)
    np.testing.assert_array_equal(again.values, values)
    for dim in survey.dims:
        np.testing.assert_array_equal(again[dim], survey[dim])
    with segyio.open(str(out), endian=endian, strict=False) as file:
        assert file.tracecount == n_il * n_xl
        assert int(file.format) == code

    first = 3600 + 3200 * n_ext
    old, new = source.read_bytes(), out.read_bytes()
    assert len(new) == first + n_il * n_xl * (240 + size * n_t)
    assert new[:3224] == old[:3224]
    assert int.from_bytes(new[3224:3226], endian) == code
    assert new[3226:first] == old[3226:first]
    for k in range(n_il * n_xl):
        a, b = first + k * (240 + 4 * n_t), first + k * (240 + size * n_t)
        assert new[b : b + 240] == old[a : a + 240]
    assert sorted(os.listdir(folder)) == ["in.sgy", "out.sgy"], "no partial file stays"


def test_the_format_is_the_smallest_that_holds_the_integers(volume, tmp_path):
    survey = surveys.open(volume)
    for top, code in ((127, 8), (255, 16), (32767, 3), (2**31 - 1, 2), (2**33, 5)):
        values = np.full(survey.shape, top, dtype=np.int64)
        path = surveys.save(tmp_path / f"{code}.sgy", values, survey)
        with segyio.open(str(path)) as file:
            assert int(file.format) == code


def test_a_line_is_saved_in_trace_order(tmp_path, make_segy):
    cube = np.arange(12, dtype=np.float32).reshape(1, 4, 3)
    survey = surveys.open(make_segy(tmp_path / "line.sgy", np.array([7]), np.arange(4), cube))
    again = surveys.open(surveys.save(tmp_path / "out.sgy", survey.values + 1, survey))
    np.testing.assert_array_equal(again.values, cube[0] + 1)


def test_saving_where_it_must_not_is_refused(volume, tmp_path):
    survey = surveys.open(volume)
    labels = np.zeros(survey.shape, np.uint8)
    before = volume.read_bytes()
    for path, values, like, words in (
        (volume, labels, survey, "the survey itself"),
        (tmp_path / "a.sgy", labels[1:], survey, "do not lie on the survey's grid"),
        (tmp_path / "a.sgy", labels[1:], survey[1:], "not the whole survey"),
        (
            tmp_path / "a.sgy",
            labels,
            survey.assign_coords(inline=survey["inline"] + 1),
            "not the whole survey",
        ),
        (tmp_path / "a.sgy", np.stack([labels, labels]), survey, "one value per sample"),
        (tmp_path / "a.tif", labels, survey, "holds maps"),
        (tmp_path / "a.png", labels, survey, "suffix '.png'"),
        (tmp_path / "nowhere" / "a.sgy", labels, survey, "cannot be written"),
    ):
        with pytest.raises(surveys.SurveyError, match=words):
            surveys.save(path, values, like)
    assert volume.read_bytes() == before
    assert os.listdir(tmp_path) == ["volume.sgy"]


def test_a_failed_save_leaves_the_old_file(volume, tmp_path):
    survey = surveys.open(volume)
    out = tmp_path / "out.sgy"
    out.write_bytes(b"precious")

    class Breaking(np.ndarray):
        def __getitem__(self, key):
            raise RuntimeError("the disk is on fire")

    values = np.zeros(survey.shape, np.float32).view(Breaking)
    with pytest.raises(RuntimeError, match="on fire"):
        surveys.save(out, values, survey)
    assert out.read_bytes() == b"precious"
    assert sorted(os.listdir(tmp_path)) == ["out.sgy", "volume.sgy"]


def test_npy(volume, tmp_path):
    survey = surveys.open(volume)
    values = np.random.default_rng(0).random((3, *survey.shape)).astype(np.float32)
    np.testing.assert_array_equal(np.load(surveys.save(tmp_path / "p.npy", values, survey)), values)


def test_geotiff_keeps_crs_and_transform(tmp_path):
    transform = rasterio.transform.from_origin(300000, 6000000, 30, 30)
    with rasterio.open(
        tmp_path / "in.tif", "w", driver="GTiff", width=5, height=4, count=3, dtype="int16",
        crs="EPSG:32633", transform=transform,
    ) as file:  # fmt: skip
        file.write(np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    scene = surveys.open(tmp_path / "in.tif")
    classes = np.arange(20, dtype=np.uint8).reshape(4, 5)
    for values, like, shift in ((classes, scene, 0), (classes[1:, 2:], scene[:, 1:, 2:], 1)):
        out = surveys.save(tmp_path / "out.tif", values, like, nodata=0)
        with rasterio.open(out) as file:
            assert file.crs.to_epsg() == 32633
            corner = 300000 + 30 * 2 * shift, 6000000 - 30 * shift
            assert file.transform.almost_equals(rasterio.transform.from_origin(*corner, 30, 30))
            assert file.nodata == 0
            np.testing.assert_array_equal(file.read(1), values)
    with pytest.raises(surveys.SurveyError, match="one is none"):
        surveys.save(tmp_path / "a.sgy", classes, scene)


def test_penobscot_facies_go_out_and_come_back(shared, tmp_path):
    survey = surveys.open(shared("penobscot/penobscot.sgy"))
    labels = np.load(shared("penobscot/labels.npz"))
    facies = labels[labels.files[0]]
    again = surveys.open(surveys.save(tmp_path / "facies.sgy", facies, survey))
    assert again.dtype == np.int8
    np.testing.assert_array_equal(again.values, facies)
