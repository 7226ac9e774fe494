"""Losses over labelled voxels.

All take what :func:`labelled` gathers, so that nothing is computed for the many voxels of which nothing is known:
scores ``(voxels, classes)``, the class of each voxel, counted from 0, and its weight from 0 to 1. All are 0 where there
are no voxels.

A label that is only likely gets a weight ``c`` below 1. For the cross-entropy this is a soft label: with the
target ``c y + (1 - c) p``, which leaves what the label does not say to the network's own belief ``p``, the gradient by
the scores is ``p - c y - (1 - c) p = c (p - y)`` (soft bootstrapping, Reed et al. 2015, "Training deep neural networks
on noisy labels"). A remainder spread evenly would instead claim that far from a well all classes are equally likely.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from napari_fhn.training.data.batch import Known

_LEAST = 1e-6
"""Below this ``1 - p`` a voxel is right to the rounding of float32; a power of it has no useful gradient."""


class Labelled(NamedTuple):
    """The labelled voxels of a batch.

    Parameters
    ----------
    scores : Tensor
        ``(voxels, classes)``.
    classes : Tensor
        ``(voxels,)`` int64, counted from 0.
    weights : Tensor
        ``(voxels,)``, from 0 to 1.
    present : Tensor or None
        ``(classes that occur,)`` int64; found among the others where it is not said.
    """

    scores: Tensor
    classes: Tensor
    weights: Tensor
    present: Tensor | None = None


def at(scores: Tensor, places: Tensor) -> Tensor:
    """Return the scores of some voxels, ``(voxels, classes)``.

    Parameters
    ----------
    scores : Tensor
        ``(batch, classes, *space)``.
    places : Tensor
        ``(voxels,)`` int64, counted through ``(batch, *space)``.
    """
    return scores.movedim(1, -1).reshape(-1, scores.shape[1]).index_select(0, places)


def gathered(scores: Tensor, known: Known) -> Labelled:
    """Gather the labelled voxels where it is known which they are, on the device of the scores."""
    found = at(scores, known.places)
    weights = found.new_ones(len(found)) if known.weights is None else known.weights.to(found.dtype)
    return Labelled(found, known.classes, weights, known.present)


def labelled(scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Labelled:
    """Gather the labelled voxels.

    Parameters
    ----------
    scores : Tensor
        ``(batch, classes, *space)``.
    labels : Tensor
        ``(batch, *space)`` int64; 0 is unlabelled and takes no part, class ``k`` is ``k + 1``.
    weights : Tensor, optional
        ``(batch, *space)``, how much each label counts; all 1 when absent.

    Returns
    -------
    Labelled
    """
    return gathered(scores, Known.of(labels, weights))


def class_weights(counts: NDArray[np.int64], balance: str = "sqrt", beta: float = 0.9999) -> Tensor:
    """Return how much a voxel of each class weighs, with mean 1 over the classes that occur.

    Parameters
    ----------
    counts : ndarray
        Labelled voxels of each class.
    balance, beta : str, float
        See :class:`~napari_fhn.training.objective.Objective`. ``"effective"`` is one over the effective number of
        samples, ``(1 - beta) / (1 - beta^n)`` (Cui et al. 2019, "Class-balanced loss based on effective number of
        samples").

    Returns
    -------
    Tensor
        ``(classes,)`` float32. A class that does not occur weighs 1: its first stroke may be in a block before it is
        counted.
    """
    n = np.maximum(counts, 1).astype(np.float64)
    if balance in ("none", "block"):  # in a block every voxel has a weight of its own
        weights = np.ones_like(n)
    elif balance == "sqrt":
        weights = 1 / np.sqrt(n)
    elif balance == "effective":
        weights = (1 - beta) / (1 - beta**n)
    else:
        weights = 1 / n
    present = counts > 0
    weights[present] /= weights[present].mean() if present.any() else 1.0
    weights[~present] = 1
    return torch.from_numpy(weights.astype(np.float32))


def cross_entropy(known: Labelled, by_class: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return the cross-entropy, balanced by class.

    ``sum_i a_i w_i l_i / sum_i a_i`` with ``l = -(1 - s) log p_y - s/K sum_k log p_k``, class weight ``a``, label
    weight ``w`` and smoothing ``s`` (Szegedy et al. 2016, "Rethinking the Inception architecture for computer vision",
    section 7). The label weights are not in the denominator: a block in which all labels are doubtful moves the network
    less than one in which they are sure.

    Parameters
    ----------
    known : Labelled
        See :func:`labelled`.
    by_class : Tensor
        ``(classes,)``, from :func:`class_weights`.
    smoothing : float
        Share of the target that is spread over all classes.

    Returns
    -------
    Tensor
        Scalar.
    """
    return _mean(_surprise(known, smoothing), known, by_class)


def focal(known: Labelled, by_class: Tensor, gamma: float, smoothing: float = 0.0) -> Tensor:
    """Return the focal loss: the cross-entropy of each voxel times ``(1 - p_y)^gamma``.

    Lin et al. 2017, "Focal loss for dense object detection", equation 5: voxels that are right already count less. With
    ``gamma`` 0 it is the :func:`cross_entropy`.

    Parameters
    ----------
    known, by_class, smoothing
        As in :func:`cross_entropy`.
    gamma : float
        At least 0.

    Returns
    -------
    Tensor
        Scalar.
    """
    right = known.scores.log_softmax(1).gather(1, known.classes[:, None])[:, 0]
    doubt = (-torch.expm1(right)).clamp_min(_LEAST)
    return _mean(doubt**gamma * _surprise(known, smoothing), known, by_class)


def dice(known: Labelled) -> Tensor:
    """Return one minus the soft Dice coefficient, as a mean over the classes that are among the labels.

    ``1 - 2 sum_i w_i p_i y_i / sum_i w_i (p_i + y_i)`` for each class (Milletari et al. 2016, "V-Net", section 3, with
    plain instead of squared sums in the denominator, and label weights ``w``).

    Parameters
    ----------
    known : Labelled
        See :func:`labelled`.

    Returns
    -------
    Tensor
        Scalar from 0 to 1.
    """
    truth = _one_hot(known)
    belief = known.scores.softmax(1)
    weights = known.weights[:, None]
    total = (weights * truth).sum(0)
    overlap = (weights * truth * belief).sum(0)
    union = total + (weights * belief).sum(0)
    present = _present(known)
    if not len(present):
        return known.scores.sum() * 0
    return (1 - 2 * overlap.index_select(0, present) / union.index_select(0, present)).mean()


def lovasz(known: Labelled) -> Tensor:
    """Return the Lovasz-Softmax loss: the IoU of each class, made convex, as a mean over the classes among the labels.

    The errors ``m_i = |y_i - p_i|`` of a class are sorted from the largest to the smallest; the loss is
    ``sum_i m_i g_i``, where ``g_i`` is what the ``i``-th error adds to the Jaccard loss
    ``1 - |truth and not wrong| / |truth or wrong|`` when errors are made in this order (Berman et al. 2018, "The
    Lovasz-Softmax loss", equations 8, 9 and 11). Voxels are counted by their label weights, which keeps the Jaccard
    loss submodular.

    Parameters
    ----------
    known : Labelled
        See :func:`labelled`.

    Returns
    -------
    Tensor
        Scalar from 0 to 1.
    """
    truth = _one_hot(known)
    errors = (truth - known.scores.softmax(1)).abs()
    total = (known.weights[:, None] * truth).sum(0)
    present = _present(known)
    if not len(present):
        return known.scores.sum() * 0
    truth, errors = truth.index_select(1, present), errors.index_select(1, present)
    total = total.index_select(0, present)
    errors, order = errors.sort(dim=0, descending=True, stable=True)
    truth, weights = truth.gather(0, order), known.weights[order]
    missed = (weights * truth).cumsum(0)
    invented = (weights * (1 - truth)).cumsum(0)
    jaccard = 1 - (total - missed) / (total + invented)
    added = jaccard.diff(dim=0, prepend=torch.zeros_like(jaccard[:1]))
    return (errors * added).sum(0).mean()


def _surprise(known: Labelled, smoothing: float) -> Tensor:
    return F.cross_entropy(known.scores, known.classes, reduction="none", label_smoothing=smoothing)


def _mean(values: Tensor, known: Labelled, by_class: Tensor) -> Tensor:
    of_class = by_class.to(values.dtype)[known.classes]
    return (of_class * known.weights * values).sum() / of_class.sum().clamp_min(torch.finfo(values.dtype).tiny)


def _present(known: Labelled) -> Tensor:
    if known.present is not None:
        return known.present
    return known.classes[known.weights > 0].bincount().nonzero()[:, 0]


def _one_hot(known: Labelled) -> Tensor:
    every = torch.arange(known.scores.shape[1], device=known.scores.device)
    return (known.classes[:, None] == every).to(known.scores.dtype)
