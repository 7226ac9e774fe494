"""The optimiser of a schedule: which one, at which rate, with how long a gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.training.schedule import Schedule

_FUSED = ("cuda",)
"""Kinds of device on which all weights are moved by one kernel, which can be told on the device to leave them."""


def rate(schedule: Schedule, step: int) -> float:
    """Return what the learning rate is multiplied with.

    Parameters
    ----------
    schedule : Schedule
        Its warm-up and decay.
    step : int
        Steps made before this one.

    Returns
    -------
    float
        Above 0 and at most 1 as long as there are steps left.
    """
    warm = min(1.0, (step + 1) / (schedule.warmup + 1))
    if schedule.decay == "cosine":
        return warm * 0.5 * (1 + math.cos(math.pi * step / schedule.steps))
    if schedule.decay == "step":
        return float(warm * schedule.decay_factor ** (step // schedule.decay_every))
    return warm


class Optimiser:
    """Steps along gradients as a schedule says.

    Parameters
    ----------
    network : SegmentationNetwork
        What learns; on its device already.
    schedule : Schedule
        How.

    Attributes
    ----------
    damping : float
        Another factor of the rate, 1 to begin with; lowered where training went wrong.
    """

    def __init__(self, network: SegmentationNetwork, schedule: Schedule) -> None:
        self.schedule = schedule
        self.damping = 1.0
        self._parameters = list(network.parameters())
        self._groups = network.parameter_groups(schedule.learning_rate, schedule.weight_decay)
        self._rates = [group["lr"] for group in self._groups]
        self.forget()

    def forget(self) -> None:
        """Begin again without moments: what they remember belongs to other weights."""
        groups = [dict(group) for group in self._groups]
        # On a processor as torch does it unasked, to the same bits.
        fused = True if self._parameters[0].device.type in _FUSED else None
        if self.schedule.optimiser == "adamw":
            self._torch: torch.optim.Optimizer = torch.optim.AdamW(groups, fused=fused)
        elif self.schedule.optimiser == "adam":
            self._torch = torch.optim.Adam(groups, fused=fused)
        else:
            self._torch = torch.optim.SGD(groups, momentum=self.schedule.momentum, fused=fused)

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        moments = self._torch.state_dict()["state"]
        return {"damping": self.damping, "moments": [moments.get(k, {}) for k in range(len(self._parameters))]}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned."""
        self.damping = state["damping"]
        groups = self._torch.state_dict()["param_groups"]
        moments = {number: own for number, own in enumerate(state["moments"]) if own}
        for parameter, own in zip(self._parameters, state["moments"], strict=True):
            for name, value in own.items():
                if value.shape != (parameter.shape if name != "step" else ()) or (name == "step" and value < 0):
                    raise ValueError(f"its '{name}' of the optimiser is not that of these weights")
        self._torch.load_state_dict({"state": moments, "param_groups": groups})

    @property
    def can_leave_out(self) -> bool:
        """Whether a step can be left out by a number that is on the device alone."""
        return self._parameters[0].device.type in _FUSED

    def zero_gradients(self) -> None:
        """Forget the gradients of the step before, and give their memory back."""
        self._torch.zero_grad(set_to_none=True)

    def step(self, number: int, left_out: torch.Tensor | None = None) -> None:
        """Step along the gradients that the network has now.

        Parameters
        ----------
        number : int
            Steps made before this one.
        left_out : Tensor, optional
            Scalar on the device of the weights: where it is 1 nothing changes, which only the device gets to know.
        """
        if self.schedule.gradient_norm:
            torch.nn.utils.clip_grad_norm_(self._parameters, self.schedule.gradient_norm)
        factor = self.damping * rate(self.schedule, number)
        for group, own in zip(self._torch.param_groups, self._rates, strict=True):
            group["lr"] = own * factor
        # As torch's own gradient scaler asks it of an optimiser in one kernel: others do not look.
        self._torch.found_inf = left_out  # type: ignore[attr-defined]
        self._torch.step()
