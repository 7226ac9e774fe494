"""Scores of the accuracy benchmark, the file that keeps them, and the table made of it."""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accuracy_data import Task
from napari_fhn.training.scores.score import confusion, scores

RESULTS = Path(__file__).parent / "results" / "accuracy.jsonl"

KEY = ("dataset", "draw", "method", "budget", "overrides")
"""What tells one entry from another; of two that are equal in it the later one counts."""


def scored(task: Task, prediction: NDArray[np.uint8]) -> dict[str, Any]:
    """Score a prediction where the task is tested.

    Returns
    -------
    dict
        ``mean_iou``: over the task's scored classes that occur in the truth. ``iou``: one for each class, None where it
        does not occur. ``accuracy`` and ``kappa`` over all classes. ``f1`` of the class looked for, where there is one.
        ``confusion``: rows are truth, columns prediction, the first of each is "none".
    """
    found = scores(confusion(prediction, task.truth, len(task.classes)))
    iou = [value if there else None for value, there in zip(found.iou, found.support, strict=True)]
    result: dict[str, Any] = {
        "mean_iou": _round(statistics.fmean(v for k in task.scored if (v := iou[k]) is not None)),
        "iou": [_round(value) for value in iou],
        "accuracy": _round(found.accuracy),
        "kappa": _round(found.kappa),
        "confusion": found.confusion,
    }
    if task.positive is not None:
        result["f1"] = _round(found.f1[task.positive])
    return result


def key(entry: dict[str, Any]) -> tuple[str, ...]:
    """Return what an entry is found again by."""
    return tuple(json.dumps(entry.get(part), sort_keys=True) for part in KEY)


def read(path: Path = RESULTS) -> dict[tuple[str, ...], dict[str, Any]]:
    """Read the entries of a results file, the last of each key."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines if line.strip()]
    return {key(entry): entry for entry in entries}


def append(entry: dict[str, Any], path: Path = RESULTS) -> None:
    """Add an entry to a results file, as one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def named(entry: dict[str, Any]) -> str:
    """Return the name of an entry's method with what is particular about it."""
    words = entry.get("label") or " ".join([entry["method"], *(entry["overrides"] or ())])
    # Bars part the cells of a table, and the groups of an architecture in words.
    return words.replace("|", "/") + (f", {entry['budget']:g} s" if entry["budget"] else "")


def grouped(dataset: str, draw: str) -> str:
    """Return the row of the table that a draw belongs to: the numbers of wells are rows of their own."""
    return f"{dataset}, {draw.partition('_')[0].removeprefix('wells')} wells" if dataset == "penobscot" else dataset


def table(entries: Iterable[dict[str, Any]], score: str = "mean_iou", *, by_method: bool = False) -> str:
    """Return a markdown table: a row for each dataset, a column for each method, mean ± standard deviation over draws.

    The number of draws is given where it is not that of the row's fullest cell. The best of a row is bold.

    Parameters
    ----------
    entries : iterable of dict
        From :func:`read`.
    score : str
        Which score; entries without it are left out.
    by_method : bool
        A row for each method instead.

    Returns
    -------
    str
    """
    cells: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        value = entry.get("score", {}).get(score)
        if value is not None and math.isfinite(value):
            cells[grouped(entry["dataset"], entry["draw"])][named(entry)].append(value)
    methods = list(dict.fromkeys(name for row in cells.values() for name in row))
    rows = []
    for row, found in cells.items():
        most = max(len(values) for values in found.values())
        # A mean over few draws does not compare with one over all.
        full = {name: statistics.fmean(values) for name, values in found.items() if len(values) == most}
        best = max(full, key=lambda name: full[name])
        rows.append([f"{row} ({most})", *(_cell(found.get(name, ()), most, name == best) for name in methods)])
    rows.insert(0, [score, *methods])
    if by_method:
        rows = [list(column) for column in zip(*rows, strict=True)]
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(values: Sequence[float], most: int, best: bool) -> str:
    if not values:
        return ""
    words = f"{statistics.fmean(values):.3f}"
    words = f"**{words}**" if best else words
    if len(values) > 1:
        words += f" ± {statistics.stdev(values):.3f}"
    return words if len(values) == most else f"{words} ({len(values)})"


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
