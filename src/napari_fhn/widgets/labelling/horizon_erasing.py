"""Which traces lie near a path that the mouse has taken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def near(path: NDArray[np.float64], shape: tuple[int, ...], reach: float) -> NDArray[np.bool_]:
    """Return which traces lie within reach of a path.

    Parameters
    ----------
    path : ndarray of float64, shape (n, 2), or (n, 1) on a line
        In traces along each lateral axis; straight between its places.
    shape : tuple of int
        How many traces there are along each.
    reach : float
        In traces, to all sides.

    Returns
    -------
    ndarray of bool, of this shape

    Examples
    --------
    >>> near(np.array([[1.0, 1.0], [1.0, 4.0]]), (3, 7), 1).astype(int)
    array([[0, 1, 1, 1, 1, 0, 0],
           [1, 1, 1, 1, 1, 1, 0],
           [0, 1, 1, 1, 1, 0, 0]])
    """
    path = np.atleast_2d(np.asarray(path, np.float64))
    inside, far = np.zeros(shape, bool), float(reach) ** 2 + 1e-9
    ends = path[1:] if len(path) > 1 else path
    for start, end in zip(path, ends, strict=False):
        low = np.maximum(np.floor(np.minimum(start, end) - reach).astype(int), 0)
        high = np.minimum(np.ceil(np.maximum(start, end) + reach).astype(int) + 1, shape)
        if (high <= low).any():
            continue
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        at = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), -1)
        along = end - start
        length = float(along @ along)
        share = np.clip((at - start) @ along / length, 0, 1) if length else np.zeros(at.shape[:-1])
        apart = at - (start + share[..., np.newaxis] * along)
        inside[box] |= (apart**2).sum(axis=-1) <= far
    return inside
