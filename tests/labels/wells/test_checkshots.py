"""Checkshots: depth to time and back, with every assumption said."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.labels import AmbiguousColumns, Checkshot, LabelError, LabelWarning, Undeclared, read_checkshots


def write(folder, text):
    path = folder / "cs.txt"
    path.write_text(text)
    return path


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(1, 500), st.floats(600, 8000)), min_size=1, max_size=12),
    st.floats(-50, 400),
    st.lists(st.floats(-300, 7000), min_size=1, max_size=20),
)
def test_time_grows_with_depth_and_depth_comes_back(layers, start, depths):
    thickness, velocity = np.array(layers).T
    depth = start + np.concatenate([[0], np.cumsum(thickness)])
    time = np.concatenate([[0], np.cumsum(2000 * thickness / velocity)])
    shots = Checkshot("A", "tvdss", depth, time)
    wanted = np.unique(depths)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LabelWarning)
        found = shots.time(wanted)
        assert (np.diff(found) > 0).all() or np.diff(wanted).min(initial=1) < 1e-6
        np.testing.assert_allclose(shots.depth(found), wanted, atol=1e-6)
    np.testing.assert_allclose(shots.time(depth), time, atol=1e-9)


def test_going_beyond_the_shots_is_said():
    shots = Checkshot("A", "md", np.array([100.0, 200.0, 300.0]), np.array([100.0, 200.0, 250.0]))
    with pytest.warns(LabelWarning, match="of well 'A' were continued 50 m above the first and 100 m below the last"):
        assert shots.time([50, 400]).tolist() == [50, 300]
    with pytest.warns(LabelWarning, match="continued 50 ms below the last"):
        assert shots.depth(300) == 400


def test_one_way_times_in_feet_and_seconds(tmp_path):
    path = write(tmp_path, "Well;TVDSS (ft);OWT (s)\nA;1000;0,2\nA;3000;0,5\nB;0;0\nB;100;0,01\n")
    with pytest.warns(LabelWarning, match="one-way times were doubled"):
        found = read_checkshots(path, shift_ms=8)
    assert list(found) == ["A", "B"]
    assert found["A"].domain == "tvdss"
    np.testing.assert_allclose(found["A"].depth_m, [304.8, 914.4])
    np.testing.assert_allclose(found["A"].twt_ms, [408, 1008])


def test_elevations_and_negative_times_are_turned_aloud(tmp_path):
    text = (
        "# Petrel checkshots format\n# Unit in depth: m\nVERSION 1\nBEGIN HEADER\nX\nY\nZ\nTWT picked\nWell\n"
        "END HEADER\n"
        '1.0 2.0 7.60 10.26 "W 1"\n1.0 2.0 -992.40 -800.00 "W 1"\n1.0 2.0 -1992.40 -1500.00 "W 1"\n'
    )
    with pytest.warns(LabelWarning) as told:
        found = read_checkshots(write(tmp_path, text))["W 1"]
    words = " ".join(str(w.message) for w in told)
    assert "its elevations grow upwards, and were turned" in words
    assert "its times grow upwards, and were turned" in words
    assert "read in ms: they reach 1500, which no survey records in seconds" in words
    np.testing.assert_allclose(found.depth_m, [-7.6, 992.4, 1992.4])
    np.testing.assert_allclose(found.twt_ms, [-10.26, 800, 1500])


@pytest.mark.filterwarnings("ignore::napari_fhn.labels.LabelWarning")
@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("md_m,time_ms\n0,0\n100,90\n", Undeclared, "one-way or two-way"),
        ("depth_m,twt_ms\n0,0\n100,90\n", Undeclared, "which depth it is"),
        ("md,twt_ms\n0,0\n100,90\n", Undeclared, "unit of column 'md'"),
        ("md_m,twt\n0,0\n100,0.09\n", Undeclared, "unit of column 'twt'"),
        ("md_m,class\n0,a\n100,b\n", AmbiguousColumns, "column 'twt' is missing"),
        ("md_m,twt_ms\n0,0\n100,0.09\n200,0.2\n", LabelError, "make a velocity of 2000000 m/s"),
        ("md_m,twt_ms\n0,0\n100,90\n200,80\n", LabelError, "the times do not increase: 80 comes after 90"),
        ("md_m,twt_ms\n0,0\n", LabelError, "fewer than two"),
        ("well,md_m,twt_ms\nA,0,0\nA,9,9\nB,,5\n", LabelError, "the checkshots of well 'B' are fewer than two"),
        ("md_m,twt_ms\n0,\n100,\n", AmbiguousColumns, "Say which is twt"),
    ],
)
def test_what_cannot_be_told_is_asked(tmp_path, text, kind, sentence):
    with pytest.raises(kind) as caught:
        read_checkshots(write(tmp_path, text))
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("cs.txt")


def test_answers_are_taken(tmp_path):
    path = write(tmp_path, "depth,time\n0,0\n100,0.1\n100,0.1\n300,0.25\n")
    with pytest.warns(LabelWarning, match="1 checkshot occurs twice"):
        found = read_checkshots(path, columns={"md": "depth"}, units={"md": "m", "time": "s"}, way="twt")
    assert found[""].twt_ms.tolist() == [0, 100, 250]
    with pytest.raises(LabelError, match="'both' is no kind of time"):
        read_checkshots(path, way="both")
