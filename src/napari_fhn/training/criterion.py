"""From the description of an objective to the loss of a step: the one place that knows how a loss is made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_fhn.training import losses
from napari_fhn.training.batch import Batch
from napari_fhn.training.objective import Objective


class Criterion:
    """Computes the loss of a step.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective

    def terms(self, scores: Tensor, batch: Batch, counts: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return what the loss is the sum of, by name.

        Parameters
        ----------
        scores : Tensor
            ``(batch, classes, *space)``.
        batch : Batch
            What is known, on the device of the scores.
        counts : ndarray
            Labelled voxels of each class in the whole survey.

        Returns
        -------
        dict of str to Tensor
            Scalars.
        """
        objective = self.objective
        known = losses.labelled(scores, batch.labels)
        by_class = losses.class_weights(counts, objective.balance, objective.beta).to(scores.device)
        found: dict[str, Tensor] = {}
        for name in objective.losses:
            if name == "cross-entropy":
                found[name] = losses.cross_entropy(known, by_class, objective.smoothing)
            elif name == "focal":
                found[name] = losses.focal(known, by_class, objective.gamma, objective.smoothing)
            elif name == "dice":
                found[name] = losses.dice(known)
            else:
                found[name] = losses.lovasz(known)
        return found
