from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys


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


@pytest.mark.parametrize("units", ["", "wavelength units = Unknown\n", "wavelength units = Index\n"])
def test_wavelengths_without_units_are_not_guessed(tmp_path, units):
    scene = surveys.open(envi(tmp_path, extra=units + "wavelength = {450, 550, 1650}"))
    assert "wavelength" not in scene.coords
    assert scene.attrs["kind"] == "maps"
    assert any("wavelengths (450 to 1650)" in note for note in scene.attrs["notes"])


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
