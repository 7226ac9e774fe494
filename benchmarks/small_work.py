"""Pieces of work on one small session, typed, in Python and in a window: what `kills.py` kills, and `soak.py` repeats.

Each piece says when it begins and after everything that a person would then see as done. What it says is the state of
the labels: a digest of their values and of their classes.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import segyio
from numpy.typing import NDArray

import napari_fhn as fhn
from napari_fhn.cli import main
from napari_fhn.labels import Interval, Well
from napari_fhn.labels.volumes import changes
from napari_fhn.network.architecture import levels
from napari_fhn.project import Project, Session
from napari_fhn.project.undo.steps import LABELS, Step
from napari_fhn.training import Schedule
from napari_fhn.training.recipes import RECIPES, Recipe

SHAPE = (12, 16, 32)
CLASSES = ("sand", "shale", "salt")

Say = Callable[[str], None]


def small_recipes(steps: int = 6) -> None:
    """Let networks be so small that a training takes a moment."""
    small = Recipe("", "", levels(2, 8, (2, 2), 1, context=1), Schedule(steps=steps, block=(8, 32)))
    RECIPES.update(sections=small, layers=small)


def import_all(*, windows: bool) -> None:
    """Import what the pieces of work would import, so that copies of this process begin at once."""
    import napari_fhn.training.predicting
    import napari_fhn.training.trainer  # noqa: F401

    if windows:
        import napari

        from napari_fhn.widgets import dock  # noqa: F401

        _ = napari.Viewer  # which is imported when it is asked for


def prepare(folder: Path) -> None:
    """Make what every piece of work begins with: a survey, and a session with wells, a run and its prediction."""
    folder.mkdir(parents=True)
    os.chdir(folder)
    values = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    values[..., 16:] += 2
    segyio.tools.from_array3D("survey.sgy", values, dt=4000)
    with segyio.open("survey.sgy", "r+", strict=False) as file:
        for number, header in enumerate(file.header):
            i, j = divmod(number, SHAPE[1])
            header.update({segyio.su.iline: 100 + i, segyio.su.xline: 200 + j})
    Path("wells.csv").write_text("well,inline,crossline\nA,102,203\nB,105,207\nC,108,211\n", encoding="utf-8")
    limits = (0, 40, 80, 128)
    rows = [f"{w},{a},{b},{name}" for w in "ABC" for (a, b), name in zip(pairwise(limits), CLASSES, strict=True)]
    Path("tops.csv").write_text("well,top_twt_ms,base_twt_ms,class\n" + "\n".join(rows) + "\n", encoding="utf-8")
    Path("picks.csv").write_text("inline,crossline,twt_ms\n102,203,64\n107,209,64\n", encoding="utf-8")
    wells = ["--wells", "wells.csv", "--tops", "tops.csv", "--radius", "1", "--hold-out", "1"]
    for command in (
        ["train", "survey.sgy", *wells, "--session", "s", "--json"],
        ["predict", "--session", "s", "--outputs", "entropy", "--json"],
        ["export", "classes", "classes.npy", "--session", "s", "--overwrite"],
    ):
        _run(command)


def state(values: NDArray[np.uint8], names: Any) -> str:
    """Digest of labels and of their classes."""
    text = "|".join(f"{one.value} {one.name}" for one in names)
    return hashlib.sha256(np.ascontiguousarray(values).tobytes() + text.encode()).hexdigest()[:16]


def state_on_disk(folder: Path) -> str:
    """Digest of the labels of a session, as another program reads them."""
    project = Project.open(folder)
    return state(np.array(project.session.known()), project.classes)


# Without a window ----------------------------------------------------------------------------------------------------

_WELLS = ("--wells", "wells.csv", "--tops", "tops.csv")

#: What is typed, in the folder that :func:`prepare` made.
TYPED: dict[str, list[str]] = {
    "train": ["train", "--session", "s", "--steps", "12", "--seed", "4", "--json"],
    "train anew": ["train", "survey.sgy", *_WELLS, "--session", "new", "--json"],
    "resume": ["train", "--resume", "--session", "s", "--steps", "20", "--json"],
    "predict": ["predict", "--session", "s", "--outputs", "probabilities,margin", "--json"],
    "carry": ["carry", "survey.sgy", "--session", "s"],
    "attributes": [
        "train",
        "survey.sgy",
        *_WELLS,
        "--session",
        "new",
        "--attribute",
        "rms",
        "--attribute",
        "dip",
        "--json",
    ],
    "export": ["export", "classes", "classes.npy", "--session", "s", "--overwrite"],
    "score": ["score", "--session", "s", "--json"],
    "report": ["report", "--session", "s"],
    "take back": ["history", "undo", "--session", "s"],
    "horizon": ["horizon", "picks.csv", "--session", "s", "--output", "horizon.csv", "--overwrite"],
    "brick": ["brick", "survey.sgy", "bricks.zarr"],
    "rename a run": ["runs", "rename", "1", "renamed", "--session", "s"],
}


def typed(name: str, say: Say) -> None:
    """Do what somebody types."""
    say(state_on_disk(Path("s")))
    _run(TYPED[name])


def _run(command: list[str]) -> None:
    if code := main(command):
        raise RuntimeError(f"{command} ended with {code}")


def in_python(say: Say) -> None:
    """Label, train, predict and save in Python."""
    with fhn.open(session="s") as work:
        project = work.project
        values = np.array(project.session.known())
        say(state(values, project.classes))
        values[1, 1] = 1
        project.paint(values, replace_labels=True)
        say(state(values, project.classes))
        for _ in work.fit(steps=4):
            pass
        work.predict()
        work.save("python.npy")


def edit_classes(say: Say) -> None:
    """Merge two classes and delete one, as the dock does it, and take the last of it back."""
    session = Session("s")
    with session.writing("classes"):
        say(state_on_disk(session.folder))
        for title, values in (("merged", {1: 2}), ("deleted", {3: 0})):
            table = session.classes
            assert table is not None
            change = changes.planned(session.volume(LABELS, SHAPE), changes.replacing(values))
            session.steps.do(Step(title, {LABELS: change}, SHAPE, (table, table.without(list(values)))))
            say(state_on_disk(session.folder))
        entry = session.steps.undoable(None)
        assert entry is not None
        session.steps.toggle(entry)
        say(state_on_disk(session.folder))


def another_run(say: Say) -> None:
    """Train a second run, let the first predict again, and delete the second."""
    say(state_on_disk(Path("s")))
    for command in (
        ["train", "--session", "s", "--steps", "3", "--seed", "5", "--json"],
        ["runs", "use", "1", "--session", "s"],
        ["runs", "delete", "2", "--yes", "--session", "s"],
    ):
        _run(command)


# In a window ---------------------------------------------------------------------------------------------------------


class Window:
    """A viewer with the dock on the session, and a person who waits for what is done."""

    def __init__(self, *, trains: bool = True) -> None:
        import napari

        from napari_fhn.engine import Engine
        from napari_fhn.widgets.dock import Dock

        if not trains:
            Engine.start = lambda engine: None  # type: ignore[method-assign]
        self.viewer = napari.Viewer(show=False)
        self.dock = Dock(self.viewer, Path("sessions").absolute())
        self.viewer.window.add_dock_widget(self.dock)
        self.desk = self.dock.desk
        self.open(Path("s").absolute())

    def open(self, folder: Path) -> None:
        """Open a session, and wait for it."""
        heard: list[bool] = []
        self.desk.store.open(folder, lambda name: None, heard.append)
        self.wait(lambda: bool(heard))
        if not heard[0]:
            raise RuntimeError(self.desk.messages.message)

    def state(self) -> str:
        """Digest of what is on the screen."""
        layer = self.desk.book.layer
        if layer is None:
            raise RuntimeError("the window shows no labels")
        return state(np.asarray(layer.data), self.desk.book.state.classes)

    def wait(self, until: Callable[[], bool], seconds: float = 600.0) -> None:
        """Let the window live until something holds."""
        from qtpy.QtWidgets import QApplication

        end = time.monotonic() + seconds
        while not until():
            QApplication.processEvents()
            if time.monotonic() > end:
                raise RuntimeError(f"it took longer than {seconds:.0f} s: {self.desk.messages.message}")
            time.sleep(0.002)

    def paint(self) -> Iterator[None]:
        """Strokes, now and then one taken back."""
        layer = self.desk.book.layer
        assert layer is not None
        for number in range(40):
            if number % 7 == 6:
                self.desk.book.history.undo()
            else:
                places = [(number % SHAPE[0], k, (number * 3 + k) % SHAPE[2]) for k in range(SHAPE[1])]
                layer.data_setitem(tuple(np.array(one) for one in zip(*places, strict=True)), 1 + number % 3)
            self.wait(lambda: True)
            yield

    def burn_again(self) -> Iterator[None]:
        """Wells with another radius."""
        wells = self.desk.labelling.wells
        limits = (0.0, 40.0, 80.0, 128.0)
        layers = tuple(Interval(a, b, name) for (a, b), name in zip(pairwise(limits), CLASSES, strict=True))
        wells.replace([Well(f"W-{k}", 101 + 3 * k, 202 + 4 * k, layers) for k in range(3)], "three wells", radius=1.0)
        self.wait(lambda: len(wells.state.wells) == 3)
        yield
        for number in range(8):
            radius = (2.0, 1.0, 3.0)[number % 3]
            wells.set_radius(radius)
            self.wait(lambda radius=radius: wells.state.radius == radius)  # type: ignore[misc]
            yield

    def merge(self) -> Iterator[None]:
        """Two classes become one, and two again."""
        book = self.desk.book
        for _ in range(5):
            n = len(book.state.classes)
            self.desk.labelling.edits.merge((1, 2), 2)
            self.wait(lambda n=n: len(book.state.classes) == n - 1)  # type: ignore[misc]
            yield
            book.history.undo()
            self.wait(lambda n=n: len(book.state.classes) == n)  # type: ignore[misc]
            yield

    def train(self, steps: int = 12) -> Iterator[None]:
        """A run of its own."""
        self.desk.planning.change("schedule", "steps", steps)
        self.dock.run.train.click()
        self.wait(lambda: self.desk.state.activity.idle)
        yield

    def predict(self) -> Iterator[None]:
        """The whole survey."""
        self.dock.run.predict.click()
        self.wait(lambda: self.desk.state.activity.idle)
        yield

    def export(self) -> Iterator[None]:
        """Classes over a file that is there, again and again."""
        from napari_fhn.project.exporting.exporter import Request

        for _ in range(6):
            self.desk.exports.save(Request("classes", Path("classes.npy").absolute(), overwrite=True))
            self.wait(lambda: not self.desk.exports.state.busy)
            yield

    def save(self) -> Iterator[None]:
        """Settings, names and looks."""
        for number in range(12):
            self.desk.planning.change("schedule", "steps", 20 + number)
            self.desk.labelling.edits.rename(1, f"sand {number}")
            self.viewer.dims.set_current_step(0, number % SHAPE[0])
            self.desk.store.save()
            yield


CLICKED: dict[str, Callable[[Window], Iterator[None]]] = {
    "painting": Window.paint,
    "burning again": Window.burn_again,
    "merging classes": Window.merge,
    "training": Window.train,
    "predicting": Window.predict,
    "exporting": Window.export,
    "saving": Window.save,
    "opening": lambda window: iter(()),
}


def clicked(name: str, say: Say) -> None:
    """Do what somebody clicks."""
    if name == "opening":
        say(state_on_disk(Path("s")))
    window = Window(trains=name in ("training", "predicting"))
    say(window.state())
    for _ in CLICKED[name](window):
        say(window.state())
