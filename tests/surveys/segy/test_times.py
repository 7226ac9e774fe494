"""Sample interval and delays of SEG-Y: without a sign, doubted, told, and different from trace to trace."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.labels import ClassTable, LabelError, read_horizon, read_las, read_points, read_wells
from napari_fhn.surveys.segy import remembered
from survey_files import segy as factory

CASES = Path(__file__).parents[4] / "shared" / "cases" / "segy"
N = 40


def line(path, delays, *, interval_us=4000, code=5, values=None, **fields):
    """A line whose traces all hold one event at 240 ms by their own delays."""
    delays = np.asarray(delays)
    if values is None:
        at = np.arange(N) * interval_us / 1000 + delays[:, None]
        values = np.where(np.abs(at - 240) < 1e-6, 100.0, 1.0)
    k = np.arange(len(delays))
    headers = {1: k + 1, 21: k + 1, 29: 1, 109: delays, 115: N, 117: interval_us, **fields}
    return factory.write(path, values, headers, interval_us=interval_us, code=code)


@pytest.mark.parametrize(("micro", "step"), [(40000 - 65536, 40.0), (-1, 65.535), (32767, 32.767), (-32768, 32.768)])
@pytest.mark.parametrize("where", ["both", "traces"])
def test_a_sample_interval_has_no_sign(tmp_path, micro, step, where):
    path = tmp_path / "long.sgy"
    factory.volume(path, factory.Survey(n=(3, 4, 20)), interval_us=micro if where == "both" else 0,
                   more=lambda i, j: {117: micro})  # fmt: skip
    survey = surveys.open(path)
    np.testing.assert_allclose(survey["twt"].diff("twt"), step)


@pytest.mark.parametrize("micro", [1, 2, 4, 20])
def test_a_record_that_no_survey_has_is_doubted_with_the_way_out(tmp_path, micro):
    path = tmp_path / "short.sgy"
    factory.volume(path, factory.Survey(n=(3, 4, 20)), interval_us=micro, more=lambda i, j: {117: micro})
    notes = " ".join(surveys.open(path).attrs["notes"])
    assert "doubtful" in notes
    assert f"sample_interval_ms={micro}" in notes
    survey = surveys.open(path, sample_interval_ms=micro, delay_ms=12)
    assert survey["twt"].values[:2].tolist() == [12, 12 + micro]
    assert "doubtful" not in " ".join(survey.attrs["notes"])


def test_sensible_traces_are_believed_before_an_absurd_binary_header(tmp_path):
    path = tmp_path / "mixed.sgy"
    factory.volume(path, factory.Survey(n=(3, 4, 20)), interval_us=4, more=lambda i, j: {117: 4000})
    survey = surveys.open(path)
    assert float(survey["twt"][1]) == 4.0
    assert "traces were believed" in " ".join(survey.attrs["notes"])


def test_what_was_told_is_remembered_and_opens_the_same_again(tmp_path, monkeypatch):
    monkeypatch.setenv(remembered.VARIABLE, str(tmp_path / "store.json"))
    path = tmp_path / "zero.sgy"
    factory.volume(path, factory.Survey(n=(3, 4, 20)), interval_us=0)
    told = {"sample_interval_ms": 2, "delay_ms": 100.5, "coordinate_scalar": -1000}
    first = surveys.open(path, **told, remember=True)
    for again in (surveys.open(path), surveys.open(path, **first.attrs["read_as"])):
        assert again["twt"].values.tolist() == first["twt"].values.tolist() == [100.5 + 2 * k for k in range(20)]
        assert again.attrs["geometry"] == first.attrs["geometry"]
    # Written with -100, so a tenth of what the file says.
    assert first.attrs["geometry"].bin_size == pytest.approx((2.5, 1.25), rel=0.01)


@pytest.mark.parametrize("told", [{"sample_interval_ms": 0}, {"sample_interval_ms": -4}, {"delay_ms": float("nan")},
                                  {"sample_interval_ms": float("nan")}, {"coordinate_scalar": 0}])  # fmt: skip
def test_what_cannot_be_told_is_refused_in_a_sentence(tmp_path, told):
    path = line(tmp_path / "line.sgy", [0] * 5)
    with pytest.raises(surveys.SurveyError, match="is none"):
        surveys.open(path, **told)


@pytest.mark.parametrize("delays", [[0, 200, 0, 200, 0, 0], [200, 0, 100, 40, 80, 120], [-100, -100, -100, 0, 0, 96]])
def test_traces_lie_where_their_own_delays_put_them(tmp_path, delays):
    path = line(tmp_path / "line.sgy", delays)
    survey = pickle.loads(pickle.dumps(surveys.open(path)))
    values = survey.values
    known = np.isfinite(values)
    assert (known.sum(1) == N).all()
    assert survey["twt"].values[known.argmax(1)].tolist() == delays
    held = [bool(0 <= 240 - delay <= 4 * (N - 1)) for delay in delays]
    found = survey["twt"].values[np.nanargmax(values, axis=1)]
    assert [float(t) for t, is_held in zip(found, held, strict=True) if is_held] == [240.0] * sum(held)
    # Parts are what they are of the whole, whatever their steps.
    for part in ((slice(None, None, -2), slice(3, None, 5)), (2, slice(None, None, -1)), (slice(1, 3), slice(0, 4))):
        np.testing.assert_array_equal(survey[part].values, values[part])


def test_half_a_sample_is_interpolated_with_a_word_and_comes_back(tmp_path):
    at = np.arange(N) * 4.0
    delays = np.array([0, 0, 0, 2, 2, 1])
    path = line(tmp_path / "line.sgy", delays, values=at + delays[:, None])
    survey = surveys.open(path)
    assert "interpolated" in " ".join(survey.attrs["notes"])
    # What is linear in time stays so.
    np.testing.assert_allclose(survey.values[:, 2:38], np.broadcast_to(survey["twt"].values, survey.shape)[:, 2:38])
    surveys.save(tmp_path / "out.sgy", np.broadcast_to(survey["twt"].values, survey.shape).astype("f4"), survey)
    # Each trace of the file holds the times of its own samples.
    raw = surveys.open(tmp_path / "out.sgy", delay_ms=0).values
    np.testing.assert_allclose(raw[:, 1:-1], (at + delays[:, None])[:, 1:-1])


def test_classes_are_never_interpolated(tmp_path):
    values = np.tile(np.where(np.arange(N) % 7 < 3, 1, 9), (6, 1))
    path = line(tmp_path / "classes.sgy", [0, 0, 0, 2, 1, 3], code=8, values=values)
    survey = surveys.open(path)
    assert "nearest" in " ".join(survey.attrs["notes"])
    assert set(np.unique(survey.values[np.isfinite(survey.values)])) == {1, 9}


def test_a_prediction_goes_back_sample_by_sample_onto_each_trace(tmp_path):
    rng = np.random.default_rng(3)
    delays = [0, 40, 80, 40, 0, 200]
    path = line(tmp_path / "line.sgy", delays, values=rng.integers(1, 90, (6, N)))
    survey = surveys.open(path)
    surveys.save(tmp_path / "same.sgy", survey.fillna(0).values, survey)
    assert (tmp_path / "same.sgy").read_bytes()[3600:] == path.read_bytes()[3600:]
    classes = np.where(np.isfinite(survey.values), survey.values, 0).astype(np.uint8)
    surveys.save(tmp_path / "classes.sgy", classes, survey)
    again = surveys.open(tmp_path / "classes.sgy")
    np.testing.assert_array_equal(again.values, survey.values)


def test_padding_without_a_delay_moves_nothing(tmp_path):
    delays = np.full(8, 1000)
    delays[-2:] = 0
    values = np.ones((8, N))
    values[-2:] = 0
    survey = surveys.open(line(tmp_path / "line.sgy", delays, values=values))
    assert survey.shape == (8, N)
    assert float(survey["twt"][0]) == 1000


def test_delays_too_far_apart_for_one_axis_are_said(tmp_path):
    survey = surveys.open(line(tmp_path / "line.sgy", [0, 0, 0, 0, 30000]))
    assert survey.shape == (5, N)
    assert "delay_ms=" in " ".join(survey.attrs["notes"])


def test_one_delay_that_is_told_holds_for_all(tmp_path):
    survey = surveys.open(line(tmp_path / "line.sgy", [0, 200, 0, 200]), delay_ms=50)
    assert survey.shape == (4, N)
    assert float(survey["twt"][0]) == 50


@pytest.fixture
def counting(tmp_path):
    """A volume without a sample interval, and files with times."""
    factory.volume(tmp_path / "zero.sgy", factory.Survey(n=(6, 7, 20)), interval_us=0)
    (tmp_path / "w.csv").write_text("well,inline,crossline\nA,102,303\n")
    (tmp_path / "t.csv").write_text("well,top_twt_ms,base_twt_ms,class\nA,4,20,up\n")
    (tmp_path / "p.csv").write_text("inline,crossline,twt_ms,class\n101,301,8,up\n")
    (tmp_path / "h.csv").write_text("inline,crossline,twt_ms\n100,300,8\n101,301,8\n")
    (tmp_path / "w.las").write_text(
        "~V\nVERS. 2.0:\nWRAP. NO:\n~W\nNULL. -999.25:\nWELL. A:\nINLINE. 102:\nCROSSLINE. 303:\n~C\nTWT.MS:\nCLASS.:\n"
        "~A\n4 1\n8 1\n12 2\n"
    )
    return tmp_path


def test_times_are_refused_alike_where_the_axis_counts_samples(counting):
    table = ClassTable.of_names(["up"])
    ways = {
        "tops": lambda survey: read_wells(counting / "w.csv", counting / "t.csv", survey),
        "horizon": lambda survey: read_horizon(counting / "h.csv", survey),
        "points": lambda survey: read_points(counting / "p.csv", table, survey=survey),
        "log": lambda survey: read_las(counting / "w.las", survey=survey),
    }
    zero, told = (surveys.open(counting / "zero.sgy", **how) for how in ({}, {"sample_interval_ms": 4}))
    said = set()
    for name, way in ways.items():
        way(told)
        with pytest.raises(LabelError, match="counts samples") as error:
            way(zero)
        assert error.value.path is not None, name
        said.add((error.value.what, error.value.way_out))
    assert len(said) == 1
    assert "sample_interval_ms" in said.pop()[1]


CASE = pytest.mark.skipif(not CASES.is_dir(), reason="the cases lie beside the checkout")


@CASE
@pytest.mark.parametrize(
    ("name", "how", "axis"),
    [
        ("big40000", {}, (0, 40, 1960)),
        ("zero", {"sample_interval_ms": 4}, (0, 4, 196)),
        ("ms4", {"sample_interval_ms": 4}, (0, 4, 196)),
    ],
)
def test_the_cases_have_their_axes(name, how, axis):
    survey = surveys.open(CASES / f"{name}.sgy", **how)
    assert tuple(float(survey["twt"][k]) for k in (0, 1, -1)) == axis


@CASE
def test_the_case_of_delays_has_one_event_at_300_ms():
    survey = surveys.open(CASES / "delays.sgy")
    assert survey["twt"].values[np.nanargmax(np.abs(survey.values), axis=1)].tolist() == [300.0] * 12


@CASE
def test_the_case_of_an_absurd_interval_is_doubted():
    assert "sample_interval_ms=4" in " ".join(surveys.open(CASES / "ms4.sgy").attrs["notes"])


@CASE
def test_the_case_without_an_interval_refuses_tops_as_it_refuses_horizons():
    survey = surveys.open(CASES / "zero.sgy")
    with pytest.raises(LabelError, match="counts samples"):
        read_wells(CASES / "w.csv", CASES / "t.csv", survey)
