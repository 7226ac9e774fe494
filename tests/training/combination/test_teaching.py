"""A network that learns from what is known of its survey without it: after it was weighed, and where that is better."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_fhn.box import Box
from napari_fhn.structure.factor import SeesSections
from napari_fhn.training import Checkpoint, Control, Progress, fit, predict, trainer
from napari_fhn.training.combination import opening, teaching
from napari_fhn.training.combination.combiner import Combiner
from napari_fhn.training.combination.settings import (
    NETWORK,
    TAUGHT,
    Combination,
    FactorWeight,
    Foretold,
    Found,
    believed,
    is_taught,
)
from napari_fhn.training.combination.upright import Laid, LaidSections
from napari_fhn.training.data.blocks import Blocks
from napari_fhn.training.data.pseudo_labels import PseudoLabels
from napari_fhn.training.distributed.ranks import ALONE
from napari_fhn.training.models import model as models
from napari_fhn.training.models import suspended
from napari_fhn.training.steps.criterion import PSEUDO
from napari_fhn.training.steps.stepping import Stepping

from .conftest import Averaging, Looking


@pytest.fixture
def taught(combined, monkeypatch):
    """Return a function that gives a job whose network is taught by a factor, as `combined` does."""

    def made(share: float = 0.5, **chosen: object):
        job, truth, factor = combined(**{"sure": 0.9, "right": 1.0, **chosen})
        factor.name = teaching.TEACHER
        monkeypatch.setattr(opening, "_open", lambda *_, **__: ({factor.name: factor}, None, None))
        return replace(job, schedule=replace(job.schedule, pseudo_labels=share)), truth, factor

    return made


def trained(job) -> list[object]:
    return list(fit(job, Control(watched=False)))


def weights(job):
    return models.load(job.model).network.state_dict()


def alike(one, other) -> bool:
    return all((one[name] == other[name]).all() for name in one)


def test_a_network_learns_from_what_a_factor_knows_and_nobody_labelled(taught):
    """Where wells lie at one end only, and the factor knows the rest, the network learns that too."""
    found = {}
    for share in (0.0, 0.5):
        job, truth, _ = taught(share, sure=0.98, right=0.97)
        data = np.load(job.inputs[0].path)
        data[:, 10:] *= -1  # what a class looks like is another thing there, and no well knows it
        np.save(job.inputs[0].path, data)
        labels = np.zeros_like(truth)
        for column in ((2, 3), (9, 4), (5, 8), (11, 1)):
            labels[column] = truth[column]
        np.save(job.labels, labels)
        trained(job)
        alone = replace(job, combination=None, prediction=str(Path(job.prediction).with_name(f"alone{share}.npy")))
        np.save(alone.prediction, np.zeros_like(truth))
        list(predict(alone))
        found[share] = (np.load(alone.prediction)[:, 10:] == truth[:, 10:]).mean()
    assert found[0.5] > found[0.0] + 0.2


def test_the_loss_on_pseudo_labels_is_told_apart_and_comes_once_factors_are_weighed(taught):
    job, _, _ = taught()
    steps = [update for update in trained(job) if isinstance(update, Progress)]
    said = np.array([step.terms[PSEUDO] for step in steps])
    assert (said[:24] == 0).all()
    assert (said[24:] > 0).mean() > 0.5
    # What is told beside it is of labels alone: a loss that rises where lessons begin looks as if training went wrong.
    assert [step.loss for step in steps] == pytest.approx([step.terms["cross-entropy"] for step in steps], rel=1e-5)
    job, _, _ = taught(0.0)
    assert not any(update.terms for update in trained(job) if isinstance(update, Progress))


def test_who_foretold_worse_than_the_network_does_not_teach_it(taught):
    job, _, _ = taught(sure=0.98, right=0.2)
    steps = [update for update in trained(job) if isinstance(update, Progress)]
    assert {step.terms[PSEUDO] for step in steps} == {0.0}


@pytest.mark.parametrize(
    ("network", "teacher", "expected"),
    [(0.6, 0.7, True), (0.7, 0.7, True), (0.7, 0.6, False), (None, None, True), (0.7, None, True)],
)
def test_where_nothing_could_be_left_out_the_teacher_is_heard(network, teacher, expected):
    each = ((NETWORK, network), (teaching.TEACHER, teacher), ("reflectors", -9.0))
    found = Found(tuple(FactorWeight(name, 1.0, 0.05, Foretold(value, -1.0)) for name, value in each))
    assert teaching.is_worth_hearing(found) is expected


def test_sections_are_asked_for_in_their_own_direction_and_coarsely(taught):
    job, truth, factor = taught(kind=Looking)
    trained(job)
    coarse = [(box, across) for (box, across), few in zip(factor.across, factor.coarse, strict=True) if few]
    assert coarse == [(Box.whole(truth.shape), 0), (Box.whole(truth.shape), 1)]


def test_when_labels_change_a_tile_is_made_anew_and_the_old_one_teaches_until_then(taught, monkeypatch):
    monkeypatch.setattr("napari_fhn.training.data.labelled._SHARE", 1.0)  # labels are looked at all the time
    job, truth, _ = taught()
    job = replace(job, schedule=replace(job.schedule, pseudo_labels=1.0))
    came: list[tuple[int, int]] = []
    kept = PseudoLabels.put
    monkeypatch.setattr(PseudoLabels, "put", lambda self, *tile: kept(self, *tile) or came.append((step, self.held)))
    step, taught_at = 0, []
    for update in fit(job, Control(watched=False)):
        if isinstance(update, Progress):
            step = update.step
            taught_at.append(update.terms[PSEUDO] > 0)
            if step == 45:
                labels = np.load(job.labels, mmap_mode="r+")
                labels[0, 0] = truth[0, 0]
                labels.flush()
    assert [held for _, held in came] == [1, 1]
    assert came[0][0] <= 26
    assert 46 <= came[1][0] <= 52
    assert all(taught_at[came[0][0] + 1 :])


@pytest.mark.parametrize("tiles", ["one", "several"])
def test_interrupted_at_any_time_it_ends_alike(taught, monkeypatch, tiles):
    job, _, _ = taught()
    if tiles == "several":
        monkeypatch.setattr("napari_fhn.training.data.pseudo_labels.PROBABILITIES", 3 * 8 * 10 * 32)
        monkeypatch.setattr(teaching, "PREDICTED", 1)  # a tile of eight by ten traces takes some steps
        job = replace(job, schedule=replace(job.schedule, block=(8, 32)))
    trained(job)
    expected = weights(job)
    for steps in (10, 26, 37, 45):
        again = replace(job, model=str(Path(job.model).with_name(f"model-{steps}")))
        control = Control(watched=False)
        for update in fit(again, control):
            if getattr(update, "step", 0) >= steps:
                control.stop.set()
        list(fit(again, Control(watched=False), resume=True))
        assert alike(weights(again), expected), steps


def test_labels_that_changed_while_nobody_trained_are_what_it_is_taught_of_from_then_on(taught, monkeypatch):
    job, truth, _ = taught()
    control = Control(watched=False)
    for update in fit(job, control):
        if getattr(update, "step", 0) >= 40:
            control.stop.set()
    labels = np.load(job.labels, mmap_mode="r+")
    labels[0, 0] = truth[0, 0]
    labels.flush()
    of: list[int] = []
    put = PseudoLabels.put
    monkeypatch.setattr(PseudoLabels, "put", lambda self, *tile: put(self, *tile) or of.append(self.of))
    kept_of = suspended.load(job.model)["blocks"]["pseudo"]["of"]
    list(fit(job, Control(watched=False), resume=True))
    assert len(of) == 1
    assert of[0] != kept_of


def test_pseudo_labels_are_where_there_are_data_and_neither_labels_nor_what_is_ignored(taught, monkeypatch):
    job, truth, _ = taught(1.0)
    data = np.load(job.inputs[0].path)
    data[:, 6:8] = np.nan
    np.save(job.inputs[0].path, data)
    job = replace(job, ignored=(Box((0, 10, 0), (12, 12, 32)),))
    job = replace(job, schedule=replace(job.schedule, shear=0, shift=0, noise=0, flips=()))
    drawn = []
    kept = Blocks.draw
    monkeypatch.setattr(
        Blocks, "draw", lambda self, focus=None: drawn.append((kept(self, focus), self._drawn)) or drawn[-1][0]
    )
    trained(job)
    labels, several = np.load(job.labels), 0
    for batch, origins in drawn:
        for origin, row in zip(origins, batch.pseudo.numpy(), strict=True):
            start = [max(0, a) for a in origin.box.start]
            stop = [min(b, size) for b, size in zip(origin.box.stop, truth.shape, strict=True)]
            inside = Box(tuple(start), tuple(stop))
            said = np.zeros(truth.shape, np.uint8)
            cut = np.expand_dims(row, origin.across)[inside.within(origin.box)]
            said[inside.slices] = cut
            several += bool(said.any())
            assert not said[labels > 0].any()
            assert not said[:, 6:8].any()
            assert not said[:, 10:12].any()
    assert several > 50


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"combination": None}, False),
        ({"combination": Combination(("reflectors",))}, False),
        ({"vertical_axis": None}, False),
    ],
)
def test_what_teaches_are_pretrained_features_of_data_with_a_vertical_axis(layered, change, expected):
    job, _ = layered
    job = replace(job, combination=Combination(), schedule=replace(job.schedule, pseudo_labels=0.5))
    assert is_taught(replace(job, **change)) is expected
    assert not is_taught(replace(job, schedule=replace(job.schedule, pseudo_labels=0.0), **change))


def test_without_the_packages_of_factors_it_learns_from_labels(layered, monkeypatch):
    def missing(*_, **__):
        raise ImportError("no scipy", name="scipy")

    monkeypatch.setattr(opening, "_open", missing)
    job, _ = layered
    job = replace(job, combination=Combination(), schedule=replace(job.schedule, steps=9, pseudo_labels=0.5))
    steps = [update for update in trained(job) if isinstance(update, Progress)]
    assert [step.terms[PSEUDO] for step in steps] == [0.0] * 9


def test_a_first_tile_is_there_when_factors_are_weighed_and_others_come_later(taught, monkeypatch):
    monkeypatch.setattr("napari_fhn.training.data.pseudo_labels.PROBABILITIES", 3 * 10 * 10 * 32)
    job, _, _ = taught()
    came: list[int] = []
    kept = PseudoLabels.put
    monkeypatch.setattr(PseudoLabels, "put", lambda self, *tile: kept(self, *tile) or came.append(step))
    job, step = replace(job, schedule=replace(job.schedule, block=(8, 32))), 0
    for update in fit(job, Control(watched=False)):
        step = getattr(update, "step", step)
    assert came[0] in (24, 25)
    assert 1 < len(came) <= 4  # of 12 by 20 traces, ten by ten each
    assert came == sorted(came)


def test_the_more_it_was_taught_the_more_it_counts(taught):
    weights_of = {}
    for stop in (20, 42, 60):
        job, _, _ = taught()
        control = Control(watched=False)
        for update in fit(job, control):
            if getattr(update, "step", 0) >= stop:
                control.stop.set()
        found = models.load(job.model).combination
        weights_of[stop] = {one.name: one.weight for one in found.factors}
        assert found.taught == pytest.approx({20: 0.0, 42: 0.5, 60: 1.0}[stop], abs=0.02)
    assert weights_of[60] == {name: pytest.approx(TAUGHT[name]) for name in (NETWORK, teaching.TEACHER)}
    assert any("has learnt from what pretrained features say" in one for one in found.words())
    assert sum(found.shares) == pytest.approx(1)


def test_all_of_a_tile_is_predicted_in_both_directions_and_averaged(taught, monkeypatch):
    class Labels:
        version, hidden, classes = 1, (), 3
        positions = ()
        shape = (12, 20, 32)

    _, _, factor = taught(kind=Looking, sure=0.9)
    monkeypatch.setattr(teaching, "PREDICTED", 3000)  # four sections
    monkeypatch.setattr(teaching, "AVERAGED", 3000)
    pseudo = PseudoLabels((12, 20, 32), 2, 3, 10**6, 8, 0)
    found = replace(believed((factor.name,)), reach=(3, 0))
    smoother = Averaging()
    teacher = teaching.Teaching(pseudo, Combiner({factor.name: factor}, found, (12, 20, 32), 2, smoother), Labels(), 60)
    for step in range(6, 15):
        teacher.after(step, waits=True)
    assert not teacher.lacks(23)
    assert teacher.lacks(24)  # and is waited for
    pieces = 9
    while teacher.lacks(24):
        teacher.catch_up()
        pieces += 1
    assert pieces == 3 + 5 + 3 + 1
    assert not pseudo.held  # before the weighing nobody is taught
    teacher.after(25, waits=False)
    assert pseudo.held == 1
    said = sum(factor.read_across(Box.whole((12, 20, 32)), across) for across in (0, 1)) / 2
    averaged = smoother.smooth(Box.whole((12, 20, 32)), said.astype(np.float16).astype(np.float32), (3, 0))
    assert (pseudo._held[0].classes == averaged.argmax(axis=0) + 1).mean() > 0.999


def test_without_the_factor_nothing_is_made(taught):
    class Labels:
        version, hidden, classes, positions = 1, (), 3, ()

    pseudo = PseudoLabels((12, 20, 32), 2, 3, 10**6, 8, 0)
    without = teaching.Teaching(pseudo, Combiner({}, believed(()), (12, 20, 32), 2), Labels(), 60)
    without.after(30, waits=False)
    assert not without.lacks(30)
    assert not pseudo.held


def test_going_back_before_the_lessons_the_network_counts_as_it_was_weighed(taught):
    job, _, _ = taught()
    control, kept, went = Control(watched=False), [], False
    for update in fit(job, control):
        if isinstance(update, Checkpoint) and update.step < 24:
            kept.append(update.step)
        if isinstance(update, Progress) and update.step == 50 and not went:
            control.revert, went = kept[-1], True
        elif went and isinstance(update, Progress):
            control.stop.set()
    assert models.load(job.model).combination.taught < 0.1


def test_the_best_network_on_what_is_held_out_counts_as_it_did_then(taught):
    job, _, _ = taught()
    training = trainer._Training(job, Control(watched=False), None, ALONE)
    combining = training.combining
    combining._teaching._began = 24
    combining._weighing.release()
    combining._weighing, combining._heard_from = None, 0
    for step, share in ((60, 1), (33, 0.25), (20, 0)):
        combining.as_after(step)
        assert combining.found.taught == pytest.approx(share)
    assert combining.found.factors == combining._believed.factors


def test_with_another_axis_upright_it_is_taught_the_same(taught):
    _, _, factor = taught(kind=Looking, sure=0.9)
    box, laid = Box((0, 3, 0), (32, 9, 20)), LaidSections(factor, 0)
    for across in (1, 2):
        said = laid.read_across(box, across, coarse=True)
        expected = factor.read_across(Box((3, 0, 0), (9, 20, 32)), across - 1)
        np.testing.assert_array_equal(said, np.moveaxis(expected, -1, 1))
    assert isinstance(laid, SeesSections)
    assert not isinstance(Laid(factor, 0), SeesSections)
    assert isinstance(laid.without({0}), LaidSections)


def test_a_network_that_is_told_labels_is_not_asked_for_them_where_it_is_taught(taught):
    job, truth, _ = taught(1.0)
    labels = truth.copy()
    labels[5:7] = 0  # two bodies, and labels in next to every block
    np.save(job.labels, labels)
    job = replace(job, neighbours=True, schedule=replace(job.schedule, steps=3, shift=0, shear=0))
    blocks = Stepping(job).setup.blocks
    assert blocks.draw().labels.any()
    blocks.pseudo.put(1, np.ones(blocks.pseudo.boxes[0].shape, np.uint8))
    batch = blocks.draw()
    assert batch is None or not batch.labels.any()


def test_parts_of_a_batch_teach_what_the_whole_does(taught):
    job, truth, _ = taught(0.7)
    job = replace(job, schedule=replace(job.schedule, batch=6))
    setup = Stepping(job).setup
    setup.blocks.pseudo.put(1, truth)
    counts = setup.labels.counts
    for _ in range(5):
        batch = setup.blocks.draw()
        scores = torch.randn((6, 3, *batch.labels.shape[1:]), generator=torch.Generator().manual_seed(0))
        whole = setup.criterion.terms(scores, batch, counts)
        parts = replace(batch, parts=3).split()
        each = [
            weighed.of_all(setup.criterion.terms(some, weighed.batch, counts))
            for weighed, some in zip(setup.criterion.weighed(parts, counts), scores.tensor_split(3), strict=True)
        ]
        for name, value in whole.items():
            assert sum(term[name] for term in each) == pytest.approx(value.item(), rel=1e-5), name
        assert whole[PSEUDO] > 0
