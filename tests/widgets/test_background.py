"""Whatever a person waits for has a bar and a way out, and everything else is on a list that says why it has none."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest

import napari_fhn.widgets
from napari_fhn.widgets.background import Background, Operation, Stopped

WIDGETS = Path(napari_fhn.widgets.__file__).parent

#: Threads for which nobody waits, and those that have a bar of their own.
NO_BAR = {
    "background.py": "the mechanism itself",
    "work.py": "copies the survey before a training: share, words and Stop of the training",
    "exporting/exports.py": "a bar and Cancel of its own, beside the button",
    "data/bricks.py": "a bar and Cancel of its own, beside the offer",
    "data/fetch_dialog.py": "a dialog with a bar and Cancel",
    "network/planning.py": "suggests settings: nobody asked",
    "labelling/tally.py": "counts labels after each stroke",
    "labelling/wells.py": "the trace beside a well, drawn when it is there",
    "labelling/held_out_panel.py": "lists what could be held out",
    "labelling/carry_preview.py": "the preview on the section in view",
    "labelling/horizons.py": "tracking: words, and Stop in its own tool",
    "views/latest.py": "pictures of the linked views",
    "sessions/starting.py": "lists sessions",
    "sessions/rescuing.py": "saves labels when their folder is gone: it must not be stopped",
    "sessions/store.py": "the small picture of a session",
    "data/spectrum_panel.py": "the spectrum of what is in view",
    "data/composite_panel.py": "colours of what is in view",
    "data/class_curves.py": "curves of the classes",
    "data/amplitude_panel.py": "the histogram of what is in view",
}

#: What a person waits for, by the file that begins it.
WITH_BAR = {
    "labelling/book.py": "interpolate, copy to neighbours, shapes, wells, files, accept: all changes of labels",
    "labelling/loader.py": "looking at files, and reading them",
    "labelling/carrying.py": "carry along the reflectors, and take away again",
    "labelling/carry_preview.py": "looking along the reflectors for a preview",
    "labelling/similar.py": "more like this",
    "results/comparison.py": "compare, keep",
    "results/run_list.py": "compare two runs",
    "results/reporting.py": "Score, Report, Save network",
    "results/tidying.py": "Tidy, and bring back",
    "results/leaving_out.py": "planning which labels are left out",
    "running/suggestions.py": "where next",
    "data/stacking.py": "Stack maps",
    "data/rereading.py": "headers looked at, and a SEG-Y file read otherwise",
    "sessions/store.py": "a session opened",
    "labelling/horizon_results.py": "labels of horizons, a horizon saved",
    "sessions/commands.py": "a copy of the session",
}


def calls(name: str) -> set[str]:
    """Files of the dock in which a method of this name is called on something that is called so."""
    found = set()
    for path in WIDGETS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
                on = ast.unparse(node.func.value)
                if on.endswith(("background", "context")) or path.name == "background.py":
                    found.add(path.relative_to(WIDGETS).as_posix())
    return found


def test_each_thread_has_a_bar_or_says_why_it_has_none():
    assert calls("run") == set(NO_BAR)
    assert set(WITH_BAR) <= calls("attempt")


@pytest.fixture
def background(qapp):
    made = Background()
    yield made
    made.close()


def outcome(background, operation, work):
    """Attempt it; returns the list that is told what came of it."""
    heard = []
    background.attempt(operation, work, heard.append, heard.append, lambda: heard.append("stopped"))
    return heard


def test_what_only_reads_is_let_go_of_at_once(background, spin):
    going_on, changes = threading.Event(), []
    background.changed.connect(lambda: changes.append(len(background.under_way)))
    operation = Operation("Comparing")
    heard = outcome(background, operation, lambda _: going_on.wait(10))
    background.stop(operation)
    assert heard == ["stopped"]
    assert changes == [1, 0]
    going_on.set()
    spin(lambda: False, 0.1)
    assert heard == ["stopped"]  # what it found comes too late


def test_what_writes_is_stopped_before_its_first_change_or_is_done(background, spin):
    for asks in (True, False):
        reached, going_on, operation = threading.Event(), threading.Event(), Operation("Tidying", writes=True)

        def work(one, asks=asks, reached=reached, going_on=going_on):
            one.told(0.5)
            reached.set()
            going_on.wait(10)
            if asks:
                one.check()
            return "done"

        heard = outcome(background, operation, work)
        assert reached.wait(10)
        assert operation.share == 0.5
        background.stop(operation)
        assert heard == []
        going_on.set()
        assert spin(lambda heard=heard: bool(heard))
        assert heard == ["stopped" if asks else "done"]
        assert background.under_way == []


def test_an_error_is_heard_and_a_closed_window_changes_nothing(background, spin):
    heard = outcome(background, Operation("Scoring"), lambda _: 1 / 0)
    assert spin(lambda: bool(heard))
    assert isinstance(heard[0], ZeroDivisionError)
    operation = Operation("Tidying", writes=True)
    outcome(background, operation, lambda _: threading.Event().wait(0.05))
    background.close()
    with pytest.raises(Stopped):
        operation.check()


def test_the_bar_tells_of_it_and_the_cross_ends_it(dock, spin):
    desk, going_on, run = dock.desk, threading.Event(), dock.run
    operation = Operation("Comparing with 'Truth'")
    desk.context.attempt(operation, lambda _: going_on.wait(20), lambda _: None, lambda _: None)
    assert run.cancel.isHidden()
    assert spin(lambda: not run.cancel.isHidden())
    assert run.bar.format().startswith("Comparing")
    run.cancel.click()
    assert run.cancel.isHidden()
    assert desk.messages.message == "Stopped: comparing with 'Truth'."
    assert run.bar.format() == ""
    going_on.set()
