"""``napari-fhn attributes``, and what is said of attributes that cannot be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_fhn.cli import main
from napari_fhn.structure.attributes import ATTRIBUTES


@pytest.fixture
def chart(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    np.save("magnetics.npy", np.random.default_rng(0).standard_normal((24, 20)).astype(np.float32))
    return "magnetics.npy"


def test_all_are_listed_with_what_they_are(capsys):
    assert main(["attributes"]) == 0
    out = capsys.readouterr().out
    assert all(f"{name}: " in out for name in ATTRIBUTES)
    assert "After a colon" in out


def test_a_survey_is_told_what_it_has_and_what_it_lacks(chart, capsys):
    assert main(["attributes", chart, "--axes", "y,x", "--json"]) == 0
    rows = {row["name"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["tilt"]["channels"] == ["tilt angle (rad)"]
    assert rows["envelope"]["channels"] == []
    assert "time or depth" in rows["envelope"]["why_not"]
    assert main(["attributes", chart, "--axes", "y,x"]) == 0
    assert "Not here: it is of seismic data" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--attribute", "envelope"], "no axis of these is time or depth"),
        (["--attribute", "tilted"], "there is no attribute 'tilted'"),
        (["--attribute", "residual:far"], "no positive number"),
    ],
)
def test_what_cannot_be_is_one_sentence(chart, capsys, options, words):
    known = np.zeros((24, 20), np.uint8)
    known[2:4, 2:4], known[15:17, 10:12] = 1, 2
    np.save("known.npy", known)
    assert main(["train", chart, "--axes", "y,x", "--labels", "known.npy", "--recipe", "map", *options]) == 2
    assert words in capsys.readouterr().err


def test_a_saved_job_has_its_own(chart, capsys):
    assert main(["train", "--job", "job.json", "--attribute", "tilt"]) == 2
    assert "leave --attribute and --backbone out" in capsys.readouterr().err
