"""Surveys become plain arrays in a folder, and nothing in it is overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from napari_fhn import sample_data, surveys
from napari_fhn.labels import LabelError
from napari_fhn.session import Session, survey_axes
from napari_fhn.surveys.kinds import spatial_shape, vertical_axis
from napari_fhn.training.job import Axis, Input, Job, JobError


def cube(dtype=np.int16, **attrs):
    values = np.arange(4 * 3 * 5, dtype=dtype).reshape(4, 3, 5)
    return xr.DataArray(values, dims=("band", "y", "x"), attrs=attrs)


@pytest.mark.parametrize(
    ("dims", "axis", "shape"),
    [
        (("inline", "crossline", "twt"), 2, (2, 3, 4)),
        (("inline", "crossline", "depth"), 2, (2, 3, 4)),
        (("inline", "crossline", "sample"), 2, (2, 3, 4)),
        (("band", "y", "x"), None, (3, 4)),
        (("band", "trace", "twt"), 1, (3, 4)),
        (("axis_0", "axis_1", "axis_2"), None, (2, 3, 4)),
    ],
)
def test_bands_are_channels_and_time_is_vertical(dims, axis, shape):
    survey = xr.DataArray(np.zeros((2, 3, 4)), dims=dims)
    assert vertical_axis(survey) == axis
    assert spatial_shape(survey) == shape


def test_seismic_is_staged_as_it_is(tmp_path):
    survey = surveys.open(sample_data.SEISMIC.survey)
    told = []
    staged = Session(tmp_path).stage_survey("fold and fault", survey, progress=told.append)
    assert staged.channel_axis is None
    assert staged.name == "fold and fault"
    np.testing.assert_array_equal(np.load(staged.path), survey.values)
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_bad_bands_are_left_out(tmp_path):
    survey = surveys.open(sample_data.HYPERSPECTRAL.dates[0])
    staged = Session(tmp_path).stage_survey("May", survey)
    values = np.load(staged.path)
    assert staged.channel_axis == 0
    assert values.shape == (62, 112, 128)
    np.testing.assert_array_equal(values, survey.values[survey["good"].values])


@pytest.mark.parametrize("dims", [("band", "y", "x"), ("y", "x", "band"), ("y", "band", "x")])
def test_a_cube_has_its_good_bands_last(tmp_path, dims):
    survey = cube(nodata=7.0).assign_coords(good=("band", [True, False, True, True])).transpose(*dims)
    staged = Session(tmp_path).stage_survey("May", survey, cube=True)
    assert staged.channel_axis is None
    expected = survey.isel(band=[0, 2, 3]).transpose("y", "x", "band").values.astype(float)
    np.testing.assert_array_equal(np.load(staged.path), np.where(expected == 7, np.nan, expected))
    flat = xr.DataArray(np.zeros((3, 5)), dims=("y", "x"))
    with pytest.raises(JobError, match="'flat' has no bands: choose another recipe"):
        Session(tmp_path).stage_survey("flat", flat, cube=True)


def test_nodata_becomes_nan(tmp_path):
    values = np.load(Session(tmp_path).stage_survey("a", cube(nodata=7.0)).path)
    assert np.isnan(values[0, 1, 2])
    assert np.isnan(values).sum() == 1
    assert values[3, 2, 4] == 59


def test_nodata_that_the_numbers_cannot_hold_changes_nothing(tmp_path):
    staged = Session(tmp_path).stage_survey("a", cube(np.uint8, nodata=-32768.0))
    assert np.load(staged.path).dtype == np.uint8


def test_no_good_band_is_said(tmp_path):
    survey = cube().assign_coords(good=("band", [False] * 4))
    with pytest.raises(JobError, match="bad-band list"):
        Session(tmp_path).stage_survey("a", survey)


def test_words_are_no_survey(tmp_path):
    with pytest.raises(JobError, match="numbers are needed"):
        Session(tmp_path).stage("a", np.array(["salt"]))


def test_the_same_survey_is_staged_once_and_another_gets_its_own_file(tmp_path):
    session = Session(tmp_path)
    first = session.stage_survey("a", cube())
    before = os.stat(first.path).st_mtime_ns
    assert session.stage_survey("a", cube()) == first
    assert os.stat(first.path).st_mtime_ns == before
    assert session.stage_survey("a", cube() + 1).path != first.path


def test_labels_of_another_survey_are_refused(tmp_path):
    session = Session(tmp_path)
    session.label_volume((3, 4))[0, 0] = 1
    with pytest.raises(LabelError):
        session.label_volume((4, 4))
    assert session.label_volume((3, 4))[0, 0] == 1


def test_a_prediction_of_another_shape_begins_anew(tmp_path):
    session = Session(tmp_path)
    session.prediction_volume((3, 4))[...] = 2
    assert (session.prediction_volume((3, 4)) == 2).all()
    assert not session.prediction_volume((5, 4)).any()


def test_a_job_outlives_a_change_of_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = Session("work")
    job = session.job([Input("a.npy")], ["a", "b"], "map", vertical_axis=None, steps=7, seed=3)
    assert (job.schedule.steps, job.schedule.seed) == (7, 3)
    assert job.labels == str(tmp_path / "work" / "labels.npy")
    assert Job.from_json(job.to_json()) == job


def test_what_voxels_mean_goes_into_the_job(tmp_path):
    survey = surveys.open(sample_data.SEISMIC.survey)
    axes = survey_axes(survey)
    assert axes == (
        Axis("inline", "", 1001, 1),
        Axis("crossline", "", 2001, 2),
        Axis("twt", "ms", 400, 4),
    )
    assert survey_axes(surveys.open(sample_data.HYPERSPECTRAL.dates[0]))[0] == Axis("y", "m", 5331255, -30)
    assert survey_axes(xr.DataArray(np.zeros((2, 3)), dims=("a", "b"))) == (Axis("a"), Axis("b"))
    job = Session(tmp_path).job(
        [Input("a.npy")], ["a", "b"], "map", vertical_axis=None, axes=axes, colors=["#000000", "#ffffff"]
    )
    assert job.axes == axes
    assert job.colors == ("#000000", "#ffffff")


def test_a_staged_survey_is_described_beside_it(tmp_path):
    staged = Session(tmp_path).stage_survey("fold", surveys.open(sample_data.SEISMIC.survey))
    words = Path(staged.path).with_suffix(".txt").read_text()
    assert "inline: 128, 1001 to 1128 step 1" in words


def test_the_recipe_follows_from_the_labels(tmp_path):
    session = Session(tmp_path / "work")
    rng = np.random.default_rng(0)
    staged = [session.stage("volume", rng.standard_normal((40, 50, 24)).astype(np.float32))]
    volume = session.label_volume((40, 50, 24))
    for boundary, (i, j) in zip((8, 20, 2), ((5, 5), (20, 40), (35, 8)), strict=True):
        volume[i, j] = np.where(np.arange(24) < boundary, 1, 2)
    assert session.choose(staged, 2, vertical_axis=2).name == "sections"
    volume[volume > 0] = 1 + (np.nonzero(volume)[2] >= 8)
    assert session.choose(staged, 2, vertical_axis=2).name == "layers"
    maps = [session.stage("maps", rng.standard_normal((3, 60, 60)).astype(np.float32), channel_axis=0)]
    chart = Session(tmp_path / "chart")
    chart.label_volume((60, 60))[5::10, 5::10] = np.repeat([1, 2], 3)  # west is another region than east
    assert chart.choose(maps, 2, vertical_axis=None).name == "regions"
    bands = [session.stage("cube", rng.standard_normal((20, 30, 40)).astype(np.float32), channel_axis=2)]
    assert Session(tmp_path / "other").choose(bands, 2, vertical_axis=None).name == "spectra"


def test_two_axes_are_a_line_or_a_map_by_what_they_are(tmp_path):
    session = Session(tmp_path / "work")
    values = np.random.default_rng(0).standard_normal((60, 40)).astype(np.float32)
    line = xr.DataArray(values, dims=("trace", "twt"), name="line")
    staged = [session.stage_survey("line", line)]
    assert vertical_axis(line) == 1
    assert session.choose(staged, 2, vertical_axis=vertical_axis(line)).name == "sections"
    assert session.choose(staged, 2, vertical_axis=None).name == "map"
    known = session.label_volume((60, 40))
    known[[5, 30, 55]] = np.where(np.arange(40) < 20, 1, 2)
    assert session.choose(staged, 2, vertical_axis=1).name == "layers"
