"""Surveys as datasets of xarray: lazy, with everything that NetCDF can hold, and nothing taken from other engines."""

from __future__ import annotations

import io
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from xarray.backends import BackendEntrypoint

from napari_fhn import sample_data, surveys
from napari_fhn.surveys.xarray_backend import SurveyBackend, dataset_of, survey_of

ROOT = Path(__file__).parents[2]
CUBE = sample_data.HYPERSPECTRAL.dates[0]


def opened(path, **options) -> xr.Dataset:
    return xr.open_dataset(path, engine=SurveyBackend, **options)


def raster(path: Path, driver: str, nodata=None, dtype="int16") -> Path:
    with rasterio.open(
        path, "w", driver=driver, width=5, height=4, count=2, dtype=dtype, crs="EPSG:32633", nodata=nodata,
        transform=rasterio.Affine(30, 0, 300000, 0, -30, 6000000),
    ) as file:  # fmt: skip
        file.write(np.arange(40, dtype=dtype).reshape(2, 4, 5))
    return path


def test_it_is_an_engine_with_a_name():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["xarray.backends"]["napari-fhn"].partition(":")
    engine = getattr(import_module(module), name)
    assert engine is SurveyBackend
    assert issubclass(engine, BackendEntrypoint)
    assert "SEG-Y" in engine.description
    assert engine.url.startswith("https://")
    assert "SEG-Y" in repr(engine())


def test_a_volume_is_lazy_and_as_it_is_opened_here(volume):
    survey = surveys.open(volume)
    dataset = opened(volume)
    assert list(dataset.data_vars) == ["survey"]
    assert not dataset["survey"].variable._in_memory
    for dim in survey.dims:
        np.testing.assert_array_equal(dataset[dim], survey[dim])
        assert dataset[dim].attrs == survey[dim].attrs
    np.testing.assert_array_equal(dataset["survey"].sel(inline=11, crossline=24), survey.sel(inline=11, crossline=24))
    np.testing.assert_array_equal(dataset["survey"], survey)
    assert dataset["survey"].attrs["geometry_units"] == "m"
    assert dataset["survey"].attrs["geometry_inline_step"] == pytest.approx([25, 0], abs=1e-6)


def test_it_is_read_in_chunks_where_they_are_asked_for(volume):
    dataset = opened(volume, chunks={"inline": 2})
    assert dataset["survey"].chunks[0] == (2, 2)
    np.testing.assert_array_equal(dataset["survey"].compute(), surveys.open(volume))


def test_options_are_handed_on(volume):
    assert opened(volume, line=True)["survey"].dims == ("trace", "twt")
    with pytest.raises(surveys.SurveyError, match="is no option of such a file"):
        opened(volume, colour="red")


def test_what_is_not_wanted_is_dropped():
    assert "wavelength" in opened(CUBE).coords
    dataset = opened(CUBE, drop_variables=["wavelength", "not there"])
    assert "wavelength" not in dataset.coords
    assert "fwhm" in dataset.coords
    assert "wavelength" not in opened(CUBE, drop_variables="wavelength").coords


@pytest.mark.parametrize("given", [io.BytesIO(b"abc"), b"abc", "https://example.org/a.sgy"])
def test_what_is_no_file_is_refused_in_a_sentence(given):
    assert not SurveyBackend().guess_can_open(given)
    with pytest.raises(TypeError, match="Copy it to a file and give its path"):
        SurveyBackend().open_dataset(given)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(surveys.SurveyError, match="there is no such file"):
        opened(tmp_path / "nothing.sgy")


@pytest.mark.parametrize("mask", [True, False])
def test_no_data_is_nan_as_with_other_engines(tmp_path, mask):
    path = raster(tmp_path / "a.tif", "GTiff", nodata=7)
    found = opened(path, mask_and_scale=mask)["survey"]
    assert not found.variable._in_memory
    if mask:
        assert np.isnan(found[0, 1, 2])
        assert found.encoding["_FillValue"] == 7
        assert float(found[0, 1, 3]) == 8
    else:
        assert found.dtype == np.int16
        assert int(found[0, 1, 2]) == 7
    assert opened(path, decode_cf=False)["survey"].dtype == np.int16


def test_no_data_that_the_type_cannot_hold_masks_nothing(tmp_path):
    survey = surveys.open(raster(tmp_path / "a.tif", "GTiff"))
    survey.attrs["nodata"] = -1e6
    assert dataset_of(survey)["survey"].dtype == np.int16


def test_it_is_written_as_netcdf_and_comes_back_as_a_survey(volume, tmp_path):
    for path in (volume, CUBE, raster(tmp_path / "n.tif", "GTiff", nodata=7), sample_data.SEISMIC.survey):
        dataset = opened(path)
        dataset.to_netcdf(tmp_path / "out.nc", engine="h5netcdf")
        survey = surveys.open(path)
        with xr.open_dataset(tmp_path / "out.nc", engine="h5netcdf", decode_coords="all") as again:
            back = survey_of(again)
            assert back.dims == survey.dims
            np.testing.assert_array_equal(back, dataset["survey"])
            assert back.attrs["source"] == survey.attrs["source"]
            assert back.attrs.get("geometry") == survey.attrs.get("geometry")
            assert back.attrs["notes"] == survey.attrs["notes"]
            assert back.attrs["read_as"] == survey.attrs["read_as"]
            assert set(back.coords) == set(survey.coords)


def test_it_is_written_as_zarr(tmp_path):
    opened(CUBE).to_zarr(tmp_path / "out.zarr", zarr_format=3, consolidated=False)
    with xr.open_zarr(tmp_path / "out.zarr", consolidated=False) as again:
        np.testing.assert_array_equal(again["wavelength"], opened(CUBE)["wavelength"])


def test_a_dataset_from_elsewhere_is_no_survey():
    with pytest.raises(ValueError, match="holds no variable 'survey'"):
        survey_of(xr.Dataset({"survey": ("x", [1.0])}))


def test_it_answers_for_segy_and_envi_alone(volume, tmp_path):
    backend = SurveyBackend()
    envi = raster(tmp_path / "b.img", "ENVI")
    for ours in (volume, str(volume), CUBE, CUBE.with_suffix(".hdr"), envi):
        assert backend.guess_can_open(ours)
    survey = surveys.open(volume)
    others = [
        surveys.save(tmp_path / "c.nc", survey.values, survey),
        surveys.save(tmp_path / "c.zarr", survey.values, survey),
        raster(tmp_path / "c.tif", "GTiff"),
        surveys.save(tmp_path / "c.npy", survey.values, survey),
        tmp_path,
        tmp_path / "missing.sgy",
    ]
    (tmp_path / "no.sgy").write_bytes(b"not seismic")
    (tmp_path / "alone.img").write_bytes(bytes(40))
    # A name says nothing.
    (tmp_path / "netcdf.sgy").write_bytes((tmp_path / "c.nc").read_bytes())
    for other in (*others, tmp_path / "no.sgy", tmp_path / "alone.img", tmp_path / "netcdf.sgy"):
        assert not backend.guess_can_open(other), other
    # They are read all the same when it is named.
    for other in others[:3]:
        assert opened(other)["survey"].size
