"""Training on another machine, here by way of a port: it is the same training, whatever happens to the line."""

import contextlib
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

import forked
from napari_fhn.engine.remote import far, wire
from napari_fhn.engine.remote.far import FarEngine, work_at
from napari_fhn.engine.remote.keeper import Keeper
from napari_fhn.engine.remote.store import Store
from napari_fhn.training import Control, Done, Failed, Focus, JobError, Note, Progress, fit
from napari_fhn.training.models import model as models
from proofs import LONG


class Cuttable:
    """A tunnel that can be cut."""

    def __init__(self, port):
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.open = True
        self._ends = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self.open:
                    near.close()
                    continue
                there = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [near, there]
                for one, other in ((near, there), (there, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def cut(self):
        self.open = False
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def close(self):
        self.cut()
        self._listener.close()


@pytest.fixture
def tunnel(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_FHN_TOKEN", "open sesame")
    monkeypatch.setattr(far, "_AGAIN", (0.1,))
    with forked.installed():
        kept = Keeper(tmp_path / "work", "open sesame")
        thread = threading.Thread(target=kept.serve)
        thread.start()
        way = Cuttable(kept.port)
        yield way
        way.close()
        kept.close()
        thread.join(10)


def until(engine, found, seconds=60):
    """Poll until something is so; returns what was said."""
    said, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        said += engine.poll()
        if found(said):
            return said
        assert not any(isinstance(update, Failed) for update in said), said
        time.sleep(0.01)
    raise AssertionError(said)


def ended(said):
    return any(isinstance(update, Done) for update in said)


def test_it_is_the_same_training_and_only_the_view_is_fetched_whatever_happens_to_the_line(layered, tmp_path, tunnel):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=3000, decay="constant"))
    engine = FarEngine(f"tcp://127.0.0.1:{tunnel.port}")
    engine.focus(Focus(0, 3))
    engine.train(job)
    until(engine, lambda said: sum(isinstance(update, Progress) for update in said) > 2)
    tunnel.cut()
    said = until(engine, lambda said: any(isinstance(u, Note) and "work goes on there" in u.message for u in said))
    labels = np.lib.format.open_memmap(job.labels, "r+")
    labels[5, 5, :4] = 2  # painted while nobody hears it
    tunnel.open = True
    said = until(engine, lambda said: any(isinstance(u, Note) and "there again" in u.message for u in said))
    there = next(path for path in (tmp_path / "work" / "runs").iterdir())

    def arrived(said):
        return (np.load(there / "labels.npy")[5, 5, :4] == 2).all() and np.load(job.prediction)[3].any()

    until(engine, arrived)
    engine.stop()
    said = until(engine, ended)
    end = said[-1]
    assert end.stopped
    assert "on tcp://127.0.0.1" in end.message
    shown = np.load(job.prediction).any(axis=(1, 2))
    assert shown.nonzero()[0].tolist() == [3]
    assert models.load(job.model).steps == end.step
    # It goes on there, and is fetched as a whole.
    went_on = replace(job, schedule=replace(job.schedule, steps=end.step + 2))
    said = list(work_at(str(engine.address), "train", went_on, resume=True))
    assert [update.step for update in said if isinstance(update, Progress)][-2:] == [end.step + 1, end.step + 2]
    list(work_at(str(engine.address), "predict", went_on))
    assert (np.load(job.prediction) > 0).all()


def test_what_was_trained_elsewhere_is_what_would_have_been_trained_here(layered, tmp_path, tunnel):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=6, keep="nothing"))
    said = list(work_at(f"tcp://127.0.0.1:{tunnel.port}", "train", job, Control(watched=False)))
    assert isinstance(said[-1], Done)
    here = replace(job, model=str(tmp_path / "here"))
    list(fit(here))
    found, expected = (models.load(one.model).network.state_dict() for one in (job, here))
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_what_is_not_there_is_sent_once_with_a_word_and_can_be_stopped(layered, tmp_path, tunnel, monkeypatch):
    job, _ = layered
    monkeypatch.setattr(Store, "has", lambda self, name, path=None: self._known(name) is not None)
    monkeypatch.setattr(wire, "PIECE", 64)
    engine = FarEngine(f"tcp://127.0.0.1:{tunnel.port}")
    monkeypatch.setattr(far, "_SENDING_SAID", 0.0)
    engine.train(job)
    said = until(engine, lambda said: sum(isinstance(update, Note) for update in said) > 1)
    assert re.fullmatch(r"input.npy: \d+ % of it is there, .* left\.", said[1].message), said
    assert "input.npy is not on" in said[0].message
    assert "it is sent once (30.8 kB)" in said[0].message
    engine.stop()
    end = until(engine, ended)[-1]
    assert end.message == "Stopped before it began: nothing was done, and all is as it was."
    assert not (tmp_path / "work" / "runs").exists()
    monkeypatch.setattr(wire, "PIECE", 1 << 22)
    job = replace(job, schedule=replace(job.schedule, steps=1))
    for expected in (True, False):
        said = list(work_at(str(engine.address), "train", job))
        assert any("is sent once" in update.message for update in said if isinstance(update, Note)) is expected


def test_nobody_there_and_a_wrong_word_are_said_in_words(layered, tunnel, monkeypatch):
    job, _ = layered
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(JobError, match=f"tcp://127.0.0.1:{port} does not answer"):
        list(work_at(f"tcp://127.0.0.1:{port}", "train", job))
    monkeypatch.setenv("NAPARI_FHN_TOKEN", "guessed")
    with pytest.raises(JobError, match="lets nobody in"):
        list(work_at(f"tcp://127.0.0.1:{tunnel.port}", "train", job))
    assert not os.path.exists(job.model)


@LONG
def test_ssh_begins_a_worker_that_stays(layered, tmp_path, monkeypatch):
    job, _ = layered
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift 2\nexec sh -c "$*"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("NAPARI_FHN_SSH", str(ssh))
    monkeypatch.setenv("NAPARI_FHN_WORKER", f"{sys.executable} -m napari_fhn")
    address = f"ssh://me@gpu{tmp_path}/work"
    said = list(work_at(address, "train", replace(job, schedule=replace(job.schedule, steps=3))))
    assert isinstance(said[-1], Done)
    os.kill(json.loads((tmp_path / "work" / "worker.json").read_text())["process"], signal.SIGTERM)
