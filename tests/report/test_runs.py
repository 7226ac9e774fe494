"""Runs scored and reported: of what network, whether whole, and what has changed since."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from tests.project.predicted import predict, predicted

from napari_fhn import surveys
from napari_fhn.box import Box
from napari_fhn.project import NeedsConsent, Project, ProjectError, SurveySet
from napari_fhn.report.runs import evaluate, evaluate_job, truth_for, write_report
from napari_fhn.surveys import PlaceError
from napari_fhn.training.job import JobError

SHAPE = (8, 10, 32)
WELL = Box((5, 7, 0), (6, 8, 32))


@pytest.fixture
def truth() -> np.ndarray:
    found = np.full(SHAPE, 2, np.uint8)
    found[..., :12] = 1
    return found


@pytest.fixture
def project(tmp_path, truth) -> Project:
    """A volume with coordinates, two wells of which one is held out, and a prediction that is right everywhere."""
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    coords = {
        "inline": ("inline", 100.0 + np.arange(8)),
        "crossline": ("crossline", 200.0 + np.arange(10)),
        "twt": ("twt", 4.0 * np.arange(32), {"units": "ms"}),
    }
    survey = xr.DataArray(values, coords=coords, dims=("inline", "crossline", "twt"), name="volume")
    surveys.save(tmp_path / "volume.nc", survey, survey)
    labels = np.zeros(SHAPE, np.uint8)
    labels[2, 3], labels[5, 7] = truth[2, 3], truth[5, 7]
    opened = SurveySet.of({"volume": surveys.open(tmp_path / "volume.nc")})
    predicted(tmp_path / "s", truth, surveys=opened, labels=labels, held_out=(WELL,), outputs=False)
    return Project.open(tmp_path / "s")


def test_a_run_is_scored_on_what_was_held_out_and_on_a_truth(project, truth, tmp_path):
    run = project.session.runs.trained()
    found = evaluate(project, run, truth)
    assert [one.on for one in found.evaluations] == ["held out", "truth"]
    assert [one.network.accuracy for one in found.evaluations] == [1, 1]
    assert found.notes == ()
    # A truth that lies a little aside is brought where it belongs, and says so.
    survey = project.surveys.first
    aside = survey.assign_coords(inline=survey["inline"] + 2)
    surveys.save(tmp_path / "truth.nc", truth, aside)
    placed = evaluate(project, run, tmp_path / "truth.nc")
    assert any("it covers inlines 102 to 107" in note for note in placed.notes)
    assert placed.evaluations[1].network.voxels == 6 * 10 * 32 - 2 * 32
    surveys.save(tmp_path / "far.nc", truth, survey.assign_coords(inline=survey["inline"] + 900))
    with pytest.raises(PlaceError):
        evaluate(project, run, tmp_path / "far.nc")
    job = run.job()
    assert evaluate_job(job, truth).evaluations[1].network == found.evaluations[1].network
    np.testing.assert_array_equal(truth_for(truth, job).values, truth)


def test_what_is_not_whole_takes_consent_and_is_said(project, truth, tmp_path):
    run = project.session.runs.trained()
    predict(run, run.job(), truth, run.description().sha256, share=0.5)
    for work in (evaluate, write_report):
        with pytest.raises(NeedsConsent, match="50 % of the survey is not predicted"):
            work(project, run)
    with pytest.raises(NeedsConsent, match="not all of the survey is predicted"):
        evaluate_job(run.job())
    assert not (run.folder / "report.html").exists()
    assert evaluate(project, run, partial=True).notes == ("50 % of the survey is not predicted",)
    page = write_report(project, run, partial=True).read_text(encoding="utf-8")
    assert "<strong>50 % of the survey is not predicted.</strong>" in page
    predict(run, run.job(), truth, run.description().sha256, share=0.0)
    with pytest.raises(ProjectError, match="nothing was predicted"):
        evaluate(project, run, partial=True)


def test_a_report_says_which_run_and_what_made_it(project):
    run = project.session.runs.trained()
    path = write_report(project, run)
    assert path == run.folder / "report.html"
    page = path.read_text(encoding="utf-8")
    for words in ("s: Run 1", "run: Run 1 (run-001)", "after 2 steps", "recipe: sections", "begun: 2026-01-02"):
        assert words in page
    assert "have changed" not in page
    known = project.session.label_volume(SHAPE)
    known[0, 0] = 1
    known.flush()
    assert "The labels have changed since it was trained." in write_report(project, run).read_text(encoding="utf-8")


def test_nothing_to_score_on_is_said(project, truth, tmp_path):
    run = predicted(tmp_path / "e", truth)
    with pytest.raises(JobError, match="nothing to score on"):
        evaluate(Project.open(tmp_path / "e"), run)
    (run.model / "model.json").unlink()
    with pytest.raises(ProjectError, match="nothing was trained"):
        write_report(Project.open(tmp_path / "e"), run)
