"""A real viewer with the dock, its sessions in a temporary folder, and nothing left behind."""

from __future__ import annotations

import time
from dataclasses import replace

import napari
import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from napari_fhn.network.architecture import levels
from napari_fhn.training import recipes
from napari_fhn.widgets.dock import Dock


def _spin(until, seconds=60.0):
    """Let the window live until something holds; False when it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        if until():
            return True
        time.sleep(0.005)
    return False


@pytest.fixture
def spin():
    return _spin


@pytest.fixture
def small(monkeypatch):
    """Recipes small enough for a test."""
    for name, network in (
        ("sections", levels(2, 4, (2, 2), 1)),
        ("layers", levels(2, 4, (2, 2), 1)),
        ("map", levels(2, 8, (4, 4), 1)),
        ("spectra", levels(2, 8, (4, 4), 1)),
        ("regions", levels(2, 8, (4, 4), 1)),
    ):
        old = recipes.RECIPES[name]
        schedule = replace(old.schedule, steps=5, batch=1, block=(16, 32))
        monkeypatch.setitem(recipes.RECIPES, name, replace(old, network=network, schedule=schedule))


@pytest.fixture
def viewer(qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_FHN_SESSIONS", str(tmp_path / "sessions"))
    made = napari.Viewer(show=False)
    yield made
    for dock in QApplication.allWidgets():
        if isinstance(dock, Dock):
            dock.close_desk()
    if hasattr(made.window, "_qt_window"):
        made.close()
    QApplication.processEvents()


@pytest.fixture
def dock(viewer):
    _, widget = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
    return widget


@pytest.fixture
def labelled(viewer, dock, small):
    """The dock with a small volume whose label layer has two classes; returns (viewer, dock)."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((12, 16, 32)).astype(np.float32)
    values[:, :, 16:] += 3
    viewer.add_image(values, name="volume")
    dock.labels.new.click()
    layer = dock.desk.book.layer
    layer.data_setitem(tuple(np.array(v) for v in zip(*[(6, 3, t) for t in range(16)], strict=True)), 1)
    layer.data_setitem(tuple(np.array(v) for v in zip(*[(6, 3, t) for t in range(16, 32)], strict=True)), 2)
    assert _spin(lambda: dock.desk.book.state.counts == {1: 16, 2: 16}, 5), dock.desk.book.state.counts
    return viewer, dock
