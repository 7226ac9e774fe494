from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn.labels import (
    AmbiguousColumns,
    LabelError,
    LabelWarning,
    Point,
    Undeclared,
    burn_points,
    point_classes,
    read_horizon,
    read_points,
)


@pytest.fixture
def chart() -> xr.DataArray:
    """A map of 5 rows and 6 columns, 10 m cells, y falling."""
    return xr.DataArray(
        np.zeros((2, 5, 6), np.float32),
        dims=("band", "y", "x"),
        coords={"y": 6_000_045.0 - 10 * np.arange(5), "x": 500_005.0 + 10 * np.arange(6)},
    )


def write(folder, text):
    path = folder / "labels.csv"
    path.write_text(text)
    return path


def test_points_become_pixels(tmp_path, table):
    points = read_points(write(tmp_path, "Row,Col,Class\n0,1,sand\n2,3,1\n"), table)
    assert points == [Point(0, 1, 2), Point(2, 3, 1)]
    out = np.zeros((3, 4), np.uint8)
    out[0, 1] = 9
    assert burn_points(points, out) == 1
    assert out[0, 1] == 9
    assert out[2, 3] == 1
    assert burn_points(points, out, overwrite=True) == 2
    assert out[0, 1] == 2


def test_discs_meet_halfway_and_count_less_at_their_rim():
    out, weights = np.zeros((9, 12), np.uint8), np.zeros((9, 12), np.uint8)
    out[4, 4] = 7
    # Of two discs of 29 one pixel lies outside, one is taken, and one belongs to both.
    assert burn_points([Point(4, 2, 1), Point(4, 8, 2)], out, 3.0, fall_off=2.0, weights=weights) == 2 * 29 - 3
    assert out[4].tolist() == [1, 1, 1, 1, 7, 1, 2, 2, 2, 2, 2, 2]  # (4, 5) is as near to both: the first has it
    assert weights[4, [2, 3, 1, 5]].tolist() == [100, 88, 88, 32]  # 100 exp(-d^2 / 8)
    assert weights[4, 4] == 0  # nothing was said there
    np.testing.assert_array_equal(weights > 0, (out > 0) & (out < 7))
    rows, columns = np.nonzero(out == 2)
    assert np.hypot(rows - 4, columns - 8).max() == 3


def test_wrong_points_write_nothing(tmp_path, table):
    with pytest.raises(LabelError, match=r"labels\.csv, line 3: there is no class 'salt'"):
        read_points(write(tmp_path, "row,col,class\n0,1,sand\n0,1,salt\n"), table)
    out = np.zeros((3, 4), np.uint8)
    for bad in (Point(3, 0, 1), Point(0, -1, 1)):
        with pytest.raises(LabelError, match="outside the map"):
            burn_points([Point(0, 0, 1), bad], out)
    with pytest.raises(LabelError, match="lie on a map"):
        burn_points([], out[None])
    with pytest.raises(LabelError, match="have times and lie in a volume"):
        burn_points([Point(0, 0, 1, 2)], out)
    with pytest.raises(LabelError, match="cannot fall off over 0 traces"):
        burn_points([Point(0, 0, 1)], out, fall_off=0.0, weights=np.zeros_like(out))
    with pytest.raises(LabelError, match=r"weights of shape \(2, 2\)"):
        burn_points([Point(0, 0, 1)], out, fall_off=1.0, weights=np.zeros((2, 2), np.uint8))
    assert not out.any()


def test_map_coordinates_find_their_cells(tmp_path, table, chart):
    text = "Easting;Northing;Klasse\n500001,5;6000049;sand\n500059;6000001;shale\n500015,0;6000035,0;sand\n9;9;sand\n"
    path = write(tmp_path, text)
    with pytest.warns(LabelWarning, match="1 of 4 points lies outside the survey and was left out"):
        points = read_points(path, table, chart)
    assert points == [Point(0, 0, 2), Point(4, 5, 1), Point(1, 1, 2)]
    # A turned grid has its transform beside its coordinates, which then only count.
    turned = chart.assign_coords(y=np.arange(5.0), x=np.arange(6.0))
    turned = turned.assign_coords(spatial_ref=xr.Variable((), 0, {"GeoTransform": "500000 0 10 6000000 10 0"}))
    with pytest.warns(LabelWarning, match="2 of 4"):
        points = read_points(path, table, turned)
    assert points == [Point(0, 4, 2), Point(1, 3, 2)]
    with pytest.raises(LabelError, match="all its 1 point lies outside"):
        read_points(write(tmp_path, "x,y,class\n1,2,sand\n"), table, chart)


def test_times_find_their_voxels(tmp_path, table, mapped):
    path = write(tmp_path, "inline crossline twt_ms class\n103 204 52.1 sand\n111 218 116 shale\n99 200 52 sand\n")
    with pytest.warns(LabelWarning, match="1 of 3 points"):
        points = read_points(path, table, mapped)
    assert points == [Point(3, 2, 2, 3), Point(11, 9, 1, 19)]
    out = np.zeros(mapped.shape, np.uint8)
    assert burn_points(points, out) == 2
    assert out[3, 2, 3] == 2
    x, y = mapped.attrs["geometry"].to_xy(103.2, 204.3)
    path = write(tmp_path, f"x,y,z,class\n{x:.2f},{y:.2f},0.052,sand\n")
    with pytest.warns(LabelWarning, match="column 'z' has no unit and was read in s"):
        assert read_points(path, table, mapped) == [Point(3, 2, 2, 3)]
    with pytest.raises(LabelError, match="sample 20 lies outside"):
        burn_points([Point(0, 0, 1, 20)], out)


@pytest.mark.parametrize("name", ["depth", "Tiefe", "Teufe (m)", "profondeur", "profundidad"])
def test_depths_are_no_times_whatever_they_are_called(tmp_path, table, mapped, name):
    path = write(tmp_path, f"inline;crossline;{name};class\n103;204;52;sand\n")
    with pytest.raises(LabelError, match="it comes in depth, and the survey in time"):
        read_points(path, table, mapped)
    path = write(tmp_path, "inline;crossline;Laufzeit;class\n103;204;52;sand\n")
    with pytest.raises(LabelError, match="it comes in time, and the survey in depth"):
        read_points(path, table, mapped.rename(twt="depth"))


def test_one_way_times_count_twice(tmp_path, table, mapped):
    path = write(tmp_path, "inline crossline owt_ms class\n103 204 26 sand\n")
    with pytest.warns(LabelWarning, match="the one-way times in its column 'owt_ms' were doubled"):
        assert read_points(path, table, mapped) == [Point(3, 2, 2, 3)]
    with pytest.warns(LabelWarning, match="the one-way times in its column 'owt_ms' were doubled"):
        surface = read_horizon(path, mapped, columns={"marker": "class"})
    assert float(surface.sel(inline=103, crossline=204)) == 52


def test_what_points_do_not_tell_is_asked(tmp_path, table, mapped, chart):
    with pytest.raises(AmbiguousColumns, match="column 'row' is missing"):
        read_points(write(tmp_path, "a,b,class\n1,2,sand\n"), table)
    path = write(tmp_path, "inline,crossline,twt,class\n103,204,900,sand\n")
    with pytest.raises(Undeclared, match="unit of column 'twt'"):
        read_points(path, table, mapped)
    path = write(tmp_path, "1,2,sand\n3,4,shale\n")
    columns = {"col": "1", "row": "2", "class": "3"}
    assert read_points(path, table, chart, columns=columns)[0] == Point(2, 1, 2)
    assert point_classes(path, columns=columns) == ("sand", "shale")
