"""How far labels that are held out lie from those of training, and what that says of a score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.volumes.splits import footprint
from napari_fhn.sentence import counted

_HARDER = 1.5
"""So many times as far from a label as what is scored: then most of the survey is harder, or easier, which is said."""


@dataclass(frozen=True)
class Apart:
    """How far what is scored lies from the labels of training, in traces or pixels.

    Parameters
    ----------
    margin : int
        What lies closer than this, or as close, is not scored.
    radius : int
        As far as the network sees around a voxel.
    nearest, median : int
        Of what is scored: the closest distance to a label of training, and the one that half of it keeps.
    survey : int
        The distance that half of the survey keeps.
    longest : int
        Longest side of the survey.
    unit : str
        ``"traces"`` or ``"pixels"``.
    """

    margin: int
    radius: int
    nearest: int
    median: int
    survey: int
    longest: int
    unit: str

    @property
    def words(self) -> str:
        """How far that is, how far the network sees, and whether the survey is harder."""
        lies = f"What is scored lies {counted(self.nearest, self.unit)} from the nearest label of training and more"
        lies += f", half of it {self.median}" if self.median > self.nearest else ""
        sees = f"the network sees {self.radius}"
        if self.radius >= self.longest:
            sees += f", farther than the survey is long ({self.longest})"
        if self.nearest > self.radius:
            sees += ", so that it has learnt from nothing that it sees there"
        sentences = [f"{lies}; {sees}."]
        if self.survey > _HARDER * self.median:
            sentences.append(
                f"Half of the survey lies {self.survey} {self.unit} or more from a label: expect less there."
            )
        elif 0 < _HARDER * self.survey < self.median:
            sentences.append(f"Half of the survey lies within {self.survey} {self.unit} of a label: expect more there.")
        return " ".join(sentences)


def apart(
    labels: NDArray[Any],
    held_out: Sequence[Box],
    vertical_axis: int | None,
    radius: int,
    margin: int | None = None,
    target: NDArray[Any] | None = None,
) -> Apart | None:
    """Measure how far what is scored lies from the labels of training.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    held_out : sequence of Box
        What training does not see.
    vertical_axis : int or None
        Axis that is collapsed.
    radius : int
        As far as the network sees.
    margin : int, optional
        What is kept away. When absent it is the radius, or as much of it as leaves half of every body held out.
    target : ndarray of uint8, optional
        What is scored, 0 where nothing is; the labels held out when absent.

    Returns
    -------
    Apart or None
        None where nothing is trained on or nothing is scored.
    """
    axis = None if vertical_axis is None else vertical_axis % labels.ndim
    whole = trained_on(labels, held_out, axis)
    if target is not None:
        away = _distances(whole)
        scored = [away[footprint(target, axis)]]
    else:
        scored = []
        for between, boxes in layers(labels, held_out, axis):
            away = _distances(trained_on(labels, held_out, axis, between))
            for box in boxes:
                known = footprint(labels[box.slices], axis)
                scored.append(away[across(box, axis)][known])
    scored = [distances for distances in scored if distances.size]
    if not whole.any() or not scored:
        return None
    if margin is None:
        halves = [int(np.quantile(distances, 0.5, method="lower")) - 1 for distances in scored]
        margin = max(0, min([radius, *halves]))
    kept = np.concatenate(scored)
    kept = kept[kept > margin]
    if not kept.size:
        return None
    rest = ~footprint(labels, axis)
    return Apart(
        margin,
        radius,
        int(kept.min()),
        int(np.quantile(kept, 0.5, method="higher")),
        int(np.median(_distances(whole)[rest])) if rest.any() else 0,
        max(whole.shape),
        "pixels" if axis is None else "traces",
    )


def far_enough(
    target: NDArray[np.uint8], labels: NDArray[Any], held_out: Sequence[Box], vertical_axis: int | None, margin: int
) -> None:
    """Erase what is held out and lies within a margin of a label of training, in place.

    Parameters
    ----------
    target : ndarray of uint8
        The labels held out.
    labels, held_out, vertical_axis
        As in :func:`apart`.
    margin : int
        Voxels, along the lateral axes and diagonally.

    Raises
    ------
    LabelError
        When the margin is below 0.
    """
    if margin < 0:
        raise LabelError(f"a margin of {margin} voxels cannot be kept", "Use 0 or more")
    axis = None if vertical_axis is None else vertical_axis % labels.ndim
    for between, boxes in layers(labels, held_out, axis):
        away = _distances(trained_on(labels, held_out, axis, between))
        for box in boxes:
            far = away[across(box, axis)] > margin
            target[box.slices] *= far if axis is None else np.expand_dims(far, axis)


def layers(
    labels: NDArray[Any], held_out: Sequence[Box], axis: int | None
) -> Iterator[tuple[tuple[int, int] | None, list[Box]]]:
    """Yield the parts of the vertical axis over which boxes reach, and the boxes of each; None for a map."""
    if axis is None:
        yield None, list(held_out)
        return
    parts: dict[tuple[int, int], list[Box]] = {}
    for box in held_out:
        parts.setdefault((box.start[axis], box.stop[axis]), []).append(box)
    yield from parts.items()


def across(box: Box, axis: int | None) -> tuple[slice, ...]:
    """Return the lateral slices of a box."""
    return tuple(part for k, part in enumerate(box.slices) if k != axis)


def _distances(trained: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How far each column lies from one that is trained on, diagonally too; beyond the survey where there is none."""
    if not trained.any():
        return np.full(trained.shape, max(trained.shape), np.int64)
    return np.asarray(scipy.ndimage.distance_transform_cdt(~trained, metric="chessboard"), np.int64)


def far_from_training(
    labels: NDArray[Any], held_out: Sequence[Box], vertical_axis: int | None, margin: int
) -> NDArray[np.bool_]:
    """Mark the columns (on a map: pixels) that are farther than a margin from every label of training.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    held_out : sequence of Box
        What training does not see.
    vertical_axis : int or None
        Axis collapsed: a column with a label anywhere is a label of training.
    margin : int
        Voxels, along the axes and diagonally; 0 marks all columns without a label of training.

    Returns
    -------
    ndarray of bool
        Shape of the labels without the vertical axis.

    Raises
    ------
    LabelError
        When the margin is below 0.
    """
    if margin < 0:
        raise LabelError(f"a margin of {margin} voxels cannot be kept", "Use 0 or more")
    mask = trained_on(labels, held_out, vertical_axis)
    near: NDArray[np.bool_] = scipy.ndimage.maximum_filter(mask, 2 * margin + 1, mode="constant")
    return ~near


def trained_on(
    labels: NDArray[Any], held_out: Sequence[Box], vertical_axis: int | None, between: tuple[int, int] | None = None
) -> NDArray[np.bool_]:
    """Where any label is that is not held out, the vertical axis collapsed.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    held_out : sequence of Box
        What training does not see.
    vertical_axis : int or None
        Axis that is collapsed.
    between : tuple of int, optional
        First and end of the part of it that is looked at; all of it when absent.
    """
    if vertical_axis is None:
        mask = footprint(labels, None)
        for box in held_out:
            mask[box.slices] = False
        return mask
    axis = vertical_axis % labels.ndim
    first, end = (0, labels.shape[axis]) if between is None else between
    part = labels[tuple(slice(first, end) if k == axis else slice(None) for k in range(labels.ndim))]
    mask = footprint(part, axis)
    for box in held_out:
        across = tuple(s for k, s in enumerate(box.slices) if k != axis)
        if box.start[axis] <= first and box.stop[axis] >= end:
            mask[across] = False
            continue
        # A box of one layer: above and below it the columns may go on.
        columns = Box(_with(box.start, axis, first), _with(box.stop, axis, end))
        known = np.array(labels[columns.slices])
        for other in held_out:
            start, stop = tuple(map(max, other.start, columns.start)), tuple(map(min, other.stop, columns.stop))
            if all(a < b for a, b in zip(start, stop, strict=True)):
                known[Box(start, stop).within(columns)] = 0
        mask[across] = (known != 0).any(axis=axis)
    return mask


def _with(corner: tuple[int, ...], axis: int, value: int) -> tuple[int, ...]:
    return tuple(value if k == axis else at for k, at in enumerate(corner))
