"""Tiles put together into a region: nearest to the view first, each piece handed out as soon as it is whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training.control import Focus
from napari_fhn.training.prediction.tiles import Lattice

Evaluate = Callable[[Box, Box], NDArray[np.float32]]
"""Takes what a tile sees and the part of it that is used, and returns ``(channels, *used.shape)``."""


def mosaic(
    lattice: Lattice,
    evaluate: Evaluate,
    focus: Callable[[], Focus | None] = lambda: None,
    finished: Collection[Box] = (),
) -> Iterator[tuple[Box, NDArray[np.float32]]]:
    """Put a region together from tiles.

    The values of a zone are summed in the order in which the lattice names its tiles, whenever they came: they do not
    depend on where anybody looked, or on what was finished before.

    Parameters
    ----------
    lattice : Lattice
        The tiles.
    evaluate : callable
        Computes one of them.
    focus : callable
        Tells which section is in view; asked again before every tile.
    finished : collection of Box
        Zones that are not needed. Their tiles are computed only where others need them.

    Yields
    ------
    box : Box
        A zone. Together with those finished they cover the region once.
    values : ndarray
        ``(channels, *box.shape)``.
    """
    parts: dict[Box, dict[tuple[int, ...], NDArray[np.float32]]] = defaultdict(dict)
    for tile in _nearest_first(lattice, focus, finished):
        used = lattice.used(tile)
        values = evaluate(lattice.box(tile), used)
        for zone in lattice.zones(tile):
            if zone.box in finished:
                continue
            weighted = lattice.weighted(values[(slice(None), *zone.box.within(used))], tile, zone.box)
            if len(zone.tiles) == 1:
                yield zone.box, weighted
                continue
            parts[zone.box][tile] = weighted
            if len(parts[zone.box]) == len(zone.tiles):
                found = parts.pop(zone.box)
                yield zone.box, np.sum([found[other] for other in zone.tiles], axis=0)


def _nearest_first(
    lattice: Lattice, focus: Callable[[], Focus | None], finished: Collection[Box]
) -> Iterator[tuple[int, ...]]:
    left = lattice.tiles()
    if finished:
        left = [tile for tile in left if any(zone.box not in finished for zone in lattice.zones(tile))]
    # Taken from the end: in the lattice's order where nothing is in view.
    left.reverse()
    sorted_for: Focus | None = None
    while left:
        view = focus()
        if view is not None and view != sorted_for and view.axis < len(lattice.cuts):
            left.sort(key=lambda tile: (_distance(lattice, tile, view), tile), reverse=True)
            sorted_for = view
        yield left.pop()


def _distance(lattice: Lattice, tile: tuple[int, ...], view: Focus) -> int:
    """Return the voxels between the section in view and what is used of a tile; 0 where it lies in there.

    A view that crosses all tiles, such as a time slice of sections, is filled coarse first instead.
    """
    if lattice.cuts[view.axis].count == 1 and not any(cut.fade for cut in lattice.cuts):
        number = tile[max(range(len(tile)), key=lambda axis: lattice.cuts[axis].count)]
        return -(number & -number or 1 << 62)  # the largest power of two in it
    used = lattice.used(tile)
    return max(0, used.start[view.axis] - view.index, view.index - used.stop[view.axis] + 1)
