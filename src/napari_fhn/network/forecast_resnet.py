"""How many bytes a symmetric ResNet needs, which keeps every state: before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_fhn.network.comparison import ResNetArchitecture
from napari_fhn.network.forecast import Forecast, Optimiser

_FLOAT, _LABEL, _INDEX = 4, 8, 8
_MOMENTS: dict[Optimiser, int] = {"adam": 2, "sgd": 1, "none": 0}

_WORKING = 3.0
"""States at once where the backward sweep is at its peak: the adjoint, what ``K^T`` makes of it, and their sum."""

_PREDICTING = 3.0
"""States at once in a forward sweep that keeps nothing: one, its next, and what ``K^T`` gives."""


def forecast_resnet(
    architecture: ResNetArchitecture,
    block: Sequence[int],
    *,
    batch: int = 1,
    input_channels: int,
    classes: int,
    optimiser: Optimiser = "adam",
    block_low_rank: bool = True,
    training: bool = True,
    scores: float = 3.0,
) -> Forecast:
    """Forecast the memory of one training step, or of one prediction.

    Parameters
    ----------
    architecture : ResNetArchitecture
        The network.
    block : sequence of int
        Voxels along its axes.
    batch : int
        Blocks at once.
    input_channels, classes : int
        Channels of the data and classes.
    optimiser : {"adam", "sgd", "none"}
        Keeps two numbers, one (momentum) or none for each weight.
    block_low_rank : bool
        Hold the rows of ``K`` that its block rank says; False for as many as there are channels.
    training : bool
        False for a prediction.
    scores : float
        Arrays of classes times voxels that scores and loss take.

    Returns
    -------
    Forecast
        ``states`` holds what autograd keeps: of each layer the state and the hidden layer, and of each pooling where
        the larger cells were.

    Raises
    ------
    ValueError
        When the block has not one positive size for each dimension of the network.
    """
    if len(block) != architecture.dimensions or min(block) < 1:
        raise ValueError(f"the block {tuple(block)} needs a size for each of {architecture.dimensions} axes")
    space = [-(-size // multiple) * multiple for size, multiple in zip(block, architecture.multiples, strict=True)]
    voxels = [
        batch * math.prod(size >> level for size, level in zip(space, levels, strict=True))
        for levels in architecture.levels
    ]
    taps, weights, kept, working, before = int(3**architecture.dimensions), 0, 0, 0.0, -1
    for layer in architecture.layers:
        rows = layer.rows if block_low_rank or not layer.symmetric else layer.columns
        weights += rows * (layer.columns * taps + 1)
        own = voxels[layer.stage]
        if layer.stage > before and architecture.stages[layer.stage].resample == "coarsen":
            # What went into the pooling, and for each cell of it which was the largest.
            fine = voxels[layer.stage - 1] if layer.stage else batch * math.prod(space)
            kept += layer.columns * (_FLOAT * fine + _INDEX * own)
        before = layer.stage
        kept += _FLOAT * own * layer.columns
        if layer.symmetric:
            kept += _FLOAT * own * rows
        at_once = (_WORKING if training else _PREDICTING) * layer.columns if layer.symmetric else layer.columns + rows
        working = max(working, own * at_once)
    if architecture.reading.head == "linear":
        weights += classes * (architecture.stage_channels[-1] + 1)
    everywhere = batch * math.prod(block)
    axis = architecture.reading.axis
    read = everywhere if axis is None else everywhere // block[axis]
    labels = _LABEL * read if training else 0
    return Forecast(
        states=kept if training else 0,
        kernels=_FLOAT * weights,
        gradients=_FLOAT * weights if training else 0,
        optimiser=_MOMENTS[optimiser] * _FLOAT * weights if training else 0,
        workspace=round(_FLOAT * working),
        data=round(_FLOAT * (input_channels * everywhere + (scores if training else 2) * classes * read)) + labels,
    )
