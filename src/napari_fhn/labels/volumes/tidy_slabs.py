"""A prediction of any size tidied a slab at a time: voxel by voxel what it would be as a whole.

A voxel depends on what is near: on the votes of its neighbours, on the hole, on the body that it lies in as far as it
takes to say that this is large, and on the nearest voxel of a body that stays. So a slab is tidied with as many lines
on either side as that can be, and more of them where the nearest voxel lies further away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels.volumes.tidy import fill_holes, give_small, smooth

#: Voxels that are worked on at once, with some 26 bytes each.
AT_ONCE = 2**25
#: Lines in which the nearest voxel of a body that stays is looked for first.
_NEAR = 8


def tidied(
    classes: Any, radius: int, smallest: int, largest: int, at_once: int = AT_ONCE
) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
    """Smooth, close holes and give small bodies away, a slab at a time.

    Parameters
    ----------
    classes : array_like of uint8
        Of any number of axes; sliced along the first.
    radius : int
        Of the majority vote, see `napari_fhn.labels.volumes.tidy.smooth`.
    smallest : int
        Voxels that a body must have to stay; nothing is given away below 2.
    largest : int
        Voxels of the largest hole that is closed; 0 for none.
    at_once : int, optional
        Voxels that are worked on at once, as far as a slab with what lies around it allows.

    Yields
    ------
    slab : slice
        Of the first axis, in order.
    values : ndarray of uint8
        What it becomes.

    Examples
    --------
    >>> speck = np.ones((60, 3), np.uint8)
    >>> speck[30, 1] = 2
    >>> [(slab.start, int(values.max())) for slab, values in tidied(speck, 0, 2, 0, at_once=60)]
    [(0, 1), (10, 1), (20, 1), (30, 1), (40, 1), (50, 1)]
    """
    n = len(classes)
    line = max(math.prod(classes.shape[1:]), 1)
    beside = radius + (largest + 1 if largest else 0) + (smallest if smallest > 1 else 0)
    core = max(at_once // line - 2 * (beside + _NEAR), beside + _NEAR, 1)
    for start in range(0, n, core):
        slab = slice(start, min(start + core, n))
        near = _NEAR
        while True:
            low, high = max(slab.start - beside - near, 0), min(slab.stop + beside + near, n)
            inside = slice(slab.start - low, slab.stop - low)
            values = smooth(np.asarray(classes[low:high]), radius)
            values = fill_holes(values, largest) if largest else values
            far = 0.0
            if smallest > 1:
                values, far = give_small(values, smallest, inside)
            if far <= near or (low, high) == (0, n):
                break
            near = max(2 * near, math.ceil(min(far, n)))
        yield slab, values[inside].astype(np.uint8, copy=False)
