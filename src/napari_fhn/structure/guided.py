"""Probabilities smoothed over a map: plainly, or along what the bands show. numpy and scipy.

The guided filter (He, Sun and Tang 2013) takes the probabilities within a window for a straight function of the bands
there: inside a field it is a mean, and where the bands have an edge the probabilities keep theirs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter

from napari_fhn.box import Box
from napari_fhn.structure.features import Data, sample_of
from napari_fhn.structure.kernel import Floats

GUIDES = 3
"""Directions of the bands that guide at most: every one costs as much as a class."""


class Smoothing(NamedTuple):
    """How probabilities are smoothed.

    Parameters
    ----------
    reach : float
        In voxels, about the standard deviation of the weights; 0 for not at all.
    edges : float or None
        How strong an edge of the guide has to be to be kept, in its usual departures; None for none at all: everything
        within reach counts.

    Examples
    --------
    >>> Smoothing(0, None).title, Smoothing(2, None).title, Smoothing(2, 0.1).title
    ('as it is', 'over 2 cells', 'over 2 cells, edges of the bands kept')
    """

    reach: float
    edges: float | None

    @property
    def title(self) -> str:
        """For a person."""
        if self.reach <= 0:
            return "as it is"
        cells = "1 cell" if self.reach == 1 else f"{self.reach:g} cells"
        return f"over {cells}" + ("" if self.edges is None else ", edges of the bands kept")

    @property
    def halo(self) -> int:
        """How many voxels beyond a box it needs to be the same as over the whole map."""
        if self.reach <= 0:
            return 0
        return int(4 * self.reach + 0.5) if self.edges is None else 2 * _radius(self.reach)


SMOOTHINGS = (
    Smoothing(0, None),
    *(Smoothing(reach, 0.1) for reach in (1, 2, 4)),
    *(Smoothing(reach, None) for reach in (0.7, 1, 2, 4, 8)),
)
"""Those that are worth trying on labels left out, the humblest first."""


def smoothed(
    probabilities: NDArray[np.float32],
    smoothing: Smoothing,
    guide: NDArray[np.float32] | None = None,
    present: NDArray[np.bool_] | None = None,
) -> Floats:
    """Smooth class probabilities.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (classes, *space)
        That sum to 1 over the classes.
    smoothing : Smoothing
        How.
    guide : ndarray of float32, shape (guides, *space), optional
        From :class:`Guide`; needed where edges are kept.
    present : ndarray of bool, shape (*space), optional
        Where there are data: nothing else counts for its neighbours, and there nothing changes.

    Returns
    -------
    ndarray of float32
        The same shape; they sum to 1 again.

    Raises
    ------
    ValueError
        When edges are to be kept and there is no guide, or one of another shape.

    Examples
    --------
    A lone pixel gives way to its neighbours:

    >>> import numpy as np
    >>> first = np.full((9, 9), 0.9, np.float32)
    >>> first[4, 4] = 0.2
    >>> bool(smoothed(np.stack([first, 1 - first]), Smoothing(1, None))[0, 4, 4] > 0.5)
    True
    """
    if smoothing.reach <= 0:
        return np.asarray(probabilities, np.float32)
    there = np.ones(probabilities.shape[1:], np.float32) if present is None else present.astype(np.float32)
    if smoothing.edges is None:
        out = _plain(probabilities, there, smoothing.reach)
    elif guide is None or guide.shape[1:] != probabilities.shape[1:]:
        shape = None if guide is None else guide.shape[1:]
        raise ValueError(f"edges are kept along a guide of shape {probabilities.shape[1:]}; it has {shape}")
    else:
        out = _along(probabilities, there, guide, _radius(smoothing.reach), smoothing.edges)
    np.clip(out, 1e-6, None, out=out)
    out /= out.sum(axis=0)
    return out if present is None else np.where(present, out, probabilities)


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
        kept = [k for k in np.argsort(-values, kind="stable")[:GUIDES] if values[k] > 1e-4 * max(values.max(), 1e-9)]
        self._turn = (vectors[:, kept] / np.sqrt(values[kept])).T.astype(np.float32)
        self.channels = len(kept)

    def read(self, box: Box) -> Floats:
        """Return ``(channels, *box.shape)``, each with a spread of about 1; the box may reach beyond the map."""
        values = self._data.read(box)
        flat = values.reshape(len(values), -1) - self._centre[:, np.newaxis]
        return np.clip(self._turn @ flat, -4, 4).reshape(self.channels, *box.shape)


def _plain(probabilities: Floats, there: Floats, reach: float) -> Floats:
    share = np.maximum(gaussian_filter(there, reach, mode="constant"), 1e-6)
    return np.stack([gaussian_filter(one * there, reach, mode="constant") / share for one in probabilities])


def _along(probabilities: Floats, there: Floats, guide: Floats, radius: int, edges: float) -> Floats:
    """The guided filter for a guide of several channels, with gaps left out of every mean."""
    size = 2 * radius + 1
    weight = np.maximum(uniform_filter(there, size, mode="constant"), 1e-6)

    def mean(values: Floats) -> Floats:
        out: Floats = uniform_filter(values * there, size, mode="constant") / weight
        return out

    count = len(guide)
    guide = guide * there
    of_guide = np.stack([mean(one) for one in guide])
    spread = np.empty((*there.shape, count, count), np.float32)
    for a in range(count):
        for b in range(a, count):
            spread[..., a, b] = spread[..., b, a] = mean(guide[a] * guide[b]) - of_guide[a] * of_guide[b]
    spread += np.float32(edges) * np.eye(count, dtype=np.float32)
    inverse = np.linalg.inv(spread)
    out = np.empty_like(probabilities, dtype=np.float32)
    for k, one in enumerate(probabilities):
        own = mean(one)
        together = np.stack([mean(guide[a] * one) - of_guide[a] * own for a in range(count)], axis=-1)
        slope = np.moveaxis((inverse @ together[..., np.newaxis])[..., 0], -1, 0)
        start = own - (slope * of_guide).sum(axis=0)
        out[k] = mean(start) + sum(mean(slope[a]) * guide[a] for a in range(count))
    return out


def _radius(reach: float) -> int:
    """Return the half width of a window whose mean of means reaches about so far."""
    return max(1, round(reach * 1.2))
