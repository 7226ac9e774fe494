"""The fully invertible hyperbolic network as a torch module."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.convolution import choose
from napari_fhn.network.differentiable import ReversibleSweep, lift_into
from napari_fhn.network.forecast import Keep
from napari_fhn.network.initial import kernels_of, scale_of
from napari_fhn.network.leapfrog import Step, Sweep
from napari_fhn.network.pooling import averaged, cropped, interpolated, pad
from napari_fhn.network.rates import relative_groups
from napari_fhn.network.reading import Reader
from napari_fhn.network.resting import Resting
from napari_fhn.network.side_by_side import shares
from napari_fhn.network.storing import StoringSweep
from napari_fhn.network.symmetric import LayerParameters, Pointwise
from napari_fhn.network.transforms import coarsen
from napari_fhn.network.workspace import Pool, shaped

Precision = Literal["float32", "bfloat16"]


class HyperbolicNetwork(nn.Module):
    """A fully invertible hyperbolic network with block-low-rank symmetric layers.

    Parameters
    ----------
    architecture : Architecture
        What it is made of.
    input_channels : int
        Channels of the data; they are repeated until they fill the state (section 3.2 of the paper), after as many Haar
        transforms as ``architecture.haar_lift`` says.
    classes : int
        Classes, read from the last state as ``architecture.reading`` says.
    generator : torch.Generator, optional
        Source of the random initial kernels.

    Attributes
    ----------
    architecture : Architecture
        As given, with the time step of now.
    h : float
        Time step, ``architecture.h``. It may be set, which keeps the weights.
    precision : {"float32", "bfloat16"}
        Of the convolutions; ``"float32"`` to begin with. States keep the type of the data.
    keep : {"nothing", "hidden", "states"}
        What training keeps of its way forward: ``"nothing"``, to begin with, makes eight convolutions in each layer and
        needs the same memory at any depth; ``"hidden"`` keeps the hidden layers (``m / n`` of a state for each layer)
        and makes seven; ``"states"`` keeps those and a state for each layer, and makes six. Gradients differ by the
        rounding of the states that are recomputed.
    invertibility_error : float or None
        ``|Y_1 - Y_2| / |Y_2|`` of the first states, of the last backward sweep that recomputed them; None before the
        first.

    Raises
    ------
    ValueError
        When the data or the classes need more channels than the state has.

    References
    ----------
    Peters, Haber & Lensink (2024), "Fully invertible hyperbolic neural networks for segmenting large-scale surface and
    sub-surface data".
    """

    def __init__(
        self,
        architecture: Architecture,
        input_channels: int,
        classes: int,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        lifted = input_channels * 2 ** (architecture.dimensions * architecture.haar_lift)
        if lifted > architecture.channels:
            raise ValueError(
                f"the data have {input_channels} channels"
                + (f", {lifted} after the Haar lift," if architecture.haar_lift else "")
                + f" and the state only {architecture.channels}: choose a network with more channels"
            )
        last = architecture.layer_channels[-1]
        reading = architecture.reading
        if reading.channels is not None and len(reading.channels) != classes:
            raise ValueError(f"{classes} classes cannot be read from {len(reading.channels)} channels named for them")
        if reading.head == "partial" and classes > last:
            raise ValueError(
                f"{classes} classes are read from the first channels of a state that has {last}: "
                "choose a network with more channels"
            )
        self.architecture = architecture
        self.input_channels = input_channels
        self.classes = classes
        self.precision: Precision = "float32"
        self.keep: Keep = "nothing"
        self._reader = Reader(reading, classes)
        self._pool = Pool()
        self._error: Tensor | None = None
        self.kernel_scales: list[float] = []
        self.kernels = nn.ParameterList()
        self.biases = nn.ParameterList()
        self.gains = nn.ParameterList()
        self.offsets = nn.ParameterList()
        size = (3,) * architecture.dimensions
        layout = torch.channels_last_3d if architecture.dimensions == 3 else torch.channels_last
        for j, (layer, n) in enumerate(zip(architecture.layers, architecture.layer_channels, strict=True)):
            # |K| about 1, or 2 at most: well inside the leapfrog's stability bound h^2 |K|^2 < 4.
            scale = scale_of(architecture.initial, layer.rank, n, int(3**architecture.dimensions))
            kernels = kernels_of(architecture.initial, (layer.rank, n, *size), scale, generator)
            self.kernel_scales.append(scale)
            self.kernels.append(nn.Parameter(kernels.contiguous(memory_format=layout)))
            if architecture.bias:
                self.biases.append(nn.Parameter(torch.zeros(layer.rank)))
            if architecture.normalization != "none":
                self.gains.append(nn.Parameter(torch.ones(layer.rank)))
                self.offsets.append(nn.Parameter(torch.zeros(layer.rank)))
            if architecture.normalization == "batch":
                self.register_buffer(f"running_mean_{j}", torch.zeros(layer.rank))
                self.register_buffer(f"running_variance_{j}", torch.ones(layer.rank))
        self.head = nn.ParameterList()
        if reading.head == "linear":
            weight = torch.randn((classes, last), generator=generator) / math.sqrt(last)
            self.head.extend([nn.Parameter(weight), nn.Parameter(torch.zeros(classes))])

    @property
    def h(self) -> float:
        """Time step of the telegraph equation."""
        return self.architecture.h

    @h.setter
    def h(self, value: float) -> None:
        self.architecture = replace(self.architecture, h=value)

    @property
    def invertibility_error(self) -> float | None:
        """See the class; reading it waits for the device."""
        return None if self._error is None else self._error.item()

    @property
    def invertibility_on_device(self) -> Tensor | None:
        """The same as a scalar on its device, which waits for nothing."""
        return self._error

    def layer_parameters(self) -> list[LayerParameters]:
        """Return what each layer learns, in their order."""
        missing = [None] * len(self.kernels)
        columns = (self.kernels, *(group or missing for group in (self.biases, self.gains, self.offsets)))
        return [LayerParameters(*row) for row in zip(*columns, strict=True)]

    def parameter_groups(self, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        """Return optimiser groups whose learning rate is relative to the size of what they hold.

        Kernels shrink as channels multiply, and one absolute rate would throw the coarse levels over the stability
        bound ``h^2 |K|^2 < 4`` within a few steps while the fine ones hardly move.

        Parameters
        ----------
        learning_rate, weight_decay : float
            For weights of unit size.

        Returns
        -------
        list of dict
            For a ``torch.optim`` optimiser with decoupled decay.
        """
        kernels, scales = list(self.kernels), list(self.kernel_scales)
        others = [*self.biases, *self.gains, *self.offsets]
        if self.head:
            kernels.append(self.head[0])
            scales.append(1 / math.sqrt(self.head[0].shape[1]))
            others.append(self.head[1])
        return relative_groups(kernels, scales, others, learning_rate, weight_decay)

    def first_state(self, data: Tensor) -> Tensor:
        """Lift the data to the first state: pad, Haar transforms, then channels repeated until they fill the state.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``.

        Returns
        -------
        Tensor
            ``(batch, architecture.channels, *space)``, with each size padded to a multiple of
            ``architecture.multiples`` and halved ``architecture.haar_lift`` times.
        """
        coarse = self._before_lifting(data)
        state = coarse.new_empty((data.shape[0], self.architecture.channels, *coarse.shape[2:]))
        lift_into(state, coarse)
        return state

    def forward(self, data: Tensor, *, resting: Resting | None = None) -> Tensor:
        """Return the class scores (logits) at the resolution where the last layer leaves them.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``. A size that is no multiple of ``architecture.multiples`` is padded at
            its end by repeating the last voxel, and what belongs to the padding is cropped from the scores.
        resting : Resting, optional
            As for :meth:`scores`.

        Returns
        -------
        Tensor
            ``(batch, classes, *space)``, each size divided by ``2**level`` of ``architecture.output_levels`` (rounded
            up); without the axis of which one slice is read.

        Raises
        ------
        ValueError
            When the data have another shape or type than the network takes.
        RuntimeError
            On the way back, when the weights were changed after this, or when that way was gone before.
        """
        scores = self._reader.together(self._padded_scores(data, resting))
        sizes = [math.ceil(size / 2**level) for size, level in zip(data.shape[2:], self._levels(), strict=True)]
        return cropped(scores, self._read_axes(sizes))

    def scores(self, data: Tensor, *, apart: bool = False, resting: Resting | None = None) -> Tensor:
        """Return the class scores on the grid of the data.

        Where the network leaves a coarser output (more ``W`` than ``W^T``, section 3.4 of the paper), it is
        interpolated linearly: classes are bodies wider than a cell, and a coarse reading keeps the wiggle of the data
        out of them. A finer output is averaged.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``.
        apart : bool
            Leave slices that are read apart, as examples of their own: what training compares with the labels.
        resting : Resting, optional
            Shared by calls between which no weight changes, and that need no gradient.

        Returns
        -------
        Tensor
            ``(batch, classes, *space)``; without the axis of which a slice is read. The mean over several slices, or
            ``(slices * batch, classes, *space)`` where they are apart: all examples in the first, then in the next.
        """
        scores = self._padded_scores(data, resting)
        scores = self.on_grid(scores if apart else self._reader.together(scores), data)
        return cropped(scores, self._read_axes(list(data.shape[2:])))

    def on_grid(self, scores: Tensor, data: Tensor) -> Tensor:
        """Return scores of the last layer's resolution on the grid of the data, padding included."""
        padded = self._read_axes(list(self._padded(data.shape[2:])))
        levels = self._read_axes(list(self._levels()))
        if not any(levels):
            return scores
        if all(level >= 0 for level in levels):
            return interpolated(scores, padded)
        finest = [max(a, b) for a, b in zip(scores.shape[2:], padded, strict=True)]
        return averaged(interpolated(scores, finest), padded)

    @torch.no_grad()
    def states(self, data: Tensor, watch: Callable[[int, Tensor], None] | None = None) -> tuple[Tensor, Tensor]:
        """Return the last two states for the data: all that is needed to go back.

        Parameters
        ----------
        data : Tensor
            ``(batch, input_channels, *space)``.
        watch : callable, optional
            Called with the number of each layer, from 1, and its state, which it must not keep.
        """
        first = self.first_state(data)
        sweep = self._sweep(first.shape, first.dtype, first.device)
        work = self._pool.take(sweep.sizes(training=False), first.dtype, first.device)
        sweep.first(work).copy_(first)
        last, before = (state.clone() for state in sweep.forward(work, watch))
        self._pool.give_back(work)
        return last, before

    @torch.no_grad()
    def invert(self, last: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``Y_2`` and ``Y_1``, both the first state up to rounding, from the last two states (eq. 2.9)."""
        architecture = self.architecture
        space = [
            size * 2**level // 2**architecture.haar_lift
            if level >= 0
            else size // 2 ** (architecture.haar_lift - level)
            for size, level in zip(last.shape[2:], self._levels(), strict=True)
        ]
        sweep = self._sweep((last.shape[0], architecture.channels, *space), last.dtype, last.device)
        work = self._pool.take(sweep.sizes(training=False), last.dtype, last.device)
        shaped(work.current, last.shape).copy_(last)
        shaped(work.before, before.shape).copy_(before)
        second, first = (state.clone() for state in sweep.inverse(work))
        self._pool.give_back(work)
        return second, first

    def expect(self, threads: int) -> None:
        """Keep the arrays of so many threads from one sweep to the next: they use the network at the same time."""
        self._pool.most = max(1, threads)

    def free_memory(self) -> None:
        """Give back the arrays that are kept from one sweep to the next."""
        self._pool.clear()

    def _padded_scores(self, data: Tensor, resting: Resting | None = None) -> Tensor:
        coarse = self._before_lifting(data)
        space = (self.architecture.channels, *coarse.shape[2:])
        parameters = [p for layer in self.layer_parameters() for p in layer if p is not None]
        if torch.is_grad_enabled() and any(leaf.requires_grad for leaf in (coarse, *parameters)):
            each = self._shares(coarse.shape[0], math.prod(space), coarse.device)
            sweeps = [self._sweep((count, *space), coarse.dtype, coarse.device) for count in each]
            scores: Tensor = ReversibleSweep.apply(  # type: ignore[no-untyped-call]
                coarse, sweeps, self._reader, self._pool, self._report, *parameters, *self.head
            )
            return scores
        sweep = self._sweep((coarse.shape[0], *space), coarse.dtype, coarse.device, resting)
        work = self._pool.take(sweep.sizes(training=False), coarse.dtype, coarse.device)
        lift_into(sweep.first(work), coarse)
        last, _ = sweep.forward(work)
        if torch.is_grad_enabled() and any(p.requires_grad for p in self.head):
            last = last.clone()  # only the head learns, and its gradient is made of this
        scores = self._reader.read(last, list(self.head))
        self._pool.give_back(work)
        return scores

    def _shares(self, batch: int, elements: int, device: torch.device) -> list[int]:
        """Return how many examples of a batch are shown one after the other, each lot on a thread of its own."""
        alone = self.architecture.normalization != "batch" and self._reader.reading.slices == 1
        found = shares(batch, elements) if alone and device.type == "cpu" else [batch]
        self.expect(len(found))
        return found

    def _report(self, error: Tensor | None) -> None:
        if error is not None:
            self._error = error

    def _check(self, data: Tensor) -> None:
        dimensions, dtype = self.architecture.dimensions, self.kernels[0].dtype
        if data.ndim != 2 + dimensions or data.shape[1] != self.input_channels:
            space = ", ".join(("depth", "height", "width")[-dimensions:])
            raise ValueError(
                f"the network takes data of shape (batch, {self.input_channels}, {space}), and these have the shape "
                f"{tuple(data.shape)}"
            )
        if data.dtype != dtype:
            theirs, ours = (str(each).removeprefix("torch.") for each in (data.dtype, dtype))
            raise ValueError(
                f"the data are {theirs} and the weights {ours}: convert the data with data.to(torch.{ours}), or the "
                f"network with network.to(torch.{theirs})"
            )

    def _before_lifting(self, data: Tensor) -> Tensor:
        self._check(data)
        data = pad(data, self.architecture.multiples)
        for _ in range(self.architecture.haar_lift):
            data = coarsen(data)
        return data

    def _padded(self, sizes: torch.Size) -> list[int]:
        multiples = self.architecture.multiples
        return [-(-size // multiple) * multiple for size, multiple in zip(sizes, multiples, strict=True)]

    def _levels(self) -> tuple[int, ...]:
        return self.architecture.output_levels

    def _read_axes(self, sizes: list[int]) -> list[int]:
        return [size for axis, size in enumerate(sizes) if axis != self.architecture.reading.axis]

    def step(self, number: int) -> Step:
        """Return how a layer, counted from 0, is stepped."""
        architecture = self.architecture
        layer = architecture.layers[number]
        running = None
        if architecture.normalization == "batch":
            running = (getattr(self, f"running_mean_{number}"), getattr(self, f"running_variance_{number}"))
        pointwise = Pointwise(architecture.activation, architecture.normalization, running, self.training)
        axes = layer.changed_axes(architecture.dimensions)
        return Step(axes, layer.transform, layer.resample == "refine", self.h**2, pointwise)

    def read(self, last: Tensor) -> Tensor:
        """Return the class scores in a last state: ``(batch, classes, *space)``, the mean over several slices."""
        return self._reader.together(self._reader.read(last, list(self.head)))

    def _sweep(
        self, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device, resting: Resting | None = None
    ) -> Sweep:
        steps = [self.step(number) for number in range(len(self.kernels))]
        made = steps, self.layer_parameters(), shape, choose(dtype, device, self.precision == "bfloat16", resting)
        return StoringSweep(*made) if self.keep == "states" else Sweep(*made, keeps_hidden=self.keep == "hidden")
