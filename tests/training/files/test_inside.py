"""A job that was read from a file writes beside that file, and nowhere else unless it is trusted."""

import os
import sys
from dataclasses import replace

import pytest

from napari_fhn.training import Job
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.job import JobError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")


@pytest.fixture
def place(tmp_path, layered):
    """A job in a folder of work, and what lies outside."""
    work, outside = tmp_path / "work", tmp_path / "outside"
    for folder in (work / "model", outside):
        folder.mkdir(parents=True)
    job = replace(layered[0], prediction=str(work / "prediction.npy"), model=str(work / "model"))
    job.save(work / "job.json")
    return job, work, outside


def test_a_job_that_writes_in_its_own_folder_is_taken(place):
    job, work, _ = place
    assert Job.load(work / "job.json") == job
    job.save(work / "model" / "job.json")  # where a training keeps it too
    assert Job.load(work / "model" / "job.json") == job


@pytest.mark.parametrize("field", ["model", "prediction"])
@pytest.mark.parametrize("name", ["{outside}/thesis", "../outside/thesis", "model/../../outside/thesis", "../work.npy"])
def test_what_it_writes_is_in_its_folder(place, field, name):
    job, work, outside = place
    path = work / "job.json"
    path.write_text(path.read_text().replace(f'"{field}": "', f'"{field}": "{name.format(outside=outside)}').replace(
        f'thesis{field}', "thesis"))  # fmt: skip
    with pytest.raises(JobError, match=r"job\.json: .* is to be written, and it lies outside of .*--trust-job"):
        Job.load(path)
    assert getattr(Job.load(path, trusted=True), field) != getattr(job, field)


def test_what_it_reads_may_lie_anywhere(place):
    job, work, outside = place
    job = replace(job, labels=str(outside / "labels.npy"), start_from=str(outside))
    job.save(work / "job.json")
    assert Job.load(work / "job.json") == job


@pytest.mark.parametrize(
    "name",
    ["model", "prediction.npy", "prediction.json", "prediction-entropy.npy", "prediction-unfinished.jsonl",
     "leave-one-out", "model/log.jsonl", "model/model.json", "model/checkpoints", "model/checkpoints/step-00001"],
)  # fmt: skip
@pytest.mark.parametrize("target", ["outside", "outside/nothing", "work/labels.npy"])
def test_no_link_is_written_through(place, tmp_path, name, target):
    _, work, _ = place
    path = work / name
    path.parent.mkdir(exist_ok=True)
    if path.is_dir():
        path.rmdir()
    path.symlink_to(tmp_path / target)
    with pytest.raises(JobError, match="is a link"):
        Job.load(work / "job.json")
    Job.load(work / "job.json", trusted=True)


def test_a_file_with_another_name_on_the_disk_is_not_written(place):
    _, work, outside = place
    (outside / "mine.npy").touch()
    os.link(outside / "mine.npy", work / "prediction.npy")
    with pytest.raises(JobError, match="hard link"):
        Job.load(work / "job.json")


def test_a_folder_of_work_may_be_a_link_itself(place, tmp_path):
    _, work, _ = place
    (tmp_path / "short").symlink_to(work)
    assert Job.load(tmp_path / "short" / "job.json").model == str(tmp_path / "short" / "model")


def test_the_job_of_a_network_alone_takes_no_file_of_its_neighbours(place):
    job, work, _ = place
    (work / "job.json").unlink()
    (work / "model" / "model.json").write_text("{}")
    job.save(work / "model" / "job.json")
    assert Job.load(work / "model" / "job.json") == job
    (work / "prediction-entropy.npy").write_bytes(b"years of work")
    with pytest.raises(JobError, match="lies outside of"):
        Job.load(work / "model" / "job.json")


def test_structure_that_would_be_kept_elsewhere_is_not_kept(place):
    job, work, outside = place
    for folder, found in ((outside, ""), (work / "structure", str(work / "structure"))):
        replace(job, combination=Combination(folder=str(folder))).save(work / "job.json")
        assert Job.load(work / "job.json").combination.folder == found


@pytest.mark.parametrize("name", ["job.npy", "labels.npy", "input.npy", "leave-one-out"])
def test_nothing_that_it_reads_nor_its_own_file_is_written_over(place, name):
    """A prediction brings a record that is called after it: `job.npy` brings `job.json`."""
    job, work, _ = place
    job = replace(job, inputs=(replace(job.inputs[0], path=str(work / "input.npy")),), labels=str(work / "labels.npy"))
    job.save(work / "job.json")
    path, before = work / "job.json", (work / "job.json").read_text(encoding="utf-8")
    path.write_text(before.replace("prediction.npy", name) if name != "leave-one-out" else
                    before.replace("labels.npy", name), encoding="utf-8")  # fmt: skip
    with pytest.raises(JobError, match="would be written over"):
        Job.load(path)
    with pytest.raises(JobError, match="would be written over"):
        Job.load(path, trusted=True)


def test_what_it_reads_is_not_written_over_by_another_name(place):
    job, work, _ = place
    (work / "labels.npy").touch()
    (work / "link.npy").symlink_to(work / "labels.npy")
    for prediction in (work / "link.npy", f"{work}/model/../labels.npy"):
        with pytest.raises(JobError, match="would be written over"):
            replace(job, labels=str(work / "labels.npy"), prediction=str(prediction))
