from __future__ import annotations

import os
import pickle
import re
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio import Affine

from napari_fhn import surveys
from napari_fhn.surveys.axes import AmbiguousAxes
from napari_fhn.surveys.raster import values as values_of_rasters
from survey_files import rasters as factory


def envi(folder: Path, name: str = "scene", extra: str = "", cut: int = 0, header: str = ".hdr") -> Path:
    """A 3-band, 4 x 5 int16 image, bsq, big-endian."""
    values = np.arange(60, dtype=">i2").reshape(3, 4, 5)
    data = folder / name
    data.write_bytes(values.tobytes()[: 120 - cut])
    data.with_suffix(header).write_text(
        "ENVI\nsamples = 5\nlines = 4\nbands = 3\nheader offset = 0\ndata type = 2\ninterleave = bsq\n"
        f"byte order = 1\n{extra}\n"
    )
    return data


@pytest.mark.parametrize("name", ["scene", "scene.img", "scene.dat", "scene.raw"])
def test_either_file_of_a_pair_opens(tmp_path, name):
    data = envi(tmp_path, name)
    for path in (data, data.with_suffix(".hdr")):
        assert surveys.can_open(path)
        scene = surveys.open(path)
        assert scene.dims == ("band", "y", "x")
        assert scene.attrs["source"] == str(data)
        np.testing.assert_array_equal(scene.values, np.arange(60).reshape(3, 4, 5))
        np.testing.assert_array_equal(np.asarray(scene[:, 2, 3]), scene.values[:, 2, 3])


def test_micrometres_become_nanometres_and_bad_bands_are_known(tmp_path):
    extra = (
        "wavelength units = Micrometers\nwavelength = {0.45, 0.55, 1.65}\nfwhm = {0.01, 0.01, 0.02}\nbbl = {1, 0, 1}"
    )
    scene = surveys.open(envi(tmp_path, extra=extra))
    assert scene.attrs["kind"] == "hyperspectral"
    assert scene["wavelength"].values.tolist() == [450.0, 550.0, 1650.0]
    assert scene["wavelength"].attrs["units"] == "nm"
    assert scene["fwhm"].values.tolist() == [10.0, 10.0, 20.0]
    assert scene["good"].values.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("units", "listed"),
    [
        ("wavelength units = Index\n", "450, 550, 1650"),
        # Nanometres of the near infrared, or wavenumbers of the thermal.
        ("", "900, 1100, 1650"),
        ("wavelength units = Unknown\n", "2, 40, 300"),
    ],
)
def test_wavelengths_that_may_be_two_things_are_not_guessed(tmp_path, units, listed):
    scene = surveys.open(envi(tmp_path, extra=units + f"wavelength = {{{listed}}}"))
    assert "wavelength" not in scene.coords
    assert scene.attrs["kind"] == "maps"
    low, *_, high = listed.split(", ")
    assert any(f"wavelengths ({low} to {high})" in note for note in scene.attrs["notes"])
    told = surveys.open(tmp_path / "scene", wavelength_units="nm")
    assert told["wavelength"].values.tolist() == [float(w) for w in listed.split(", ")]


@pytest.mark.parametrize("units", ["", "wavelength units = Unknown\n"])
@pytest.mark.parametrize(("listed", "name"), [("450, 550, 1650", "nanometres"), ("0.45, 0.55, 1.65", "micrometres")])
def test_wavelengths_that_can_only_be_one_thing_are_taken_and_said(tmp_path, units, listed, name):
    scene = surveys.open(envi(tmp_path, extra=units + f"wavelength = {{{listed}}}"))
    assert scene["wavelength"].values.tolist() == [450.0, 550.0, 1650.0]
    assert any(f"as only {name} fit" in note for note in scene.attrs["notes"])


@pytest.mark.parametrize(
    ("extra", "note"),
    [
        ("wavelength units = nm\nwavelength = {450, 550}", "there are 2 for 3 bands"),
        ("wavelength units = nm\nwavelength = {450, nan, 650}", "some are not numbers"),
        ("wavelength units = nm\nwavelength = {450, -1, 650}", "reach down to -1"),
        ("wavelength units = nm\nwavelength = {a, b, c}", "list 'wavelength' is not all numbers"),
        ("bbl = {1, 0}", "bad-band list has 2 entries for 3 bands"),
        ("wavelength units = nm\nwavelength = {450, 550, 650}\nfwhm = {1, 2}", "full widths at half maximum (2 for 3"),
        ("data ignore value = {-1, -2}", "which is no number"),
        ("data ignore value = none", "no value is left out"),
    ],
)
def test_lists_that_do_not_fit_are_left_out_and_said(tmp_path, extra, note):
    scene = surveys.open(envi(tmp_path, extra=extra))
    assert any(note in said for said in scene.attrs["notes"]), scene.attrs["notes"]
    assert "good" not in scene.coords
    assert scene.attrs["nodata"] is None


def test_without_a_map_pixels_are_counted_and_said(tmp_path, recwarn):
    scene = surveys.open(envi(tmp_path))
    assert scene["x"].values.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert any("no map coordinates" in note for note in scene.attrs["notes"])
    assert not [w for w in recwarn if "georeferenc" in str(w.message).lower()]


def test_broken_pairs_are_sentences(tmp_path):
    cut = envi(tmp_path, "cut", cut=10)
    with pytest.raises(surveys.SurveyError, match="ends at byte 110, but its header promises 120"):
        surveys.open(cut)
    alone = envi(tmp_path, "alone")
    alone.unlink()
    with pytest.raises(surveys.SurveyError, match="data file that belongs"):
        surveys.open(tmp_path / "alone.hdr")
    (tmp_path / "text.hdr").write_text("hello")
    with pytest.raises(surveys.SurveyError, match="line 1 is not 'ENVI'"):
        surveys.open(tmp_path / "text.hdr")
    (tmp_path / "no.bsq").write_bytes(b"1234")
    with pytest.raises(surveys.SurveyError, match="no ENVI header"):
        surveys.open(tmp_path / "no.bsq")
    (tmp_path / "no.tif").write_bytes(b"II*\x00" + b"\xff" * 100)
    with pytest.raises(surveys.SurveyError, match="GDAL cannot read it"):
        surveys.open(tmp_path / "no.tif")
    (tmp_path / "lie.hdr").write_text("ENVI\nsamples = 100000\nlines = 100000\nbands = 500\ndata type = 4\n")
    (tmp_path / "lie").write_bytes(b"1234")
    with pytest.raises(surveys.SurveyError):
        surveys.open(tmp_path / "lie")


def header(folder: Path, **fields: object) -> Path:
    """A pair whose header says other things; None leaves a field out."""
    said = {"samples": 5, "lines": 4, "bands": 3, "data type": 2, "interleave": "bsq", "byte order": 0}
    said |= {key.replace("_", " "): value for key, value in fields.items()}
    (folder / "h").write_bytes(bytes(120))
    (folder / "h.hdr").write_text("ENVI\n" + "".join(f"{k} = {v}\n" for k, v in said.items() if v is not None))
    return folder / "h"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"bands": None}, "does not say 'bands"),
        ({"data_type": None}, "does not say 'data type"),
        ({"data_type": 7}, "none of ENVI's"),
        ({"interleave": None}, "no interleave"),
        ({"interleave": "bsx"}, "interleave = bsx"),
        ({"byte_order": 3}, "byte order = 3"),
        ({"samples": 0}, "samples = 0"),
        ({"lines": -4}, "lines = -4"),
        ({"samples": "5 pixels"}, "samples = 5 pixels"),
        ({"samples": 1e60}, "samples = 1e"),
        ({"lines": "nan"}, "lines = nan"),
        ({"header_offset": -2}, "header offset = -2"),
        ({"major_frame_offsets": "{0, 16}"}, "bytes between the lines"),
        ({"file_type": "ENVI Spectral Library"}, "not an image"),
        ({"band_names": "{a, b"}, "brace opened in line 8 is never closed"),
        ({"bands": 100000}, "at most 65535"),
        ({"bands": 60000}, "promises 2400000"),
        ({"lines": 10**9, "samples": 10**9}, "ends at byte 120"),
        ({"Samples": 6}, "ends at byte 120|two ways"),
    ],
)
def test_a_header_that_does_not_say_enough_or_lies_is_a_sentence_at_once(tmp_path, fields, sentence):
    path = header(tmp_path, **fields)
    started = time.monotonic()
    tracemalloc.start()
    with pytest.raises(surveys.SurveyError, match=sentence):
        surveys.open(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.monotonic() - started < 5
    assert peak < 20e6


def test_what_is_taken_for_granted_is_said(tmp_path):
    assert any("no byte order" in note for note in surveys.open(header(tmp_path, byte_order=None)).attrs["notes"])
    (tmp_path / "h").write_bytes(bytes(130))
    assert any("10 bytes longer" in note for note in surveys.open(tmp_path / "h").attrs["notes"])


def test_complex_numbers_need_a_part(tmp_path):
    path = factory.envi(tmp_path, values=factory.cube("complex64"), code=6, interleave="bil")
    with pytest.raises(surveys.SurveyError, match="part='magnitude'"):
        surveys.open(path)
    phase = surveys.open(path, part="phase")
    assert phase.dtype == np.float32
    np.testing.assert_allclose(phase.values, np.angle(factory.cube("complex64")))


def test_class_names_are_kept(tmp_path):
    path = factory.envi(
        tmp_path, values=factory.cube("uint8", (1, 6, 7)), code=1, extra="classes = 2\nclass names = {none, salt}\n"
    )
    assert surveys.open(path).attrs["classes"] == {0: "none", 1: "salt"}


def test_a_large_cube_stays_on_disk(tmp_path):
    path = factory.envi(tmp_path, values=factory.cube("int16"), code=2)
    text = path.with_suffix(".hdr").read_text()
    for key, n in (("samples", 2000), ("lines  ", 2000), ("bands  ", 200)):
        text = re.sub(rf"{key} = \d+", f"{key} = {n}", text)
    path.with_suffix(".hdr").write_text(text)
    os.truncate(path, 2 * 2000 * 2000 * 200)
    tracemalloc.start()
    scene = surveys.open(path)
    assert not np.asarray(scene[7]).any()
    assert np.asarray(scene[:, 5, 6]).shape == (200,)
    assert np.asarray(scene.isel(band=[3, 199], y=slice(10, 0, -3))).shape == (2, 4, 2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6


@pytest.mark.parametrize("options", [{}, {"compress": "deflate"}, {"interleave": "pixel"}, {"tiled": True}])
def test_a_cut_tiff_is_refused_when_it_is_opened(tmp_path, options):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 100, 90)).astype(np.float32)
    path = factory.tiff(tmp_path, values=values, **options)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(surveys.SurveyError, match=r"ends at byte|cannot read"):
        surveys.open(path)


def test_a_tiff_without_values_is_refused_and_gaps_are_said(tmp_path):
    path = tmp_path / "empty.tif"
    shape = {"count": 1, "height": 512, "width": 512, "dtype": "float32", "SPARSE_OK": "TRUE"}
    with rasterio.open(path, "w", driver="GTiff", **shape, tiled=True):
        pass
    with pytest.raises(surveys.SurveyError, match="holds no values"):
        surveys.open(path)
    with rasterio.open(path, "w", driver="GTiff", **shape, tiled=True) as file:
        file.write(np.ones((256, 256), np.float32), 1, window=((0, 256), (0, 256)))
    assert any("75 % of its blocks were never written" in note for note in surveys.open(path).attrs["notes"])


def test_damage_inside_shows_as_a_sentence(tmp_path):
    path = factory.tiff(tmp_path, values=np.random.default_rng(0).random((1, 90, 90)), compress="deflate")
    raw = bytearray(path.read_bytes())
    raw[-3000:-1000] = b"\xff" * 2000
    path.write_bytes(raw)
    with pytest.raises(surveys.SurveyError, match="a part of it cannot be read"):
        np.asarray(surveys.open(path))


def test_images_of_a_tiff_are_not_taken_for_bands_unasked(tmp_path):
    values = factory.cube("float32")
    path = factory.pages(tmp_path, values=values)
    with pytest.raises(AmbiguousAxes, match="holds 5 images of 6 x 7") as caught:
        surveys.open(path)
    for choice in caught.value.choices:
        assert surveys.open(path, **choice.options).size in (values.size, values[0].size), choice
    dates = surveys.open(path, axes=("date", "y", "x"))
    assert dates["date"].values.tolist() == ["1", "2", "3", "4", "5"]
    volume = surveys.open(path, axes=("inline", "twt", "crossline"))
    assert volume.dims == ("inline", "crossline", "twt")
    np.testing.assert_array_equal(volume.values, values.transpose(0, 2, 1))
    with pytest.raises(surveys.SurveyError, match="no number 6"):
        surveys.open(path, page=6)


def test_bands_with_their_own_nodata_become_nan(tmp_path):
    factory.tiff(tmp_path, values=factory.cube("int16"), name="from.tif")
    path = tmp_path / "mixed.vrt"
    rasterio.shutil.copy(tmp_path / "from.tif", path, driver="VRT")
    text = path.read_text()
    for band, value in ((1, 85), (2, -90)):
        text = re.sub(rf'(band="{band}"[^>]*>)', rf"\1<NoDataValue>{value}</NoDataValue>", text)
    path.write_text(text)
    scene = surveys.open(path)
    expected = factory.cube("float32") - 0.25
    expected[0][expected[0] == 85] = np.nan
    expected[1][expected[1] == -90] = np.nan
    assert np.isnan(expected).sum() >= 2
    np.testing.assert_array_equal(scene.values, expected)
    assert any("unlike 'no data' values" in note for note in scene.attrs["notes"])


def test_a_rotated_grid_keeps_its_place(tmp_path):
    turned = Affine(25.9, 15.0, 366000, 15.0, -25.9, 5810000)
    scene = surveys.open(factory.tiff(tmp_path, values=factory.cube(), transform=turned))
    assert any("rotated or sheared" in note for note in scene.attrs["notes"])
    assert scene.rio.transform().almost_equals(turned)


def test_a_survey_survives_the_way_to_another_process(tmp_path):
    values = factory.cube("float32")
    scene = surveys.open(factory.tiff(tmp_path, values=values))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(scene)).values, values)


def test_taizhou(shared):
    scene = surveys.open(shared("taizhou/2000TM"))
    assert scene.shape == (6, 400, 400)
    assert scene["wavelength"].values.tolist() == [482.5, 565.0, 660.0, 825.0, 1650.0, 2220.0]
    assert scene.rio.crs.to_epsg() == 32651
    assert scene["x"].attrs["units"] == scene["y"].attrs["units"] == "m"
    assert surveys.open(shared("taizhou/2000TM.HDR")).attrs["source"] == scene.attrs["source"]
    raw = np.fromfile(shared("taizhou/2000TM"), np.uint8).reshape(6, 400, 400)
    np.testing.assert_array_equal(np.asarray(scene[3]), raw[3])


def test_potsdam(shared):
    scene = surveys.open(shared("potsdam/images/enmap_potsdam_tile_128_0.tif"))
    assert scene.shape == (224, 32, 32)
    assert scene["wavelength"].values[0] == pytest.approx(418.24)
    assert scene["good"].values.sum() == 218
    assert scene.attrs["nodata"] == -32768
    assert scene.attrs["kind"] == "hyperspectral"


def test_lapland_is_maps_with_names(shared):
    maps = surveys.open(shared("lapland/lapland_9band_100m.tif"))
    assert maps.attrs["kind"] == "maps"
    assert maps["band_name"].values[0] == "mag_anomaly_nT"


def test_bands_packed_together_are_unpacked_together(tmp_path, monkeypatch):
    values = factory.cube("int16", (9, 40, 50))
    path = factory.tiff(tmp_path, values=values, interleave="pixel", compress="deflate")
    monkeypatch.setattr(values_of_rasters, "KEPT_BYTES", 4 * 40 * 50 * 2)
    scene = surveys.open(path)
    read = []
    plain = values_of_rasters.Bands._read_bands
    monkeypatch.setattr(
        values_of_rasters.Bands, "_read_bands", lambda self, b, w: read.append(tuple(b)) or plain(self, b, w)
    )
    for band in (0, 3, 1, 4, 8, 5):
        np.testing.assert_array_equal(scene[band].values, values[band])
    assert read == [(0, 1, 2, 3), (4, 5, 6, 7), (8,), (4, 5, 6, 7)]
    np.testing.assert_array_equal(scene[5, 3:9:2].values, values[5, 3:9:2])
    np.testing.assert_array_equal(scene[:, 7, 8].values, values[:, 7, 8])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(scene))[2].values, values[2])
    monkeypatch.setattr(values_of_rasters, "KEPT_BYTES", 10)
    np.testing.assert_array_equal(scene[4].values, values[4])
