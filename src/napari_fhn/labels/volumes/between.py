"""Labels from section to section: copied to neighbours, and interpolated between two by their shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError

#: A section counts as labelled when at least this part of it is: a well marks a few traces of every section it meets.
DENSE = 0.02


def dense_sections(labels: NDArray[Any], axis: int, share: float = DENSE) -> NDArray[np.intp]:
    """Return the sections of which a good part is labelled.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled; read section by section.
    axis : int
        Across the sections.
    share : float
        Least part of a section that must be labelled.

    Returns
    -------
    ndarray of int, ascending
        Their places along the axis.
    """
    counts = [np.count_nonzero(np.take(labels, k, axis)) for k in range(labels.shape[axis])]
    size = labels.size // labels.shape[axis]
    return np.flatnonzero(np.array(counts) >= max(1.0, share * size))


def copied(labels: NDArray[Any], axis: int, index: int, reach: int) -> NDArray[np.uint8]:
    """Return an empty volume with the labels of a section on its neighbours.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    axis, index : int
        The section.
    reach : int
        Neighbours on either side.
    """
    wanted = np.zeros(labels.shape, np.uint8)
    section = np.take(labels, index, axis)
    for k in range(max(0, index - reach), min(labels.shape[axis], index + reach + 1)):
        if k != index:
            wanted[(slice(None),) * axis + (k,)] = section
    return wanted


def interpolated(labels: NDArray[Any], axis: int, first: int, last: int) -> NDArray[np.uint8]:
    """Return an empty volume with labels between two labelled sections, interpolated by their shapes.

    For every class, and for what is unlabelled, the distance to its edge (positive inside) is interpolated linearly,
    and each voxel takes the class that it is farthest inside of: an edge moves evenly from its place on one section to
    its place on the other (Raya and Udupa 1990, Shape-based interpolation of multidimensional objects, IEEE
    Transactions on Medical Imaging 9, 32-42).

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    axis : int
        Across the sections.
    first, last : int
        The two sections; they stay as they are.

    Raises
    ------
    LabelError
        When one of them has no labels, or nothing lies between.
    """
    if not 0 <= first < last < labels.shape[axis]:
        raise LabelError(f"there are no two sections {first} and {last}", "Choose two sections of the survey")
    if last - first < 2:
        raise LabelError("nothing lies between two neighbouring sections", "Choose sections farther apart")
    a, b = (np.asarray(np.take(labels, k, axis)) for k in (first, last))
    if not a.any() or not b.any():
        raise LabelError("one of the two sections has no labels", "Label both")
    values = np.union1d(a, b)
    inside = [(_inside(a == value), _inside(b == value)) for value in values]
    wanted = np.zeros(labels.shape, np.uint8)
    for k in range(first + 1, last):
        t = (k - first) / (last - first)
        depth = np.stack([(1 - t) * one + t * other for one, other in inside])
        wanted[(slice(None),) * axis + (k,)] = values[depth.argmax(axis=0)]
    return wanted


def interpolated_at(labels: NDArray[Any], axis: int, index: int) -> NDArray[np.uint8]:
    """Return an empty volume with labels between the nearest well labelled sections before and after a place.

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    axis, index : int
        The section that somebody looks at.

    Raises
    ------
    LabelError
        When there are no two such sections, or nothing lies between.
    """
    dense = dense_sections(labels, axis)
    before, after = dense[dense <= index], dense[dense > index]
    if not before.size or not after.size:
        raise LabelError(
            "there is no labelled section on either side of this one",
            f"Label at least {100 * DENSE:.0f} % of two sections, and look at one between them",
        )
    return interpolated(labels, axis, int(before[-1]), int(after[0]))


def _inside(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance to the edge of a mask, positive inside; far outside where it is empty."""
    if not mask.any():
        return np.full(mask.shape, -float(sum(mask.shape)), np.float32)
    if mask.all():
        return np.full(mask.shape, float(sum(mask.shape)), np.float32)
    inner, outer = scipy.ndimage.distance_transform_edt(mask), scipy.ndimage.distance_transform_edt(~mask)
    return np.asarray(np.where(mask, inner - 0.5, 0.5 - outer), np.float32)
