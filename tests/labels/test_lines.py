"""What is known about a 2D line: by coordinates, by the numbers of lines, and by those that count along it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn import labels
from napari_fhn.labels import (
    Box,
    ClassTable,
    Interval,
    LabelClass,
    LabelError,
    LabelWarning,
    Point,
    Undeclared,
    Well,
    burn,
    burn_points,
    burn_polygons,
    burn_zones,
    read_horizon,
    read_points,
    read_polygons,
    read_wells,
)
from napari_fhn.labels.lateral import Traces
from napari_fhn.labels.tables.roles import suggest


@pytest.fixture
def table() -> ClassTable:
    return ClassTable((LabelClass(1, "sand", "#ccbb44"), LabelClass(2, "shale", "#447788")))


@pytest.fixture
def counted(line) -> xr.DataArray:
    """The line with CDPs from 501 by 2, and no other place: coordinates and numbers of lines are not in its headers."""
    bare = line.drop_vars(["inline", "crossline", "x", "y"])
    return bare.assign_coords(cdp=("trace", 501.0 + 2 * np.arange(30)))


def written(path, text):
    path.write_text(text)
    return path


def test_horizons_by_coordinates_numbers_traces_and_cdps_are_one(tmp_path, line):
    line = line.assign_coords(cdp=("trace", 501.0 + 2 * np.arange(30)))
    times = 60 + np.arange(30) / 2
    places = {
        "x,y": zip(line["x"].values, line["y"].values, strict=True),
        "inline,crossline": zip(line["inline"].values, line["crossline"].values, strict=True),
        "trace": zip(line["trace"].values, strict=True),
        "CDP No": zip(line["cdp"].values, strict=True),
    }
    for header, rows in places.items():
        text = "".join(f"{','.join(f'{v:.1f}' for v in row)},{t:g}\n" for row, t in zip(rows, times, strict=True))
        surface = read_horizon(written(tmp_path / "top.csv", f"{header},twt_ms\n{text}"), line)
        np.testing.assert_allclose(surface, times, err_msg=header)


def test_zones_fill_a_line(line, table):
    surface = xr.DataArray(60.0 + np.arange(30) % 4, dims="trace", name="top")
    out = np.zeros(line.shape, np.uint8)
    burn_zones([surface], ["sand", "shale"], line, table, out)
    assert (out[:, :5] == 1).all()
    assert (out[:, 6:] == 2).all()


def test_in_a_volume_a_trace_may_be_a_crossline_and_on_a_line_it_is_not(tmp_path, survey, line):
    table = labels.sniff(written(tmp_path / "picks.csv", "line,trace,twt_ms\n100,2,60\n101,3,61\n"))
    assert "crossline" in suggest(table, survey).guesses
    assert "crossline" not in suggest(table, line).guesses
    assert suggest(table, line).best("trace").column == 1


def test_wells_by_trace_and_by_cdp(tmp_path, counted, table):
    tops = written(tmp_path / "tops.csv", "well,top_twt_ms,base_twt_ms,class\nA,40,60,sand\nB,60,80,shale\n")
    for header, places in (("trace", (4, 20)), ("cdp", (509, 541))):
        heads = written(tmp_path / "wells.csv", f"well,{header}\nA,{places[0]}\nB,{places[1]}\n")
        wells = read_wells(heads, tops, counted)
        assert [well.trace for well in wells] == [4, 20]
        out = np.zeros(counted.shape, np.uint8)
        boxes = burn(wells, counted, table, out)
        assert [(box.start[0], box.stop[0]) for box in boxes] == [(4, 5), (20, 21)]
        assert out[4, :5].tolist() == [1] * 5
    strange = written(tmp_path / "wells.csv", "well,cdp\nA,509\nB,99\n")
    with pytest.warns(LabelWarning, match=r"left out, outside the survey .*: B \(at no trace\)"):
        burn(read_wells(strange, tops, counted), counted, table, np.zeros(counted.shape, np.uint8))


def test_numbers_that_do_not_count_along_the_line_tell_no_place(counted, mapped):
    same = counted.assign_coords(cdp=("trace", np.full(30, 7.0)))
    with pytest.raises(LabelError, match="no CDP numbers of their own"):
        Traces.of(same).by_count([7.0], "cdp")
    with pytest.raises(LabelError, match="trace numbers do not tell where a trace of the volume 'cube' lies"):
        Traces.of(mapped).by_count([7.0])
    # Crooked and backwards numbering is found as well, and what lies between two numbers goes to the nearer.
    back = counted.assign_coords(cdp=("trace", counted["cdp"].values[::-1]))
    np.testing.assert_array_equal(Traces.of(back).by_count([501.0, 502.8, 480.0], "cdp").ravel(), [29, 28, np.nan])


def test_a_well_beside_the_line_is_projected_from_as_far_as_is_said(line, table):
    # 50 m to the side of trace 10: the line runs along (0.6, 0.8).
    x, y = float(line["x"][10]) + 40, float(line["y"][10]) - 30
    beside = Well("W", np.nan, np.nan, (Interval(40, 60, "sand"),), (x, y))
    out = np.zeros(line.shape, np.uint8)
    with pytest.raises(LabelError, match=r"farther than 15 m from the line .*: W \(.*, 50 m away\).*from farther away"):
        burn([beside], line, table, out)
    assert not out.any()
    burn([beside], line, table, out, off_line_m=51)
    assert np.flatnonzero(out.any(axis=1)).tolist() == [10]
    with pytest.raises(LabelError, match="cannot lie -1 m from a line"):
        burn([beside], line, table, out, off_line_m=-1)
    with pytest.raises(LabelError, match="how far wells lie from it is not known"):
        burn([Well("N", 105, 55)], line.drop_vars(["x", "y"]), table, out, off_line_m=50)


def test_points_lie_at_a_trace_and_a_time(tmp_path, line, table):
    for header, place in (("x,y", (500_090, 6_000_120)), ("inline,crossline", (110, 55)), ("trace", (10,))):
        text = f"{header},twt_ms,class\n{','.join(map(str, place))},61,shale\n"
        points = read_points(written(tmp_path / "points.csv", text), table, line)
        assert points == [Point(10, 0, 2, 5)], header
    out = np.zeros(line.shape, np.uint8)
    assert burn_points(points, out, 2, on_line=True) == 5
    # Neighbouring traces at the same time; layers above and below are other layers.
    assert np.argwhere(out).tolist() == [[k, 5] for k in range(8, 13)]


def test_polygons_are_cut_along_the_line(tmp_path, line, table):
    west, east = 500_000 + 9 * 5 - 4, 500_000 + 9 * 9 + 4
    south, north = 5_999_000, 6_001_000
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    point = [float(line["x"][20]) + 8, float(line["y"][20]) - 6]
    features = ",".join(
        f'{{"type":"Feature","properties":{{"class":"{name}"}},"geometry":{{"type":"{kind}","coordinates":{at}}}}}'
        for name, kind, at in (("sand", "Polygon", [ring]), ("shale", "Point", point))
    )
    crs = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::32633"}}'
    path = written(tmp_path / "a.geojson", f'{{"type":"FeatureCollection",{crs},"features":[{features}]}}')
    shapes = read_polygons(path)
    out = np.zeros(line.shape, np.uint8)
    with pytest.raises(Undeclared, match="on which slices of the survey"):
        burn_polygons(shapes, line, table, out)
    assert burn_polygons(shapes, line, table, out, window=(48, 60)) == Box((5, 2), (21, 5))
    assert np.unique(np.argwhere(out == 1)[:, 0]).tolist() == [5, 6, 7, 8, 9]
    assert np.unique(np.argwhere(out == 2)[:, 0]).tolist() == [20]
    assert not out[:, :2].any()
    with pytest.raises(LabelError, match="cannot be cut along it"):
        burn_polygons(shapes, line.drop_vars(["x", "y"]), table, out, window=(48, 60))


def test_a_section_out_of_a_volume_is_a_line_with_the_numbers_of_the_volume(mapped, table):
    section = mapped.isel(crossline=3)
    traces = Traces.of(section)
    assert traces.is_line
    assert traces.has_xy
    x, y = mapped.attrs["geometry"].to_xy(105.0, 206.0)
    assert traces.by_xy(x, y).tolist() == [[5.0]]
    out = np.zeros(section.shape, np.uint8)
    burn([Well("A", 105, 206, (Interval(40, 120, "sand"),))], section, table, out)
    assert np.flatnonzero(out.any(axis=1)).tolist() == [5]
    with pytest.raises(LabelError, match="vertical axis first"):
        Traces.of(section.transpose())


def test_bodies_blocks_and_the_nearest_column_of_a_line():
    known = np.zeros((30, 8), np.uint8)
    known[3:5, ::2], known[9], known[10, 3], known[25:27] = 1, 1, 2, 2
    assert labels.bodies(known, 1) == [Box((3, 0), (5, 8)), Box((9, 0), (11, 8)), Box((25, 0), (27, 8))]
    assert labels.blocks(known, 10, 1) == [Box((0, 0), (10, 8)), Box((10, 0), (20, 8)), Box((20, 0), (30, 8))]
    assert len(labels.hold_out(known, 1, 1)) == 1
    far = labels.far_from_training(known, [Box((25, 0), (27, 8))], 1, 2)
    assert np.flatnonzero(~far).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    np.testing.assert_array_equal(labels.nearest_column(known, 1)[20], known[26])
