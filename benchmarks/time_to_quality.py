"""How good the view and the whole survey are after 5, 10, 20, 40 and 80 s of waiting: what a person sees who waits.

    python benchmarks/time_to_quality.py --only seismic,tuning --draws tuning --seeds 1
    python benchmarks/time_to_quality.py --clock cpu --threads 1
    python benchmarks/time_to_quality.py --table

Each run is a process of its own that trains with ``--threads`` threads as the dock does: the recipe that is chosen, its
own steps, the section in the middle in view (a map as a whole). The clock is wall time since the training was asked
for, or CPU time of the process, which other programs on the machine hardly change; it stands still while the whole
survey is predicted, which says what a person gets who stops there.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import accuracy_scores
from accuracy import commit, run_apart
from accuracy_data import DATASETS, SHARED, Task
from accuracy_networks import job_of
from machine import machine
from napari_fhn.project import Project, Session
from napari_fhn.training import Control, Done, Focus, Job, Progress, fit, predict

RESULTS = Path(__file__).parent / "results" / "time_to_quality.jsonl"
SECONDS = (5.0, 10.0, 20.0, 40.0, 80.0)
_CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def main() -> int:
    options = _options()
    if options.one:
        entry = json.loads(options.one)
        task = DATASETS[entry["dataset"]].task(entry["draw"], options.shared)
        print(json.dumps(curve(task, entry["seconds_looked_at"], entry["overrides"] or (), entry["clock"])))
        return 0
    entries = accuracy_scores.read(options.output)
    if options.table:
        print(table(entry for entry in entries.values() if entry["dataset"] in options.only))
        return 0
    described = machine()
    for name in options.only:
        dataset = DATASETS[name]
        if dataset.missing(options.shared):
            print(f"{name}: no {dataset.folder} in {options.shared}; left out")
            continue
        for draw in dataset.chosen(options.draws, options.seeds):
            entry: dict[str, Any] = {
                "dataset": name,
                "draw": draw,
                "method": options.label + (", CPU time" if options.clock == "cpu" else ""),
                "budget": None,
                "clock": options.clock,
                "overrides": sorted(options.override) or None,
                "seconds_looked_at": options.seconds,
            }
            if accuracy_scores.key(entry) in entries and not options.again:
                print(f"{name} {draw}: there already", flush=True)
                continue
            entry |= run_apart(entry, Path(__file__), options)
            entry |= {"machine": {**described, "threads": options.threads}, "commit": commit()}
            entry["date"] = datetime.date.today().isoformat()
            accuracy_scores.append(entry, options.output)
            print(f"{name} {draw}: {_in_words(entry)}", flush=True)
    return 0


def curve(task: Task, seconds: Sequence[float], overrides: Sequence[str] = (), clock: str = "wall") -> dict[str, Any]:
    """Train once, and score what there is after so many seconds.

    Parameters
    ----------
    task : Task
        What to learn from what.
    seconds : sequence of float
        Ascending.
    overrides : sequence of str
        See :func:`accuracy_networks.job_of`.
    clock : {"wall", "cpu"}
        Of whose seconds.

    Returns
    -------
    dict
        ``marks``: for each time the ``steps`` made, the mean IoU of the ``view`` as it is on the screen and of the
        ``whole`` as the network of that time predicts it, and the seconds that takes (``predict``). After the end of
        the training both stay as they are. ``finished``: seconds that the training took; None where it went on.
    """
    marks: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        job, recipe = job_of(task, Project(Session(folder)), overrides)
        whole = replace(job, prediction=str(Path(job.prediction).with_name("whole.npy")))
        focus = None if task.vertical_axis is None else Focus(0, task.labels.shape[0] // 2)
        read, spent, done = _CLOCKS[clock], 0.0, False
        for mark in seconds:
            if not done:
                spent, steps, done = _train_until(job, focus, spent, mark, read)
                began = read()
                np.save(whole.prediction, np.zeros(task.labels.shape, np.uint8))
                for _ in predict(whole):
                    pass
                found = np.load(whole.prediction)
                seen = found if done else np.load(job.prediction)
                scores = {
                    "steps": steps,
                    "view": _score(task, seen, focus),
                    "whole": _score(task, found, None),
                    "predict": round(read() - began, 2),
                }
            marks.append({"seconds": mark, **scores})
    return {"recipe": recipe, "marks": marks, "finished": round(spent, 1) if done else None}


def _train_until(
    job: Job, focus: Focus | None, spent: float, mark: float, clock: Callable[[], float]
) -> tuple[float, int, bool]:
    """Train, or go on, until a time is spent or the training has ended; return that time, steps, and whether."""
    control = Control(focus=focus)
    steps, stopped = 0, True
    began = clock()
    anew = 2 if spent > 0 else 0
    for update in fit(job, control, resume=spent > 0):
        if isinstance(update, Progress):
            if anew:
                # Nobody who waits has to wait for what was there: set up, and factors fitted for the look after a step.
                anew -= 1
                began = clock() - (update.step_seconds or 0.0)
            steps = update.step
        if not control.stop.is_set():
            now = spent + clock() - began
            if now >= mark and steps and not anew:
                control.stop.set()
        if isinstance(update, Done):
            stopped = update.stopped
    return now, steps, not stopped


def _score(task: Task, prediction: NDArray[np.uint8], focus: Focus | None) -> float | None:
    if focus is not None:
        task = replace(task, truth=task.truth.take([focus.index], focus.axis))
        prediction = prediction.take([focus.index], focus.axis)
    found: float | None = accuracy_scores.scored(task, prediction)["mean_iou"]
    return found


def table(entries: Iterable[dict[str, Any]]) -> str:
    """Return a markdown table: the mean IoU of each dataset, over its draws, after each time, "view / whole".

    Parameters
    ----------
    entries : iterable of dict
        As kept.
    """
    rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        rows[(accuracy_scores.grouped(entry["dataset"], entry["draw"]), accuracy_scores.named(entry))].append(entry)
    times = sorted({mark["seconds"] for found in rows.values() for entry in found for mark in entry["marks"]})
    lines = [f"| view / whole | | {' | '.join(f'{seconds:g} s' for seconds in times)} | finished |"]
    lines.append(f"|{'---|' * (len(times) + 3)}")
    for (row, name), found in rows.items():
        cells = []
        for seconds in times:
            marks = [mark for entry in found for mark in entry["marks"] if mark["seconds"] == seconds]
            cells.append(" / ".join(f"{np.mean([mark[key] for mark in marks]):.3f}" for key in ("view", "whole")))
        finished = [entry["finished"] for entry in found if entry["finished"] is not None]
        end = f"{np.mean(finished):.0f} s" if len(finished) == len(found) else "later"
        lines.append(f"| {row} ({len(found)}) | {name} | {' | '.join(cells)} | {end} |")
    return "\n".join(lines)


def _in_words(entry: dict[str, Any]) -> str:
    marks = (f"{mark['seconds']:g} s {mark['view']:.3f} / {mark['whole']:.3f}" for mark in entry["marks"])
    return f"{entry['recipe']}, view / whole: {', '.join(marks)}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda t: t.split(","), default=["seismic", "taizhou"], metavar="DATASET,...")
    parser.add_argument("--draws", type=lambda t: t.split(","), default=["tuning"], metavar="WORD,...")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="the first seeds only")
    parser.add_argument(
        "--seconds", type=lambda t: [float(part) for part in t.split(",")], default=list(SECONDS), metavar="S,..."
    )
    parser.add_argument("--label", default="recipe", help="what this is called in the table")
    parser.add_argument("--override", action="append", default=[], metavar="PART=JSON", help="as in accuracy.py")
    parser.add_argument("--clock", choices=tuple(_CLOCKS), default="wall", help="whose seconds are counted")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--again", action="store_true", help="run what is there already, too")
    parser.add_argument("--table", action="store_true", help="print what is there, and run nothing")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    parser.add_argument("--shared", type=Path, default=SHARED, metavar="DIR", help="where the real surveys lie")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
