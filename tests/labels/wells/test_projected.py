"""Wells beside a section."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn.labels import Well
from napari_fhn.labels.wells.projected import projected
from napari_fhn.surveys.geometry import SurveyGeometry


def _survey(crossline_step=(0.0, 12.5), units="m") -> xr.DataArray:
    geometry = SurveyGeometry((100, 200), (1, 1), (0.0, 0.0), (25.0, 0.0), crossline_step, units)
    return xr.DataArray(
        np.zeros((20, 30, 8), np.float32),
        dims=("inline", "crossline", "twt"),
        coords={"inline": 100 + np.arange(20), "crossline": 200 + np.arange(30), "twt": 4.0 * np.arange(8)},
        attrs={"geometry": geometry},
    )


WELLS = (Well("A", 105, 210, ()), Well("B", 109, 220, ()), Well("C", 110, 221, ()), Well("D", 119, 200, ()))


def test_wells_within_some_metres_come_onto_the_section_the_nearest_first():
    found = projected(WELLS, _survey(), 0, 10, 130)
    assert [(one.name, round(one.metres, 6)) for one in found] == [("B", 25.0), ("A", 125.0)]
    assert found[1].path.tolist() == [[10.0, 10.0, 0.0], [10.0, 10.0, 7.0]]
    assert [one.name for one in projected(WELLS, _survey(), 1, 20, 13)] == ["C"]
    assert projected(WELLS, _survey(), 0, 10, 0) == []
    assert projected(WELLS, _survey(), 2, 3, 500) == []


def test_the_distance_is_square_to_the_section_and_in_metres():
    # Crosslines that lie askew: an inline is nearer to the next than the length of the step between them.
    (one,) = projected(WELLS[1:2], _survey(crossline_step=(12.5, 12.5)), 0, 10, 500)
    assert one.metres == pytest.approx(25 / np.sqrt(2))
    (one,) = projected(WELLS[1:2], _survey(units="ft"), 0, 10, 500)
    assert one.metres == pytest.approx(25 * 0.3048)
    bare = _survey()
    del bare.attrs["geometry"]
    assert projected(WELLS, bare, 0, 10, 500) == []
