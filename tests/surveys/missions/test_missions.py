"""Scenes as the missions deliver them, laid out here in their form, small."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.transform import from_origin

from napari_fhn import surveys
from napari_fhn.surveys import SurveyError
from napari_fhn.surveys.lazy import physical

pytestmark = pytest.mark.filterwarnings("ignore")
LINES, PIXELS, BANDS = 5, 4, 3
WGS84 = rasterio.crs.CRS.from_epsg(4326).to_wkt()


def table(shape: tuple[int, int] = (6, 7)) -> tuple[np.ndarray, np.ndarray]:
    """Lines and pixels that cells show, counted from 1: a turned scene, with nothing around it and a filled gap."""
    rng = np.random.default_rng(2)
    lines, pixels = rng.integers(1, LINES + 1, shape), rng.integers(1, PIXELS + 1, shape)
    lines[0], pixels[0] = 0, 0
    lines[:, -1], pixels[:, -1] = 0, 0
    lines[3, 3], pixels[3, 3] = -lines[3, 3], -pixels[3, 3]
    return lines.astype(np.int32), pixels.astype(np.int32)


def expected(scene: np.ndarray, lines: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """The scene ``(line, pixel, band)`` on the map, cell by cell."""
    out = np.full((scene.shape[2], *lines.shape), np.nan)
    for cell in np.ndindex(*lines.shape):
        if lines[cell]:
            out[(slice(None), *cell)] = scene[abs(lines[cell]) - 1, abs(pixels[cell]) - 1]
    return out


def emit(path: Path, name: str = "reflectance", **changes: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Write an EMIT product."""
    scene = np.random.default_rng(1).random((LINES, PIXELS, BANDS)).astype(np.float32)
    scene[1, 2] = -9999
    lines, pixels = table()
    tracks = ("downtrack", "crosstrack")
    root = xr.Dataset({name: ((*tracks, "bands"), scene, {"_FillValue": -9999.0})})
    root.attrs |= {"geotransform": [10.0, 0.01, 0.0, 50.0, 0.0, -0.01], "spatial_ref": WGS84, **changes}
    ortho = ("ortho_y", "ortho_x")
    where = xr.Dataset(
        {"glt_x": (ortho, pixels, {"_FillValue": 0}), "glt_y": (ortho, lines, {"_FillValue": 0}),
         "lat": (tracks, np.ones((LINES, PIXELS))), "lon": (tracks, np.ones((LINES, PIXELS)))}
    )  # fmt: skip
    waves = {
        "wavelengths": 400.0 + 100 * np.arange(BANDS),
        "fwhm": np.full(BANDS, 8.5),
        "good_wavelengths": [1.0, 0, 1],
    }
    about = xr.Dataset({key: ("bands", np.asarray(values, np.float32)) for key, values in waves.items()})
    root.to_netcdf(path, engine="h5netcdf")
    for group, data in (("location", where), ("sensor_band_parameters", about)):
        data.to_netcdf(path, engine="h5netcdf", mode="a", group=group)
    scene[1, 2] = np.nan
    return scene, lines, pixels


@pytest.mark.parametrize("name", ["reflectance", "radiance"])
def test_emit_lies_on_the_map_of_its_table(tmp_path, name):
    scene, lines, pixels = emit(tmp_path / "EMIT_L2A_RFL_001.nc", name)
    survey = pickle.loads(pickle.dumps(surveys.open(tmp_path / "EMIT_L2A_RFL_001.nc")))
    assert survey.dims == ("band", "y", "x")
    wanted = expected(scene, lines, pixels)
    np.testing.assert_array_equal(survey.values, wanted.astype(np.float32))
    np.testing.assert_array_equal(survey[::-2, 1:5:3, ::-1].values, wanted[::-2, 1:5:3, ::-1].astype(np.float32))
    assert survey.rio.crs.to_epsg() == 4326
    np.testing.assert_allclose(survey["x"][:2], [10.005, 10.015])
    np.testing.assert_allclose(survey["y"][:2], [49.995, 49.985])
    assert survey["wavelength"].values.tolist() == [400, 500, 600]
    assert survey["good"].values.tolist() == [True, False, True]
    assert survey["fwhm"].values.tolist() == [8.5] * 3
    assert survey.attrs["kind"] == "hyperspectral"
    assert "geometry of its sensor onto the map" in survey.attrs["notes"][0]
    # The scene itself can be named, and then has no place on a map.
    raw = surveys.open(tmp_path / "EMIT_L2A_RFL_001.nc", variable=name)
    assert raw.shape == (BANDS, LINES, PIXELS)
    assert raw.rio.crs is None


def test_an_emit_table_that_names_what_the_scene_has_not_is_refused(tmp_path):
    path = tmp_path / "EMIT.nc"
    emit(path)
    with xr.open_dataset(path, group="location", engine="h5netcdf") as place:
        where = place.load()
    where["glt_x"][2, 2] = PIXELS + 5
    root = xr.open_dataset(path, engine="h5netcdf").load()
    root.close()
    root.to_netcdf(path, engine="h5netcdf")
    where.to_netcdf(path, engine="h5netcdf", mode="a", group="location")
    with pytest.raises(SurveyError, match=f"names number {PIXELS + 5}, where the scene has {PIXELS}"):
        surveys.open(path)
    emit(tmp_path / "turned.nc", geotransform=[10.0, 0.01, 0.001, 50.0, 0.001, -0.01])
    with pytest.raises(SurveyError, match="neither north nor east"):
        surveys.open(tmp_path / "turned.nc")


def tiff(path: Path, values: np.ndarray, **profile: object) -> Path:
    about = {"driver": "GTiff", "count": len(values), "height": values.shape[1], "width": values.shape[2]}
    about |= {"dtype": values.dtype, "crs": "EPSG:32632", "transform": from_origin(5e5, 6e6, 30, 30)}
    with rasterio.open(path, "w", **(about | profile)) as file:
        file.write(values)
    return path


def enmap_xml(bands: int = BANDS) -> str:
    items = "".join(
        f'<bandID number="{k + 1}"><wavelengthCenterOfBand>{418.4 + 6 * k}</wavelengthCenterOfBand><FWHMOfBand>7.5'
        f"</FWHMOfBand><GainOfBand>0.0001</GainOfBand><OffsetOfBand>0</OffsetOfBand></bandID>"
        for k in range(bands)
    )
    # Bands stand elsewhere too, without wavelengths.
    other = '<deadPixelMap><bandID number="1"/></deadPixelMap>'
    bands = f"<bandCharacterisation>{items}</bandCharacterisation>"
    return f"<level_X><specific><quality>{other}</quality>{bands}</specific></level_X>"


def desis_xml() -> str:
    items = "".join(
        f"<band><bandNumber>{k + 1}</bandNumber><wavelengthWidthOfBand>3.5</wavelengthWidthOfBand>"
        "<response>1,2</response>"
        f"<wavelengthCenterOfBand>{401.9 + 2.5 * k}</wavelengthCenterOfBand><gainOfBand>0.0001</gainOfBand>"
        f"<offsetOfBand>0.01</offsetOfBand></band>"
        for k in range(BANDS)
    )
    return (
        '<hsi_doc xmlns="http://dlr.de/hsi"><specific><interiorOrientation><band/></interiorOrientation>'
        f"<bandCharacterisation>{items}</bandCharacterisation></specific></hsi_doc>"
    )


@pytest.mark.parametrize(
    ("name", "xml", "waves", "width", "offset"),
    [
        ("ENMAP01-____L2A-DT001_20220612T105735Z_028_V010303-{}", enmap_xml(), [418.4, 424.4, 430.4], 7.5, 0.0),
        ("DESIS-HSI-L2A-DT04_001-20200628T153803-V0210-{}", desis_xml(), [401.9, 404.4, 406.9], 3.5, 0.01),
    ],
)
def test_enmap_and_desis_have_the_bands_of_their_metadata(tmp_path, name, xml, waves, width, offset):
    stored = np.random.default_rng(0).integers(0, 9000, (BANDS, 6, 5)).astype(np.int16)
    stored[:, 0, 0] = -32768
    upper = name.startswith("ENMAP")
    path = tiff(tmp_path / f"{name.format('SPECTRAL_IMAGE')}.{'TIF' if upper else 'tif'}", stored)
    (tmp_path / f"{name.format('METADATA')}.{'XML' if upper else 'xml'}").write_text(xml)
    survey = surveys.open(path)
    assert survey["wavelength"].values.tolist() == pytest.approx(waves)
    assert survey["fwhm"].values.tolist() == [width] * 3
    assert survey.attrs["kind"] == "hyperspectral"
    assert survey.attrs["nodata"] == -32768
    assert survey.rio.crs.to_epsg() == 32632
    values = physical(survey).values
    assert np.isnan(values[:, 0, 0]).all()
    np.testing.assert_allclose(values[:, 1:], stored[:, 1:] * 1e-4 + offset, rtol=1e-5)


def test_metadata_that_are_absent_of_other_bands_or_damaged_are_said(tmp_path):
    stored = np.ones((BANDS, 6, 5), np.int16)
    path = tiff(tmp_path / "ENMAP01-X-SPECTRAL_IMAGE.TIF", stored)
    assert "is not beside it" in surveys.open(path).attrs["notes"][-1]
    beside = tmp_path / "ENMAP01-X-METADATA.XML"
    beside.write_text(enmap_xml(7))
    survey = surveys.open(path)
    assert "describes 7 bands, and the image has 3" in survey.attrs["notes"][-1]
    assert "wavelength" not in survey.coords
    declared = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
    for text, code, words in (
        ("<a><b></a>", "utf-8", "is no XML"),
        ("<?xml version='1.0' encoding='no-such'?><a/>", "utf-8", "is no XML"),
        (declared, "utf-8", "declares entities"),
        (declared, "utf-16", "declares entities"),
    ):
        beside.write_text(text, encoding=code)
        with pytest.raises(SurveyError, match=words):
            surveys.open(path)
    beside.write_text(enmap_xml(), encoding="utf-16")
    assert surveys.open(path)["wavelength"].values.tolist() == pytest.approx([418.4, 424.4, 430.4])
    with beside.open("r+b") as file:
        file.truncate(2**26 + 1)
    with pytest.raises(SurveyError, match="too many for metadata"):
        surveys.open(path)
    other = tiff(tmp_path / "map_SPECTRAL_IMAGE.tif", stored)
    assert surveys.open(other).attrs["format"] == "GeoTIFF, int16"


def envi(path: Path, values: np.ndarray, more: str) -> Path:
    codes = {"float32": 4, "int32": 3, "int16": 2, "float64": 5}
    np.ascontiguousarray(values).tofile(path)
    bands, lines, samples = values.shape
    path.with_name(path.name + ".hdr").write_text(
        f"ENVI\nsamples = {samples}\nlines = {lines}\nbands = {bands}\nheader offset = 0\ndata type = "
        f"{codes[values.dtype.name]}\ninterleave = bsq\nbyte order = 0\n{more}\n"
    )
    return path


MAP = "map info = {UTM, 1, 1, 500000, 6000000, 5, 5, 11, North, WGS-84, units=Meters}"


@pytest.mark.parametrize("turned", [False, True])
def test_an_aviris_image_lies_on_the_map_of_its_table(tmp_path, turned):
    scene = np.random.default_rng(1).random((LINES, PIXELS, BANDS)).astype(np.float32)
    lines, pixels = table()
    name = "ang20180827t174211_rdn"
    waves = "wavelength = {400, 500, 600}\nwavelength units = Nanometers\ndata ignore value = -9999"
    image = envi(tmp_path / f"{name}_v2r2_img", scene.transpose(2, 0, 1), waves)
    assert surveys.open(image).shape == (BANDS, LINES, PIXELS)
    where = MAP.replace("units", "rotation=30, units") if turned else MAP
    envi(
        tmp_path / f"{name}_glt",
        np.stack([pixels, lines]),
        f"{where}\nband names = {{GLT Sample Lookup, GLT Line Lookup}}",
    )
    for given in (image, image.with_name(image.name + ".hdr")):
        survey = pickle.loads(pickle.dumps(surveys.open(given)))
        np.testing.assert_array_equal(survey.values, expected(scene, lines, pixels).astype(np.float32))
        assert survey.rio.crs.to_epsg() == 32611
        assert survey["wavelength"].values.tolist() == [400, 500, 600]
        assert f"{name}_glt" in survey.attrs["notes"][0]
    if not turned:
        assert (float(survey["x"][0]), float(survey["y"][0])) == (500002.5, 5999997.5)
    # What lies on the map already is left as it is, and so is the table of another flight line.
    envi(image, scene.transpose(2, 0, 1), MAP)
    assert surveys.open(image).shape == (BANDS, LINES, PIXELS)
    other = envi(tmp_path / "ang20190101t000000_rdn_img", scene.transpose(2, 0, 1), waves)
    assert surveys.open(other).shape == (BANDS, LINES, PIXELS)


def test_integers_on_the_map_keep_their_value_for_nothing_or_become_floats(tmp_path):
    scene = np.arange(LINES * PIXELS * BANDS).reshape(LINES, PIXELS, BANDS).astype(np.int16)
    lines, pixels = table()
    envi(tmp_path / "f080611t01_glt", np.stack([pixels, lines]), MAP)
    kept = surveys.open(envi(tmp_path / "f080611t01_img", scene.transpose(2, 0, 1), "data ignore value = -50"))
    assert kept.dtype == np.int16
    assert (kept.values[:, 0] == -50).all()
    np.testing.assert_array_equal(physical(kept).values, expected(scene, lines, pixels).astype(np.float32))
    floats = surveys.open(envi(tmp_path / "f080611t01_img", scene.transpose(2, 0, 1), ""))
    np.testing.assert_array_equal(floats.values, expected(scene, lines, pixels).astype(np.float32))
