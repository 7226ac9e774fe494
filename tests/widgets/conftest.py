"""A real viewer with the dock, its sessions in a temporary folder, and nothing left behind."""

from __future__ import annotations

import gc
import importlib.util
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

import forked
import same_viewer
from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.network.architecture import levels
from napari_fhn.project.runs import jobs
from napari_fhn.training import Done, recipes
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.models import description
from napari_fhn.training.prediction import provenance
from napari_fhn.training.prediction.parts import Part
from napari_fhn.training.prediction.provenance import InputStamp, Provenance
from napari_fhn.widgets import garbage
from napari_fhn.widgets.dock import Dock

if importlib.util.find_spec("triton") is not None:
    # A test that trains in the process of a window brings it in with torch for CUDA, and loaded after a context of
    # software GL it ends the process. The program itself trains in a process of its own.
    import triton  # noqa: F401


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
def quick_processes():
    """The processes of a dock begin as copies of one that has imported torch (`tests/forked.py`)."""
    with forked.installed():
        yield


@pytest.fixture
def little_garbage(monkeypatch):
    """What there was before is left out of the search for garbage that every viewer ends with.

    It would take longer than to make the window.
    """
    monkeypatch.setattr(garbage, "gc", SimpleNamespace(freeze=gc.freeze, unfreeze=lambda: None))
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def none_at_the_end(qapp):
    """The last viewer is closed while there is a Qt to do it."""
    yield
    same_viewer.forget()


@pytest.fixture
def own_viewer(qapp):
    """A viewer that no other test has: for those in which the canvas draws."""
    same_viewer.forget()
    yield
    same_viewer.forget()


@pytest.fixture
def viewer(qapp, quick_processes, little_garbage, tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_FHN_SESSIONS", str(tmp_path / "sessions"))
    made = same_viewer.given()
    yield made
    for dock in QApplication.allWidgets():
        if isinstance(dock, Dock):
            dock.close_desk()
    same_viewer.returned(made)
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
    assert _spin(lambda: dock.desk.book.state.counts == {1: 16, 2: 16}), dock.desk.book.state.counts
    return viewer, dock


def _open_session(desk, folder, ask=lambda name: None):
    """Open a session, and wait for it; returns whether it was opened."""
    heard = []
    desk.store.open(folder, ask, heard.append)
    assert _spin(lambda: bool(heard))
    return heard[0]


@pytest.fixture
def open_session():
    return _open_session


def _add_run(desk, values=None, *, steps=45, outputs=None, until=None):
    """Put a run into the session as a training and a prediction leave it, without a network that could compute.

    `until` is where the prediction was stopped, along the first axis; the run becomes the current one.
    """
    desk.session.set_classes(desk.book.state.classes)
    settings = desk.planning.state.settings.with_numbers(steps=steps)
    begun = jobs.begin(desk.project.project, settings, held_out=desk.book.held_out())
    run, job = begun.run, begun.job
    run.model.mkdir(exist_ok=True)
    (run.model / description.FIRST_WEIGHTS).write_bytes(b"")
    sha256 = description.write(
        description.Description(
            description.WeightsFile(description.FIRST_WEIGHTS, ""),
            job.network,
            1,
            job.classes,
            description.Normalisation((0.0,), (1.0,)),
            Framing(job.vertical_axis),
            steps=steps,
            run=run.id,
        ),
        run.model,
    )
    job.save(run.model / "job.json")
    if values is not None:
        shape = values.shape
        mapped.open(run.prediction, "r+")[:until] = values[:until]
        box = Box((0,) * len(shape), (until or shape[0], *shape[1:]))
        inputs = tuple(InputStamp(item.name, item.stamp) for item in job.inputs)
        made = Provenance(run.id, shape, job.classes, inputs, parts=(Part(box, steps, sha256),))
        provenance.write(run.prediction, made)
    for kind, written in (outputs or {}).items():
        np.save(run.output(kind), written)
    desk.project.begun(run)
    desk.project.ended(run, Done("train", False, 1.0, "Trained.", steps), trained=True)
    return desk.project.current


@pytest.fixture
def add_run():
    return _add_run
