"""A network looks at a survey in a process of its own."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.engine import looking, pulse
from napari_fhn.engine.looking import Looking
from napari_fhn.network.architecture import levels
from napari_fhn.training import Input, Job, JobError, Schedule, fit
from napari_fhn.training.prediction import state_file


@pytest.fixture
def job(tmp_path) -> Job:
    np.save(tmp_path / "input.npy", np.random.default_rng(0).standard_normal((20, 24)).astype(np.float32))
    labels = np.zeros((20, 24), np.uint8)
    labels[2:4, 2:4], labels[12:14, 12:14] = 1, 2
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "prediction.npy", np.zeros((20, 24), np.uint8))
    return Job(
        inputs=(Input(str(tmp_path / "input.npy")),),
        labels=str(tmp_path / "labels.npy"),
        classes=("a", "b"),
        network=levels(2, 8, (2,), 1),
        schedule=Schedule(steps=2, block=(16, 16)),
        prediction=str(tmp_path / "prediction.npy"),
        model=str(tmp_path / "model"),
        device="cpu",
    )


def test_it_looks_and_tells_how_far_it_is(job):
    list(fit(job))
    shares = []
    assert Looking().look(job, shares.append)
    assert shares[-1] == 1
    assert state_file.read(job.prediction) is not None


def test_what_is_wrong_is_said(job):
    with pytest.raises(JobError, match="model"):
        Looking().look(job)


def instead(monkeypatch, code: str) -> None:
    """Let another program be what looks."""
    monkeypatch.setattr(looking, "PROGRAM", [sys.executable, "-S", "-c", f"import os, signal, sys, time\n{code}"])
    monkeypatch.setattr(looking, "LOOK", 0.05)


@pytest.mark.parametrize("reads", [True, False])
def test_one_that_stands_still_is_noticed_and_can_be_stopped(job, monkeypatch, reads):
    stop = "os.kill(os.getpid(), signal.SIGSTOP)"
    instead(monkeypatch, f"sys.stdin.readline(); {stop}" if reads else stop)
    monkeypatch.setattr(pulse, "SILENT", 0.2)
    job = replace(job, classes=("a" * 200_000, "b"))  # more than a pipe takes
    heard = []

    def told(share):
        if heard:
            raise KeyboardInterrupt

    one = looking.Looking()
    with pytest.raises(KeyboardInterrupt):
        one.look(job, told, heard.append)
    assert "in which the network looks has not been heard of" in heard[0]
    assert one._process.poll() is not None


def test_one_that_goes_on_is_said_to(job, monkeypatch):
    instead(monkeypatch, "time.sleep(0.5); print(chr(123) + '\"share\": 0.5}', flush=True); time.sleep(0.1)\n"
                         "print('{\"done\": true}', flush=True)")  # fmt: skip
    monkeypatch.setattr(pulse, "SILENT", 0.2)
    heard = []
    assert looking.Looking().look(job, None, heard.append)
    assert heard[0].startswith("The process in which the network looks")
    assert heard[-1] is None


def test_what_it_says_and_is_no_line_of_its_own_is_passed_over(job, monkeypatch):
    wrong = [
        b"\xff\x00",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"share": "x"}',
        b'{"share": NaN}',
        b'{"share": 7}',
        b'{"share": 1e999}',
    ]
    instead(monkeypatch, f"for line in {wrong!r}: sys.stdout.buffer.write(line + b'\\n')\n"
                         "sys.stdout.buffer.write(b'x' * (17 << 20) + b'\\n{\"done\": false}\\n')")  # fmt: skip
    shares = []
    assert not looking.Looking().look(job, shares.append)
    assert set(shares) == {0, 1}


def test_one_that_is_killed_is_said_to_have_ended(job, monkeypatch):
    instead(monkeypatch, "os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(JobError, match="ended before it was done"):
        looking.Looking().look(job)
