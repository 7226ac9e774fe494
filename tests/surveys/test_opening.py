from __future__ import annotations

import pickle

import numpy as np
import pytest
from rasterio.crs import CRS

from napari_fhn import surveys
from napari_fhn.surveys.assemble import assemble


def test_only_what_is_recognised_is_claimed(volume, tmp_path):
    assert surveys.can_open(volume)
    assert surveys.can_open(str(volume))
    text = tmp_path / "text.sgy"
    text.write_text("x" * 5000)
    nothing = tmp_path / "a.docx"
    nothing.write_text("x")
    for path in (text, nothing, tmp_path, tmp_path / "missing.sgy"):
        assert not surveys.can_open(path)


def test_missing_folders_and_strangers_are_sentences(tmp_path):
    (tmp_path / "a.docx").write_text("x")
    base = tmp_path / "geology.gdb"
    base.mkdir()
    (base / "a00000001.gdbtable").write_bytes(b"\x03\x00\x00\x00" + bytes(36))
    for path, words in (
        (base, "it holds points, lines or areas, which need a grid to lie on"),
        (base / "a00000001.gdbtable", r"it is a part of a file geodatabase\. Give the whole folder, geology\.gdb"),
        (tmp_path / "missing.sgy", "no such file"),
        (tmp_path, "it is a folder"),
        (tmp_path / "a.docx", "it is text, and no survey"),
    ):
        with pytest.raises(surveys.SurveyError, match=words) as caught:
            surveys.open(path)
        # The sentence must survive the way from another process.
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_crs_that_can_be_read_and_not_be_written_down_is_a_sentence(tmp_path):
    found = CRS.from_epsg(32633).to_wkt().replace('UNIT["degree",0.0', 'UNIT["degree",0,0')
    with pytest.raises(surveys.SurveyError, match=r"a\.nc: its coordinate reference system is none"):
        assemble(tmp_path / "a.nc", np.zeros((3, 4)), ("y", "x"), name="a", format="NetCDF", crs=CRS.from_wkt(found))
