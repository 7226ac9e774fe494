"""Updates and jobs survive JSON; what is not one of them is refused with words."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.training import (
    Axis,
    BoxChanged,
    Checkpoint,
    Done,
    Failed,
    Job,
    JobError,
    Note,
    Progress,
    Schedule,
    Score,
)
from napari_fhn.training.recipes import RECIPES, fitting, recipe
from napari_fhn.training.updates import from_json, to_json

number = st.floats(allow_nan=False, allow_infinity=False)
updates = st.one_of(
    st.builds(
        Progress,
        st.text(),
        st.integers(),
        st.integers(),
        st.none() | number,
        st.none() | number,
        st.just(None),
        st.just(2**40),
        terms=st.dictionaries(st.text(), number),
    ),
    st.builds(Score, st.integers(), st.booleans(), st.lists(st.none() | number).map(tuple)),
    st.builds(BoxChanged, st.just(Box((1, 2), (3, 4))), st.integers()),
    st.builds(Checkpoint, st.integers(), st.text(), st.none() | number, st.none() | number),
    st.builds(Note, st.text()),
    st.builds(Done, st.text(), st.booleans(), number, st.text()),
    st.builds(Failed, st.text(), st.text()),
)


@given(updates)
def test_updates_survive_one_line_of_json(update):
    line = to_json(update)
    assert "\n" not in line
    assert from_json(line) == update


def test_unknown_numbers_become_null():
    assert json.loads(to_json(Progress("train", 1, 2, loss=float("nan"))))["loss"] is None


@pytest.mark.parametrize(
    "line", ["", "42", "{}", '{"kind": "Surprise"}', '{"kind": "Note"}', '{"kind": "Note", "x": 1}']
)
def test_other_lines_are_refused(line):
    with pytest.raises(ValueError, match="not an update"):
        from_json(line)


def test_mean_score_is_over_the_classes_that_occur():
    assert Score(1, True, (1.0, None, 0.5)).mean == 0.75
    assert Score(1, True, (None,)).mean is None


def test_jobs_survive_json(layered, tmp_path):
    job, _ = layered
    job = replace(job, held_out=(Box((0, 0, 0), (1, 2, 3)),))
    job.save(tmp_path / "job.json")
    assert Job.load(tmp_path / "job.json") == job


def test_every_part_of_a_job_survives_json(layered):
    job, _ = layered
    axes = (Axis("inline", first=1075), Axis("crossline", first=1000), Axis("twt", "ms", 40.0, 3.909))
    schedule = replace(
        job.schedule,
        optimiser="sgd",
        momentum=0.5,
        decay="step",
        decay_every=7,
        decay_factor=0.25,
        warmup=3,
        gradient_norm=0.0,
        average=0.99,
        patience=4,
        flips=(0,),
        permute=(1, 0),
        labels_share=0.1,
        focus_share=0.5,
        precision="auto",
    )
    job = replace(
        job,
        schedule=schedule,
        map_axis=1,
        position="all",
        start_from="elsewhere/model",
        memory=2**31,
        colors=("#ff0000", "#00FF00", "#0000ff"),
        axes=axes,
    )
    assert Job.from_json(job.to_json()) == job
    assert Job.from_dict(json.loads(json.dumps(asdict(job)))) == job


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"optimiser": "lbfgs"}, "optimiser can be adamw, adam or sgd"),
        ({"decay": "linear"}, "decay can be cosine, step or constant"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0"),
        ({"average": 1.0}, "average must be at least 0 and below 1"),
        ({"labels_share": 1.5}, "labels_share must be at most 1"),
        ({"focus_share": -0.1}, "focus_share must be between 0 and 1"),
        ({"patience": -1}, "patience must not be below 0"),
        ({"decay_every": 0}, "decay_every=0"),
        ({"flips": (2,)}, "flips names axes of a 2D network from 0 to 1"),
        ({"permute": (0, 0)}, "permute names axes"),
    ],
)
def test_impossible_schedules_name_the_number(layered, change, words):
    job, _ = layered
    with pytest.raises(JobError, match=words):
        replace(job.schedule, **change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"position": "sideways"}, "position can be none, vertical, all"),
        ({"memory": 0}, "0 bytes"),
        ({"outputs": ("entropy", "doubt")}, "probabilities, entropy, margin, not doubt"),
        ({"colors": ("#ff0000",)}, "3 classes and 1 colours"),
        ({"colors": ("red", "#00ff00", "#0000ff")}, "#rrggbb, and not red"),
    ],
)
def test_impossible_parts_of_a_job_are_named(layered, change, words):
    job, _ = layered
    with pytest.raises(JobError, match=words):
        replace(job, **change)


def test_broken_jobs_are_named(layered, tmp_path):
    job, _ = layered
    path = tmp_path / "job.json"
    with pytest.raises(JobError, match=r"job\.json"):
        Job.load(path)
    path.write_text("{")
    with pytest.raises(JobError, match=r"job\.json: not JSON"):
        Job.load(path)
    data = json.loads(job.to_json())
    path.write_text(json.dumps({**data, "colour": "red"}))
    with pytest.raises(JobError, match="does not know"):
        Job.load(path)
    del data["labels"]
    path.write_text(json.dumps(data))
    with pytest.raises(JobError, match="labels"):
        Job.load(path)


def test_jobs_that_cannot_work_are_refused(layered):
    job, _ = layered
    with pytest.raises(JobError, match="at least two classes"):
        replace(job, classes=("alone",))
    with pytest.raises(JobError, match="at least one input"):
        replace(job, inputs=())
    with pytest.raises(JobError, match="one size for each"):
        replace(job, schedule=Schedule(block=(8, 8, 8)))
    with pytest.raises(JobError, match="at least 1"):
        Schedule(steps=0)


def test_recipes_go_with_their_networks():
    for dimensions in (2, 3):
        for name in fitting(dimensions):
            assert recipe(name).network.dimensions <= dimensions
    assert all(len(r.schedule.block) == r.network.dimensions for r in RECIPES.values())
    with pytest.raises(JobError, match="sections, layers, volume, map, spectra"):
        recipe("unheard-of")
