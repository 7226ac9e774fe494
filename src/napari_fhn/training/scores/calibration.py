"""Whether probabilities can be believed: of all voxels said to be sand with 80 %, are four in five sand?

Everything here is over labelled voxels that training never saw; measured on training labels, any network looks sure
and right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_fhn.sentence import counted

_TINY = 1e-12
"""Probabilities are held above this where their logarithm is taken."""

_STEEPEST, _FLATTEST = 1e-2, 1e2
"""Temperatures between which the best is looked for."""


@dataclass(frozen=True)
class Calibration:
    """The reliability curve of the predicted class, and scores of the probabilities.

    Parameters
    ----------
    edges : tuple of float
        Of the bins of confidence (the probability of the predicted class), one more than there are bins.
    confidence, accuracy : tuple of float or None
        Mean confidence, and share of right voxels, in each bin; None in an empty one.
    counts : tuple of int
        Voxels in each bin.
    expected_error : float
        Expected calibration error: the mean of ``|accuracy - confidence|`` over voxels (Naeini et al. 2015).
    brier : float
        Mean squared distance of the probabilities from the truth as zeros and one, summed over classes: 0 to 2.
    log_loss : float
        Mean of ``-log`` of the true class's probability, natural logarithm.
    """

    edges: tuple[float, ...]
    confidence: tuple[float | None, ...]
    accuracy: tuple[float | None, ...]
    counts: tuple[int, ...]
    expected_error: float
    brier: float
    log_loss: float


def calibration(probabilities: NDArray[np.floating], truth: NDArray[np.integer], bins: int = 10) -> Calibration:
    """Compare probabilities with the truth.

    Parameters
    ----------
    probabilities : ndarray
        ``(voxels, classes)``, rows sum to 1.
    truth : ndarray of int
        ``(voxels,)``, 1 to ``classes``.
    bins : int
        Of equal width, from 0 to 1.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        When the shapes do not go together, there are no voxels, or a truth is no class.
    """
    p, at = _checked(probabilities, truth)
    confidence = p.max(axis=1)
    right = p.argmax(axis=1) == at
    edges = np.linspace(0, 1, bins + 1)
    # As in scikit-learn: a bin holds its lower edge.
    number = np.searchsorted(edges[1:-1], confidence)
    counts = np.bincount(number, minlength=bins)
    sums = [np.bincount(number, weights=values, minlength=bins) for values in (confidence, right)]
    means = [np.divide(total, counts, out=np.full(bins, np.nan), where=counts > 0) for total in sums]
    distance = p.copy()
    distance[np.arange(len(at)), at] -= 1
    return Calibration(
        edges=tuple(map(float, edges)),
        confidence=_plain(means[0]),
        accuracy=_plain(means[1]),
        counts=tuple(map(int, counts)),
        expected_error=float(np.abs(sums[0] - sums[1]).sum() / len(at)),
        brier=float(np.square(distance).sum(axis=1).mean()),
        log_loss=abs(float(np.log(np.maximum(p[np.arange(len(at)), at], _TINY)).mean())),
    )


def temper(probabilities: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Make probabilities less sure (above 1) or surer (below 1); the predicted class stays.

    Parameters
    ----------
    probabilities : ndarray
        ``(voxels, classes)``.
    temperature : float
        Above 0.

    Returns
    -------
    ndarray
        ``softmax(log(probabilities) / temperature)``: of a softmax, the same as dividing its scores.
    """
    scores = np.log(np.maximum(np.asarray(probabilities, float), _TINY)) / temperature
    scores -= scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    tempered: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return tempered


def fit_temperature(probabilities: NDArray[np.floating], truth: NDArray[np.integer]) -> float | None:
    """Find the temperature with the least log loss (Guo et al. 2017).

    The log loss is convex in ``1 / temperature``, so its only minimum lies where its derivative, the mean of
    ``E_p[s] - s_true`` over voxels with scores ``s``, changes its sign: found by bisection.

    Parameters
    ----------
    probabilities : ndarray
        ``(voxels, classes)``, of labels that training never saw.
    truth : ndarray of int
        ``(voxels,)``, 1 to ``classes``.

    Returns
    -------
    float or None
        None where there is no minimum between 0.01 and 100: labels that are all predicted right would make the network
        ever surer, labels that are all wrong ever less so.

    Raises
    ------
    ValueError
        As :func:`calibration`.
    """
    p, at = _checked(probabilities, truth)
    scores = np.log(np.maximum(p, _TINY))
    wanted = scores[np.arange(len(at)), at].mean()

    def slope(sharpness: float) -> float:
        return float((temper(p, 1 / sharpness) * scores).sum(axis=1).mean() - wanted)

    low, high = 1 / _FLATTEST, 1 / _STEEPEST
    if slope(low) >= 0 or slope(high) <= 0:
        return None
    while high / low > 1 + 1e-10:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return float(1 / np.sqrt(low * high))


def _checked(
    probabilities: NDArray[np.floating], truth: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    p, t = np.asarray(probabilities, float), np.asarray(truth)
    if p.ndim != 2 or t.shape != p.shape[:1] or not t.size:
        raise ValueError(f"probabilities of shape {p.shape} and a truth of shape {t.shape} do not go together")
    if t.min() < 1 or t.max() > p.shape[1]:
        raise ValueError(f"there are {counted(p.shape[1], 'classes')}, and the truth runs from {t.min()} to {t.max()}")
    return p, t.astype(np.intp) - 1


def _plain(values: NDArray[np.float64]) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else float(value) for value in values)
