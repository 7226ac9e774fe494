"""Class probabilities of networks, kept so that what is made of them can be tried out in seconds.

    python benchmarks/accuracy.py --only tuning --draws tuning --methods hyperbolic-alone --keep

trains each network once (``resnet-alone`` and ``unet-alone`` are others) and keeps what it says in a folder outside of
the tree; then

    from accuracy_kept import kept
    for one in kept("tuning"):
        print(one.task.draw, accuracy_scores.scored(one.task, classes_of(one.probabilities))["mean_iou"])

With ``--override fold=0/3`` a third of the labelled bodies is held out of the training, see :func:`fold`: what a
combination has to find its weights on.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accuracy_answers import Answer
from accuracy_data import DATASETS, SHARED, Task
from napari_fhn.structure.bodies import Bodies
from napari_fhn.training.data.labelled import LabelFile

FOLDER = Path(os.environ.get("NAPARI_FHN_KEPT", Path.home() / ".cache" / "napari-fhn" / "benchmarks"))
"""Where they lie, unless another place is named."""


@dataclass(frozen=True)
class Kept:
    """What a network said of a task.

    Attributes
    ----------
    task : Task
        With its labels and its truth.
    probabilities : ndarray of float16, shape (classes, *space)
        Memory-mapped.
    entry : dict
        The line of the results: method, budget, overrides, score, seconds, details.
    """

    task: Task
    probabilities: NDArray[np.float16]
    entry: dict[str, Any]


def kept(
    dataset: str,
    method: str = "hyperbolic-alone",
    draws: Sequence[str] = ("all",),
    *,
    budget: float = 60.0,
    overrides: Sequence[str] = (),
    folder: Path = FOLDER,
    shared: Path = SHARED,
) -> Iterator[Kept]:
    """Yield what is kept of a dataset.

    Parameters
    ----------
    dataset, method : str
        Of the accuracy benchmark.
    draws : sequence of str
        As :meth:`accuracy_data.Dataset.chosen` takes them.
    budget : float
        Seconds of CPU time it was trained for.
    overrides : sequence of str
        With which it was trained.
    folder, shared : Path
        Where they lie, and the real surveys.
    """
    for draw in DATASETS[dataset].chosen(draws):
        wanted = {"dataset": dataset, "draw": draw, "method": method, "budget": budget}
        path = path_of(wanted | {"overrides": sorted(overrides) or None}, folder)
        if path.exists():
            entry = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            yield Kept(DATASETS[dataset].task(draw, shared), np.load(path, mmap_mode="r"), entry)


def path_of(entry: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Return the file of an entry's probabilities; beside it lies one with the entry, as JSON."""
    name = [entry["method"], f"{entry['budget']:g}s", *(entry["overrides"] or ())]
    return folder / entry["dataset"] / entry["draw"] / (re.sub(r"[^\w.=-]+", "_", " ".join(name)) + ".npy")


def keep(entry: dict[str, Any], answer: Answer, folder: Path = FOLDER) -> None:
    """Keep an answer; nothing where its method has no probabilities."""
    if answer.probabilities is None:
        return
    path = path_of(entry, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{os.getpid()}")
    with made.open("wb") as file:
        np.save(file, answer.probabilities)
    path.with_suffix(".json").write_text(json.dumps(entry), encoding="utf-8")
    made.replace(path)  # last: where it is, the rest is


def classes_of(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Return the likeliest classes, from 1; 0 where nothing was said."""
    return np.where(probabilities.any(axis=0), probabilities.argmax(axis=0) + 1, 0).astype(np.uint8)


def fold(labels: LabelFile, vertical: int | None, number: int, of: int) -> tuple[Bodies, frozenset[int]]:
    """Return the bodies of labels, and those that a fold leaves out: one in so many.

    Parameters
    ----------
    labels : LabelFile
        What is known.
    vertical : int or None
        Axis along which columns run.
    number, of : int
        Which fold, from 0, of how many.
    """
    bodies = Bodies.of(labels, vertical)
    # Shuffled, for neighbours have numbers next to each other; the same every time.
    order = np.random.default_rng(0).permutation(bodies.count)
    return bodies, frozenset(order[number::of].tolist())
