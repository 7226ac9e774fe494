from __future__ import annotations

import os
import threading
import time
from types import SimpleNamespace

import numpy as np

from napari_fhn import mapped
from napari_fhn.labels.volumes import flushing
from napari_fhn.labels.volumes.flushing import Flusher


def test_what_is_painted_reaches_the_disk_each_second_on_another_thread(tmp_path, monkeypatch):
    synced, slept = [], []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(threading.current_thread()), real(handle)))
    labels = mapped.create(tmp_path / "labels.npy", (10, 10), np.uint8)
    synced.clear()
    flusher = Flusher()

    def sleep(seconds):
        # Nobody sleeps here: in each of the first three of its sleeps somebody paints, ten strokes.
        if threading.current_thread() not in threads:
            return  # it belongs to another test, and ends
        slept.append(seconds)
        if len(slept) > 3:
            return
        for stroke in range(10):
            labels[stroke] = len(slept)
            flusher.due(labels)

    threads, started = [], threading.Thread.start
    monkeypatch.setattr(flushing, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(threading.Thread, "start", lambda self: (threads.append(self), started(self)))
    flusher.due(labels)
    for thread in threads:
        thread.join(60)
    assert len(synced) == 3  # as often as is due, and not with each stroke
    assert slept == [flushing.EVERY] * 4  # and not for ever
    assert len(threads) == 1
    assert set(synced) == set(threads)
    flusher.due(np.zeros(3, np.uint8))  # labels in memory have no disk
    assert flusher.refusal() is None


def test_a_disk_that_does_not_take_it_is_told_once(tmp_path, monkeypatch):
    monkeypatch.setattr(flushing, "EVERY", 0.0)

    def refuse(array):
        raise OSError(5, "Input/output error", "labels.npy")

    flusher = Flusher(refuse)
    flusher.due(mapped.create(tmp_path / "labels.npy", (10, 10), np.uint8))
    until = time.monotonic() + 60
    while (error := flusher.refusal()) is None and time.monotonic() < until:
        time.sleep(0.01)
    assert error is not None
    assert flusher.refusal() is None
