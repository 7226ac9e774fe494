"""What a map or a cube looks like around a pixel, in a few numbers: its bands, and how rough they are around it.

Many bands are first turned into a few components (those of most variance, learnt from some of the pixels). Each gives
its mean over a small window; the leading ones also the energy of two octaves of wavelength in a larger one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from napari_fhn.box import Box
from napari_fhn.structure.similar.channels import Channels, NothingThere
from napari_fhn.structure.similar.lattice import Lattice
from napari_fhn.structure.similar.windows import Window, averaged

_AROUND, _NEAR = 4, 1
"""Pixels on each side over which roughness, and over which the bands themselves are averaged."""

_MOST_COMPONENTS = 12
_LEAST_VARIANCE = 1e-5
_ROUGH = 2
"""Leading components whose roughness is described."""

_WIDTHS = (3, 9)
_FLOOR = 1e-4

_SLAB = 2**22
"""Values that are worked on at once."""

_SAMPLED = 40_000
"""Pixels that components are learnt from."""


@dataclass(frozen=True, eq=False)
class Components:
    """Bands turned into a few components of unit variance.

    Parameters
    ----------
    centre : ndarray of float32, shape (bands,)
        Mean of each band.
    mixing : ndarray of float32, shape (components, bands)
        What each component takes of each band.
    """

    centre: NDArray[np.float32]
    mixing: NDArray[np.float32]

    @classmethod
    def of(cls, pixels: NDArray[np.float32]) -> Components:
        """Learn them from pixels ``(n, bands)`` without gaps.

        Raises
        ------
        NothingThere
            When they are alike.
        """
        centre = pixels.mean(axis=0)
        spread = pixels.std(axis=0)
        spread = np.where(spread > 0, spread, 1)
        # Of bands made alike first: the brightest one is not the most telling one.
        scaled = (pixels - centre) / spread
        variance, ways = np.linalg.eigh(scaled.T @ scaled / max(1, len(scaled)))
        order = np.argsort(variance)[::-1][:_MOST_COMPONENTS]
        order = order[variance[order] > _LEAST_VARIANCE * max(1.0, variance.max())]
        if not len(order):
            raise NothingThere("the data are alike everywhere")
        mixing = (ways[:, order] / np.sqrt(np.maximum(variance[order], 1e-12))).T / spread
        return cls(centre.astype(np.float32), mixing.astype(np.float32))

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn ``(bands, *space)`` into ``(components, *space)``."""
        flat = values.reshape(len(values), -1) - self.centre[:, None]
        return (self.mixing @ flat).reshape(len(self.mixing), *values.shape[1:])


class Pixels:
    """Describes maps and cubes.

    Parameters
    ----------
    channels : Channels
        The survey, of two axes.
    most : int
        Cells at most.

    Attributes
    ----------
    lattice, apart
        As in :class:`napari_fhn.structure.similar.textures.Textures`.
    """

    def __init__(self, channels: Channels, most: int) -> None:
        self._channels = channels
        self.lattice = Lattice.covering(channels.shape, (1, 1), most)
        self.apart = tuple(max(1, (2 * _NEAR + 1) // step) for step in self.lattice.cell)

    def all(self, told: Callable[[float], None] | None = None) -> NDArray[np.float32]:
        """Return the raw description ``(features, *lattice)``."""
        channels, lattice = self._channels, self.lattice
        components = self._components()
        rows, columns = lattice.centres
        height, width = channels.shape
        across = [Window(columns, half, width, whole=True) for half in (_NEAR, _AROUND)]
        step = max(1, _SLAB // max(1, channels.count * width * lattice.cell[0]))
        parts = []
        for first in range(0, len(rows), step):
            some = rows[first : first + step]
            low, high = max(0, int(some[0]) - 2 * _AROUND), min(height, int(some[-1]) + 2 * _AROUND + 1)
            values = channels.read(Box((low, 0), (high, width)))
            there: NDArray[np.bool_] = np.all(np.isfinite(values), axis=0)
            turned = components(np.where(there, values, components.centre[:, None, None]))
            down = [Window(some - low, half, high - low, whole=True) for half in (_NEAR, _AROUND)]
            parts.append(_described(turned, there, (down[0], across[0]), (down[1], across[1])))
            if told is not None:
                told(min(1.0, (first + step) / len(rows)))
        return np.concatenate(parts, 1)

    def _components(self) -> Components:
        height, width = self._channels.shape
        rows = np.unique(np.linspace(0, height - 1, min(height, 64)).astype(int))
        every = max(1, len(rows) * width // _SAMPLED)
        found = [
            self._channels.read(Box((int(row), 0), (int(row) + 1, width)))[:, 0, int(row) % every :: every]
            for row in rows
        ]
        sampled = np.concatenate(found, 1).T
        sampled = sampled[np.isfinite(sampled).all(axis=1)]
        if not len(sampled):
            raise NothingThere("there are no data")
        return Components.of(sampled)


def _described(
    values: NDArray[np.float32],
    there: NDArray[np.bool_],
    near: tuple[Window, Window],
    around: tuple[Window, Window],
) -> NDArray[np.float32]:
    """Describe pixels.

    Parameters
    ----------
    values : ndarray of float32, shape (components, rows, columns)
        0, which is the mean, where there are no data.
    there : ndarray of bool, shape (rows, columns)
        Where there are.
    near, around : two of Window
        For the means, and for the roughness.

    Returns
    -------
    ndarray of float32, shape (features, places, places)
        NaN where there are no data.
    """

    def mean(field: NDArray[np.float32], windows: tuple[Window, Window]) -> NDArray[np.float32]:
        return averaged(averaged(field, windows[1], 1), windows[0], 0)

    known = there.astype(np.float32)
    share, wide = mean(known, near), np.maximum(mean(known, around), 1e-6)
    features = [mean(part * known, near) / np.maximum(share, 1e-6) for part in values]
    for part in values[:_ROUGH]:
        rest = part
        for width in _WIDTHS:
            # Gaps are not the mean: what is known around them is.
            smooth = uniform_filter(rest * known, width, mode="nearest") / np.maximum(
                uniform_filter(known, width, mode="nearest"), 1e-6
            )
            features.append(np.log(mean(known * (rest - smooth) ** 2, around) / wide + _FLOOR))
            rest = smooth
    found = np.stack(features).astype(np.float32)
    found[:, share < 0.5] = np.nan
    return found
