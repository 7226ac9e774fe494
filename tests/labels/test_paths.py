"""Deviated wells and wells on 2D lines as labels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fhn.labels import (
    ClassTable,
    DeviatedWell,
    Interval,
    LabelError,
    LabelWarning,
    Stretch,
    Well,
    burn,
    minimum_curvature,
)
from napari_fhn.surveys import SurveyGeometry
from proofs import examples

#: North-up, 10 m bins, 4 ms.
GRID = SurveyGeometry((0.0, 0.0), (1.0, 1.0), (0.0, 0.0), (0.0, 10.0), (10.0, 0.0))


def cube(n_i=12, n_j=30, n=50) -> xr.DataArray:
    return xr.DataArray(
        np.zeros((n_i, n_j, n), np.float32),
        dims=("inline", "crossline", "twt"),
        coords={
            "inline": np.arange(n_i, dtype=float),
            "crossline": np.arange(n_j, dtype=float),
            "twt": 4.0 * np.arange(n),
        },
        attrs={"geometry": GRID},
        name="cube",
    )


def deviated(md, dx, dy, twt, stretches, inline=5.0, crossline=3.0, xy=None):
    return DeviatedWell(
        "D",
        inline,
        crossline,
        *(np.asarray(v, float) for v in (md, dx, dy, twt)),
        tuple(Stretch(*s) for s in stretches),
        xy,
    )


@settings(deadline=None, max_examples=examples(60))
@given(
    # In hundredths: what counts as on an edge differs between samples and metres by less.
    edges=st.lists(st.integers(-2000, 23000), min_size=2, max_size=7, unique=True).map(
        lambda found: [edge / 100 for edge in sorted(found)]
    ),
    place=st.tuples(st.floats(-0.4, 11.4), st.floats(-0.4, 29.4)),
    radius=st.sampled_from([0.0, 1.0, 2.3]),
    reach=st.floats(0, 50),
)
def test_a_path_straight_down_is_a_vertical_well(edges, place, radius, reach):
    survey, table = cube(), ClassTable.default(3)
    spans = [(a, b, str(k % 3 + 1)) for k, (a, b) in enumerate(pairwise(edges))]
    well = Well("V", *place, tuple(Interval(*s) for s in spans))
    # A metre for each millisecond.
    md = np.linspace(-30 - reach, 240 + reach, 9)
    path = deviated(md, np.zeros(9), np.zeros(9), md, spans, *place)
    first, second = np.zeros(survey.shape, np.uint8), np.zeros(survey.shape, np.uint8)
    assert burn([well], survey, table, first, radius) == burn([path], survey, table, second, radius)
    np.testing.assert_array_equal(first, second)


def test_a_slanted_well_labels_what_it_crosses():
    survey, table = cube(), ClassTable.default(2)
    # 2.5 traces to the east and 10 samples down for each 100 m along it.
    md = np.array([0.0, 1000.0])
    well = deviated(md, [0, 250], [0, 0], [0, 400], [(0, 200, "1"), (200, 500, "2")])
    out = np.zeros(survey.shape, np.uint8)
    (box,) = burn([well], survey, table, out)
    i, j, k = np.nonzero(out)
    assert set(i) == {5}
    # Every sample on the way down is labelled, each at the nearest trace.
    samples = np.arange(50)
    np.testing.assert_array_equal(out[5].max(axis=0) > 0, samples < 50)
    for sample in samples:
        assert out[5, int(np.floor(3 + 0.25 * sample + 0.5)), sample] == (1 if sample < 20 else 2)
    # No voxel lies farther from the path than half a voxel along each axis.
    assert (np.abs(j - 3 - 0.25 * k) <= 0.5 + 0.125 + 1e-9).all()
    assert box.start == (5, 3, 0)
    assert box.stop == (6, 16, 50)


def test_a_level_well_labels_every_trace_along_it():
    survey, table = cube(), ClassTable.default(2)
    well = deviated([0, 100, 300], [0, 0, 200], [0, 0, 0], [0, 100, 100], [(100, 200, "1"), (200, 300, "2")])
    out = np.zeros(survey.shape, np.uint8)
    burn([well], survey, table, out)
    assert out[5, :, 25].tolist() == [0] * 3 + [1] * 10 + [2] * 10 + [0] * 7
    assert not out[..., :25].any()
    wide = np.zeros(survey.shape, np.uint8)
    burn([well], survey, table, wide, 1.0)
    assert wide[4, 10, 25] == wide[6, 10, 25] == 1
    assert not wide[3, :, 25].any()


def test_the_nearer_of_a_deviated_and_a_vertical_well_takes_a_trace():
    survey, table = cube(), ClassTable.default(2)
    # From trace 3 at the top towards the vertical well at trace 13.
    slanted = deviated([0, 400], [0, 80], [0, 0], [0, 200], [(0, 400, "1")])
    vertical = Well("V", 5, 13, (Interval(0, 200, "2"),))
    for wells in ([slanted, vertical], [vertical, slanted]):
        out = np.zeros(survey.shape, np.uint8)
        burn(wells, survey, table, out, 4.0)
        assert out[5, 4, 0] == 1
        assert out[5, 9, 0] == 2
        # At the bottom the slanted one has come to trace 11.
        assert out[5, 11, 49] == 1
        assert out[5, 13, 49] == 2
        assert (out[5, :12, 49] != 2).all()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.floats(1, 60), st.floats(0, 100), st.floats(0, 360)), min_size=2, max_size=6),
    st.floats(0, 11),
    st.floats(0, 29),
)
def test_along_any_path_the_labels_hang_together(stations, inline, crossline):
    survey, table = cube(), ClassTable.default(1)
    md = np.cumsum([s[0] for s in stations])
    way = minimum_curvature(md, [s[1] for s in stations], [s[2] for s in stations])
    well = deviated(way[0], way[2], way[3], way[1] * 2, [(0.0, float(md[-1]) + 1, "1")], inline, crossline)
    out = np.zeros(survey.shape, np.uint8)
    burn([well], survey, table, out)
    # The place of every point of the path inside the survey is labelled.
    at = np.column_stack([inline + way[3] / 10, crossline + way[2] / 10, way[1] * 2 / 4])
    nearest = np.floor(at + 0.5).astype(int)
    inside = ((nearest >= 0) & (nearest < np.array(out.shape)) & (at >= -0.5)).all(axis=1)
    assert (out[tuple(nearest[inside].T)] == 1).all()
    # And nothing lies far from it.
    dense = np.concatenate([np.linspace(a, b, 200) for a, b in pairwise(at)])
    for voxel in np.argwhere(out):
        assert (np.abs(dense - voxel).max(axis=1)).min() <= 0.52


def test_wells_by_coordinates(mapped, table):
    x, y = mapped.attrs["geometry"].to_xy(105.0, 208.0)
    by_xy = Well("A", np.nan, np.nan, (Interval(40, 120, "sand"),), (float(x), float(y)))
    by_number = Well("A", 105, 208, (Interval(40, 120, "sand"),))
    first, second = np.zeros(mapped.shape, np.uint8), np.zeros(mapped.shape, np.uint8)
    burn([by_xy], mapped, table, first, 2.0)
    burn([by_number], mapped, table, second, 2.0)
    np.testing.assert_array_equal(first, second)
    with pytest.raises(LabelError, match="has no place on the map"):
        burn([by_xy], mapped.drop_attrs(), table, first)
    with pytest.raises(LabelError, match="well 'D' is deviated, and the survey 'cube' has no place on the map"):
        burn([deviated([0, 1], [0, 0], [0, 0], [0, 1], [])], mapped.drop_attrs(), table, first)


def test_wells_on_a_line(line, table):
    inside = Well("in", 110, 55, (Interval(40, 60, "sand"),))
    beside = Well(
        "beside", np.nan, np.nan, (Interval(40, 60, "shale"),), (500_000 + 9 * 20 + 8, 6_000_000 + 12 * 20 - 6)
    )
    far = Well("far", np.nan, np.nan, (Interval(40, 60, "sand"),), (500_000.0, 6_001_000.0))
    out = np.zeros(line.shape, np.uint8)
    with pytest.warns(LabelWarning, match=r"left out, farther than 15 m from the line .*: far \(.*, 702 m away\)"):
        boxes = burn([inside, beside, far], line, table, out, 1.0)
    assert [box.start for box in boxes] == [(9, 0), (19, 0)]
    assert (out[9:12, :5] == 2).all()
    assert (out[19:22, :5] == 1).all()
    assert np.count_nonzero(out) == 30
    # A deviated one runs along the line.
    way = deviated([0, 100], [0, 54], [0, 72], [40, 100], [(0, 100, "sand")], np.nan, np.nan, (500_000.0, 6_000_000.0))
    out = np.zeros(line.shape, np.uint8)
    burn([way], line, table, out)
    assert out[0, 0] == out[6, 14] == 2
    assert not out[8:].any()
