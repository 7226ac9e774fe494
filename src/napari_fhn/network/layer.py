r"""One leap: the symmetric layer added to a state, and on the way back its adjoint beside it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_fhn.network.convolution import Portable
from napari_fhn.network.symmetric import LayerParameters, Pointwise

Gradients = list[Tensor | None]


@dataclass(frozen=True)
class Room:
    """Where a layer may work. All is None for convolutions that make arrays of their own.

    Parameters
    ----------
    hidden : Tensor or None
        ``(batch, m, *space)`` for one hidden layer, twice the batch for that of a state and of an adjoint.
    staging : Tensor or None
        Flat, for the convolutions.
    """

    hidden: Tensor | None = None
    staging: Tensor | None = None


NO_ROOM = Room()


def add_layer(
    target: Tensor,
    state: Tensor,
    parameters: LayerParameters,
    pointwise: Pointwise,
    scale: float,
    convolutions: Portable,
    room: Room = NO_ROOM,
    *,
    older: Tensor | None = None,
    keep: bool = False,
    renew: bool = False,
) -> Tensor:
    r"""Add ``scale * f(state)`` to ``target``, or leap: write it and ``2 state - older`` there.

    Parameters
    ----------
    target, state : Tensor
        ``(batch, n, *space)``.
    parameters, pointwise
        The layer.
    scale : float
        In the leapfrog, ``-h**2``.
    convolutions : Portable
        Implementation.
    room : Room
        For one hidden layer.
    older : Tensor, optional
        ``(batch, n, *space)``; it may be the target itself. Without it nothing leaps.
    keep : bool
        Whether what is returned will be needed on the way back.
    renew : bool
        Renew running statistics of a normalisation.

    Returns
    -------
    Tensor
        With ``keep`` what :meth:`Pointwise.adjoint_` needs in place of ``z = K state + b``: ``z`` itself, and for the
        plain ReLU ``relu(z)``, which does as well.
    """
    relu = pointwise.is_relu
    z = convolutions.convolve(state, parameters.kernels, parameters.bias, room.hidden, room.staging, relu=relu)
    a = z if relu else _activated(z, parameters, pointwise, keep=keep, renew=renew)
    if older is None:
        convolutions.add_transposed(target, a, parameters.kernels, scale, room.staging)
    else:
        convolutions.leap(target, older, state, a, parameters.kernels, scale, room.staging)
    return z


def add_layer_with_adjoint(
    targets: tuple[Tensor | None, Tensor],
    state: Tensor,
    adjoint: Tensor,
    z: Tensor | None,
    parameters: LayerParameters,
    pointwise: Pointwise,
    scale: float,
    convolutions: Portable,
    *,
    leaps: bool = False,
    learns: bool = True,
) -> Gradients:
    r"""Add the layer to one target and the adjoint of its derivative to another, each in calls of its own.

    With ``z = K P + b`` at the state ``P`` and for the adjoint ``G``, ``scale * K^T a`` is added to the first target
    and ``scale * K^T (da/dz)^T K G`` to the second, ``a = sigma(N(z))``. For a plain ReLU at most two hidden layers, or
    one and what ``K^T`` gives, exist at once.

    Parameters
    ----------
    targets : tuple of Tensor
        ``(batch, n, *space)``; the first is None where the state is not needed.
    state, adjoint : Tensor
        ``P`` and ``G``.
    z : Tensor or None
        What :func:`add_layer` returned, overwritten; None to compute it again.
    parameters, pointwise, scale, convolutions
        As in :func:`add_layer`.
    leaps : bool
        The targets hold what is older than ``P`` and ``G``: ``2 P`` and ``2 G`` minus that is what is added to.
    learns : bool
        Whether the gradient of the kernels is wanted.

    Returns
    -------
    list of Tensor or None
        Gradients of ``<G, f(P)>``, not scaled, with respect to each of the parameters.
    """
    kernels = parameters.kernels
    if z is None:
        z = convolutions.convolve(state, kernels, parameters.bias, None, None)
    a = _activated(z, parameters, pointwise, keep=True)

    def add(target: Tensor, newer: Tensor, hidden: Tensor) -> None:
        if leaps:
            convolutions.leap(target, target, newer, hidden, kernels, scale, None)
        else:
            convolutions.add_transposed(target, hidden, kernels, scale, None)

    if targets[0] is not None:
        add(targets[0], state, a)
    gradient = convolutions.kernel_gradient(a, adjoint, kernels, None) if learns else None
    del a
    back = convolutions.convolve(adjoint, kernels, None, None, None)
    gradients = pointwise.adjoint_(z, back, parameters)
    del z
    add(targets[1], adjoint, back)
    if gradient is not None:
        gradient.add_(convolutions.kernel_gradient(back, state, kernels, None))
    return [gradient, *gradients]


def add_stacked_layer_with_adjoint(
    targets: Tensor,
    pair: Tensor,
    at_state: int,
    z: Tensor | None,
    parameters: LayerParameters,
    pointwise: Pointwise,
    scale: float,
    convolutions: Portable,
    room: Room,
    *,
    learns: bool = True,
) -> Gradients:
    r"""Do what :func:`add_layer_with_adjoint` does, with state and adjoint as one batch wherever that can be.

    Parameters
    ----------
    targets : Tensor
        ``(2 * batch, n, *space)``, in the *opposite* order of ``pair``: where ``pair`` has the state, ``targets`` has
        what the adjoint is added to. Then one call makes both ``K^T``, and one the gradient of ``K``, which is made of
        ``a`` with ``G`` and of ``(da/dz)^T K G`` with ``P``.
    pair : Tensor
        ``(2 * batch, n, *space)``: state and adjoint.
    at_state : {0, 1}
        Which half of ``pair`` is the state.
    room : Room
        For the hidden layers of both.
    z, parameters, pointwise, scale, convolutions, learns
        As in :func:`add_layer_with_adjoint`.

    Returns
    -------
    list of Tensor or None
        As from :func:`add_layer_with_adjoint`.
    """
    assert room.hidden is not None
    kernels, batch = parameters.kernels, pair.shape[0] // 2
    states, hiddens = torch.split(pair, batch), torch.split(room.hidden, batch)
    a, back = hiddens[1 - at_state], hiddens[at_state]
    if z is None:
        convolutions.convolve(states[at_state], kernels, parameters.bias, a, room.staging)
    else:
        a.copy_(z)
    convolutions.convolve(states[1 - at_state], kernels, None, back, room.staging)
    gradients = pointwise.adjoint_(a, back, parameters)
    convolutions.add_transposed(targets, room.hidden, kernels, scale, room.staging)
    gradient = convolutions.kernel_gradient(room.hidden, pair, kernels, room.staging) if learns else None
    return [gradient, *gradients]


def layer_adjoint(
    pair: Tensor,
    z: Tensor,
    parameters: LayerParameters,
    pointwise: Pointwise,
    convolutions: Portable,
    room: Room = NO_ROOM,
    *,
    learns: bool = True,
) -> tuple[Tensor, Gradients]:
    r"""Take the adjoint of a layer whose state and hidden layer are there, but for the last ``K^T``.

    Parameters
    ----------
    pair : Tensor
        ``(2 * batch, n, *space)``: the state ``P``, then the adjoint ``G``.
    z : Tensor
        What :func:`add_layer` returned, overwritten.
    room : Room
        For two hidden layers, of which ``z`` is the second.
    parameters, pointwise, convolutions, learns
        As in :func:`add_layer_with_adjoint`.

    Returns
    -------
    back : Tensor
        ``(da/dz)^T K G``.
    gradients : list of Tensor or None
        As from :func:`add_layer_with_adjoint`.
    """
    kernels = parameters.kernels
    state, adjoint = torch.split(pair, pair.shape[0] // 2)
    place = None if room.hidden is None else room.hidden[: len(z)]
    back = convolutions.convolve(adjoint, kernels, None, place, room.staging)
    gradients = pointwise.adjoint_(z, back, parameters)
    gradient = None
    if learns and room.hidden is not None:
        gradient = convolutions.kernel_gradient(room.hidden, pair, kernels, room.staging)
    elif learns:
        gradient = convolutions.kernel_gradient(z, adjoint, kernels, None)
        gradient.add_(convolutions.kernel_gradient(back, state, kernels, None))
    return back, [gradient, *gradients]


def _activated(
    z: Tensor, parameters: LayerParameters, pointwise: Pointwise, *, keep: bool, renew: bool = False
) -> Tensor:
    if keep and not pointwise.is_relu:
        return pointwise.evaluate(z, parameters, renew=renew)
    pointwise.apply_(z, parameters, renew=renew)
    return z
