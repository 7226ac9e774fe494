"""Surveys that are worked on together lie on one grid, and what is not, is told in words."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn import sample_data, surveys
from napari_fhn.project import ProjectError, SurveySet


def volume(first=100, **sizes):
    shape = {"inline": 6, "crossline": 5, "twt": 8, **sizes}
    return xr.DataArray(
        np.zeros(tuple(shape.values()), np.float32),
        dims=tuple(shape),
        coords={
            "inline": first + np.arange(shape["inline"]),
            "crossline": 200 + 2 * np.arange(shape["crossline"]),
            "twt": ("twt", 4.0 * np.arange(shape["twt"]), {"units": "ms"}),
        },
    )


def bands(count, **coords):
    return xr.DataArray(np.zeros((count, 4, 5), np.float32), dims=("band", "y", "x"), coords=coords)


def test_nothing_is_no_set():
    with pytest.raises(ProjectError, match="no survey to work on"):
        SurveySet.of({})


@pytest.mark.parametrize("dims", [("x",), ("a", "b", "c", "d")])
def test_two_or_three_axes_can_be_worked_on(dims):
    with pytest.raises(ProjectError, match=f"'odd' has {len(dims)} spatial ax[ei]s"):
        SurveySet.of({"odd": xr.DataArray(np.zeros((2,) * len(dims)), dims=dims)})


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (volume(first=101), "101 to 106"),
        (volume(twt=9), "'envelope' does not lie on the grid of 'amplitude'"),
        (xr.DataArray(np.zeros((6, 5, 8)), dims=("y", "x", "z")), "'envelope' does not lie on"),
    ],
)
def test_equal_shape_is_not_equal_place(other, said):
    with pytest.raises(ProjectError, match=said):
        SurveySet.of({"amplitude": volume(), "envelope": other})


def test_several_of_one_grid():
    both = SurveySet.of([("amplitude", volume()), ("envelope", volume())])
    assert both.names == ("amplitude", "envelope")
    assert both.shape == (6, 5, 8)
    assert both.channels == 2
    assert both.kind == "seismic volume"
    assert both.sentence == "6 × 5 × 8, 2 channels"
    assert both.cube is None
    assert both.source is None


def test_the_vertical_axis_is_the_surveys_own():
    assert SurveySet.of({"a": volume()}).vertical(None) == 2
    assert SurveySet.of({"a": volume()}).vertical(0) == 2
    nameless = SurveySet.of({"a": xr.DataArray(np.zeros((2, 3, 4)), dims=("axis_0", "axis_1", "axis_2"))})
    assert nameless.vertical(None) is None
    assert nameless.vertical(-1) == 2
    with pytest.raises(ProjectError, match="no axis 3"):
        nameless.vertical(3)


def test_bands_on_the_bad_band_list_are_no_channels():
    good = SurveySet.of({"May": bands(3, good=("band", [True, False, True]))})
    assert good.channels == 2
    assert good.shape == (4, 5)
    assert good.cube == (4, 5, 2)
    assert good.sentence == "4 × 5, 2 channels"


def test_cubes_have_their_bands_in_common():
    assert SurveySet.of({"May": bands(3), "June": bands(3)}).cube == (4, 5, 3)
    assert SurveySet.of({"May": bands(3), "June": bands(4)}).cube is None
    assert SurveySet.of({"one": bands(1)}).cube is None


def test_the_samples():
    seismic = SurveySet.of({"fold": surveys.open(sample_data.SEISMIC.survey)})
    assert seismic.source == sample_data.SEISMIC.survey
    dates = SurveySet.of([(path.stem, surveys.open(path)) for path in sample_data.HYPERSPECTRAL.dates])
    assert dates.kind == "cube"
    assert dates.cube == (112, 128, 62)
