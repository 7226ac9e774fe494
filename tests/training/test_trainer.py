"""While training runs: pauses, ways back, early ends, memory that runs out, and always the same numbers."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_fhn.box import Box
from napari_fhn.network import HyperbolicNetwork
from napari_fhn.training import (
    BoxChanged,
    Checkpoint,
    Control,
    Done,
    Focus,
    JobError,
    Note,
    Progress,
    Score,
    fit,
    predict,
)
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.models.model import load
from napari_fhn.training.steps import setup as the_setup
from napari_fhn.training.steps.setup import Setup


def scheduled(job, **changes):
    return replace(job, schedule=replace(job.schedule, **changes))


def notes(updates):
    return [u.message for u in updates if isinstance(u, Note)]


@pytest.mark.parametrize("survey", ["layered", "layered_3d", "cube"])
def test_two_runs_with_one_seed_agree_bit_for_bit(survey, request):
    job, _ = request.getfixturevalue(survey)
    job = scheduled(job, steps=6, average=0.9, labels_share=0.5)
    runs = []
    for _ in range(2):
        losses = [u.loss for u in fit(job) if isinstance(u, Progress)]
        runs.append((losses, load(job.model).network.state_dict()))
    assert runs[0][0] == runs[1][0]
    for name, value in runs[0][1].items():
        assert torch.equal(value, runs[1][1][name])
    other = [u.loss for u in fit(scheduled(job, seed=1)) if isinstance(u, Progress)]
    assert other != runs[0][0]


def test_a_pause_shows_the_view_and_goes_on(layered):
    job, _ = layered
    control = Control(focus=Focus(0, 5))
    updates = []
    for update in fit(scheduled(job, steps=8), control):
        updates.append(update)
        if isinstance(update, Progress) and update.step == 3:
            control.pause.set()
            control.focus = Focus(0, 6)  # somebody moves on during the pause
        if isinstance(update, BoxChanged) and control.pause.is_set():
            if control.focus == Focus(0, 7):
                control.pause.clear()
            control.focus = Focus(0, 7)
    assert "paused after step 3" in "".join(notes(updates))
    assert [u.step for u in updates if isinstance(u, Progress)] == list(range(1, 9))
    assert {u.box.start[0] for u in updates if isinstance(u, BoxChanged) and u.step == 3} >= {6, 7}


def test_goes_back_to_a_checkpoint(layered):
    job, _ = layered
    control = Control()
    updates = []
    for update in fit(scheduled(job, steps=16, decay="constant"), control):
        updates.append(update)
        if isinstance(update, Progress) and update.step == 9 and not notes(updates):
            control.revert = 4
    kept = [u for u in updates if isinstance(u, Checkpoint)]
    assert [u.step for u in kept] == [2, 4, 6, 8, 6, 8, 10, 12, 14, 16]
    assert "Training went back to step 4." in notes(updates)
    assert [u.step for u in updates if isinstance(u, Progress)] == [*range(1, 10), *range(5, 17)]
    assert load(kept[0].path).classes == job.classes
    list(predict(replace(job, model=kept[0].path)))


def test_going_back_to_nowhere_is_a_sentence(layered):
    job, _ = layered
    control = Control(revert=3)
    updates = list(fit(scheduled(job, steps=2), control))
    assert any("no checkpoint of step 3" in sentence for sentence in notes(updates))
    assert isinstance(updates[-1], Done)


def test_ends_early_with_the_best_network(layered):
    job, truth = layered
    body = Box((2, 3, 0), (3, 4, 32))
    labels = np.load(job.labels, mmap_mode="r+")
    labels[body.slices] = (truth[body.slices] % 3) + 1  # all wrong: what is learnt makes this score worse
    updates = list(fit(replace(scheduled(job, steps=200, patience=3), held_out=(body,))))
    done = updates[-1]
    assert not done.stopped
    assert "until the held-out labels were predicted no better" in done.message
    steps = [u.step for u in updates if isinstance(u, Progress)]
    assert steps[-1] < 200
    scores = [u for u in updates if isinstance(u, Score) and u.held_out]
    assert scores[-1].mean == max(u.mean for u in scores)
    # The same end in every run.
    again = [
        u.step for u in fit(replace(scheduled(job, steps=200, patience=3), held_out=(body,))) if isinstance(u, Progress)
    ]
    assert again == steps


def test_ends_when_the_labels_are_learnt_and_goes_on_when_asked(layered):
    job, _ = layered
    job = scheduled(job, steps=60, enough=50.0)  # which is any loss
    updates = list(fit(job))
    done = updates[-1]
    assert not done.stopped
    assert done.message.startswith("Trained 20 of 60 steps, until the labels were learnt,")
    again = [u.step for u in fit(job, resume=True) if isinstance(u, Progress)]
    assert again == list(range(21, 41))
    # A loss that is never so small changes nothing.
    assert list(fit(scheduled(job, steps=21, enough=1e-12)))[-1].message.startswith("Trained 21 steps")


def test_the_average_of_the_weights_is_what_is_saved(layered):
    job, _ = layered
    job = scheduled(job, steps=8)
    list(fit(job))
    last = load(job.model).network.state_dict()
    list(fit(scheduled(job, average=0.95)))
    averaged = load(job.model).network.state_dict()
    assert not torch.equal(last["kernels.0"], averaged["kernels.0"])


def test_a_loss_that_becomes_no_number_does_not_end_training(layered, monkeypatch):
    job, _ = layered
    scores, calls = HyperbolicNetwork.scores, []

    def broken(self, data, **how):
        found = scores(self, data, **how)
        if not torch.is_grad_enabled():
            return found  # a prediction of the view, which comes when time allows
        calls.append(None)
        return found * math.nan if len(calls) == 15 else found

    monkeypatch.setattr(HyperbolicNetwork, "scores", broken)
    updates = list(fit(scheduled(job, steps=20)))
    assert any("went back to its last good weights" in sentence for sentence in notes(updates))
    assert isinstance(updates[-1], Done)
    assert all(torch.isfinite(value).all() for value in load(job.model).network.state_dict().values())


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried ..."),
    ],
)
def test_blocks_are_halved_when_memory_runs_out(layered, monkeypatch, error):
    job, _ = layered
    scores, shapes = HyperbolicNetwork.scores, []

    def short(self, data, **how):
        if torch.is_grad_enabled():
            shapes.append(tuple(data.shape))
            if data[0, 0].numel() > 16 * 16:
                raise error
        return scores(self, data, **how)

    monkeypatch.setattr(HyperbolicNetwork, "scores", short)
    updates = list(fit(scheduled(job, steps=6, block=(16, 32))))
    assert isinstance(updates[-1], Done)
    assert len([u for u in updates if isinstance(u, Progress)]) == 6
    said = [sentence for sentence in notes(updates) if "Memory ran out" in sentence]
    # One of the two blocks at a time is tried first: blocks stay as large as they can.
    # Before that, nothing is kept any more of the way forward.
    assert said == [
        "Memory ran out: a step keeps no states now and takes 2 blocks of 16 x 32 voxels.",
        "Memory ran out: a step keeps no states now and takes 2 blocks of 16 x 32 voxels, one at a time.",
        "Memory ran out: a step keeps no states now and takes 2 blocks of 16 x 16 voxels, one at a time.",
    ]
    assert all(shape[0] == 1 for shape in shapes[2:])
    assert all(math.prod(shape[2:]) <= 256 for shape in shapes[3:])


def test_states_are_kept_where_there_is_memory_for_them_and_the_log_says_so(layered):
    job, _ = layered

    def kept(memory):
        job_there = replace(scheduled(job, steps=18), memory=memory)
        return [update.keeps for update in fit(job_there) if isinstance(update, Progress)]

    # One step of sixteen recomputes them, so that the error of the inverse is known.
    assert kept(None) == ["nothing", *["states"] * 15, "nothing", "states"]
    setup = Setup(job)
    least = setup.forecast
    for keep in ("hidden", "states"):
        setup = Setup(replace(job, memory=4 * setup._forecast(keep)))
        assert setup.network.keep == keep
        assert setup.settled(job).schedule.keep == keep
    assert Setup(replace(job, memory=4 * least)).network.keep == "nothing"
    asked = scheduled(job, keep="hidden")
    assert Setup(asked).network.keep == "hidden"
    assert Setup(replace(asked, memory=least)).network.keep == "nothing"


def test_memory_that_is_too_small_for_anything_is_a_sentence(layered, monkeypatch):
    job, _ = layered
    monkeypatch.setattr(HyperbolicNetwork, "scores", lambda *_, **how: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(JobError, match="too small for the smallest block"):
        list(fit(job))


def test_another_error_is_not_taken_for_want_of_memory(layered, monkeypatch):
    job, _ = layered
    monkeypatch.setattr(HyperbolicNetwork, "scores", lambda *_, **how: (_ for _ in ()).throw(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        list(fit(job))


def test_blocks_are_made_to_fit_before_anything_is_allocated(layered):
    job, _ = layered
    job = scheduled(job, steps=2, block=(16, 32))
    updates = list(fit(replace(job, memory=250_000)))
    assert any("now it takes 2 blocks of 16 x 32 voxels, one at a time." in sentence for sentence in notes(updates))
    assert isinstance(updates[-1], Done)
    with pytest.raises(JobError, match=r"the smallest block needs .* of memory and there are"):
        list(fit(replace(job, memory=1000)))


def test_steps_leave_room_for_the_dips_that_are_found_beside_them(layered, monkeypatch):
    job, _ = layered
    job = scheduled(job, steps=2, block=(16, 32))
    alone, carrying = replace(job, combination=None), replace(job, combination=Combination())
    needed = Setup(alone).forecast
    # Just enough for the blocks that were asked for, with dips of the size of the rest.
    monkeypatch.setattr(the_setup, "dips_bytes", lambda shape, vertical: needed // 2)
    for what, memory, smaller in ((alone, needed, False), (carrying, needed, True), (carrying, 2 * needed, False)):
        blocks = Setup(replace(what, memory=memory)).blocks.schedule
        asked = (what.schedule.block, what.schedule.batch, what.schedule.at_once)
        assert ((blocks.block, blocks.batch, blocks.at_once) != asked) == smaller


def test_goes_on_from_a_saved_model(layered, tmp_path):
    job, _ = layered
    list(fit(scheduled(job, steps=40)))
    trained = next(u.loss for u in fit(job) if isinstance(u, Progress))
    warm = replace(job, start_from=job.model, model=str(tmp_path / "second"))
    updates = list(fit(scheduled(warm, steps=3)))
    assert any("goes on from the network in" in sentence for sentence in notes(updates))
    assert next(u.loss for u in updates if isinstance(u, Progress)) < 0.5 * trained
    assert (Path(warm.model) / "model.json").exists()


def test_says_how_much_memory_it_holds(layered):
    job, _ = layered
    held = [u.memory for u in fit(scheduled(job, steps=2)) if isinstance(u, Progress)]
    assert all(10_000_000 < bytes_ < 2**40 for bytes_ in held if bytes_ is not None)
