"""Damaged files: a sentence or a survey, within seconds, and the file stays as it is."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_fhn import surveys
from survey_files import rasters as factory

#: A look at any of these small files takes far less; the machine may be busy.
SECONDS = 20
VARIANTS = {variant.name: variant for variant in factory.variants()}
EDITS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["set", "cut", "drop", "insert", "copy"]),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.sampled_from(
                [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4), b"-1", b"9999999999"]
            ),
        ),
    ),
    min_size=1,
    max_size=4,
)


def edited(raw: bytes, edits: list[tuple[float, str, bytes]], begin: bool) -> bytes:
    """Bytes with some changes; most of them near the beginning, where headers are."""
    data = bytearray(raw)
    for where, how, what in edits:
        if not data:
            break
        at = int(where * (min(len(data), 600) if begin else len(data)))
        if how == "set":
            data[at : at + len(what)] = what
        elif how == "cut":
            del data[at:]
        elif how == "drop":
            del data[at : at + len(what)]
        elif how == "insert":
            data[at:at] = what
        else:
            data[at : at + 8] = data[:8]
    return bytes(data)


def look(path: Path, options: dict) -> None:
    """Open and read some of it; nothing but a sentence may come out, and no byte may change."""
    folder = path.parent
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    started = time.perf_counter()
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
    assert time.perf_counter() - started < SECONDS
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
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, tuple[Path, Path]]:
    """One file of each kind that has bytes of its own to damage."""
    found = {}
    for name in (
        "ENVI, bad bands", "GeoTIFF, deflate with predictor", "GeoTIFF, lzw in tiles", "GeoTIFF, wavelength tags",
        "TIFF, a page per band", "ESRI ASCII grid", "Surfer 7", "ER Mapper", "ERDAS Imagine", "GDAL virtual raster",
        "MATLAB 5, compressed", "MATLAB 5, stored", "npz, compressed", "npz, stored", "npy, axes named",
        "NetCDF 3, classic", "Zarr 2, of xarray", "Zarr 3, of xarray", "OME-Zarr 0.5", "MATLAB 7.3", "NetCDF 4",
    ):  # fmt: skip
        folder = tmp_path_factory.mktemp("original")
        found[name] = (folder, VARIANTS[name].write(folder))
    return found


def damage(original: tuple[Path, Path], options: dict, which: int, edits: list, begin: bool) -> None:
    source, path = original
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "copy"
        shutil.copytree(source, folder)
        files = sorted(p for p in folder.rglob("*") if p.is_file())
        # Headers and metadata more often than values.
        told = [p for p in files if p.suffix in (".hdr", ".json", ".ers", ".vrt") or p.name.startswith(".z")]
        chosen = (told or files)[which % len(told or files)] if which % 4 else files[which % len(files)]
        chosen.write_bytes(edited(chosen.read_bytes(), edits, begin))
        look(folder / path.relative_to(source), options)


# rasterio's log cannot decode what GDAL says of broken names; Python prints that and goes on.
@pytest.mark.qt_no_exception_capture
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), which=st.integers(0, 50), edits=EDITS, begin=st.booleans())
def test_any_damaged_file(originals, data, which, edits, begin):
    name = data.draw(st.sampled_from(sorted(set(originals) - {"MATLAB 7.3", "NetCDF 4"})))
    damage(originals[name], VARIANTS[name].options, which, edits, begin)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), edits=EDITS, begin=st.booleans())
def test_any_damaged_hdf5(originals, data, edits, begin):
    # Each costs a process of its own, see `napari_fhn.surveys.arrays.hdf5.check_whole`.
    name = data.draw(st.sampled_from(["MATLAB 7.3", "NetCDF 4"]))
    damage(originals[name], VARIANTS[name].options, 0, edits, begin)
