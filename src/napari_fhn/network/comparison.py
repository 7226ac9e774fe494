"""Networks to compare the hyperbolic one with, as plain data: multi-level ResNets and a U-Net (without torch).

All networks share what training and prediction ask of a description: ``dimensions``, ``channels``, ``context``,
``multiples``, ``output_levels``, ``receptive_radius``, ``to_dict`` and ``from_dict``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from napari_fhn.network.architecture import Architecture, Initial, Resample, check_initial
from napari_fhn.network.bounds import MOST_CHANNELS, MOST_COARSE, MOST_H, MOST_LAYERS, MOST_LEVELS, at_most
from napari_fhn.network.readings import Reading, check_reading
from napari_fhn.record import decode


def _every_axis(dimensions: int) -> tuple[int, ...]:
    return tuple(range(dimensions))


def _check(dimensions: int, channels: int, context: int) -> None:
    if dimensions not in (2, 3):
        raise ValueError(f"a network has 2 or 3 spatial dimensions, not {dimensions}")
    if channels < 1:
        raise ValueError(f"a network needs at least one channel, got {channels}")
    at_most("the number of channels", channels, MOST_CHANNELS)
    at_most("the number of neighbouring sections on each side", context, MOST_CHANNELS)
    if context < 0:
        raise ValueError(f"there cannot be {context} neighbouring sections")
    if context and dimensions == 3:
        raise ValueError("neighbouring sections are channels of a 2D network; a 3D one sees them anyway")


def _check_axes(axes: tuple[int, ...], dimensions: int, place: str) -> None:
    if not axes or len(set(axes)) < len(axes) or not set(axes) <= set(range(dimensions)):
        raise ValueError(f"{place} changes the axes {axes}: name some of {_every_axis(dimensions)}, each once")


@dataclass(frozen=True)
class Stage:
    """Layers of a ResNet at one resolution.

    Parameters
    ----------
    resample : {"keep", "coarsen", "refine"}
        Change of resolution before the layers: none, max pooling over two cells, or each cell repeated twice.
    steps : int
        Layers.
    axes : tuple of int, optional
        Spatial axes that change; all of them when None.
    rank : int, optional
        Block rank: the rows of ``K`` in each symmetric layer. None for as many as there are channels.
    channels : int, optional
        Channels of the stage; None for as many as ``growth`` says.
    """

    resample: Resample
    steps: int
    axes: tuple[int, ...] | None = None
    rank: int | None = None
    channels: int | None = None

    def __post_init__(self) -> None:
        if self.axes is not None:
            object.__setattr__(self, "axes", tuple(self.axes))
        if self.resample not in get_args(Resample):
            raise ValueError(f"a stage can {', '.join(get_args(Resample))}, not {self.resample!r}")
        if self.steps < 1:
            raise ValueError(f"a stage has at least one layer, not {self.steps}")
        at_most("the number of layers of a stage", self.steps, MOST_LAYERS)
        for what, number in (("the block rank", self.rank), ("the number of channels", self.channels)):
            if number is not None:
                if number < 1:
                    raise ValueError(f"{what} of a stage must be at least 1, got {number}")
                at_most(what, number, MOST_COARSE)


class ResNetLayer(NamedTuple):
    """One layer of a ResNet.

    Parameters
    ----------
    stage : int
        Its stage, counted from 0.
    rows, columns : int
        Of ``K``: kernels that it holds along each.
    symmetric : bool
        Whether it is ``Y - h K^T relu(K Y + b)``, and not the plain convolution that changes the channels.
    """

    stage: int
    rows: int
    columns: int
    symmetric: bool


@dataclass(frozen=True)
class ResNetArchitecture:
    """The symmetric multi-level ResNet of appendix A.1 as data.

    At constant channels a layer is ``Y_{j+1} = Y_j - h K_j^T relu(K_j Y_j + b_j)`` (eq. 1.21) with as many rows in
    ``K`` as columns, or as the stage's block rank says; the first layer after a change of channels is a plain
    convolution and relu. Max pooling leads down. As in the public script that goes with the paper, a network may end at
    the coarse end, and its scores are interpolated. Stages that refine lead up again, without skip connections.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes of the state.
    channels : int
        Channels of the state at the input resolution.
    stages : tuple of Stage
        The layers, resolution by resolution.
    h : float
        Step.
    growth : int or None
        Channels are ``channels * growth**level``, where ``level`` counts the halvings of the axis halved most. None
        for two per halving of each axis, ``2**d`` per coarsening: as many as ``W`` gives to the hyperbolic network.
    context : int
        Only for ``dimensions == 2`` on a volume: neighbouring sections on each side that enter as channels.
    reading : Reading
        How classes are read from the last state: a linear map of its channels to begin with.
    initial : {"unit", "glorot"}
        As in :class:`~napari_fhn.network.architecture.Architecture`; of the symmetric layers.
    kind : str
        ``"resnet"``.

    Raises
    ------
    ValueError
        When a stage is finer than the input, or a number is out of range.
    """

    dimensions: int
    channels: int
    stages: tuple[Stage, ...]
    h: float = 1.0
    growth: int | None = None
    context: int = 0
    reading: Reading = field(default_factory=lambda: Reading(head="linear"))
    initial: Initial = "unit"
    # A field, so that it is in `asdict` of whatever holds the description.
    kind: Literal["resnet"] = field(default="resnet", init=False)

    def __post_init__(self) -> None:
        _check(self.dimensions, self.channels, self.context)
        if not self.stages:
            raise ValueError("a ResNet needs at least one stage")
        if self.h <= 0:
            raise ValueError(f"the step h must be positive, got {self.h}")
        at_most("the step h", self.h, MOST_H)
        if self.growth is not None and self.growth < 1:
            raise ValueError(
                f"channels grow by a factor of at least 1, or None for 2 per halved axis; got {self.growth}"
            )
        for number, stage in enumerate(self.stages, 1):
            if stage.axes is not None:
                _check_axes(stage.axes, self.dimensions, f"stage {number}")
        for number, levels in enumerate(self.levels, 1):
            if min(levels) < 0:
                raise ValueError(f"stage {number} is finer than the input: coarsen before refining")
            at_most("the number of halvings of the resolution", max(levels), MOST_LEVELS)
        for number, channels in enumerate(self.stage_channels, 1):
            at_most(f"the number of channels in stage {number}", channels, MOST_COARSE)
        check_reading(self.reading, self.dimensions, self.stage_channels[-1])
        check_initial(self.initial)

    def changed_axes(self, stage: Stage) -> tuple[int, ...]:
        """Return the spatial axes whose resolution changes before a stage."""
        if stage.resample == "keep":
            return ()
        return _every_axis(self.dimensions) if stage.axes is None else stage.axes

    @property
    def levels(self) -> tuple[tuple[int, ...], ...]:
        """Halvings in force along each axis, in each stage."""
        change = {"keep": 0, "coarsen": 1, "refine": -1}
        levels, now = [], [0] * self.dimensions
        for stage in self.stages:
            for axis in self.changed_axes(stage):
                now[axis] += change[stage.resample]
            levels.append(tuple(now))
        return tuple(levels)

    @property
    def stage_channels(self) -> tuple[int, ...]:
        """Channels in each stage."""
        grown = [
            int(2 ** sum(levels)) if self.growth is None else int(self.growth ** max(levels)) for levels in self.levels
        ]
        return tuple(
            self.channels * factor if stage.channels is None else stage.channels
            for stage, factor in zip(self.stages, grown, strict=True)
        )

    @property
    def layers(self) -> tuple[ResNetLayer, ...]:
        """The layers in order."""
        found, before = [], self.channels
        for number, (stage, n) in enumerate(zip(self.stages, self.stage_channels, strict=True)):
            for _ in range(stage.steps):
                symmetric = before == n
                rows = (stage.rank or n) if symmetric else n
                found.append(ResNetLayer(number, rows, before, symmetric))
                before = n
        return tuple(found)

    @property
    def output_levels(self) -> tuple[int, ...]:
        """Halvings in force along each axis at the end, all 0 where the output has the resolution of the input."""
        return self.levels[-1]

    @property
    def multiples(self) -> tuple[int, ...]:
        """Voxels along each axis in the coarsest cell; other sizes are padded by the network and its scores cropped."""
        return tuple(int(2 ** max(0, *levels)) for levels in zip(*self.levels, strict=True))

    @property
    def receptive_radius(self) -> int:
        """Voxels, at the input resolution and along the axis that reaches farthest, that a score depends on."""
        radius, before, channels = [0] * self.dimensions, (0,) * self.dimensions, self.channels
        for stage, levels, n in zip(self.stages, self.levels, self.stage_channels, strict=True):
            # K and K^T reach one cell each, the convolution that changes channels reaches one.
            reach = 2 * stage.steps - (n != channels)
            for axis, (level, previous) in enumerate(zip(levels, before, strict=True)):
                radius[axis] += reach * 2**level + max(0, 2**previous - 2**level)
            before, channels = levels, n
        # Interpolation reads the cell next to the one that the voxel lies in.
        return max(
            r + (2 ** (level + 1) - 1 if level else 0) for r, level in zip(radius, self.output_levels, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, with ``kind``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ResNetArchitecture:
        """Rebuild from :meth:`to_dict`."""
        return decode(cls, data)


@dataclass(frozen=True)
class UNetArchitecture:
    """A plain U-Net as data.

    At each level two 3x3 (3x3x3) convolutions with relu; max pooling leads down, repeated cells lead up, and what the
    way down had at a level joins the way up as channels. The output has the resolution of the input.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes.
    channels : int
        Channels at the input resolution; they double with each pooling.
    poolings : tuple of tuple of int
        Spatial axes that each pooling halves, finest first; ``((0, 1), (0, 1))`` for three levels in 2D.
    groups : int
        Groups of the group norm after each convolution (fewer where they do not divide the channels), 0 for none. A
        norm removes the mean over a block, and with it part of where a block lies along the vertical axis.
    context : int
        Only for ``dimensions == 2`` on a volume: neighbouring sections on each side that enter as channels.
    kind : str
        ``"unet"``.

    Raises
    ------
    ValueError
        When a pooling names an axis that is not there, or a number is out of range.
    """

    dimensions: int
    channels: int
    poolings: tuple[tuple[int, ...], ...]
    groups: int = 0
    context: int = 0
    kind: Literal["unet"] = field(default="unet", init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "poolings", tuple(tuple(axes) for axes in self.poolings))
        _check(self.dimensions, self.channels, self.context)
        if self.groups < 0:
            raise ValueError(f"a norm has groups of channels, or 0 for no norm; got {self.groups}")
        for number, axes in enumerate(self.poolings, 1):
            _check_axes(axes, self.dimensions, f"pooling {number}")
        at_most("the number of groups", self.groups, MOST_COARSE)
        at_most("the number of poolings", len(self.poolings), MOST_LEVELS)
        at_most("the number of channels at the coarsest level", self.level_channels[-1], MOST_COARSE)

    @property
    def level_channels(self) -> tuple[int, ...]:
        """Channels at each level, finest first."""
        return tuple(self.channels * int(2**level) for level in range(len(self.poolings) + 1))

    @property
    def output_levels(self) -> tuple[int, ...]:
        """Halvings in force along each axis at the end: none."""
        return (0,) * self.dimensions

    @property
    def multiples(self) -> tuple[int, ...]:
        """Voxels along each axis in the coarsest cell; other sizes are padded by the network and its scores cropped."""
        return tuple(int(2 ** sum(axis in axes for axes in self.poolings)) for axis in range(self.dimensions))

    @property
    def receptive_radius(self) -> int:
        """Voxels, at the input resolution and along the axis that reaches farthest, that a score depends on.

        Group norm, which knows the mean of the whole block, is left aside.
        """
        radii = []
        for axis in range(self.dimensions):
            cell, radius = 1, 4 if self.poolings else 2
            for number, axes in enumerate(self.poolings, 1):
                coarser = 2 * cell if axis in axes else cell
                # Two convolutions on the way down and two on the way up; the coarsest level has them once.
                radius += (2 if number == len(self.poolings) else 4) * coarser + coarser - cell
                cell = coarser
            radii.append(radius)
        return max(radii)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, with ``kind``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> UNetArchitecture:
        """Rebuild from :meth:`to_dict`."""
        return decode(cls, data)


NetworkDescription = Architecture | ResNetArchitecture | UNetArchitecture
"""Any network that training knows, as data."""


def map_axis(network: NetworkDescription) -> int | None:
    """Return the axis of a cube of which a network reads a map; None where it says something of every voxel."""
    return None if isinstance(network, UNetArchitecture) else network.reading.axis


def description_from_dict(data: Any, where: str = "") -> NetworkDescription:
    """Rebuild the description of a network of any kind from its ``to_dict``.

    Parameters
    ----------
    data : mapping
        Plain JSON types. ``"kind"`` is ``"hyperbolic"``, ``"resnet"`` or ``"unet"``; hyperbolic where it is missing.
    where : str
        What the data are a part of, for messages.

    Returns
    -------
    Architecture, ResNetArchitecture or UNetArchitecture

    Raises
    ------
    RecordError
        A ValueError: the kind is unknown, or a part is missing, unknown, of another type or out of range; the message
        says which.
    """
    if isinstance(data, Mapping) and "kind" not in data:
        data = {**data, "kind": Architecture.kind}
    found: NetworkDescription = decode(NetworkDescription, data, where)  # type: ignore[arg-type]
    return found
