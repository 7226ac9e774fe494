"""A small survey's coordinates, and a class table."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn.labels import ClassTable, LabelClass
from napari_fhn.surveys import SurveyGeometry


@pytest.fixture
def survey() -> xr.DataArray:
    """12 inlines from 100, 10 crosslines from 200 by 2, 20 samples from 40 ms by 4 ms."""
    return xr.DataArray(
        np.zeros((12, 10, 20), np.float32),
        dims=("inline", "crossline", "twt"),
        coords={
            "inline": 100.0 + np.arange(12),
            "crossline": 200.0 + 2 * np.arange(10),
            "twt": 40.0 + 4 * np.arange(20),
        },
    )


@pytest.fixture
def mapped(survey) -> xr.DataArray:
    """The same with a place on the map: inlines go north by 20 m, crosslines east by 10 m, turned by 30 degrees."""
    turn = np.radians(30.0)
    north, east = (np.sin(turn), np.cos(turn)), (np.cos(turn), -np.sin(turn))
    geometry = SurveyGeometry(
        (100.0, 200.0),
        (1.0, 2.0),
        (500_000.0, 6_000_000.0),
        (20 * north[0], 20 * north[1]),
        (10 * east[0], 10 * east[1]),
    )
    return survey.rename("cube").assign_attrs(geometry=geometry)


@pytest.fixture
def line() -> xr.DataArray:
    """A 2D line of 30 traces, 15 m apart, with numbers and coordinates along it."""
    k = np.arange(30)
    return xr.DataArray(
        np.zeros((30, 20), np.float32),
        dims=("trace", "twt"),
        coords={
            "trace": k.astype(float),
            "twt": 40.0 + 4 * np.arange(20),
            "inline": ("trace", 100.0 + k),
            "crossline": ("trace", np.full(30, 55.0)),
            "x": ("trace", 500_000.0 + 9 * k, {"units": "m"}),
            "y": ("trace", 6_000_000.0 + 12 * k, {"units": "m"}),
        },
        name="line",
    )


@pytest.fixture
def table() -> ClassTable:
    return ClassTable((LabelClass(1, "shale", "#112233"), LabelClass(2, "sand", "#445566")))
