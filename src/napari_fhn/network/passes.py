r"""What a layer does beside its convolutions, each in as few passes over memory as can be.

Convolutions have libraries; the rest of a layer is bound by memory alone. These functions say what is computed and do
it with torch. On a GPU with `Triton <https://triton-lang.org>`_, which comes with the CUDA builds of torch,
:mod:`~napari_fhn.network.triton_passes` does each of them in one pass: it is tried on a small example first, and a
machine where it does not work, or says something else, keeps torch.
"""

from __future__ import annotations

import logging
from functools import cache
from types import ModuleType

import torch
from torch import Tensor

_LOG = logging.getLogger(__name__)

_BACK = (torch.float32, torch.bfloat16)


def leap_(target: Tensor, older: Tensor, state: Tensor, back: Tensor, scale: float) -> None:
    """Write ``2 state - older + scale * back`` into a target, which may be the older state itself.

    Parameters
    ----------
    target, older, state : Tensor
        ``(batch, n, *space)``, channels-last.
    back : Tensor
        The same shape: what ``K^T`` gives, of any type.
    scale : float
        In the leapfrog, ``-h**2``.
    """
    arrays = target, older, state, back
    if (compiled := on_device(target)) is not None and _alike(*arrays) and back.dtype in _BACK:
        compiled.leap_(*arrays, scale)
        return
    torch.lerp(older, state, 2.0, out=target)
    target.add_(back, alpha=scale)


def relu_adjoint_(z: Tensor, adjoint: Tensor, *, biased: bool) -> Tensor | None:
    """Replace ``z`` by ``a = relu(z)`` and ``adjoint`` by ``(da / dz)^T adjoint``.

    Parameters
    ----------
    z, adjoint : Tensor
        ``(batch, m, *space)``.
    biased : bool
        Whether the gradient with respect to a bias is wanted.

    Returns
    -------
    Tensor or None
        ``(m,)``, the sum of the new adjoint over all voxels, in float32 at least.
    """
    if (compiled := on_device(z)) is not None and _alike(z, adjoint) and z.dtype == adjoint.dtype:
        total: Tensor = compiled.relu_adjoint_(z, adjoint)
        return total if biased else None
    z.relu_()
    # In place: relu(z) is positive where z is.
    torch.ops.aten.threshold_backward.grad_input(adjoint, z, 0, grad_input=adjoint)
    if not biased:
        return None
    return adjoint.sum(dim=(0, *range(2, adjoint.ndim)), dtype=torch.promote_types(adjoint.dtype, torch.float32))


def on_device(array: Tensor) -> ModuleType | None:
    """Return the module that does these things in one pass where an array is; None where torch does them."""
    if not array.is_cuda or array.dtype not in _BACK:
        return None
    return _compiled(array.device)


def _alike(*arrays: Tensor) -> bool:
    """Tell whether arrays lie in memory voxel by voxel in the same order, channels last."""
    return all(array.movedim(1, -1).is_contiguous() for array in arrays)


@cache
def _compiled(device: torch.device) -> ModuleType | None:
    try:
        from napari_fhn.network import triton_passes

        agrees = triton_passes.agrees(device)
    except Exception as error:  # no Triton, no compiler, a card that it does not know: torch does as well
        _LOG.info("Triton is not used on %s: %s", device, error)
        return None
    if not agrees:
        _LOG.warning("Triton is not used on %s: it does not say what torch says", device)
        return None
    return triton_passes
