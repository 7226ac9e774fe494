"""Work cut into shards: boxes that are written by one process each, and the part of them that one process is given."""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from napari_fhn.box import Box
from napari_fhn.digits import whole


@dataclass(frozen=True)
class Shards:
    """An array cut into shards, numbered from 0, the last axis fastest.

    Attributes
    ----------
    shape : tuple of int
        Of the array.
    size : tuple of int
        Of a shard; the last along an axis may be shorter.

    Examples
    --------
    >>> shards = Shards((5, 4), (2, 4))
    >>> shards.count, shards.box(2)
    (3, Box(start=(4, 0), stop=(5, 4)))
    """

    shape: tuple[int, ...]
    size: tuple[int, ...]

    @property
    def grid(self) -> tuple[int, ...]:
        """Shards along each axis."""
        return tuple(math.ceil(n / size) for n, size in zip(self.shape, self.size, strict=True))

    @property
    def count(self) -> int:
        """Shards."""
        return math.prod(self.grid)

    def place(self, number: int) -> tuple[int, ...]:
        """Return the number of a shard along each axis."""
        found = []
        for n in reversed(self.grid):
            number, k = divmod(number, n)
            found.append(k)
        return tuple(reversed(found))

    def box(self, number: int) -> Box:
        """Return where a shard lies."""
        starts = [k * size for k, size in zip(self.place(number), self.size, strict=True)]
        stops = (min(a + size, n) for a, size, n in zip(starts, self.size, self.shape, strict=True))
        return Box(tuple(starts), tuple(stops))


@dataclass(frozen=True)
class Part:
    """One of several parts of the same work, as ``--task 3/128`` names it.

    Attributes
    ----------
    number, count : int
        Which, from 1, of how many.
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ValueError(f"there is no part {self.number} of {self.count}: parts are counted from 1")

    @classmethod
    def named(cls, text: str) -> Part:
        """Read ``3/128``.

        Raises
        ------
        ValueError
            When it is no such part.
        """
        number, _, count = map(whole, text.partition("/"))
        if number is None or count is None:
            raise ValueError(f"{text!r} is no part of a number of parts: write it as 3/128")
        return cls(number, count)

    def of(self, count: int) -> range:
        """Return its share of a number of shards: neighbours, so that what is read twice is read by one.

        Examples
        --------
        >>> Part(2, 3).of(8)
        range(2, 5)
        """
        return range((self.number - 1) * count // self.count, self.number * count // self.count)


def on_worker(module: str, name: str, told: str, number: int) -> int:
    """Do a shard on a worker: what it takes is imported on the thread that does it, and not where tasks arrive.

    Parameters
    ----------
    module, name : str
        The function that does it.
    told : str
        What is worked on.
    number : int
        Of the shard; returned when it is done.
    """
    done: int = getattr(importlib.import_module(module), name)(told, number)
    return done


def runs_of(numbers: Sequence[int]) -> str:
    """Return numbers in words, shortly.

    Examples
    --------
    >>> runs_of([0, 1, 2, 5])
    '0 to 2, 5'
    """
    runs = []
    for _, group in itertools.groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        runs.append(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}")
    return ", ".join(runs[:8]) + (" …" if len(runs) > 8 else "")
