from __future__ import annotations

import os

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_fhn import surveys
from napari_fhn.surveys import blocks
from napari_fhn.surveys.out.horizons import horizon, save_horizon
from proofs import examples


def slowly(values: np.ndarray, above: set[int], below: set[int]) -> np.ndarray:
    out = np.full(values.shape[:-1], -1)
    for place in np.ndindex(*out.shape):
        trace = values[place].tolist()
        hits = [k for k in range(1, len(trace)) if trace[k - 1] in above and trace[k] in below]
        out[place] = hits[0] if hits else -1
    return out


@settings(max_examples=examples(80), deadline=None)
@given(values=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, max_side=6), elements=st.integers(0, 3)))
def test_the_first_contact_is_found(values):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", 8)
        np.testing.assert_array_equal(horizon(values, 1, 2), slowly(values, {1}, {2}))
        np.testing.assert_array_equal(horizon(values, {1, 3}, (2, 0)), slowly(values, {1, 3}, {0, 2}))


def test_a_horizon_says_where_it_is(volume, tmp_path):
    survey = surveys.open(volume)  # inlines 10 to 13, crosslines 20 to 28 step 2, 6 samples from 100 ms
    classes = np.full(survey.shape, 1, np.uint8)
    classes[:, :, 3:] = 2
    classes[2, :, 2:] = 2
    classes[0, 0] = 1
    stored = zarr.create_array(store={}, shape=classes.shape, dtype=classes.dtype, chunks=(2, 2, 2))
    stored[:] = classes
    heard: list[float] = []
    for values in (classes, stored):
        path = tmp_path / "top.xyz"
        assert save_horizon(path, values, survey, 1, 2, progress=heard.append) == 19
        assert heard[-1] == 1
        lines = path.read_text().splitlines()
        assert lines[1] == "# inline, crossline, x [m], y [m], twt [ms]"
        table = np.loadtxt(path)
        assert table.shape == (19, 5)
        np.testing.assert_array_equal(table[0], [10, 22, 500250, 6000275, 112])
        np.testing.assert_array_equal(table[table[:, 0] == 12][:, 4], 108)
        x, y = survey.attrs["geometry"].to_xy(table[:, 0], table[:, 1])
        np.testing.assert_allclose(table[:, 2:4].T, [x, y], atol=0.005)
    assert sorted(os.listdir(tmp_path)) == ["top.xyz", "volume.sgy"]


def test_a_horizon_along_a_line(tmp_path, make_segy):
    survey = surveys.open(make_segy(tmp_path / "line.sgy", np.array([7]), np.arange(1, 5), np.zeros((1, 4, 3), "f4")))
    classes = np.array([[1, 1, 2]] * 4, np.uint8)
    assert save_horizon(tmp_path / "top.xyz", classes, survey, 1, 2) == 4
    lines = (tmp_path / "top.xyz").read_text().splitlines()
    assert lines[1] == "# trace, inline, crossline, x [m], y [m], twt [ms]"
    table = np.loadtxt(tmp_path / "top.xyz")
    np.testing.assert_array_equal(table[:, 2], [1, 2, 3, 4])
    np.testing.assert_array_equal(table[:, -1], 8)


def test_what_has_no_horizon_is_refused(volume, tmp_path):
    survey = surveys.open(volume)
    classes = np.ones(survey.shape, np.uint8)
    image = xr.DataArray(np.zeros((4, 5)), dims=("y", "x"))
    for values, like, words in (
        (classes, survey, "nowhere lies right above"),
        (classes[1:], survey, "there are classes for .*, and the survey has"),
        (np.zeros((4, 5), np.uint8), image, "found on the way down, and the survey is a map"),
    ):
        with pytest.raises(surveys.SurveyError, match=words):
            save_horizon(tmp_path / "top.xyz", values, like, 1, 2)
    assert os.listdir(tmp_path) == ["volume.sgy"]
