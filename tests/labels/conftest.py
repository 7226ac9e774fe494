"""A small survey's coordinates, and a class table."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_fhn.labels import ClassTable, LabelClass


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
def table() -> ClassTable:
    return ClassTable((LabelClass(1, "shale", "#112233"), LabelClass(2, "sand", "#445566")))
