"""Architectures as plain data: what a network is made of, without any of the arithmetic (and without torch)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Literal

from napari_fhn.network.bounds import MOST_CHANNELS, MOST_COARSE, MOST_H, MOST_LAYERS, MOST_LEVELS, at_most, one_of
from napari_fhn.network.readings import Reading, check_reading
from napari_fhn.record import decode

Resample = Literal["keep", "coarsen", "refine"]
Transform = Literal["haar", "shuffle"]
Activation = Literal["relu", "leaky_relu", "elu", "softplus", "tanh", "sigmoid"]
Normalization = Literal["none", "instance", "layer", "batch"]
Initial = Literal["unit", "glorot"]


@dataclass(frozen=True)
class Layer:
    """One leapfrog step (eq. 2.6 of Peters, Haber & Lensink 2024).

    Parameters
    ----------
    resample : {"keep", "coarsen", "refine"}
        Change of resolution before the step: none, ``W`` (half the size, ``2**len(axes)`` times the channels), or
        ``W^T``.
    rank : int
        Block rank ``m``: the rows of ``K``. Below the channels ``n`` it compresses the layer (section 2.2); ``m >= n``
        is the full-rank case.
    axes : tuple of int, optional
        Spatial axes whose resolution changes, in rising order; None for all. A subset is for thin volumes, or for the
        band axis.
    transform : {"haar", "shuffle"}
        ``W``: the orthonormal Haar transform, or the pixel shuffle (a checkerboard, which is a permutation). A layer
        that keeps its resolution has no ``W``; there it is always ``"haar"``.

    Raises
    ------
    ValueError
        When a word is unknown, the rank is below 1, or the axes are repeated, negative, or given to ``"keep"``.
    """

    resample: Resample
    rank: int
    axes: tuple[int, ...] | None = None
    transform: Transform = "haar"

    def __post_init__(self) -> None:
        one_of("what a layer does to the resolution", self.resample, Resample)
        one_of("the transform of a layer", self.transform, Transform)
        if self.rank < 1:
            raise ValueError(f"the block rank must be at least 1, got {self.rank}")
        at_most("the block rank", self.rank, MOST_CHANNELS)
        if self.resample == "keep":
            # So that equal networks compare equal and survive being written in words.
            object.__setattr__(self, "transform", "haar")
        if self.axes is None:
            return
        axes = tuple(sorted(int(axis) for axis in self.axes))
        if self.resample == "keep":
            raise ValueError(f"a layer that keeps the resolution changes it along no axis: leave out axes={axes}")
        if not axes or axes[0] < 0 or len(set(axes)) < len(axes):
            raise ValueError(
                f"the axes that a layer changes are counted from 0, each once, and not {tuple(self.axes)}; "
                "leave them out to change all"
            )
        object.__setattr__(self, "axes", axes)

    def changed_axes(self, dimensions: int) -> tuple[int, ...]:
        """Return the spatial axes whose resolution the layer changes in a network of so many dimensions."""
        if self.resample == "keep":
            return ()
        return tuple(range(dimensions)) if self.axes is None else self.axes


def check_initial(initial: str) -> None:
    """Refuse initial kernels that nobody knows.

    Raises
    ------
    ValueError
        With those that are known.
    """
    one_of("the initial kernels", initial, Initial)


@dataclass(frozen=True)
class KernelCount:
    """The kernels of one layer (section 3.1).

    Parameters
    ----------
    unique : int
        ``m * n`` convolution kernels that ``K`` holds.
    acting : int
        ``n * n`` blocks as which ``K^T K`` acts on the state; a general layer would store them all.
    block_rank : int
        ``min(m, n)``: the rank of ``K^T K`` as a matrix of blocks.
    """

    unique: int
    acting: int
    block_rank: int


@dataclass(frozen=True)
class Architecture:
    """A hyperbolic network as data.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes of the state.
    channels : int
        Channels ``n`` of the state before the first layer (after ``haar_lift``).
    layers : tuple of Layer
        The leapfrog steps in order.
    h : float
        Time step of the telegraph equation (eq. 2.5).
    context : int
        Only for ``dimensions == 2`` on a volume: neighbouring sections on each side that enter as channels.
    activation : {"relu", "leaky_relu", "elu", "softplus", "tanh", "sigmoid"}
        ``sigma``.
    normalization : {"none", "instance", "layer", "batch"}
        Of ``K Y`` before the activation.
    bias : bool
        Whether layers have a bias ``b``.
    haar_lift : int
        Haar transforms of the data before the network (channel lifting, section 3.2): each halves the resolution and
        multiplies the channels of the data by ``2**dimensions``; repeating them fills the rest of ``channels``.
    reading : Reading
        How classes are read from the last state.
    initial : {"unit", "glorot"}
        Random kernels to begin with: normal ones with ``|K|`` about 1, or the uniform ones of Glorot and Bengio (2010),
        which the authors' code takes and which are 1.4 to 2 times as large.
    kind : str
        ``"hyperbolic"``.

    Raises
    ------
    ValueError
        When the layers refine more than the channels allow, an axis or channel does not exist, or a number is out of
        range; the message names the layer.
    """

    dimensions: int
    channels: int
    layers: tuple[Layer, ...]
    h: float = 1.0
    context: int = 0
    activation: Activation = "relu"
    normalization: Normalization = "none"
    bias: bool = True
    haar_lift: int = 0
    reading: Reading = field(default_factory=Reading)
    initial: Initial = "unit"
    # A field, so that it is in `asdict` of whatever holds the description.
    kind: Literal["hyperbolic"] = field(default="hyperbolic", init=False)

    def __post_init__(self) -> None:
        if self.dimensions not in (2, 3):
            raise ValueError(f"a network has 2 or 3 spatial dimensions, not {self.dimensions}")
        if self.channels < 1 or not self.layers:
            raise ValueError("a network needs at least one channel and one layer")
        if self.context < 0 or self.haar_lift < 0:
            raise ValueError(
                f"neighbouring sections and Haar transforms of the data are counted from 0, got context={self.context} "
                f"and haar_lift={self.haar_lift}"
            )
        at_most("the number of channels", self.channels, MOST_CHANNELS)
        at_most("the number of layers", len(self.layers), MOST_LAYERS)
        at_most("the number of neighbouring sections on each side", self.context, MOST_CHANNELS)
        at_most("the number of Haar transforms of the data", self.haar_lift, MOST_LEVELS)
        if self.context and self.dimensions == 3:
            raise ValueError("neighbouring sections are channels of a 2D network; a 3D one sees them anyway")
        if self.h <= 0:
            raise ValueError(f"the time step h must be positive, got {self.h}")
        at_most("the time step h", self.h, MOST_H)
        one_of("the activation", self.activation, Activation)
        one_of("the normalization", self.normalization, Normalization)
        check_initial(self.initial)
        self._check_layers()
        check_reading(self.reading, self.dimensions, self.layer_channels[-1])

    def _check_layers(self) -> None:
        n = self.channels
        for number, layer in enumerate(self.layers, 1):
            axes = layer.changed_axes(self.dimensions)
            if axes and axes[-1] >= self.dimensions:
                raise ValueError(
                    f"layer {number} changes the resolution along axis {axes[-1]}, and a {self.dimensions}D network "
                    f"has axes 0 to {self.dimensions - 1}"
                )
            if layer.resample == "refine" and n % 2 ** len(axes):
                raise ValueError(f"layer {number} refines a state of {n} channels, not a multiple of {2 ** len(axes)}")
            n = self._channels_after(n, layer)
            at_most(f"the number of channels in layer {number}", n, MOST_COARSE)
        at_most("the number of halvings of the resolution", max(self.deepest_levels), MOST_LEVELS)

    def _channels_after(self, n: int, layer: Layer) -> int:
        factor = int(2 ** len(layer.changed_axes(self.dimensions)))
        return n // factor if layer.resample == "refine" else n * factor

    @property
    def layer_channels(self) -> tuple[int, ...]:
        """Channels of the state in each layer."""
        channels, n = [], self.channels
        for layer in self.layers:
            n = self._channels_after(n, layer)
            channels.append(n)
        return tuple(channels)

    @property
    def layer_levels(self) -> tuple[tuple[int, ...], ...]:
        """For each layer and spatial axis, coarsenings minus refinements since the data: ``2**level`` voxels a cell."""
        level, levels = [self.haar_lift] * self.dimensions, []
        for layer in self.layers:
            for axis in layer.changed_axes(self.dimensions):
                level[axis] += 1 if layer.resample == "coarsen" else -1
            levels.append(tuple(level))
        return tuple(levels)

    @property
    def output_levels(self) -> tuple[int, ...]:
        """The level of each spatial axis at the end: 0 where the output has the resolution of the data."""
        return self.layer_levels[-1]

    @property
    def deepest_levels(self) -> tuple[int, ...]:
        """The coarsest level that each spatial axis meets, at least 0."""
        return tuple(max(0, self.haar_lift, *levels) for levels in zip(*self.layer_levels, strict=True))

    @property
    def multiples(self) -> tuple[int, ...]:
        """Voxels along each axis in the coarsest cell; other sizes are padded by the network and its output cropped."""
        return tuple(int(2**level) for level in self.deepest_levels)

    @property
    def receptive_radius(self) -> int:
        """Voxels of the data, in each direction along any axis, from which the scores of a voxel gather information.

        Statistics over the whole block (``normalization``) are left aside.
        """
        return max(self._radius_along(axis) for axis in range(self.dimensions))

    def _radius_along(self, axis: int) -> int:
        levels = (self.haar_lift, *(level[axis] for level in self.layer_levels))
        last, radius = levels[-1], 0
        # Backwards from every place a voxel can have within the coarsest cell.
        for voxel in range(self.multiples[axis]):
            low, high = (voxel >> last,) * 2 if last >= 0 else (voxel << -last, ((voxel + 1) << -last) - 1)
            if last > 0:  # scores are interpolated between neighbouring cells
                low, high = low - 1, high + 1
            for before, after in reversed(list(pairwise(levels))):
                low, high = low - 2, high + 2  # K and K^T reach one cell each
                if after > before:
                    low, high = 2 * low, 2 * high + 1
                elif after < before:
                    low, high = low >> 1, high >> 1
            low, high = low << self.haar_lift, ((high + 1) << self.haar_lift) - 1
            radius = max(radius, voxel - low, high - voxel)
        return radius

    @property
    def kernels_per_layer(self) -> tuple[KernelCount, ...]:
        """The kernels of each layer as section 3.1 counts them."""
        return tuple(
            KernelCount(layer.rank * n, n * n, min(layer.rank, n))
            for layer, n in zip(self.layers, self.layer_channels, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, with ``"kind": "hyperbolic"``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Architecture:
        """Rebuild from :meth:`to_dict`; what an older version did not know has its default.

        Raises
        ------
        RecordError
            A ValueError: it is another kind of network or an impossible one, or a part is missing, of another type, or
            not known to this version.
        """
        return decode(cls, data)


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
