"""Pseudo-labels: tiles of a survey of which something else than a person says what lies there.

A network that learns from six wells sees six columns. What is known without it says something of every voxel, and is
wrong here and there, not everywhere alike: a network that learns from that as well learns what most of it has in common
(self-training; Lee 2013, "Pseudo-label: the simple and efficient semi-supervised learning method for deep neural
networks"). numpy alone.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box

_HELD = 8
"""Tiles of a survey that is larger than one, at most."""

PROBABILITIES = 2**25
"""Of a tile, unless a block is larger: two bytes each while it is made."""

SHARE = 4
"""So many voxels are learnt from for one of a tile, to make which takes about as long as to learn from one."""

PREDICTED, AVERAGED = 2**18, 2**20
"""Voxels of a piece of a tile that is predicted at once; and of one that is averaged, as what lies around it is too."""

_NARROW = 16
"""Traces of a tile at least on its shorter side."""

_LEAST, _MOST = 4, 24
"""Sections of a piece."""

_AROUND = 24
"""Traces on both sides of a piece over which probabilities are averaged, at most."""

_STEPS = (0.618034, 0.7548777)
"""Golden ratios of one and of two dimensions: places so many apart, counted round, lie evenly wherever one stops."""


class Tile(NamedTuple):
    """A part of a survey.

    Parameters
    ----------
    box : Box
        As high as the survey.
    classes : ndarray of uint8, shape box.shape
        From 1; 0 where nothing is said.
    packed : str
        The same, as a training that is put aside keeps it and other processes are told.
    """

    box: Box
    classes: NDArray[np.uint8]
    packed: str


class PseudoLabels:
    """Classes in tiles of a survey, all of it where it is small.

    Parameters
    ----------
    shape : tuple of int
        Of the survey: two axes for a line, three for a volume.
    vertical : int
        Axis of time or depth.
    classes : int
        How many there are.
    seen : int
        Voxels of all blocks that a network will see in its training: tiles have a quarter of that together, or one is
        larger.
    least : int
        Traces of a tile at least, on its longer side.
    seed : int
        Of where tiles lie.

    Attributes
    ----------
    boxes : tuple of Box
        The tiles, in the order in which they come.
    of : int
        What stands for the labels that they were made of; 0 where there is none yet.
    version : int
        Rises with every tile.

    Examples
    --------
    >>> pseudo = PseudoLabels((40, 50, 30), 2, 3, 10**6, 32, seed=0)
    >>> pseudo.boxes
    (Box(start=(0, 0, 0), stop=(40, 50, 30)),)
    >>> pseudo.put(1, np.ones((40, 50, 30), np.uint8))
    >>> pseudo.held, [len(PseudoLabels((400, 500, 1500), 2, 3, seen, 96, seed=0).boxes) for seen in (10**7, 10**9)]
    (1, [1, 8])
    """

    def __init__(self, shape: tuple[int, ...], vertical: int, classes: int, seen: int, least: int, seed: int) -> None:
        self._shape, self._vertical, self._classes = shape, vertical, classes
        tile = tile_shape(shape, vertical, min(PROBABILITIES // classes, seen // SHARE), least)
        self.boxes = _tiles(shape, tile, max(1, min(_HELD, seen // SHARE // math.prod(tile))), seed)
        self._held: list[Tile] = []
        self._news: list[list[Any]] = []
        self.of = self.version = 0

    @property
    def held(self) -> int:
        """How many tiles there are."""
        return len(self._held)

    def put(self, of: int, classes: NDArray[np.uint8]) -> None:
        """Take the next tile; the first one where it was made of other labels than those that are there, which go.

        Parameters
        ----------
        of : int
            Stands for the labels; not 0.
        classes : ndarray of uint8
            From 1, of all of its box; 0 where nothing is said.
        """
        if of != self.of:
            self._held.clear()
        self._take(of, np.ascontiguousarray(classes, np.uint8), _packed(classes))

    def _take(self, of: int, classes: NDArray[np.uint8], packed: str) -> None:
        self.of = of
        self._held.append(Tile(self.boxes[len(self._held)], classes, packed))
        self._news.append([of, packed])
        self.version += 1

    def draw(self, rng: np.random.Generator) -> tuple[Tile, list[np.int64]] | None:
        """Draw a tile, and a voxel of it, each of its classes as often as the others.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of chance.

        Returns
        -------
        (Tile, list of int64) or None
            And where the voxel lies in the survey; None where nothing is said anywhere.
        """
        there = [tile for tile in self._held if tile.classes.any()]
        if not there:
            return None
        tile = there[int(rng.integers(len(there)))]
        # Of a section, as all of a tile would take long to look through; along its longer side.
        lateral = [axis for axis in range(tile.classes.ndim) if axis != self._vertical]
        if len(lateral) == 1:
            return tile, _one_of(tile.classes, tile.box.start, rng)
        axis = min(lateral, key=lambda axis: tile.classes.shape[axis])
        lines = np.flatnonzero(tile.classes.any(axis=tuple(a for a in range(tile.classes.ndim) if a != axis)))
        line = int(rng.choice(lines))
        section = tile.box.slab(axis, tile.box.start[axis] + line, tile.box.start[axis] + line + 1)
        return tile, _one_of(tile.classes[section.within(tile.box)], section.start, rng)

    def news(self) -> list[list[Any]]:
        """Return the tiles that came since the last call, in plain JSON types: for other processes."""
        found, self._news = self._news, []
        return found

    def take(self, news: Sequence[Sequence[Any]]) -> None:
        """Take what :meth:`news` returned in another process."""
        for of, packed in news:
            if of != self.of:
                self._held.clear()
            self._take(of, _unpacked(packed, self.boxes[len(self._held)].shape), packed)
        self._news.clear()

    def state(self) -> dict[str, Any]:
        """Return what going on needs, see :mod:`~napari_fhn.training.models.suspended`."""
        boxes = [[*box.start, *box.stop] for box in self.boxes]
        return {"of": self.of, "tiles": [tile.packed for tile in self._held], "boxes": boxes}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on with what :meth:`state` returned, with the tiles of then, however long the training is now.

        Raises
        ------
        ValueError
            Where they do not lie in this survey, or hold classes that there are not.
        """
        axes = len(self._shape)
        boxes = tuple(Box(tuple(map(int, ends[:axes])), tuple(map(int, ends[axes:]))) for ends in state["boxes"])
        inside = all(
            len(box.start) == len(box.stop) == axes
            and all(0 <= a < b <= size for a, b, size in zip(box.start, box.stop, self._shape, strict=True))
            and box.shape[self._vertical] == self._shape[self._vertical]
            for box in boxes
        )
        if not (inside and len(state["tiles"]) <= len(boxes) <= _HELD and boxes):
            raise ValueError("its pseudo-labels do not lie in this survey")
        self.boxes = boxes
        self._held.clear()
        self.of = 0
        self.take([[int(state["of"]), packed] for packed in state["tiles"]])
        if any(tile.classes.max() > self._classes for tile in self._held) or (self._held and not self.of):
            raise ValueError("its pseudo-labels are of classes that there are not")


def traces_of(block: Sequence[int], vertical: int) -> int:
    """Return the traces of a block: its longest side that is not vertical.

    Examples
    --------
    >>> traces_of((96, 256), 1), traces_of((64, 48, 128), -1)
    (96, 64)
    """
    return max(size for axis, size in enumerate(block) if axis != vertical % len(block))


def _one_of(classes: NDArray[np.uint8], start: Sequence[int], rng: np.random.Generator) -> list[np.int64]:
    """Draw a voxel of a box that begins there, each of its classes as often as the others."""
    known = np.flatnonzero(np.bincount(classes.ravel())[1:]) + 1
    inside = np.unravel_index(rng.choice(np.flatnonzero(classes == rng.choice(known))), classes.shape)
    return [np.int64(a + at) for a, at in zip(start, inside, strict=True)]


def filled(tile: Tile, box: Box, row: NDArray[np.uint8]) -> None:
    """Write what a tile says into a row of a box of the survey, which may reach outside of it."""
    start = tuple(map(max, box.start, tile.box.start))
    stop = tuple(map(min, box.stop, tile.box.stop))
    if all(a < b for a, b in zip(start, stop, strict=True)):
        common = Box(start, stop)
        row[common.within(box)] = tile.classes[common.within(tile.box)]


def tile_shape(shape: tuple[int, ...], vertical: int, room: int, least: int) -> tuple[int, ...]:
    """Return the shape of the tiles of a survey: about as wide as long.

    Parameters
    ----------
    shape, vertical, least
        As in :class:`PseudoLabels`.
    room : int
        Voxels that a tile may have, unless it is to have so many traces.

    Examples
    --------
    >>> tile_shape((128, 192, 160), 2, 4_608_000, 96), tile_shape((600, 480, 1500), 2, 4_608_000, 96)
    ((128, 192, 160), (96, 32, 1500))
    """
    found, room = list(shape), max(1, room // shape[vertical])
    lateral = sorted((axis for axis in range(len(shape)) if axis != vertical), key=lambda axis: shape[axis])
    if len(lateral) == 1:
        found[lateral[0]] = min(shape[lateral[0]], max(least, room))
    else:
        short, long = lateral
        found[short] = min(shape[short], max(_NARROW, math.isqrt(room)))
        found[long] = min(shape[long], max(least, room // found[short]))
        found[short] = min(shape[short], max(_NARROW, room // found[long]))
    return tuple(found)


def at_once(section: int, piece: int, *, line: bool = False) -> int:
    """Return how many sections of so many voxels a piece of so many has; of a line, how many traces."""
    return max(_LEAST, min(piece if line else _MOST, piece // section // _LEAST * _LEAST))


def making_bytes(shape: tuple[int, ...], vertical: int, classes: int, least: int) -> int:
    """Return the bytes that it takes at most to make a tile: its probabilities, and a piece of it that is averaged.

    Parameters
    ----------
    shape, vertical, least
        As in :class:`PseudoLabels`.
    classes : int
        How many there are.
    """
    tile = tile_shape(shape, vertical, PROBABILITIES // classes, least)
    line = len(shape) == 2
    section = (1 if line else traces_of(tile, vertical)) * tile[vertical]
    piece = min(math.prod(tile), (at_once(section, AVERAGED, line=line) + _AROUND) * section)
    return 2 * classes * math.prod(tile) + 12 * classes * piece + _HELD * math.prod(tile)


def _tiles(shape: tuple[int, ...], tile: tuple[int, ...], most: int, seed: int) -> tuple[Box, ...]:
    """Return tiles that lie evenly over a survey, as many as it has or so many."""
    count = math.prod(-(-size // length) for size, length in zip(shape, tile, strict=True))
    begin, found = np.random.default_rng([seed, 2013]).random(2), []
    free = [axis for axis, size in enumerate(shape) if size > tile[axis]]
    for number in range(min(count, most)):
        start = [0] * len(shape)
        for axis, at in zip(free, (begin + number * np.array(_STEPS)) % 1, strict=False):
            start[axis] = round(at * (shape[axis] - tile[axis]))
        found.append(Box(tuple(start), tuple(a + length for a, length in zip(start, tile, strict=True))))
    return tuple(found)


def _packed(known: NDArray[np.uint8]) -> str:
    return base64.b64encode(zlib.compress(known.tobytes(), 1)).decode("ascii")


def _unpacked(packed: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Read what :func:`_packed` wrote; no more than a tile is ever unpacked."""
    try:
        found = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), math.prod(shape) + 1)
    except zlib.error as error:
        raise ValueError(f"pseudo-labels cannot be unpacked: {error}") from error
    return np.frombuffer(found, np.uint8).reshape(shape)
