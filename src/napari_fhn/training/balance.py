"""Classes that weigh alike in each block: the balance of the code that goes with the paper."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_fhn.training.batch import Known

BLOCK = "block"
"""The name of this balance."""


def in_blocks(known: Known, blocks: int, voxels: int, classes: int) -> Tensor:
    """Return how much each labelled voxel weighs, such that the classes labelled in a block weigh alike.

    A voxel of the rarest class of its block weighs 1, one of another class less by as much as that is more frequent.
    Nothing here makes a GPU wait.

    Parameters
    ----------
    known : Known
        The labelled voxels.
    blocks : int
        How many blocks there are.
    voxels : int
        Of all blocks together, labelled or not.
    classes : int
        How many there are.

    Returns
    -------
    Tensor
        ``(labelled voxels,)`` float64.

    Examples
    --------
    >>> labels = torch.tensor([[0, 1, 1, 2], [2, 2, 0, 0]])
    >>> in_blocks(Known.of(labels), len(labels), labels.numel(), 2).tolist()
    [0.5, 0.5, 1.0, 1.0, 1.0]
    """
    cells = known.places // max(1, voxels // max(1, blocks)) * classes + known.classes
    counts = torch.zeros(blocks * classes, dtype=torch.float64, device=cells.device)
    counts.index_add_(0, cells, torch.ones_like(cells, dtype=torch.float64))
    table = counts.view(blocks, classes)
    rarest = torch.where(table > 0, table, torch.inf).amin(1, keepdim=True)
    return torch.where(table > 0, rarest / table.clamp_min(1), 0.0).flatten()[cells]


def within(known: Known, blocks: int, voxels: int, classes: int) -> Tensor:
    """Return the weights of labelled voxels with those of :func:`in_blocks` in them, which have mean 1.

    Parameters
    ----------
    known, blocks, voxels, classes
        As in :func:`in_blocks`.
    """
    found = in_blocks(known, blocks, voxels, classes)
    found *= len(found) / found.sum().clamp_min(1)
    return found if known.weights is None else found * known.weights
