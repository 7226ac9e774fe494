"""What a score is a score of, how sure it is, and what to mind, in sentences: the same at every door."""

from __future__ import annotations

from collections.abc import Sequence

from napari_fhn.box import Box
from napari_fhn.sentence import counted
from napari_fhn.training.scores.estimating import Estimates

FEW = 5
"""Bodies of a class below which its scores are little more than a guess."""

_WELL = 12
"""Traces: what is wider is no well."""


def called(boxes: Sequence[Box], vertical: int | None) -> str:
    """Return what bodies are called: ``"points"``, ``"patches"``, ``"wells"`` or ``"blocks of labels"``."""
    wide = [
        max(size for axis, size in enumerate(box.shape) if vertical is None or axis != vertical % len(box.shape))
        for box in boxes
    ]
    if vertical is None:
        return "points" if max(wide, default=1) == 1 else "patches"
    return "wells" if max(wide, default=1) <= _WELL else "blocks of labels"


def scored_on(bodies: int, what: str, voxels: int, close: int, margin: int, unit: str) -> str:
    """Say what a score is a score of.

    Parameters
    ----------
    bodies : int
        How many are scored.
    what : str
        What they are called; empty for a truth.
    voxels, close : int
        Scored, and left out because they lie too close to a label of training.
    margin : int
        How close that is.
    unit : str
        Of the margin.
    """
    near = f"within {counted(margin, unit)} of a label of training"
    left = f"; {counted(close, f'{near} are', f'{near} is')} left out" if close else ""
    if not what:
        return f"A score of the truth where nothing was labelled ({counted(voxels, 'voxels')}{left})."
    return (
        f"A score of {counted(bodies, what)} kept out ({counted(voxels, 'voxels')}{left}); the other "
        "labels are not counted."
    )


def weighed(found: Estimates) -> str:
    """Say how good the prediction is in the whole survey, and how sure that is."""
    if found.mean_iou is None or found.accuracy is None:
        return "Nothing could be scored."
    unsure = "" if found.mean_iou.low is not None else "; one body says nothing of how another would differ"
    by = ", each class weighed by what it takes of the prediction" if found.weighed else ""
    sure = " (95 % of the time between the numbers in brackets)" if found.mean_iou.low is not None else ""
    return f"Mean IoU {found.mean_iou.words}, accuracy {found.accuracy.words}{by}{sure}{unsure}."


def minding(found: Estimates, classes: Sequence[str], what: str) -> tuple[str, ...]:
    """Say of which classes a score says little or nothing.

    Parameters
    ----------
    found : Estimates
        What was scored.
    classes : sequence of str
        Their names.
    what : str
        What the bodies are called; empty for a truth, of which there is nothing to mind.
    """
    if not what:
        return ()
    sentences = []
    none = [name for name, count in zip(classes, found.with_class, strict=True) if not count]
    few = [f"{name} ({n})" for name, n in zip(classes, found.with_class, strict=True) if 0 < n < FEW]
    if none:
        sentences.append(f"No label of {listed(none)} is kept out: how well that is predicted is not known.")
    if found.bodies < FEW:
        sentences.append(
            f"{counted(found.bodies, what).capitalize()} are few: the numbers may be far off. Each left out in turn "
            "says more."
            if found.bodies > 1
            else "One body is too little to go by: the numbers may be far off. Each left out in turn says more."
        )
    elif few:
        sentences.append(
            f"Of {listed(few)} there are fewer than {FEW} {what} kept out: these classes' scores may be far off."
        )
    return tuple(sentences)


def listed(words: Sequence[str]) -> str:
    """Return words with commas, and "and" before the last."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
