from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest

from napari_fhn import surveys
from survey_files.volumes import values_of

SHAPE = (5, 70, 9)


def test_a_volume_has_its_numbers_times_and_place(tmp_path, make_vds):
    values = values_of(SHAPE)
    survey = surveys.open(make_vds(tmp_path / "a.vds", values))
    assert survey.dims == ("inline", "crossline", "twt")
    np.testing.assert_array_equal(survey.values, values)
    np.testing.assert_array_equal(
        survey.isel(inline=[4, 1], crossline=slice(66, 2, -3), twt=3), values[[4, 1], 66:2:-3, 3]
    )
    assert survey["inline"].values.tolist() == [100, 102, 104, 106, 108]
    assert survey["twt"].values[:2].tolist() == [1000, 1004]
    x, y = survey.attrs["geometry"].to_xy(104, 203)
    assert (float(x), float(y)) == (5e5 + 203 * 12.5, 6e6 + 2 * 25)
    assert survey.attrs["format"] == "OpenVDS, float32"
    assert (survey.attrs["read_as"], survey.attrs["notes"]) == ({}, ())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(survey))[2, 5], values[2, 5])


def test_axes_may_be_stored_in_another_order_and_fall(tmp_path, make_vds):
    values = values_of(SHAPE)
    axes = (("Crossline", "unitless", 200, 1), ("Inline", "unitless", 169, -1), ("Depth", "ft", 1000, 10))
    survey = surveys.open(make_vds(tmp_path / "a.vds", values, axes=axes))
    assert survey.dims == ("inline", "crossline", "depth")
    assert survey["inline"].values[[0, -1]].tolist() == [100, 169]
    np.testing.assert_array_equal(survey.values, values.transpose(1, 0, 2)[::-1])
    np.testing.assert_allclose(survey["depth"].values[:2], [304.8, 307.848])
    assert "metres here" in survey.attrs["notes"][0]
    geometry = survey.attrs["geometry"]
    assert (geometry.numbers, geometry.increments) == ((100, 200), (1, 1))
    x, y = geometry.to_xy(169, 204)
    assert (float(x), float(y)) == (5e5 + 204 * 12.5, 6e6 - 1250 + 169 * 12.5)


def test_places_without_a_trace_and_without_a_value_are_missing(tmp_path, make_vds):
    values = values_of((4, 6, 5))
    there = np.ones((4, 6), bool)
    there[1, 2:] = False
    survey = surveys.open(make_vds(tmp_path / "a.vds", values, traces=there))
    np.testing.assert_array_equal(survey.values, np.where(there[..., np.newaxis], values, np.nan))
    np.testing.assert_array_equal(survey[1, 1:4, 2], [values[1, 1, 2], np.nan, np.nan])
    assert "no trace" in survey.attrs["notes"][-1]
    assert surveys.open(make_vds(tmp_path / "b.vds", values, traces=there | True)).attrs["notes"] == ()
    none = surveys.open(make_vds(tmp_path / "c.vds", values, channel=(-7.0,)))
    np.testing.assert_array_equal(none.values, np.where(values == -7, np.nan, values))


def test_bytes_stand_for_amplitudes_or_for_themselves(tmp_path, make_vds):
    import openvds

    classes = (values_of((4, 6, 5)) % 7).astype(np.uint8)
    kept = surveys.open(make_vds(tmp_path / "a.vds", classes, kind="U8"))
    assert kept.dtype == np.uint8
    np.testing.assert_array_equal(kept.values, classes)
    scaled = (openvds.VolumeDataMapping.Direct, 1, openvds.VolumeDataChannelDescriptor.Flags.Default, 0.5, -3.0)
    found = surveys.open(make_vds(tmp_path / "b.vds", classes, kind="U8", channel=scaled))
    np.testing.assert_allclose(found.values, classes * 0.5 - 3)


def test_a_line_is_a_line_and_what_is_pre_stack_is_refused(tmp_path, make_vds):
    values = values_of((70, 9))
    axes = (("CDP", "unitless", 11, 1), ("Time", "ms", 0, 2))
    line = surveys.open(make_vds(tmp_path / "a.vds", values, axes=axes, metadata={}))
    assert line.dims == ("trace", "twt")
    assert line["cdp"].values[:2].tolist() == [11, 12]
    np.testing.assert_array_equal(line.values, values)
    axes = (("Inline", "unitless", 1, 1), ("Offset", "m", 100, 50), ("Sample", "ms", 0, 4))
    with pytest.raises(surveys.SurveyError, match="called Inline, Offset"):
        surveys.open(make_vds(tmp_path / "b.vds", values_of((4, 3, 5)), axes=axes))


def test_what_is_not_said_is_asked(tmp_path, make_vds):
    axes = (("Inline", "unitless", 1, 1), ("Crossline", "unitless", 1, 1), ("Sample", "unitless", 8, 4))
    path = make_vds(tmp_path / "a.vds", values_of((3, 4, 5)), axes=axes, metadata={"surveyCoordinateSystemCRSWkt": "?"})
    survey = surveys.open(path)
    assert survey.dims[-1] == "sample"
    assert survey.attrs["geometry"] is None
    assert ["counts samples" in survey.attrs["notes"][0], "map coordinates" in survey.attrs["notes"][1]] == [True, True]
    told = surveys.open(path, vertical="twt")
    assert told["twt"].values.tolist() == [8, 12, 16, 20, 24]
    with pytest.raises(surveys.SurveyError, match="Its channels are Amplitude"):
        surveys.open(path, variable="Phase")


def test_damage_and_a_missing_package_are_sentences(tmp_path, make_vds, monkeypatch):
    path = make_vds(tmp_path / "a.vds", values_of((3, 4, 5)))
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    with pytest.raises(surveys.SurveyError, match="cannot be read as OpenVDS"):
        surveys.open(path)
    path.write_bytes(b"not a vds")
    with pytest.raises(surveys.SurveyError):
        surveys.open(path)
    path.write_bytes(whole)
    monkeypatch.setitem(sys.modules, "openvds", None)
    with pytest.raises(surveys.SurveyError, match=r"pip install 'napari-fhn\[vds\]'"):
        surveys.open(path)
