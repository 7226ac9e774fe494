"""Words where others belong: recipes, attributes and sessions in place of surveys, sessions without their option."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.cli import commands as commands_module
from napari_fhn.cli import main
from napari_fhn.cli.commands import parser
from napari_fhn.cli.misplaced import of_other_commands
from napari_fhn.structure.attributes import ATTRIBUTES
from napari_fhn.training.recipes import RECIPES

SURVEYED = ("train", "carry", "predict", "similar", "info", "attributes", "forecast")
"""Commands that name surveys and take a session as well, or are of one alone."""


@pytest.fixture
def session(survey, wells, capsys, monkeypatch, tmp_path):
    """A session with a run, in the folder where one is."""
    monkeypatch.chdir(tmp_path)
    assert main(["train", str(survey), *wells, "--session", "work", "--recipe", "sections", "--steps", "1"]) == 0
    capsys.readouterr()
    return "work"


@pytest.mark.parametrize("command", ["train", "forecast"])
def test_a_recipe_in_place_of_a_survey_is_told_its_option(command, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in RECIPES:
        assert main([command, name]) == 2
        assert f"is taken with --recipe {name}" in capsys.readouterr().err


def test_an_attribute_in_place_of_a_survey_is_told_its_option(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (*ATTRIBUTES, "rms:40"):
        assert main(["train", name]) == 2
        assert f"is taken with --attribute {name}" in capsys.readouterr().err


def test_a_file_of_that_name_is_a_file(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("map", "rms"):
        np.save(tmp_path / name, np.zeros((8, 8), np.float32))
        (tmp_path / f"{name}.npy").rename(tmp_path / name)
        assert main(["forecast", name]) == 2
        assert "it is an array of numpy" in capsys.readouterr().err
    assert main(["attributes", "rms"]) == 2
    assert "it is an array of numpy" in capsys.readouterr().err


def test_attributes_and_recipes_are_named_one_by_one_and_all(capsys):
    def told(*words):
        assert main([*words, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [one["name"] for one in told("attributes", "all")] == list(ATTRIBUTES)
    assert told("attributes", "all") == told("attributes")
    assert [one["name"] for one in told("attributes", "rms:40", "tilt")] == ["rms", "tilt"]
    here = {one["name"]: one for one in told("attributes", "rms", "tilt", "sample:seismic")}
    assert here["rms"]["channels"]
    assert here["tilt"]["why_not"]
    assert [one["name"] for one in told("recipes", "all")] == list(RECIPES)
    assert main(["attributes", "rms:"]) == 2
    assert "after the colon stands" in capsys.readouterr().err


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("command", SURVEYED)
def test_a_session_in_place_of_a_survey_is_told_its_option(command, session, capsys, tmp_path):
    more = {"predict": ["--network", session, "--output", "out.npy"], "similar": ["--at", "1,1,1", "--output", "o.npy"]}
    assert main([command, session, *more.get(command, [])]) == 2
    said = capsys.readouterr().err
    assert "it is a session" in said
    # Of an option that the command has not nothing is said.
    assert ("Name the survey that it is of" if command == "attributes" else "--session") in said


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("words", [["score"], ["runs"], ["history"], ["diagnose"], ["report"]])
def test_a_session_without_its_option_is_told_it(words, session, capsys):
    more = ["--session", session] if words == ["report"] else []
    assert main([*words, session, *more]) == 2
    assert f"work: it is a session, which is named with --session {session}" in capsys.readouterr().err


@pytest.mark.usefixtures("small")
def test_a_session_in_place_of_what_is_known_is_told(session, survey, capsys):
    assert main(["train", str(survey), "--labels", session, "--session", "other"]) == 2
    assert "it is a session, and no file" in capsys.readouterr().err


@pytest.mark.usefixtures("small")
def test_every_command_about_a_session_takes_its_option(session, capsys):
    """Where it has none, the sentence says how a session is named."""
    for words in (["--session", session], [session], ["--json", session]):
        assert main(["dips", *words]) == 0
    capsys.readouterr()
    for words in ([], [session, "--session", session]):
        assert main(["dips", *words]) == 2
        assert "name one session" in capsys.readouterr().err
    for words in (["--session", session, "a.npz"], ["b.npz", "--session", session, "--run", "1"], [session, "c.npz"]):
        assert main(["export-network", *words]) == 0
    written = [Path(name).read_bytes() for name in ("a.npz", "b.npz", "c.npz")]
    assert written[0] == written[1] == written[2]
    capsys.readouterr()
    for words, said in (
        (["d.npz"], "name one network and a file"),
        ([session, "d.npz", "--session", session], "name one network and a file"),
        ([session, "d.npz", "--run", "1"], "--run goes with --session"),
        (["--session", session, "d.npz", "--run", "9"], "there is no one run '9'"),
        (["d.npz", session], "a network is named first, then the file that is written: here"),
    ):
        assert main(["export-network", *words]) == 2
        assert said in capsys.readouterr().err
    assert not Path("d.npz").exists()
    commands = parser()._subparsers._group_actions[0].choices
    without = {
        name
        for name, one in commands.items()
        if not any("--session" in action.option_strings for action in one._actions)
    }
    assert without == {
        "brick", "attributes", "recipes", "doctor", "fetched", "worker", "completion", "sessions", "export",
    }  # fmt: skip


@pytest.mark.usefixtures("small")
def test_a_session_whose_option_is_required_is_told_it(session, capsys, tmp_path):
    (tmp_path / "ein Ordner").symlink_to(tmp_path / session)
    for words in (["report"], ["export", "classes", "out.npy"]):
        assert main([*words, "ein Ordner"]) == 2
        assert "it is a session, which is named with --session 'ein Ordner'" in capsys.readouterr().err


def test_a_file_in_place_of_a_session_is_told_what_it_is(survey, capsys):
    for words in (["dips", str(survey)], ["score", "--session", str(survey)], ["runs", "--session", str(survey)]):
        assert main(words) == 2
        assert "it is a file, and no session. Name the folder that holds session.json." in capsys.readouterr().err


def test_what_stands_behind_what_it_should_precede_is_said(survey, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("picks.csv").write_text("inline,crossline,twt_ms\n101,201,40\n")
    assert main(["horizon", "picks.csv", str(survey), "--output", "top.csv"]) == 2
    assert "a survey is named first, then its picks: here" in capsys.readouterr().err
    assert main(["brick", "new.zarr", str(survey)]) == 2
    assert "a survey is named first, then the store that is made: here" in capsys.readouterr().err
    assert {one.name for one in tmp_path.iterdir() if one != survey} == {"picks.csv"}


def test_a_sentence_says_whose_an_option_is_that_the_command_lacks(survey, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("picks.csv").write_text("inline,crossline,twt_ms\n101,201,40\n")
    assert main(["info", "picks.csv"]) == 2
    assert "(--known and --classes are options of 'napari-fhn train')." in capsys.readouterr().err
    assert main(["info", str(survey), "--nosuch"]) == 2
    assert "('napari-fhn info --help' lists what there is)" in capsys.readouterr().err
    assert main(["train", "picks.csv"]) == 2
    assert "options of 'napari-fhn train'" not in capsys.readouterr().err
    commands = commands_module._parsers()
    for sentence, command, end in (
        ("say it with --axes", "info", "--axes"),
        ("hold labels out with train --hold-out, or name a --truth", "score", "--truth"),
        ("Give it as --las.", "horizon", "(--las is an option of 'napari-fhn train')."),
        ("Predict again: --outputs margin.", "export", "(--outputs is an option of 'napari-fhn predict')."),
        ("pip install --upgrade that", "info", "that"),
        ("see 'napari-fhn runs use --step'", "info", "--step'"),
    ):
        assert of_other_commands(sentence, command, commands).endswith(end)


def test_another_vertical_axis_than_the_survey_names_is_refused(survey, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (["attributes"], ["forecast"], ["similar", "--at", "1,1,1"]):
        assert main([*command, str(survey), "--vertical-axis", "7"]) == 2
        assert "the survey names axis 2 as the vertical one, and no axis 7 can be it" in capsys.readouterr().err
    assert main(["attributes", str(survey), "--vertical-axis", "-1"]) == 0
    assert main(["sessions", "--folder", "nosuch"]) == 2
    assert "nosuch: there is no such folder" in capsys.readouterr().err


def test_wells_on_a_map_are_told_so_before_how_deep_they_are(wells, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("map.npy", np.random.default_rng(0).standard_normal((9, 8)).astype(np.float32))
    assert main(["train", "map.npy", "--axes", "y,x", *wells, "--session", "s"]) == 2
    assert "wells label volumes and lines, and 'map' has no time or depth" in capsys.readouterr().err


def test_bricks_are_not_called_as_files_of_other_kinds_are(survey, capsys, tmp_path):
    assert main(["brick", str(survey), str(tmp_path / "bricks.sgy")]) == 2
    assert "bricks are a store in Zarr, and '.sgy' is the suffix of other files" in capsys.readouterr().err
    assert not (tmp_path / "bricks.sgy").exists()
    assert main(["brick", str(survey), str(tmp_path / "bricks.zarr")]) == 0
    assert "kB before compression" in capsys.readouterr().out


@pytest.mark.usefixtures("small")
def test_what_takes_long_says_on_a_terminal_what_is_under_way(session, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["train", "--session", session, "--steps", "1"]) == 0
    begun: list[str] = []

    class Watched:
        def __init__(self, words):
            begun.append(words)

        def __enter__(self):
            return None

        def __exit__(self, *_):
            return None

    for module in ("export_network", "diagnose", "runs", "score", "report", "doctor"):
        monkeypatch.setattr(f"napari_fhn.cli.{module}.busy", Watched)
    for words in (
        ["export-network", session, "net.npz"],
        ["diagnose", "--session", session],
        ["runs", "--session", session, "compare", "1", "2"],
    ):
        before = len(begun)
        assert main(words) == 0
        assert len(begun) == before + 1, words


@pytest.mark.usefixtures("small")
def test_what_is_wrong_with_one_file_of_several_is_json_where_that_is_asked(survey, capsys):
    assert main(["info", "absent.sgy", str(survey), "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(err)["kind"] == "Error"
    assert json.loads(out)["kind"] == "Survey"


def test_the_options_of_what_is_exported_are_those_of_export():
    sentence = "c.npy: a STAC item is written beside a GeoTIFF alone. Name a .tif, or leave --stac out."
    assert of_other_commands(sentence, "export", commands_module._parsers()) == sentence
