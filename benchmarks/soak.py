"""Does anything grow? The same day of work again and again: memory, files, threads, processes and disk.

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/soak.py              # ten minutes
    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/soak.py --hours 8
    python benchmarks/soak.py --without-window
    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/soak.py --napari-alone --minutes 2

A round labels, trains, predicts, tidies, exports, removes what it has trained and opens the session again, in a window
with the dock or in Python alone. After a warm-up, which is the first third, nothing may grow by more than 2 %: the
last fifth of what follows is compared with its first fifth, by medians. Results and a picture of the curves are kept;
the end is 1 when something grew. `--napari-alone` shows what a viewer without the dock keeps of six layers that are
added and removed in each round, which is what opening a session again does.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

import kills
import napari_fhn as fhn
import small_work
from asked_memory import asked_for
from machine import machine
from napari_fhn.project.exporting.exporter import Request
from napari_fhn.project.predictions.predictions import Tidying
from napari_fhn.project.undo import step_log

RESULTS = Path(__file__).parent / "results"
ALLOWED = 0.02
WARM_UP = 1 / 3
#: Steps that can be taken back: fewer than in a session, so that their disk is bounded within the warm-up.
STEPS = 100
#: What is watched, with its unit.
WATCHED = {
    "memory": "MB that this process has asked for",
    "worker": "MB that the process that trains has asked for",
    "files": "open files",
    "threads": "threads",
    "processes": "processes",
    "disk": "kB in the session",
    "objects": "thousand Python objects",
}


def main() -> int:
    options = _options()
    kind = "python" if options.without_window else "napari" if options.napari_alone else "window"
    if kind != "python" and not os.environ.get("DISPLAY"):
        print("soak.py: there is no display. Begin it with xvfb-run, or add --without-window.", file=sys.stderr)
        return 2
    small_work.small_recipes(steps=3)
    step_log.MOST_STEPS = STEPS
    with tempfile.TemporaryDirectory(prefix="napari-fhn-soak-") as made:
        # In a copy: this process is to be that of a window, which has no torch.
        code, _, words = kills.in_a_copy(lambda say: small_work.prepare(Path(made) / "first"), Path(made))
        if code:
            raise RuntimeError(words)
        os.chdir(Path(made) / "first")
        work = {"python": lambda: _in_python, "napari": _napari_alone, "window": _in_a_window}[kind]()
        samples = soak(work, 3600 * options.hours + 60 * options.minutes)
        os.chdir(RESULTS)
    grown = growth(samples)
    found = {
        "kind": kind,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "grown": grown,
        "samples": samples,
    }
    output = options.output or RESULTS / f"soak-{kind}.json"
    output.write_text(json.dumps(found) + "\n", encoding="utf-8")
    _draw(samples, output.with_suffix(".svg"))
    print(table(samples, grown))
    return 1 if any(share > ALLOWED for share in grown.values()) else 0


def soak(work: Callable[[int], None], seconds: float) -> list[dict[str, float]]:
    """Work for so long; return what was there after each round."""
    began, samples = time.monotonic(), []
    while time.monotonic() - began < seconds or len(samples) < 5:
        work(len(samples))
        samples.append({"seconds": round(time.monotonic() - began, 1), **watched(Path("s"))})
        print(samples[-1], flush=True)
    return samples


def watched(session: Path) -> dict[str, float]:
    """Return what is there now, after garbage was collected."""
    gc.collect()
    me = psutil.Process()
    # The X server's socket and the like are files too; a process that is just ending is none.
    children = [one for one in me.children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]
    return {
        "memory": round(asked_for(me) / 1e6, 1),
        "worker": round(sum(map(asked_for, children)) / 1e6, 1),
        "files": me.num_fds(),
        "threads": me.num_threads(),
        "processes": len(children),
        "disk": round(sum(path.stat().st_size for path in session.rglob("*") if path.is_file()) / 1e3, 1),
        "objects": round(len(gc.get_objects()) / 1e3, 1),
    }


def growth(samples: list[dict[str, float]]) -> dict[str, float]:
    """Return by how much of itself everything has grown after the warm-up."""
    after = samples[int(len(samples) * WARM_UP) :]
    part = max(1, len(after) // 5)
    grown = {}
    for name in WATCHED:
        first, last = (statistics.median(one[name] for one in some) for some in (after[:part], after[-part:]))
        grown[name] = round((last - first) / first, 4) if first else float(last > 0)
    return grown


def table(samples: list[dict[str, float]], grown: dict[str, float]) -> str:
    """Return what was there at first, after the warm-up and at last, in Markdown."""
    warm = samples[int(len(samples) * WARM_UP)]
    rows = [
        f"| {name} ({unit}) | {samples[0][name]:g} | {warm[name]:g} | {samples[-1][name]:g} | {grown[name]:+.1%} |"
        for name, unit in WATCHED.items()
    ]
    head = f"| {len(samples)} rounds, {samples[-1]['seconds']:.0f} s | first | warm | last | grown |"
    return "\n".join([head, "|---|---:|---:|---:|---:|", *rows])


def _in_python(number: int) -> None:
    with fhn.open(session="s") as work:
        project = work.project
        values = np.array(project.session.known())
        values[number % small_work.SHAPE[0], 3] = 1 + number % 3
        project.paint(values, replace_labels=True)
        for _ in work.fit(steps=2):
            pass
        work.predict()
        work.save("python.npy")
    runs = [run.name for run in fhn.open(session="s", read_only=True).runs]
    for name in runs[:-1]:
        small_work.main(["runs", "delete", name, "--yes", "--session", "s"])


def _in_a_window() -> Callable[[int], None]:
    window = small_work.Window()

    def work(number: int) -> None:
        desk = window.desk
        layer = desk.book.layer
        assert layer is not None
        for stroke in range(20):  # enough that the history, which is bounded, is full before the warm-up ends
            places = [((number + stroke) % small_work.SHAPE[0], k, (number + k) % 32) for k in range(16)]
            layer.data_setitem(tuple(np.array(one) for one in zip(*places, strict=True)), 1 + stroke % 3)
            window.wait(lambda: True)
        desk.book.history.undo()
        for _ in window.train(3):
            pass
        for _ in window.predict():
            pass
        desk.tidying.apply(Tidying(radius=1, smallest=5, largest=5))
        window.wait(lambda: desk.tidying.can_take_back)
        desk.exports.save(Request("classes", Path("classes.npy").absolute()))
        window.wait(lambda: not desk.exports.state.busy)
        for run in desk.project.runs():
            if run.id != desk.project.current.id:
                desk.project.session.runs.delete(run)
        window.wait(lambda: desk.state.activity.idle)
        desk.store.save()
        window.open(Path("s").absolute())
        window.wait(lambda: True)

    return work


def _napari_alone() -> Callable[[int], None]:
    import napari
    from qtpy.QtWidgets import QApplication

    viewer = napari.Viewer()
    values = np.random.default_rng(0).standard_normal(small_work.SHAPE).astype(np.float32)

    def work(number: int) -> None:
        viewer.add_image(values)
        for _ in range(3):
            viewer.add_labels(np.ones(small_work.SHAPE, np.uint8))
        viewer.add_points(np.zeros((3, 3)))
        viewer.add_shapes([np.array([[0, 0, 0], [1, 1, 1]])], shape_type="path")
        for _ in range(20):
            QApplication.processEvents()
            time.sleep(0.005)
        viewer.layers.clear()
        QApplication.processEvents()

    return work


def _draw(samples: list[dict[str, float]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(WATCHED), 1, sharex=True, figsize=(7, 9), layout="constrained")
    minutes = [one["seconds"] / 60 for one in samples]
    for axis, (name, unit) in zip(axes, WATCHED.items(), strict=True):
        axis.plot(minutes, [one[name] for one in samples], linewidth=1)
        axis.set_ylim(bottom=0)
        axis.set_ylabel(name, rotation=0, ha="right")
        axis.set_title(unit, fontsize=7, loc="left")
    axes[-1].set_xlabel("minutes")
    figure.savefig(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=0.0, metavar="N")
    parser.add_argument("--minutes", type=float, default=None, metavar="N", help="10 where no hours are named")
    parser.add_argument("--without-window", action="store_true", help="in Python alone")
    parser.add_argument("--napari-alone", action="store_true", help="six layers in a viewer without the dock")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: results/soak-window.json, or -python")
    options = parser.parse_args()
    options.output = options.output and options.output.absolute()
    if options.minutes is None:
        options.minutes = 0.0 if options.hours else 10.0
    return options


if __name__ == "__main__":
    sys.exit(main())
