"""Labels carried along the reflectors, on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.project.labelling.test_carrying import SHAPE, _beds, _truth

from napari_fhn.box import Box
from napari_fhn.cli.commands import main
from napari_fhn.project.data.dips import of_session
from napari_fhn.structure import dips


@pytest.fixture
def beds(tmp_path, monkeypatch) -> Path:
    """A volume whose third axis is time, and labels of one well."""
    monkeypatch.chdir(tmp_path)
    np.save("beds.npy", _beds())
    known = np.zeros(SHAPE, np.uint8)
    known[5, 2] = _truth()[5, 2]
    np.save("well.npy", known)
    return tmp_path


GIVEN = ("beds.npy", "--labels", "well.npy", "--vertical-axis", "2", "--session", "s")


def test_from_a_survey_and_labels_and_back(beds, capsys):
    assert main(["carry", *GIVEN]) == 0
    assert "voxels are labelled along the reflectors now" in capsys.readouterr().out
    known, observed = np.load("s/labels.npy"), np.load("well.npy")
    added = (known > 0) & (observed == 0)
    assert (known == _truth())[added].mean() > 0.97
    # Doing it again, from the survey or from the session, changes nothing.
    assert main(["carry", *GIVEN]) == 0
    np.testing.assert_array_equal(np.load("s/labels.npy"), known)
    capsys.readouterr()
    assert main(["carry", "--session", "s", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["kind"], said["voxels"]) == ("Carried", np.count_nonzero(added))
    assert main(["carry", "--session", "s", "--reach", "3"]) == 0
    assert not np.load("s/labels.npy")[5, 8:].any()
    assert main(["carry", "--session", "s", "--erase"]) == 0
    np.testing.assert_array_equal(np.load("s/labels.npy"), observed)
    assert not np.load("s/weights.npy").any()


def test_dips_are_found_beforehand_in_tasks(beds, capsys, monkeypatch):
    assert main(["carry", *GIVEN, "--reach", "1"]) == 0
    shutil.rmtree("s/structure")
    monkeypatch.setitem(dips._MOST, 3, 1)
    monkeypatch.setattr(dips, "_LEAST", 8)
    assert main(["dips", "s", "--task", "2/3", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert 0 < said["done"] < said["of"]
    assert main(["dips", "s"]) == 0
    assert f"{said['of']} of {said['of']} bricks" in capsys.readouterr().out
    whole = of_session("s")
    assert not whole.missing()
    alone = dips.DipField.open(whole._data)
    box = Box((0, 0, 0), whole.shape)
    np.testing.assert_array_equal(whole.read(box).slopes, alone.read(box).slopes)
    assert main(["dips", "absent"]) == 2
    assert main(["dips", "s", "--task", "1/2", "--cluster"]) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name a survey, or a --session"),
        (["--session", "absent"], "there is no such folder"),
        ([*GIVEN, "--least", "2"], "a least confidence of 2 is none"),
        ([*GIVEN, "--erase", "--reach", "3"], "--erase takes everything"),
        (["beds.npy", "--vertical-axis", "2", "--session", "s"], "nothing is labelled"),
        (["beds.npy", "--vertical-axis", "2", "--session", "s", "--radius", "5"], "--radius is about files of what is"),
        (["beds.npy", "--vertical-axis", "2", "--session", "s", "--z", "up"], "--z is about files of what is known"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_leaves_nothing(beds, arguments, sentence, capsys):
    assert main(["carry", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not Path("s").exists()
