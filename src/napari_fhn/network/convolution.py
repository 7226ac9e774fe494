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
from collections.abc import Callable, Hashable
from functools import cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_fhn.network import onednn, passes, pieces
from napari_fhn.network.resting import Resting


class Portable:
    """Convolutions on any device and type, through torch's public functions.

    Each gives an array of its own, which is what costs least on a device whose allocator keeps what was freed.

    Parameters
    ----------
    resting : Resting, optional
        Where kernels are prepared that stay as they are.
    """

    #: Whether state and adjoint are best convolved in one call, and results written where there is room for them.
    in_place = False

    def __init__(self, resting: Resting | None = None) -> None:
        self._resting = resting

    def staging_bytes(self, states: int, hidden: int) -> int:
        """Return the staging that is needed for so many elements of states and of hidden layers in one call."""
        return 0

    def hidden_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """Return the type of hidden layers for states of this type."""
        return dtype

    def _heed(self) -> None:
        if self._resting is not None:
            self._resting.heed()

    def _prepared(self, kernels: Tensor, how: Hashable, make: Callable[[Tensor], Tensor]) -> Tensor:
        return make(kernels) if self._resting is None else self._resting.prepared(kernels, how, make)

    def convolve(
        self,
        state: Tensor,
        kernels: Tensor,
        bias: Tensor | None,
        out: Tensor | None,
        staging: Tensor | None,
        *,
        relu: bool = False,
    ) -> Tensor:
        """Return ``K state + b``, of the type :meth:`hidden_dtype`.

        Parameters
        ----------
        state : Tensor
            ``(batch, n, *space)``.
        kernels : Tensor
            ``(m, n, 3, 3[, 3])``.
        bias : Tensor or None
            ``(m,)``.
        out : Tensor or None
            ``(batch, m, *space)``: where the result is written if :attr:`in_place`; else it is not looked at.
        staging : Tensor or None
            Flat array of :meth:`staging_bytes` if :attr:`in_place`; what it held is lost.
        relu : bool
            Return ``relu(K state + b)``.
        """
        self._heed()
        convolve = F.conv3d if state.ndim == 5 else F.conv2d
        batch, channels, *space = state.shape
        largest = max(1, len(kernels) / channels) * state.numel() * state.element_size()
        if largest <= pieces.MOST:
            result = convolve(state, kernels, bias, padding=1)
            return result.relu_() if relu else result
        result = state.new_empty((batch, *space, len(kernels))).movedim(-1, 1)
        for some in pieces.examples(state, result):
            for part, around, inner in pieces.slabs(state[some], result[some]):
                result[some, :, part] = convolve(state[some, :, around], kernels, bias, padding=1)[:, :, inner]
        return result.relu_() if relu else result

    def add_transposed(
        self, target: Tensor, hidden: Tensor, kernels: Tensor, scale: float, staging: Tensor | None
    ) -> None:
        """Add ``scale * K^T hidden`` to ``target``.

        Parameters
        ----------
        target : Tensor
            ``(batch, n, *space)``.
        hidden : Tensor
            ``(batch, m, *space)``.
        kernels, staging
            As in :meth:`convolve`.
        scale : float
            Any number.
        """
        self._heed()
        if pieces.within(target, hidden):
            target.add_(_backward(hidden, target, kernels, "input"), alpha=scale)
            return
        for some in pieces.examples(target, hidden):
            for part, around, inner in pieces.slabs(target[some], hidden[some]):
                back = _backward(hidden[some, :, around], target[some, :, around], kernels, "input")
                target[some, :, part].add_(back[:, :, inner], alpha=scale)

    def leap(
        self,
        target: Tensor,
        older: Tensor,
        state: Tensor,
        hidden: Tensor,
        kernels: Tensor,
        scale: float,
        staging: Tensor | None,
    ) -> None:
        """Write ``2 state - older + scale * K^T hidden`` into ``target``, which may be ``older``.

        Parameters
        ----------
        target, older, state : Tensor
            ``(batch, n, *space)``.
        hidden, kernels, scale, staging
            As in :meth:`add_transposed`.
        """
        if self.in_place or not pieces.within(target, hidden):
            torch.lerp(older, state, 2.0, out=target)  # 2 P - Y in one pass
            self.add_transposed(target, hidden, kernels, scale, staging)
        else:
            self._heed()
            passes.leap_(target, older, state, _backward(hidden, target, kernels, "input"), scale)

    def kernel_gradient(self, hidden: Tensor, state: Tensor, kernels: Tensor, staging: Tensor | None) -> Tensor:
        """Return the gradient of ``<hidden, K state>`` with respect to ``K``, shaped like ``kernels``."""
        by_sheets = state.ndim == 5 and state.dtype == torch.float32 and state.device.type == "cpu"
        if by_sheets and onednn.lacks_gradient_in_3d():
            sheet = kernels[:, :, 1].contiguous(memory_format=torch.channels_last)
            return pieces.summed(
                partial(pieces.by_sheets, lambda a, y: _backward(a, y, sheet, "kernels")), hidden, state
            )
        return pieces.summed(lambda a, y: _backward(a, y, kernels, "kernels"), hidden, state)


class Fused(Portable):
    """Convolutions in float32 through oneDNN, which adds ``K^T hidden`` to its target without an array in between."""

    in_place = True

    def convolve(
        self,
        state: Tensor,
        kernels: Tensor,
        bias: Tensor | None,
        out: Tensor | None,
        staging: Tensor | None,
        *,
        relu: bool = False,
    ) -> Tensor:
        """Write ``K state + b`` into ``out`` and return it; see :class:`Portable`."""
        assert out is not None
        self._heed()
        onednn.accumulate(out.zero_(), state, self._packed(kernels, None, state.shape), bias, relu=relu)
        return out

    def add_transposed(
        self, target: Tensor, hidden: Tensor, kernels: Tensor, scale: float, staging: Tensor | None
    ) -> None:
        """Add ``scale * K^T hidden`` to ``target``; see :class:`Portable`."""
        self._heed()
        onednn.accumulate(target, hidden, self._packed(kernels, scale, hidden.shape), None)

    def _packed(self, kernels: Tensor, scale: float | None, shape: torch.Size) -> Tensor:
        """Return kernels, or those of ``scale * K^T``, for a source; in oneDNN's own order where that is done once."""

        def make(kernels: Tensor) -> Tensor:
            plain = kernels if scale is None else _mirrored(kernels, scale)
            return plain if self._resting is None or not onednn.packing_works() else onednn.in_order(plain, shape)

        return self._prepared(kernels, (scale, shape), make)


class Bfloat16(Portable):
    """``K`` and ``K^T`` in bfloat16 between states that stay in float32.

    A hidden layer is bfloat16; what ``K^T`` gives is rounded to bfloat16 before it is added to a float32 state. The
    gradient of ``K`` is computed in float32: it is what the optimiser sees, and torch 2.13 gives NaN for it in bfloat16
    on a CPU where the first of three axes has the size 2.

    Where the first of three axes has the size 1, only the middle of the kernels meets it: the convolution is one in 2D.
    It must be computed as such, as oneDNN with AMX (torch 2.13) gives garbage for it in 3D with few channels.
    """

    _PIECE = 1 << 18

    def __init__(self, in_place: bool, resting: Resting | None = None) -> None:
        super().__init__(resting)
        self.in_place = in_place

    def staging_bytes(self, states: int, hidden: int) -> int:
        """Return room for the states in bfloat16 or the hidden layers in float32."""
        return max(2 * states, 4 * hidden)

    def hidden_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """Return bfloat16."""
        return torch.bfloat16

    def convolve(
        self,
        state: Tensor,
        kernels: Tensor,
        bias: Tensor | None,
        out: Tensor | None,
        staging: Tensor | None,
        *,
        relu: bool = False,
    ) -> Tensor:
        """Return ``K state + b``; see :class:`Portable`."""
        half_bias = None if bias is None else bias.to(torch.bfloat16)
        if _is_sheet(state):
            flat = None if out is None else out[:, :, 0]
            sheet = self.convolve(state[:, :, 0], kernels[:, :, 1], bias, flat, staging, relu=relu)
            return sheet.unsqueeze(2) if out is None or not self.in_place else out
        rounded = _like(state, staging, torch.bfloat16).copy_(state)
        if not self.in_place:
            return super().convolve(rounded, self._rounded(kernels), half_bias, None, None, relu=relu)
        assert out is not None
        self._heed()
        onednn.accumulate(out.zero_(), rounded, self._rounded(kernels), half_bias, relu=relu)
        return out

    def _rounded(self, kernels: Tensor, scale: float | None = None) -> Tensor:
        """Return kernels in bfloat16, or those of ``scale * K^T``."""

        def make(kernels: Tensor) -> Tensor:
            return (kernels if scale is None else _mirrored(kernels, scale)).to(torch.bfloat16)

        return self._prepared(kernels, scale, make)

    def add_transposed(
        self, target: Tensor, hidden: Tensor, kernels: Tensor, scale: float, staging: Tensor | None
    ) -> None:
        """Add ``scale * K^T hidden`` to ``target``; see :class:`Portable`."""
        if _is_sheet(target):
            target, hidden, kernels = target[:, :, 0], hidden[:, :, 0], kernels[:, :, 1]
        if not self.in_place:
            super().add_transposed(target, hidden, self._rounded(kernels), scale, staging)
            return
        self._heed()
        out = _like(target, staging, torch.bfloat16)
        onednn.accumulate(out.zero_(), hidden, self._rounded(kernels, scale), None)
        # In pieces: mixed types are added through a converted copy, and a small copy stays in the cache.
        flat_target, flat_out = _flat(target), _flat(out)
        for start in range(0, flat_target.numel(), self._PIECE):
            flat_target[start : start + self._PIECE].add_(flat_out[start : start + self._PIECE])

    def leap(
        self,
        target: Tensor,
        older: Tensor,
        state: Tensor,
        hidden: Tensor,
        kernels: Tensor,
        scale: float,
        staging: Tensor | None,
    ) -> None:
        """Write ``2 state - older + scale * K^T hidden`` into ``target``; see :class:`Portable`."""
        if _is_sheet(target):
            target, older, state, hidden = (array[:, :, 0] for array in (target, older, state, hidden))
            kernels = kernels[:, :, 1]
        super().leap(target, older, state, hidden, kernels if self.in_place else self._rounded(kernels), scale, staging)

    def kernel_gradient(self, hidden: Tensor, state: Tensor, kernels: Tensor, staging: Tensor | None) -> Tensor:
        """Return the gradient of ``<hidden, K state>`` with respect to ``K``, shaped like ``kernels``."""
        return super().kernel_gradient(_like(hidden, staging, state.dtype).copy_(hidden), state, kernels, None)


def choose(
    dtype: torch.dtype, device: torch.device, bfloat16: bool = False, resting: Resting | None = None
) -> Portable:
    """Return the fastest convolutions for states of a type on a device.

    Parameters
    ----------
    dtype : torch.dtype
        Of the states.
    device : torch.device
        Where they are.
    bfloat16 : bool
        Convolve in bfloat16; only for float32 states.
    resting : Resting, optional
        Where kernels are prepared that stay as they are.
    """
    if bfloat16 and dtype == torch.float32:
        return Bfloat16(device.type == "cpu" and onednn.fusion_works(torch.bfloat16), resting)
    if dtype == torch.float32 and device.type == "cpu" and onednn.fusion_works(dtype):
        return Fused(resting)
    return Portable(resting)


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
    if device.type != "cpu" or not onednn.fusion_works(torch.bfloat16):
        return False
    size = (32, 32, 32) if dimensions == 3 else (160, 160)
    # Not from torch's own generator: a training draws the same whether or not this was asked before it.
    generator = torch.Generator().manual_seed(0)
    state = torch.randn((1, 16, *size), generator=generator).movedim(1, -1).contiguous().movedim(-1, 1)
    kernels = torch.randn((16, 16, *[3] * dimensions), generator=generator)
    seconds: dict[type, float] = {}
    for ours in (Fused(), Bfloat16(in_place=True)):
        hidden = torch.empty_like(state, dtype=ours.hidden_dtype(torch.float32))
        target, staging = torch.zeros_like(state), torch.empty(2 * state.numel())
        for _ in range(4):
            began = time.perf_counter()
            ours.convolve(state, kernels, None, hidden, staging)
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


def _mirrored(kernels: Tensor, scale: float) -> Tensor:
    """Return the kernels whose convolution is ``scale * K^T``."""
    layout = torch.channels_last_3d if kernels.ndim == 5 else torch.channels_last
    mirrored = kernels.flip(*range(2, kernels.ndim)).transpose(0, 1)
    return (mirrored * scale).contiguous(memory_format=layout)


def _is_sheet(array: Tensor) -> bool:
    return array.ndim == 5 and array.shape[2] == 1


def _flat(array: Tensor) -> Tensor:
    return array.movedim(1, -1).flatten()


def _like(array: Tensor, staging: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Return a channels-last array of the same shape and another type, inside the staging array if there is one."""
    batch, channels, *space = array.shape
    room = array.new_empty(array.numel(), dtype=dtype) if staging is None else staging.view(dtype)
    flat = room[: array.numel()]
    return flat.view(batch, *space, channels).movedim(-1, 1)
