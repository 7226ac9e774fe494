"""What the three examples share: their options, training in pieces, the forecast, and pictures."""

from __future__ import annotations

import argparse
import json
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import napari_fhn as fhn
from napari_fhn.sample_data import public

ROOT = Path(__file__).parents[1]


def options(description: str, folder: str) -> argparse.ArgumentParser:
    """Return a parser with what all examples can be told."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="reduced, for two CPU cores and five minutes")
    parser.add_argument("--forecast", action="store_true", help="say what memory and time it takes, and end")
    parser.add_argument("--minutes", type=float, metavar="N", help="stop after so many; run it again to go on")
    parser.add_argument("--folder", type=Path, default=Path(folder), help="for the session, pictures and numbers")
    parser.add_argument("--steps", type=int, metavar="N", help="other than the paper's")
    parser.add_argument("--device", help="cpu, cuda, ...")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def folder_of(key: str, told: Path) -> Path:
    """Return the folder that a person named, or for the word fetch that of a public data set, fetched to the cache."""
    if told != Path("fetch"):
        return told
    sample = public.PUBLIC[key]
    print(f"{sample.title} ({sample.source}). Licence: {sample.licence}. {sample.verified}")
    return next(iter(public.fetch(sample).values())).parent


class Clock:
    """What is left of the minutes that a person gave."""

    def __init__(self, minutes: float | None) -> None:
        self._end = None if minutes is None else time.monotonic() + 60 * minutes

    @property
    def minutes(self) -> float | None:
        """Left, 0 at least; None where there is no end."""
        return None if self._end is None else max(0.0, (self._end - time.monotonic()) / 60)


def train(work: fhn.Work, name: str, steps: int, clock: Clock, **settings: Any) -> fhn.Run | None:
    """Train a run, or go on with it; None where the minutes were over before it was finished."""
    run = _called(work, name)
    if run is None or run.step < steps:
        begun = run is not None and run.can_resume
        training = work.fit(resume=name, steps=steps) if begun else work.fit(name=name, steps=steps, **settings)
        run = training.wait(_told, minutes=clock.minutes)
    if run.step < steps:
        print(f"'{name}' is at step {run.step} of {steps}. Run the same command again to go on.")
        return None
    return run


def curve(
    work: fhn.Work,
    name: str,
    steps: int,
    every: int,
    clock: Clock,
    validate: Callable[[fhn.Run], float],
    **settings: Any,
) -> dict[int, float] | None:
    """Train a run piece by piece, with a value after each; None where the minutes were over before it was finished.

    Values are kept in a file beside the session.
    """
    kept = work.session.parent / f"{name}.json"
    values = {int(step): value for step, value in json.loads(kept.read_text()).items()} if kept.exists() else {}
    for step in range(every, steps + 1, every):
        if step in values:
            continue
        run = train(work, name, step, clock, **settings)
        if run is None:
            return None
        values[step] = validate(run)
        print(f"{name}, step {step}: {values[step]:.4f}")
        kept.write_text(json.dumps(values))
    return values


def predict(
    work: fhn.Work, run: fhn.Run, truths: dict[str, np.ndarray | None], device: str | None, copied: str
) -> tuple[np.ndarray, dict[str, dict[str, Any]]]:
    """Predict a survey, and score that against truths by name, None for what was held out.

    Where a prediction is made of more than the network, what the network says alone is scored too.
    """
    names, scores = tuple(work.classes.values()), {}
    alone = run.job().combination is None
    for network_alone in (True, False)[alone:]:  # what is kept is what all say together
        predicted = np.asarray(work.predict(run=run, device=device, network_alone=network_alone))
        for what, truth in truths.items():
            score, found = work.score(truth, run=run), scores.setdefault(what, {})
            found["IoU of the network alone" if network_alone else "IoU"] = _by_class(names, score.network.iou)
            if not network_alone:
                found["accuracy"] = score.network.accuracy
                found[f"IoU of the nearest {copied} copied"] = _by_class(names, score.nearest.iou)
    return predicted, scores


def _by_class(names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    return dict(zip(names, map(float, values), strict=True))


def forecast(work: fhn.Work, steps: int, small_block: Sequence[int], recipe: str, **settings: Any) -> None:
    """Print the memory of a training, and its time from two steps on a small block."""
    device, factors = settings.pop("device", None), settings.pop("factors", None)
    found = work.forecast(recipe, device=device, **settings)
    print(f"{found.block_in_words}: a training step takes {found.sentence(None)}.")
    schedule = {**settings.pop("schedule", {}), "block": tuple(small_block), "batch": 1}
    seconds: list[float] = []

    def told(update: object) -> None:
        if isinstance(update, fhn.Progress) and update.step_seconds is not None:
            seconds.append(update.step_seconds)

    run = work.fit(recipe, schedule=schedule, steps=3, name="timing", device=device, factors=factors, **settings).wait(
        told
    )
    work.runs.delete(run)
    step = min(seconds) * found.batch * float(np.prod(found.block)) / float(np.prod(small_block))
    print(
        f"From {min(seconds):.2f} s for a step of {' x '.join(map(str, small_block))} here: about {step:.1f} s a step, "
        f"{steps} steps in {step * steps / 60:.0f} minutes."
    )


def keep(folder: Path, name: str, found: dict[str, Any]) -> None:
    """Print numbers and write them beside the session, and name the job files that repeat what was trained."""
    print(json.dumps(found, indent=1))
    (folder / name).write_text(json.dumps(found, indent=1) + "\n")
    for job in sorted(folder.glob("work/runs/*/job.json")):
        print(f"Trained again without this script by: napari-fhn train --job {shlex.quote(str(job))}")


def pictures(
    path: Path,
    panels: Sequence[tuple[str, Any]],
    *,
    classes: int,
    points: Sequence[tuple[str, Any]] = (),
    curves: dict[str, dict[int, float]] | None = None,
    columns: int = 3,
) -> None:
    """Draw maps or sections beside each other, points on the first of them, and curves behind them."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from PIL import Image

    count = len(panels) + bool(curves)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.6 * columns, 3.1 * rows), layout="constrained", squeeze=False)
    for axis in axes.flat[count:]:
        axis.axis("off")
    for axis, (title, values) in zip(axes.flat, panels, strict=False):
        whole = np.asarray(values).dtype.kind in "iub"
        limits = {"vmin": 0, "vmax": classes, "cmap": "cividis"} if whole else {"cmap": "gray"}
        axis.imshow(values, interpolation="nearest", aspect="auto", **limits)
        axis.set_title(title, loc="left", fontsize=9)
        axis.tick_params(labelsize=7)
    for colour, places in points:
        axes.flat[0].plot(places[:, 1], places[:, 0], ".", color=colour, markersize=5, markeredgecolor="white")
    if curves:
        axis = axes.flat[len(panels)]
        for name, values in curves.items():
            axis.plot(list(values), list(values.values()), label=name)
        axis.set_xlabel("step", fontsize=8)
        axis.set_title("validation loss", loc="left", fontsize=9)
        axis.legend(fontsize=7, frameon=False)
        axis.tick_params(labelsize=7)
    figure.savefig(path, dpi=70)
    plt.close(figure)
    # 128 colours are enough, and take a third of the bytes.
    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)
    print(f"Drawn: {path}")


def _called(work: fhn.Work, name: str) -> fhn.Run | None:
    return next((run for run in work.runs.all() if run.name == name), None)


def _told(update: object) -> None:
    if isinstance(update, fhn.Progress) and update.loss is not None and update.step % 10 == 0:
        print(f"  step {update.step} of {update.steps}, loss {update.loss:.3f}, {update.step_seconds:.2f} s a step")
    if isinstance(update, fhn.Note):
        print(f"  {update.message}")
