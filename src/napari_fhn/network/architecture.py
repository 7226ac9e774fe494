"""Architectures as plain data: what a network is made of, without any of the arithmetic (and without torch)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Resample = Literal["keep", "coarsen", "refine"]


@dataclass(frozen=True)
class Layer:
    """One leapfrog step.

    Parameters
    ----------
    resample : {"keep", "coarsen", "refine"}
        Change of resolution before the step: none, Haar ``W`` (half the size, ``2**d`` times the channels), or ``W^T``.
    rank : int
        Block rank ``m``: the rows of ``K``.
    """

    resample: Resample
    rank: int

    def __post_init__(self) -> None:
        if self.resample not in get_args(Resample):
            raise ValueError(f"a layer can {', '.join(get_args(Resample))}, not {self.resample!r}")
        if self.rank < 1:
            raise ValueError(f"the block rank must be at least 1, got {self.rank}")


@dataclass(frozen=True)
class Architecture:
    """A hyperbolic network as data.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes of the state.
    channels : int
        Channels ``n`` of the state at the input resolution.
    layers : tuple of Layer
        The leapfrog steps in order.
    h : float
        Time step of the telegraph equation.
    context : int
        Only for ``dimensions == 2`` on a volume: neighbouring sections on each side that enter as channels.

    Raises
    ------
    ValueError
        When the layers refine more than the channels allow, or a number is out of range.
    """

    dimensions: int
    channels: int
    layers: tuple[Layer, ...]
    h: float = 1.0
    context: int = 0

    def __post_init__(self) -> None:
        if self.dimensions not in (2, 3):
            raise ValueError(f"a network has 2 or 3 spatial dimensions, not {self.dimensions}")
        if self.channels < 1 or not self.layers:
            raise ValueError("a network needs at least one channel and one layer")
        if self.context and self.dimensions == 3:
            raise ValueError("neighbouring sections are channels of a 2D network; a 3D one sees them anyway")
        if self.h <= 0:
            raise ValueError(f"the time step h must be positive, got {self.h}")
        n = self.channels
        for number, layer in enumerate(self.layers, 1):
            if layer.resample == "refine" and n % 2**self.dimensions:
                raise ValueError(
                    f"layer {number} refines a state of {n} channels, not a multiple of {2**self.dimensions}"
                )
            n = self._channels_after(n, layer)

    def _channels_after(self, n: int, layer: Layer) -> int:
        factor = int(2**self.dimensions)
        return {"keep": n, "coarsen": n * factor, "refine": n // factor}[layer.resample]

    @property
    def layer_channels(self) -> tuple[int, ...]:
        """Channels of the state in each layer."""
        channels, n = [], self.channels
        for layer in self.layers:
            n = self._channels_after(n, layer)
            channels.append(n)
        return tuple(channels)

    @property
    def output_level(self) -> int:
        """Coarsenings minus refinements at the end: 0 where the output has the resolution of the input."""
        return self._levels()[-1]

    @property
    def deepest_level(self) -> int:
        """Most coarsenings in force at once; block sizes are multiples of ``2**deepest_level``."""
        return max(0, *self._levels())

    def _levels(self) -> list[int]:
        change = {"keep": 0, "coarsen": 1, "refine": -1}
        levels, level = [], 0
        for layer in self.layers:
            level += change[layer.resample]
            levels.append(level)
        return levels

    @property
    def multiple(self) -> int:
        """Every spatial size of a block must be a multiple of this."""
        return int(2**self.deepest_level)

    @property
    def receptive_radius(self) -> int:
        """Voxels, at the input resolution and in each direction, from which a layer stack can gather information."""
        radius = 0
        for level in self._levels():
            radius += 2 * 2 ** max(level, 0)  # K and K^T reach one voxel each
        return int(radius + self.multiple - 1)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Architecture:
        """Rebuild from :meth:`to_dict`."""
        layers = tuple(Layer(**layer) for layer in data["layers"])
        return cls(**{**data, "layers": layers})


def levels(
    dimensions: int,
    channels: int,
    ranks: tuple[int, ...],
    steps: int,
    *,
    output_level: int = 0,
    context: int = 0,
) -> Architecture:
    """Build an architecture that goes down through the levels and up again.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes.
    channels : int
        Channels at the input resolution.
    ranks : tuple of int
        Block rank at each level, finest first.
    steps : int
        Leapfrog steps at each level on the way down and again on the way up (the coarsest level has them once).
    output_level : int
        Level at which it ends: 0 for the resolution of the input, 1 for half of it, and so on.
    context : int
        See :class:`Architecture`.

    Returns
    -------
    Architecture
    """
    layers: list[Layer] = []
    for level, rank in enumerate(ranks):
        layers += [Layer("coarsen" if level and step == 0 else "keep", rank) for step in range(steps)]
    for rank in reversed(ranks[output_level:-1]):
        layers += [Layer("refine" if step == 0 else "keep", rank) for step in range(steps)]
    return Architecture(dimensions, channels, tuple(layers), context=context)


PRESETS: dict[str, Architecture] = {
    "sections": levels(2, 16, (8, 16, 24, 32), 2, output_level=2, context=1),
    "volume": levels(3, 8, (8, 16, 32), 2, output_level=1),
    "map": levels(2, 32, (8, 16), 2),
}
"""Architectures by name: 2D on vertical sections of a volume, 3D on blocks of it, 2D on maps and cubes of bands."""


def architecture(name: str) -> Architecture:
    """Return a preset by its name.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the known ones.
    """
    try:
        return PRESETS[name]
    except KeyError:
        raise ValueError(f"no network is called {name!r}; known are {', '.join(PRESETS)}") from None
