"""Surveys whose dips are known, and a stand-in for a dip field."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box


@dataclass
class KnownDip:
    """Dips of a box."""

    slopes: NDArray[np.float32]
    coherence: NDArray[np.float32]


@dataclass
class KnownDips:
    """Dips out of arrays; remembers what was asked."""

    slopes: NDArray[np.float32]
    coherence: NDArray[np.float32]
    asked: list[Box] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the survey."""
        return self.coherence.shape

    def read(self, box: Box) -> KnownDip:
        """Return the dips of a box."""
        self.asked.append(box)
        return KnownDip(self.slopes[(slice(None), *box.slices)], self.coherence[box.slices])


def even(shape: tuple[int, ...], *slopes: float) -> KnownDips:
    """Reflectors that dip alike everywhere."""
    dips = np.stack([np.full(shape, slope, np.float32) for slope in slopes])
    return KnownDips(dips, np.ones(shape, np.float32))


def from_surface(surface: NDArray[np.float64], depth: int) -> KnownDips:
    """Reflectors that all run parallel to a surface, in samples."""
    slopes = np.stack([np.asarray(np.gradient(surface, axis=axis)) for axis in range(surface.ndim)])
    whole = np.repeat(slopes[..., np.newaxis], depth, -1).astype(np.float32)
    return KnownDips(whole, np.ones((*surface.shape, depth), np.float32))


def layers(surface: NDArray[np.float64], depth: int, thick: int = 8, classes: int = 4) -> NDArray[np.uint8]:
    """Layers parallel to a surface; classes return in turn."""
    age = np.arange(depth) - surface[..., np.newaxis]
    return (np.floor(age / thick).astype(int) % classes + 1).astype(np.uint8)
