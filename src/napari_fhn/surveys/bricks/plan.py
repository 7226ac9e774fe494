"""Which parts of a survey are copied into bricks, and in which order."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.surveys.blocks import ArrayLike
from napari_fhn.surveys.bricks import store

#: Source values in memory at once, in bytes, unless a single row of bricks holds more.
UNIT_BYTES = 64 * 2**20

Box = tuple[slice, ...]


@dataclass(frozen=True)
class Plan:
    """Boxes of whole bricks in the order of the source.

    Attributes
    ----------
    shape, dtype
        Of the survey, in the byte order of this machine.
    brick, unit : tuple of int
        Shape of a brick, and of the boxes that are copied at once.
    outer : int
        The axis along which the source is read slowest.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    brick: tuple[int, ...]
    unit: tuple[int, ...]
    outer: int

    @classmethod
    def of(cls, survey: xr.DataArray, brick: tuple[int, ...] | None = None, budget: int = UNIT_BYTES) -> Plan:
        """Plan the copy of a survey; the shape of the bricks is chosen when absent."""
        shape, dtype = survey.shape, np.dtype(survey.dtype).newbyteorder("=")
        brick = brick or store.brick_shape(shape, dtype)
        if len(brick) != len(shape) or min(brick, default=0) < 1:
            raise ValueError(f"bricks of shape {brick} do not cut an array of shape {shape}")
        outer = _outer_axis(survey)
        unit = [min(b, n) for b, n in zip(brick, shape, strict=True)]
        # Along the axes that the file runs through fastest, as many bricks as the budget allows.
        for axis in [a for a in reversed(range(len(shape))) if a != outer]:
            row = math.prod(unit) * dtype.itemsize
            unit[axis] = min(shape[axis], unit[axis] * max(1, budget // row))
        return cls(shape, dtype, tuple(brick), tuple(unit), outer)

    @classmethod
    def of_manifest(cls, manifest: dict[str, Any]) -> Plan:
        """Return the plan that a copy was made with."""
        shape, brick, unit = (tuple(manifest[key]) for key in ("shape", "brick", "unit"))
        return cls(shape, np.dtype(manifest["dtype"]), brick, unit, manifest["outer"])

    def described(self) -> dict[str, Any]:
        """What of it the manifest keeps."""
        lists = {"shape": list(self.shape), "brick": list(self.brick), "unit": list(self.unit)}
        return {**lists, "dtype": self.dtype.str, "outer": self.outer}

    @property
    def total(self) -> int:
        """Bytes of all values."""
        return int(math.prod(self.shape) * self.dtype.itemsize)

    def nbytes(self, box: Box) -> int:
        """Bytes of a box."""
        return int(math.prod(part.stop - part.start for part in box) * self.dtype.itemsize)

    def values(self, array: ArrayLike, box: Box) -> NDArray[Any]:
        """Values of a box, in memory and in the type of the copy."""
        return np.ascontiguousarray(array[box], dtype=self.dtype)

    def boxes(self) -> Iterator[Box]:
        """Boxes of whole bricks, the outer axis slowest."""
        order = [self.outer, *(axis for axis in range(len(self.shape)) if axis != self.outer)]
        counts = [math.ceil(self.shape[axis] / self.unit[axis]) for axis in order]
        for index in np.ndindex(*counts):
            box = [slice(0)] * len(self.shape)
            for axis, k in zip(order, index, strict=True):
                start = k * self.unit[axis]
                box[axis] = slice(start, min(start + self.unit[axis], self.shape[axis]))
            yield tuple(box)


def _outer_axis(survey: xr.DataArray) -> int:
    """Return the axis along which the file is read slowest."""
    name = {"crossline": "crossline"}.get(str(survey.attrs.get("sorting")), "y")
    return survey.dims.index(name) if name in survey.dims else 0


def missing(folder: Path, plan: Plan) -> set[int]:
    """Return which boxes lack the file of a brick, or have an empty one, as after a power cut."""
    lacking = set()
    for k, box in enumerate(plan.boxes()):
        firsts = [part.start // b for part, b in zip(box, plan.brick, strict=True)]
        counts = [math.ceil(part.stop / b) - first for part, b, first in zip(box, plan.brick, firsts, strict=True)]
        for index in np.ndindex(*counts):
            place = "/".join(str(first + i) for first, i in zip(firsts, index, strict=True))
            try:
                if (folder / store.VALUES / "c" / place).stat().st_size:
                    continue
            except OSError:
                pass
            lacking.add(k)
            break
    return lacking


def checksum(values: NDArray[Any]) -> int:
    """CRC-32 of values in memory order."""
    return zlib.crc32(values.data.cast("B") if values.ndim else values.tobytes())
