from __future__ import annotations

import numpy as np
import pytest

from napari_fhn.labels import LabelError, Point, burn_points, read_points


def test_points_become_pixels(tmp_path, table):
    path = tmp_path / "labels.csv"
    path.write_text("Row,Col,Class\n0,1,sand\n2,3,1\n")
    points = read_points(path, table)
    assert points == [Point(0, 1, 2), Point(2, 3, 1)]
    out = np.zeros((3, 4), np.uint8)
    out[0, 1] = 9
    assert burn_points(points, out) == 1
    assert out[0, 1] == 9
    assert out[2, 3] == 1
    assert burn_points(points, out, overwrite=True) == 2
    assert out[0, 1] == 2


def test_wrong_points_write_nothing(tmp_path, table):
    path = tmp_path / "labels.csv"
    path.write_text("row,col,class\n0,1,sand\n0,1,salt\n")
    with pytest.raises(LabelError, match=r"labels\.csv, line 3: there is no class 'salt'"):
        read_points(path, table)
    out = np.zeros((3, 4), np.uint8)
    for bad in (Point(3, 0, 1), Point(0, -1, 1)):
        with pytest.raises(LabelError, match="outside the map"):
            burn_points([Point(0, 0, 1), bad], out)
    with pytest.raises(LabelError, match="lie on a map"):
        burn_points([], out[None])
    assert not out.any()
