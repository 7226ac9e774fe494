"""A prediction says what made it: which voxels come from which network at which step, and no more than is there."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.box import Box
from napari_fhn.training import BoxChanged, Control, Focus, JobError, Progress, fit, predict
from napari_fhn.training.files.digest import digest
from napari_fhn.training.models.model import load
from napari_fhn.training.prediction import predictor as predictors
from napari_fhn.training.prediction import provenance
from napari_fhn.training.prediction.parts import Part
from napari_fhn.training.prediction.provenance import InputStamp, Provenance, Tidied

SHAPE = (5, 6, 4)
WHOLE = Box.whole(SHAPE)


def made(*parts, **others):
    return Provenance("run-001", SHAPE, ("a", "b"), parts=parts, **others)


def test_comes_back_and_damaged_ones_are_named(tmp_path):
    prediction = tmp_path / "prediction.npy"
    assert provenance.read(prediction) is None
    one = made(Part(WHOLE, 3, "m"), inputs=(InputStamp("a", "b"),), labels="l", tidied=Tidied(1, 10, 5, "now"))
    provenance.write(prediction, one)
    back = provenance.read(prediction)
    assert replace(back, written="") == one
    assert back.written
    path = tmp_path / "prediction.json"
    data = json.loads(path.read_text())
    data["parts"][0]["step"] = "3"
    path.write_text(json.dumps(data))
    with pytest.raises(JobError, match=r"prediction\.json: parts\[0\]\.step is '3'"):
        provenance.read(prediction)
    data["parts"][0].update(step=3, box={"start": [0, 0, 0], "stop": [9, 9, 9]})
    path.write_text(json.dumps(data))
    with pytest.raises(JobError, match=r"prediction\.json: a part from .* lies outside"):
        provenance.read(prediction)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (made(), ["Nothing of it was predicted"]),
        (made(Part(WHOLE, 40, "abcdefghij")), ["network of run run-001, after 40 steps (model abcdefgh)"]),
        (made(Part(Box((0, 0, 0), (1, 6, 4)), 40, "m")), ["model m", "80 % of its voxels were never predicted"]),
        (made(Part(WHOLE, 40, "m", half=True)), ["model m", "100 % of its voxels were seen in one of two directions"]),
        (made(Part(WHOLE, 3), Part(Box((0, 0, 0), (1, 1, 1)), 9)), ["still learning: run run-001, after 3 to 9 steps"]),
        (made(Part(WHOLE, 3, "a"), Part(Box((0, 0, 0), (1, 1, 1)), 9, "b")), ["Painted by 2 networks"]),
        (
            made(Part(WHOLE, 40, "m"), tidied=Tidied(2, 50, 9)),
            ["model m", "radius 2, bodies of fewer than 50 voxels given to what surrounds them, holes of up to 9"],
        ),
        (made(Part(Box((0, 0, 0), (2, 2, 2)), 4, scattered=True)), ["still learning", "100 % of its voxels"]),
    ],
)
def test_it_is_told_in_words(one, words):
    told = one.words()
    assert len(told) == len(words)
    for sentence, part in zip(told, words, strict=True):
        assert part in sentence


def test_what_lies_on_top_of_all_hides_what_is_below():
    one = made(Part(WHOLE, 3, ""), Part(WHOLE, 9, "m"))
    assert one.of_one_network
    assert one.steps == (9,)
    assert not made(Part(WHOLE, 3, ""), Part(Box((0, 0, 0), (5, 6, 2)), 9, "m")).of_one_network
    assert made(Part(WHOLE, 3, "")).of_one_network
    assert not made(Part(WHOLE, 3, ""), Part(Box((0, 0, 0), (5, 6, 2)), 4, "")).of_one_network


def test_a_digest_is_of_what_a_file_holds(tmp_path):
    (tmp_path / "a").write_bytes(b"1" * 3_000_000)
    (tmp_path / "b").write_bytes(b"1" * 3_000_000)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    (tmp_path / "b").write_bytes(b"1" * 2_999_999 + b"2")
    assert digest(tmp_path / "a") != digest(tmp_path / "b")


def voxels_told(one, classes):
    """Voxels that the provenance says were predicted, as an array."""
    told = np.zeros(classes.shape, bool)
    for part in one.parts:
        told[part.box.slices] |= (classes[part.box.slices] > 0) if part.scattered else True
    return told


@pytest.fixture
def job(layered):
    job, _ = layered
    return replace(job, schedule=replace(job.schedule, steps=6), run="run-007")


def test_training_and_prediction_say_what_they_painted(job):
    list(fit(job, Control(focus=Focus(0, 5))))
    painted_live, live = np.load(job.prediction), provenance.read(job.prediction)
    assert live.run == "run-007"
    assert live.labels == digest(job.labels) == load(job.model).labels
    assert live.models == ("",)
    assert not live.complete
    assert 6 in live.steps
    assert (voxels_told(live, painted_live) == (painted_live > 0)).all()
    list(predict(job))
    whole, model = provenance.read(job.prediction), load(job.model)
    assert whole.parts == (Part(Box.whole(painted_live.shape), 6, model.sha256),)
    assert whole.complete
    assert whole.of_one_network
    assert whole.run == "run-007"
    assert whole.classes == job.classes
    assert whole.labels == live.labels


def stopped_prediction(job, after):
    """Predict and stop after so many boxes."""
    control, boxes = Control(), []
    for update in predict(job, control):
        if isinstance(update, BoxChanged):
            boxes.append(update.box)
            if len(boxes) >= after:
                control.stop.set()
    return boxes


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(predictors, "sections_together", lambda *_: 2)


def test_a_prediction_of_another_network_has_nothing_of_the_one_before(job, small_tiles):
    list(fit(job))
    list(predict(job))
    first = load(job.model).sha256
    other = replace(job, schedule=replace(job.schedule, seed=5), model=job.model + "-2", run="run-008")
    spare = replace(other, prediction=str(Path(job.prediction).with_name("spare.npy")))
    np.save(spare.prediction, np.zeros_like(np.load(job.prediction)))
    list(fit(spare))
    boxes = stopped_prediction(other, 2)
    assert boxes[0] == Box.whole(np.load(job.prediction).shape)  # it was cleared, which is told
    classes, one = np.load(job.prediction), provenance.read(job.prediction)
    assert 0 < (classes > 0).mean() < 0.5
    assert one.models == (load(other.model).sha256,)
    assert first not in one.models
    assert one.missing == (classes == 0).sum()
    assert (voxels_told(one, classes) == (classes > 0)).all()
    assert not one.complete
    list(predict(other))
    assert provenance.read(job.prediction).complete


def test_the_first_of_two_directions_is_known_as_such(job, small_tiles):
    list(fit(job))
    passes = 0
    control = Control()
    size = np.load(job.prediction).size
    seen = []
    for update in predict(job, control):
        if isinstance(update, BoxChanged) and update.box.shape != np.load(job.prediction).shape:
            passes += np.prod(update.box.shape)
            seen.append(update.box)
            if passes > 1.3 * size:
                control.stop.set()
    one = provenance.read(job.prediction)
    assert one.missing == 0
    assert 0 < one.unfinished < size
    assert not one.complete
    assert one.models == (load(job.model).sha256,)
    list(predict(job))
    assert provenance.read(job.prediction).complete


@pytest.mark.parametrize("lost", ["nothing", "file", "behind", "damaged"])
def test_after_a_kill_it_is_made_again_from_the_journal(job, small_tiles, lost):
    list(fit(job))
    stopped_prediction(job, 3)
    before = provenance.read(job.prediction)
    path = provenance.path_of(job.prediction)
    if lost == "file":
        path.unlink()
    elif lost == "behind":
        provenance.write(job.prediction, replace(before, parts=before.parts[:0]))
    elif lost == "damaged":
        path.write_text("{")
    stopped_prediction(job, 2)
    classes, after = np.load(job.prediction), provenance.read(job.prediction)
    assert after.missing < before.missing
    assert (voxels_told(after, classes) == (classes > 0)).all()


def test_a_tidied_prediction_is_not_gone_on_with_and_no_longer_tidied(job, small_tiles):
    list(fit(job))
    stopped_prediction(job, 3)
    classes = np.load(job.prediction, mmap_mode="r+")
    classes[classes > 0] = 2
    provenance.write(job.prediction, replace(provenance.read(job.prediction), tidied=Tidied(3)))
    list(predict(job))
    one = provenance.read(job.prediction)
    assert one.tidied is None
    assert one.complete
    assert set(np.unique(np.load(job.prediction))) != {2}


def test_a_new_training_takes_away_what_was_painted_before_and_a_resumed_one_goes_on(job):
    list(fit(job))
    list(predict(job))
    more = replace(job, schedule=replace(job.schedule, steps=9))
    list(fit(more, resume=True))
    assert provenance.read(job.prediction).models == ("",)
    live = provenance.read(job.prediction)
    again = replace(job, schedule=replace(job.schedule, steps=12))
    list(fit(again, Control(watched=False), resume=True))
    assert provenance.read(job.prediction).parts == live.parts
    list(fit(job, Control(watched=False)))
    assert provenance.read(job.prediction).parts == ()
    assert not np.load(job.prediction).any()


def test_gaps_of_the_data_count_as_predicted(job):
    values = np.load(job.inputs[0].path)
    values[3:5] = np.nan
    np.save(job.inputs[0].path, values)
    list(fit(job))
    list(predict(job))
    assert not np.load(job.prediction)[3:5].any()
    assert provenance.read(job.prediction).complete


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}


@pytest.mark.parametrize("way", ["stopped", "paused and stopped", "failed"])
@pytest.mark.parametrize("resume", [False, True])
def test_a_training_without_a_step_changes_nothing(job, tmp_path, monkeypatch, way, resume):
    job = replace(job, outputs=("entropy",), schedule=replace(job.schedule, steps=8))
    list(fit(job))
    list(predict(job))
    stopped_prediction(job, 1)
    before = tree(tmp_path)
    job = replace(job, outputs=("margin",), schedule=replace(job.schedule, steps=20), start_from=job.model)
    control = Control(focus=Focus(0, 3))
    if way == "failed":
        monkeypatch.setattr("napari_fhn.training.steps.learner.Learner.learn", broken)
        with pytest.raises(RuntimeError, match="broken"):
            list(fit(job, control, resume=resume))
    else:
        if way == "paused and stopped":
            control.pause.set()
        updates = []
        for update in fit(job, control, resume=resume):
            updates.append(update)
            control.stop.set()
        if not updates[:-1]:
            pytest.skip("nothing was said before the first step")
        done = updates[-1]
        if any(isinstance(u, Progress) for u in updates):
            pytest.skip("the first step was made before the stop")
        assert done.stopped
        assert done.step == (8 if resume else 0)
        assert "nothing was trained" in done.message
    assert tree(tmp_path) == before


def broken(*_, **__):
    raise RuntimeError("broken")


def test_a_network_is_trained_on_in_its_own_folder(job):
    list(fit(job))
    first = load(job.model)
    updates = list(
        fit(replace(job, start_from=job.model, schedule=replace(job.schedule, learning_rate=1e-9, warmup=0)))
    )
    assert updates[-1].step == 6
    second = load(job.model)
    for a, b in zip(first.network.parameters(), second.network.parameters(), strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), atol=1e-4)
