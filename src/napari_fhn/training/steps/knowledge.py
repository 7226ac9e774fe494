"""Terms of the loss that need no labels: how far the probabilities are from what is known of the whole survey.

A share and an order are half the squared distance to the set of outputs that agree, by voxel (Peters 2022, see
:mod:`~napari_fhn.training.objective`): ``|p - P(p)|^2 / 2n`` with the nearest agreeing output ``P(p)`` of ``n`` voxels.
It is 0 exactly where the network agrees; its gradient is ``(p - P(p)) / n``, whatever the set. :func:`absence`
and :func:`smoothness` measure otherwise, and say why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from napari_fhn.training.steps.losses import at


class RunningShare:
    """The share of a class in the survey, seen through the blocks of the last steps.

    One block is not the survey: a body that fills a tenth of it may fill half of a block and nothing of the next. What
    is held to the bounds is a mean over the last steps, in which a step has ``1 - memory`` times the weight of all
    before it, and what is moved is the share in the block of now.

    Parameters
    ----------
    memory : float
        From 0 (only this step) to below 1.

    Attributes
    ----------
    noted : tuple of Tensor or None
        What the last call found in its blocks: of how many voxels their class is, and how many count. It becomes a part
        of the mean with :meth:`commit` alone, so that the parts of a step do not depend on their order.
    """

    def __init__(self, memory: float = 0.9) -> None:
        self.memory = memory
        self._filled: Tensor | float = 0.0
        self._voxels: Tensor | float = 0.0
        self.noted: tuple[Tensor, Tensor] | None = None

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        return {"filled": self._filled, "voxels": self._voxels}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned."""
        self._filled, self._voxels = state["filled"], state["voxels"]

    def __call__(self, belief: Tensor, counted: Tensor, at_least: float, at_most: float) -> Tensor:
        """Return half the squared distance from the share to its bounds.

        The nearest output within bounds adds the same number to the probability of every voxel, so the distance by
        voxel is that of the mean probability.

        Parameters
        ----------
        belief : Tensor
            ``(batch, *space)``, the probability of the class.
        counted : Tensor
            ``(batch, *space)`` bool, the voxels that count.
        at_least, at_most : float
            Bounds, from 0 to 1.

        Returns
        -------
        Tensor
            Scalar.
        """
        voxels = counted.sum()
        here = (belief * counted).sum() / voxels.clamp_min(1)
        self.noted = here.detach() * voxels, voxels
        filled = self.memory * self._filled + self.noted[0]
        seen = self.memory * self._voxels + voxels
        # The value of the running share, the gradient of this block's.
        share = filled / seen.clamp_min(1) + here - here.detach()
        return (share - share.clamp(at_least, at_most)) ** 2 / 2

    def commit(self, filled: Tensor, voxels: Tensor) -> None:
        """Take a step into the mean.

        Parameters
        ----------
        filled, voxels : Tensor
            What was :attr:`noted` of its parts, added up.
        """
        self._filled = self.memory * self._filled + filled
        self._voxels = self.memory * self._voxels + voxels


def order(scores: Tensor, counted: Tensor, vertical: int) -> Tensor:
    """Return how far layers are from lying in their order, from top to bottom.

    In order means: for every layer ``j`` the probability ``F_j`` of being in it or in one above never grows with depth
    (then the expected number of the layer never falls either). Columns that never grow are a convex set. The nearest of
    them, by the largest difference, lies halfway between the least ``F_j`` so far from above and the largest from below
    (Ubhaya 1974, "Isotone optimization I", Journal of Approximation Theory 12). It takes one pass down and one up and
    reaches as far as a layer is out of place; the nearest by squares would need a sequential search in every column. It
    is held fixed in the gradient, which leads straight to it.

    Parameters
    ----------
    scores : Tensor
        ``(batch, layers, *space)``, of the layers alone, from top to bottom. Where another class lies, the layers share
        one probability among them as if it did not.
    counted : Tensor
        ``(batch, *space)`` bool, the voxels that count.
    vertical : int
        Axis of time or depth, among those of space.

    Returns
    -------
    Tensor
        Scalar.
    """
    above = scores.softmax(1).cumsum(1)[:, :-1]
    known = counted[:, None]
    axis = 2 + vertical
    with torch.no_grad():
        least = above.masked_fill(~known, torch.inf).cummin(axis).values
        most = above.masked_fill(~known, -torch.inf).flip(axis).cummax(axis).values.flip(axis)
        nearest = torch.where(known, (least + most) / 2, 0)
    apart = torch.where(known, above - nearest, 0)
    return (apart**2).sum() / (2 * counted.sum().clamp_min(1))


def absence(scores: Tensor, places: Tensor, index: int) -> Tensor:
    """Return the mean surprise, ``-log(1 - p)``, at a class not being where it is known not to be.

    The distance to the set ``p = 0`` would hardly move a network that is sure and wrong: the softmax takes its gradient
    away. This one keeps it, as cross-entropy does (Kim et al. 2019, "NLNL: negative learning for noisy labels").

    Parameters
    ----------
    scores : Tensor
        ``(batch, classes, *space)``.
    places : Tensor
        ``(voxels,)`` int64, where the class does not occur, counted through ``(batch, *space)``.
    index : int
        The class, counted from 0.

    Returns
    -------
    Tensor
        Scalar.
    """
    gathered = at(scores, places)
    others = torch.cat((gathered[:, :index], gathered[:, index + 1 :]), 1)
    return (gathered.logsumexp(1) - others.logsumexp(1)).sum() / max(len(places), 1)


def smoothness(
    belief: Tensor, counted: Tensor, costs: Sequence[float], data: Tensor | None = None, edge: float | None = None
) -> Tensor:
    """Return the anisotropic total variation of the probabilities, by pair of neighbours.

    ``sum_a c_a mean w |p_i - p_j|_1 / 2`` over neighbours ``i``, ``j`` along axis ``a``: a sharp boundary costs ``c_a``
    for each pair that it parts (Rudin, Osher & Fatemi 1992). With an edge ``e``, ``w = exp(-d^2 / 2 e^2)`` where ``d``
    is the root mean square difference of the data there (Boykov & Jolly 2001), else ``w`` is 1. No set is known here,
    so there is no distance to one: less is better, and only one class everywhere costs nothing.

    Parameters
    ----------
    belief : Tensor
        ``(batch, classes, *space)``, probabilities.
    counted : Tensor
        ``(batch, *space)`` bool, the voxels that count.
    costs : sequence of float
        ``c``, one for each axis of space.
    data : Tensor, optional
        ``(batch, channels, *space)``; needed with an edge.
    edge : float, optional
        ``e``, in units of the data.

    Returns
    -------
    Tensor
        Scalar.
    """
    total = belief.new_zeros(())
    for axis, cost in enumerate(costs):
        size = belief.shape[2 + axis]
        if not cost or size < 2:
            continue
        pairs = counted.narrow(1 + axis, 1, size - 1) & counted.narrow(1 + axis, 0, size - 1)
        change = belief.diff(dim=2 + axis).abs().sum(1) / 2
        if edge is not None and data is not None:
            change = change * torch.exp(-(data.diff(dim=2 + axis) ** 2).mean(1) / (2 * edge**2))
        total = total + cost * (change * pairs).sum() / pairs.sum().clamp_min(1)
    return total
