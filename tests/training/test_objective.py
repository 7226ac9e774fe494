"""An objective survives JSON inside a job; what cannot be is refused with words."""

import json
from dataclasses import replace

import pytest

from napari_fhn.training import Job, JobError, Objective


def test_objectives_survive_json_in_their_job(layered):
    job, _ = layered
    objective = Objective(losses=("focal", "lovasz"), balance="effective", beta=0.99, gamma=3.0, smoothing=0.1)
    job = replace(job, schedule=replace(job.schedule, objective=objective))
    assert Job.from_json(job.to_json()) == job


def test_a_job_without_an_objective_has_the_usual_one(layered):
    job, _ = layered
    data = json.loads(job.to_json())
    del data["schedule"]["objective"]
    assert Job.from_dict(data).schedule.objective == Objective()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"losses": ("hinge",)}, "cross-entropy, focal, dice, lovasz"),
        ({"losses": ()}, "at least one"),
        ({"losses": ("dice", "dice")}, "each once"),
        ({"balance": "half"}, "none, sqrt, effective, full"),
        ({"beta": 1.0}, "below 1"),
        ({"gamma": -1.0}, "negative"),
        ({"gamma": float("nan")}, "negative"),
        ({"smoothing": 1.0}, "smoothing"),
        ({"colour": "red"}, "does not know"),
    ],
)
def test_what_cannot_be_is_explained(wrong, words):
    with pytest.raises(JobError, match=words):
        Objective.from_dict(wrong)
