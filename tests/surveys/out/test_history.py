"""Files say what made them, each in its own way, and readers of others find it there."""

from __future__ import annotations

import os

import numpy as np
import pytest
import rasterio
import segyio
import xarray as xr

from napari_fhn import surveys
from napari_fhn.labels import ClassTable
from napari_fhn.labels.horizons.picks import read_horizons
from napari_fhn.surveys.out import save_bodies, save_classes, save_horizon, save_layers, save_mesh
from napari_fhn.surveys.out.history import PROGRAM, SIDECAR, lines_of, on_cards, plain
from napari_fhn.surveys.segy.text import text_lines

HISTORY = (
    "Made by napari-fhn, run-003, 300 steps",
    "Labels: 6 wells (ab12)",
    "Grès {old} -- tidied by 2 voxels",
)


def header(lines: dict[int, str], code: str = "cp037") -> bytes:
    cards = [f"C{k:>2} {lines.get(k, '')}".ljust(80) for k in range(1, 41)]
    return "".join(cards).encode(code)


def classes_on(survey: xr.DataArray) -> np.ndarray:
    values = np.ones(survey.shape, np.uint8)
    values[..., survey.shape[-1] // 2 :] = 2
    return values


def test_a_history_is_lines():
    assert lines_of(["a\n b", "", "  ", "c\x00\td"]) == ("a b", "c d")
    assert lines_of("one\ntwo") == ("one", "two")
    assert plain("Grès, 5 µm, 岩") == "Gres, 5 um, ?"


@pytest.mark.parametrize("code", ["cp037", "latin-1"])
def test_empty_cards_take_it_and_the_others_stay(code):
    said = {1: "CLIENT: SOMEBODY", 3: "INLINE BYTES 189-192, CROSSLINE BYTES 193-196", 39: "SEG Y REV1", 40: "END"}
    before = header(said, code)
    after, whole = on_cards(before, HISTORY)
    assert whole
    assert len(after) == 3200
    for number in said:
        card = slice(80 * (number - 1), 80 * number)
        assert after[card] == before[card]
    lines = text_lines(after)
    assert lines[3:6] == ["C 4 " + HISTORY[0], "C 5 " + HISTORY[1], "C 6 Gres {old} -- tidied by 2 voxels"]


def test_long_lines_are_wrapped_and_what_finds_no_card_is_said_to_be_elsewhere():
    full = header(dict.fromkeys(range(1, 39), "SOMETHING"))
    after, whole = on_cards(full, ["word " * 60])
    assert not whole
    lines = text_lines(after)
    assert lines[38].startswith("C39 word word")
    assert ".history.txt" in lines[39]
    crowded = header(dict.fromkeys(range(1, 41), "SOMETHING"))
    assert on_cards(crowded, HISTORY) == (crowded, False)


@pytest.mark.parametrize("line", ["Survey: F3 PSDM, 2019", "INLINE: BYTES 5-8, CROSSLINE: BYTES 21-24"])
def test_a_line_that_would_change_what_the_survey_is_stays_out(line):
    before = header({1: "TIME MIGRATED"})
    assert on_cards(before, [line]) == (before, False)


@pytest.mark.parametrize("block", [np.random.default_rng(0).bytes(3200), b"\n".join([b"line"] * 40).ljust(3200)])
def test_what_is_no_text_in_cards_is_left_alone(block):
    assert on_cards(block, HISTORY) == (block, False)


@pytest.mark.parametrize("block", [bytes(3200), b"\x40" * 3200, b" " * 3200])
def test_an_empty_header_is_filled_from_its_first_card(block):
    after, whole = on_cards(block, HISTORY[:1])
    assert whole
    assert text_lines(after)[:2] == [f"C 1 {HISTORY[0]}", ""]
    code = "latin-1" if block[:1] == b" " else "cp037"
    assert after[:3] == "C 1".encode(code)


def test_zeros_behind_a_text_are_room():
    after, whole = on_cards("C 1 A SURVEY".ljust(80).encode("cp037") + bytes(3120), HISTORY[:1])
    assert whole
    assert text_lines(after)[:2] == ["C 1 A SURVEY", f"C 2 {HISTORY[0]}"]
    assert after[160:] == bytes(3040)


def test_cards_without_numbers_get_none():
    after, whole = on_cards("A SURVEY".ljust(3200).encode("cp037"), HISTORY[:1])
    assert whole
    assert text_lines(after)[1].strip() == HISTORY[0]


def test_segy(volume, tmp_path):
    survey = surveys.open(volume)
    out = surveys.save(tmp_path / "out.sgy", classes_on(survey), survey, history=HISTORY)
    with segyio.open(str(out)) as file:
        text = file.text[0].decode()
        assert text.startswith("C 1 MADE BY A TEST")
        assert HISTORY[0] in text
        assert HISTORY[1] in text
    assert not (tmp_path / ("out.sgy" + SIDECAR)).exists()
    again = surveys.open(out)
    assert HISTORY[0] in again.attrs["history"]
    np.testing.assert_array_equal(again, classes_on(survey))


def test_segy_keeps_extended_headers_and_says_beside_what_finds_no_room(tmp_path, make_segy):
    cube = np.zeros((2, 3, 5), np.float32)
    path = make_segy(tmp_path / "in.sgy", np.arange(2), np.arange(3), cube, ext_headers=2)
    with segyio.open(str(path), "r+") as file:
        file.text[0] = header({k: f"TEXT {k}" for k in range(1, 41)}, "ascii").decode()
    survey = surveys.open(path)
    out = surveys.save(tmp_path / "out.sgy", classes_on(survey), survey, history=HISTORY)
    before, after = path.read_bytes(), out.read_bytes()
    first = 3600 + 2 * 3200
    changed = {k for k in range(first) if before[k] != after[k]}
    assert changed <= {3224, 3225}
    beside = tmp_path / ("out.sgy" + SIDECAR)
    assert HISTORY[2] in beside.read_text(encoding="utf-8")
    # Of another file now: it goes with the next one that has nothing to say.
    surveys.save(tmp_path / "out.sgy", classes_on(survey), survey)
    assert not beside.exists()


@pytest.fixture
def like(tmp_path):
    with rasterio.open(
        tmp_path / "in.tif", "w", driver="GTiff", width=5, height=4, count=1, dtype="int16", crs="EPSG:32633",
        transform=rasterio.Affine(30, 0, 300000, 0, -30, 6000000),
    ) as file:  # fmt: skip
        file.write(np.arange(20, dtype=np.int16).reshape(1, 4, 5))
    return surveys.open(tmp_path / "in.tif")


def test_geotiff(like, tmp_path):
    out = surveys.save(tmp_path / "out.tif", np.ones((4, 5), np.uint8), like, nodata=0, history=HISTORY)
    with rasterio.open(out) as file:
        tags = file.tags()
        assert tags["TIFFTAG_SOFTWARE"] == PROGRAM
        assert tags["TIFFTAG_IMAGEDESCRIPTION"].splitlines() == [*HISTORY[:2], plain(HISTORY[2])]
        assert tags["history"].splitlines() == list(HISTORY)
        assert file.nodata == 0
        assert (file.read() == 1).all()
    assert sorted(os.listdir(tmp_path)) == ["in.tif", "out.tif"]


@pytest.mark.parametrize("classes", [(), ClassTable.default(2)])
def test_envi(like, tmp_path, classes):
    out = surveys.save(tmp_path / "out.img", np.ones((4, 5), np.uint8), like, history=HISTORY, classes=classes)
    with rasterio.open(out) as file:
        assert all(line in file.tags(ns="ENVI")["description"] for line in HISTORY[:2])
        assert (file.read() == 1).all()
        assert file.crs.to_epsg() == 32633
    text = (tmp_path / "out.hdr").read_text(encoding="utf-8")
    assert "Grès (old) -- tidied by 2 voxels}" in text
    assert text.startswith("ENVI\ndescription = {\n")
    assert surveys.open(out).shape == (1, 4, 5)


def test_netcdf_and_zarr(volume, tmp_path):
    survey = surveys.open(volume)
    values = classes_on(survey)
    for name, engine in (("out.nc", "h5netcdf"), ("out.zarr", "zarr")):
        out = surveys.save(tmp_path / name, values, survey, history=HISTORY)
        with xr.open_dataset(out, engine=engine, **({"consolidated": False} if engine == "zarr" else {})) as found:
            # What the survey's own text says, and below it what was done since.
            told = found.attrs["history"].splitlines()
            assert "MADE BY A TEST" in told[0]
            assert told[-3:] == list(HISTORY)
    assert surveys.open(tmp_path / "out.zarr").attrs["history"].splitlines()[-3:] == list(HISTORY)
    plainly = surveys.save(tmp_path / "none.nc", values, survey)
    with xr.open_dataset(plainly, engine="h5netcdf") as found:
        assert "history" not in found.attrs


def test_npy_bodies_and_class_tables_say_it_beside(volume, tmp_path):
    survey = surveys.open(volume)
    surveys.save(tmp_path / "a.npy", classes_on(survey), survey, history=HISTORY)
    save_bodies(tmp_path / "b.npy", classes_on(survey), 2, history=HISTORY)
    save_classes(tmp_path / "c.csv", ClassTable.default(2), history=HISTORY)
    for name in ("a.npy", "b.npy", "c.csv"):
        said = (tmp_path / (name + SIDECAR)).read_text(encoding="utf-8")
        assert said.splitlines() == [f"What made {name}", "", *HISTORY]
    assert ClassTable.from_csv(tmp_path / "c.csv") == ClassTable.default(2)
    save_bodies(tmp_path / "b.npy", classes_on(survey), 2)
    save_classes(tmp_path / "c.csv", ClassTable.default(2))
    assert not (tmp_path / ("b.npy" + SIDECAR)).exists()
    assert not (tmp_path / ("c.csv" + SIDECAR)).exists()


def test_a_file_of_that_name_that_somebody_else_wrote_stays(volume, tmp_path):
    survey = surveys.open(volume)
    other = tmp_path / ("a.npy" + SIDECAR)
    other.write_text("my own notes\n")
    surveys.save(tmp_path / "a.npy", classes_on(survey), survey)
    assert other.read_text() == "my own notes\n"


def test_a_style_says_it_in_a_comment(tmp_path):
    from xml.etree import ElementTree

    out = save_classes(tmp_path / "c.qml", ClassTable.default(2), history=HISTORY)
    assert "<!-- Grès {old} - - tidied by 2 voxels -->" in out.read_text(encoding="utf-8")
    assert ElementTree.parse(out).getroot().tag == "qgis"


def test_layers_say_which_they_are(volume, tmp_path):
    survey = surveys.open(volume)
    layers = np.zeros((2, *survey.shape), np.float32)
    paths = save_layers(tmp_path / "p.sgy", layers, survey, ["salt", "sand"], history=HISTORY)
    for k, (path, name) in enumerate(zip(paths, ["salt", "sand"], strict=True)):
        with segyio.open(str(path)) as file:
            assert f"Layer {k + 1} of 2: {name}" in file.text[0].decode()


def test_horizons_and_meshes_say_it_in_comments(volume, tmp_path):
    survey = surveys.open(volume)
    save_horizon(tmp_path / "top.xyz", classes_on(survey), survey, 1, 2, history=HISTORY)
    lines = (tmp_path / "top.xyz").read_text(encoding="ascii").splitlines()
    assert lines[:3] == [f"# {plain(line)}" for line in HISTORY]
    assert lines[4] == "# inline, crossline, x [m], y [m], twt [ms]"
    # Read as before by numpy and by ourselves.
    assert np.loadtxt(tmp_path / "top.xyz").shape == (20, 5)
    columns = {"inline": 0, "crossline": 1, "twt": 4}
    (surface,) = read_horizons(tmp_path / "top.xyz", survey, columns=columns, units={"twt": "ms"}).values()
    assert np.isfinite(surface).all()

    assert save_mesh(tmp_path / "m.obj", classes_on(survey), survey, [("salt", 2)], history=HISTORY) > 0
    lines = (tmp_path / "m.obj").read_text(encoding="ascii").splitlines()
    assert lines[2:5] == [f"# {plain(line)}" for line in HISTORY]


def test_files_of_others_are_read_back_as_before(shared_data, tmp_path):
    said = 0
    for path in sorted((shared_data / "segy").glob("*.sgy")):
        if path.stat().st_size > 2 * 2**20:
            continue
        try:
            survey = surveys.open(path)
        except surveys.SurveyError:
            continue
        values = np.zeros(survey.shape, np.uint8)
        try:
            bare = surveys.open(surveys.save(tmp_path / "bare.sgy", values, survey))
        except surveys.SurveyError:
            continue
        out = surveys.save(tmp_path / "out.sgy", values, survey, history=HISTORY)
        again = surveys.open(out)
        assert again.dims == bare.dims
        for dim in again.dims:
            np.testing.assert_array_equal(again[dim], bare[dim])
        assert again.attrs["header_bytes"] == bare.attrs["header_bytes"]
        there = HISTORY[0] in again.attrs["history"]
        beside = (tmp_path / ("out.sgy" + SIDECAR)).exists()
        assert there or beside, path.name
        first, second = out.read_bytes(), (tmp_path / "bare.sgy").read_bytes()
        assert first[3200:] == second[3200:]
        said += there
    assert said > 5
