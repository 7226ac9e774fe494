"""The whole way in one command: open the bundled survey, load its wells, press Train, watch, predict, score.

``python -m napari_fhn.widgets.demo``
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import napari
import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEventLoop, QTimer
from qtpy.QtWidgets import QApplication
from rich.console import Console
from rich.table import Table

from napari_fhn import labels, record, sample_data
from napari_fhn.project.labelling import carrying
from napari_fhn.training import confusion, intersection_over_union
from napari_fhn.widgets.data.placement import fit
from napari_fhn.widgets.dock import Dock
from napari_fhn.widgets.heartbeat import Heartbeat

_SIZE = (1280, 800)
_PICTURE_AT = 0.35
"""Share of the training after which the picture "in training" is taken."""

_PATIENCE = 3600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name.

    Returns
    -------
    int
        0 when everything worked.
    """
    parser = argparse.ArgumentParser(prog="python -m napari_fhn.widgets.demo", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("demo-output"), metavar="DIR")
    parser.add_argument("--steps", type=int, metavar="N", help="training steps (default: the recipe's)")
    parser.add_argument(
        "--hold-out",
        type=int,
        default=0,  # the truth, which nobody has seen, says more; and what stands beside it knows all wells
        metavar="N",
        help="wells kept for the score while training (default: none, as there is a truth to score against)",
    )
    parser.add_argument("--close", action="store_true", help="close the window at the end")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    session = options.output / "session"
    # A demo begins at the beginning, whatever an earlier one has left.
    os.environ["NAPARI_FHN_SESSIONS"] = str(session / time.strftime("%Y%m%d-%H%M%S"))
    began = time.monotonic()
    console = Console()
    viewer, dock = open_desk()
    desk = dock.desk
    truth = sample_data.seismic_truth()
    dock.labels.load.click()
    wait(lambda: bool(desk.book.state.counts), 30)
    desk.book.choose_held_out(options.hold_out)
    if options.steps is not None:
        desk.planning.change("schedule", "steps", options.steps)
    known = np.array(desk.book.layer.data) if desk.book.layer is not None else np.zeros_like(truth)
    viewer.dims.set_point(0, telling_inline(truth, known) * viewer.layers[0].scale[0])
    fit(viewer)
    wait(lambda: False, 0.5)
    console.print(
        f"Opened the sample with {desk.messages.message.split(' are')[0]} in {time.monotonic() - began:.1f} s."
    )

    painted: list[float] = []
    desk.painted.connect(painted.append)
    heart = Heartbeat()
    pressed = time.monotonic()
    dock.run.train.click()
    wait(
        lambda: desk.state.activity.idle or (desk.state.activity.training and desk.state.share > _PICTURE_AT),
        _PATIENCE,
    )
    # Taking the picture stalls the window; that is no stall of training.
    heart.pause()
    _picture(viewer, options.output / "desk-training.png")
    heart.resume()
    wait(lambda: desk.state.activity.idle, _PATIENCE)
    trained = time.monotonic()
    heart.stop()
    console.print(desk.messages.message)
    if desk.messages.error:
        console.print(desk.messages.detail)
        _close(viewer)
        return 1
    predicting = Heartbeat()
    dock.run.predict.click()
    wait(lambda: desk.state.activity.idle, _PATIENCE)
    predicted = time.monotonic()
    predicting.stop()
    console.print(desk.messages.message)
    if desk.messages.error or desk.prediction.layer is None:
        console.print(desk.messages.detail)
        _close(viewer)
        return 1
    wait(lambda: False, 0.5)
    _picture(viewer, options.output / "desk.png")
    times = {
        "Train to first prediction in view": painted[0] - pressed if painted else None,
        "training": trained - pressed,
        "prediction of the whole survey": predicted - trained,
        "whole run": time.monotonic() - began,
    }
    stalls_ms = {
        "longest while training": 1000 * heart.longest,
        "99 % of beats while training": 1000 * heart.percentile_99,
        "longest while predicting": 1000 * predicting.longest,
    }
    prediction = np.array(desk.prediction.layer.data)
    beside, project = {"nearest well": labels.nearest_column(known)}, desk.project.project
    along = None
    if project is not None:
        along = carrying.reference(known, project.stage(), desk.data.vertical, project.session.structure)
    if along is not None:
        beside["wells along reflectors"] = along
    report(console, prediction, known, truth, desk.book.state.classes.names, times, stalls_ms, options.output, beside)
    if options.close:
        _close(viewer)
    else:
        console.print("The window stays open; close it to end.")
        napari.run()
    return 0


def open_desk() -> tuple[napari.Viewer, Dock]:
    """Open a window with the seismic sample and the dock, from napari's own menus' commands."""
    viewer = napari.Viewer(show=False, title="napari")
    window = viewer.window._qt_window
    window.resize(*_SIZE)
    viewer.window.show()
    window.resize(*_SIZE)
    viewer.open_sample("napari-fhn", "seismic")
    _, dock = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
    return viewer, dock


def telling_inline(truth: NDArray[np.uint8], known: NDArray[np.uint8]) -> int:
    """Return the inline with a well that shows most of both the salt and the channel."""
    names = [c.name for c in sample_data.read_classes(sample_data.SEISMIC.classes)]
    values = [c.value for c in sample_data.read_classes(sample_data.SEISMIC.classes)]
    rare = [values[names.index(name)] for name in ("Salt", "Channel fill") if name in names]
    areas = [np.sqrt((truth == value).sum(axis=(1, 2))) for value in rare]
    return int(np.argmax(np.prod(areas, axis=0) * known.any(axis=(1, 2)))) if areas else len(truth) // 2


def report(
    console: Console,
    prediction: NDArray[np.uint8],
    known: NDArray[np.uint8],
    truth: NDArray[np.uint8],
    names: Sequence[str],
    times: dict[str, float | None],
    stalls_ms: dict[str, float],
    output: Path,
    beside: Mapping[str, NDArray[np.uint8]],
) -> None:
    """Print and save the score against the withheld truth, beside that of what needs no network.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    prediction, known, truth : ndarray of uint8
        Equal shapes; voxels that carried labels are left out of the score.
    names : sequence of str
        Of the classes.
    times, stalls_ms : dict
        Seconds and milliseconds by what they measure.
    output : Path
        Folder of ``score.json``.
    beside : mapping of str to ndarray of uint8
        What else says what lies where, by name.
    """
    unseen = np.where(known > 0, 0, truth)
    scores = {
        "prediction": intersection_over_union(confusion(prediction, unseen, len(names))),
        **{name: intersection_over_union(confusion(one, unseen, len(names))) for name, one in beside.items()},
    }
    table = Table(title="Intersection over union where nothing was labelled")
    table.add_column("class")
    for name in scores:
        table.add_column(name, justify="right")
    for k, name in enumerate(names):
        table.add_row(name, *(f"{iou[k]:.3f}" for iou in scores.values()))
    table.add_section()
    table.add_row("mean", *(f"[bold]{np.nanmean(iou):.3f}[/bold]" for iou in scores.values()))
    console.print(table)
    timing = Table(show_header=False)
    for what, seconds in times.items():
        timing.add_row(what, "-" if seconds is None else f"{seconds:.1f} s")
    for what, ms in stalls_ms.items():
        timing.add_row(f"window deaf, {what}", f"{ms:.0f} ms")
    console.print(timing)
    data: dict[str, Any] = {
        "classes": list(names),
        "iou": {name: [None if np.isnan(v) else round(float(v), 4) for v in iou] for name, iou in scores.items()},
        "mean_iou": {name: round(float(np.nanmean(iou)), 4) for name, iou in scores.items()},
        "seconds": {what: None if s is None else round(s, 2) for what, s in times.items()},
        "stall_ms": {what: round(ms, 1) for what, ms in stalls_ms.items()},
    }
    path = output / "score.json"
    record.write_bytes(path, record.to_bytes(data))
    pictures = ", ".join(sorted(p.name for p in output.glob("*.png")))
    console.print(f"Saved {path.name}, {pictures} in {output}.")


def wait(until: Callable[[], bool], seconds: float) -> None:
    """Let the window live until something holds, or for some seconds."""
    loop = QEventLoop()
    end = time.monotonic() + seconds
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end else None)
    timer.start(20)
    loop.exec()
    timer.stop()


def _picture(viewer: napari.Viewer, path: Path) -> None:
    viewer.window.screenshot(str(path), canvas_only=False, flash=False)


def _close(viewer: napari.Viewer) -> None:
    viewer.close()
    QApplication.processEvents()


if __name__ == "__main__":
    sys.exit(main())
