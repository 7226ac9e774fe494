"""What keeps work from being lost or taken for other work says so in a sentence with the way out."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

from napari_fhn.project import Project, ProjectError, Session
from napari_fhn.project.data.dips import of_session
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.exporting.exporter import Exporter
from napari_fhn.project.labelling.carrying import carry_labels
from napari_fhn.project.labelling.tracking import check
from napari_fhn.project.runs.run import RunRecord
from napari_fhn.project.runs.settings import Settings
from napari_fhn.project.undo.history import take_back
from napari_fhn.training.job import JobError


def test_settings_of_a_later_version_are_named():
    kept = {**Settings.of("map").to_dict(), "later": 1, "other": 2}
    with pytest.raises(JobError, match=r"settings that this version does not know: later, other"):
        Settings.from_dict(kept)


@pytest.mark.parametrize("name", [" ", "x" * 400])
def test_a_run_is_not_called_anything(name, tmp_path):
    with pytest.raises(ProjectError, match="a run needs a name of 1 to 80 letters"):
        Session(tmp_path / "s.fhn").runs.checked_name(name)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (0, "0 steps cannot be taken back. Say 1 or more"),
        (3, "no steps stand in its history, and 3 are asked for. 'napari-fhn history' lists them"),
    ],
)
def test_no_more_is_taken_back_than_was_done(steps, words, tmp_path):
    with pytest.raises(ProjectError, match=re.escape(words)):
        take_back(Session(tmp_path / "s.fhn"), steps)


def test_a_reach_that_leads_nowhere_and_a_quality_that_is_none_are_refused():
    with pytest.raises(ProjectError, match=r"a reach of 0 traces leads nowhere\. Give one above 0"):
        check(0.5, 0.0, None)
    with pytest.raises(ProjectError, match=r"a least quality of 2 is none\. Give one from 0 to 1"):
        check(2.0, None, None)


def test_labels_of_a_map_are_not_carried_and_nobody_is_sent_to_a_vertical_axis(tmp_path):
    chart = xr.DataArray(np.zeros((4, 5), np.float32), dims=("y", "x"), name="chart")
    project = Project(Session(tmp_path / "s.fhn"), SurveySet.of({"chart": chart}))
    with pytest.raises(ProjectError, match="no reflectors to carry labels along") as said:
        carry_labels(project)
    assert "vertical" not in str(said.value)
    assert "Label more of the map" in str(said.value)


def test_a_file_of_classes_has_neither_labels_nor_entropy(tmp_path):
    np.save(tmp_path / "classes.npy", np.ones((4, 5), np.uint8))
    exporter = Exporter.of_file(tmp_path / "classes.npy", axes=("y", "x"))
    for ask, what in ((exporter._origin.labels, "labels"), (lambda: exporter._origin.output("entropy"), "entropy")):
        with pytest.raises(ProjectError, match=rf"classes\.npy: a prediction file has no {what}\. Name the session"):
            ask()


def test_a_run_that_cannot_be_written_says_where(tmp_path):
    (tmp_path / "s.fhn").mkdir()
    (tmp_path / "s.fhn" / "runs").write_text("a file in the place of a folder")
    session = Session(tmp_path / "s.fhn")
    made = RunRecord("run-001", "Run 1", "2026-01-01", "map", 1, 0, "", ("a", "b"), "", "")
    words = r"a run cannot be begun: .*\. Make room there, or let it be written"
    with session.writing("test"), pytest.raises(ProjectError, match=words):
        session.runs.begin(None, made, (4, 5))


def test_a_map_has_no_dips(tmp_path):
    chart = xr.DataArray(np.zeros((4, 5), np.float32), dims=("y", "x"), name="chart")
    project = Project(Session(tmp_path / "s.fhn"), SurveySet.of({"chart": chart}))
    with project.session.writing("test"):
        project.use(project.surveys)
    with pytest.raises(ProjectError, match=r"time or depth\. It is a map: only seismic surveys have dips"):
        of_session(tmp_path / "s.fhn")
