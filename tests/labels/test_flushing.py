from __future__ import annotations

import os
import threading
import time

import numpy as np

from napari_fhn import mapped
from napari_fhn.labels import flushing
from napari_fhn.labels.flushing import Flusher


def test_what_is_painted_reaches_the_disk_each_second_on_another_thread(tmp_path, monkeypatch):
    monkeypatch.setattr(flushing, "EVERY", 0.02)
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(threading.current_thread()), real(handle)))
    labels = mapped.create(tmp_path / "labels.npy", (10, 10), np.uint8)
    synced.clear()
    flusher = Flusher()
    until = time.monotonic() + 0.3
    strokes = 0
    while time.monotonic() < until:
        labels[strokes % 10] = 1
        flusher.due(labels)
        strokes += 1
        time.sleep(0.001)
    assert 2 <= len(synced) < strokes  # as often as is due, and not with each stroke
    assert threading.main_thread() not in synced
    time.sleep(0.2)
    count = len(synced)
    time.sleep(0.1)
    assert len(synced) == count  # and not for ever
    flusher.due(np.zeros(3, np.uint8))  # labels in memory have no disk
    assert flusher.refusal() is None


def test_a_disk_that_does_not_take_it_is_told_once(tmp_path, monkeypatch):
    monkeypatch.setattr(flushing, "EVERY", 0.0)

    def refuse(array):
        raise OSError(5, "Input/output error", "labels.npy")

    flusher = Flusher(refuse)
    flusher.due(mapped.create(tmp_path / "labels.npy", (10, 10), np.uint8))
    until = time.monotonic() + 5
    while (error := flusher.refusal()) is None and time.monotonic() < until:
        time.sleep(0.01)
    assert error is not None
    assert flusher.refusal() is None
