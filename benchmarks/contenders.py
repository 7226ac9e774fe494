"""The ways to compute a training step that are put beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.leapfrog import Step
from napari_fhn.network.reference import leapfrog_step, plain_scores
from napari_fhn.network.symmetric import LayerParameters
from napari_fhn.network.transforms import coarsen, refine


class _Change(nn.Module):
    """A change of resolution as memcnn wants it: a module with an inverse."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step

    def forward(self, current: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        return self._change(current, self.step.finer), self._change(before, self.step.finer)

    def inverse(self, current: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        return self._change(current, not self.step.finer), self._change(before, not self.step.finer)

    def _change(self, state: Tensor, finer: bool) -> Tensor:
        return (refine if finer else coarsen)(state, self.step.axes, self.step.transform)


class _Leap(nn.Module):
    """A leapfrog step as memcnn wants it: the pair of states goes in and comes out."""

    def __init__(self, step: Step, parameters: LayerParameters) -> None:
        super().__init__()
        self.step = replace(step, axes=())
        for name, parameter in parameters._asdict().items():
            self.register_parameter(name, parameter)

    def forward(self, current: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        # A copy: memcnn empties the arrays that went in, and what comes out must not be one of them.
        return self._leap(current, before), current.clone()

    def inverse(self, current: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        return before, self._leap(before, current)

    def _leap(self, current: Tensor, before: Tensor) -> Tensor:
        parameters = LayerParameters(self.kernels, self.bias, self.gain, self.offset)
        return leapfrog_step(current, before, self.step, parameters)[0]


def memcnn_scores(network: HyperbolicNetwork, data: Tensor) -> Tensor:
    """Return what ``network(data)`` returns, every layer in a wrapper of memcnn that recomputes what went in."""
    from memcnn import InvertibleModuleWrapper

    current = network.first_state(data)
    before = current.clone()
    for number, parameters in enumerate(network.layer_parameters()):
        step = network.step(number)
        if step.axes:
            current, before = InvertibleModuleWrapper(_Change(step))(current, before)
        current, before = InvertibleModuleWrapper(_Leap(step, parameters))(current, before)
    return network.read(current)


class _Transposed(torch.autograd.Function):
    """``K^T`` for plain autograd without a transposed convolution, which is a trap on a CPU."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, kernels: Tensor, like: Tensor) -> Tensor:
        ctx.save_for_backward(hidden, kernels)
        return _convolution_backward(hidden, like, kernels, [True, False, False])[0]

    @staticmethod
    def backward(ctx: Any, adjoint: Tensor) -> tuple[Tensor, Tensor, None]:
        hidden, kernels = ctx.saved_tensors
        convolve = F.conv3d if adjoint.ndim == 5 else F.conv2d
        gradient = _convolution_backward(hidden, adjoint, kernels, [False, True, False])[1]
        return convolve(adjoint, kernels, padding=1), gradient, None


def _convolution_backward(hidden: Tensor, state: Tensor, kernels: Tensor, mask: list[bool]) -> tuple[Tensor, ...]:
    one = [1] * (state.ndim - 2)
    found: tuple[Tensor, ...] = torch.ops.aten.convolution_backward(
        hidden, state, kernels, None, one, one, one, False, [0] * len(one), 1, mask
    )
    return found


def best_step(current: Tensor, before: Tensor, step: Step, parameters: LayerParameters) -> tuple[Tensor, Tensor]:
    """Take a step of the leapfrog in the fastest way that we know to write for plain autograd."""
    layout = torch.channels_last_3d if current.ndim == 5 else torch.channels_last
    if step.axes:
        change = refine if step.finer else coarsen
        current, before = (change(state, step.axes, step.transform) for state in (current, before))
    current, before = (state.contiguous(memory_format=layout) for state in (current, before))
    convolve = F.conv3d if current.ndim == 5 else F.conv2d
    z = convolve(current, parameters.kernels, parameters.bias, padding=1)
    a = F.relu(z, inplace=True) if step.pointwise.is_relu else step.pointwise.evaluate(z, parameters)
    symmetric: Tensor = _Transposed.apply(a, parameters.kernels, current.detach())
    return torch.add(torch.lerp(before, current, 2.0), symmetric, alpha=-step.h_squared), current


CONTENDERS: dict[str, Callable[[HyperbolicNetwork, Tensor], Tensor]] = {
    "float32": lambda network, data: network(data),
    "states": lambda network, data: network(data),
    "bfloat16": lambda network, data: network(data),
    "best autograd": lambda network, data: plain_scores(network, data, best_step),
    "autograd": plain_scores,
    "checkpoint": lambda network, data: plain_scores(network, data, checkpointed=True),
    "memcnn": memcnn_scores,
}
"""This network, with its states kept, and in bfloat16; the same mathematics in plain autograd, written with what is
known of the routines on a CPU and as one would write it, with checkpoints, and through memcnn."""

OURS = ("float32", "states", "bfloat16")
