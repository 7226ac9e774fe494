"""Training on real files: it learns, tells what it does, stops, follows the labels, and explains what it cannot do."""

import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_fhn.box import Box
from napari_fhn.network import (
    Architecture,
    Layer,
    UNetArchitecture,
    equivalent_resnet,
    equivalent_unet,
    onednn,
    slim_resnet,
)
from napari_fhn.training import (
    BoxChanged,
    Control,
    Done,
    Focus,
    Job,
    JobError,
    Note,
    Objective,
    Progress,
    Score,
    confusion,
    fit,
    intersection_over_union,
    predict,
)
from napari_fhn.training.models.model import load


@pytest.mark.parametrize("survey", ["layered", "layered_3d"])
def test_learns_the_survey_from_four_columns(survey, request):
    job, truth = request.getfixturevalue(survey)
    updates = list(fit(job, Control(focus=Focus(0, 5))))
    losses = [u.loss for u in updates if isinstance(u, Progress)]
    assert len(losses) == job.schedule.steps
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    assert isinstance(updates[-1], Done)
    assert not updates[-1].stopped
    in_view = [u for u in updates if isinstance(u, BoxChanged)]
    assert any(u.box.start[0] <= 5 < u.box.stop[0] for u in in_view)
    assert np.load(job.prediction)[5].all()

    updates = list(predict(job))
    assert isinstance(updates[-1], Done)
    predicted = np.load(job.prediction)
    assert predicted.min() == 1
    iou = intersection_over_union(confusion(predicted, truth, 3))
    assert iou.mean() > 0.8, iou


def test_a_network_with_channels_for_two_classes_learns_three(cube):
    job, _ = cube
    labels = np.load(job.labels)
    labels[0, :3] = 3
    np.save(job.labels, labels)
    job = replace(job, classes=("same", "changed", "border"), schedule=replace(job.schedule, steps=2))
    updates = list(fit(job))
    assert any(isinstance(u, Note) and "channels for 2 classes: for 3" in u.message for u in updates)
    assert load(job.model).network.architecture.reading.channels is None
    assert isinstance(list(predict(job))[-1], Done)


def test_several_losses_are_told_by_name(layered):
    job, _ = layered
    objective = Objective(losses=("cross-entropy", "dice"))
    updates = list(fit(replace(job, schedule=replace(job.schedule, steps=3, objective=objective))))
    progress = [u for u in updates if isinstance(u, Progress)]
    assert all(set(u.terms) == {"cross-entropy", "dice"} for u in progress)
    assert all(u.loss == pytest.approx(sum(u.terms.values())) for u in progress)


def test_a_network_beyond_its_stability_bound_is_made_safer_while_it_trains(layered):
    job, _ = layered
    job = replace(job, network=replace(job.network, h=30.0), schedule=replace(job.schedule, steps=12))
    updates = list(fit(job))
    said = [u.message for u in updates if isinstance(u, Note)]
    assert any("left out" in sentence and "h is now" in sentence for sentence in said)
    assert isinstance(updates[-1], Done)
    errors = [u.invertibility_error for u in updates if isinstance(u, Progress)]
    assert errors[-1] < 0.05
    saved = load(job.model).network
    assert saved.h < 30.0
    assert all(torch.isfinite(p).all() for p in saved.parameters())


def test_convolutions_in_bfloat16_learn_the_same(layered):
    job, _ = layered

    def updates(precision):
        return list(fit(replace(job, schedule=replace(job.schedule, steps=20, precision=precision))))

    def losses(updates):
        return np.array([u.loss for u in updates if isinstance(u, Progress)])

    rough = updates("bfloat16")
    exact, rounded = losses(updates("float32")), losses(rough)
    said = [u.message for u in rough if isinstance(u, Note) and "imitates bfloat16" in u.message]
    assert len(said) == (not onednn.fusion_works(torch.bfloat16))  # where it only takes longer, that is told
    assert (exact != rounded).any()
    np.testing.assert_allclose(rounded[:5], exact[:5], rtol=0.05)
    assert rounded[-5:].mean() < 0.7 * rounded[:5].mean()


@pytest.mark.parametrize("survey", ["layered", "layered_3d"])
@pytest.mark.parametrize("make", [equivalent_resnet, slim_resnet, equivalent_unet])
def test_comparison_networks_train_and_predict_by_the_same_job(survey, make, request):
    job, _ = request.getfixturevalue(survey)
    job = replace(job, network=make(job.network), schedule=replace(job.schedule, steps=16))
    assert Job.from_json(job.to_json()) == job
    updates = list(fit(Job.from_json(job.to_json())))
    losses = [u.loss for u in updates if isinstance(u, Progress)]
    assert np.mean(losses[-4:]) < 0.85 * np.mean(losses[:4])
    assert isinstance(updates[-1], Done)
    assert Job.load(Path(job.model) / "job.json").network == job.network
    list(predict(job))
    assert np.load(job.prediction).min() >= 1


def test_a_job_names_the_kind_of_its_network_in_json(layered):
    job, _ = layered
    data = json.loads(job.to_json())
    assert data["network"]["kind"] == "hyperbolic"
    unet = {"kind": "unet", "dimensions": 2, "channels": 8, "poolings": [[0, 1]]}
    assert Job.from_dict({**data, "network": unet}).network == UNetArchitecture(2, 8, ((0, 1),))
    del data["network"]["kind"]  # as in jobs from before there were kinds
    assert Job.from_dict(data) == job
    with pytest.raises(JobError, match=r"network\.kind is 'transformer': 'hyperbolic' or 'resnet' or 'unet'"):
        Job.from_dict({**data, "network": {"kind": "transformer"}})
    # The engine sends jobs as `asdict` gives them.
    job = replace(job, network=equivalent_resnet(job.network))
    assert Job.from_dict(json.loads(json.dumps(asdict(job)))) == job


def test_training_needs_no_compiler(layered, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # seconds and memory, for nothing that is used
    job, _ = layered
    assert isinstance(list(fit(replace(job, schedule=replace(job.schedule, steps=2))))[-1], Done)


def test_one_seed_gives_one_network(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=4))
    runs = [[u.loss for u in fit(job) if isinstance(u, Progress)] for _ in range(2)]
    assert runs[0] == runs[1]


def test_saves_a_job_that_repeats_it(layered):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=2, keep="hidden"))
    list(fit(job))
    assert Job.load(Path(job.model) / "job.json") == job


def test_stops_when_asked_and_keeps_the_network(layered):
    job, _ = layered
    control = Control()
    updates = []
    for update in fit(replace(job, schedule=replace(job.schedule, steps=10_000)), control):
        updates.append(update)
        if isinstance(update, Progress) and update.step == 3:
            control.stop.set()
    assert updates[-1].stopped
    assert sum(isinstance(u, Progress) for u in updates) == 3
    assert isinstance(list(predict(job))[-1], Done)


def test_strokes_painted_while_training_count(layered):
    job, truth = layered
    labels = np.load(job.labels, mmap_mode="r+")
    labels[labels == 3] = 0
    messages = []
    blocks_seen = set()
    for update in fit(replace(job, schedule=replace(job.schedule, steps=200))):
        if isinstance(update, Note):
            messages.append(update.message)
        if isinstance(update, Progress) and update.step == 5:
            labels[5, 10] = truth[5, 10]  # the person paints a column with the third class
            time.sleep(0.25)
        if isinstance(update, Score) and update.step > 20:
            blocks_seen.add(update.iou[2] is not None)
    assert any("base" in m for m in messages)
    assert np.load(job.prediction).max() == 3


def test_a_class_added_while_training_is_left_out_with_a_word(layered):
    job, _ = layered
    labels = np.load(job.labels, mmap_mode="r+")
    messages = []
    for update in fit(replace(job, schedule=replace(job.schedule, steps=100))):
        if isinstance(update, Note):
            messages.append(update.message)
        if isinstance(update, Progress) and update.step == 5:
            labels[5] = 4
            time.sleep(0.25)
    assert isinstance(update, Done)
    assert any("Label 4 is new" in m for m in messages)


def test_labels_erased_and_painted_again_while_training(layered):
    job, _ = layered
    labels = np.load(job.labels, mmap_mode="r+")
    before = labels.copy()
    losses = []
    for update in fit(replace(job, schedule=replace(job.schedule, steps=30))):
        if isinstance(update, Progress):
            losses.append(update.loss)
            if update.step == 5:
                labels[...] = 0
        if isinstance(update, Note) and "labels are gone" in update.message:
            labels[...] = before
    assert len(losses) == 30
    assert np.isfinite(losses).all()


def test_one_labelled_voxel_of_a_class_near_the_border_is_enough(layered):
    job, _ = layered
    labels = np.load(job.labels, mmap_mode="r+")
    labels[...] = 0
    labels[0, 0, 0], labels[11, 19, 31] = 1, 2
    schedule = replace(job.schedule, steps=40, batch=1, shear=0.3, shift=16.0)
    losses = [u.loss for u in fit(replace(job, schedule=schedule)) if isinstance(u, Progress)]
    assert len(losses) == 40
    assert np.isfinite(losses).all()


def test_held_out_labels_are_scored_and_never_learnt(layered):
    job, truth = layered
    body = Box((2, 3, 0), (3, 4, 32))
    labels = np.load(job.labels, mmap_mode="r+")
    before = labels.copy()
    labels[body.slices] = (truth[body.slices] % 3) + 1  # all wrong: learning them would show
    scores = [u for u in fit(replace(job, held_out=(body,))) if isinstance(u, Score) and u.held_out]
    assert scores[-1].mean < 0.2
    labels[...] = before
    scores = [u for u in fit(replace(job, held_out=(body,))) if isinstance(u, Score) and u.held_out]
    assert scores[-1].mean > 0.6


def test_where_nobody_looks_nothing_is_predicted_before_it_is_asked_for(layered):
    job, _ = layered
    updates = list(fit(job, Control(watched=False)))
    assert sum(isinstance(u, Progress) for u in updates) == job.schedule.steps
    assert not any(isinstance(u, BoxChanged) for u in updates)
    list(predict(job))
    assert np.load(job.prediction).all()


def test_needs_two_labelled_classes(layered):
    job, _ = layered
    labels = np.load(job.labels, mmap_mode="r+")
    labels[labels > 1] = 0
    with pytest.raises(JobError, match="at least two classes"):
        list(fit(job))


def test_a_label_without_a_class_is_named_with_its_place(layered):
    job, _ = layered
    labels = np.load(job.labels, mmap_mode="r+")
    labels[1, 2, 3] = 9
    with pytest.raises(JobError, match=r"label 9 at voxel \(1, 2, 3\)"):
        list(fit(job))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda job: replace(job, device="cuda:7"), "no device 'cuda:7'"),
        (lambda job: replace(job, vertical_axis=0), "last axis"),
        (lambda job: replace(job, vertical_axis=None), "which axis is two-way time"),
        (lambda job: replace(job, network=Architecture(2, 8, (Layer("refine", 2),))), "finer than the labels"),
        (lambda job: replace(job, vertical_axis=3), "no axis 3"),
        (lambda job: replace(job, labels=job.prediction + "x"), "does not exist"),
    ],
)
def test_impossible_jobs_are_explained(layered, change, words):
    job, _ = layered
    with pytest.raises(JobError, match=words):
        list(fit(change(job)))


@pytest.mark.parametrize("make", [lambda network: network, equivalent_resnet, slim_resnet, equivalent_unet])
def test_more_bands_than_channels_widen_the_state(tmp_path, layered, make):
    from napari_fhn.network.architecture import levels
    from napari_fhn.training import Input

    job, _ = layered
    rng = np.random.default_rng(0)
    truth = np.ones((16, 24), np.uint8)
    truth[:, 12:] = 2
    bands = rng.standard_normal((20, 16, 24)) + truth
    labels = np.where(rng.random(truth.shape) < 0.1, truth, 0).astype(np.uint8)
    for name, array in (("bands", bands), ("l", labels), ("p", np.zeros_like(labels))):
        np.save(tmp_path / f"{name}.npy", array)
    job = replace(
        job,
        inputs=(Input(str(tmp_path / "bands.npy"), 0),),
        labels=str(tmp_path / "l.npy"),
        prediction=str(tmp_path / "p.npy"),
        classes=("left", "right"),
        network=make(levels(2, 8, (4, 4), 1)),
        vertical_axis=None,
    )
    updates = list(fit(job))
    assert any(isinstance(u, Note) and "widened to 24" in u.message for u in updates)
    list(predict(job))
    assert (np.load(job.prediction) == truth).mean() > 0.9


def test_a_map_is_learnt_from_two_dates_of_a_cube(cube):
    job, truth = cube
    updates = list(fit(job))
    assert isinstance(updates[-1], Done)
    assert any(isinstance(u, BoxChanged) and u.box == Box.whole(truth.shape) for u in updates)
    list(predict(job))
    predicted = np.load(job.prediction)
    iou = intersection_over_union(confusion(predicted, truth, 2))
    assert iou.mean() > 0.7, iou
