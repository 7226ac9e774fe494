"""Back to good weights: what happens when the loss is no number any more, or runs away."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from statistics import median
from typing import Any

import torch

from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.training.steps.optimiser import Optimiser

_REMEMBERED = 20
"""Steps whose losses tell what is usual."""

_ENOUGH = 5
"""Steps after which there is a usual loss at all."""

_JUMP = 5.0
"""A loss so many times above what is usual is a jump."""

_JUMPS = 3
"""Jumps in a row that are no accident of what was drawn."""

_KEEP_EVERY = 10
"""Steps between two copies of the weights."""


class Rollback:
    """Keeps copies of the weights while training goes well, and goes back to the last one when it does not.

    Parameters
    ----------
    network : SegmentationNetwork
        What learns.
    optimiser : Optimiser
        Slowed down when training went back.
    chance : float
        Loss of somebody who guesses, ``log(classes)`` for the cross-entropy: below it no loss is a jump.
    """

    def __init__(self, network: SegmentationNetwork, optimiser: Optimiser, chance: float) -> None:
        self.network = network
        self.optimiser = optimiser
        self.chance = chance
        self._losses: deque[float] = deque(maxlen=_REMEMBERED)
        self._jumps = 0
        self._since_kept = 0
        self._learnt = False  # whether the weights may differ from the copy
        self.keep()

    def keep(self) -> None:
        """Take the weights of now as good ones."""
        self._good = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self._since_kept = 0
        self._learnt = False

    def labels_changed(self) -> None:
        """New labels may be what the network had wrong so far: a jump of the loss is none of its faults."""
        self._losses.clear()
        self._jumps = 0

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        return {
            "good": self._good,
            "since_kept": self._since_kept,
            "learnt": self._learnt,
            "losses": list(self._losses),
            "jumps": self._jumps,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned."""
        self._good = {name: state["good"][name].to(value.device) for name, value in self._good.items()}
        self._since_kept, self._learnt = state["since_kept"], state["learnt"]
        self._losses.clear()
        self._losses.extend(map(float, state["losses"]))
        self._jumps = state["jumps"]

    def judge(self, loss: float, *, keep: bool = True) -> str | None:
        """Look at a loss before its gradient is used.

        Parameters
        ----------
        loss : float
            Of the step.
        keep : bool
            Whether the weights that gave it are still those of the network, so that they may be kept as good ones.

        Returns
        -------
        str or None
            None where the step may be made. Else the network is back at good weights, and this sentence says so. A loss
            that good weights give themselves is not judged: going back would not help.
        """
        if not math.isfinite(loss):
            return self._go_back(f"The loss became {loss}") if self._learnt else None
        usual = max(median(self._losses), self.chance) if len(self._losses) >= _ENOUGH else math.inf
        if loss > _JUMP * usual:
            self._jumps += 1
            if self._jumps == _JUMPS and self._learnt:
                return self._go_back(f"The loss ran away (to {loss:.2g}, from {usual:.2g})")
            return None
        self._jumps = 0
        self._losses.append(loss)
        self._since_kept += 1
        if keep and self._since_kept >= _KEEP_EVERY:
            self.keep()
        return None

    def stepped(self) -> None:
        """Say that the weights have changed."""
        self._learnt = True

    @torch.no_grad()
    def _go_back(self, why: str) -> str:
        self.network.load_state_dict(self._good)
        self._learnt = False
        self._jumps = 0
        self._losses.clear()
        self.optimiser.forget()
        self.optimiser.damping /= 2
        slower = f"learns at {self.optimiser.damping:g} of its rate"
        return f"{why}: the network went back to its last good weights and {slower} from now on."
