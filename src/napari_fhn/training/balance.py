"""Classes that weigh alike in each block: the balance of the code that goes with the paper."""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK = "block"
"""The name of this balance."""


def in_blocks(labels: Tensor, classes: int) -> Tensor:
    """Return how much each voxel weighs, such that the classes labelled in a block weigh alike.

    A voxel of the rarest class of its block weighs 1, one of another class less by as much as that is more frequent.

    Parameters
    ----------
    labels : Tensor
        ``(batch, *space)`` int64: 0 unlabelled, class ``k`` is ``k + 1``.
    classes : int
        How many there are.

    Returns
    -------
    Tensor
        Shaped like the labels, float64; 0 where nothing is labelled.

    Examples
    --------
    >>> in_blocks(torch.tensor([[0, 1, 1, 2], [2, 2, 0, 0]]), 2).tolist()
    [[0.0, 0.5, 0.5, 1.0], [1.0, 1.0, 0.0, 0.0]]
    """
    tables = []
    for block in labels:
        counts = torch.bincount(block.flatten(), minlength=classes + 1).double()
        counts[0] = 0
        rarest = torch.where(counts > 0, counts, torch.inf).min()
        tables.append(torch.where(counts > 0, rarest / counts.clamp_min(1), 0.0))
    return torch.stack([table[block] for table, block in zip(tables, labels, strict=True)])


def within(labels: Tensor, weights: Tensor | None, classes: int) -> Tensor:
    """Return the weights of labels with those of :func:`in_blocks` in them, which have mean 1 over the labels.

    Parameters
    ----------
    labels : Tensor
        ``(batch, *space)`` int64.
    weights : Tensor or None
        ``(batch, *space)``, how much each label counts; all fully when None.
    classes : int
        How many there are.
    """
    found = in_blocks(labels, classes)
    found *= (labels > 0).sum() / found.sum().clamp_min(1)
    return found if weights is None else found * weights
