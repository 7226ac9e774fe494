"""How far scores are to be believed: probabilities fitted to what was left out. numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.kernel import Floats, balanced

_STEEPEST = 30.0
"""Odds are at most ``exp`` of so much for each unit of a score: a few examples that are all right prove no more."""

_ROUNDS = 12

_EXPECTED = 2.0
"""How far scores times their slope are expected to spread, before anything was left out: with few bodies, less is
believed."""


def softmax(scores: Floats) -> Floats:
    """Return probabilities over the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.zeros((1, 4), np.float32)).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    out: Floats = scores - scores.max(axis=-1, keepdims=True)
    np.exp(out, out=out)
    out /= out.sum(axis=-1, keepdims=True)
    return out


def believed(
    voices: Sequence[Floats], classes: NDArray[np.int64], independent: int, steepest: float = _STEEPEST
) -> tuple[NDArray[np.float64], float]:
    """Find how steeply probabilities follow the scores of several voices, from examples that were left out.

    ``p = softmax(sum of slope * score)``, slopes from 0, by the likelihood in which all classes count alike.

    Parameters
    ----------
    voices : sequence of ndarray, each (n, classes)
        Scores of the examples by each voice, had it not seen them.
    classes : ndarray of int, shape (n,)
        The right ones, from 0.
    independent : int
        How many bodies the examples are of: neighbours in a patch say the same thing twice.
    steepest : float
        The largest slope.

    Returns
    -------
    slopes : ndarray
        One for each voice; all 0 where nothing they say foretells the classes.
    gain : float
        Mean log-likelihood above that of a guess, in nats; all classes count alike.
    """
    slopes = np.zeros(len(voices))
    if not len(classes):
        return slopes, 0.0
    weights = balanced(classes)
    weights /= weights.sum()
    stacked = np.stack([np.asarray(voice, np.float64) for voice in voices])
    right = np.arange(len(classes)), classes
    guess = -np.log(stacked.shape[2])
    spread = np.maximum(stacked.var(axis=2).mean(axis=1), 1e-12)
    price = spread / (2 * _EXPECTED**2 * max(1, independent))

    def told(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        total = np.tensordot(at, stacked, 1)
        total -= total.max(axis=1, keepdims=True)
        odds = np.exp(total)
        odds /= odds.sum(axis=1, keepdims=True)
        value = float(weights @ np.log(np.maximum(odds[right], 1e-300)))
        mean = np.einsum("nk,vnk->vn", odds, stacked)
        slope = np.array([weights @ (voice[right] - m) for voice, m in zip(stacked, mean, strict=True)])
        around = stacked - mean[:, :, np.newaxis]
        bend = np.einsum("n,nk,vnk,unk->vu", weights, odds, around, around)
        return value - float(price @ at**2), slope - 2 * price * at, bend + 2 * np.diag(price)

    best = told(slopes)[0]
    for _ in range(_ROUNDS):
        _, slope, bend = told(slopes)
        free = (slopes > 0) | (slope > 0)
        free &= (slopes < steepest) | (slope < 0)
        if not free.any():
            break
        step = np.zeros_like(slopes)
        part = bend[np.ix_(free, free)] + 1e-12 * np.eye(int(free.sum()))
        step[free] = np.linalg.solve(part, slope[free])
        size = 1.0
        while size > 1e-3:
            tried = np.clip(slopes + size * step, 0, steepest)
            value = told(tried)[0]
            if value > best:
                break
            size /= 2
        else:
            break
        gained, slopes, best = value - best, tried, value
        if gained < 1e-6:
            break
    return slopes, max(0.0, float(best - guess))
