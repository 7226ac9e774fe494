"""Probabilities smoothed over a map along what the bands show. numpy and scipy.

The guided filter (He, Sun and Tang 2013) takes the probabilities within a window for a straight function of the bands
there: inside a field it is a mean, and where the bands have an edge the probabilities keep theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from napari_fhn.box import Box
from napari_fhn.structure.features import Data, sample_of
from napari_fhn.structure.kernel import Floats

_DIRECTIONS = 3
"""Of the bands, that guide: every one costs as much as a class."""

_EDGES = 0.1
"""Variance of the guide within a window from which on an edge is kept, where that of the whole map is 1."""

_FAR = 4.0
"""Values of the guide beyond this are spikes, and no more of an edge."""


class Guide:
    """The main directions of the bands of a map, as what smoothing keeps the edges of; labels do not enter.

    Parameters
    ----------
    data : Data
        The channels, scaled.

    Attributes
    ----------
    channels : int
        How many directions there are: 3, or fewer where the bands have fewer.
    """

    def __init__(self, data: Data) -> None:
        self._data = data
        sample = sample_of(data)
        self._centre = sample.mean(axis=0) if len(sample) else np.zeros(data.channels, np.float32)
        known = (sample - self._centre).astype(np.float64)
        values, vectors = np.linalg.eigh(known.T @ known / max(1, len(known)))
        largest = np.argsort(-values, kind="stable")[:_DIRECTIONS]
        kept = [k for k in largest if values[k] > 1e-4 * max(values.max(), 1e-9)]
        self._turn = (vectors[:, kept] / np.sqrt(values[kept])).T.astype(np.float32)
        self.channels = len(kept)

    def read(self, box: Box) -> Floats:
        """Return ``(channels, *box.shape)``, each with a spread of about 1; the box may reach beyond the map."""
        values = self._data.read(box)
        flat = values.reshape(len(values), -1) - self._centre[:, np.newaxis]
        return np.clip(self._turn @ flat, -_FAR, _FAR).reshape(self.channels, *box.shape)


def guided(
    probabilities: NDArray[np.float32],
    guide: NDArray[np.float32],
    reach: Sequence[int],
    present: NDArray[np.bool_] | None = None,
) -> Floats:
    """Smooth class probabilities along a guide.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (classes, *space)
        That sum to 1 over the classes.
    guide : ndarray of float32, shape (channels, *space)
        From :class:`Guide`; without channels it is a mean of means.
    reach : sequence of int
        Voxels to each side of a window, along each axis. What lies twice as far counts still.
    present : ndarray of bool, shape (*space), optional
        Where there are data: nothing else counts for its neighbours, and there nothing changes.

    Returns
    -------
    ndarray of float32
        The same shape; they sum to 1 again.

    Raises
    ------
    ValueError
        When the guide has another shape.

    Examples
    --------
    A lone pixel gives way to its neighbours where the guide sees nothing, and stays where it sees an edge:

    >>> import numpy as np
    >>> first = np.full((9, 9), 0.9, np.float32)
    >>> first[4, 4] = 0.2
    >>> said = np.stack([first, 1 - first])
    >>> flat, edge = np.zeros((1, 9, 9), np.float32), np.zeros((1, 9, 9), np.float32)
    >>> edge[0, 4, 4] = 4
    >>> [bool(guided(said, one, (1, 1))[0, 4, 4] > 0.5) for one in (flat, edge)]
    [True, False]
    """
    if guide.shape[1:] != probabilities.shape[1:]:
        raise ValueError(f"the guide is {guide.shape[1:]} voxels and the probabilities {probabilities.shape[1:]}")
    there = np.ones(probabilities.shape[1:], np.float32) if present is None else present.astype(np.float32)
    size = tuple(2 * one + 1 for one in reach)
    weight = np.maximum(uniform_filter(there, size, mode="constant"), 1e-6)

    def mean(values: Floats) -> Floats:
        out: Floats = uniform_filter(values * there, size, mode="constant") / weight
        return out

    count = len(guide)
    of_guide = [mean(one) for one in guide]
    spread = np.empty((*there.shape, count, count), np.float32)
    for a in range(count):
        for b in range(a, count):
            spread[..., a, b] = spread[..., b, a] = mean(guide[a] * guide[b]) - of_guide[a] * of_guide[b]
    spread += np.float32(_EDGES) * np.eye(count, dtype=np.float32)
    inverse = np.linalg.inv(spread)
    out = np.empty(probabilities.shape, np.float32)
    for k, one in enumerate(probabilities):
        own = mean(one)
        together = np.empty((*there.shape, count, 1), np.float32)
        for a in range(count):
            together[..., a, 0] = mean(guide[a] * one) - of_guide[a] * own
        slope = np.asarray((inverse @ together)[..., 0], np.float32)
        start = own.copy()
        for a in range(count):
            start -= slope[..., a] * of_guide[a]
        out[k] = mean(start)
        for a in range(count):
            out[k] += mean(slope[..., a]) * guide[a]
    # A straight function may leave what a probability can be.
    np.clip(out, 1e-6, None, out=out)
    out /= out.sum(axis=0)
    return out if present is None else np.where(present, out, probabilities)
