from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import xarray as xr
import zarr

from napari_fhn import surveys
from napari_fhn.surveys.axes import AmbiguousAxes
from survey_files import rasters as factory

VALUES = factory.cube("float32")


def test_a_folder_is_opened_by_what_is_in_it(tmp_path):
    path = factory.zarr_array(tmp_path, values=VALUES, version=3, dims=("band", "y", "x"))
    moved = tmp_path / "any name"
    shutil.move(path, moved)
    assert surveys.can_open(moved)
    np.testing.assert_array_equal(surveys.open(moved).values, VALUES)
    (tmp_path / "empty.zarr").mkdir()
    assert not surveys.can_open(tmp_path / "empty.zarr")
    with pytest.raises(surveys.SurveyError, match="zarr cannot read it"):
        surveys.open(tmp_path / "empty.zarr")


def test_only_the_chunks_in_view_are_read(tmp_path):
    path = factory.zarr_array(tmp_path, values=VALUES, version=2, dims=("band", "y", "x"))
    survey = surveys.open(path)
    # Chunks are 3 x 3 x 3.
    (path / "1.1.1").unlink()
    (path / "1.0.0").write_bytes(b"damaged")
    np.testing.assert_array_equal(survey[:3].values, VALUES[:3])
    with pytest.raises(surveys.SurveyError, match="a part of it cannot be read"):
        _ = survey[4].values


def test_a_volume_of_xarray_keeps_its_axes(tmp_path):
    cube = xr.Dataset(
        {"amplitude": (("inline", "crossline", "twt"), VALUES)},
        coords={"inline": 100 + np.arange(5.0), "twt": ("twt", np.arange(7) * 4.0, {"units": "ms"})},
    )
    survey = surveys.open(factory.zarr_xarray(tmp_path, dataset=cube, version=3))
    assert survey.dims == ("inline", "crossline", "twt")
    assert survey.attrs["kind"] == "seismic"
    assert survey["inline"].values[0] == 100
    assert survey["twt"].attrs["units"] == "ms"


def test_records_beside_the_values_do_not_hide_them(tmp_path):
    path = factory.zarr_xarray(tmp_path, dataset=factory.on_a_map(VALUES), version=2)
    group = zarr.open_group(str(path), mode="a")
    group.create_array("headers", shape=(6, 7), chunks=(6, 7), dtype=np.dtype([("a", "i4"), ("b", "f4")]))
    survey = surveys.open(path)
    np.testing.assert_array_equal(survey.values, VALUES)
    assert survey["wavelength"].values.tolist() == factory.WAVES
    assert survey.rio.crs.to_string() == factory.UTM


def test_ome_axes_scales_and_levels(tmp_path):
    stack = np.arange(2 * 3 * 4 * 8 * 8, dtype=np.uint16).reshape(2, 3, 4, 8, 8)
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}] + [
        {"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"
    ]
    path = factory.ome_zarr(tmp_path, values=stack, axes=axes, version="0.4")
    survey = surveys.open(path)
    assert survey.dims == ("date", "band", "z", "y", "x")
    assert survey.attrs["levels"] == ((2, 3, 4, 8, 8), (2, 3, 4, 4, 4))
    np.testing.assert_allclose(survey["x"], np.arange(8) * 10e-6)
    assert survey["x"].attrs["units"] == "m"
    coarse = surveys.open(path, level=1)
    np.testing.assert_array_equal(coarse.values, stack[..., ::2, ::2])
    with pytest.raises(surveys.SurveyError, match="2 resolutions"):
        surveys.open(path, level=2)


def test_arrays_without_names_ask(tmp_path):
    path = factory.zarr_array(tmp_path, values=VALUES, version=3)
    with pytest.raises(AmbiguousAxes) as caught:
        surveys.open(path)
    for choice in caught.value.choices:
        assert surveys.open(path, **choice.options).size == VALUES.size
    group = zarr.open_group(str(tmp_path / "g.zarr"), mode="w")
    for name in ("a", "b"):
        group.create_array(name, data=VALUES)
    with pytest.raises(AmbiguousAxes, match="2 arrays"):
        surveys.open(tmp_path / "g.zarr")
    assert surveys.open(tmp_path / "g.zarr", variable="b", axes=("band", "y", "x")).shape == VALUES.shape


@pytest.mark.parametrize(
    "damage",
    [
        {"shape": [10**9, 10**9, 10**9]},
        {"shape": [-1, 2, 3]},
        {"data_type": "colour"},
        {"codecs": []},
        {"zarr_format": 7},
        {"dimension_names": ["y"]},
    ],
)
def test_lying_metadata_is_a_sentence(tmp_path, damage):
    path = factory.zarr_array(tmp_path, values=VALUES, version=3, dims=("band", "y", "x"))
    told = json.loads((path / "zarr.json").read_text())
    (path / "zarr.json").write_text(json.dumps(told | damage))
    with pytest.raises(surveys.SurveyError):
        np.asarray(surveys.open(path)[0])
