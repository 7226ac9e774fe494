from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_fhn.labels import Box, ClassTable, Interval, LabelError, LabelWarning, Well, burn, read_wells

WELLS = "well,inline,crossline,x,y,total_twt_ms\nA,103,204,1,2,120\nB,109,214,3,4,120\n"
TOPS = "well,top_twt_ms,base_twt_ms,class\nA,40,60,shale\nA,60,120,sand\nB,50,70,sand\n"


def write(folder, wells=WELLS, tops=TOPS):
    (folder / "wells.csv").write_text(wells)
    (folder / "tops.csv").write_text(tops)
    return folder / "wells.csv", folder / "tops.csv"


def test_wells_come_from_two_tables(tmp_path):
    wells = read_wells(*write(tmp_path))
    assert wells == [
        Well("A", 103, 204, (Interval(40, 60, "shale"), Interval(60, 120, "sand"))),
        Well("B", 109, 214, (Interval(50, 70, "sand"),)),
    ]


@pytest.mark.parametrize(
    ("wells", "tops", "sentence"),
    [
        (WELLS.replace("103", "east"), TOPS, "wells.csv, line 2: column 'inline' says 'east'"),
        (WELLS + "A,1,2\n", TOPS, "wells.csv, line 4: well 'A' occurs twice"),
        (WELLS, TOPS + "C,1,2,sand\n", "tops.csv, line 5: there is no well 'C' in wells.csv"),
        (WELLS, TOPS + "B,90,80,sand\n", "tops.csv, line 5: an interval from 90 to 80 ms is empty"),
        (WELLS, TOPS + "B,60,80,shale\n", "tops.csv, line 5: in well 'B' sand ends at 70 ms, below the top"),
        (WELLS, TOPS.replace("50,70", "50,nan"), "tops.csv, line 4: column 'base_twt_ms' says 'nan'"),
        (WELLS, TOPS.replace(",shale", ","), "tops.csv, line 2: column 'class' is empty"),
        ("well,inline,crossline\n", TOPS, "wells.csv: it holds no well"),
        (WELLS.replace("inline,crossline,x,y", "a,b,c,d"), TOPS, "wells.csv, line 1: column 'inline' is missing"),
        (
            WELLS.replace("inline,crossline,x,y", "line,trace,c,d"),
            TOPS,
            "the column of the inline number may be 'line'",
        ),
    ],
)
def test_a_wrong_line_is_named(tmp_path, wells, tops, sentence):
    with pytest.raises(LabelError) as caught:
        read_wells(*write(tmp_path, wells, tops))
    assert sentence in str(caught.value)


def test_labels_count_less_the_farther_they_are_from_their_well(survey, table):
    wells = [Well("A", 103, 204, (Interval(40, 80, "shale"),)), Well("B", 103, 210, (Interval(60, 120, "sand"),))]
    out, weights = np.zeros(survey.shape, np.uint8), np.zeros(survey.shape, np.uint8)
    burn(wells, survey, table, out, 3.0, fall_off=2.0, weights=weights)
    plain = np.zeros_like(out)
    burn(wells, survey, table, plain, 3.0)
    np.testing.assert_array_equal(out, plain)
    i, j = np.ogrid[:12, :10]
    to_a, to_b = np.hypot(i - 3, j - 2), np.hypot(i - 3, j - 5)
    expected = np.rint(100 * np.exp(-(np.minimum(to_a, to_b) ** 2) / 8))
    expected[np.minimum(to_a, to_b) > 3] = 0
    np.testing.assert_array_equal(weights[..., 5], expected)
    # Above the sand nothing is known of B: what lies nearer to B, and within reach of A, is not labelled at all.
    a_alone = np.where((to_a <= 3) & (to_a <= to_b), expected, 0)
    np.testing.assert_array_equal(weights[..., 0], a_alone)
    with pytest.raises(LabelError, match="Use one grid for both"):
        burn(wells, survey, table, out, 3.0, fall_off=2.0, weights=weights[1:])


def test_columns_and_boxes(tmp_path, survey, table):
    out = np.zeros(survey.shape, np.uint8)
    boxes = burn(read_wells(*write(tmp_path)), survey, table, out)
    assert boxes == [Box((3, 2, 0), (4, 3, 20)), Box((9, 7, 3), (10, 8, 8))]
    assert out[3, 2].tolist() == [1] * 5 + [2] * 15
    # 50 and 70 ms lie between samples: 52 to 68 ms are inside.
    assert out[9, 7].tolist() == [0] * 3 + [2] * 5 + [0] * 12
    assert np.count_nonzero(out) == 25


@pytest.mark.parametrize(("radius", "count"), [(0, 1), (0.9, 1), (1, 5), (1.5, 9), (2, 13)])
def test_a_radius_is_a_disc_in_traces(survey, table, radius, count):
    out = np.zeros(survey.shape, np.uint8)
    burn([Well("A", 105, 208, (Interval(40, 44, "sand"),))], survey, table, out, radius)
    assert np.count_nonzero(out) == count
    assert out[5, 4, 0] == 2


def test_the_nearer_well_takes_a_trace(survey, table):
    wells = [
        Well("A", 103, 208, (Interval(40, 120, "shale"),)),
        Well("B", 107, 208, (Interval(40, 120, "sand"),)),
    ]
    for order in (wells, wells[::-1]):
        out = np.zeros(survey.shape, np.uint8)
        burn(order, survey, table, out, 3)
        assert out[:, 4, 0].tolist() == [1, 1, 1, 1, 1, out[5, 4, 0], 2, 2, 2, 2, 2, 0]


def test_painted_labels_stay_unless_asked(survey, table):
    well = [Well("A", 105, 208, (Interval(40, 120, "sand"),))]
    out = np.zeros(survey.shape, np.uint8)
    out[5, 4, 3] = 9
    burn(well, survey, table, out)
    assert out[5, 4, 2:5].tolist() == [2, 9, 2]
    burn(well, survey, table, out, overwrite=True)
    assert out[5, 4, 2:5].tolist() == [2, 2, 2]


def test_wells_outside_are_left_out_and_named(survey, table):
    inside = Well("in", 111.4, 199.2, (Interval(40, 120, "sand"),))
    outside = Well("out", 111.6, 208, (Interval(40, 120, "sand"),))
    out = np.zeros(survey.shape, np.uint8)
    with pytest.warns(LabelWarning, match=r"left out, outside the survey .*: out \(111.6, 208\)"):
        boxes = burn([inside, outside], survey, table, out)
    assert boxes == [Box((11, 0, 0), (12, 1, 20))]
    with pytest.raises(LabelError, match="all wells lie outside"):
        burn([outside], survey, table, out)


def test_nothing_is_written_when_a_class_is_unknown(survey, table):
    out = np.zeros(survey.shape, np.uint8)
    wells = [
        Well("A", 105, 208, (Interval(40, 120, "sand"),)),
        Well("B", 106, 208, (Interval(40, 120, "salt"),)),
    ]
    with pytest.raises(LabelError, match="no class 'salt'"):
        burn(wells, survey, table, out)
    with pytest.raises(LabelError, match="wells need labels on"):
        burn(wells[:1], survey, table, out[0])
    assert not out.any()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edges=st.lists(st.floats(0, 200), min_size=2, max_size=8, unique=True).map(sorted),
    start=st.floats(-50, 150),
    step=st.sampled_from([0.5, 2.0, 3.909, 4.0]),
)
def test_touching_intervals_share_no_sample_and_leave_none_out(survey, edges, start, step):
    twt = start + step * np.arange(20)
    table = ClassTable.default(len(edges) - 1)
    intervals = [Interval(a, b, str(k + 1)) for k, (a, b) in enumerate(pairwise(edges))]
    parts = []
    for chosen in (*([i] for i in intervals), intervals):
        out = np.zeros(survey.shape, np.uint8)
        burn([Well("A", 105, 208, tuple(chosen))], survey.assign_coords(twt=twt), table, out)
        parts.append(out[5, 4].astype(int))
    *single, together = parts
    assert (sum((p > 0).astype(int) for p in single) <= 1).all()
    np.testing.assert_array_equal(sum(single), together)
    inner = (twt > edges[0] + 1e-3) & (twt < edges[-1] - 1e-3)
    assert (together[inner] > 0).all()
