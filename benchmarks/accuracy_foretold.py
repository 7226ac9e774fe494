"""Does the score of labels left out foretell the true one? Each method again without some of its labels in turn."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from accuracy_answers import Method, Settings
from accuracy_data import Task
from napari_fhn import labels
from napari_fhn.labels.volumes.folds import folds
from napari_fhn.training.scores.estimating import Estimates, Sample, estimates, together
from napari_fhn.training.scores.score import confusion, predicted_shares, scores


def foretold(task: Task, method: Method, settings: Settings, most: int) -> dict[str, Any] | None:
    """Score a method on its own labels, left out in turn.

    Parameters
    ----------
    task : Task
        Whose truth is not looked at.
    method : callable
        Run once for each fold.
    settings : Settings
        Of each run.
    most : int
        Folds at most.

    Returns
    -------
    dict or None
        ``counted``, the mean IoU voxel by voxel; ``place`` and ``class``, that of the whole survey as it is estimated
        for labels drawn in either way, with the interval; ``drawn``, which of them the program takes. None where labels
        cannot be left out.
    """
    boxes = labels.candidates(task.labels, task.vertical_axis)
    dealt = folds(task.labels, boxes, most, task.seed)
    if len(dealt) < 2:
        return None
    count, parts = len(task.classes), []
    for fold in dealt:
        known = task.labels.copy()
        for box in fold:
            known[box.slices] = 0
        said = method(replace(task, labels=known), settings).prediction
        matrices = [confusion(said[box.slices], task.labels[box.slices], count) for box in fold]
        # Where it is tested: that is the survey of which the benchmark knows the truth.
        parts.append(Sample(np.stack(matrices), predicted_shares(np.where(task.truth > 0, said, 0), count)))
    sample = together(parts)
    result: dict[str, Any] = {
        "folds": len(dealt),
        "bodies": len(sample.bodies),
        "counted": _over(scores(sample.bodies.sum(axis=0)).iou, task),
        "drawn": sample.drawn,
    }
    for drawn in ("place", "class"):
        result[drawn] = _estimated(estimates(sample, drawn), task)
    return result


def _estimated(found: Estimates, task: Task) -> list[float] | None:
    """Mean IoU over the classes that the task scores, with its interval where they are all there are."""
    value = _over([None if one is None else one.value for one in found.iou], task)
    if value is None:
        return None
    mean = found.mean_iou
    if mean is None or mean.low is None or mean.high is None:
        return [value]
    # As wide as that of all classes; of some of them it is not known exactly.
    below, above = mean.value - mean.low, mean.high - mean.value
    return [value, round(max(0.0, value - below), 4), round(min(1.0, value + above), 4)]


def _over(iou: Iterable[float | None], task: Task) -> float | None:
    known = [value for k, value in enumerate(iou) if k in task.scored and value is not None]
    return round(statistics.fmean(known), 4) if known else None


def table(entries: Iterable[dict[str, Any]], named: Any, grouped: Any) -> str:
    """Return a markdown table: true and foretold mean IoU of each dataset and method, means over draws.

    Beside the means stand the mean distance from the truth of what is counted and of what the program says, how often
    the truth lies in its interval, and at the end the correlation of both with the truth over all draws.
    """
    rows: dict[tuple[str, str], list[tuple[float, float, list[float]]]] = defaultdict(list)
    for entry in entries:
        told, true = entry.get("foretold"), entry["score"]["mean_iou"]
        if told and told["counted"] is not None and told[told["drawn"]] is not None and math.isfinite(true):
            row = grouped(entry["dataset"], entry["draw"]), named(entry)
            rows[row].append((true, told["counted"], told[told["drawn"]]))
    lines = [
        "| dataset | method | draws | true | counted | foretold | off, counted | off, foretold | in the interval |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (dataset, method), found in rows.items():
        true, counted, said = zip(*found, strict=True)
        values = [one[0] for one in said]
        held = [one[1] <= t <= one[2] for t, one in zip(true, said, strict=True) if len(one) == 3]
        cells = [dataset, method, str(len(found))]
        cells += [f"{statistics.fmean(column):.3f}" for column in (true, counted, values)]
        cells += [f"{_off(true, column):.3f}" for column in (counted, values)]
        lines.append(f"| {' | '.join([*cells, f'{sum(held)} of {len(held)}'])} |")
    every = [one for found in rows.values() for one in found]
    if len(every) > 2:
        true, counted, said = zip(*every, strict=True)
        of_counted, of_said = (np.corrcoef(true, one)[0, 1] for one in (counted, [one[0] for one in said]))
        lines.append(f"\nCorrelation with the truth over {len(every)} draws: counted {of_counted:.2f}, ")
        lines[-1] += f"foretold {of_said:.2f}."
    return "\n".join(lines)


def _off(true: Iterable[float], said: Iterable[float]) -> float:
    return statistics.fmean(abs(a - b) for a, b in zip(true, said, strict=True))
