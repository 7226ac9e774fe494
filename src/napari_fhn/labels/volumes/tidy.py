"""Smoother predictions: a majority vote, small bodies given to what surrounds them, holes closed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy
import skimage
from numpy.typing import NDArray


def smooth(classes: NDArray[Any], radius: int) -> NDArray[Any]:
    """Give each voxel the class that most of its neighbours have.

    Parameters
    ----------
    classes : ndarray of int
        Of any number of axes; 0 where nothing is predicted, which stays so and has no vote.
    radius : int
        Of the box of neighbours, in voxels; 0 changes nothing.

    Returns
    -------
    ndarray
        A new array.

    Notes
    -----
    Where two classes have equally many votes, the smaller value wins.
    """
    classes = np.asarray(classes)
    best = np.zeros(classes.shape, np.float32)
    winner = classes.copy()
    if radius < 1:
        return winner
    for value in np.unique(classes):
        if value == 0:
            continue
        votes = scipy.ndimage.uniform_filter((classes == value).astype(np.float32), 2 * radius + 1, mode="nearest")
        # A running sum in float32 leaves crumbs; equal votes must be equal.
        votes = np.round(votes, 4)
        more = votes > best
        best[more], winner[more] = votes[more], value
    winner[classes == 0] = 0
    return winner


def remove_small(classes: NDArray[Any], smallest: int) -> NDArray[Any]:
    """Give bodies of few voxels to the nearest class around them.

    Parameters
    ----------
    classes : ndarray of int
        0 where nothing is predicted, which stays so.
    smallest : int
        Voxels that a body must have to stay. Voxels that share a face are one body.

    Returns
    -------
    ndarray
        A new array. Where no body is large enough nothing is changed.
    """
    return give_small(classes, smallest)[0]


def give_small(classes: NDArray[Any], smallest: int, core: slice = slice(None)) -> tuple[NDArray[Any], float]:
    """Do as `remove_small` does, and say how far away the voxels lie from which others take their class.

    Parameters
    ----------
    classes : ndarray of int
        As there.
    smallest : int
        As there.
    core : slice
        Of the first axis: whose voxels are looked at for the distance.

    Returns
    -------
    result : ndarray
        A new array.
    far : float
        The longest way, in voxels; 0 where nothing is given away, infinite where no body is large enough.
    """
    classes = np.asarray(classes)
    # Bodies of all classes at once: neighbours with equal values are connected.
    bodies: NDArray[Any] = skimage.measure.label(classes, background=0, connectivity=1)  # type: ignore[no-untyped-call]
    sizes = np.bincount(bodies.reshape(-1))
    small = sizes < smallest
    small[0] = False
    gone = small[bodies]
    kept = (classes > 0) & ~gone
    if not gone.any():
        return classes.copy(), 0.0
    if not kept.any():
        return classes.copy(), math.inf
    nearest = scipy.ndimage.distance_transform_edt(~kept, return_distances=False, return_indices=True)
    result = classes.copy()
    result[gone] = classes[tuple(axis[gone] for axis in nearest)]
    within = np.zeros_like(gone)
    within[core] = gone[core]
    way = sum((axis[within] - at).astype(np.float64) ** 2 for axis, at in zip(nearest, within.nonzero(), strict=True))
    return result, math.sqrt(np.max(way, initial=0.0))


def fill_holes(classes: NDArray[Any], largest: int) -> NDArray[Any]:
    """Close the holes in the bodies of each class: what lies inside one body and nowhere touches another.

    Parameters
    ----------
    classes : ndarray of int
        0 where nothing is predicted; a hole may be of that too.
    largest : int
        Voxels of the largest hole that is closed.

    Returns
    -------
    ndarray
        A new array.
    """
    classes = np.asarray(classes)
    result = classes.copy()
    for value in np.unique(classes):
        if value == 0:
            continue
        body = classes == value
        holes = scipy.ndimage.binary_fill_holes(body) & ~body
        if not holes.any():
            continue
        parts: NDArray[Any] = skimage.measure.label(holes, connectivity=1)  # type: ignore[no-untyped-call]
        small = np.bincount(parts.reshape(-1)) <= largest
        small[0] = False
        result[small[parts]] = value
    return result
