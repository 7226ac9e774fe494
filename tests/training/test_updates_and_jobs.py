"""Updates and jobs survive JSON; what is not one of them is refused with words."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.training import BoxChanged, Done, Failed, Job, JobError, Note, Progress, Schedule, Score
from napari_fhn.training.recipes import RECIPES, fitting, recipe
from napari_fhn.training.updates import from_json, to_json

number = st.floats(allow_nan=False, allow_infinity=False)
updates = st.one_of(
    st.builds(Progress, st.text(), st.integers(), st.integers(), st.none() | number, st.none() | number),
    st.builds(Score, st.integers(), st.booleans(), st.lists(st.none() | number).map(tuple)),
    st.builds(BoxChanged, st.just(Box((1, 2), (3, 4))), st.integers()),
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
    with pytest.raises(JobError, match="sections, volume, map"):
        recipe("unheard-of")
