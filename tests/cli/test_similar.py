"""`napari-fhn similar`: places like one that is shown."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.structure.similar.arrays import cube

from napari_fhn.cli import main
from napari_fhn.project import Session


@pytest.fixture
def field(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values, inside = cube()
    np.save("cube.npy", values)
    return inside


READ = ["cube.npy", "--axes", "band,y,x"]


def test_places_are_told_as_a_table_and_as_json(field, capsys):
    assert main(["similar", *READ, "--at", "row 14 column 16", "--count", "3"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["place", "likeness", "pixels"]
    assert 2 <= len(table) <= 4
    assert main(["similar", *READ, "--at", "14 16", "--unlike", "row 30 column 5", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(one["kind"] == "Place" for one in told)
    assert field[tuple(told[0]["voxel"])]
    assert told[0]["where"] == f"row {told[0]['voxel'][0]}, column {told[0]['voxel'][1]}"


def test_how_alike_every_pixel_is_becomes_a_file(field, capsys):
    assert main(["similar", *READ, "--at", "14 16", "--output", "like.tif"]) == 0
    assert "like.tif: how alike every pixel is" in capsys.readouterr().err
    from napari_fhn import surveys

    written = np.asarray(surveys.open("like.tif")).squeeze()
    assert written.shape == field.shape
    assert written[field].mean() > 3 * written[~field].mean()


def test_a_class_of_a_session_is_an_example(field, tmp_path, capsys):
    labels = np.zeros(field.shape, np.uint8)
    labels[10:16, 12:20], labels[30:34, 4:12] = 1, 2
    np.save("labels.npy", labels)
    (tmp_path / "classes.csv").write_text("value,name,color\n1,wheat,#aa0000\n2,other,#00aa00\n")
    import napari_fhn as fhn

    with fhn.open("cube.npy", axes=("band", "y", "x"), session="s.fhn") as work:
        work.label(labels, classes=["wheat", "other"])
    before = Session("s.fhn").manifest
    assert main(["similar", "--session", "s.fhn", "--like", "wheat", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert field[tuple(told[0]["voxel"])]
    assert labels[tuple(told[0]["voxel"])] == 0
    assert Session("s.fhn").manifest == before
    assert main(["similar", "--session", "s.fhn", "--like", "barley"]) == 2
    assert "there is no class 'barley'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*READ], "show a place with --at"),
        (["--at", "1 2"], "name the surveys to look through"),
        ([*READ, "--session", "s.fhn", "--at", "1 2"], "name the surveys to look through"),
        ([*READ, "--like", "wheat"], "go with a --session"),
        ([*READ, "--at", "1 2", "--count", "0"], "--count is 1 or more"),
        ([*READ, "--at", "1 2", "--level", "1.5"], "--level above 0"),
        ([*READ, "--at", "row 500 column 2"], "outside the survey"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(field, arguments, words, capsys):
    assert main(["similar", *arguments]) == 2
    assert words in capsys.readouterr().err
