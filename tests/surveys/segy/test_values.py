"""IBM floats: by segyio's public function, and as segyio's own reading gives them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import segyio

from napari_fhn import surveys
from napari_fhn.surveys.segy.layout import read_layout
from napari_fhn.surveys.segy.values import decode
from survey_files.segy import from_ibm

SOURCE = Path(__file__).parents[3] / "src"

_ALONE = """
import numpy as np
from types import SimpleNamespace
from napari_fhn.surveys.segy.values import decode
words = np.array([[0x42640000, 0xC2640000, 0x00000000, 0x41100000]], dtype=">u4")
out = np.empty(words.shape, np.float32)
decode(words.view(np.uint8), SimpleNamespace(endian="big", format=1), out)
assert out.tolist() == [[100.0, -100.0, 0.0, 1.0]], out
"""


def test_segyio_is_used_through_its_public_names():
    private = re.compile(r"segyio\._|from segyio import _|_segyio")
    assert [path.name for path in SOURCE.rglob("*.py") if private.search(path.read_text(encoding="utf-8"))] == []


def test_ibm_floats_need_no_file_opened_before():
    run = subprocess.run([sys.executable, "-c", _ALONE], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("endian", ["big", "little"])
def test_ibm_floats_over_their_whole_range(endian, tmp_path):
    rng = np.random.default_rng(0)
    # Exponents of what float32 holds as a normal number; the first hexadecimal digit of a fraction is no zero.
    words = (rng.integers(34, 95, 4000) << 24 | rng.integers(1 << 20, 1 << 24, 4000)).astype(np.uint32)
    words[::2] |= np.uint32(1 << 31)
    words[:3] = 0, 1 << 31, 0x7F << 24
    stored = words.astype(">u4" if endian == "big" else "<u4").reshape(40, 100)
    out = np.empty(stored.shape, np.float32)
    decode(stored.view(np.uint8), SimpleNamespace(endian=endian, format=1), out)
    # segyio cuts off what the 24 bits of float32 have no room for: a unit in the last place at the most.
    np.testing.assert_allclose(out.ravel()[3:], from_ibm(words[3:]), rtol=2**-22)
    assert out.ravel()[:2].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["Format1msb.sgy", "Format1lsb.sgy"])
def test_files_of_others_read_as_segyio_reads_them(shared_data, name):
    path = shared_data / "segy" / "multiformats" / name
    layout = read_layout(path)
    with segyio.open(str(path), ignore_geometry=True, endian=layout.endian) as file:
        theirs = file.trace.raw[:]
    ours = np.asarray(surveys.open(path)).reshape(-1, layout.n_samples)
    np.testing.assert_array_equal(np.sort(ours, axis=None), np.sort(theirs, axis=None))
    np.testing.assert_array_equal(ours, theirs)
