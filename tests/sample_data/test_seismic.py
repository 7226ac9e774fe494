"""The seismic sample: its SEG-Y, its wells, and that copying wells sideways does not solve it."""

from __future__ import annotations

import csv

import lasio
import numpy as np
import pytest
import segyio

from napari_fhn.sample_data import SEISMIC, read_classes, seismic_truth

INTERVAL_MS = 4.0
FIRST_MS = 400.0


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def truth():
    return seismic_truth()


@pytest.fixture(scope="module")
def survey():
    with segyio.open(str(SEISMIC.survey)) as file:
        keys = ("INLINE_3D", "CROSSLINE_3D", "CDP_X", "CDP_Y", "SourceGroupScalar", "DelayRecordingTime")
        headers = {key: np.asarray(file.attributes(getattr(segyio.TraceField, key))[:]) for key in keys}
        return {
            "cube": segyio.tools.cube(file),
            "inlines": file.ilines.copy(),
            "crosslines": file.xlines.copy(),
            "samples": file.samples.copy(),
            "text": segyio.tools.wrap(file.text[0]),
            "format": int(file.format),
            **headers,
        }


def wells_in_cube(survey):
    """(name, line index, trace index) of every well."""
    lines = {int(number): index for index, number in enumerate(survey["inlines"])}
    traces = {int(number): index for index, number in enumerate(survey["crosslines"])}
    return [(w["well"], lines[int(w["inline"])], traces[int(w["crossline"])]) for w in rows(SEISMIC.wells)]


def test_every_file_is_there():
    for path in (SEISMIC.survey, SEISMIC.classes, SEISMIC.wells, SEISMIC.tops, *SEISMIC.logs, SEISMIC.truth):
        assert path.is_file()
    assert len(SEISMIC.logs) == 6


def test_segy_numbers_and_times(survey):
    assert survey["cube"].shape == (128, 192, 160)
    assert survey["format"] == 8
    np.testing.assert_array_equal(survey["inlines"], np.arange(1001, 1129))
    np.testing.assert_array_equal(survey["crosslines"], np.arange(2001, 2385, 2))
    np.testing.assert_allclose(survey["samples"], FIRST_MS + INTERVAL_MS * np.arange(160))
    assert set(survey["DelayRecordingTime"]) == {400}
    assert "synthetic" in survey["text"]
    assert "SEG Y REV1" in survey["text"]


def test_segy_revision_and_fixed_length():
    with SEISMIC.survey.open("rb") as file:
        header = file.read(3600)
    assert header[3500:3504] == bytes([1, 0, 0, 1])


def test_coordinates_are_a_rotated_grid(survey):
    assert set(survey["SourceGroupScalar"]) == {-100}
    design = np.stack([survey["INLINE_3D"], survey["CROSSLINE_3D"], np.ones(128 * 192)], axis=1).astype(float)
    xy = np.stack([survey["CDP_X"], survey["CDP_Y"]], axis=1) / 100.0
    fit = np.linalg.lstsq(design, xy, rcond=None)[0]
    assert np.abs(design @ fit - xy).max() < 0.02
    # 25 m per inline number; 12.5 m per trace, which is two crossline numbers.
    assert np.hypot(*fit[0]) == pytest.approx(25.0, abs=0.01)
    assert np.hypot(*fit[1]) * 2 == pytest.approx(12.5, abs=0.01)
    assert fit[0] @ fit[1] == pytest.approx(0.0, abs=0.05)
    assert np.degrees(np.arctan2(fit[1, 0], fit[1, 1])) == pytest.approx(30.0, abs=0.05)


def test_amplitudes_use_the_byte_and_rarely_clip(survey):
    cube = survey["cube"].astype(float)
    assert abs(cube.mean()) < 2.0
    assert 30.0 < cube.std() < 40.0
    assert (np.abs(cube) >= 127).mean() < 0.01


def test_truth_matches_survey_and_classes(survey, truth):
    classes = read_classes(SEISMIC.classes)
    assert truth.shape == survey["cube"].shape
    assert [c.value for c in classes] == list(range(1, len(classes) + 1))
    assert set(np.unique(truth)) == {c.value for c in classes}
    assert len({c.name for c in classes}) == len({c.color for c in classes}) == len(classes)
    share = np.bincount(truth.ravel())[1:] / truth.size
    assert share.min() > 0.01


def test_tops_agree_with_truth_and_meet_all_classes(survey, truth):
    value = {c.name: c.value for c in read_classes(SEISMIC.classes)}
    tops = rows(SEISMIC.tops)
    for name, line, trace in wells_in_cube(survey):
        mine = [top for top in tops if top["well"] == name]
        column = np.zeros(160, dtype=np.uint8)
        for top in mine:
            inside = survey["samples"] >= float(top["top_twt_ms"])
            inside &= survey["samples"] < float(top["base_twt_ms"])
            assert not column[inside].any()
            column[inside] = value[top["class"]]
        np.testing.assert_array_equal(column, truth[line, trace])
    assert {top["class"] for top in tops} == set(value)


def test_well_coordinates_are_those_of_their_trace(survey):
    for well in rows(SEISMIC.wells):
        at = (survey["INLINE_3D"] == int(well["inline"])) & (survey["CROSSLINE_3D"] == int(well["crossline"]))
        assert at.sum() == 1
        assert survey["CDP_X"][at][0] / 100 == pytest.approx(float(well["x"]), abs=0.02)
        assert survey["CDP_Y"][at][0] / 100 == pytest.approx(float(well["y"]), abs=0.02)


def test_logs_agree_with_tops():
    value = {c.name: c.value for c in read_classes(SEISMIC.classes)}
    tops = rows(SEISMIC.tops)
    for path in SEISMIC.logs:
        las = lasio.read(str(path))
        assert las.version["VERS"].value == 2.0
        assert float(las.well["NULL"].value) == -999.25
        assert las.curves["DEPT"].unit == "m"
        name = las.well["WELL"].value
        assert name == path.stem
        time, log = las["TWT"], las["CLASS"]
        assert (np.diff(las["DEPT"]) > 0).all()
        assert (np.diff(time) > 0).all()
        assert 0.0 < np.isnan(log).mean() < 0.1
        for top in (top for top in tops if top["well"] == name):
            inside = (time >= float(top["top_twt_ms"])) & (time < float(top["base_twt_ms"])) & ~np.isnan(log)
            assert set(log[inside]) <= {value[top["class"]]}
        assert 150.0 < np.median(las["DT"]) < 600.0
        assert 1.9 < np.median(las["RHOB"]) < 2.8


def test_copying_the_nearest_well_sideways_fails(survey, truth):
    wells = wells_in_cube(survey)
    line, trace = np.indices(truth.shape[:2])
    away = [np.hypot((line - i) * 25.0, (trace - j) * 12.5) for _, i, j in wells]
    columns = np.stack([truth[i, j] for _, i, j in wells])
    guess = columns[np.argmin(away, axis=0)]
    iou = [np.sum((guess == k) & (truth == k)) / np.sum((guess == k) | (truth == k)) for k in np.unique(truth)]
    assert 0.25 < np.mean(iou) < 0.5


def test_classes_differ_in_what_they_look_like(survey, truth):
    """Local energy alone separates the loud units from the quiet ones."""
    rms = {c.name: survey["cube"][truth == c.value].astype(float).std() for c in read_classes(SEISMIC.classes)}
    quiet = max(rms["Shale"], rms["Salt"])
    assert min(rms["Carbonates"], rms["Turbidites"], rms["Channel fill"]) > 1.7 * quiet
