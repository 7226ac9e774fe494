"""What a survey looks like around every cell of a lattice, in numbers whose differences mean the same everywhere.

The raw numbers of `textures` and `pixels` differ in unit and in how noisy they are. They are turned so that what a
place and its near neighbours differ by, which is mostly chance, is alike in all of them (the noise-adjusted principal
components of Green et al. 1988), and only the leading ones are kept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_fhn.structure.similar.channels import Channels, NothingThere
from napari_fhn.structure.similar.lattice import Lattice
from napari_fhn.structure.similar.pixels import Pixels
from napari_fhn.structure.similar.textures import Textures

MOST_CELLS = 1_000_000
"""Cells that are described at most."""

_SLAB = 2**23
"""Values that are worked on at once."""

_SAMPLED = 40_000
"""Cells, or pixels, that anything is learnt from."""

_COMPONENTS = 12

_LEAST_NOISE = 0.02
"""Added to the variance of what near neighbours differ by, of numbers of unit variance: some differ by nothing."""

_LEAST_SIGNAL = 1.0
"""Variance of a component, in what near neighbours differ by, below which it tells places from noise no more."""


class Descriptions:
    """A survey described on a lattice.

    Parameters
    ----------
    lattice : Lattice
        The cells.
    values : ndarray of float32, shape (components, *lattice.shape)
        What each looks like; NaN where there are no data.
    """

    def __init__(self, lattice: Lattice, values: NDArray[np.float32]) -> None:
        self.lattice = lattice
        self.values = values

    @classmethod
    def of(
        cls,
        channels: Channels,
        vertical: int | None,
        *,
        most: int = MOST_CELLS,
        told: Callable[[float], None] | None = None,
    ) -> Descriptions:
        """Describe a survey: seismic data, and volumes of any kind, by their texture, maps and cubes by their bands.

        Parameters
        ----------
        channels : Channels
            Its values.
        vertical : int or None
            Axis of time or depth; None for maps. A volume without one is described along its last axis.
        most : int
            Cells at most; a survey of so many pixels is described pixel by pixel.
        told : callable, optional
            Told the share that is done; what it raises ends the work.

        Raises
        ------
        NothingThere
            When there are no data, or they are alike everywhere.
        """
        if vertical is None and len(channels.shape) == 3:
            vertical = 2
        describer = Pixels(channels, most) if vertical is None else Textures(channels, vertical, most)
        raw = describer.all(told)
        lags = _lags(describer.apart, describer.lattice.shape, vertical)
        return cls(describer.lattice, _adjusted(raw, lags))

    @classmethod
    def of_states(
        cls, states: NDArray[np.generic], survey: tuple[int, ...], cell: tuple[int, ...], vertical: int | None
    ) -> Descriptions:
        """Take the states of a network as what the survey looks like.

        Parameters
        ----------
        states : ndarray, shape (states, *lattice)
            Means of each state over the cells; all 0 where nothing is known.
        survey : tuple of int
            Shape of the survey.
        cell : tuple of int
            Voxels of a cell along each axis.
        vertical : int or None
            Axis of time or depth.

        Raises
        ------
        ValueError
            When the states are of other cells.
        NothingThere
            When there are none, or they are alike everywhere.
        """
        lattice = Lattice(survey, cell)
        if states.shape[1:] != lattice.shape:
            raise ValueError(f"states of shape {states.shape[1:]} are none of cells {cell} of a survey {survey}")
        raw = np.array(states, np.float32)
        raw[:, ~raw.any(axis=0)] = np.nan
        return cls(lattice, _adjusted(raw, _lags((2,) * len(survey), lattice.shape, vertical)))

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where there are data, of the lattice's shape."""
        found: NDArray[np.bool_] = np.isfinite(self.values[0])
        return found


def _lags(apart: tuple[int, ...], shape: tuple[int, ...], vertical: int | None) -> list[tuple[int, int]]:
    """Axes and distances at which two cells are near neighbours, and described by different data.

    Not along the vertical axis, on which the next layer is near.
    """
    axes = [axis for axis, size in enumerate(shape) if size > 1 and axis != vertical]
    return [(axis, min(apart[axis], shape[axis] - 1)) for axis in axes]


def _pairs(values: NDArray[np.float32], lags: list[tuple[int, int]]) -> list[NDArray[np.float32]]:
    """Differences ``(features, n)`` of near neighbours along each axis, some of them."""
    found = []
    for axis, lag in lags:
        lower = [slice(None)] * values.ndim
        upper = list(lower)
        lower[axis + 1], upper[axis + 1] = slice(None, -lag), slice(lag, None)
        first = values[tuple(lower)].reshape(len(values), -1)
        second = values[tuple(upper)].reshape(len(values), -1)
        every = max(1, first.shape[1] // _SAMPLED)
        part = second[:, ::every] - first[:, ::every]
        part = part[:, np.isfinite(part).all(axis=0)]
        if part.shape[1]:
            found.append(part)
    return found


def _adjusted(raw: NDArray[np.float32], lags: list[tuple[int, int]]) -> NDArray[np.float32]:
    """Turn ``(features, *lattice)`` so that near neighbours differ alike in each component, and keep what tells more.

    The squared differences of near neighbours, summed over the components, are twice as many as these on average.
    """
    flat = raw.reshape(len(raw), -1)
    known = np.isfinite(flat).all(axis=0)
    if not known.any():
        raise NothingThere("there are no data")
    some = np.flatnonzero(known)[:: max(1, int(known.sum()) // _SAMPLED)]
    sampled = flat[:, some].astype(np.float64)
    centre, spread = sampled.mean(axis=1), sampled.std(axis=1)
    varies = spread > 1e-6 * (1 + np.abs(centre))
    if not varies.any():
        raise NothingThere("the data are alike everywhere")
    centre, spread = centre[varies], spread[varies]
    sampled = (sampled[varies] - centre[:, None]) / spread[:, None]
    differences = [part[varies] / spread[:, None] for part in _pairs(raw, lags)]
    one = np.eye(len(centre))
    noise = np.mean([part @ part.T / (2 * part.shape[1]) for part in differences], axis=0) if differences else one
    variance, ways = np.linalg.eigh(noise + _LEAST_NOISE * one)
    whitening = (ways / np.sqrt(variance)).T
    signal, turns = np.linalg.eigh(whitening @ np.cov(sampled, bias=True).reshape(one.shape) @ whitening.T)
    order = np.argsort(signal)[::-1][:_COMPONENTS]
    order = order[(signal[order] > _LEAST_SIGNAL) | (np.arange(len(order)) == 0)]
    # What is no more than noise should count as little (Wiener's weights); together they count as if all were alike.
    share = np.maximum(1 - 1 / np.maximum(signal[order], 1e-12), 0.01)
    share *= len(order) / share.sum()
    turning = (np.sqrt(share)[:, None] * (turns[:, order].T @ whitening) / spread).astype(np.float32)
    # A slab at a time: the copy would be as large as all of it.
    found = np.empty((len(order), flat.shape[1]), np.float32)
    shift = turning @ centre.astype(np.float32)
    for first in range(0, flat.shape[1], _SLAB // len(flat)):
        part = slice(first, first + _SLAB // len(flat))
        found[:, part] = turning @ flat[varies, part] - shift[:, None]
    found[:, ~known] = np.nan
    return found.reshape(len(order), *raw.shape[1:])
