"""Labels carried along the reflectors, in Python."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from tests.project.labelling.test_carrying import SHAPE, _beds, _truth

import napari_fhn as fhn
from napari_fhn.project import ProjectError


def test_carried_and_taken_away(tmp_path):
    survey = xr.DataArray(_beds(), dims=("inline", "crossline", "twt"))
    known = np.zeros(SHAPE, np.uint8)
    known[5, 2] = _truth()[5, 2]
    with fhn.open(survey, session=tmp_path / "work") as work:
        work.label(known)
        told = []
        count = work.carry(least=0.6, told=told.append)
        labels = np.array(work.project.session.known())
        assert count == np.count_nonzero(labels) - SHAPE[2] > 1000
        assert (labels == _truth())[labels > 0].mean() > 0.97
        assert told[-1] == 1
        assert work.carry(least=0.6) == count
        assert work.erase_carried() == count
        np.testing.assert_array_equal(work.project.session.known(), known)


def test_a_map_has_no_reflectors(tmp_path):
    with fhn.open(xr.DataArray(np.zeros((8, 9), np.float32), dims=("y", "x")), session=tmp_path / "work") as work:
        known = np.zeros((8, 9), np.uint8)
        known[2, 2] = 1
        work.label(known)
        with pytest.raises(ProjectError, match="no reflectors"):
            work.carry()
