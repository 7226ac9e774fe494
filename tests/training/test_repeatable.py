"""The same job, labels and seed give the same weights, whatever happens beside the training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from napari_fhn.network import convolution, onednn
from napari_fhn.training import Control, Focus, Job, Progress, fit
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.machine import speed
from napari_fhn.training.models.model import load
from napari_fhn.training.steps import setup


def weights(job, control=None):
    for update in fit(job, control):
        if control is not None and isinstance(update, Progress):
            control.focus = Focus(0, update.step)  # somebody pages through the survey
    return load(job.model).network.state_dict()


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def scheduled(job, **changes):
    return replace(job, schedule=replace(job.schedule, **changes))


def test_being_looked_at_changes_nothing(layered, monkeypatch):
    job, _ = layered
    monkeypatch.setattr("napari_fhn.training.prediction.live._FIRST_LOOK", 0.0)
    monkeypatch.setattr("napari_fhn.training.prediction.live._SHARE", 1.0)  # after each step
    job = replace(scheduled(job, steps=2), combination=Combination())
    alone = weights(job, Control(watched=False))
    assert equal(alone, weights(job, Control(focus=Focus(0, 5))))


def test_batches_drawn_ahead_teach_the_same(layered, monkeypatch):
    job, _ = layered
    job, found = scheduled(job, steps=4), []
    for ahead in (False, True):
        monkeypatch.setattr(speed, "draws_ahead", lambda device, ahead=ahead: ahead)
        found.append(weights(job, Control(watched=False)))
    assert equal(*found)


def test_other_threads_make_no_more_than_rounding(layered):
    job, _ = layered
    job = scheduled(job, steps=2)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(weights(job))
    finally:
        torch.set_num_threads(before)
    for name, value in found[0].items():
        torch.testing.assert_close(value, found[1][name], rtol=1e-3, atol=1e-4)


def test_what_the_machine_decided_is_in_the_job_that_is_kept(layered, monkeypatch):
    job, _ = layered
    job = scheduled(job, steps=2, precision="auto", batch=2)
    monkeypatch.setattr(speed, "bfloat16_pays", lambda *_: False)
    little = setup.Setup(job).forecast // 2
    monkeypatch.setattr(setup, "free_bytes", lambda _: little)
    first = weights(job)
    kept = Job.load(Path(job.model) / "job.json")
    assert kept.schedule.precision == "float32"
    assert kept.schedule.block != job.schedule.block
    monkeypatch.setattr(setup, "free_bytes", lambda _: 1 << 40)
    monkeypatch.setattr(speed, "bfloat16_pays", lambda *_: pytest.fail("it is known already"))
    assert equal(first, weights(kept))


def test_asking_which_precision_is_faster_draws_from_nobodys_numbers(monkeypatch):
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this processor has no convolutions in bfloat16")
    monkeypatch.setattr(onednn, "fusion_works", lambda _: True)
    torch.manual_seed(0)
    state = torch.get_rng_state()
    convolution.bfloat16_pays.__wrapped__(2, torch.device("cpu"))
    assert torch.equal(state, torch.get_rng_state())
