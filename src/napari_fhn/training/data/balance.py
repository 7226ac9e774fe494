"""Classes that weigh alike in each block: the balance of the code that goes with the paper."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_fhn.training.data.batch import Known

BLOCK = "block"
"""The name of this balance."""


def in_blocks(known: Known, blocks: int, voxels: int, classes: int) -> Tensor:
    """Return how much each labelled voxel weighs, such that the classes labelled in a block weigh alike.

    A voxel of the rarest class of its block weighs 1, one of another class less by as much as that is more frequent.

    Parameters
    ----------
    known : Known
        The labelled voxels of a batch.
    blocks, voxels : int
        Of the batch.
    classes : int
        How many there are.

    Returns
    -------
    Tensor
        ``(labelled voxels,)``, on their device.

    Examples
    --------
    >>> labels = torch.tensor([[0, 1, 1, 2], [2, 2, 0, 0]])
    >>> in_blocks(Known.of(labels), 2, labels.numel(), 2).tolist()
    [0.5, 0.5, 1.0, 1.0, 1.0]
    """
    where = known.places // (voxels // blocks) * classes + known.classes
    # Added up without asking the device how many there are.
    counts = torch.zeros(blocks * classes, device=where.device)
    counts = counts.index_add(0, where, torch.ones_like(where, dtype=counts.dtype)).view(blocks, classes)
    rarest = torch.where(counts > 0, counts, torch.inf).amin(1, keepdim=True)
    return (rarest / counts.clamp_min(1)).flatten()[where]
