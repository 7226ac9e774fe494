from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import xarray as xr

from napari_fhn import surveys
from napari_fhn.surveys.axes import AmbiguousAxes
from survey_files import rasters as factory

VALUES = factory.cube("float32")


def write(path: Path, dataset: xr.Dataset, **options) -> Path:
    dataset.to_netcdf(path, engine=options.pop("engine", "scipy"), **options)
    return path


def test_maps_keep_their_names_and_units(tmp_path):
    maps = xr.Dataset(
        {"mag": (("y", "x"), VALUES[0], {"units": "nT"}), "k": (("x", "y"), VALUES[1].T, {"units": "%"})},
        coords={"y": np.arange(6.0), "x": np.arange(7.0)},
    )
    survey = surveys.open(write(tmp_path / "a.nc", maps))
    # scipy's writer has an order of its own.
    names = survey["band_name"].values.tolist()
    assert sorted(names) == ["k", "mag"]
    np.testing.assert_array_equal(survey.values[names.index("mag")], VALUES[0])
    np.testing.assert_array_equal(survey.values[names.index("k")], VALUES[1])
    assert survey["band_unit"].values[names.index("mag")] == "nT"
    assert any("no CRS" in note for note in survey.attrs["notes"])


def test_a_grid_of_another_program_is_a_map(tmp_path):
    grid = xr.Dataset(
        {"z": (("lat", "lon"), VALUES[0])}, coords={"lat": 50 + np.arange(6.0), "lon": 9 + np.arange(7.0)}
    )
    grid["lat"].attrs["units"], grid["lon"].attrs["units"] = "degrees_north", "degrees_east"
    path = write(tmp_path / "a.grd", grid)
    assert surveys.can_open(path)
    survey = surveys.open(path)
    assert survey.rio.crs.to_epsg() == 4326
    assert any("taken as WGS 84" in note for note in survey.attrs["notes"])
    assert survey["y"].attrs["units"] == "deg"
    np.testing.assert_array_equal(survey.values, VALUES[:1])


def test_a_single_time_is_dropped_and_said(tmp_path):
    full = xr.Dataset({"a": (("time", "y", "x"), VALUES[:1])}, coords={"time": [np.datetime64("2020-01-01", "ns")]})
    survey = surveys.open(write(tmp_path / "a.nc", full))
    assert survey.sizes == {"band": 1, "y": 6, "x": 7}
    assert any("date there is a single entry" in note for note in survey.attrs["notes"])


def test_dates_and_bands_lie_one_after_the_other(tmp_path):
    both = np.stack([VALUES, -VALUES], axis=1)
    full = xr.Dataset(
        {"a": (("wavelength", "time", "y", "x"), both)},
        coords={"time": np.array(["2000-01-01", "2001-01-01T12:00"], "datetime64[ns]"), "wavelength": factory.WAVES},
    )
    full["wavelength"].attrs["units"] = "nm"
    survey = surveys.open(write(tmp_path / "a.nc", full))
    np.testing.assert_array_equal(survey.values, np.concatenate([VALUES, -VALUES]))
    assert survey["date"].values.tolist() == ["2000-01-01"] * 5 + ["2001-01-01T12:00:00"] * 5
    assert survey["wavelength"].values.tolist() == factory.WAVES * 2
    assert survey["band_name"].values[5] == "2001-01-01T12:00:00: 460 nm"


def test_seismic_has_two_way_time(tmp_path):
    cube = xr.Dataset(
        {"amplitude": (("iline", "xline", "time"), VALUES)},
        coords={
            "iline": np.arange(5.0),
            "xline": np.arange(6.0),
            "time": ("time", np.arange(7) * 0.004, {"units": "s"}),
        },
    )
    survey = surveys.open(write(tmp_path / "a.nc", cube))
    assert survey.dims == ("inline", "crossline", "twt")
    assert survey.attrs["kind"] == "seismic"
    np.testing.assert_allclose(survey["twt"], np.arange(7) * 4.0)
    assert survey["twt"].attrs["units"] == "ms"


def test_axes_without_telling_names_ask(tmp_path):
    path = write(tmp_path / "a.nc", xr.Dataset({"a": (("dim_0", "dim_1", "dim_2"), VALUES)}))
    with pytest.raises(AmbiguousAxes) as caught:
        surveys.open(path)
    assert {choice.options["axes"] for choice in caught.value.choices} >= {("band", "y", "x")}
    np.testing.assert_array_equal(surveys.open(path, axes=("band", "y", "x")).values, VALUES)
    two = xr.Dataset(dict.fromkeys(("a", "b"), (("band", "y", "x"), VALUES)))
    path = write(tmp_path / "b.nc", two)
    with pytest.raises(AmbiguousAxes) as caught:
        surveys.open(path)
    assert surveys.open(path, **caught.value.choices[1].options).shape == VALUES.shape


def test_an_uneven_axis_counts_pixels(tmp_path):
    full = xr.Dataset({"a": (("y", "x"), VALUES[0])}, coords={"y": np.arange(6.0) ** 2, "x": np.arange(7.0)})
    survey = surveys.open(write(tmp_path / "a.nc", full))
    assert survey["y"].values[0] == survey["x"].values[0] == 0.5
    assert any("y is not evenly spaced" in note for note in survey.attrs["notes"])


def test_times_of_another_calendar_are_numbers(tmp_path):
    full = xr.Dataset({"a": (("time", "y", "x"), VALUES[:2])}, coords={"time": ("time", [0.0, 1.0])})
    full["time"].attrs |= {"units": "days since 2000-01-01", "calendar": "martian"}
    survey = surveys.open(write(tmp_path / "a.nc", full))
    assert survey["date"].values.tolist() == ["0", "1"]


@pytest.mark.parametrize("engine", ["scipy", "h5netcdf"])
def test_values_are_read_on_demand(tmp_path, engine):
    values = np.random.default_rng(0).random((20, 200, 150))
    path = write(tmp_path / "a.nc", xr.Dataset({"a": (("band", "y", "x"), values)}), engine=engine)
    tracemalloc.start()
    survey = surveys.open(path)
    np.testing.assert_array_equal(survey[3].values, values[3])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < values.nbytes / 2


@pytest.mark.parametrize("engine", ["scipy", "h5netcdf"])
def test_a_cut_file_is_a_sentence(tmp_path, engine):
    path = write(tmp_path / "a.nc", xr.Dataset({"a": (("band", "y", "x"), VALUES)}), engine=engine)
    whole = path.read_bytes()
    started = time.monotonic()
    path.write_bytes(whole[: len(whole) - 200])
    with pytest.raises(surveys.SurveyError):
        np.asarray(surveys.open(path))
    path.write_bytes(b"CDF\x05" + whole[4:])
    with pytest.raises(surveys.SurveyError, match="CDF-5"):
        surveys.open(path)
    path.write_text("text")
    assert not surveys.can_open(path)
    with pytest.raises(surveys.SurveyError, match="does not begin as a NetCDF"):
        surveys.open(path)
    assert time.monotonic() - started < 10


def test_nothing_but_lists_is_a_sentence(tmp_path):
    path = write(tmp_path / "a.nc", xr.Dataset({"a": ("t", [1.0, 2.0])}))
    with pytest.raises(surveys.SurveyError, match="no array of two or more axes"):
        surveys.open(path)


@pytest.mark.parametrize("kind", ["classic", "hdf5"])
def test_text_that_is_not_utf_8_is_read(tmp_path, kind):
    path, values, waves = tmp_path / "a.nc", np.random.default_rng(0).random((5, 4, 6)), [0.45, 0.55, 0.65, 0.86, 2.2]
    if kind == "classic":
        with scipy.io.netcdf_file(path, "w") as file:
            for name, n in zip(("band", "y", "x"), values.shape, strict=True):
                file.createDimension(name, n)
            cube, wave = (
                file.createVariable("refl", "f8", ("band", "y", "x")),
                file.createVariable("wavelength", "f8", ("band",)),
            )
            cube[:], wave[:] = values, waves
            cube.long_name, wave.units = "Réflectance".encode("latin-1"), b"\xb5m"
    else:
        with h5py.File(path, "w") as file:
            file["refl"], file["wavelength"] = values, waves
            for k, (name, n) in enumerate(zip(("band", "y", "x"), values.shape, strict=True)):
                file[name] = np.arange(n)
                file[name].make_scale(name)
                file["refl"].dims[k].attach_scale(file[name])
            file["wavelength"].dims[0].attach_scale(file["band"])
            file["wavelength"].attrs["units"] = np.bytes_(b"\xb5m")
            file["refl"].attrs["units"] = np.bytes_("réfl".encode("latin-1"))
    survey = surveys.open(path)
    np.testing.assert_allclose(survey["wavelength"], [450, 550, 650, 860, 2200])
    np.testing.assert_array_equal(survey.values, values)
    # No half characters, which no file of ours could hold.
    repr(survey.attrs).encode()
    assert kind == "classic" or survey.attrs["units"] == "réfl"
