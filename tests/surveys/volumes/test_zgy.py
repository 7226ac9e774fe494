from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.surveys import lazy
from survey_files.volumes import corners, values_of

SHAPE = (5, 70, 9)


def test_a_volume_has_its_numbers_times_and_place(tmp_path, make_zgy):
    values = values_of(SHAPE)
    survey = surveys.open(make_zgy(tmp_path / "a.zgy", values))
    assert survey.dims == ("inline", "crossline", "twt")
    np.testing.assert_array_equal(survey.values, values)
    np.testing.assert_array_equal(
        survey.isel(inline=[4, 1], crossline=slice(66, 2, -3), twt=3), values[[4, 1], 66:2:-3, 3]
    )
    assert survey["inline"].values.tolist() == [100, 102, 104, 106, 108]
    assert survey["twt"].values[:2].tolist() == [1000, 1004]
    assert survey["twt"].attrs["units"] == "ms"
    x, y = survey.attrs["geometry"].to_xy(104, 203)
    assert (float(x), float(y)) == (5e5 + 3 * 12.5, 6e6 + 2 * 25)
    assert survey.attrs["format"] == "ZGY, float32"
    assert (survey.attrs["read_as"], survey.attrs["notes"]) == ({}, ())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(survey))[2, 5], values[2, 5])


def test_numbers_that_fall_are_turned_with_their_place(tmp_path, make_zgy):
    values = values_of(SHAPE)
    survey = surveys.open(make_zgy(tmp_path / "a.zgy", values, annotstart=(108, 200), annotinc=(-2, 1)))
    assert survey["inline"].values.tolist() == [100, 102, 104, 106, 108]
    np.testing.assert_array_equal(survey.values, values[::-1])
    geometry = survey.attrs["geometry"]
    assert geometry.numbers == (100, 200)
    x, y = geometry.to_xy(108, 200)
    assert (float(x), float(y)) == corners(SHAPE)[0]


@pytest.mark.parametrize(
    ("unit", "dim", "factor", "axis", "first"),
    [
        ("s", "time", 1.0, "twt", 1000.0),
        ("", "time", 0.001, "twt", 1.0),
        ("m", "length", 1.0, "depth", 1.0),
        ("ft", "length", 0.3048, "depth", 0.3048),
        ("", "unknown", 1.0, "sample", 0.0),
        ("ms", "unknown", 1.0, "twt", 1.0),
    ],
)
def test_the_vertical_unit_is_known_or_asked(tmp_path, make_zgy, unit, dim, factor, axis, first):
    import openzgy.api as api

    said = {"zunitname": unit, "zunitdim": getattr(api.UnitDimension, dim), "zunitfactor": factor, "zstart": 1.0}
    path = make_zgy(tmp_path / "a.zgy", values_of((3, 4, 5)), **said)
    survey = surveys.open(path)
    assert survey.dims[-1] == axis
    assert survey[axis].values[0] == first
    if axis == "sample":
        assert "counts samples" in survey.attrs["notes"][0]
        told = surveys.open(path, vertical="depth")
        assert (told.dims[-1], told["depth"].values[1], told.attrs["read_as"]) == ("depth", 5.0, {"vertical": "depth"})


def test_integers_stand_for_amplitudes_or_for_themselves(tmp_path, make_zgy):
    import openzgy.api as api

    classes = (values_of((3, 4, 5)) % 5).astype(np.int8)
    kept = surveys.open(make_zgy(tmp_path / "a.zgy", classes, datatype=api.SampleDataType.int8, datarange=(-128, 127)))
    assert kept.dtype == np.int8
    np.testing.assert_array_equal(kept.values, classes)
    scaled = surveys.open(make_zgy(tmp_path / "b.zgy", classes, datatype=api.SampleDataType.int8, datarange=(-1, 1)))
    np.testing.assert_allclose(lazy.physical(scaled).values, (classes + 128.0) / 255 * 2 - 1, atol=1e-6)


def test_feet_and_nowhere(tmp_path, make_zgy):
    feet = make_zgy(tmp_path / "a.zgy", values_of((3, 4, 5)), hunitname="ft", hunitfactor=0.3048)
    assert surveys.open(feet).attrs["geometry"].units == "ft"
    nowhere = surveys.open(make_zgy(tmp_path / "b.zgy", values_of((3, 4, 5)), corners=[(0, 0)] * 4))
    assert nowhere.attrs["geometry"] is None
    assert "no map coordinates" in nowhere.attrs["notes"][0]


def test_damage_and_a_missing_package_are_sentences(tmp_path, make_zgy, monkeypatch):
    path = make_zgy(tmp_path / "a.zgy", values_of((3, 4, 5)))
    whole = path.read_bytes()
    path.write_bytes(whole[:300])
    with pytest.raises(surveys.SurveyError, match="cannot be read as ZGY"):
        surveys.open(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(surveys.SurveyError):
        surveys.open(path).load()
    path.write_bytes(b"not a zgy")
    with pytest.raises(surveys.SurveyError):
        surveys.open(path)
    path.write_bytes(whole)
    for name in ("openzgy", "openzgy.api"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(surveys.SurveyError, match=r"pip install 'napari-fhn\[zgy\]'"):
        surveys.open(path)
