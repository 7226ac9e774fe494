"""Where a survey lies on the map, of each kind of data, and fences across it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn.surveys import SurveyGeometry
from napari_fhn.surveys.fences import beside, fence, through
from napari_fhn.surveys.map_frame import MapFrame
from napari_fhn.surveys.numbers import Numbers


def test_a_volume_lies_where_its_geometry_says_turned_and_counted_backwards():
    geometry = SurveyGeometry((100, 200), (1, 2), (5000.0, 7000.0), (20.0, 15.0), (-6.0, 8.0), "ft")
    survey = xr.DataArray(
        np.zeros((4, 5, 3), np.float32),
        {"inline": [103, 102, 101, 100], "crossline": [200, 202, 204, 206, 208], "twt": [0.0, 4, 8]},
        ("inline", "crossline", "twt"),
        attrs={"geometry": geometry},
    )
    frame, numbers = MapFrame.of(survey), Numbers.of(survey)
    for voxel in ((0, 0, 0), (3, 4, 0), (1, 2, 0)):
        assert frame.to_xy(voxel[:2]) == pytest.approx(numbers.to_xy(voxel))
        assert frame.to_index(frame.to_xy(voxel[:2])) == pytest.approx(voxel[:2])
    assert frame.metres == (0.3048, 0.3048)
    assert len(frame.corners()) == 5


def test_a_volume_without_a_place_has_its_own_numbers_and_no_metres():
    survey = xr.DataArray(np.zeros((4, 5, 3)), {"inline": range(10, 14)}, ("inline", "crossline", "sample"))
    frame = MapFrame.of(survey)
    assert (frame.placed, frame.metres, frame.names) == (False, None, ("crossline", "inline"))
    assert frame.to_xy((2, 3)).tolist() == [3, 12]


def test_a_line_is_its_track():
    x = np.array([0.0, 10, 20, 20])
    survey = xr.DataArray(
        np.zeros((4, 3)),
        {"x": ("trace", x, {"units": "m"}), "y": ("trace", [0.0, 0, 0, 10])},
        ("trace", "twt"),
    )
    frame = MapFrame.of(survey)
    assert frame.to_index((19, 9)).tolist() == [3, 0]
    assert frame.to_xy((1.5, 0)).tolist() == [15, 0]
    assert MapFrame.of(survey.drop_vars(["x", "y"])) is None


def test_a_map_lies_by_its_transform_and_degrees_have_metres():
    degrees = xr.DataArray(
        np.zeros((3, 4)), {"y": [60.5, 60.0, 59.5], "x": [10.0, 10.5, 11.0, 11.5]}, ("y", "x")
    ).rio.write_crs("EPSG:4326")
    frame = MapFrame.of(degrees)
    assert frame.to_xy((0, 0)) == pytest.approx([10.0, 60.5])
    assert frame.metres == pytest.approx((111_200 * 0.5, 111_200), rel=0.01)


FRAME = MapFrame((50, 80), (0.0, 0.0), (0.0, 25.0), (12.5, 0.0), "m")


def test_a_fence_runs_evenly_and_each_place_has_its_nearest_trace():
    found = fence([[5, 5], [20, 60], [20, 10]], FRAME)
    steps = np.diff(found.distances)
    assert steps == pytest.approx(steps[0])
    assert steps[0] == pytest.approx(12.5, rel=0.02)
    assert found.corners[1] == pytest.approx(np.hypot(15 * 25, 55 * 12.5))
    assert found.corners[2] - found.corners[1] == pytest.approx(50 * 12.5)
    at = np.array([np.interp(found.distances, found.corners, found.line[:, k]) for k in range(2)]).T
    off = np.abs(at - FRAME.to_xy(found.traces))
    assert off.max(axis=0) == pytest.approx([6.25, 12.5], rel=0.05)
    assert (off <= [6.26, 12.51]).all()


def test_a_fence_stays_in_the_survey_and_needs_two_places():
    assert fence([[-9, 5], [70, 200]], FRAME).traces.max(axis=0).tolist() == [49, 79]
    for corners in ([[3, 3]], [[3, 3], [3, 3]]):
        with pytest.raises(ValueError, match="two places"):
            fence(corners, FRAME)


def test_wells_lie_beside_a_fence_in_metres():
    found = fence([[0, 0], [0, 40]], FRAME)
    assert beside((2, 8), found, FRAME) == pytest.approx((100.0, 50.0))
    assert beside((0, 60), found, FRAME) == pytest.approx((500.0, 250.0))


def test_a_fence_through_wells_does_not_run_to_and_fro():
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 49, (9, 2))
    order = through(places, FRAME)
    assert sorted(order) == list(range(9))
    length = fence(places[order], FRAME).distances[-1]
    assert all(length <= fence(places[rng.permutation(9)], FRAME).distances[-1] for _ in range(20))


def test_without_metres_a_fence_counts_traces():
    frame = MapFrame((9, 9), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), "", placed=False)
    found = fence([[0, 0], [0, 4]], frame)
    assert (found.unit, found.distances[-1]) == ("traces", 4.0)
