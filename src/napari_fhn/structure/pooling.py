"""Several opinions about the classes made into one, with weights found where the truth is known. numpy alone.

A logarithmic opinion pool (Genest & Zidek 1986): the probabilities of each factor, raised to its weight, are
multiplied and made to sum to 1. A factor that is too sure of itself gets a smaller weight, so that weights calibrate
and weigh at once; one that is sure and wrong is kept from deciding alone by a floor below its probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLOORS = (0.01, 0.03, 0.1, 0.3)
"""Floors that are tried: this share of a factor's probability is spread over all classes alike."""

_EVIDENCE = 4.0
"""Places where the truth is known that weigh as much as what was believed about the weights before."""

_MOST = 4.0
"""Largest weight of a factor."""

_ROUNDS = 50


@dataclass(frozen=True)
class Weight:
    """How much one factor counts.

    Parameters
    ----------
    weight : float
        Exponent of its probabilities; 0 where it is not listened to.
    floor : float
        Share of its probability that is spread over all classes alike, from 0 to 1.
    """

    weight: float = 1.0
    floor: float = FLOORS[1]


def pool(opinions: Mapping[str, NDArray[np.float32]], weights: Mapping[str, Weight]) -> NDArray[np.float32]:
    """Make several opinions into one.

    Parameters
    ----------
    opinions : mapping of str to ndarray
        By factor, ``(classes, ...)`` probabilities.
    weights : mapping of str to Weight
        By factor; one without a weight is not listened to.

    Returns
    -------
    ndarray of float32
        ``(classes, ...)``; they sum to 1 over the classes. All alike where nobody is listened to.

    Raises
    ------
    ValueError
        Where there are no opinions.

    Examples
    --------
    Two that are undecided in unlike ways, and agree together:

    >>> import numpy as np
    >>> network = np.array([0.5, 0.5, 0.0], np.float32)
    >>> wells = np.array([0.5, 0.0, 0.5], np.float32)
    >>> weights = {"network": Weight(1.0), "reflectors": Weight(1.0)}
    >>> [f"{p:.2f}" for p in pool({"network": network, "reflectors": wells}, weights)]
    ['0.96', '0.02', '0.02']
    """
    if not opinions:
        raise ValueError("there are no opinions to pool")
    total: NDArray[np.float32] | None = None
    for name, said in opinions.items():
        weight = weights.get(name)
        if weight is None or weight.weight == 0:
            continue
        part = _logarithm(said, weight.floor)
        part *= np.float32(weight.weight)
        total = part if total is None else np.add(total, part, out=total)
    if total is None:
        first = next(iter(opinions.values()))
        return np.full(first.shape, 1 / len(first), np.float32)
    total -= total.max(axis=0)
    np.exp(total, out=total)
    total /= total.sum(axis=0)
    return total


def weigh(
    opinions: Mapping[str, NDArray[np.float32]],
    truth: NDArray[np.integer],
    evidence: NDArray[np.float64],
    before: Mapping[str, float],
) -> dict[str, Weight]:
    """Find the weights with which factors foretell best what is known.

    The likelihood of what is known, to which each place adds as much as its evidence says, and what was believed
    before: a normal distribution round ``before``. It has one maximum, which Newton's method finds.

    Parameters
    ----------
    opinions : mapping of str to ndarray
        By factor, ``(classes, n)`` probabilities at places that it had not been told about.
    truth : ndarray of int, shape (n,)
        The class of each, from 0.
    evidence : ndarray of float, shape (n,)
        How much each counts: 1 for a place that says something of its own, less for voxels that say the same.
    before : mapping of str to float
        The weight of each factor that is kept where nothing is known.

    Returns
    -------
    dict of str to Weight

    Examples
    --------
    One that mostly knows and one that says the same everywhere:

    >>> import numpy as np
    >>> truth = np.array([0, 1] * 50)
    >>> named = np.where(np.arange(100) % 5 == 0, 1 - truth, truth)
    >>> knows = np.where(np.arange(2)[:, np.newaxis] == named, 0.8, 0.2).astype(np.float32)
    >>> guesses = np.tile(np.float32([[0.9], [0.1]]), 100)
    >>> found = weigh({"knows": knows, "guesses": guesses}, truth, np.ones(100), {"knows": 1.0, "guesses": 1.0})
    >>> found["knows"].weight > 0.7, found["guesses"].weight < 0.3
    (True, True)
    """
    names = list(opinions)
    start = np.array([before.get(name, 1.0) for name in names])
    floors = [_best_floor(opinions[name], truth, evidence, before.get(name, 1.0)) for name in names]
    logs = np.stack(
        [_logarithm(opinions[name], floor).astype(np.float64) for name, floor in zip(names, floors, strict=True)]
    )
    found = _newton(logs, truth, evidence, start)
    return {
        name: Weight(round(float(weight), 4), floor) for name, weight, floor in zip(names, found, floors, strict=True)
    }


def likelihood(probabilities: NDArray[np.float32], truth: NDArray[np.integer], evidence: NDArray[np.float64]) -> float:
    """Return the mean logarithm of the probability of what is true: 0 where all is foretold, else below.

    Parameters
    ----------
    probabilities : ndarray
        ``(classes, n)``.
    truth, evidence : ndarray, shape (n,)
        As in :func:`weigh`.
    """
    said = np.maximum(probabilities[truth, np.arange(len(truth))], np.finfo(np.float32).tiny)
    return float(np.average(np.log(said), weights=evidence)) if len(truth) and evidence.sum() > 0 else float("nan")


def influence(said: NDArray[np.float32], weight: Weight, evidence: NDArray[np.float64]) -> float:
    """Return how much an opinion moves a pool: how far its weighed logarithms put the likeliest class above the mean.

    Parameters
    ----------
    said : ndarray
        ``(classes, n)`` probabilities.
    weight : Weight
        Its own.
    evidence : ndarray, shape (n,)
        As in :func:`weigh`.
    """
    logs = _logarithm(said, weight.floor)
    return float(weight.weight * np.average(logs.max(axis=0) - logs.mean(axis=0), weights=evidence))


def evidence_of(bodies: NDArray[np.integer], truth: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return how much labelled voxels count: those of one class in one body say the same thing, once.

    Parameters
    ----------
    bodies, truth : ndarray of int, shape (n,)
        The body that each voxel is of, and its class.

    Examples
    --------
    >>> import numpy as np
    >>> evidence_of(np.array([0, 0, 0, 1]), np.array([2, 2, 1, 2])).tolist()
    [0.5, 0.5, 1.0, 1.0]
    """
    if not len(truth):
        return np.zeros(0)
    _, group, counts = np.unique(np.stack([bodies, truth]), axis=1, return_inverse=True, return_counts=True)
    return 1.0 / counts[group.ravel()]


def _logarithm(said: NDArray[np.float32], floor: float) -> NDArray[np.float32]:
    values: NDArray[np.float32] = said * np.float32(1 - floor)
    values += np.float32(max(floor, 1e-6) / len(said))
    np.log(values, out=values)
    return values


def _best_floor(
    said: NDArray[np.float32], truth: NDArray[np.integer], evidence: NDArray[np.float64], before: float
) -> float:
    """Return the floor with which a factor alone, at the weight that is best for it then, foretells best."""

    def loss(floor: float) -> float:
        logs = _logarithm(said, floor).astype(np.float64)[np.newaxis]
        weight = _newton(logs, truth, evidence, np.array([before]))
        return _loss(weight, logs, truth, evidence, np.array([before]))[0]

    return min(FLOORS, key=loss)


def _loss(
    weights: NDArray[np.float64],
    logs: NDArray[np.float64],
    truth: NDArray[np.integer],
    evidence: NDArray[np.float64],
    before: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return minus the logarithm of the posterior, its gradient and its Hessian."""
    scores = np.tensordot(weights, logs, 1)
    scores -= scores.max(axis=0)
    said = np.exp(scores)
    total = said.sum(axis=0)
    said /= total
    columns = np.arange(len(truth))
    away = weights - before
    value = float(evidence @ (np.log(total) - scores[truth, columns]) + _EVIDENCE / 2 * away @ away)
    means = (logs * said).sum(axis=1)  # (factor, n)
    gradient = (means - logs[:, truth, columns]) @ evidence + _EVIDENCE * away
    second = np.einsum("fkn,gkn,kn,n->fg", logs, logs, said, evidence, optimize=True)
    hessian = second - (means * evidence) @ means.T + _EVIDENCE * np.eye(len(weights))
    return value, gradient, hessian


def _newton(
    logs: NDArray[np.float64],
    truth: NDArray[np.integer],
    evidence: NDArray[np.float64],
    before: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the weights, from 0 to the largest, with the smallest loss, which is convex in them."""
    weights = before.clip(0.0, _MOST)
    value, gradient, hessian = _loss(weights, logs, truth, evidence, before)
    for _ in range(_ROUNDS):
        # A weight at its bound that wants to go further stays there.
        free = ~(((weights <= 0) & (gradient > 0)) | ((weights >= _MOST) & (gradient < 0)))
        if not free.any():
            break
        step = np.zeros_like(weights)
        step[free] = -np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
        scale = 1.0
        while scale > 1e-6:
            tried = (weights + scale * step).clip(0.0, _MOST)
            new = _loss(tried, logs, truth, evidence, before)
            if new[0] < value:
                break
            scale /= 2
        else:
            break
        moved = np.abs(tried - weights).max()
        weights, (value, gradient, hessian) = tried, new
        if moved < 1e-5:
            break
    return weights
