"""What is said while a model is made is kept beside it, whatever happens meanwhile."""

import subprocess
import sys
import textwrap

import pytest

from napari_fhn.box import Box
from napari_fhn.training import BoxChanged, Checkpoint, Done, JobError, Note, Progress, Score
from napari_fhn.training.files.log import FILE, kept, read, training

NEWS = (
    Progress("train", 1, 2, loss=0.5),
    BoxChanged(Box((0, 0), (1, 1)), 1),
    Score(1, True, (0.5, None)),
    Done("train", False, 1.0, "Done."),
)


def test_a_run_is_kept_and_passed_on(layered):
    job, _ = layered
    assert list(kept(NEWS, job, "train", command="napari-fhn train x.sgy")) == list(NEWS)
    (run,) = read(job.model)
    assert run.task == "train"
    assert run.command == "napari-fhn train x.sgy"
    assert run.updates == (NEWS[0], NEWS[2], NEWS[3])
    assert {"napari-fhn", "numpy", "python"} <= set(run.versions)
    assert run.began.startswith("20")


def test_training_begins_the_log_and_what_follows_is_added(layered):
    job, _ = layered
    list(kept(NEWS, job, "train"))
    list(kept(NEWS[:1], job, "train"))
    more = Progress("train", 2, 2, loss=0.4)
    list(kept([more, NEWS[3]], job, "train", continued=True))
    list(kept([Progress("predict", 1, 100), Note("n")], job, "predict"))
    runs = read(job.model)
    assert [run.task for run in runs] == ["train", "train", "predict"]
    assert runs[2].updates == (Note("n"),)
    assert training(runs) == (NEWS[0], more, NEWS[3])


def test_what_was_said_after_the_last_save_of_a_killed_run_is_left_out(layered):
    job, _ = layered

    def progress(*steps):
        return [Progress("train", step, 9, loss=1 / step) for step in steps]

    list(kept([*progress(1, 2, 3, 4), Score(4, True, (0.1,)), Checkpoint(4, "c")], job, "train"))
    list(kept([Note("n"), *progress(3, 4), Score(4, True, (0.5,))], job, "train", continued=True))
    list(kept(progress(5), job, "train", continued=True))
    told = training(read(job.model))
    assert told == (*progress(1, 2), Note("n"), *progress(3, 4), Score(4, True, (0.5,)), *progress(5))


def test_a_job_that_cannot_be_done_costs_no_log(layered):
    job, _ = layered
    list(kept(NEWS, job, "train"))

    def fails():
        raise JobError("no")
        yield

    with pytest.raises(JobError):
        list(kept(fails(), job, "train"))
    assert len(read(job.model)[0].updates) == 3


@pytest.mark.parametrize("continued", [True, False])
def test_a_training_that_makes_no_step_costs_no_log(layered, continued):
    job, _ = layered
    quiet = [Note("to know"), Done("train", True, 0.1, "Stopped before the first step.")]
    assert list(kept(quiet, job, "train", continued=continued)) == quiet
    assert read(job.model) == ()
    list(kept(NEWS, job, "train"))
    list(kept(quiet, job, "train", continued=continued))
    assert len(read(job.model)) == 1
    list(kept([Note("to know"), *NEWS], job, "train"))
    assert read(job.model)[0].updates[0] == Note("to know")


def test_what_a_crash_or_another_version_left_is_passed_over(layered):
    job, _ = layered
    assert read(job.model) == ()
    for update in kept(NEWS, job, "train"):
        if isinstance(update, Score):
            break
    path = f"{job.model}/{FILE}"
    with open(path, "a") as log:
        log.write('[1]\n{"kind": "Surprise"}\n{"kind": "Run", "colour": 1}\n{"kind": "Progress", "task"')
    (run,) = read(job.model)
    assert run.updates == (NEWS[0], NEWS[2])
    assert run.memory is None


def test_the_memory_of_a_real_run_is_measured(layered, tmp_path):
    job, _ = layered
    job.save(tmp_path / "job.json")
    # In a process of its own: the heap of this one has room from earlier tests.
    code = """
        import sys
        from napari_fhn.training import Job, fit
        from napari_fhn.training.files.log import kept
        job = Job.load(sys.argv[1])
        list(kept(fit(job), job, "train"))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "job.json")], check=True)
    (run,) = read(job.model)
    assert [u.step for u in run.updates if isinstance(u, Progress)] == list(range(1, 61))
    if run.memory is None:
        pytest.skip("the system does not say how much memory a process has held")
    # Two states of a block alone are this large; more than a gigabyte would be something else.
    assert 2 * 4 * 8 * 2 * 16 * 32 < run.memory < 1 << 30
