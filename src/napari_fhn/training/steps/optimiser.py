"""The optimiser of a schedule: which one, at which rate, with how long a gradient.

torch's own functions make the steps. Its classes around them import its compiler with the first one: 1.5 s of processor
time and 70 MB in each process that trains, for nothing that is used here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

from napari_fhn.network.build import SegmentationNetwork
from napari_fhn.training.schedule import Schedule

_FUSED = ("cuda",)
"""Kinds of device on which all weights are moved by one kernel, which can be told on the device to leave them."""

_STEP, _MOMENTUM = "step", "momentum_buffer"
_AVERAGES = ("exp_avg", "exp_avg_sq")
"""What is remembered of each weight, by the names that torch has for it."""


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
        self._groups = network.parameter_groups(schedule.learning_rate, schedule.weight_decay)
        self._parameters = [parameter for group in self._groups for parameter in group["params"]]
        self._fused = self._parameters[0].device.type in _FUSED
        self.forget()

    def forget(self) -> None:
        """Begin again without moments: what they remember belongs to other weights."""
        self._moments: list[dict[str, Tensor]] = [{} for _ in self._parameters]

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        return {"damping": self.damping, "moments": [dict(own) for own in self._moments]}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned."""
        self.damping = state["damping"]
        for parameter, own in zip(self._parameters, state["moments"], strict=True):
            for name, value in own.items():
                if value.shape != (parameter.shape if name != _STEP else ()) or (name == _STEP and value < 0):
                    raise ValueError(f"its '{name}' of the optimiser is not that of these weights")
        self._moments = [
            {name: self._placed(name, value, parameter) for name, value in own.items()}
            for parameter, own in zip(self._parameters, state["moments"], strict=True)
        ]

    @property
    def can_leave_out(self) -> bool:
        """Whether a step can be left out by a number that is on the device alone."""
        return self._fused

    def zero_gradients(self) -> None:
        """Forget the gradients of the step before, and give their memory back."""
        for parameter in self._parameters:
            parameter.grad = None

    def step(self, number: int, left_out: Tensor | None = None) -> None:
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
        moments = iter(self._moments)
        for group in self._groups:
            own = [(parameter, next(moments)) for parameter in group["params"]]
            learnt = [(parameter, mine) for parameter, mine in own if parameter.grad is not None]
            if learnt:
                self._step(learnt, factor * group["lr"], group["weight_decay"], left_out)

    @torch.no_grad()
    def _step(
        self, learnt: list[tuple[Tensor, dict[str, Tensor]]], lr: float, weight_decay: float, left_out: Tensor | None
    ) -> None:
        """Step with the weights of a group that have gradients."""
        weights, moments = [weight for weight, _ in learnt], [own for _, own in learnt]
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        # On a processor as torch does it unasked, to the same bits.
        how: dict[str, Any] = {"fused": True, "found_inf": left_out} if self._fused else {}
        how |= {"lr": lr, "weight_decay": weight_decay, "maximize": False}
        if self.schedule.optimiser == "sgd":
            momentum = self.schedule.momentum
            before = [own.get(_MOMENTUM) for own in moments] if momentum else []
            sgd(weights, gradients, before, momentum=momentum, dampening=0.0, nesterov=False, **how)
            for own, value in zip(moments, before, strict=False):
                if value is not None:
                    own[_MOMENTUM] = value
            return
        for weight, own in learnt:
            if not own:
                own[_STEP] = torch.zeros((), device=weight.device if self._fused else "cpu")
                own |= {name: torch.zeros_like(weight) for name in _AVERAGES}
        first, second, steps = ([own[name] for own in moments] for name in (*_AVERAGES, _STEP))
        function = adamw if self.schedule.optimiser == "adamw" else adam
        how |= {"amsgrad": False, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
        function(weights, gradients, first, second, [], steps, **how)

    def _placed(self, name: str, value: Tensor, parameter: Tensor) -> Tensor:
        """Return a copy of what was kept, where and as a step needs it."""
        if name == _STEP:
            return value.to(parameter.device if self._fused else "cpu", torch.float32, copy=True)
        return torch.empty_like(parameter, requires_grad=False).copy_(value)
