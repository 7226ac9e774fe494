"""Networks to compare a given hyperbolic network with: its levels and layers in another kind of network."""

from __future__ import annotations

from dataclasses import replace

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import ResNetArchitecture, Stage, UNetArchitecture


def _check_comparable(architecture: Architecture) -> None:
    if architecture.haar_lift or architecture.reading.axis is not None:
        raise ValueError(
            "the comparison networks take the data as they are and read classes everywhere: "
            "compare with a network without haar_lift that reads no single slice"
        )


def _resnet(architecture: Architecture, growth: int | None) -> ResNetArchitecture:
    _check_comparable(architecture)
    stages: list[Stage] = []
    for layer in architecture.layers:
        if stages and layer.resample == "keep":
            stages[-1] = replace(stages[-1], steps=stages[-1].steps + 1)
        else:
            stages.append(Stage(layer.resample, 1, layer.axes))
    return ResNetArchitecture(
        architecture.dimensions,
        architecture.channels,
        tuple(stages),
        h=architecture.h,
        growth=growth,
        context=architecture.context,
    )


def equivalent_resnet(architecture: Architecture) -> ResNetArchitecture:
    """Return a multi-level ResNet (eq. 1.21 of the paper) with the layers and the channels of a hyperbolic network.

    It has a layer for each layer of the hyperbolic network, at the same resolution, with as many channels and the same
    ``h``, but square ``K`` where that one has block rank ``m``, and relu without normalisation whatever that one has.
    The authors' public script ends at the coarsest level; this network refines again where the hyperbolic one does, so
    that both read the classes at one resolution. Those of the paper's Table 5 are ``named("paper.resnet1")`` and so on.

    Parameters
    ----------
    architecture : Architecture
        The hyperbolic network to compare with.

    Returns
    -------
    ResNetArchitecture

    Raises
    ------
    ValueError
        When the hyperbolic network is finer than its input somewhere, has a Haar lift, or reads a single slice.
    """
    return _resnet(architecture, None)


def slim_resnet(architecture: Architecture) -> ResNetArchitecture:
    """Return :func:`equivalent_resnet` with channels that double with each coarsening and do not grow by ``2**d``.

    States shrink on the way down, and the coarse levels' kernels fit ordinary memory.

    Parameters
    ----------
    architecture : Architecture
        The hyperbolic network to compare with.

    Returns
    -------
    ResNetArchitecture

    Raises
    ------
    ValueError
        As :func:`equivalent_resnet`.
    """
    return _resnet(architecture, 2)


def equivalent_unet(architecture: Architecture) -> UNetArchitecture:
    """Return a plain U-Net with the levels of a hyperbolic network and its channels at the input resolution.

    Parameters
    ----------
    architecture : Architecture
        The hyperbolic network to compare with.

    Returns
    -------
    UNetArchitecture

    Raises
    ------
    ValueError
        When the hyperbolic network has a Haar lift or reads a single slice.
    """
    _check_comparable(architecture)
    deepest = [0] * architecture.dimensions
    poolings = []
    for levels in architecture.layer_levels:
        deeper = tuple(axis for axis in range(architecture.dimensions) if levels[axis] > deepest[axis])
        if deeper:
            poolings.append(deeper)
            deepest = [max(pair) for pair in zip(levels, deepest, strict=True)]
    return UNetArchitecture(
        architecture.dimensions, architecture.channels, tuple(poolings), context=architecture.context
    )
