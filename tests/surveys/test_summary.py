from __future__ import annotations

import numpy as np

from napari_fhn import surveys


def test_a_volume_in_a_few_lines(volume):
    text = "\n".join(surveys.summary(surveys.open(volume)))
    assert "volume.sgy: seismic, SEG-Y" in text
    assert "crossline: 5, 20 to 28 step 2" in text
    assert "twt: 6, 100 to 120 step 4 ms" in text
    assert "25.00 m between inlines" in text
    assert "values: float32, 480 bytes in memory; 30 to 89 on sections looked at" in text


def test_missing_values_and_notes_are_said(tmp_path):
    values = np.ones((5, 8, 8), np.float32)
    values[:, :4] = np.nan
    np.save(tmp_path / "a.npy", values)
    text = "\n".join(surveys.summary(surveys.open(tmp_path / "a.npy")))
    assert "1 to 1 on sections looked at, 50 % of them missing" in text
    assert "note: " in text


def test_real_scenes(shared):
    text = "\n".join(surveys.summary(surveys.open(shared("potsdam/images/enmap_potsdam_tile_128_0.tif"))))
    assert "wavelength: 418.24 to 2445.53 nm, 6 bands marked bad" in text
    assert "CRS: EPSG:32633; nodata: -32768" in text
