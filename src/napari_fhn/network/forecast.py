"""How many bytes this implementation needs, before anything is allocated, and the largest block that fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.counting import in_words, kernel_values, padded, state_values

Optimiser = Literal["adam", "sgd", "none"]
Keep = Literal["nothing", "hidden", "states"]

_FLOAT = 4
_LABEL = 8
_MOMENTS: dict[str, int] = {"adam": 2, "sgd": 1, "none": 0}


@dataclass(frozen=True)
class WorkingSet:
    """What this implementation keeps at its peaks: the constants of the forecast that are measured, not counted.

    All but the last three count states of ``n`` channels on the whole block; their size is the same in every layer.

    Parameters
    ----------
    states_per_sweep : float
        In the backward sweep of the invertible network: two states and their two adjoints.
    states_stored : float
        Where every state is kept: beside the one of each layer, the first and what arrives at an adjoint.
    states_predicting : float
        In a forward sweep, which keeps nothing: two states.
    states_ordinary : float
        In the backward pass of the non-invertible equivalent, beside what it kept of every layer.
    layer : float
        What ``K^T`` gives before it is added: nothing where the convolution adds to its target by itself.
    hidden : float
        Hidden layers (``m`` channels, so ``m / n`` of a state) at once in the backward sweep, at the widest layer.
    hidden_predicting : float
        The same in a forward sweep.
    transform : float
        While the resolution changes in training, where hidden layers take less; in a prediction half.
    scores : float
        Arrays of classes times voxels in training: scores and what the loss makes of them.
    scores_predicting : float
        The same in prediction.
    slab : int
        Bytes: the most that changes its resolution at once.
    """

    states_per_sweep: float = 4.0
    states_stored: float = 2.0
    states_predicting: float = 2.0
    states_ordinary: float = 3.0
    layer: float = 0.0
    hidden: float = 2.0
    hidden_predicting: float = 1.0
    transform: float = 1.0
    scores: float = 3.0
    scores_predicting: float = 2.0
    slab: int = 1 << 19


WORKING_SET = WorkingSet()
"""On a CPU whose convolutions add to their target, which is every x86 build of torch."""

PORTABLE = WorkingSet(layer=1.0, transform=2.0, slab=1 << 30)
"""On other devices, where a convolution returns an array of its own."""

_POINTWISE = {"none": 2, "layer": 3, "batch": 3, "instance": 4}
"""Hidden layers that autograd makes for one layer's activation, by normalisation. Plain ReLU makes none."""


@dataclass(frozen=True)
class Forecast:
    """Memory of one training step, or of one prediction, in bytes.

    Parameters
    ----------
    states : int
        States and adjoints; for the non-invertible equivalent all that it keeps for its backward pass.
    kernels : int
        Kernels, biases, what a normalization learns, and the linear head.
    gradients, optimiser : int
        Of the kernels.
    workspace : int
        Hidden layers and resampled states while one layer is computed.
    data : int
        The block, its labels and its scores.
    """

    states: int
    kernels: int
    gradients: int
    optimiser: int
    workspace: int
    data: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.states + self.kernels + self.gradients + self.optimiser + self.workspace + self.data


def forecast(
    architecture: Architecture,
    block: Sequence[int],
    *,
    batch: int = 1,
    input_channels: int,
    classes: int,
    optimiser: Optimiser = "adam",
    invertible: bool = True,
    block_low_rank: bool = True,
    value_bytes: int = 4,
    training: bool = True,
    keep: Keep = "nothing",
    bfloat16: bool = False,
    working_set: WorkingSet = WORKING_SET,
) -> Forecast:
    """Forecast the memory of one training step, or of one prediction.

    Parameters
    ----------
    architecture : Architecture
        The network.
    block : sequence of int
        Voxels along its axes.
    batch : int
        Blocks at once.
    input_channels, classes : int
        Channels of the data and classes.
    optimiser : {"adam", "sgd", "none"}
        Keeps two numbers, one (momentum) or none for each weight.
    invertible : bool
        Recompute the states (section 2.1); False is the same network with everything kept for autograd.
    block_low_rank : bool
        Hold ``m n`` kernels in a layer; False is a layer of full rank, ``m = n``.
    value_bytes : int
        Of one number of a state: 2 (half precision), 4 or 8. Weights have at least 4.
    training : bool
        False for a prediction.
    keep : {"nothing", "hidden", "states"}
        What an invertible network keeps in training all the same, see
        :class:`~napari_fhn.network.hyperbolic.HyperbolicNetwork`.
    bfloat16 : bool
        Convolve in bfloat16: hidden layers take half, and what a convolution reads is rounded beside it.
    working_set : WorkingSet
        What the implementation keeps.

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError
        When the block does not go with the network.
    """
    state = value_bytes * batch * state_values(architecture, block)
    # A hidden layer as a part of a state.
    hidden = [
        layer.rank / n if block_low_rank else 1.0
        for layer, n in zip(architecture.layers, architecture.layer_channels, strict=True)
    ]
    half = 0.5 if bfloat16 else 1.0
    resamples = any(layer.resample != "keep" for layer in architecture.layers)
    if not training:
        states = working_set.states_predicting
    elif not invertible:
        # Autograd keeps the state of a layer, and its hidden layer before and after the activation.
        states = working_set.states_ordinary + len(hidden) + 2 * sum(hidden)
    elif keep == "states":
        states = working_set.states_stored + len(hidden) + half * sum(hidden)
    else:
        states = working_set.states_per_sweep + (half * sum(hidden) if keep == "hidden" else 0)
    plain = architecture.activation == "relu" and architecture.normalization == "none"
    if training:
        pointwise = 0 if plain else _POINTWISE[architecture.normalization]
        # Where states are kept, one of the two is. In arrays that stay there is room for an adjoint beside it.
        stays = working_set.layer == 0
        at_once = working_set.hidden + ((1 if stays else -1) if invertible and keep == "states" else 0)
    else:
        pointwise = 0 if plain else 1 + (architecture.normalization != "none")
        at_once = working_set.hidden_predicting
    widest = max(hidden)
    copies = 1.0 if training else 0.5  # no adjoint beside the state
    # A state on its way into K, or a hidden layer on its way into the gradient of K: those of state and adjoint where
    # arrays stay, else of one, when the other hidden layer has gone unless it is kept.
    staging = max(copies, 2 * copies * widest)
    if working_set.layer:
        staging = max(0.5, (half if keep == "nothing" else 1.0) * widest if training else 0)
    passing = ((at_once * half + pointwise) * widest + (staging if bfloat16 else 0)) * state
    adding = (1 + (training and not plain)) * half * widest + half * working_set.layer
    adding *= state if working_set.layer else 0
    changing = min(copies * working_set.transform * state, working_set.slab) if resamples else 0
    weights = max(value_bytes, _FLOAT) * _weights(architecture, classes, block_low_rank)
    return Forecast(
        states=round(states * state),
        kernels=weights,
        gradients=weights if training else 0,
        optimiser=_MOMENTS[optimiser] * weights if training else 0,
        workspace=round(max(passing, adding, changing)),
        data=_data(architecture, block, batch, input_channels, classes, training, working_set),
    )


def _weights(architecture: Architecture, classes: int, block_low_rank: bool) -> int:
    weights = sum(kernel_values(architecture, block_low_rank=block_low_rank))
    rows = sum(layer.rank for layer in architecture.layers) if block_low_rank else sum(architecture.layer_channels)
    normalized = architecture.normalization != "none"
    weights += rows * (architecture.bias + 2 * normalized)
    if architecture.reading.head == "linear":
        weights += classes * (architecture.layer_channels[-1] + 1)
    return weights


def _data(
    architecture: Architecture,
    block: Sequence[int],
    batch: int,
    input_channels: int,
    classes: int,
    training: bool,
    working_set: WorkingSet,
) -> int:
    voxels = batch * math.prod(block)
    read = voxels if architecture.reading.axis is None else voxels // block[architecture.reading.axis]
    scores = working_set.scores if training else working_set.scores_predicting
    labels = _LABEL * read if training else 0
    return round(_FLOAT * (input_channels * voxels + scores * classes * read)) + labels


def largest_block(
    architecture: Architecture,
    budget_bytes: int,
    *,
    survey: Sequence[int],
    proportions: Sequence[float] | None = None,
    batch: int = 1,
    input_channels: int,
    classes: int,
    optimiser: Optimiser = "adam",
    invertible: bool = True,
    block_low_rank: bool = True,
    value_bytes: int = 4,
    training: bool = True,
    working_set: WorkingSet = WORKING_SET,
) -> tuple[int, ...]:
    """Find the largest block that fits.

    Parameters
    ----------
    architecture : Architecture
        The network.
    budget_bytes : int
        Memory there is.
    survey : sequence of int
        Voxels of the survey along the network's axes; no block is longer.
    proportions : sequence of float, optional
        Wanted proportions of the block; None for those of a cube, until an axis of the survey ends.
    batch, input_channels, classes, optimiser, invertible, block_low_rank, value_bytes, training, working_set
        As in :func:`forecast`.

    Returns
    -------
    tuple of int
        Multiples of ``architecture.multiples``, or all of the survey along an axis.

    Raises
    ------
    ValueError
        When not even the smallest block fits; the message says what it needs.
    """
    padded(architecture, survey)  # says what is wrong with the survey
    wanted = tuple(proportions) if proportions is not None else (1.0,) * architecture.dimensions
    if len(wanted) != architecture.dimensions or min(wanted) <= 0:
        raise ValueError(f"the proportions {wanted} need one positive number for each axis of the network")

    def needs(block: Sequence[int]) -> int:
        return forecast(
            architecture,
            block,
            batch=batch,
            input_channels=input_channels,
            classes=classes,
            optimiser=optimiser,
            invertible=invertible,
            block_low_rank=block_low_rank,
            value_bytes=value_bytes,
            training=training,
            working_set=working_set,
        ).total

    cells = architecture.multiples
    smallest = tuple(min(size, cell) for size, cell in zip(survey, cells, strict=True))
    if needs(smallest) > budget_bytes:
        raise ValueError(
            f"the smallest block, {' x '.join(map(str, smallest))}, needs {in_words(needs(smallest))} and there are "
            f"{in_words(budget_bytes)}: take a network with fewer channels or smaller block ranks, or a smaller batch"
        )
    block = smallest
    while True:
        # Lengthen the axis that falls shortest of its part, or else another, as long as that fits.
        for axis in sorted(range(len(block)), key=lambda axis: block[axis] / wanted[axis]):
            longer = min(survey[axis], block[axis] + cells[axis])
            grown = (*block[:axis], longer, *block[axis + 1 :])
            if longer > block[axis] and needs(grown) <= budget_bytes:
                block = grown
                break
        else:
            return block
