"""The humble reference: everything looks like the nearest thing that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.volumes.splits import footprint


def nearest_column(labels: NDArray[Any], vertical_axis: int | None = -1) -> NDArray[np.uint8]:
    """Copy the nearest labelled column sideways over the whole volume.

    Gaps within a labelled column are first filled from its vertically nearest label (of two as near, the
    upper).

    Parameters
    ----------
    labels : ndarray or memmap of uint8
        0 where unlabelled.
    vertical_axis : int or None
        Axis along which columns run; None for a map, where every pixel takes the nearest labelled pixel.

    Returns
    -------
    ndarray of uint8, shape of `labels`
        No voxel is 0.

    Raises
    ------
    LabelError
        When nothing is labelled.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((1, 5, 2), np.uint8)
    >>> labels[0, 0], labels[0, 4] = (1, 2), (3, 0)
    >>> nearest_column(labels)[0].tolist()
    [[1, 2], [1, 2], [1, 2], [3, 3], [3, 3]]
    """
    mask = footprint(labels, vertical_axis)
    if not mask.any():
        raise LabelError("nothing is labelled, so there is nothing to copy", "Label something first")
    nearest = tuple(scipy.ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True))
    if vertical_axis is None:
        return np.asarray(labels[nearest], dtype=np.uint8)
    columns = np.moveaxis(labels, vertical_axis, -1)
    filled = _fill_gaps(np.asarray(columns[mask], dtype=np.uint8))
    number = np.zeros(mask.shape, dtype=np.intp)
    number[mask] = np.arange(len(filled))
    result = np.empty(labels.shape, dtype=np.uint8)
    out = np.moveaxis(result, vertical_axis, -1)
    # Row by row, so that beside the result only one row's copy is in memory.
    for row, source in enumerate(number[nearest]):
        out[row] = filled[source]
    return result


def _fill_gaps(columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fill zeros with the nearest value along the last axis; columns of shape (n, sample), none all zero."""
    n = columns.shape[-1]
    at = np.arange(n)
    known = columns != 0
    above = np.maximum.accumulate(np.where(known, at, -n), axis=-1)
    below = np.minimum.accumulate(np.where(known, at, 2 * n)[:, ::-1], axis=-1)[:, ::-1]
    source = np.where(at - above <= below - at, above, below)
    return np.take_along_axis(columns, source, axis=-1)
