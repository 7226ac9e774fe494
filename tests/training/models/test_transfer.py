"""A saved network is found where it is named: in its folder, in its run, in its session; copies of it are whole."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from napari_fhn.training import Job, JobError, fit
from napari_fhn.training.models.model import load
from napari_fhn.training.models.transfer import can_resume, copy_network, model_folder, read_description, saved_job


@pytest.fixture
def job(layered, tmp_path):
    job, _ = layered
    (tmp_path / "runs" / "run-001").mkdir(parents=True)
    job = replace(
        job,
        schedule=replace(job.schedule, steps=2),
        model=str(tmp_path / "runs" / "run-001" / "model"),
        run="run-001",
        recipe="sections",
    )
    list(fit(job))
    return job


def manifest(folder, content):
    (folder / "session.json").write_text(content if isinstance(content, str) else json.dumps(content))


def as_trained(job):
    """The job with what training has settled: what it kept of its way forward."""
    return replace(job, schedule=replace(job.schedule, keep="states"))


def test_a_network_is_found_by_its_folder_its_run_and_its_session(job, tmp_path):
    model = tmp_path / "runs" / "run-001" / "model"
    manifest(tmp_path, {"format": "napari-fhn session", "version": 99, "current_run": "run-001", "new": [1]})
    for place in (model, model.parent, tmp_path):
        assert model_folder(place) == model
        assert saved_job(place) == as_trained(job)


@pytest.mark.parametrize("content", [None, "{", "[" * 10**5, "[]", {"current_run": 3}, {"current_run": "../x"}])
def test_a_session_whose_manifest_says_nothing_has_the_only_network(job, tmp_path, content):
    if content is not None:
        manifest(tmp_path, content)
    assert model_folder(tmp_path) == tmp_path / "runs" / "run-001" / "model"


def test_one_of_several_networks_is_asked_for_or_the_current_one(job, tmp_path):
    shutil.copytree(tmp_path / "runs" / "run-001", tmp_path / "runs" / "run-002")
    with pytest.raises(JobError, match=r"several trained networks \(run-001, run-002\): name the folder of one"):
        model_folder(tmp_path)
    manifest(tmp_path, {"current_run": "run-002"})
    assert model_folder(tmp_path) == tmp_path / "runs" / "run-002" / "model"
    manifest(tmp_path, {"current_run": "run-003"})
    with pytest.raises(JobError, match="several"):
        model_folder(tmp_path)


def test_an_old_session_has_its_network_at_the_top(job, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(job.model, old / "model")
    assert model_folder(old) == old / "model"
    with pytest.raises(JobError, match="holds no trained network"):
        model_folder(tmp_path / "absent")


def test_a_copy_of_a_network_has_its_job_and_nothing_to_resume(job, tmp_path):
    target = tmp_path / "begun-with"
    copy_network(tmp_path, target)
    assert Job.load(target / "job.json", trusted=True) == replace(as_trained(job), model=str(target))
    assert load(target).sha256 == load(job.model).sha256
    assert not can_resume(target)
    assert can_resume(job.model)


def test_a_description_is_read_without_torch(job, tmp_path):
    described = read_description(tmp_path)
    assert (described.classes, described.steps, described.run, described.recipe) == (
        job.classes,
        2,
        "run-001",
        "sections",
    )
    assert described.sha256 == load(job.model).sha256
    code = (
        "import sys; from napari_fhn.training.models.transfer import read_description\n"
        "import napari_fhn.training.models.applying\n"
        "import napari_fhn.training.prediction.provenance\n"
        "read_description(sys.argv[1]); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 0
