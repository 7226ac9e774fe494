r"""The convolutions of a symmetric layer: ``K``, ``K^T`` and the gradient with respect to ``K``, on existing arrays.

What costs time on a CPU is neither arithmetic nor bandwidth but the choice of routine and fresh memory:
``conv_transpose`` in 3D is up to twenty times slower than the forward convolution, a batch of one below some size falls
back to a slow routine, and large results that are allocated anew cost as much as the convolution that fills them. So
``K^T`` runs as a forward convolution with mirrored kernels, added to its target by the convolution itself, and nothing
large is allocated.

:func:`choose` picks an implementation for a type and a device; :class:`Portable` is the reference that runs anywhere.
All arrays are channels-last in memory. The convolutions are zero-padded, so that ``K^T`` is the exact adjoint of ``K``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


class Portable:
    """Convolutions on any device and type, through torch's public functions."""

    def staging_bytes(self, states: int, hidden: int) -> int:
        """Return the staging that is needed for so many elements of states and of hidden layers in one call."""
        return 0

    def hidden_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """Return the type of hidden layers for states of this type."""
        return dtype

    def convolve_into(self, out: Tensor, state: Tensor, kernels: Tensor, bias: Tensor | None, staging: Tensor) -> None:
        """Write ``K state + b`` into ``out``.

        Parameters
        ----------
        out : Tensor
            ``(batch, m, *space)``.
        state : Tensor
            ``(batch, n, *space)``.
        kernels : Tensor
            ``(m, n, 3, 3[, 3])``.
        bias : Tensor or None
            ``(m,)``.
        staging : Tensor
            Flat array of :meth:`staging_bytes`; what it held is lost.
        """
        convolve = F.conv3d if state.ndim == 5 else F.conv2d
        for part, around, inner in _slabs(out):
            out[:, :, part] = convolve(state[:, :, around], kernels, bias, padding=1)[:, :, inner]

    def add_transposed(self, target: Tensor, hidden: Tensor, kernels: Tensor, scale: float, staging: Tensor) -> None:
        """Add ``scale * K^T hidden`` to ``target``.

        Parameters
        ----------
        target : Tensor
            ``(batch, n, *space)``.
        hidden : Tensor
            ``(batch, m, *space)``.
        kernels, staging
            As in :meth:`convolve_into`.
        scale : float
            Any number.
        """
        for part, around, inner in _slabs(target):
            back = _backward(hidden[:, :, around], target[:, :, around], kernels, "input")
            target[:, :, part].add_(back[:, :, inner], alpha=scale)

    def kernel_gradient(self, hidden: Tensor, state: Tensor, kernels: Tensor, staging: Tensor) -> Tensor:
        """Return the gradient of ``<hidden, K state>`` with respect to ``K``, shaped like ``kernels``."""
        return _backward(hidden, state, kernels, "kernels")


class Fused(Portable):
    """Convolutions in float32 through oneDNN, which adds ``K^T hidden`` to its target without an array in between."""

    def convolve_into(self, out: Tensor, state: Tensor, kernels: Tensor, bias: Tensor | None, staging: Tensor) -> None:
        """Write ``K state + b`` into ``out``; see :class:`Portable`."""
        _accumulate(out.zero_(), state, kernels, bias)

    def add_transposed(self, target: Tensor, hidden: Tensor, kernels: Tensor, scale: float, staging: Tensor) -> None:
        """Add ``scale * K^T hidden`` to ``target``; see :class:`Portable`."""
        _accumulate(target, hidden, _mirrored(kernels, scale), None)


class Bfloat16(Portable):
    """``K`` and ``K^T`` in bfloat16 between states that stay in float32.

    A hidden layer is bfloat16; what ``K^T`` gives is rounded to bfloat16 before it is added to a float32 state. The
    gradient of ``K`` is computed in float32: it is what the optimiser sees, and torch 2.13 gives NaN for it in bfloat16
    on a CPU where the first of three axes has the size 2.

    Where the first of three axes has the size 1, only the middle of the kernels meets it: the convolution is one in 2D.
    It must be computed as such, as oneDNN with AMX (torch 2.13) gives garbage for it in 3D with few channels.
    """

    _PIECE = 1 << 18

    def staging_bytes(self, states: int, hidden: int) -> int:
        """Return room for the states in bfloat16 or the hidden layers in float32."""
        return max(2 * states, 4 * hidden)

    def hidden_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """Return bfloat16."""
        return torch.bfloat16

    def convolve_into(self, out: Tensor, state: Tensor, kernels: Tensor, bias: Tensor | None, staging: Tensor) -> None:
        """Write ``K state + b`` into ``out``; see :class:`Portable`."""
        if _is_sheet(state):
            out, state, kernels = out[:, :, 0], state[:, :, 0], kernels[:, :, 1]
        rounded = self._rounded(state, staging)
        half_bias = None if bias is None else bias.to(torch.bfloat16)
        if _fuses(out):
            _accumulate(out.zero_(), rounded, kernels.to(torch.bfloat16), half_bias)
        else:
            super().convolve_into(out, rounded, kernels.to(torch.bfloat16), half_bias, staging)

    def add_transposed(self, target: Tensor, hidden: Tensor, kernels: Tensor, scale: float, staging: Tensor) -> None:
        """Add ``scale * K^T hidden`` to ``target``; see :class:`Portable`."""
        if _is_sheet(target):
            target, hidden, kernels = target[:, :, 0], hidden[:, :, 0], kernels[:, :, 1]
        if not _fuses(hidden):
            super().add_transposed(target, hidden, kernels.to(torch.bfloat16), scale, staging)
            return
        out = _like(target, staging, torch.bfloat16)
        _accumulate(out.zero_(), hidden, _mirrored(kernels, scale).to(torch.bfloat16), None)
        # In pieces: mixed types are added through a converted copy, and a small copy stays in the cache.
        flat_target, flat_out = _flat(target), _flat(out)
        for start in range(0, flat_target.numel(), self._PIECE):
            flat_target[start : start + self._PIECE].add_(flat_out[start : start + self._PIECE])

    def kernel_gradient(self, hidden: Tensor, state: Tensor, kernels: Tensor, staging: Tensor) -> Tensor:
        """Return the gradient of ``<hidden, K state>`` with respect to ``K``, shaped like ``kernels``."""
        return _backward(_like(hidden, staging, state.dtype).copy_(hidden), state, kernels, "kernels")

    def _rounded(self, state: Tensor, staging: Tensor) -> Tensor:
        return _like(state, staging, torch.bfloat16).copy_(state)


def choose(dtype: torch.dtype, device: torch.device, bfloat16: bool = False) -> Portable:
    """Return the fastest convolutions for states of a type on a device.

    Parameters
    ----------
    dtype : torch.dtype
        Of the states.
    device : torch.device
        Where they are.
    bfloat16 : bool
        Convolve in bfloat16; only for float32 states.
    """
    if bfloat16 and dtype == torch.float32:
        return Bfloat16()
    if dtype == torch.float32 and device.type == "cpu" and _fusion_works(dtype):
        return Fused()
    return Portable()


@cache
def bfloat16_pays(dimensions: int, device: torch.device) -> bool:
    """Tell whether convolutions in bfloat16 are clearly faster on a device, by timing some (tenths of a second, once).

    Parameters
    ----------
    dimensions : {2, 3}
        Of the network.
    device : torch.device
        Where it will run.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu" or not _fusion_works(torch.bfloat16):
        return False
    size = (32, 32, 32) if dimensions == 3 else (160, 160)
    # Not from torch's own generator: a training draws the same whether or not this was asked before it.
    generator = torch.Generator().manual_seed(0)
    state = torch.randn((1, 16, *size), generator=generator).movedim(1, -1).contiguous().movedim(-1, 1)
    kernels = torch.randn((16, 16, *[3] * dimensions), generator=generator)
    seconds: dict[type, float] = {}
    for ours in (Fused(), Bfloat16()):
        hidden = torch.empty_like(state, dtype=ours.hidden_dtype(torch.float32))
        target, staging = torch.zeros_like(state), torch.empty(2 * state.numel())
        for _ in range(4):
            began = time.perf_counter()
            ours.convolve_into(hidden, state, kernels, None, staging)
            ours.add_transposed(target, hidden, kernels, 1e-3, staging)
            taken = time.perf_counter() - began
            seconds[type(ours)] = min(taken, seconds.get(type(ours), taken))
    return seconds[Bfloat16] < 0.8 * seconds[Fused]


def _backward(hidden: Tensor, state: Tensor, kernels: Tensor, wanted: str) -> Tensor:
    one = [1] * (state.ndim - 2)
    mask = [wanted == "input", wanted == "kernels", False]
    if state.dtype != kernels.dtype:  # only the shape of the state counts when its adjoint is wanted
        state = hidden.new_empty(1).expand(state.shape)
    gradients = torch.ops.aten.convolution_backward(
        hidden, state, kernels, None, one, one, one, False, [0] * len(one), 1, mask
    )
    gradient: Tensor = gradients[0] if wanted == "input" else gradients[1]
    return gradient


def _accumulate(target: Tensor, source: Tensor, kernels: Tensor, bias: Tensor | None) -> None:
    one = [1] * (source.ndim - 2)
    torch.ops.mkldnn._convolution_pointwise_.binary(
        target, source, kernels, bias, one, one, one, 1, "add", 1.0, None, [], None
    )


_SLAB = 1 << 26
"""Bytes: what is larger is convolved in slabs, so that no result of the size of a state is allocated."""


def _slabs(array: Tensor) -> Iterator[tuple[slice, slice, slice]]:
    """Cut the first spatial axis so that a slab has at most `_SLAB` bytes.

    Yields
    ------
    slice, slice, slice
        The slab; the same with a neighbour on each side, as far as there is one; and where the slab lies in that.
    """
    size = array.shape[2]
    length = max(8, size * _SLAB // max(1, array.numel() * array.element_size()))
    for start in range(0, size, length):
        stop = min(start + length, size)
        first, last = max(start - 1, 0), min(stop + 1, size)
        yield slice(start, stop), slice(first, last), slice(start - first, stop - first)


def _mirrored(kernels: Tensor, scale: float) -> Tensor:
    """Return the kernels whose convolution is ``scale * K^T``."""
    layout = torch.channels_last_3d if kernels.ndim == 5 else torch.channels_last
    mirrored = kernels.flip(*range(2, kernels.ndim)).transpose(0, 1)
    return (mirrored * scale).contiguous(memory_format=layout)


def _is_sheet(array: Tensor) -> bool:
    return array.ndim == 5 and array.shape[2] == 1


def _flat(array: Tensor) -> Tensor:
    return array.movedim(1, -1).flatten()


def _like(array: Tensor, staging: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a channels-last array of the same shape and another type inside the staging array."""
    batch, channels, *space = array.shape
    flat = staging.view(dtype)[: array.numel()]
    return flat.view(batch, *space, channels).movedim(-1, 1)


def _fuses(array: Tensor) -> bool:
    return array.device.type == "cpu" and _fusion_works(array.dtype)


@cache
def _fusion_works(dtype: torch.dtype) -> bool:
    """Tell whether torch's oneDNN convolution that adds to its target is there and right.

    It is what torch's own compiler emits, but it is not documented: a build without it gets the portable way.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    if dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Any:
        array = torch.randn(shape, generator=generator).to(dtype)
        return array.contiguous(memory_format=torch.channels_last_3d)

    try:
        for batch in (1, 2):
            source, kernels, bias = random(batch, 3, 4, 4, 6), random(5, 3, 3, 3, 3), torch.ones(5, dtype=dtype)
            target = random(batch, 5, 4, 4, 6)
            wanted = target.float() + F.conv3d(source.float(), kernels.float(), bias.float(), padding=1)
            _accumulate(target, source, kernels, bias)
            if not torch.allclose(target.float(), wanted, atol=1e-4 if dtype == torch.float32 else 0.1, rtol=1e-2):
                return False
    except (RuntimeError, AttributeError, TypeError, NotImplementedError):
        return False
    return True
