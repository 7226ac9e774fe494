"""Processes that train together, as `torchrun` starts them."""

import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

import forked
from napari_fhn.training import Objective, Progress, fit
from napari_fhn.training.combination.settings import Combination
from napari_fhn.training.models import model as models
from napari_fhn.training.objective import Share
from napari_fhn.training.steps.criterion import PSEUDO

pytestmark = pytest.mark.skipif(not forked.AVAILABLE, reason="processes cannot be copied here")


def start(job, path, ranks, *options, seconds="60"):
    """Begin a training in several processes."""
    job.save(path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    group = {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1"}
    group |= {"MASTER_PORT": str(port), "NAPARI_FHN_RANKS_SECONDS": seconds, "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, "-m", "napari_fhn", "train", "--job", str(path), "--trust-job", *options]
    with forked.installed():
        return [
            subprocess.Popen(
                command,
                env={**os.environ, **group, "RANK": str(rank), "LOCAL_RANK": str(rank)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for rank in range(ranks)
        ]


def ended(process):
    """Wait for the end of a process; returns what it said and how it ended."""
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        said, wrong = process.stdout.read(), process.stderr.read()
        return said, wrong, process.wait()
    finally:
        timer.cancel()


def weights(job):
    return models.load(job.model).network.state_dict()


def same(one, other):
    found, expected = weights(one), weights(other)
    return all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.fixture
def together(layered, tmp_path):
    """A job of three blocks in a step, shown one by one; and the same with a place of its own."""
    job, _ = layered
    known = Objective(knowledge=(Share("top", at_least=0.3, at_most=0.4),))
    schedule = replace(job.schedule, steps=5, batch=3, accumulate=3, decay="constant", average=0.9, objective=known)
    job = replace(job, schedule=schedule)
    np.save(tmp_path / "other.npy", np.load(job.prediction))
    return job, replace(job, model=str(tmp_path / "other"), prediction=str(tmp_path / "other.npy"))


@pytest.mark.parametrize("taught", [False, True])
def test_two_processes_learn_to_the_last_bit_what_one_learns(together, tmp_path, taught):
    job, alone = together
    if taught:  # one of them makes pseudo-labels, and most batches hold nothing else
        schedule = replace(job.schedule, steps=10, pseudo_labels=0.9)
        job, alone = (replace(one, schedule=schedule, combination=Combination()) for one in together)
        labels = np.load(job.labels)
        labels[3:] = 0  # of one well nothing is left out that could say whether the teacher is worth hearing
        labels[2, 15] = 0
        np.save(job.labels, labels)
    first, second = map(ended, start(job, tmp_path / "job.json", 2))
    assert (first[2], second[2]) == (0, 0), first[1] + second[1]
    assert "2 processes train together: a step takes 3 blocks of 16 x 32 voxels, one at a time in each." in first[0]
    assert second[:2] == ("", "")  # the first one speaks
    said = [update.terms.get(PSEUDO) for update in fit(alone) if isinstance(update, Progress)]
    assert same(job, alone)
    assert not taught or sum(one > 0 for one in said) > 3


def test_a_process_that_is_killed_ends_the_others_in_words_and_costs_no_step(together, tmp_path):
    job, alone = together
    endless = replace(job, schedule=replace(job.schedule, steps=100_000))
    first, second = start(endless, tmp_path / "job.json", 2, "--json")
    made = 0
    while made < 2:
        made = json.loads(first.stdout.readline()).get("step", 0)
    second.kill()
    _, wrong, code = ended(first)
    ended(second)
    assert code == 2
    assert "another process of this training is gone or stands still: what was learnt in" in wrong
    made = int(wrong.split("what was learnt in ")[1].split()[0])
    assert made >= 2
    # One goes on where two were.
    goes_on, whole = (replace(one, schedule=replace(job.schedule, steps=made + 2)) for one in (job, alone))
    list(fit(goes_on, resume=True))
    list(fit(whole))
    assert same(goes_on, whole)


def test_what_is_wrong_is_said_once(together, tmp_path):
    job, _ = together
    os.remove(job.labels)
    (_, first, one), (_, second, other) = map(ended, start(job, tmp_path / "job.json", 2))
    assert (one, other) == (2, 2)
    assert "does not exist" in first
    assert not second
