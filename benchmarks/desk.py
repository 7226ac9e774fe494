"""Does the desk stay alive while it trains, and does training keep its speed while someone scrubs?

    python benchmarks/desk.py

Opens a real window on the bundled survey (under ``xvfb-run`` where there is no display), presses Train, and in turn
leaves the window alone and pages through inlines, ten a second. Prints, and keeps in
``benchmarks/results/desk.json``: steps per second in both states and their ratio, pair by pair; the time from Train to
the first prediction in view; and how long the event loop was deaf.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QTimer

from machine import machine
from napari_fhn.training import Progress
from napari_fhn.widgets.demo import open_desk, wait
from napari_fhn.widgets.heartbeat import Heartbeat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=4, help="rest and scrub phases, each this many times")
    parser.add_argument("--rate", type=float, default=10.0, help="sections paged through in a second")
    parser.add_argument("--seconds", type=float, default=12.0, help="length of a phase")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "desk.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_FHN_SESSIONS"] = folder
        found = measure(options.pairs, options.seconds, options.rate)
    command = f"python benchmarks/desk.py --rate {options.rate:g}"
    found = {"command": command, **found, "machine": machine(), "date": str(datetime.date.today())}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    runs = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else []
    runs = [run for run in runs if run["command"] != command] + [found]
    options.output.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


def measure(pairs: int, seconds: float, rate: float) -> dict[str, Any]:
    """Run the phases; returns the figures."""
    viewer, dock = open_desk()
    desk = dock.desk
    dock.labels.load.click()
    wait(lambda: bool(desk.book.state.counts), 30)
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
    wait(lambda: bool(painted), 120)
    first = painted[0] - pressed
    wait(lambda: False, 5)

    inlines = int(viewer.dims.nsteps[0])
    frames = 0

    def page() -> None:
        nonlocal frames
        frames += 1
        # Back and forth through the survey, one inline a frame.
        turn = frames % (2 * inlines - 2)
        viewer.dims.set_current_step(0, turn if turn < inlines else 2 * inlines - 2 - turn)

    def phase(scrub: bool) -> tuple[float, float, Heartbeat]:
        timer = QTimer()
        timer.setInterval(round(1000 / rate))
        timer.timeout.connect(page)
        if scrub:
            timer.start()
        wait(lambda: False, 1)
        heart, began, before = Heartbeat(), time.monotonic(), len(steps)
        wait(lambda: False, seconds)
        elapsed = time.monotonic() - began
        timer.stop()
        heart.stop()
        return (len(steps) - before) / elapsed, float(np.median(steps[before:])), heart

    rest, scrub = [], []
    for _ in range(pairs):
        rest.append(phase(False))
        scrub.append(phase(True))
    dock.run.stop.click()
    asked = time.monotonic()
    wait(lambda: desk.state.task is None, 10)
    stopped = time.monotonic() - asked
    viewer.close()

    def stalls(phases: list[tuple[float, float, Heartbeat]]) -> dict[str, float]:
        all_stalls = np.concatenate([heart.stalls for _, _, heart in phases])
        return {
            "longest_ms": round(1000 * float(all_stalls.max()), 1),
            "percentile_99_ms": round(1000 * float(np.percentile(all_stalls, 99)), 1),
        }

    return {
        "train_to_first_prediction_in_view_s": round(first, 2),
        "stop_s": round(stopped, 2),
        "steps_per_second": {
            "at_rest": [round(r[0], 3) for r in rest],
            "scrubbing": [round(s[0], 3) for s in scrub],
            "median_ratio": round(float(np.median([s[0] / r[0] for r, s in zip(rest, scrub, strict=True)])), 3),
        },
        "step_seconds_without_predictions_of_the_view": {
            "at_rest": [round(r[1], 3) for r in rest],
            "scrubbing": [round(s[1], 3) for s in scrub],
            "median_speed_ratio": round(float(np.median([r[1] / s[1] for r, s in zip(rest, scrub, strict=True)])), 3),
        },
        "window_deaf_at_rest": stalls(rest),
        "window_deaf_scrubbing": stalls(scrub),
        "sections_per_second_asked": rate,
        "sections_per_second_shown": round(frames / (pairs * (seconds + 1)), 1),
    }


if __name__ == "__main__":
    main()
