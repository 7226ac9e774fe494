"""What is hidden from a network that is told what is known nearby, so that it learns for what it will meet.

A network that fills a survey is told of labels at every distance: some it stands beside, from most it is far away. One
that never hears of the labels in its own block learns from far ones alone, and does not trust a near one. So a lesson
is drawn: around a label, what lies within some distance is hidden, and the rest is told; the distances are those from
places drawn anywhere in the survey. numpy alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_PLACES = 1024
"""Places of a survey whose distances to what is known are taken for those of all."""

_CENTRES = 16
"""Labels of a block around which something is hidden, at most."""

_AMONG_ITSELF = 0.5
"""Share of the lessons in which a class that is known at one place only is hidden in a part of it and told in the rest:
hidden whole, it would be told nowhere."""


class Lesson(NamedTuple):
    """What is told and what is asked.

    Parameters
    ----------
    told : ndarray of bool, shape (column,)
        Columns that the network hears of.
    centres : ndarray, shape (n, lateral axes)
        Places around which it is asked.
    radii : ndarray, shape (n,)
        And how far around each, in voxels.
    """

    told: NDArray[np.bool_]
    centres: NDArray[np.int64]
    radii: NDArray[np.float64]

    def asked(self, start: NDArray[np.int64], shape: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell where in a window of the lateral axes labels count: near a centre, away from all that is told.

        Parameters
        ----------
        start, shape : ndarray, shape (lateral axes,)
            First place and length along each axis.
        """
        found = np.zeros(tuple(shape), bool)
        axes = np.ogrid[tuple(slice(a, a + size) for a, size in zip(start.tolist(), shape.tolist(), strict=True))]
        for centre, radius in zip(self.centres, self.radii, strict=True):
            found |= sum((axis - at) ** 2 for axis, at in zip(axes, centre, strict=True)) <= radius**2
        return found


def distances(places: NDArray[np.int64], sizes: NDArray[np.int64], seed: int = 0) -> NDArray[np.float64]:
    """Return how far it is to the nearest column from places all over a survey, those that are labelled left out.

    Parameters
    ----------
    places : ndarray, shape (column, lateral axes)
        Of the columns; one at least.
    sizes : ndarray, shape (lateral axes,)
        Of the survey.
    seed : int
        Of the places that are drawn.
    """
    anywhere = np.random.default_rng(seed).integers(0, sizes, (_PLACES, len(sizes)))
    squared = np.zeros((_PLACES, len(places)), np.int64)
    for axis in range(len(sizes)):
        squared += np.square(anywhere[:, np.newaxis, axis] - places[:, axis])
    found = squared.min(axis=1)
    return np.asarray(np.sqrt(found[found > 0] if found.any() else found))


def draw(
    places: NDArray[np.int64],
    body: NDArray[np.int64],
    at: NDArray[np.int64],
    beside: NDArray[np.int64],
    wanted: NDArray[np.float64],
    rng: np.random.Generator,
    alone: NDArray[np.bool_],
) -> Lesson:
    """Draw what is hidden in a block.

    Parameters
    ----------
    places : ndarray, shape (column, lateral axes)
        Of all columns that may be told.
    body : ndarray, shape (column,)
        The body (well, patch) of each.
    at : ndarray, shape (lateral axes,)
        Of the label that the block was drawn for.
    beside : ndarray of int
        Columns in the block, around which labels are asked for too where there is room.
    wanted : ndarray
        Distances, see :func:`distances`.
    rng : numpy.random.Generator
        Which draws.
    alone : ndarray of bool, shape (body,)
        Bodies that have a class that no other one has.

    Returns
    -------
    Lesson
        At each centre the nearest column that is told is the first beyond a distance drawn from those wanted.
    """
    hidden, kept = np.zeros(len(places), bool), np.zeros(len(places), bool)
    centres: list[NDArray[np.int64]] = []
    radii: list[float] = []
    order = rng.permutation(beside)[: _CENTRES - 1]
    for centre in (at, *places[order]):
        away = np.sqrt(np.square(places - centre).sum(axis=1))
        if centres and (hidden | kept)[away == 0].any():
            continue
        reach = float(rng.choice(wanted))
        own = body == body[away.argmin()]
        if alone[body[away.argmin()]] and rng.random() < _AMONG_ITSELF:
            # Less far than its own farthest column, which then is told; one column is all or nothing.
            reach = min(reach, max(0.0, float(away[own].max()) - 1.0))
        inside = away <= reach
        if (inside & kept).any():  # somebody else's nearest
            continue
        hidden |= inside
        centres.append(centre)
        radii.append(reach / 2)
        rest = np.where(hidden, np.inf, away)
        if np.isfinite(rest.min()):
            kept[rest.argmin()] = True
    return Lesson(~hidden, np.array(centres, np.int64), np.array(radii))
