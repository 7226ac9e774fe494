"""The walk of a newcomer: from ``pip install`` to an exported SEG-Y, in seconds and clicks.

    python benchmarks/newcomer.py                # in a real window, with the mouse
    python benchmarks/newcomer.py --install      # before that, pip install into a fresh environment
    python benchmarks/newcomer.py --record       # keep the figures

Buttons are clicked by mouse events at their middle, menus are walked entry by entry. A click is counted for each entry
of a menu, each button, each opening of a list and each choice in it; the name of the exported file is typed, with
Enter, which counts as one. Without a display: ``xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/newcomer.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "newcomer.json"
SIZE = (1280, 800)
PATIENCE = 1800.0


class Walk:
    """Counts clicks and seconds, step by step."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.clicks = 0

    @contextmanager
    def step(self, words: str) -> Any:
        """Time what one does, and what one waits for."""
        clicks, began = self.clicks, time.monotonic()
        yield
        step = {"step": words, "clicks": self.clicks - clicks, "seconds": round(time.monotonic() - began, 1)}
        self.steps.append(step)
        print(f"{step['seconds']:7.1f} s  {step['clicks']} clicks  {words}", flush=True)

    def click(self, widget: Any) -> None:
        """Click the middle of a widget, once it is in view and can be clicked."""
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        settle(lambda: widget.isEnabled(), 30)
        if not widget.isEnabled():
            raise RuntimeError(f"{widget.text()!r} cannot be clicked")
        reveal(widget)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        self.clicks += 1

    def choose(self, box: Any, title: str) -> None:
        """Open a list and click an entry."""
        reveal(box)
        box.showPopup()
        settle(lambda: False, 0.2)
        index = next(k for k in range(box.count()) if box.itemText(k) == title)
        box.setCurrentIndex(index)
        box.hidePopup()
        self.clicks += 2

    def menu(self, window: Any, *path: str) -> None:
        """Walk a menu."""
        menu = window.menuBar()
        for depth, title in enumerate(path):
            menu.aboutToShow.emit() if depth else None
            actions = {action.text().replace("&", ""): action for action in menu.actions()}
            found = next((action for text, action in actions.items() if text.startswith(title)), None)
            if found is None:
                raise RuntimeError(f"no {title!r} in {sorted(actions)}")
            self.clicks += 1
            if found.menu() is None:
                found.trigger()
            else:
                menu = found.menu()


def settle(until: Callable[[], bool], seconds: float) -> None:
    """Let the window live until something holds, or for some seconds."""
    from napari_fhn.widgets.demo import wait

    wait(until, seconds)


def reveal(widget: Any) -> None:
    """Scroll until a widget is in view, as a newcomer would."""
    parent = widget.parentWidget()
    while parent is not None:
        if hasattr(parent, "ensureWidgetVisible"):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()
    settle(lambda: False, 0.1)


def install(walk: Walk) -> None:
    """Install into a fresh environment, with what pip has in its cache or fetches."""
    with tempfile.TemporaryDirectory() as folder, walk.step("pip install, into a fresh environment"):
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if os.name == "nt" else "bin") / "python"
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", f"{ROOT}[all]"],
            check=True,
        )


def walk_through(walk: Walk, output: Path) -> None:
    """Go from an empty window to an exported SEG-Y."""
    with walk.step("start napari"):
        import napari
        from qtpy.QtWidgets import QFileDialog

        viewer = napari.Viewer(show=False)
        viewer.window.show()
        window = viewer.window._qt_window
        window.resize(*SIZE)
        settle(lambda: False, 0.5)
    with walk.step("open the sample"):
        walk.menu(window, "File", "Open Sample", "FHN", "Seismic: fold and fault")
        settle(lambda: len(viewer.layers) > 0, 30)
    with walk.step("open the dock"):
        walk.menu(window, "Plugins", "Interpretation desk")
        settle(lambda: bool(viewer.window.dock_widgets), 30)
        dock = next(iter(viewer.window.dock_widgets.values()))
        dock = getattr(dock, "inner_widget", lambda: dock)() if not hasattr(dock, "desk") else dock
    desk = dock.desk
    with walk.step("load the wells"):
        walk.click(dock.labels.load)
        settle(lambda: bool(desk.book.state.counts), 60)
    seen: list[float] = []
    desk.painted.connect(seen.append)
    pressed = time.monotonic()
    with walk.step("train"):
        walk.click(dock.run.train)
        settle(lambda: bool(seen), PATIENCE)
        print(f"{seen[0] - pressed:7.1f} s  until the first prediction in view", flush=True)
        settle(lambda: desk.state.activity.idle, PATIENCE)
    with walk.step("predict the whole survey"):
        walk.click(dock.run.predict)
        settle(lambda: desk.state.activity.idle, PATIENCE)
    with walk.step("export as SEG-Y"):
        walk.choose(dock.export.what, "Classes")
        # The person types a name; the system's own dialog cannot be typed into from here.
        QFileDialog.getSaveFileName = lambda *_, **__: (str(output), "SEG-Y (*.sgy)")
        walk.click(dock.export.button)
        walk.clicks += 1
        settle(lambda: not desk.exports.state.busy and output.is_file(), 120)
    if desk.messages.error:
        raise RuntimeError(desk.messages.message)
    viewer.close()


def check(output: Path) -> None:
    """Read the file with another library, beside the survey it came from."""
    import segyio

    from napari_fhn import sample_data

    with segyio.open(str(output)) as made, segyio.open(str(sample_data.SEISMIC.survey)) as source:
        if made.tracecount != source.tracecount or list(made.ilines) != list(source.ilines):
            raise RuntimeError("the exported file has other traces than the survey")


def main() -> int:
    """Walk, print the table, and keep it on request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true", help="begin with pip install into a fresh environment")
    parser.add_argument("--record", action="store_true", help=f"keep the figures in {RESULTS.relative_to(ROOT)}")
    options = parser.parse_args()
    walk = Walk()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_FHN_SESSIONS"] = folder
        if options.install:
            install(walk)
        walk_through(walk, Path(folder) / "facies.sgy")
        check(Path(folder) / "facies.sgy")
    seconds = sum(step["seconds"] for step in walk.steps)
    print(f"{seconds:7.1f} s  {walk.clicks} clicks  in all; the exported file reads back")
    if options.record:
        from machine import machine

        data = {
            "command": "python " + " ".join(["benchmarks/newcomer.py", *sys.argv[1:]]),
            "machine": machine(),
            "clicks": walk.clicks,
            "seconds": round(seconds, 1),
            "steps": walk.steps,
        }
        RESULTS.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
