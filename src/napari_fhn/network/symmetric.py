r"""The block-low-rank symmetric layer ``f(Y) = K^T sigma(N(K Y + b))`` and what the backward sweep needs of it.

``K`` holds ``m`` (the block rank) times ``n`` (channels) small convolution kernels. ``m < n`` makes ``K^T K`` a block
matrix of low rank: a layer stores ``m * n`` kernels where a general one stores ``n * n`` (Peters, Haber & Lensink 2024,
section 2.2); ``m > n`` is allowed and makes the layer wide. ``sigma`` is a pointwise monotone function, which keeps the
derivative of ``-f`` negative semi-definite; ``N`` is the identity or a normalisation of the hidden layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_fhn.network import passes
from napari_fhn.network.architecture import Activation, Normalization

_ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


class LayerParameters(NamedTuple):
    """What a layer learns.

    Parameters
    ----------
    kernels : Tensor
        ``K``: ``(m, n, 3, 3[, 3])``.
    bias : Tensor or None
        ``b``: ``(m,)``.
    gain, offset : Tensor or None
        Of the normalisation, ``(m,)``; None without one.
    """

    kernels: Tensor
    bias: Tensor | None = None
    gain: Tensor | None = None
    offset: Tensor | None = None


@dataclass(frozen=True)
class Pointwise:
    """``sigma(N(z))``: what happens to the hidden layer between ``K`` and ``K^T``.

    Parameters
    ----------
    activation : str
        ``sigma``.
    normalization : {"none", "instance", "layer", "batch"}
        ``N``: over the voxels of each channel of each example, over all of an example, or over the voxels of each
        channel of the whole batch.
    running : tuple of Tensor, optional
        Mean and variance for each hidden channel, for batch normalisation: renewed while training, used afterwards.
    training : bool
        For batch normalisation.
    """

    activation: Activation = "relu"
    normalization: Normalization = "none"
    running: tuple[Tensor, Tensor] | None = None
    training: bool = False

    @property
    def is_relu(self) -> bool:
        """True for the plain ReLU, which is done in place."""
        return self.activation == "relu" and self.normalization == "none"

    def apply_(self, z: Tensor, parameters: LayerParameters, *, renew: bool = False) -> None:
        """Replace ``z`` (``(batch, m, *space)``) by ``sigma(N(z))``; on request renew the running statistics."""
        if self.is_relu:
            z.relu_()
        else:
            z.copy_(self.evaluate(z, parameters, renew=renew))

    def adjoint_(self, z: Tensor, adjoint: Tensor, parameters: LayerParameters) -> list[Tensor | None]:
        """Replace ``z`` by ``a = sigma(N(z))`` and ``adjoint`` by ``(da / dz)^T adjoint``.

        Parameters
        ----------
        z, adjoint : Tensor
            ``(batch, m, *space)``.
        parameters : LayerParameters
            Of the layer.

        Returns
        -------
        list of Tensor or None
            Gradients of ``<adjoint, a>`` with respect to bias, gain and offset, where the layer has them.
        """
        gain_gradient = offset_gradient = None
        if self.is_relu:
            total = passes.relu_adjoint_(z, adjoint, biased=parameters.bias is not None)
            return [None if parameters.bias is None or total is None else total.to(parameters.bias.dtype), None, None]
        with torch.enable_grad():
            # The running statistics were renewed on the way forward.
            variables = [z.detach().requires_grad_()]
            affine = parameters
            if parameters.gain is not None and parameters.offset is not None:
                gain, offset = (p.detach().requires_grad_() for p in (parameters.gain, parameters.offset))
                affine = parameters._replace(gain=gain, offset=offset)
                variables += [gain, offset]
            a = self.evaluate(variables[0], affine, renew=False)
            gradients = torch.autograd.grad(a, variables, adjoint)
        z.copy_(a.detach())
        adjoint.copy_(gradients[0])
        if len(variables) == 3:
            gain_gradient, offset_gradient = gradients[1], gradients[2]
        bias_gradient = None
        if parameters.bias is not None:
            bias_gradient = adjoint.sum(dim=(0, *range(2, adjoint.ndim)), dtype=parameters.bias.dtype)
        return [bias_gradient, gain_gradient, offset_gradient]

    def evaluate(self, z: Tensor, parameters: LayerParameters, *, renew: bool = False) -> Tensor:
        """Return ``sigma(N(z))``, with autograd."""
        values, gain, offset = z.to(parameters.kernels.dtype), parameters.gain, parameters.offset
        if self.normalization == "instance":
            values = F.instance_norm(values, weight=gain, bias=offset)
        elif self.normalization == "layer":
            values = F.group_norm(values, 1, weight=gain, bias=offset)
        elif self.normalization == "batch":
            mean, variance = self.running if self.running is not None else (None, None)
            if self.training and not renew:
                mean = variance = None
            values = F.batch_norm(values, mean, variance, gain, offset, training=self.training)
        return _ACTIVATIONS[self.activation](values).to(z.dtype)
