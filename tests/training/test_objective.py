"""An objective survives JSON inside a job; what cannot be is refused with words."""

import json
from dataclasses import replace

import pytest

from napari_fhn.box import Box
from napari_fhn.training import Job, JobError, Objective
from napari_fhn.training.objective import Absence, Order, Share, Smoothness
from napari_fhn.training.plan import plan_of
from napari_fhn.training.steps.sizing import training_bytes

KNOWN = (
    Share("top", 0.2, 0.4, weight=5.0),
    Order(("top", "base")),
    Order(),
    Absence("base", (Box((0, 0, 0), (3, 4, 5)),), mask="no-base.npy"),
    Smoothness(horizontal=2.0, vertical=0.5, edge=1.5),
)


def test_objectives_survive_json_in_their_job(layered):
    job, _ = layered
    objective = Objective(
        ("focal", "lovasz"), balance="effective", beta=0.99, gamma=3.0, smoothing=0.1, knowledge=KNOWN
    )
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
        ({"gamma": float("nan")}, "gamma is nan: a number"),
        ({"smoothing": 1.0}, "smoothing"),
        ({"colour": "red"}, "colour is not known"),
        (
            {"knowledge": [{"kind": "hearsay"}]},
            "knowledge.0..kind is 'hearsay': 'share' or 'order' or 'absence' or 'smoothness'",
        ),
        ({"knowledge": [{"kind": "share"}]}, "class_name"),
        ({"knowledge": [{"kind": "share", "class_name": "salt", "at_least": 0.5, "at_most": 0.2}]}, "share of salt"),
        ({"knowledge": [{"kind": "share", "class_name": "salt", "at_most": 1.01}]}, "share of salt"),
        ({"knowledge": [{"kind": "share", "class_name": "salt", "at_least": -0.01}]}, "share of salt"),
        ({"knowledge": [{"kind": "order", "class_names": ["top"]}]}, "two or more"),
        ({"knowledge": [{"kind": "order", "class_names": ["top", "top"]}]}, "each once"),
        ({"knowledge": [{"kind": "absence", "class_name": "salt"}]}, "where salt does not occur"),
        ({"knowledge": [{"kind": "smoothness", "horizontal": -1}]}, "negative"),
        ({"knowledge": [{"kind": "smoothness", "edge": 0}]}, "above 0"),
        ({"knowledge": [{"kind": "smoothness", "weight": -1}]}, "weight of 'smoothness'"),
    ],
)
def test_what_cannot_be_is_explained(wrong, words):
    with pytest.raises(JobError, match=words):
        Objective.from_dict(wrong)


@pytest.mark.parametrize(
    ("known", "change", "words"),
    [
        (Share("salt", 0, 0.1), {}, "speaks of salt; the classes are top, middle, base"),
        (Order(("top", "salt")), {}, "speaks of salt"),
        (Absence("salt", mask="m.npy"), {}, "speaks of salt"),
        (Order(), {"vertical_axis": None}, "which one is vertical"),
        (Smoothness(edge=1.0), {"map_axis": 2}, "no edge"),
    ],
)
def test_what_does_not_go_with_the_survey_is_explained(layered, known, change, words):
    job, _ = layered
    with pytest.raises(JobError, match=words):
        replace(job, **change, schedule=replace(job.schedule, objective=Objective(knowledge=(known,))))


def test_what_is_known_without_labels_is_in_the_forecast(layered):
    job, _ = layered
    knowing = replace(job, schedule=replace(job.schedule, objective=Objective(knowledge=(Order(), Smoothness()))))
    plain, more = (plan_of(each).needs().total for each in (job, knowing))
    voxels = job.schedule.batch * 16 * 32
    assert more - plain == 9 * voxels * 3 * 4  # arrays of three classes in float32
    sizes = (training_bytes(each.network, (16, 32), each.schedule, 2, 3, "cpu") for each in (knowing, job))
    assert next(sizes) - next(sizes) == more - plain


def test_lists_are_as_good_as_tuples():
    listed = Objective(["dice"], knowledge=[Order(["top", "base"])])
    assert listed == Objective(("dice",), knowledge=(Order(("top", "base")),))
    assert hash(listed) == hash(Objective(("dice",), knowledge=(Order(("top", "base")),)))


def test_boxes_of_an_absence_may_be_plain_names_and_values():
    box = Box((0, 0, 0), (3, 4, 5))
    assert Absence("base", ({"start": box.start, "stop": box.stop},)).boxes == (box,)
    assert Absence("base", [box]).boxes == (box,)
