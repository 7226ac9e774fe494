"""How much a label counts: less, the farther it is from where somebody looked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError

FULL = 100
"""Weights are whole percents. 0, which a new file is full of, says nothing, and such a label counts fully."""


def percent(distance: NDArray[np.float64], fall_off: float) -> NDArray[np.uint8]:
    """Return the weight of labels at a distance.

    Parameters
    ----------
    distance : ndarray
        To the well or point that a label comes from, in traces or pixels.
    fall_off : float
        Distance at which a label counts ``exp(-1/2)``, 61 %: the width of a Gaussian.

    Returns
    -------
    ndarray of uint8
        Percent, from 1 to 100: a label that counts nothing would be none.
    """
    weight = FULL * np.exp(-0.5 * (distance / fall_off) ** 2)
    found: NDArray[np.uint8] = np.maximum(np.rint(weight), 1).astype(np.uint8)
    return found


def check(fall_off: float | None, weights: NDArray[Any] | None, out: NDArray[Any]) -> None:
    """Refuse a fall-off that is none, and weights that do not lie on the grid of the labels.

    Raises
    ------
    LabelError
        With the distance, or both shapes.
    """
    if fall_off is not None and not fall_off > 0:
        raise LabelError(f"labels cannot fall off over {fall_off:g} traces", "Give a distance above 0, or none")
    if weights is not None and weights.shape != out.shape:
        raise LabelError(f"weights of shape {weights.shape} for labels of shape {out.shape}", "Use one grid for both")
