"""What keeps values from being misread says so in a sentence: which file, what is wrong with it, and the way out."""

from __future__ import annotations

import re

import numpy as np
import pytest
import rasterio

from napari_fhn import surveys
from napari_fhn.surveys import Grid, SurveyError
from napari_fhn.surveys.grid import GridAxis

AXES = GridAxis("inline", 8, 101.0, 1.0), GridAxis("crossline", 10, 206.0, 2.0), GridAxis("twt", 12, 400.0, 4.0, "ms")
SURVEY = Grid(AXES, kind="seismic", name="survey").template()
ERS = (
    'DatasetHeader Begin\n\tVersion = "6.0"\n\tDataSetType = ERStorage\n\tDataType = Raster\n\tByteOrder = LSBFirst\n'
    "\tRasterInfo Begin\n\t\tCellType = IEEE4ByteReal\n\t\tNrOfLines = 10\n\t\tNrOfCellsPerLine = 10\n"
    "\t\tNrOfBands = 1\n\tRasterInfo End\nDatasetHeader End\n"
)
ENVI = "ENVI\nsamples = 2\nlines = 2\nbands = 1\ndata type = 4\ninterleave = bsq\nbyte order = 7\n"

#: Bytes of a file, of one beside it, and what is said after the name of the first.
GUARDS = {
    "short.su": (bytes(100), {}, "it ends at byte 100, inside its first trace header (240 bytes). Copy it again from"),
    "order.hdr": (ENVI.encode(), {"order.img": bytes(16)}, "it says 'byte order = 7'. Write 0 (little-endian) or 1"),
    "cut.ers": (ERS.encode(), {"cut": bytes(40)}, "its data file cut has 40 bytes, too few for (1, 10, 10) values"),
    "five.nc": (b"CDF\x05" + bytes(40), {}, "it is NetCDF of kind CDF-5. Convert it with: nccopy -k nc4 IN OUT"),
}


@pytest.mark.parametrize("name", GUARDS)
def test_what_cannot_be_read_rightly_is_told_with_the_way_out(name, tmp_path):
    content, beside, words = GUARDS[name]
    for other, data in {name: content, **beside}.items():
        (tmp_path / other).write_bytes(data)
    with pytest.raises(SurveyError, match=re.escape(f"{name}: {words}")):
        surveys.open(tmp_path / name)


def test_complex_numbers_are_asked_about_and_not_written(tmp_path):
    with rasterio.open(tmp_path / "c.tif", "w", driver="GTiff", width=4, height=4, count=1, dtype="complex64") as file:
        file.write(np.ones((1, 4, 4), np.complex64))
    words = r"c\.tif: it holds complex numbers\. Say which part: part='magnitude' or 'phase' or 'real' or 'imaginary'"
    with pytest.raises(SurveyError, match=words):
        surveys.open(tmp_path / "c.tif")
    assert np.asarray(surveys.open(tmp_path / "c.tif", part="real")).max() == 1


def test_a_volume_is_not_written_as_a_map(tmp_path):
    with pytest.raises(SurveyError, match=r"v\.tif: a GeoTIFF holds maps \(y, x\), not sections or volumes\. Use"):
        surveys.save(tmp_path / "v.tif", np.zeros((8, 10, 12), np.float32), SURVEY)


@pytest.mark.parametrize(("other", "held"), [(1000, "it holds 1000"), (700, "its values run from 700 to 1000")])
def test_numbers_that_are_no_classes_are_not_taken_for_labels(other, held, tmp_path):
    values = np.full((8, 10, 12), 1000, np.int32)
    values[0] = other
    np.save(tmp_path / "big.npy", values)
    with pytest.raises(SurveyError, match=rf"big\.npy: {held}\. Classes are whole numbers from 1 to 255"):
        surveys.read_classes(tmp_path / "big.npy", SURVEY)
