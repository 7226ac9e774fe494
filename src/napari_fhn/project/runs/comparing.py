"""Two runs beside each other: in what their settings, labels and scores differ, and how far their predictions agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from napari_fhn.project.runs import terms
from napari_fhn.project.runs.run import Run
from napari_fhn.training.data.volume import open_array
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Job
from napari_fhn.training.objective import Absence, Knowledge, Order, Share, Smoothness


@dataclass(frozen=True)
class Difference:
    """Something in which two runs differ.

    Parameters
    ----------
    what : str
        For people.
    first, second : str
        What it is in each.
    """

    what: str
    first: str
    second: str


@dataclass(frozen=True)
class Comparison:
    """Two runs beside each other.

    Parameters
    ----------
    differences : tuple of Difference
        Of settings, labels and scores; what is alike is not among them.
    agreement : float or None
        Share of the voxels that both have predicted on which they say the same; None where not both have predicted.
    voxels : int
        How many those are.
    by_class : mapping of str to float or None
        Intersection over union of the two predictions; None for a class that neither has.
    """

    differences: tuple[Difference, ...]
    agreement: float | None = None
    voxels: int = 0
    by_class: Mapping[str, float | None] = field(default_factory=dict)


def compared(first: Run, second: Run) -> Comparison:
    """Compare two runs of a session.

    Parameters
    ----------
    first, second : Run
        In this order in what is returned.
    """
    one, other = _facts(first), _facts(second)
    differences = [
        Difference(what, one.get(what, "-"), other.get(what, "-"))
        for what in dict.fromkeys((*one, *other))
        if one.get(what, "-") != other.get(what, "-")
    ]
    if not (first.has_prediction and second.has_prediction):
        return Comparison(tuple(differences))
    return _agreement(first, second, tuple(differences))


def _agreement(first: Run, second: Run, differences: tuple[Difference, ...]) -> Comparison:
    names, others = first.record.classes, second.record.classes
    count = max(len(names), len(others))
    values = [open_array(str(run.prediction)) for run in (first, second)]
    if values[0].shape != values[1].shape or names[: len(others)] != others[: len(names)]:
        return Comparison(differences)
    table = np.zeros((256, 256), np.int64)
    for row, other in zip(*values, strict=True):  # a slice at a time, whatever their size
        pairs = row.astype(np.int64) * 256 + other
        table += np.bincount(pairs.ravel(), minlength=256 * 256).reshape(256, 256)
    table = table[1:, 1:]  # what one of the two has not predicted is left out
    voxels = int(table.sum())
    if not voxels:
        return Comparison(differences)
    both = np.diag(table)
    either = table.sum(axis=0) + table.sum(axis=1) - both
    longest = names if len(names) >= len(others) else others
    by_class = {
        longest[k]: (float(both[k] / either[k]) if either[k] else None) for k in range(min(count, len(longest)))
    }
    return Comparison(differences, float(both.sum() / voxels), voxels, by_class)


def _facts(run: Run) -> dict[str, str]:
    """What a run was trained by and on, and what came of it, each as text."""
    made = run.record
    facts = {"recipe": made.recipe or "-", "begun with": made.begun_with or "new weights", "labels": made.labels[:12]}
    try:
        job = run.job()
    except JobError:
        job = None
    if job is not None:
        facts |= dict(_settings(job))
    facts["steps done"] = str(run.step)
    facts["state"] = made.state
    found = run.description()
    if found is not None:
        facts["labelled voxels"] = f"{sum(found.label_counts):,}"
        for score in found.scores:
            facts[f"mean IoU on {score.on}"] = "-" if score.mean is None else f"{score.mean:.3f}"
    return facts


def _settings(job: Job) -> Iterator[tuple[str, str]]:
    yield "classes", ", ".join(job.classes)
    yield "surveys", ", ".join(f"{item.name} {item.stamp[:8]}".strip() for item in job.inputs)
    yield "held out", "; ".join(map(terms.box_in_words, job.held_out)) or "nothing"
    yield "ignored", "; ".join(map(terms.box_in_words, job.ignored)) or "nothing"
    yield "network", str(job.network.to_dict())
    yield "position", job.position
    yield "neighbours", str(job.neighbours)
    schedule = asdict(job.schedule)
    objective = schedule.pop("objective")
    objective.pop("knowledge")
    for part in (schedule, objective):
        for name, value in part.items():
            yield name.replace("_", " "), _text(value)
    kinds: tuple[tuple[str, type[Knowledge]], ...] = (
        ("shares", Share),
        ("order", Order),
        ("absences", Absence),
        ("smoothness", Smoothness),
    )
    for words, kind in kinds:
        said = [terms.in_words(term) for term in job.schedule.objective.knowledge if isinstance(term, kind)]
        yield words, "; ".join(said) or "nothing"


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return " x ".join(map(str, value)) or "none"
    return "default" if value is None else str(value)
