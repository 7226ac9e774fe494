from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.surveys.axes import (
    AXES,
    AmbiguousAxes,
    ReadingChoice,
    canonical,
    check_axes,
    known_axes,
    known_axis,
    readings,
    without_names,
)
from napari_fhn.surveys.errors import SurveyError


@pytest.mark.parametrize(
    ("called", "axis"),
    [("Latitude", "y"), ("lon", "x"), ("wavelength", "band"), ("C", "band"), ("cross-track", "x"),
     ("xline", "crossline"), ("time", "date"), ("TWT", "twt"), ("phony_dim_0", ""), ("", ""), ("dim_1", "")],
)  # fmt: skip
def test_what_files_call_an_axis(called, axis):
    assert known_axis(called) == axis


@given(st.lists(st.sampled_from([*AXES, "foo"]), unique=True, max_size=5))
def test_axes_are_put_into_the_order_of_the_project(names):
    places = canonical(names)
    assert sorted(places) == list(range(len(names)))
    ordered = [names[k] for k in places if names[k] in AXES]
    assert ordered == sorted(ordered, key=AXES.index)


@given(st.lists(st.integers(1, 500), min_size=0, max_size=5))
def test_every_reading_fits_the_shape(shape):
    for choice in readings(shape):
        assert check_axes(Path("a.npy"), choice.options["axes"], shape) == choice.options["axes"]
        assert "(" in choice.words


def test_the_axis_that_stands_out_is_asked_for_first():
    assert readings((145, 145, 200))[0].options["axes"] == ("y", "x", "band")
    assert readings((200, 145, 145))[0].options["axes"] == ("band", "y", "x")
    assert readings((145, 200, 145))[0].options["axes"] == ("y", "band", "x")
    assert readings((145, 145, 200))[0].words.startswith("145 rows x 145 columns with 200 bands")


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [(("y", "x"), "3 axes"), (("y", "x", "colour"), "no axis is called 'colour'"), (("y", "y", "x"), "twice")],
)
def test_axes_that_do_not_fit_are_sentences(axes, sentence):
    with pytest.raises(SurveyError, match=sentence):
        check_axes(Path("a.npy"), axes, (2, 3, 4))


@pytest.mark.parametrize(
    ("called", "axes"),
    [
        (("time", "inline", "crossline"), ("twt", "inline", "crossline")),
        (("Traces", "time"), ("trace", "twt")),
        (("iline", "xline", "time"), ("inline", "crossline", "twt")),
        (("time", "band", "y", "x"), ("date", "band", "y", "x")),
        (("time", "lat", "lon"), ("date", "y", "x")),
        (("time", "twt", "trace"), ("date", "twt", "trace")),
        (("time",), ("date",)),
    ],
)
def test_beside_inlines_and_traces_time_is_that_of_the_wave(called, axes):
    assert known_axes(called) == axes
    assert check_axes(Path("a.npy"), called, range(2, 2 + len(called))) == axes


def test_a_question_survives_the_way_from_another_process():
    error = AmbiguousAxes("a.mat", "the axes have no names", [ReadingChoice("a cube", {"axes": ("y", "x", "band")})])
    again = pickle.loads(pickle.dumps(error))
    assert (
        str(again)
        == str(error)
        == "a.mat: the axes have no names. Say which it is, for example axes=('y', 'x', 'band')."
    )
    assert again.choices == error.choices
    assert isinstance(error, SurveyError)


def test_a_question_names_a_cube_and_a_volume():
    asked = without_names("a.npy", (8, 9, 10))
    assert isinstance(asked, AmbiguousAxes)
    assert str(asked) == (
        "a.npy: the axes of its array (8 x 9 x 10) have no names. Say which it is, for example "
        "axes=('y', 'x', 'band') or axes=('inline', 'crossline', 'twt')."
    )
    assert str(without_names("a.npy", (8, 9), "'cube'")).endswith("axes=('y', 'x') or axes=('trace', 'sample').")


def test_four_axes_may_be_a_volume_of_several_values():
    axes = [one.options["axes"] for one in readings((3, 8, 9, 10))]
    assert ("band", "inline", "crossline", "twt") in axes
    words = next(one.words for one in readings((3, 8, 9, 10)) if one.options["axes"][:2] == ("band", "inline"))
    assert words.startswith("a volume of 8 inlines x 9 crosslines x 10 samples with 3 values at each")


def test_more_axes_than_any_survey_has_are_refused_with_the_way_out():
    refused = without_names("a.npy", (2, 2, 8, 9, 10))
    assert not isinstance(refused, AmbiguousAxes)
    assert "(2 x 2 x 8 x 9 x 10) have no names. Save the part of it that is the survey" in str(refused)
    assert "axes=" in str(refused)
    # Those of length 1 are none.
    assert isinstance(without_names("a.npy", (1, 1, 8, 9, 10)), AmbiguousAxes)
