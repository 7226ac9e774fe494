"""Bodies and blocks of labels, and which of them to hold out for validation.

Neighbouring voxels of one body know each other's answer, so a body is trained on or validated on as a whole. Where
labels lie dense, blocks take the place of bodies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import scipy
import skimage
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.labels.errors import LabelError

#: Labels looked at at once, in voxels: label volumes may be larger than memory.
SLAB_VOXELS = 2**26

_LONG = 12
"""Traces or pixels from which on a body may be cut."""

_PIECES = 6
"""In so many pieces along its longest side."""


def bodies(labels: NDArray[Any], vertical_axis: int | None) -> list[Box]:
    """Find the connected labelled bodies.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled; a volume is read slab by slab.
    vertical_axis : int or None
        Axis collapsed before connecting, so that a well with gaps is one body; None to connect along all
        axes.

    Returns
    -------
    list of Box
        Bounding boxes, disjoint (bodies whose boxes overlap are one), over the full vertical axis, in the
        order of their first index. Diagonal neighbours are connected.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((4, 5), np.uint8)
    >>> labels[1, 1:3], labels[3, 4] = 1, 2
    >>> [box.start for box in bodies(labels, None)]
    [(1, 1), (3, 4)]
    """
    axis = None if vertical_axis is None else vertical_axis % labels.ndim
    mask = footprint(labels, axis)
    numbered = skimage.measure.label(mask, connectivity=mask.ndim)  # type: ignore[no-untyped-call]
    # Along a line bodies are intervals of traces.
    boxes = _merge([_bounds(slices) for slices in scipy.ndimage.find_objects(numbered)])
    if axis is not None:
        depth = labels.shape[axis]
        boxes = [Box((*b.start[:axis], 0, *b.start[axis:]), (*b.stop[:axis], depth, *b.stop[axis:])) for b in boxes]
    return sorted(boxes, key=lambda box: box.start)


def blocks(labels: NDArray[Any], size: int, vertical_axis: int | None) -> list[Box]:
    """Cut the survey into blocks and return those with labels in them.

    Along the vertical axis labels are cut only where they leave a gap as long as a block: an interpreted time slice has
    blocks of its own, and wells are not cut.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    size : int
        Voxels along each axis but the vertical one; the last block along an axis may be shorter.
    vertical_axis : int or None
        Axis that is cut in gaps alone.

    Returns
    -------
    list of Box
        Disjoint, in the order of their first index.

    Raises
    ------
    LabelError
        When the size is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((4, 5), np.uint8)
    >>> labels[3, 4] = 2
    >>> blocks(labels, 3, None)
    [Box(start=(3, 3), stop=(4, 5))]

    Two time slices, 30 samples apart:

    >>> labels = np.zeros((3, 3, 50), np.uint8)
    >>> labels[:, :, [5, 35]] = 1
    >>> [(box.start[2], box.stop[2]) for box in blocks(labels, 3, 2)]
    [(0, 20), (20, 50)]
    """
    if size < 1:
        raise LabelError(f"blocks of {size} voxels cannot be cut", "Use at least 1")
    axis = None if vertical_axis is None else vertical_axis % labels.ndim
    if axis is None:
        return _cells(footprint(labels, None), size, None, (0, 0))
    found = []
    for first, end in _layers(labels, size, axis):
        part = labels[tuple(slice(first, end) if k == axis else slice(None) for k in range(labels.ndim))]
        found += _cells(footprint(part, axis), size, axis, (first, end))
    return sorted(found, key=lambda box: box.start)


def candidates(labels: NDArray[Any], vertical_axis: int | None, size: int | None = None) -> list[Box]:
    """Return the parts of the labels that can be held out one by one: bodies, and blocks of what is too large to be.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    vertical_axis : int or None
        As in :func:`bodies`.
    size : int, optional
        Edge of the blocks, where blocks are wanted in place of bodies.

    Returns
    -------
    list of Box
        Disjoint, in the order of their first index. A body that holds most of the labels and reaches over a quarter of
        the survey (an interpreted section, a time slice, a painted map) is cut in blocks, see :func:`edge`: held out as
        a whole it would leave nothing to learn from.
    """
    if size is not None:
        return blocks(labels, size, vertical_axis)
    found = bodies(labels, vertical_axis)
    cut = edge(labels, vertical_axis, found)
    return found if cut is None else blocks(labels, cut, vertical_axis)


def edge(labels: NDArray[Any], vertical_axis: int | None, found: Sequence[Box] | None = None) -> int | None:
    """Return the edge of the blocks in which labels have to be cut to hold some of them out.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    vertical_axis : int or None
        As in :func:`bodies`.
    found : sequence of Box, optional
        The bodies, where they are known.

    Returns
    -------
    int or None
        None where bodies can be held out as they are.
    """
    found = bodies(labels, vertical_axis) if found is None else found
    axis = None if vertical_axis is None else vertical_axis % labels.ndim
    lateral = [k for k in range(labels.ndim) if k != axis]
    counts = [int(np.count_nonzero(labels[box.slices])) for box in found]
    for box, count in zip(found, counts, strict=True):
        longest = max(box.shape[k] for k in lateral)
        wide = any(box.shape[k] * 4 > labels.shape[k] and box.shape[k] >= _LONG for k in lateral)
        if wide and 2 * count > sum(counts):
            return max(1, -(-longest // _PIECES))
    return None


def expendable(labels: NDArray[Any], boxes: Sequence[Box]) -> list[Box]:
    """Return the boxes without which every class still has labels in another of them.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    boxes : sequence of Box
        From `bodies` or `blocks`.

    Returns
    -------
    list of Box
        Each may be left out alone.
    """
    present = np.array([classes_in(labels, box) for box in boxes], dtype=bool).reshape(len(boxes), 256)
    total = present.sum(axis=0)
    return [box for box, classes in zip(boxes, present, strict=True) if (total[classes] > 1).all()]


def hold_out(
    labels: NDArray[Any],
    n: int,
    vertical_axis: int | None,
    seed: int = 0,
    candidates: Sequence[Box] | None = None,
) -> list[Box]:
    """Choose whole bodies for validation.

    A body may be held out only while every class in it has labels in another body that is still trained on.
    Bodies that bring classes not yet validated come first; ties are drawn by the seed.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    n : int
        Number of bodies wanted. Fewer, even none, come back where more would take the last labels of a class.
    vertical_axis : int or None
        As in `bodies`.
    seed : int, optional
        Of the draw.
    candidates : sequence of Box, optional
        What to choose among, such as `blocks`; the bodies when absent.

    Returns
    -------
    list of Box

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((1, 8), np.uint8)
    >>> labels[0, [0, 3, 6]] = 1, 1, 2
    >>> [box.start for box in hold_out(labels, 2, None)]
    [(0, 0)]
    """
    boxes = bodies(labels, vertical_axis) if candidates is None else list(candidates)
    present = np.array([classes_in(labels, box) for box in boxes], dtype=bool).reshape(len(boxes), 256)
    draw = np.random.default_rng(seed).permutation(len(boxes))
    trained = present.sum(axis=0)
    validated = np.zeros(256, dtype=bool)
    chosen: list[int] = []
    while len(chosen) < n:
        able = [k for k in draw if k not in chosen and (trained[present[k]] > 1).all()]
        if not able:
            break
        best = max(able, key=lambda k: int((present[k] & ~validated).sum()))
        chosen.append(int(best))
        trained = trained - present[best]
        validated |= present[best]
    return [boxes[k] for k in sorted(chosen)]


def footprint(labels: NDArray[Any], vertical_axis: int | None) -> NDArray[np.bool_]:
    """Where any label is, the vertical axis collapsed, read slab by slab."""
    if vertical_axis is None:
        mask = np.empty(labels.shape, dtype=bool)
        for slab in slabs(labels):
            np.not_equal(labels[slab], 0, out=mask[slab])
        return mask
    axis = vertical_axis % labels.ndim
    mask = np.zeros(tuple(n for k, n in enumerate(labels.shape) if k != axis), dtype=bool)
    for slab in slabs(labels):
        if axis == 0:
            mask |= labels[slab].any(axis=0)
        else:
            mask[slab] = labels[slab].any(axis=axis)
    return mask


def slabs(array: NDArray[Any]) -> Iterator[slice]:
    """Yield slices of the first axis that hold about `SLAB_VOXELS` each."""
    rows = max(1, SLAB_VOXELS // max(1, array[:1].size))
    for start in range(0, len(array), rows):
        yield slice(start, start + rows)


def _layers(labels: NDArray[Any], size: int, axis: int) -> list[tuple[int, int]]:
    """Cut the vertical axis in the middle of gaps of that length or more in which nothing is labelled anywhere."""
    there = np.zeros(labels.shape[axis], bool)
    others = tuple(k for k in range(labels.ndim) if k != axis)
    for slab in slabs(labels):
        known = (labels[slab] != 0).any(axis=others)
        if axis == 0:
            there[slab] = known
        else:
            there |= known
    at = np.flatnonzero(there)
    gaps = np.flatnonzero(np.diff(at) > size)
    cuts = [0, *((at[gaps] + at[gaps + 1]) // 2).tolist(), len(there)]
    return list(pairwise(cuts))


def _cells(mask: NDArray[np.bool_], size: int, axis: int | None, between: tuple[int, int]) -> list[Box]:
    """Cut a footprint into squares and return those with labels, over the given part of the vertical axis."""
    found = []
    for cell in np.ndindex(*(-(-length // size) for length in mask.shape)):
        start = [size * k for k in cell]
        stop = [min(a + size, length) for a, length in zip(start, mask.shape, strict=True)]
        if mask[tuple(map(slice, start, stop))].any():
            if axis is not None:
                start.insert(axis, between[0])
                stop.insert(axis, between[1])
            found.append(Box(tuple(start), tuple(stop)))
    return found


def classes_in(labels: NDArray[Any], box: Box) -> NDArray[np.bool_]:
    """Which label values occur in a box; unlabelled is none of them."""
    part = labels[box.slices]
    counts = np.zeros(256, dtype=np.int64)
    for slab in slabs(part):
        counts += np.bincount(part[slab].ravel(), minlength=256)
    counts[0] = 0
    return counts > 0


def _bounds(slices: tuple[slice, ...]) -> Box:
    return Box(tuple(one.start for one in slices), tuple(one.stop for one in slices))


def _merge(boxes: list[Box]) -> list[Box]:
    """Join boxes that overlap until none does: holding one out must not cut into another body."""
    merged: list[Box] = []
    for box in boxes:
        grown = True
        while grown:
            grown = False
            for other in merged:
                if all(
                    a < d and c < b for a, b, c, d in zip(box.start, box.stop, other.start, other.stop, strict=True)
                ):
                    merged.remove(other)
                    box = Box(
                        tuple(map(min, zip(box.start, other.start, strict=True))),
                        tuple(map(max, zip(box.stop, other.stop, strict=True))),
                    )
                    grown = True
                    break
        merged.append(box)
    return merged
