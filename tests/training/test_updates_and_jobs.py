"""Updates and jobs survive JSON; what is not one of them is refused with words."""

import json
import shutil
from dataclasses import asdict, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.training import (
    Axis,
    BoxChanged,
    Checkpoint,
    Done,
    Failed,
    Input,
    Job,
    JobError,
    Note,
    Objective,
    Progress,
    Schedule,
    Score,
)
from napari_fhn.training.objective import Absence, Order
from napari_fhn.training.recipes import RECIPES, fitting, recipe
from napari_fhn.training.updates import from_json, to_json
from proofs import examples

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
        enough=0.01,
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
        ({"learning_rate": "nan"}, "learning_rate is 'nan': a number is expected"),
        ({"momentum": True}, "momentum is True: a number is expected"),
        ({"average": 1.0}, "average must be at least 0 and below 1"),
        ({"labels_share": 1.5}, "labels_share must be at most 1"),
        ({"focus_share": -0.1}, "focus_share must be between 0 and 1"),
        ({"patience": -1}, "patience must not be below 0"),
        ({"enough": -0.1}, "enough must not be below 0"),
        ({"decay_every": 0}, "decay_every=0"),
        ({"flips": (2,)}, "flips names axes of a 2D network from 0 to 1"),
        ({"permute": (0, 0)}, "permute names axes"),
        ({"permute": (0, 0.5)}, "permute is 0.5: a whole number"),
        ({"steps": 10.5}, "steps is 10.5: a whole number"),
        ({"batch": True}, "batch is True: a whole number"),
        ({"block": (16, 32.5)}, "block is 32.5: a whole number"),
        ({"seed": "1"}, "seed is '1': a whole number"),
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
    with pytest.raises(JobError, match=r"job\.json: it is not JSON"):
        Job.load(path)
    data = json.loads(job.to_json())
    path.write_text(json.dumps({**data, "colour": "red"}))
    with pytest.raises(JobError, match=r"job\.json: colour is not known to this version \(is colors meant"):
        Job.load(path)
    del data["labels"]
    path.write_text(json.dumps(data))
    with pytest.raises(JobError, match=r"job\.json: labels is missing"):
        Job.load(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["schedule"].update(steps=10.5), "schedule.steps is 10.5: a whole number"),
        (lambda d: d["schedule"].update(block=[16, "32"]), r"schedule.block\[1\] is '32': a whole number"),
        (lambda d: d["schedule"].update(learning_rate="fast"), "schedule.learning_rate is 'fast': a number"),
        (lambda d: d["schedule"].update(optimiser="lbfgs"), "schedule.optimiser is 'lbfgs': 'adamw' or"),
        (lambda d: d["schedule"].update(labels_share=0), "schedule: labels_share must be above 0"),
        (lambda d: d["schedule"].update(objective=[]), "schedule.objective is a list of 0: names and values"),
        (lambda d: d["schedule"]["objective"].update(losses="dice"), "schedule.objective.losses is 'dice': a list"),
        (
            lambda d: d["schedule"]["objective"].update(
                knowledge=[{"kind": "absence", "class_name": "a", "boxes": [1]}]
            ),
            r"schedule.objective.knowledge\[0\].boxes\[0\] is 1: names and values",
        ),
        (
            lambda d: d["schedule"]["objective"].update(
                knowledge=[{"kind": "share", "class_name": "a", "weight": None}]
            ),
            r"schedule.objective.knowledge\[0\].weight is null: a number",
        ),
        (lambda d: d.update(schedule=None), "schedule is null: names and values"),
        (lambda d: d.update(labels=None), "labels is null: text"),
        (lambda d: d.update(held_out=["all"]), r"held_out\[0\] is 'all': names and values"),
        (lambda d: d.update(held_out="all"), "held_out is 'all': a list"),
        (lambda d: d.update(held_out=[{"start": [0], "stop": [1.5]}]), r"held_out\[0\].stop\[0\] is 1.5"),
        (lambda d: d.update(ignored=[{"start": [3], "stop": [1]}]), r"ignored\[0\]: a box must not end before"),
        (lambda d: d.update(classes=["a", 2]), r"classes\[1\] is 2: text"),
        (lambda d: d.update(classes="ab"), "classes is 'ab': a list"),
        (lambda d: d.update(inputs=[]), "a job needs at least one input"),
        (lambda d: d.update(inputs={}), "inputs is names and values: a list"),
        (lambda d: d["inputs"][0].update(path=3), r"inputs\[0\].path is 3: text"),
        (lambda d: d["inputs"][0].update(channel_axis="0"), r"inputs\[0\].channel_axis is '0': a whole number"),
        (lambda d: d["network"].update(channels=True), "network.channels is true: a whole number"),
        (lambda d: d["network"].update(dimensions=5), "network: a network has 2 or 3 spatial dimensions, not 5"),
        (lambda d: d["network"]["layers"][0].update(rank=2.5), r"network.layers\[0\].rank is 2.5: a whole number"),
        (lambda d: d["network"].update(layers=[[[]]]), r"network.layers\[0\] is a list of 1: names and values"),
        (lambda d: d["network"]["reading"].update(head="round"), "network.reading.head is 'round'"),
        (lambda d: d.update(network=[]), "network is a list of 0"),
        (lambda d: d.update(vertical_axis="twt"), "vertical_axis is 'twt': a whole number"),
        (lambda d: d.update(memory=1e9 + 0.5), "memory is 1000000000.5: a whole number"),
        (lambda d: d.update(flips="no"), "flips is 'no': true or false"),
        (lambda d: d.update(axes=[{"name": "twt", "step": "4"}]), r"axes\[0\].step is '4': a number"),
        (lambda d: d.update(outputs=["doubt"]), r"outputs\[0\] is 'doubt': 'probabilities' or"),
        (lambda d: d.update(colors=[1, 2, 3]), r"colors\[0\] is 1: text"),
        (lambda d: d.update(position=None), "position is null: 'none' or"),
        (lambda d: d.update(weights=1), "weights is 1: text"),
    ],
)
@pytest.mark.parametrize("versions", [True, False])
def test_an_edited_job_names_file_and_field(layered, tmp_path, change, words, versions):
    job, _ = layered
    path = tmp_path / "job.json"
    job.save(path)
    data = json.loads(path.read_text()) if versions else asdict(job)
    data = json.loads(json.dumps(data))
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(JobError, match=r"job\.json: " + words):
        Job.load(path)


def test_whatever_stands_in_a_file_of_a_job_it_is_a_sentence(tmp_path):
    path = tmp_path / "job.json"
    for text in ("", "null", "[]", "3", "[" * 10**5, '{"inputs": ' + "[" * 10**5, '{"format": "napari-fhn model 2"}'):
        path.write_text(text)
        with pytest.raises(JobError, match=r"job\.json: "):
            Job.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(JobError, match=r"job\.json: it is not JSON"):
        Job.load(path)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_change_to_a_saved_job_crashes(layered, tmp_path, data):
    """Of any part: what loads is a job, and all else is a sentence with the name of the file."""
    objective = Objective(knowledge=(Absence("top", (Box((0, 0, 0), (1, 1, 1)),)), Order()))
    job = replace(layered[0], held_out=(Box((0, 0, 0), (1, 2, 3)),), axes=(Axis("twt", "ms"),))
    job = replace(job, schedule=replace(job.schedule, objective=objective))
    path = tmp_path / "job.json"
    job.save(path)
    content = json.loads(path.read_text())
    where, place = content, data.draw(st.sampled_from(sorted(content)))
    while isinstance(where[place], (dict, list)) and where[place] and data.draw(st.booleans()):
        where = where[place]
        place = data.draw(st.sampled_from(sorted(where) if isinstance(where, dict) else range(len(where))))
    where[place] = data.draw(plain)
    path.write_text(json.dumps(content))
    try:
        assert isinstance(Job.load(path), Job)
    except JobError as error:
        assert str(path) in str(error)  # noqa: PT017 (either of two ends is right)


def in_session(folder):
    """A job whose files lie as in a session, and one input elsewhere."""
    (folder / "runs" / "run-001" / "model").mkdir(parents=True)
    (folder / "inputs").mkdir()
    for name in ("labels.npy", "weights.npy", "salt.npy", "inputs/a.npy", "runs/run-001/prediction.npy"):
        (folder / name).write_bytes(b"")
    objective = Objective(knowledge=(Absence("salt", mask=str(folder / "salt.npy")), Order()))
    return Job(
        inputs=(Input(str(folder / "inputs" / "a.npy"), stamp="abc"), Input(str(folder.parent / "far" / "b.npy"))),
        labels=str(folder / "labels.npy"),
        weights=str(folder / "weights.npy"),
        classes=("salt", "rock"),
        network=levels(2, 8, (4, 8), 2),
        schedule=Schedule(block=(16, 32), objective=objective),
        prediction=str(folder / "runs" / "run-001" / "prediction.npy"),
        model=str(folder / "runs" / "run-001" / "model"),
        start_from=str(folder / "begun-with"),
        vertical_axis=2,
        run="run-001",
        recipe="sections",
    )


def elsewhere(job, old, new):
    return job.with_paths(lambda path: path.replace(str(old), str(new)))


@pytest.mark.parametrize("place", ["", "runs/run-001", "runs/run-001/model"])
@pytest.mark.parametrize("way", ["moved", "copied"])
def test_a_job_goes_where_its_session_goes(tmp_path, place, way, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "deeper" / "there"
    job = in_session(here)
    job.save(here / place / "job.json")
    text = (here / place / "job.json").read_text()
    assert str(here) not in text
    assert str(tmp_path / "far") in text
    there.parent.mkdir()
    (shutil.move if way == "moved" else shutil.copytree)(here, there)
    monkeypatch.chdir(there / place)
    assert Job.load("job.json", trusted=True) == elsewhere(job, here, there)
    assert Job.load(there / place / "job.json", trusted=True) == elsewhere(job, here, there)
    if way == "copied":
        assert Job.load(here / place / "job.json", trusted=True) == job


def test_what_does_not_lie_together_is_named_from_the_root(tmp_path):
    job = in_session(tmp_path / "a" / "b" / "c" / "d" / "e")
    far = tmp_path / "kept"
    far.mkdir()
    job.save(far / "job.json")
    assert Job.load(far / "job.json", trusted=True) == job
    assert json.loads((far / "job.json").read_text())["labels"] == job.labels


def of_before(folder):
    """A session as sessions were before jobs had versions, with absolute paths."""
    (folder / "model").mkdir(parents=True)
    for name in ("labels.npy", "input-a-1.npy", "prediction.npy"):
        (folder / name).write_bytes(b"")
    job = replace(
        in_session(folder.parent / "other"),
        inputs=(Input(str(folder / "input-a-1.npy")), Input(str(folder.parent / "far.npy"))),
        labels=str(folder / "labels.npy"),
        weights=None,
        prediction=str(folder / "prediction.npy"),
        model=str(folder / "model"),
        start_from=str(folder / "begun-with"),
        schedule=Schedule(block=(16, 32)),
        run="",
        recipe="",
    )
    data = asdict(job)
    for name in ("run", "recipe"):
        del data[name]
    for item in data["inputs"]:
        del item["stamp"]
    for place in ("", "model"):
        (folder / place / "job.json").write_text(json.dumps(data))
    return job


@pytest.mark.parametrize("place", ["", "model"])
@pytest.mark.parametrize("way", ["stayed", "moved", "copied"])
def test_a_job_from_before_versions_is_found_where_its_session_is(tmp_path, place, way):
    here, there = tmp_path / "here", tmp_path / "deeper" / "there"
    job = of_before(here)
    there.parent.mkdir()
    if way == "stayed":
        there = here
    else:
        (shutil.move if way == "moved" else shutil.copytree)(here, there)
    (there / "prediction.npy").unlink()  # it is not that of the original for that
    found = Job.load(there / place / "job.json")
    assert found == replace(
        elsewhere(job, here, there), inputs=(Input(str(there / "input-a-1.npy")), Input(str(tmp_path / "far.npy")))
    )


def test_a_job_from_before_versions_is_found_by_the_names_of_its_files(tmp_path):
    job = of_before(tmp_path / "here")
    new = tmp_path / "there"
    (new / "runs" / "run-001").mkdir(parents=True)
    shutil.move(tmp_path / "here" / "model", new / "runs" / "run-001" / "model")
    shutil.move(tmp_path / "here" / "labels.npy", new / "labels.npy")
    shutil.move(tmp_path / "here" / "prediction.npy", new / "runs" / "run-001" / "prediction.npy")
    found = Job.load(new / "runs" / "run-001" / "model" / "job.json", trusted=True)
    assert found.labels == str(new / "labels.npy")
    assert found.prediction == str(new / "runs" / "run-001" / "prediction.npy")
    assert found.model == str(new / "runs" / "run-001" / "model")
    assert found.inputs[1] == job.inputs[1]


def test_a_job_from_before_versions_without_a_session_is_as_it_was_written(tmp_path, monkeypatch):
    job = replace(of_before(tmp_path / "here"), labels=str(tmp_path / "labels.npy"), prediction="guess.npy")
    (tmp_path / "job.json").write_text(json.dumps(asdict(job)))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    found = Job.load(tmp_path / "job.json", trusted=True)
    assert found == replace(job, prediction=str(tmp_path / "cwd" / "guess.npy"))


def test_a_job_written_under_windows_is_found_here(tmp_path):
    here = tmp_path / "here"
    job = of_before(here)
    windows = job.with_paths(lambda path: path.replace(str(tmp_path), "D:\\work").replace("/", "\\"))
    (here / "model" / "job.json").write_text(json.dumps(asdict(windows)))
    found = Job.load(here / "model" / "job.json")
    assert (found.labels, found.model, found.start_from) == (job.labels, job.model, job.start_from)
    assert found.inputs[1].path == "D:\\work\\far.npy"


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
