"""Any header of an ENVI image: a sentence or a survey, within seconds, and the files stay as they are."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_fhn import surveys
from proofs import examples
from survey_files import rasters as factory

#: A look at any of these small files takes far less; the machine may be busy.
SECONDS = 20


def look(path: Path, options: dict) -> None:
    """Open and read some of it; nothing but a sentence may come out, and no byte may change."""
    folder = path.parent
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    started = time.monotonic()
    said = "."
    try:
        surveys.can_open(path)
        survey = surveys.open(path, **options)
        if survey.size < 1e6:
            surveys.summary(survey)
            np.asarray(survey)
    except surveys.SurveyError as error:
        said = str(error)
    assert said.endswith(".")
    assert "\n" not in said
    assert time.monotonic() - started < SECONDS
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


KEYS = (
    "samples", "lines", "bands", "header offset", "data type", "interleave", "byte order", "wavelength", "fwhm", "bbl",
    "wavelength units", "data ignore value", "file type", "map info", "band names", "major frame offsets",
    "file compression", "coordinate system string", "data gain values", "reflectance scale factor", "class names",
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["", "{", "}", "{}", "{1, 2}", "bsq", "bil", "bip", "nan", "inf", "-1", "0", "1e400", "2147483648",
                     "{UTM, 1, 1, 0, 0, 30, 30, 33, North}", "{Arbitrary, 1}", "ENVI Standard", "Nanometers"]),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
    st.text(max_size=20).map(lambda text: text.replace("\r", " ")),
    st.lists(st.floats(), max_size=6).map(lambda values: "{" + ", ".join(map(str, values)) + "}"),
)  # fmt: skip


@pytest.mark.qt_no_exception_capture
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=6), shuffled=st.randoms(use_true_random=False))
def test_any_envi_header(lines, shuffled):
    said = {"samples": "7", "lines": "6", "bands": "5", "header offset": "0", "data type": "4", "interleave": "bsq",
            "byte order": "0"}  # fmt: skip
    rows = [*said.items(), *lines]
    shuffled.shuffle(rows)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scene.hdr").write_text("ENVI\n" + "".join(f"{k} = {v}\n" for k, v in rows), encoding="utf-8")
        (Path(folder) / "scene").write_bytes(factory.cube("float32").tobytes())
        look(Path(folder) / "scene", {})
