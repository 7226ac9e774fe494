"""What was done to labels is listed, taken back and made again: on the command line, in Python, in another process."""

from __future__ import annotations

import json

import numpy as np
import pytest

import napari_fhn as fhn
from napari_fhn.cli import main
from napari_fhn.project import Session

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def labelled(survey, tmp_path):
    """A session in which labels were given twice."""
    known = np.zeros((8, 10, 32), np.uint8)
    known[1:3, 2], known[5, 4] = 1, 2
    more = known.copy()
    more[7, 7] = 2
    with fhn.open(survey, session=tmp_path / "s") as work:
        work.label(known, classes=["sand", "shale"])
        work.label(more, classes=["sand", "shale"], replace_labels=True)
    return tmp_path / "s", known, more


def test_it_is_taken_back_and_made_again_at_both_doors(labelled, survey, capsys):
    folder, known, more = labelled
    assert main(["history", "--session", str(folder), "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["undone"] for one in listed] == [False, False]
    assert main(["history", "undo", "--session", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("Taken back: ")
    np.testing.assert_array_equal(Session(folder).known(), known)
    with fhn.open(survey, session=folder) as work:
        assert len(work.history) == 1
        assert len(work.redo()) == 1
        np.testing.assert_array_equal(work.project.session.known(), more)
        assert len(work.undo(2)) == 2
        assert work.history == ()
        assert not work.project.session.known().any()
    assert main(["history", "redo", "--session", str(folder), "--steps", "2"]) == 0
    np.testing.assert_array_equal(Session(folder).known(), more)


@pytest.mark.parametrize(("action", "steps", "said"), [
    ("undo", "3", "2 steps stand in its history, and 3 are asked for"),
    ("redo", "1", "no steps were taken back last, and 1 is asked for"),
    ("undo", "0", "0 steps cannot be taken back"),
])  # fmt: skip
def test_more_than_there_is_changes_nothing(labelled, capsys, action, steps, said):
    folder, _, more = labelled
    assert main(["history", action, "--session", str(folder), "--steps", steps]) == 2
    assert said in capsys.readouterr().err
    np.testing.assert_array_equal(Session(folder).known(), more)
