"""Every raster that the factory writes is read back to the value, and so are the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.project.data.staging import stage
from survey_files import rasters as factory

VARIANTS = list(factory.variants())


def test_there_are_enough_and_no_two_alike():
    names = [variant.name for variant in VARIANTS]
    assert len(set(names)) == len(names) >= 40


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name.replace(" ", "-"))
@pytest.mark.filterwarnings("ignore")
def test_it_is_read_to_the_value(variant, tmp_path):
    path = variant.write(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert surveys.can_open(path)
    survey = surveys.open(path, **variant.options)
    assert survey.dims == ("band", "y", "x")
    np.testing.assert_array_equal(survey.values, variant.values)
    np.testing.assert_array_equal(np.asarray(survey[::2, 1:, ::-1]), variant.values[::2, 1:, ::-1])
    for name, expected in variant.bands.items():
        if survey[name].dtype.kind == "f":
            np.testing.assert_allclose(survey[name], expected, rtol=1e-6)
        else:
            assert survey[name].values.tolist() == expected
    assert ("wavelength" in variant.bands) == ("wavelength" in survey.coords)
    assert survey.rio.crs == variant.crs if variant.crs else survey.rio.crs is None
    if variant.x is not None:
        np.testing.assert_allclose([survey["x"][0], survey["x"][-1]], variant.x)
    for key, kind in (("source", str), ("kind", str), ("format", str), ("notes", tuple)):
        assert isinstance(survey.attrs[key], kind)
    assert Path(survey.attrs["source"]).exists()
    assert surveys.summary(survey)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("name", ["GeoTIFF, nodata", "NetCDF 4, bands last", "OME-Zarr 0.5", "npz, stored"])
def test_it_can_be_staged(name, tmp_path):
    variant = next(one for one in VARIANTS if one.name == name)
    (tmp_path / "in").mkdir()
    survey = surveys.open(variant.write(tmp_path / "in"))
    staged = np.load(stage(tmp_path / "out", "a", survey).path)
    expected = np.where(variant.values == survey.attrs["nodata"], np.nan, variant.values)
    np.testing.assert_array_equal(staged, expected)


def test_dlr_hysu(shared):
    path = shared("hysu/dlr_hysu.npz")
    cube = surveys.open(path)
    assert cube.sizes == {"band": 135, "y": 86, "x": 123}
    with np.load(path) as file:
        np.testing.assert_array_equal(cube.values, file["cube"].transpose(2, 0, 1))
        np.testing.assert_allclose(cube["wavelength"], file["wavelength"])
    assert any("without units" in note for note in cube.attrs["notes"])


def test_a_map_in_an_npz(shared):
    labels = surveys.open(shared("taizhou/labels.npz"))
    assert labels.shape == (1, 400, 400)
    assert labels.attrs["kind"] == "maps"
