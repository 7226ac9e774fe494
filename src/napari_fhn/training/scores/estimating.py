"""What labels left out say of the whole survey: scores weighed by what each class takes of it, with intervals.

Labels are a sample, and rarely a fair one: of a rare class there are as many points as of a common one, and the voxels
of one well know each other's answer. Two things follow.

**Weights.** A prediction says which share ``m_j`` of the survey it gives to each class ``j``. What is estimated is the
matrix of shares ``p_ij`` of the survey that are of class ``i`` and predicted as ``j``, whose columns add up to ``m_j``:
``p_ij = m_j P(i | j)``. Where labels lie by *place* (wells, sections, points drawn at random or within the classes of a
map) ``P(i | j)`` is counted among them, which is the stratified estimator of Olofsson et al. [1]_. Where somebody
looked for so many places of each *class*, the labels say nothing of how rare a class is, only how it is predicted:
``P(j | i)``. The true shares ``a_i`` are then those under which the predicted ones are most likely,
``m_j ~ sum_i a_i P(j | i)`` [2]_, and ``P(i | j) = a_i P(j | i) / sum_k a_k P(j | k)``. A prediction that hardly tells
classes apart leaves them open; then they are taken to be as predicted, which counts as much as one body more.

**Intervals.** Bodies, not voxels, are drawn anew: by the Bayesian bootstrap, in which each body counts with a weight
that is drawn [3]_, widened by Student's t for their small number. Where all bodies of a class agree that would be no
interval at all; half a body that does not agree is added then, as Jeffreys' rule adds half a failure to n successes.

References
----------
.. [1] Olofsson, P., Foody, G. M., Herold, M., Stehman, S. V., Woodcock, C. E., Wulder, M. A. (2014). Good practices for
   estimating area and assessing accuracy of land change. Remote Sensing of Environment 148, 42-57.
.. [2] Saerens, M., Latinne, P., Decaestecker, C. (2002). Adjusting the outputs of a classifier to new a priori
   probabilities: a simple procedure. Neural Computation 14, 21-41.
.. [3] Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_fhn.training.scores.stratified import stratified

Drawn = Literal["place", "class"]
Array = NDArray[np.float64]

_DRAWS = 500
_ROUNDS = 300
"""Rounds at most in which the true shares are found; each takes them nearer to what makes the predicted ones likely."""

_TRACE = 1e-9
"""Share that a class may have of which nothing is predicted, to begin with."""

_NORMAL = 1.959964
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t, 97.5 %, for 1 to 10 degrees of freedom."""

_OF_ONE_CLASS = 0.9
"""Share of the bodies that hold one class alone from which on somebody is taken to have looked for classes."""


@dataclass(frozen=True)
class Estimate:
    """A number that a sample says, and how far it may be off.

    Parameters
    ----------
    value : float
        The estimate.
    low, high : float or None
        The 95 % confidence interval; None where one body alone says nothing of how much another would differ.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def words(self) -> str:
        """Such as ``"0.58 (0.49 to 0.66)"``."""
        between = "" if self.low is None or self.high is None else f" ({self.low:.2f} to {self.high:.2f})"
        return f"{self.value:.2f}{between}"


@dataclass(frozen=True)
class Sample:
    """What a prediction says of bodies whose classes are known.

    Parameters
    ----------
    bodies : ndarray
        ``(bodies, classes + 1, classes + 1)``: the :func:`~napari_fhn.training.scores.score.confusion` of each.
    shares : ndarray or None
        Of each class in all that is predicted; None where the bodies are all there is and nothing is to be weighed.
    """

    bodies: NDArray[np.int64]
    shares: Array | None = None

    @property
    def drawn(self) -> Drawn:
        """How the bodies were chosen, as far as they show it: those of one class each were looked for by class."""
        held = (self.bodies[:, 1:].sum(axis=2) > 0).sum(axis=1)
        held = held[held > 0]
        return "class" if held.size and (held == 1).mean() >= _OF_ONE_CLASS else "place"


@dataclass(frozen=True)
class Estimates:
    """The scores of a prediction in the whole survey, as far as the bodies tell.

    Parameters
    ----------
    drawn : {"place", "class"}
        How the bodies were chosen.
    bodies : int
        How many there are.
    with_class : tuple of int
        How many hold each class.
    weighed : bool
        Whether each class counts by what it takes of the survey.
    accuracy, mean_iou, mean_f1 : Estimate or None
        Means are over the classes that the bodies hold.
    iou, f1, precision, recall : tuple of Estimate or None
        For each class. Precision is called user's accuracy in remote sensing, recall producer's accuracy.
    areas : tuple of Estimate or None
        The true share of each class, as the predicted one is corrected by what is mistaken.
    unseen : tuple of int
        Classes, from 0, that are predicted somewhere and that the bodies say nothing of: they are not counted.
    """

    drawn: Drawn
    bodies: int
    with_class: tuple[int, ...]
    weighed: bool
    accuracy: Estimate | None
    mean_iou: Estimate | None
    mean_f1: Estimate | None
    iou: tuple[Estimate | None, ...]
    f1: tuple[Estimate | None, ...]
    precision: tuple[Estimate | None, ...]
    recall: tuple[Estimate | None, ...]
    areas: tuple[Estimate | None, ...]
    unseen: tuple[int, ...]


def estimates(sample: Sample, drawn: Drawn | None = None) -> Estimates:
    """Estimate how good a prediction is in the whole survey.

    Parameters
    ----------
    sample : Sample
        What it says of bodies that it was not shown.
    drawn : {"place", "class"}, optional
        How they were chosen; what they show when absent.

    Returns
    -------
    Estimates

    Examples
    --------
    Of each class 50 points, of which 45 and 46 are right. The first class takes 9 % of the prediction, most of it by
    mistake:

    >>> import numpy as np
    >>> right, wrong = [[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    >>> other, taken = [[0, 0, 0], [0, 0, 0], [0, 0, 1]], [[0, 0, 0], [0, 0, 0], [0, 1, 0]]
    >>> points = np.array([right] * 45 + [wrong] * 5 + [other] * 46 + [taken] * 4)
    >>> found = estimates(Sample(points, np.array([0.09, 0.91])))
    >>> found.drawn, round(found.recall[0].value, 2), round(found.precision[0].value, 2)
    ('class', 0.9, 0.17)
    """
    drawn = drawn or sample.drawn
    bodies = _held(sample.bodies)
    count, classes = len(bodies), sample.bodies.shape[1] - 1
    there = bodies[:, 1:].sum(axis=2) > 0
    with_class = there.sum(axis=0)
    occurs = with_class > 0
    if not count:
        nothing = (None,) * classes
        return Estimates(
            drawn, 0, (0,) * classes, False, None, None, None, nothing, nothing, nothing, nothing, nothing, ()
        )
    matrix, drawn_anew = bodies.sum(axis=0, dtype=float), _drawn_anew(bodies)
    said = _spoken_of(matrix, sample.shares)
    point, draws = (_measures(_shares(m, sample.shares, said, drawn, count), occurs) for m in (matrix, drawn_anew))
    of_class = {
        name: tuple(
            _estimate(point[name][k], draws[name][:, k], int(with_class[k])) if occurs[k] else None
            for k in range(classes)
        )
        for name in ("iou", "f1", "precision", "recall", "areas")
    }
    accuracy = _estimate(point["accuracy"], draws["accuracy"], count)
    if drawn == "place" and sample.shares is not None and (bodies.sum(axis=(1, 2)) == 1).all() and said.all():
        # Points that know nothing of each other: what is published can be written down, and nothing need be drawn.
        exact = stratified(matrix[1:, 1:], sample.shares)
        accuracy = _within(exact.accuracy, exact.accuracy_error)
        for name, values, errors in (
            ("precision", exact.precision, exact.precision_error),
            ("recall", exact.recall, exact.recall_error),
            ("areas", exact.areas, exact.areas_error),
        ):
            # Without any mistake the formula has no interval, and what was drawn stays.
            of_class[name] = tuple(
                _within(value, error) if kept is not None and error > 0 else kept
                for value, error, kept in zip(values, errors, of_class[name], strict=True)
            )
    unseen = () if sample.shares is None else np.flatnonzero((sample.shares > 0) & ~said)
    return Estimates(
        drawn,
        count,
        tuple(map(int, with_class)),
        sample.shares is not None and bool(said.any()),
        accuracy,
        _estimate(point["mean_iou"], draws["mean_iou"], count),
        _estimate(point["mean_f1"], draws["mean_f1"], count),
        of_class["iou"],
        of_class["f1"],
        of_class["precision"],
        of_class["recall"],
        of_class["areas"],
        tuple(map(int, unseen)),
    )


def difference(mine: Sample, theirs: Sample, drawn: Drawn | None = None) -> Estimate | None:
    """Estimate by how much the mean IoU of one prediction is above that of another, on the same bodies.

    Both are held against the same bodies drawn anew: what is hard for both of them does not widen the interval. A body
    unlike all others would be so for both, and is not added.

    Parameters
    ----------
    mine, theirs : Sample
        Of the same bodies in the same order.
    drawn : {"place", "class"}, optional
        As in :func:`estimates`.

    Returns
    -------
    Estimate or None
        From -1 to 1; None where the bodies hold nothing.
    """
    drawn = drawn or mine.drawn
    kept = mine.bodies[:, 1:].sum(axis=(1, 2)) > 0
    count = int(kept.sum())
    if not count:
        return None
    means = []
    for sample in (mine, theirs):
        bodies = sample.bodies[kept]
        matrix = bodies.sum(axis=0, dtype=float)
        occurs, said = matrix[1:].sum(axis=1) > 0, _spoken_of(matrix, sample.shares)
        for one in (matrix, _drawn_anew(bodies, unlike=False)):
            means.append(_measures(_shares(one, sample.shares, said, drawn, count), occurs)["mean_iou"])
    point, draws = means[0] - means[2], means[1] - means[3]
    return _estimate(point, draws, count, least=-1.0)


def together(parts: Sequence[Sample]) -> Sample:
    """Return the bodies of several predictions as one sample; their shares are averaged."""
    shares = [one.shares for one in parts if one.shares is not None]
    return Sample(np.concatenate([one.bodies for one in parts]), np.mean(shares, axis=0) if shares else None)


def _held(bodies: NDArray[np.int64]) -> NDArray[np.int64]:
    kept: NDArray[np.int64] = bodies[bodies[:, 1:].sum(axis=(1, 2)) > 0]
    return kept


def _drawn_anew(bodies: NDArray[np.int64], *, unlike: bool = True) -> Array:
    """Return ``(draws, classes + 1, classes + 1)``: sums over bodies with drawn weights, the same at every call.

    With half a body that is unlike the others in classes of which all bodies agree.
    """
    rng = np.random.default_rng(0)
    weights = rng.standard_exponential((_DRAWS, len(bodies)))
    weights *= len(bodies) / weights.sum(axis=1, keepdims=True)
    matrices = (weights @ bodies.reshape(len(bodies), -1)).reshape(_DRAWS, *bodies.shape[1:])
    if not unlike:
        return matrices
    total = bodies.sum(axis=0, dtype=float)
    counts = (bodies[:, 1:].sum(axis=2) > 0).sum(axis=0)
    occurs = np.flatnonzero(counts) + 1
    for value in occurs:
        row, hits = total[value].sum(), total[value, value]
        half = rng.standard_gamma(0.5, _DRAWS) * row / counts[value - 1]
        others = occurs[occurs != value]
        if hits == row and others.size:
            matrices[:, value, others] += half[:, None] / others.size
        elif not hits:
            matrices[:, value, value] += half
    return matrices


def _spoken_of(matrix: Array, shares: Array | None) -> NDArray[np.bool_]:
    """Return the predicted classes ``(classes,)`` of whose share the bodies can say what it is made of."""
    there = (matrix[1:].sum(axis=1) > 0) & (matrix[1:, 1:].sum(axis=0) > 0)
    return np.asarray(there if shares is None else there & (shares > 0), bool)


def _shares(matrix: Array, shares: Array | None, said: NDArray[np.bool_], drawn: Drawn, bodies: int) -> Array:
    """Return ``(..., classes, classes + 1)``: the share of the survey of each true class, predicted as each, 0 "none".

    What is predicted as a class of which the bodies say nothing counts as often as it occurs among them.
    """
    counts = matrix[..., 1:, :]
    if shares is None or not said.any():
        return np.asarray(counts / counts.sum(axis=(-1, -2), keepdims=True), np.float64)
    weighed = np.concatenate([[False], said])
    wanted = np.concatenate([[0.0], np.where(said, shares, 0)])
    wanted /= wanted.sum()
    if drawn == "place":
        columns = counts.sum(axis=-2)
        total = columns.sum(axis=-1, keepdims=True)
        among = (columns * weighed).sum(axis=-1, keepdims=True) / total
        target = np.where(weighed, among * wanted, columns / total)
        return np.asarray(counts * _ratio(target, columns)[..., None, :], np.float64)
    known = _ratio(counts, counts.sum(axis=-1, keepdims=True))  # P(predicted | true)
    # Where classes are hardly told apart any shares explain the prediction; one body more speaks for those of it.
    believed = np.where(counts.sum(axis=-1) > 0, np.where(said, shares, 0) + _TRACE, 0)
    believed /= believed.sum(axis=-1, keepdims=True)
    prior = believed
    for _ in range(_ROUNDS):
        joint = prior[..., None] * known
        columns = joint.sum(axis=-2)
        among = (columns * weighed).sum(axis=-1, keepdims=True)
        target = np.where(weighed, among * wanted, columns)
        joint = joint * _ratio(target, columns)[..., None, :]
        joint /= joint.sum(axis=(-1, -2), keepdims=True)
        after = (bodies * joint.sum(axis=-1) + believed) / (bodies + 1)
        moved = np.abs(after - prior).max()
        prior = after
        if moved < 1e-7:
            break
    return np.asarray(joint, np.float64)


def _measures(joint: Array, occurs: NDArray[np.bool_]) -> dict[str, Array]:
    hits = np.diagonal(joint[..., 1:], axis1=-2, axis2=-1)
    truth, predicted = joint.sum(axis=-1), joint[..., 1:].sum(axis=-2)
    iou, f1 = _ratio(hits, truth + predicted - hits), _ratio(2 * hits, truth + predicted)
    return {
        "accuracy": hits.sum(axis=-1),
        "mean_iou": iou[..., occurs].mean(axis=-1),
        "mean_f1": f1[..., occurs].mean(axis=-1),
        "iou": iou,
        "f1": f1,
        "precision": _ratio(hits, predicted),
        "recall": _ratio(hits, truth),
        "areas": truth,
    }


def _estimate(value: Array, draws: Array, bodies: int, least: float = 0.0) -> Estimate:
    point = float(value)
    if bodies < 2:
        return Estimate(point)
    low, high = np.quantile(draws, [0.025, 0.975])
    # The bootstrap knows the bodies that there are, as if their mean and spread were the true ones.
    wider = np.sqrt((bodies + 1) / (bodies - 1)) * _student(bodies - 1) / _NORMAL
    below, above = (float(wider) * max(0.0, float(side)) for side in (point - low, high - point))
    return Estimate(point, max(least, point - below), min(1.0, point + above))


def _within(value: float, error: float) -> Estimate:
    return Estimate(float(value), max(0.0, float(value - _NORMAL * error)), min(1.0, float(value + _NORMAL * error)))


def _student(freedom: int) -> float:
    if freedom <= len(_STUDENT):
        return _STUDENT[freedom - 1]
    return _NORMAL + 2.372 / freedom + 2.823 / freedom**2


def _ratio(part: Array, whole: Array) -> Array:
    part, whole = np.broadcast_arrays(part, whole)
    ratio: Array = np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
    return ratio
