r"""The same network written as plainly as the equations, with every state kept by autograd.

Nothing here is fast. It is what :mod:`napari_fhn.network.leapfrog` is tested against and measured against, and the
place to read first.
"""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.leapfrog import Step
from napari_fhn.network.symmetric import LayerParameters
from napari_fhn.network.transforms import coarsen, refine


def leapfrog_step(current: Tensor, before: Tensor, step: Step, parameters: LayerParameters) -> tuple[Tensor, Tensor]:
    r"""Take one step of eq. 2.6.

    Parameters
    ----------
    current, before : Tensor
        ``Y_{j-1}`` and ``Y_{j-2}``.
    step : Step
        Change of resolution, time step, activation.
    parameters : LayerParameters
        Of the layer.

    Returns
    -------
    Tensor, Tensor
        ``Y_j = 2 W Y_{j-1} - W Y_{j-2} - h^2 K^T \sigma(K W Y_{j-1} + b)`` and ``W Y_{j-1}``.
    """
    if step.axes:
        change = refine if step.finer else coarsen
        current, before = (change(state, step.axes, step.transform) for state in (current, before))
    convolve, transposed = (F.conv3d, F.conv_transpose3d) if current.ndim == 5 else (F.conv2d, F.conv_transpose2d)
    z = convolve(current, parameters.kernels, parameters.bias, padding=1)
    a = step.pointwise.evaluate(z, parameters)
    symmetric = transposed(a, parameters.kernels, padding=1)
    return 2 * current - before - step.h_squared * symmetric, current


def plain_scores(
    network: HyperbolicNetwork,
    data: Tensor,
    step: Callable[..., tuple[Tensor, Tensor]] = leapfrog_step,
    *,
    checkpointed: bool = False,
) -> Tensor:
    """Return what ``network(data)`` returns, by plain autograd.

    Parameters
    ----------
    network : HyperbolicNetwork
        Its parameters are used. A partial reading only, and sizes that divide.
    data : Tensor
        ``(batch, input_channels, *space)``.
    step : callable
        Takes one step, as :func:`leapfrog_step` does.
    checkpointed : bool
        Keep only the states between layers and evaluate each layer again on the way back
        (:func:`torch.utils.checkpoint.checkpoint`).

    Returns
    -------
    Tensor
        ``(batch, classes, *space)``.
    """
    current = before = network.first_state(data)
    for number, parameters in enumerate(network.layer_parameters()):
        arguments = (current, before, network.step(number), parameters)
        if checkpointed:
            current, before = checkpoint(step, *arguments, use_reentrant=False)
        else:
            current, before = step(*arguments)
    return network.read(current)
