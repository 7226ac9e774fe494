"""Which well has the word at a cell, and how far a well reaches."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

from napari_fhn.labels import Box, ClassTable, DeviatedWell, Interval, LabelError, LabelWarning, Well, burn
from napari_fhn.labels.wells.well import Stretch
from napari_fhn.surveys import SurveyGeometry


def test_of_two_wells_in_one_column_each_says_what_it_knows(survey, table):
    above = Well("A", 103, 204, (Interval(40, 60, "shale"),))
    below = Well("B", 103, 204, (Interval(60, 80, "sand"),))
    out = np.zeros(survey.shape, np.uint8)
    burn([above, below], survey, table, out, 0.0)
    column = [table.value_of("shale")] * 5 + [table.value_of("sand")] * 5 + [0] * 10
    assert out[3, 2].tolist() == column
    # Where both know something the first has the word.
    again = np.zeros_like(out)
    burn([above, Well("C", 103, 204, (Interval(40, 80, "sand"),))], survey, table, again, 0.0)
    assert again[3, 2].tolist() == column
    # The one that is named first fills what a nearer one leaves, as the other way round.
    again[:] = 0
    farther, nearer = (Well(one.name, 103 + by, 204, one.intervals) for one, by in ((above, 0.3), (below, 0.1)))
    burn([farther, nearer], survey, table, again, 0.0)
    assert again[3, 2].tolist() == column


def test_the_box_of_a_path_holds_all_that_it_labels(mapped, table):
    # East, which here is along inlines and crosslines both.
    n = 9
    path = DeviatedWell(
        "A",
        102.0,
        204.0,
        np.linspace(0, 160, n),
        np.linspace(0, 90, n),
        np.zeros(n),
        np.linspace(40, 116, n),
        (Stretch(0.0, 160.0, "sand"),),
    )
    out = np.zeros(mapped.shape, np.uint8)
    (box,) = burn([path], mapped, table, out, 0.0)
    found = np.nonzero(out)
    assert all(np.ptp(axis) > 1 for axis in found)
    assert box == Box(tuple(int(axis.min()) for axis in found), tuple(int(axis.max()) + 1 for axis in found))


def squared() -> xr.DataArray:
    """A survey whose inlines go north and whose crosslines go east, 10 m apart."""
    return xr.DataArray(
        np.zeros((8, 8, 24), np.float32),
        dims=("inline", "crossline", "twt"),
        coords={"inline": np.arange(8.0), "crossline": np.arange(8.0), "twt": 4.0 * np.arange(24)},
        attrs={"geometry": SurveyGeometry((0.0, 0.0), (1.0, 1.0), (0.0, 0.0), (0.0, 10.0), (10.0, 0.0))},
    )


@pytest.mark.parametrize("along", [0, 1])
def test_of_a_voxel_that_a_path_crosses_its_middle_decides(along):
    survey, n = squared(), 7
    # Along a crossline or an inline, down by 0.45 of a sample a trace.
    away = [np.zeros(n), np.zeros(n)]
    away[1 - along] = np.arange(n) * 10.0
    path = DeviatedWell(
        "A", *(0.0, 3.0)[:: -1 if along else 1], np.arange(n) * 100.0, *away, 4.0 * (2 + 0.45 * np.arange(n)),
        tuple(Stretch(50.0 * k - 25, 50.0 * k + 25, "12"[k % 2]) for k in range(13)),
    )  # fmt: skip
    out = np.zeros(survey.shape, np.uint8)
    burn([path], survey, ClassTable.default(2), out, 0.0)
    # What lies nearest to the middle of its voxel is at the trace itself: every second stretch, all of one class.
    found = [np.moveaxis(out, along, 0)[j, 3] for j in range(n)]
    assert np.count_nonzero(out) >= n
    own = [column[int(np.floor(2 + 0.45 * j + 0.5))] for j, column in enumerate(found)]
    assert own == [1] * n


def test_of_a_sample_that_a_steep_path_crosses_its_middle_decides():
    survey, n = squared(), 6
    # Three samples down a trace, so that in most voxels only the depth tells its points apart.
    depth = 2 + 3.0 * np.arange(n)
    path = DeviatedWell(
        "A", 3.0, 0.0, 100 * depth, np.arange(n) * 10.0, np.zeros(n), 4.0 * depth,
        tuple(Stretch(50.0 * k - 25, 50.0 * k + 25, "12"[k % 2]) for k in range(40)),
    )  # fmt: skip
    out = np.zeros(survey.shape, np.uint8)
    burn([path], survey, ClassTable.default(2), out, 0.0)
    assert np.count_nonzero(out) >= 3 * n - 2
    assert set(out[out > 0].tolist()) == {1}  # whole samples lie in every second stretch


def test_a_fall_off_that_is_none_is_refused(survey, table):
    well = Well("A", 103, 204, (Interval(40, 60, "shale"),))
    out = np.zeros(survey.shape, np.uint8)
    with pytest.raises(LabelError, match="fall off over 0 traces"):
        burn([well], survey, table, out, 1.0, fall_off=0.0, weights=np.zeros_like(out))
    assert not out.any()


def test_what_is_left_out_is_named_with_its_place(survey, mapped, table):
    wells = [Well("A", 1, 2, (Interval(0, 90, "sand"),)), Well("B", 3, 4, (Interval(0, 90, "sand"),))]
    with pytest.raises(LabelError, match=r"\): A \(1, 2\), B \(3, 4\)\. Check their inline"):
        burn(wells, survey, table, np.zeros(survey.shape, np.uint8), 0.0)
    far = Well("C", np.nan, np.nan, (Interval(0, 90, "sand"),), (1e6, 2e6))
    with pytest.raises(LabelError, match=re.escape(": C (x 1e+06, y 2e+06). Check")):
        burn([far], mapped, table, np.zeros(mapped.shape, np.uint8), 0.0)


def test_how_far_a_well_may_lie_from_a_line_is_said_in_metres_whatever_its_unit(line, table):
    x, y = line["x"].values, line["y"].values
    ahead = np.array([x[1] - x[0], y[1] - y[0]])
    beside = np.array([-ahead[1], ahead[0]]) / np.hypot(*ahead)
    in_feet = line.assign_coords(x=line["x"].assign_attrs(units="ft"), y=line["y"].assign_attrs(units="ft"))
    for survey, metres in ((line, 1.0), (in_feet, 0.3048)):
        far = Well("far", np.nan, np.nan, (Interval(0, 90, "sand"),), tuple(np.array([x[3], y[3]]) + 1000 * beside))
        near = Well("near", np.nan, np.nan, (Interval(0, 90, "sand"),), (float(x[3]), float(y[3])))
        said = rf"farther than 100 m from the line .*: far \(.*, {1000 * metres:.0f} m away\)"
        with pytest.warns(LabelWarning, match=said):
            burn([far, near], survey, table, np.zeros(line.shape, np.uint8), 0.0, off_line_m=100)


def test_a_path_beside_a_line_is_projected_from_as_far_as_is_said(line, table):
    x, y = line["x"].values, line["y"].values
    ahead = np.array([x[1] - x[0], y[1] - y[0]])
    spacing = float(np.hypot(*ahead))
    beside = 5 * np.array([-ahead[1], ahead[0]])
    path = DeviatedWell(
        "A", np.nan, np.nan, np.array([0.0, 100.0]), np.zeros(2), np.zeros(2), np.array([40.0, 100.0]),
        (Stretch(0.0, 100.0, "sand"),), tuple(np.array([x[3], y[3]]) + beside),
    )  # fmt: skip
    out = np.zeros(line.shape, np.uint8)
    with pytest.raises(LabelError, match="farther than"):
        burn([path], line, table, out, 0.0, off_line_m=4 * spacing)
    burn([path], line, table, out, 0.0, off_line_m=6 * spacing)
    assert np.unique(np.nonzero(out)[0]).tolist() == [3]


@pytest.mark.parametrize("radius", [0.0, 1.0])
def test_a_well_on_the_very_outline_is_at_the_last_trace(survey, table, radius):
    layer = (Interval(40, 60, "sand"),)
    # Half a trace beyond the last one, along one axis and along both.
    for inline, crossline, last in ((111.5, 204.0, (11, 2)), (104.0, 219.0, (4, 9)), (111.5, 219.0, (11, 9))):
        out = np.zeros(survey.shape, np.uint8)
        (box,) = burn([Well("A", inline, crossline, layer)], survey, table, out, radius)
        assert out[last][:5].tolist() == [table.value_of("sand")] * 5
        assert all(a <= b < c for a, b, c in zip(box.start, last, box.stop, strict=False))
    with pytest.raises(LabelError, match="outside the survey"):
        burn([Well("A", 111.51, 204.0, layer)], survey, table, out, radius)


def test_wells_that_label_nothing_are_told_apart_from_those_that_do(survey, table):
    below = float(survey.twt[-1]) + 100
    wells = [
        Well("A", 103, 204, (Interval(40, 60, "shale"),)),
        Well("B", 103, 205),
        Well("C", 103, 206, (Interval(below, below + 50, "sand"),)),
    ]
    with pytest.warns(LabelWarning) as said:
        boxes = burn(wells, survey, table, np.zeros(survey.shape, np.uint8), 0.0)
    words = [str(one.message) for one in said]
    assert len(boxes) + len(words) == len(wells)
    assert "Wells left out, nothing is known along them: B." in words
    assert any(f"below the survey ({survey.twt[0]:g} to {survey.twt[-1]:g} ms): C." in one for one in words)
