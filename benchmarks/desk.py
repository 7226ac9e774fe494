"""Does the desk stay alive while it trains, and does training keep its speed while someone works?

    python benchmarks/desk.py [--record]

Opens a real window on the bundled survey (under ``xvfb-run`` where there is no display), presses Train, and in turn
leaves the window alone, pages through inlines, and paints; then does both in a window of napari without the desk, whose
strokes nobody learns: what training loses to that is lost to napari and to drawing. Then pauses, goes on and stops; and
pages through a volume of 650 x 950 x 462 without and with prediction layers. Prints the time from Train to the first
prediction in view, how long the event loop was deaf (longest, 99th percentile), the share of training speed that was
kept, and how fast pause and stop act. It takes some five minutes, says on standard error what it is at, and ends with a
sentence where something does not come in its time. ``--record`` keeps the figures in ``benchmarks/results/desk.json``:
only on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QTimer

from machine import machine
from napari_fhn.project import Run, RunRecord
from napari_fhn.training import Progress
from napari_fhn.widgets.demo import open_desk, wait
from napari_fhn.widgets.heartbeat import Heartbeat

LARGE = (650, 950, 462)
FRAMES = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=4, help="rounds of rest, paging and painting")
    parser.add_argument("--rate", type=float, default=10.0, help="sections paged through, or strokes, in a second")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a phase")
    parser.add_argument("--large", action=argparse.BooleanOptionalAction, default=True, help="also the large volume")
    parser.add_argument("--record", action="store_true", help="keep the figures; the machine must be quiet")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "desk.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_FHN_SESSIONS"] = folder
        found = measure(options.pairs, options.seconds, options.rate)
        if options.large:
            found["paging_through_650x950x462"] = large_volume(Path(folder))
    command = f"python benchmarks/desk.py --rate {options.rate:g}"
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    found = {"command": command, **found, "machine": machine(), "load": load, "date": str(datetime.date.today())}
    if options.record and any(not np.isfinite(run).all() for run in found["step_seconds"].values()):
        print(json.dumps(found, indent=2))
        raise SystemExit("Nothing is recorded: in some phase no step was made, so the machine is not quiet.")
    if options.record:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        runs = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else []
        runs = [run for run in runs if run["command"] != command] + [found]
        options.output.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


class Log:
    """Says what is under way, and how long it has taken until then."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, words: str) -> None:
        """Say it on standard error: the figures are on standard output."""
        print(f"{time.monotonic() - self._began:6.1f} s  {words}", file=sys.stderr, flush=True)


say = Log()


def awaited(what: str, until: Callable[[], bool], seconds: float) -> float:
    """Let the window live until something holds; returns after how many seconds it did.

    Raises
    ------
    SystemExit
        When it does not in time.
    """
    began = time.monotonic()
    wait(until, seconds)
    if not until():
        raise SystemExit(
            f"{what} did not come within {seconds:g} s: nothing is measured (load {os.getloadavg()[0]:.1f})."
        )
    return time.monotonic() - began


class Person:
    """Pages through the inlines, or paints a little stroke, so many times in a second.

    Parameters
    ----------
    viewer : napari.Viewer
        In which they work.
    labels : napari.layers.Labels
        What they paint on.
    rate : float
        Movements in a second.
    """

    def __init__(self, viewer: napari.Viewer, labels: napari.layers.Labels, rate: float) -> None:
        self.viewer = viewer
        self.labels = labels
        self.frames = 0
        self._timer = QTimer()
        self._timer.setInterval(round(1000 / rate))
        self._act: Callable[[], None] = self._page
        self._timer.timeout.connect(lambda: self._act())
        self._rng = np.random.default_rng(0)

    def begin(self, what: str) -> None:
        """Begin to "page" or to "paint"; to "rest" is to do nothing."""
        self._act = self._page if what == "page" else self._paint
        if what != "rest":
            self._timer.start()

    def end(self) -> None:
        """Do no more."""
        self._timer.stop()

    def _page(self) -> None:
        self.frames += 1
        inlines = int(self.viewer.dims.nsteps[0])
        # Back and forth through the survey, one inline a frame.
        turn = self.frames % (2 * inlines - 2)
        self.viewer.dims.set_current_step(0, turn if turn < inlines else 2 * inlines - 2 - turn)

    def _paint(self) -> None:
        inline = round(float(self.labels.world_to_data(self.viewer.dims.point)[0]))
        trace, sample = (int(self._rng.integers(8, size - 8)) for size in self.labels.data.shape[1:])
        # As the mouse does: seen at each movement, one stroke for the history.
        with self.labels.block_history():
            for step in range(8):
                self.viewer.cursor.position = tuple(self.labels.data_to_world((inline, trace + step, sample)))
                self.labels.paint((inline, trace + step, sample), 1 + self.frames % 7)


def measure(pairs: int, seconds: float, rate: float) -> dict[str, Any]:
    """Train on the bundled survey and run the phases; returns the figures."""
    phases_last = pairs * 5 * (seconds + 1)
    say(f"opening the desk; the phases alone take {phases_last:.0f} s")
    viewer, dock = open_desk()
    desk = dock.desk
    dock.labels.load.click()
    awaited("the wells", lambda: bool(desk.book.state.counts), 60)
    desk.planning.change("schedule", "steps", 1_000_000)
    steps: list[float] = []
    poll = desk.engine.poll

    def listen() -> list[Any]:
        news = poll()
        steps.extend(u.step_seconds for u in news if isinstance(u, Progress) and u.step_seconds)
        return news

    desk.engine.poll = listen  # type: ignore[method-assign]
    painted: list[float] = []
    desk.painted.connect(painted.append)
    wait(lambda: False, 10)  # the training process has loaded its libraries by then
    pressed = time.monotonic()
    dock.run.train.click()
    say("training; waiting for the first prediction in view")
    awaited("the first prediction", lambda: bool(painted or desk.messages.error), 120)
    if desk.messages.error:
        raise SystemExit(desk.messages.message)
    first = painted[0] - pressed
    say(f"it came {first:.1f} s after Train")
    wait(lambda: False, 5)
    assert desk.book.layer is not None
    here, elsewhere = Person(viewer, desk.book.layer, rate), Person(*napari_alone(viewer), rate)
    work = {
        "rest": (here, "rest"),
        "page": (here, "page"),
        "paint": (here, "paint"),
        "page in napari alone": (elsewhere, "page"),
        "paint in napari alone": (elsewhere, "paint"),
    }
    phases: dict[str, list[tuple[float, Heartbeat]]] = {what: [] for what in work}
    for pair in range(pairs):
        for what, (person, act) in work.items():
            say(f"round {pair + 1} of {pairs}: {what}")
            for other in (here, elsewhere):
                other.viewer.window._qt_window.setVisible(other is person)
            person.begin(act)
            wait(lambda: False, 1)
            heart, before = Heartbeat(), len(steps)
            wait(lambda: False, seconds)
            person.end()
            heart.stop()
            if len(steps) == before:
                say("no step was made meanwhile: the machine is busy with something else")
            phases[what].append((float(np.median(steps[before:] or [np.nan])), heart))
    shown = here.frames
    elsewhere.viewer.close()
    viewer.window._qt_window.show()
    say("pausing, going on, stopping")
    dock.run.pause.click()
    paused = awaited("the pause", lambda: "paused" in desk.messages.message, 30)
    dock.run.pause.click()
    wait(lambda: False, 1)
    dock.run.stop.click()
    stopped = awaited("the stop", lambda: desk.state.activity.idle, 30)
    viewer.close()
    rest = [run[0] for run in phases["rest"]]
    return {
        "train_to_first_prediction_in_view_s": round(first, 2),
        "pause_s": round(paused, 2),
        "stop_s": round(stopped, 2),
        "step_seconds": {what: [round(run[0], 3) for run in runs] for what, runs in phases.items()},
        "share_of_training_speed_kept": {
            what: round(float(np.median([a / b[0] for a, b in zip(rest, phases[what], strict=True)])), 3)
            for what in phases
            if what != "rest"
        },
        "window_deaf": {what: stalls([heart for _, heart in runs]) for what, runs in phases.items()},
        "sections_per_second_asked": rate,
        "sections_per_second_shown": round(shown / (pairs * (seconds + 1)), 1),
    }


def napari_alone(like: napari.Viewer) -> tuple[napari.Viewer, napari.layers.Labels]:
    """Return a window of the same size with the same data, and empty labels, without the desk."""
    viewer = napari.Viewer(show=False)
    viewer.window._qt_window.resize(like.window._qt_window.size())
    image = next(layer for layer in like.layers if isinstance(layer, napari.layers.Image))
    where = {"scale": image.scale, "translate": image.translate}
    viewer.add_image(np.asarray(image.data), **where)
    labels = viewer.add_labels(np.zeros(image.data.shape, np.uint8), **where)
    viewer.dims.order = like.dims.order
    labels.brush_size = 1
    return viewer, labels


def large_volume(folder: Path) -> dict[str, Any]:
    """Page through a volume on disk, without any other layer, with the labels and prediction, and with entropy too."""
    say(f"writing a volume of {' x '.join(map(str, LARGE))}")
    viewer = napari.Viewer(show=False)
    viewer.window._qt_window.resize(1280, 800)
    viewer.window.show()
    path = folder / "large.npy"
    volume = np.lib.format.open_memmap(path, "w+", np.float32, LARGE)
    rng = np.random.default_rng(0)
    section = rng.standard_normal(LARGE[1:], dtype=np.float32)
    for inline in range(LARGE[0]):
        volume[inline] = np.roll(section, inline, axis=1)
    viewer.add_image(volume, name="large", contrast_limits=(-3, 3))
    _, dock = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
    desk = dock.desk

    def page(what: str) -> dict[str, float]:
        say(f"paging through it: {what}")
        wait(lambda: False, 1)
        times = []
        heart = Heartbeat()
        for frame in range(FRAMES):
            began = time.perf_counter()
            viewer.dims.set_current_step(0, 100 + 5 * frame)
            wait(lambda: True, 1)
            times.append(time.perf_counter() - began)
        heart.stop()
        return {"frame_median_ms": round(1000 * float(np.median(times)), 1), **stalls([heart])}

    found = {"data alone": page("data alone")}
    dock.labels.new.click()
    say("writing a prediction of it")
    assert desk.session is not None
    place = desk.session.runs.place()
    place.mkdir(parents=True)
    run = Run(place, RunRecord(place.name, "Run 1"))
    prediction = np.lib.format.open_memmap(run.prediction, "w+", np.uint8, LARGE)
    entropy = np.lib.format.open_memmap(run.output("entropy"), "w+", np.float16, LARGE)
    for inline in range(LARGE[0]):
        prediction[inline] = 1 + (np.arange(LARGE[2]) + inline) // 100 % 3
        entropy[inline] = np.float16(0.5)
    desk.project.begun(run)
    for what in ("with labels and prediction", "with entropy too"):
        if "entropy" in what:
            desk.overlays.want("entropy", True)
        found[what] = page(what)
    viewer.close()
    return found


def stalls(hearts: list[Heartbeat]) -> dict[str, float]:
    """Return how long the event loop was deaf."""
    late = np.concatenate([heart.stalls for heart in hearts])
    return {
        "longest_ms": round(1000 * float(late.max(initial=0)), 1),
        "percentile_99_ms": round(1000 * float(np.percentile(late, 99)) if late.size else 0.0, 1),
    }


if __name__ == "__main__":
    main()
