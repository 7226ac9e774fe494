"""How far a horizon can be trusted: through traces that are alike, from the picks outwards, on the best way."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from napari_fhn.structure.tracking.events import unit

_ROWS = 64
"""Inlines that are compared at once."""
_FAR = 500.0
"""Traces of a way, all as alike as those around the picks, after which trust has fallen to 1/e."""
_UNLIKE = 1.2
"""How much it falls, as a power of e, over a trace that is like none around it."""
_NEAR = 8
"""Traces around the picks that say how alike traces are here: noise is no fault."""
_ALIKE = 0.5
"""Likeness around the picks that is asked for all the same."""
_LOW = 30
"""Percentile of the likeness around a trace: the gaps in a fault of noise are closed by it."""
_PAIRS = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0))
"""Neighbours, and those beyond a dead trace."""


def trust(windows: NDArray[np.int8], there: NDArray[np.bool_], picks: NDArray[np.int64]) -> NDArray[np.float32]:
    """Say how far a horizon can be trusted.

    Traces are compared three apart, the mean of three by three to one side with that to the other: neighbours share
    their noise and a fault between them hides, which does not at this distance.

    Parameters
    ----------
    windows : ndarray of int8, shape (inline, crossline, m)
        What traces look like around the horizon, all of one length.
    there : ndarray of bool, shape (inline, crossline)
        Where it is.
    picks : ndarray of int, shape (n, 2)
        Inline and crossline, as indices.

    Returns
    -------
    ndarray of float32, shape (inline, crossline)
        1 at picks, 0 where no way leads.
    """
    likeness = scipy.ndimage.percentile_filter(_likeness(windows), _LOW, size=[min(3, size) for size in there.shape])
    usual = [np.median(likeness[tuple(slice(max(0, at - _NEAR), at + _NEAR + 1) for at in pick)]) for pick in picks]
    cost = 1 / _FAR + _UNLIKE * (1 - likeness / max(_ALIKE, float(np.median(usual)))).clip(0)
    number = np.arange(there.size).reshape(there.shape)
    first, second, length = [], [], []
    for down, across in _PAIRS:
        one, other = _part(there.shape, -down, -across), _part(there.shape, down, across)
        both = there[one] & there[other]
        first.append(number[one][both])
        second.append(number[other][both])
        length.append((0.5 * (cost[one] + cost[other]) * np.hypot(down, across))[both])
    graph = scipy.sparse.coo_matrix(
        (np.concatenate(length), (np.concatenate(first), np.concatenate(second))), (there.size,) * 2
    )
    seeds = np.ravel_multi_index(tuple(picks.T), there.shape)
    way = scipy.sparse.csgraph.dijkstra(graph.tocsr(), directed=False, indices=seeds, min_only=True)
    return np.asarray(np.exp(-way), np.float32).reshape(there.shape)


def _likeness(windows: NDArray[np.int8]) -> NDArray[np.float32]:
    """How alike traces to both sides are, 0 to 1: the less along either axis."""
    lines, traces, _ = windows.shape
    out = np.ones((lines, traces), np.float32)
    for start in range(0, lines, _ROWS):
        low, high = max(0, start - 4), min(lines, start + _ROWS + 4)
        size = (min(3, lines), min(3, traces), 1)
        means = unit(scipy.ndimage.uniform_filter(windows[low:high].astype(np.float32), size, mode="constant"))
        least = np.ones(means.shape[:2], np.float32)
        for axis in (0, 1):
            count = means.shape[axis]
            if count < 2:
                continue
            at = np.arange(count - 1)
            # Between a trace and the next one: from the one before the former to the one after the latter.
            sides = ((at - 1).clip(0), (at + 2).clip(0, count - 1))
            alike = np.einsum("...m,...m->...", *(np.take(means, side, axis) for side in sides))
            for moved in (
                _part(least.shape, *(-(axis == k) for k in (0, 1))),
                _part(least.shape, axis == 0, axis == 1),
            ):
                np.minimum(least[moved], alike, out=least[moved])
        stop = min(lines, start + _ROWS)
        out[start:stop] = least[start - low : stop - low]
    return out.clip(0, 1)


def _part(shape: tuple[int, ...], down: int, across: int) -> tuple[slice, slice]:
    """Return the part of a map that lies so far from its beginning, or with minus signs from its end."""
    return tuple(
        slice(step, size) if step >= 0 else slice(0, max(0, size + step))
        for step, size in zip((down, across), shape, strict=True)
    )  # type: ignore[return-value]
