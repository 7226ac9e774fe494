"""The same job, labels and seed give the same weights and scores, whatever happens beside the training."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import forked
from napari_fhn.engine import Engine
from napari_fhn.network import convolution, onednn
from napari_fhn.training import Control, Done, Failed, Focus, Job, Progress, Score, fit, updates
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


def at_the_command_line(job, *options, held_up=False, stopped=False):
    """Train in a process of its own, which somebody else may keep from computing for a while, or stop."""
    path = Path(f"{job.model}-job.json")
    job.save(path)
    command = [sys.executable, "-m", "napari_fhn", "train", "--job", str(path), "--trust-job", "--json", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    with forked.installed():
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    with process:
        for line in process.stdout:
            yield (update := updates.from_json(line))
            if held_up and isinstance(update, Progress) and update.step == 2:
                os.kill(process.pid, signal.SIGSTOP)
                time.sleep(1.7)
                os.kill(process.pid, signal.SIGCONT)
            if stopped and isinstance(update, Progress) and update.step == 1:
                os.kill(process.pid, signal.SIGTERM)
    assert process.returncode == (130 if stopped else 0)


def stopped_and_gone_on_with(job):
    first = [update for update in at_the_command_line(job, stopped=True) if isinstance(update, Progress)]
    assert first[-1].step < first[-1].steps
    yield from at_the_command_line(job, "--resume")


def in_the_dock(job):
    """Train in the process beside a viewer, in which a section is in view."""
    with forked.installed():
        engine = Engine(Path(f"{job.model}-engine.log"))
        try:
            engine.train(job)
            engine.focus(Focus(0, 5))
            until = time.monotonic() + 300
            while time.monotonic() < until:
                for update in engine.poll():
                    assert not isinstance(update, Failed), update
                    yield update
                    if isinstance(update, Done):
                        return
                time.sleep(0.02)
        finally:
            engine.close()


@pytest.mark.skipif(not forked.AVAILABLE, reason="processes cannot be copied here")
def test_what_is_said_and_kept_at_the_end_does_not_go_by_the_clock(layered, tmp_path):
    job, _ = layered
    job = replace(scheduled(job, steps=5), combination=Combination())
    doors = {
        "command line": at_the_command_line,
        "held up": lambda job: at_the_command_line(job, held_up=True),
        "stopped": stopped_and_gone_on_with,
        "Python": fit,
        "dock": in_the_dock,
    }
    kept, said = {}, {}
    for door, train in doors.items():
        prediction = shutil.copy(job.prediction, tmp_path / f"{door}.npy")
        own = replace(job, model=str(tmp_path / door), prediction=str(prediction))
        said[door] = [update for update in train(own) if isinstance(update, Score)][-1]
        model = json.loads((tmp_path / door / "model.json").read_text())
        kept[door] = {name: model[name] for name in ("weights", "scores", "combination")}
    assert said == dict.fromkeys(doors, said["Python"])
    assert kept == dict.fromkeys(doors, kept["Python"])
    assert (said["Python"].step, kept["Python"]["combination"]["bodies"]) == (5, 1)


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


class InPlaceOfHalf(convolution.Fused):
    """What can be timed on a processor without bfloat16 too."""

    def __init__(self, in_place):
        super().__init__()


def test_asking_which_precision_is_faster_draws_from_nobodys_numbers(monkeypatch):
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this processor has no convolutions in bfloat16")
    monkeypatch.setattr(onednn, "fusion_works", lambda _: True)
    monkeypatch.setattr(convolution, "Bfloat16", InPlaceOfHalf)
    torch.manual_seed(0)
    state = torch.get_rng_state()
    convolution.bfloat16_pays.__wrapped__(2, torch.device("cpu"))
    assert torch.equal(state, torch.get_rng_state())
