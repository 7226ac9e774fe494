from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr
import zarr

from napari_fhn import surveys
from napari_fhn.surveys import bricks
from napari_fhn.surveys.arrays import mdio


def store(path, zarr_format=3, dims=("inline", "crossline", "time"), mask=True, **attrs):
    """Lay a store out as MDIO 1 has it: amplitude, headers as records, trace mask, coordinates of the bins."""
    rng = np.random.default_rng(0)
    sizes = dict(zip(dims, (4, 5, 6) if len(dims) == 3 else (5, 6), strict=True))
    lateral = dims[:-1]
    shape = tuple(sizes.values())
    numbers = {dim: 10 + 2 * np.arange(n, dtype=np.int32) for dim, n in sizes.items()}
    values = rng.normal(size=shape).astype(np.float32)
    alive = np.ones(shape[:-1], bool)
    if mask:
        alive.flat[2] = False
        values[~alive] = np.nan
    data = xr.Dataset(
        {"amplitude": (dims, values), "trace_mask": (lateral, alive)},
        coords={
            **{dim: (dim, n, {"unitsV1": {"time": "ms"}} if dim == "time" else {}) for dim, n in numbers.items()},
        },
        attrs={
            "apiVersion": "1.0.8", "createdOn": "2025-01-01T00:00:00Z", "name": "PostStack3DTime",
            "attributes": {"surveyType": "3D", "defaultVariableName": "amplitude"}, **attrs,
        },
    )  # fmt: skip
    if len(dims) == 3 and "crossline" in dims:
        i, j = np.meshgrid(numbers[dims[0]], numbers["crossline"], indexing="ij")
        x = 5e5 + 25.0 * (i - 10)
        x[~alive] = np.nan
        data = data.assign_coords(
            cdp_x=(lateral, x, {"unitsV1": {"length": "m"}}), cdp_y=(lateral, 6e6 + 12.5 * (j - 10.0))
        )
    data.to_zarr(path, zarr_format=zarr_format, consolidated=zarr_format == 2)
    return values


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_volume_is_read_as_it_is(tmp_path, zarr_format):
    values = store(tmp_path / "cube.mdio", zarr_format)
    assert mdio.can_open(tmp_path / "cube.mdio")
    survey = mdio.open(tmp_path / "cube.mdio")
    assert survey.dims == ("inline", "crossline", "twt")
    np.testing.assert_array_equal(survey.values, values)
    np.testing.assert_array_equal(survey["twt"], 10 + 2 * np.arange(6))
    assert survey["twt"].attrs["units"] == "ms"
    assert survey.attrs["geometry"].bin_size == pytest.approx((50, 25))
    assert survey.attrs["kind"] == "seismic"
    assert survey.attrs["format"] == "MDIO 1.0.8, float32"
    assert survey.attrs["notes"] == ("Some places of the grid have no trace.",)
    for _ in bricks.copy_bricks(survey, tmp_path / "cube.zarr"):
        pass
    np.testing.assert_array_equal(bricks.open_bricks(tmp_path / "cube.zarr").values, values)
    assert bricks.changed(tmp_path / "cube.zarr") == ""


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_records_of_headers_are_left_alone(tmp_path, zarr_format):
    values = store(tmp_path / "cube.mdio", zarr_format)
    with warnings.catch_warnings():
        # That the way Zarr 3 stores records may change.
        warnings.simplefilter("ignore")
        group = zarr.open_group(tmp_path / "cube.mdio", mode="r+", use_consolidated=False)
        names = {"dimension_names": ["inline", "crossline"]} if zarr_format == 3 else {}
        headers = group.create_array("headers", shape=(4, 5), dtype=[("inline", "<i4"), ("cdp_x", "<i4")], **names)
        headers.attrs["_ARRAY_DIMENSIONS"] = ["inline", "crossline"]
        zarr.consolidate_metadata(tmp_path / "cube.mdio")
        np.testing.assert_array_equal(mdio.open(tmp_path / "cube.mdio").values, values)


def test_depth_and_lines(tmp_path):
    store(tmp_path / "depth.mdio", dims=("inline", "crossline", "depth"), mask=False)
    survey = mdio.open(tmp_path / "depth.mdio")
    assert survey.dims == ("inline", "crossline", "depth")
    assert survey["depth"].attrs["units"] == "m"
    values = store(tmp_path / "line.mdio", dims=("cdp", "time"), mask=False)
    survey = mdio.open(tmp_path / "line.mdio")
    assert survey.dims == ("trace", "twt")
    np.testing.assert_array_equal(survey["cdp"], 10 + 2 * np.arange(5))
    np.testing.assert_array_equal(survey.values, values)


def test_what_is_no_post_stack_survey_is_named(tmp_path):
    store(tmp_path / "gathers.mdio", dims=("cdp", "offset", "time"), mask=False)
    with pytest.raises(surveys.SurveyError, match="cdp, offset, time, not those of a post-stack survey"):
        mdio.open(tmp_path / "gathers.mdio")
    (tmp_path / "old.mdio" / "metadata" / "chunked_012_trace_headers").mkdir(parents=True)
    assert mdio.can_open(tmp_path / "old.mdio")
    with pytest.raises(surveys.SurveyError, match=r"version 0.*Install multidimio"):
        mdio.open(tmp_path / "old.mdio")
    store(tmp_path / "odd.mdio", attributes={"defaultVariableName": "velocity"})
    with pytest.raises(surveys.SurveyError, match="its traces cannot be read"):
        mdio.open(tmp_path / "odd.mdio")
    xr.Dataset({"a": ("x", np.arange(3))}).to_zarr(tmp_path / "other.zarr", consolidated=False)
    assert not mdio.can_open(tmp_path / "other.zarr")
    assert not mdio.can_open(tmp_path)
