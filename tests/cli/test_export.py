"""What was predicted, in files of every kind; the predictions are made by hand."""

from __future__ import annotations

import json

import numpy as np
import pyogrio
import pytest
import rasterio
import segyio
from tests.cli.conftest import run_of
from tests.project.predicted import predicted

from napari_fhn import surveys
from napari_fhn.cli import main
from napari_fhn.labels import ClassTable
from napari_fhn.project import SurveySet
from napari_fhn.sample_data import HYPERSPECTRAL

pytestmark = pytest.mark.usefixtures("small")

SHAPE = (8, 10, 32)


@pytest.fixture
def session(tmp_path):
    """Sand over shale, flat at the 12th sample but for one inline of sand alone, with what goes beside classes."""
    np.save(tmp_path / "p.npy", layered())
    return made(tmp_path / "s", layered())


def layered() -> np.ndarray:
    classes = np.full(SHAPE, 2, np.uint8)
    classes[..., :12] = 1
    classes[3] = 1
    return classes


def made(folder, classes: np.ndarray, vertical: int | None = 2):
    predicted(folder, classes, vertical=vertical)
    return folder


def export(*arguments: object) -> int:
    return main(["export", *map(str, arguments)])


@pytest.mark.parametrize("suffix", ["sgy", "nc", "zarr", "npy"])
def test_classes_of_a_volume(suffix, session, survey, capsys):
    like = () if suffix == "npy" else ("--like", survey)
    assert export("classes", f"out.{suffix}", "--session", session, *like) == 0
    assert capsys.readouterr().out == f"Written: out.{suffix}\n"
    axes = {"axes": ("inline", "crossline", "twt")} if suffix == "npy" else {}
    np.testing.assert_array_equal(surveys.open(f"out.{suffix}", **axes).values, layered())


@pytest.mark.parametrize("suffix", ["tif", "img"])
def test_classes_and_probabilities_of_a_map(suffix, tmp_path):
    like = surveys.open(HYPERSPECTRAL.dates[0])
    classes = np.ones(like.shape[1:], np.uint8)
    classes[:5] = 2
    session = made(tmp_path / "m", classes, None)
    named = ("--session", session, "--like", HYPERSPECTRAL.dates[0])
    assert export("classes", f"out.{suffix}", *named) == 0
    out = surveys.open(f"out.{suffix}")
    np.testing.assert_array_equal(out.values[0], classes)
    assert out.rio.crs == like.rio.crs
    assert export("polygons", "p.gpkg", *named, "--at-least", 3) == 0
    meta, _, _, columns = pyogrio.raw.read("p.gpkg")
    assert meta["crs"] == "EPSG:32632"
    assert dict(zip(*map(list, columns[1:3]), strict=True)) == {"sand": "#ffcc00", "shale": "#336699"}
    assert export("probabilities", f"p.{suffix}", *named) == 0
    with rasterio.open(f"p.{suffix}") as file:
        assert file.descriptions == ("sand", "shale")
        np.testing.assert_allclose(file.read().sum(axis=0), 1, atol=1e-3)


def test_probabilities_as_segy_are_a_file_for_each_class(session, survey, capsys):
    assert export("probabilities", "p.sgy", "--session", session, "--like", survey) == 0
    assert capsys.readouterr().out == "Written: p_sand.sgy, p_shale.sgy\n"
    expected = np.load(run_of(session).output("probabilities"))
    for name, layer in zip(("sand", "shale"), expected, strict=True):
        np.testing.assert_array_equal(surveys.open(f"p_{name}.sgy").values, layer)
    assert export("entropy", "e.sgy", "--session", session, "--like", survey) == 0
    np.testing.assert_array_equal(surveys.open("e.sgy").values, np.load(run_of(session).output("entropy")))


def test_a_horizon_by_names_or_numbers(session, survey, capsys):
    named = ("--session", session, "--like", survey, "--json")
    assert export("horizon", "top.xyz", *named, "--above", "sand", "--below", "2") == 0
    told = json.loads(capsys.readouterr().out)
    made = told.pop("made")
    assert told == {"kind": "Export", "what": "horizon", "traces": 70, "paths": ["top.xyz"]}
    assert "run: Run 1 (run-001)" in made
    assert "# run: Run 1 (run-001)\n" in (session.parent / "top.xyz").read_text()
    table = np.loadtxt("top.xyz")
    assert set(table[:, -1]) == {48.0}
    assert 103 not in table[:, 0]


@pytest.mark.parametrize("suffix", ["npy", "sgy"])
def test_bodies(suffix, session, survey, capsys):
    like = ("--like", survey) if suffix == "sgy" else ()
    assert export("bodies", f"b.{suffix}", "--session", session, *like, "--of", "shale") == 0
    assert capsys.readouterr().out == f"Written: b.{suffix}, 2 bodies\n"
    values = np.load("b.npy") if suffix == "npy" else surveys.open("b.sgy").values
    assert [np.count_nonzero(values == k) for k in (1, 2, 3)] == [4 * 200, 3 * 200, 0]
    assert not list(session.parent.glob(".*"))
    assert export("bodies", "c.npy", "--session", session, "--of", "shale", "--at-least", "700") == 0
    assert np.load("c.npy").max() == 1


def test_a_mesh_and_the_class_table(session, survey):
    assert export("mesh", "m.obj", "--session", session, "--like", survey, "--of", "sand", "--of", "shale") == 0
    text = (session.parent / "m.obj").read_text()
    assert "o sand\n" in text
    assert "o shale\n" in text
    assert export("mesh", "m.ts", "--session", session, "--like", survey, "--of", "shale") == 0
    assert "name: shale\n*solid*color: 0.2 0.4 0.6 1\n" in (session.parent / "m.ts").read_text()
    assert export("table", "t.csv", "--session", session) == 0
    assert ClassTable.from_csv("t.csv").colors == {1: "#ffcc00", 2: "#336699"}
    assert export("table", "t.qml", "--session", session) == 0
    assert 'label="shale"' in (session.parent / "t.qml").read_text()


def test_a_prediction_file_from_elsewhere_is_its_own_survey(survey, capsys):
    surveys.save("facies.sgy", layered(), surveys.open(survey))
    elsewhere = ("--prediction", "facies.sgy")
    assert export("classes", "out.nc", *elsewhere) == 0
    np.testing.assert_array_equal(surveys.open("out.nc").values, layered())
    assert export("horizon", "top.xyz", *elsewhere, "--above", 1, "--below", 2) == 0
    with open("c.csv", "w") as file:
        file.write("value,name,color\n1,sand,#ffcc00\n2,shale,#336699\n")
    assert export("bodies", "b.npy", *elsewhere, "--of", "sand", "--classes", "c.csv") == 0
    np.save("facies.npy", layered())
    assert export("classes", "again.sgy", "--prediction", "facies.npy", "--like", survey) == 0
    with segyio.open("again.sgy", strict=False) as file:
        assert file.tracecount == 80
    said = capsys.readouterr().err
    assert said == "napari-fhn: facies.npy: it says nothing about its place, and so it was taken voxel by voxel.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("classes", "o.sgy"), "one of --session"),
        (("classes", "o.sgy", "--session", "s", "--prediction", "p.npy"), "one of --session"),
        (("classes", "o.sgy", "--session", "s"), "Name the survey with --like"),
        (("classes", "o.png", "--session", "s"), "the suffix '.png' is not known"),
        (("classes", "no/o.npy", "--session", "s"), "there is no folder"),
        (("margin", "o.npy", "--session", "s"), "'Run 1' has not predicted its margin"),
        (("horizon", "o.xyz", "--session", "s", "--like", "small.sgy", "--above", "mud", "--below", "sand"), "'mud'"),
        (("horizon", "o.xyz", "--session", "s", "--like", "small.sgy", "--above", "2", "--below", "1"), "nowhere"),
        (("horizon", "o.irap", "--session", "s", "--like", "small.sgy", "--above", "1", "--below", "2"), "coordinates"),
        (("polygons", "o.gpkg", "--session", "s", "--like", "small.sgy"), "map"),
        (("mesh", "o.stl", "--session", "s", "--like", "small.sgy", "--of", "sand"), "suffix '.stl'"),
        (("bodies", "o.npy", "--session", "s", "--of", "7"), "7"),
        (("entropy", "o.npy", "--prediction", "p.npy"), "no entropy"),
        (("classes", "o.nc", "--prediction", "small.sgy"), "whole numbers"),
        (("classes", "o.sgy", "--session", "s", "--like", "small.sgy", "--page", "2"), "--page chooses one of several"),
        (("horizon", "o.xyz", "--session", "s"), "--above"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(arguments, words, session, survey, capsys):
    before = sorted(session.parent.iterdir())
    assert export(*arguments) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
    assert sorted(session.parent.iterdir()) == before


def test_nothing_predicted_yet_is_a_sentence(tmp_path, capsys):
    predicted(tmp_path / "e", layered(), share=0.0)
    assert export("classes", "o.npy", "--session", "e") == 2
    assert "nothing was predicted by 'Run 1' yet. Predict first" in capsys.readouterr().err
    # What is labelled, and the classes, are there all the same.
    assert export("labels", "o.npy", "--session", "e") == 0
    assert export("table", "o.csv", "--session", "e") == 0


def test_half_a_prediction_is_exported_only_when_that_is_said(tmp_path, capsys):
    predicted(tmp_path / "h", layered(), share=0.5)
    for what in (("classes",), ("entropy",), ("bodies", "--of", "sand")):
        assert export(what[0], "o.npy", "--session", "h", *what[1:]) == 2
        told = capsys.readouterr().err
        assert "50 % of the survey is not predicted" in told
        assert "--partial" in told
    assert not (tmp_path / "o.npy").exists()
    assert export("classes", "o.npy", "--session", "h", "--partial") == 0
    assert "50 % of the survey is not predicted" in (tmp_path / "o.npy.history.txt").read_text()


def test_the_probability_of_one_class(session, survey):
    assert export("probabilities", "p.sgy", "--session", session, "--like", survey, "--of", "shale") == 0
    expected = np.load(run_of(session).output("probabilities"))[1]
    np.testing.assert_array_equal(surveys.open("p.sgy").values, expected)


def test_of_another_run(session, capsys):
    other = predicted(session, 3 - layered())
    assert export("classes", "o.npy", "--session", session) == 0
    np.testing.assert_array_equal(np.load("o.npy"), np.load(other.prediction))
    assert export("classes", "o.npy", "--session", session, "--run", "1") == 0
    np.testing.assert_array_equal(np.load("o.npy"), layered())
    assert export("classes", "o.npy", "--session", session, "--run", "7") == 2
    assert "The runs are run-001 (Run 1), run-002 (Run 2)" in capsys.readouterr().err


def test_a_survey_that_lies_elsewhere_lends_no_headers(session, survey, tmp_path, capsys):
    with segyio.open(str(survey), strict=False) as source:
        values = segyio.tools.cube(source)
    segyio.tools.from_array3D("far.sgy", values, dt=4000)
    with segyio.open("far.sgy", "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, 10)
            header.update({segyio.su.iline: 600 + i, segyio.su.xline: 700 + j})
    told = surveys.open(survey)
    predicted(tmp_path / "near", layered(), surveys=SurveySet.of({"small": told}))
    assert export("classes", "o.sgy", "--session", "near") == 0  # its own survey is at hand
    assert export("classes", "o.sgy", "--session", "near", "--like", "far.sgy") == 2
    assert "not where the prediction lies" in capsys.readouterr().err
