"""The places of a survey that look most like the examples: bodies of cells, the most alike first, and apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_fhn.box import Box
from napari_fhn.structure.similar.lattice import Lattice

LEVEL = 0.5
"""Likeness from which a cell belongs to a place."""

_WIDEST = 5
"""Cells along each axis that are judged together at most."""

_LEAST_EXTENT, _PARTS = 12, 16
"""Cells along each axis of the part of a body that is one place, and how many of them are in a large survey."""


@dataclass(frozen=True, eq=False)
class SimilarPlace:
    """A place that looks like the examples.

    Parameters
    ----------
    voxel : tuple of int
        The middle of the cell that is most alike.
    likeness : float
        0 to 1, mean of as many of its best cells as the examples have: one that is much smaller counts less.
    cells : ndarray of int64, shape (n, axes)
        Cells of the lattice that it is made of.
    box : Box
        Voxels around it.
    inside : ndarray of bool, shape ``box.shape``
        Which of them belong to it: its edge runs between cells, where the likeness falls below what is asked for.
    shown : bool
        Whether it is around an example, and not found.
    """

    voxel: tuple[int, ...]
    likeness: float
    cells: NDArray[np.int64]
    box: Box
    inside: NDArray[np.bool_]
    shown: bool = False

    @property
    def voxels(self) -> NDArray[np.int64]:
        """Its voxels, shape (n, axes)."""
        found: NDArray[np.int64] = np.argwhere(self.inside) + np.array(self.box.start)
        return found


def places(
    alike: NDArray[np.float32],
    lattice: Lattice,
    *,
    shown: Sequence[NDArray[np.int64]] = (),
    known: NDArray[np.bool_] | None = None,
    count: int = 12,
    level: float = LEVEL,
) -> list[SimilarPlace]:
    """Find the places that are most alike.

    The best cell is taken, with the connected cells around it that are alike enough; what is near is left out, and so
    on.

    Parameters
    ----------
    alike : ndarray of float32, shape ``lattice.shape``
        From :func:`napari_fhn.structure.similar.likeness.likeness`.
    lattice : Lattice
        Its cells.
    shown : sequence of (n, axes) arrays of int64
        Voxels of the examples. What lies around each of them is a place too, and found no more.
    known : ndarray of bool, same shape as `alike`, optional
        Cells that nobody needs to be told of: they belong to no place.
    count : int
        Places at most, beside those that were shown.
    level : float
        Likeness from which a cell belongs to a place.

    Returns
    -------
    list of SimilarPlace
        Those that were shown, then the most alike first; empty where nothing is alike.
    """
    left = np.nan_to_num(alike, nan=0.0)
    if known is not None:
        left[known] = 0
    examples = [np.unique(lattice.cells_of(voxels), axis=0) for voxels in shown]
    size = max(1, min((len(cells) for cells in examples), default=1))
    # A place is as good as a neighbourhood of the size that was shown: one cell may be alike by chance.
    side = max(1, min(_WIDEST, round(size ** (1 / left.ndim))))
    judged = ndimage.uniform_filter(left, side, mode="constant") if side > 1 else left.copy()
    # Cells between the middles of two places, at least.
    apart = tuple(max(1, min(most // 2, n // 6)) for most, n in zip(_extent(left.shape), left.shape, strict=True))

    def take(cell: tuple[int, ...], *, shown: bool = False) -> list[SimilarPlace]:
        place = _place(left, cell, lattice, size, level)
        judged[tuple(slice(max(0, at - gap), at + gap + 1) for at, gap in zip(cell, apart, strict=True))] = 0
        if place is None:
            return []
        # Of no other place, so that what is labelled here is not labelled there again.
        judged[tuple(place.cells.T)] = left[tuple(place.cells.T)] = 0
        return [replace(place, shown=shown)]

    here: list[SimilarPlace] = []
    for cells in examples:
        best = cells[int(np.argmax(left[tuple(cells.T)]))]
        here += take(tuple(best.tolist()), shown=True)
        judged[tuple(cells.T)] = 0
    found: list[SimilarPlace] = []
    while len(found) < count:
        cell = tuple(int(k) for k in np.unravel_index(int(np.argmax(judged)), judged.shape))
        if judged[cell] <= level / 2:
            break
        found += take(_best_near(left, cell, side))
        judged[cell] = 0
    return [*here, *sorted(found, key=lambda place: -place.likeness)]


def _extent(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Cells along each axis that a place has at most: more is not seen at once."""
    return tuple(max(_LEAST_EXTENT, n // _PARTS) for n in shape)


def _best_near(alike: NDArray[np.float32], cell: tuple[int, ...], side: int) -> tuple[int, ...]:
    """Return the cell that is most alike of those that were judged as one."""
    low = tuple(max(0, at - side // 2) for at in cell)
    part = alike[tuple(slice(a, at + side // 2 + 1) for a, at in zip(low, cell, strict=True))]
    inside = np.unravel_index(int(np.argmax(part)), part.shape)
    return tuple(int(a + k) for a, k in zip(low, inside, strict=True))


def _place(
    alike: NDArray[np.float32], cell: tuple[int, ...], lattice: Lattice, size: int, level: float
) -> SimilarPlace | None:
    half = [most // 2 for most in _extent(alike.shape)]
    low = tuple(max(0, at - n) for at, n in zip(cell, half, strict=True))
    window = tuple(slice(a, at + n + 1) for a, at, n in zip(low, cell, half, strict=True))
    values = alike[window]
    bodies, _ = ndimage.label(values >= level)
    number = int(bodies[tuple(at - a for at, a in zip(cell, low, strict=True))])
    if not number:
        return None
    body = bodies == number
    best = np.sort(values[body])[::-1][:size]
    # Cells of other bodies are kept out.
    box, inside = _voxels(np.where(body, values, np.minimum(values, 0.99 * level)), low, lattice, level)
    cells = np.argwhere(body) + np.array(low)
    return SimilarPlace(lattice.middle(cell), float(best.sum() / size), cells, box, inside)


def _voxels(
    alike: NDArray[np.float32], low: tuple[int, ...], lattice: Lattice, level: float
) -> tuple[Box, NDArray[np.bool_]]:
    """Return the voxels of cells that are alike enough; between the middles of cells the likeness runs straight."""
    last = tuple(a + n - 1 for a, n in zip(low, alike.shape, strict=True))
    around = lattice.box(low, last)
    found: NDArray[np.float32] = alike
    for axis, (start, stop, centres) in enumerate(zip(around.start, around.stop, lattice.centres, strict=True)):
        middles, voxels = centres[low[axis] : last[axis] + 1], np.arange(start, stop)
        after = np.clip(np.searchsorted(middles, voxels), min(1, len(middles) - 1), len(middles) - 1)
        before = np.maximum(after - 1, 0)
        share = (voxels - middles[before]) / np.maximum(middles[after] - middles[before], 1)
        # Beyond the outermost middles it is as at them.
        share = np.clip(share, 0, 1).astype(np.float32).reshape([-1 if k == axis else 1 for k in range(alike.ndim)])
        found = np.take(found, before, axis) * (1 - share) + np.take(found, after, axis) * share
    inside: NDArray[np.bool_] = found >= level * (1 - 1e-5)
    bounds = [(int(at.min()), int(at.max()) + 1) for at in np.nonzero(inside)]
    box = Box(
        tuple(first + a for first, (a, _) in zip(around.start, bounds, strict=True)),
        tuple(first + b for first, (_, b) in zip(around.start, bounds, strict=True)),
    )
    return box, inside[tuple(slice(a, b) for a, b in bounds)]
