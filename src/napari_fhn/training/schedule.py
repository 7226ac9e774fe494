"""A Schedule: how to train, as plain numbers that go with any data."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from napari_fhn.network.bounds import at_most
from napari_fhn.training.errors import JobError, decoded
from napari_fhn.training.objective import Objective

Optimiser = Literal["adamw", "adam", "sgd"]
Decay = Literal["cosine", "step", "constant"]
Precision = Literal["float32", "bfloat16", "auto"]
Keep = Literal["auto", "states", "hidden", "nothing"]

_LONGEST = 1_000_000
"""Voxels of a block along an axis."""

_MOST: dict[str, float] = {
    "steps": 10**9,
    "batch": 4096,
    "accumulate": 4096,
    "learning_rate": 100.0,
    "weight_decay": 1000.0,
    "decay_every": 10**9,
    "warmup": 10**9,
    "gradient_norm": 1e9,
    "patience": 10**9,
    "enough": 1e9,
    "shear": 1000.0,
    "shift": 1e6,
    "noise": 1e6,
    "seed": 2**63 - 1,
}
"""The largest numbers that say anything; beyond them a training would overflow, or never end."""


@dataclass(frozen=True)
class Schedule:
    """How to train.

    Parameters
    ----------
    steps : int
        Optimiser steps.
    batch : int
        Blocks in each step.
    accumulate : int
        Parts in which a step sees its blocks, one after the other; their gradients add up. A step of as many parts as
        blocks needs the memory of one block and learns what the whole batch teaches. More than there are blocks are as
        many as there are. What goes over a batch as a whole goes over each part: batch normalisation, the losses Dice
        and Lovasz, and what is known without labels.
    block : tuple of int
        Largest block, in voxels, along the axes of the network (for 2D sections of a volume: trace, sample).
    learning_rate : float
        Of the first step after the warm-up; relative to the size of the weights, as in
        ``HyperbolicNetwork.parameter_groups``.
    weight_decay : float
        Decoupled decay with ``"adamw"``, else the factor of a quadratic penalty.
    optimiser : {"adamw", "adam", "sgd"}
        Adam with decoupled decay, Adam, or stochastic gradient descent with momentum.
    momentum : float
        Of ``"sgd"``; 0 for none.
    decay : {"cosine", "step", "constant"}
        How the rate falls: to zero along half a cosine, by ``decay_factor`` every ``decay_every`` steps, or not.
    decay_every : int
        Steps between two falls of ``"step"``.
    decay_factor : float
        What the rate is multiplied with at each of them, above 0 and at most 1.
    warmup : int
        Steps in which the rate rises from zero.
    gradient_norm : float
        A gradient with a larger norm is shortened to this; 0 leaves it as it is.
    average : float
        Decay of the exponential average of the weights, which then is what predicts, is scored and is saved; 0 for the
        weights of the last step. Among the first steps the average reaches less far back.
    patience : int
        Scores of the held-out labels in a row without a better one after which training ends, with the weights of the
        best; 0 trains all steps and keeps the last.
    enough : float
        Loss below which nothing is left to learn: training ends when that of the last 20 steps is (their median); 0
        trains all steps.
    shear : float
        Structural augmentation, in samples per trace: the largest random dip added to a block and its labels alike. The
        network then cannot learn columns by heart and has to read the seismic. Ignored without a vertical axis.
    shift : float
        Largest random vertical shift of a block, in samples.
    noise : float
        Standard deviation of noise added to the normalised data, relative to 1.
    flips : tuple of int or None
        Axes of the network along which a block is turned round half of the time; None for all but the vertical one.
    permute : tuple of int
        Axes of the network that change places at random: ``(0, 1)`` swaps inlines and crosslines of a volume, or rows
        and columns of a map, half of the time. Empty for none.
    labels_share : float
        Share of the labelled voxels of its blocks that a step learns from, drawn anew each time, above 0 and at most 1.
    focus_share : float
        Share of the blocks drawn from the labels nearest to the section in view.
    pseudo_labels : float
        Share of the blocks that are drawn where nobody labelled, and learnt from by what a prediction without the
        network says there (:mod:`~napari_fhn.training.combination.teaching`); 0 for none. Ignored where that has no
        pretrained features, as without a vertical axis.
    seed : int
        Of every random choice.
    precision : {"float32", "bfloat16", "auto"}
        Of the convolutions of a hyperbolic network; states are float32 always. ``"auto"`` takes bfloat16 where the
        device gains by it, which a short timing tells.
    keep : {"auto", "states", "hidden", "nothing"}
        What a hyperbolic network keeps in memory of its way forward: of eight convolutions in a layer ``"states"``
        leaves six and ``"hidden"`` seven, ``"nothing"`` needs the same memory at any depth. ``"auto"`` takes the first
        of them that needs no more than a quarter of the free memory.
    objective : Objective
        What is minimised.

    Raises
    ------
    JobError
        When a word is unknown or a number out of range; the message names it.
    """

    steps: int = 200
    batch: int = 2
    accumulate: int = 1
    block: tuple[int, ...] = (256, 256)
    learning_rate: float = 1e-2
    weight_decay: float = 1e-3
    optimiser: Optimiser = "adamw"
    momentum: float = 0.9
    decay: Decay = "cosine"
    decay_every: int = 100
    decay_factor: float = 0.5
    warmup: int = 0
    gradient_norm: float = 1.0
    average: float = 0.0
    patience: int = 0
    enough: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    noise: float = 0.0
    flips: tuple[int, ...] | None = None
    permute: tuple[int, ...] = ()
    labels_share: float = 1.0
    focus_share: float = 0.0
    pseudo_labels: float = 0.0
    seed: int = 0
    precision: Precision = "float32"
    keep: Keep = "auto"
    objective: Objective = field(default_factory=Objective)

    def __post_init__(self) -> None:
        # JSON hands back lists: normalise here so that schedules always compare by value.
        object.__setattr__(self, "block", tuple(_whole("block", size) for size in self.block))
        for name in ("steps", "batch", "accumulate", "decay_every", "warmup", "patience", "seed"):
            object.__setattr__(self, name, _whole(name, getattr(self, name)))
        for one in fields(self):
            if one.type == "float":
                _number(one.name, getattr(self, one.name))
        if self.flips is not None:
            object.__setattr__(self, "flips", _axes("flips", self.flips, len(self.block)))
        object.__setattr__(self, "permute", _axes("permute", self.permute, len(self.block)))
        if min(self.steps, self.batch, self.accumulate, *self.block) < 1:
            raise JobError("steps, batch, accumulate and block sizes must be at least 1")
        if self.decay_every < 1:
            raise JobError(f"the rate falls every so many steps, at least 1; got decay_every={self.decay_every}")
        _one_of("precision", self.precision, Precision)
        _one_of("keep", self.keep, Keep)
        _one_of("optimiser", self.optimiser, Optimiser)
        _one_of("decay", self.decay, Decay)
        for name in ("learning_rate", "decay_factor", "labels_share"):
            if not getattr(self, name) > 0:
                raise JobError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("weight_decay", "warmup", "gradient_norm", "patience", "enough", "shear", "shift", "noise"):
            if not getattr(self, name) >= 0:
                raise JobError(f"{name} must not be below 0, got {getattr(self, name)}")
        for name in ("momentum", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise JobError(f"{name} must be at least 0 and below 1, got {getattr(self, name)}")
        for name in ("decay_factor", "labels_share"):
            if getattr(self, name) > 1:
                raise JobError(f"{name} must be at most 1, got {getattr(self, name)}")
        for name in ("focus_share", "pseudo_labels"):
            if not 0 <= getattr(self, name) <= 1:
                raise JobError(f"{name} must be between 0 and 1, got {getattr(self, name)}")
        if self.seed < 0:
            raise JobError(f"seed must not be below 0, got {self.seed}")
        try:
            for name, most in _MOST.items():
                at_most(name, getattr(self, name), most)
            for size in self.block:
                at_most("a block size", size, _LONGEST)
        except ValueError as error:
            raise JobError(str(error)) from None

    @property
    def at_once(self) -> int:
        """The most blocks that are in memory at once."""
        return -(-self.batch // min(self.accumulate, self.batch))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Schedule:
        """Rebuild a schedule from plain JSON types.

        Raises
        ------
        JobError
            When a value is of another type or out of its range, or a part is not known to this version.
        """
        return decoded(cls, data)


def _one_of(name: str, value: str, known: Any) -> None:
    *first, last = get_args(known)
    if value not in (*first, last):
        raise JobError(f"the {name} can be {', '.join(first)} or {last}, not {value!r}")


def _whole(name: str, value: Any) -> int:
    """Return a number of things as Python counts; numpy's counts are others, and 10.5 is none."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise JobError(f"{name} is {value!r:.60}: a whole number is expected") from None


def _number(name: str, value: Any) -> None:
    """Refuse what is no number, such as the ``nan`` or ``inf`` of a person, which JSON does not know."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise JobError(f"{name} is {value!r:.60}: a number is expected")


def _axes(name: str, axes: tuple[int, ...], dimensions: int) -> tuple[int, ...]:
    found = tuple(_whole(name, axis) for axis in axes)
    if len(set(found)) < len(found) or not set(found) <= set(range(dimensions)):
        raise JobError(
            f"{name} names axes of a {dimensions}D network from 0 to {dimensions - 1}, each once: got {axes}"
        )
    return found
