"""Whether a trained network can be applied to another survey, in words and before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from napari_fhn.sentence import counted
from napari_fhn.training.errors import JobError
from napari_fhn.training.job import Axis
from napari_fhn.training.models.description import Description, Normalisation

_LENGTHS = {"m": 1.0, "metre": 1.0, "km": 1000.0, "ft": 0.3048, "cm": 0.01}
_TIMES = {"ms": 1.0, "s": 1000.0, "us": 0.001}
_WAVES = {"nm": 1.0, "um": 1000.0, "µm": 1000.0}

_SAME_STEP = 0.01
"""Relative difference of two steps along time or depth that makes no difference."""

_SAME_SPACING = 0.2
"""The same along the other axes."""

_SAME_VALUES = 3.0
"""Factor between the ranges of two surveys that makes no difference."""


@dataclass(frozen=True)
class Target:
    """A survey that a network is to be applied to, as its inputs are staged.

    Parameters
    ----------
    channels : int
        Channels of all inputs together.
    shape : tuple of int
        Of space, with the axis that a map lacks.
    vertical_axis : int or None
        Spatial axis of two-way time or depth; None where there is none.
    axes : tuple of Axis
        What the voxel numbers of each spatial axis mean; empty where that is not known.
    names : tuple of str
        What the person calls the inputs, or their bands; empty where nobody named them.
    normalisation : Normalisation or None
        As it would be fitted to these inputs; None where nobody looked.
    labelled : bool
        Whether there are labels on it, for a network that is told what the nearest ones say.
    """

    channels: int
    shape: tuple[int, ...]
    vertical_axis: int | None = None
    axes: tuple[Axis, ...] = ()
    names: tuple[str, ...] = ()
    normalisation: Normalisation | None = None
    labelled: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether a network can be applied to a survey.

    Parameters
    ----------
    refusals : tuple of str
        Why it cannot; empty where it can. Sentences for a person.
    warnings : tuple of str
        What makes it doubtful.
    """

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def applies(self) -> bool:
        """Whether it can be applied at all."""
        return not self.refusals

    def insist(self) -> tuple[str, ...]:
        """Return the warnings.

        Raises
        ------
        JobError
            Where the network cannot be applied; the message says why.
        """
        if self.refusals:
            raise JobError("the network cannot be applied to this survey: " + "; ".join(self.refusals))
        return self.warnings


def check_applies(network: Description, target: Target) -> Verdict:
    """Say whether a trained network can be applied to a survey.

    Parameters
    ----------
    network : Description
        As :func:`napari_fhn.training.models.description.read` gives it.
    target : Target
        The survey.

    Returns
    -------
    Verdict
        It is refused where the numbers of channels or axes do not go together, or where what they mean is known to be
        something else; it is doubtful where the survey is sampled or scaled otherwise than the one it learnt from.
    """
    refusals = [*_space(network, target), *_vertical(network, target), *_channels(network, target)]
    if network.framing.neighbours and not target.labelled:
        refusals.append(
            "it is told what the nearest labels say, and there are none of its classes on this survey: label some, or "
            "train a network by a recipe without neighbours"
        )
    if not refusals and _input_channels(network, target) != network.input_channels:
        refusals.append(
            f"it takes {counted(network.input_channels, 'channels')} with what it is told of the place, "
            "and this survey gives it "
            f"{_input_channels(network, target)}"
        )
    return Verdict(tuple(refusals), (*_sampling(network, target), *_names(network, target), *_values(network, target)))


def _space(network: Description, target: Target) -> list[str]:
    ndim, dimensions = len(target.shape), network.architecture.dimensions
    learnt = len(network.axes) or None
    if ndim < dimensions:
        return [f"it is a {dimensions}D network, and this survey has {counted(ndim, 'spatial axes')}"]
    if dimensions == 2 and ndim == 3 and network.framing.vertical_axis is None:
        return ["it was trained on a map, and this survey is a volume: take a horizon slice of it, or another network"]
    if learnt is not None and learnt != ndim:
        return [
            f"it was trained on a survey with {counted(learnt, 'spatial axes')} "
            f"({_listed([axis.name for axis in network.axes])}), "
            f"and this one has {ndim}"
        ]
    map_axis = network.framing.map_axis
    if map_axis is not None and ndim != 3:
        return [
            f"it reads a map from a cube along axis {map_axis}, and this survey has {counted(ndim, 'spatial axes')}"
        ]
    return []


def _vertical(network: Description, target: Target) -> list[str]:
    learnt, here = network.framing.vertical_axis, target.vertical_axis
    ndim = len(target.shape)
    if learnt is None and here is None:
        return []
    if here is None:
        return ["it was trained where one axis is time or depth, and none of this survey is: say which one is vertical"]
    if learnt is None:
        return ["it was trained where no axis is time or depth, as on a map, and this survey has a vertical one"]
    if learnt % ndim != here % ndim:
        return [
            f"time or depth is its axis {learnt} and axis {here} of this survey: bring the axes into the same order"
        ]
    one, other = _axis(network.axes, learnt), _axis(target.axes, here)
    if one is not None and other is not None and {_domain(one), _domain(other)} == {"time", "depth"}:
        return [
            f"it was trained in {_domain(one)} and this survey is in {_domain(other)}: convert one of them, or train "
            "a network on this one"
        ]
    return []


def _channels(network: Description, target: Target) -> list[str]:
    centres, map_axis = len(network.normalisation.centre), network.framing.map_axis
    if map_axis is None:
        if centres != target.channels:
            return [
                f"it was trained on {counted(centres, 'channels')}{_called(network.inputs)} and this survey has "
                f"{counted(target.channels, 'channels')}{_called(target.names)}: choose the inputs that it was "
                "trained on"
            ]
    elif len(target.shape) == 3:
        bands = target.shape[map_axis] * target.channels
        if centres != bands:
            return [f"it was trained on {counted(centres, 'bands')} and this survey has {bands}"]
    same = len(network.inputs) == len(target.names) > 1 and sorted(network.inputs) == sorted(target.names)
    if same and network.inputs != target.names:
        return [
            f"its inputs are, in this order, {', '.join(network.inputs)}, and here they are {_listed(target.names)}"
        ]
    return []


def _input_channels(network: Description, target: Target) -> int:
    """Return what the network would be given, as :class:`~napari_fhn.training.data.frame.Frame` counts it."""
    framing, ndim = network.framing, len(target.shape)
    sections = network.architecture.dimensions == 2 and ndim == 3
    seen = target.channels * (2 * network.architecture.context + 1 if sections else 1)
    placed = {"none": 0, "vertical": int(framing.vertical_axis is not None)}.get(
        framing.position, ndim - (framing.map_axis is not None)
    )
    return seen + placed + (len(network.classes) + 1 if framing.neighbours else 0)


def _sampling(network: Description, target: Target) -> list[str]:
    if len(network.axes) != len(target.axes):
        return []
    found = []
    for number, (one, other) in enumerate(zip(network.axes, target.axes, strict=True)):
        vertical = target.vertical_axis is not None and number == target.vertical_axis % len(target.shape)
        if vertical and "" in (_domain(one), _domain(other)) and one.name != other.name:
            found.append(
                f"it was trained where the vertical axis is {one.name!r} and here it is {other.name!r}: whether both "
                "are time, or both depth, is not known"
            )
            continue
        a, b = _in_common(one), _in_common(other)
        if a is None or b is None or a[0] != b[0] or not a[1] or not b[1]:
            continue  # survey numbers, or units that do not compare
        ratio = abs(b[1] / a[1])
        if abs(math.log(ratio)) > (_SAME_STEP if vertical else _SAME_SPACING):
            found.append(
                f"it was trained at {_number(abs(one.step))} {one.unit} along {one.name}, and this survey is sampled "
                f"at {_number(abs(other.step))} {other.unit}: to it everything looks {_number(1 / ratio)} times as "
                "long; resample the survey, or train the network on it"
            )
        if vertical and network.framing.position != "none":
            begin, here = one.first * a[1] / one.step, other.first * b[1] / other.step
            if abs(begin - here) > 10 * abs(a[1]):
                found.append(
                    f"it was told where a voxel lies from the first sample to the last; its first was at "
                    f"{_number(one.first)} {one.unit} and that of this survey is at {_number(other.first)} {other.unit}"
                )
    return found


def _names(network: Description, target: Target) -> list[str]:
    """Return what is doubtful of the names; that of a single input is that of its survey, and another one always."""
    if len(network.inputs) != len(target.names) or len(target.names) < 2:
        return []
    if sorted(network.inputs) == sorted(target.names):
        return []
    pairs = [f"{here} for {there}" for there, here in zip(network.inputs, target.names, strict=True) if there != here]
    return [f"the inputs have other names than those it was trained on: it takes {_listed(pairs)}"]


def _values(network: Description, target: Target) -> list[str]:
    one, other = network.normalisation, target.normalisation
    if other is None or len(one.scale) != len(other.scale):
        return []
    ratios = sorted(b / a for a, b in zip(one.scale, other.scale, strict=True) if a > 0 and b > 0)
    if not ratios:
        return []
    ratio = ratios[len(ratios) // 2]
    if 1 / _SAME_VALUES <= ratio <= _SAME_VALUES:
        return []
    return [
        f"the values of this survey spread {_number(ratio)} times as far as those it was trained on, and it scales "
        "them as it did there: scale the survey, or train the network on it"
    ]


def _axis(axes: Sequence[Axis], number: int) -> Axis | None:
    return axes[number] if -len(axes) <= number < len(axes) else None


def _domain(axis: Axis) -> str:
    """Return ``"time"`` or ``"depth"``, or nothing where an axis counts samples or is something else."""
    if axis.name == "twt" or axis.unit in _TIMES:
        return "time"
    return "depth" if axis.name == "depth" or axis.unit in _LENGTHS else ""


def _in_common(axis: Axis) -> tuple[str, float] | None:
    """Return the kind of an axis' unit, and its step in the common unit of that kind."""
    for kind, units in (("time", _TIMES), ("length", _LENGTHS), ("wavelength", _WAVES)):
        if axis.unit in units and axis.step:
            return kind, axis.step * units[axis.unit]
    return None


def _called(names: Sequence[str]) -> str:
    return f" ({_listed(names)})" if len(names) > 1 else ""


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:8])
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")


def _number(value: float) -> str:
    return f"{value:.3g}"
