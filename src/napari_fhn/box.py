"""A box of voxels: the one small word that every room shares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """Half-open index ranges, one for each spatial axis.

    Parameters
    ----------
    start, stop : tuple of int
        First index inside and first index outside, in voxels; one entry for each axis.

    Raises
    ------
    ValueError
        When the lengths differ or a range is reversed.

    Examples
    --------
    >>> box = Box((2, 0), (4, 3))
    >>> box.shape
    (2, 3)
    >>> box.within(Box((1, 0), (9, 9)))
    (slice(1, 3, None), slice(0, 3, None))
    """

    start: tuple[int, ...]
    stop: tuple[int, ...]

    def __post_init__(self) -> None:
        # JSON hands back lists: normalise here so that boxes always compare and hash by value.
        object.__setattr__(self, "start", tuple(int(i) for i in self.start))
        object.__setattr__(self, "stop", tuple(int(i) for i in self.stop))
        if len(self.start) != len(self.stop):
            raise ValueError(f"a box needs as many starts as stops, got {self.start} and {self.stop}")
        if any(a > b for a, b in zip(self.start, self.stop, strict=True)):
            raise ValueError(f"a box must not end before it starts: {self.start} to {self.stop}")

    @classmethod
    def whole(cls, shape: Iterable[int]) -> Box:
        """The box of a whole array of this shape."""
        stop = tuple(shape)
        return cls((0,) * len(stop), stop)

    @property
    def slices(self) -> tuple[slice, ...]:
        """The box as an index into an array."""
        return tuple(slice(a, b) for a, b in zip(self.start, self.stop, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each axis."""
        return tuple(b - a for a, b in zip(self.start, self.stop, strict=True))

    def within(self, outer: Box) -> tuple[slice, ...]:
        """Return the box as an index into an array of an outer box that holds it."""
        return tuple(slice(a - o, b - o) for a, b, o in zip(self.start, self.stop, outer.start, strict=True))

    def slab(self, axis: int, first: int, last: int) -> Box:
        """Return the box with other ends along an axis: from one index to before another.

        Examples
        --------
        >>> Box((2, 5), (9, 8)).slab(0, 4, 5)
        Box(start=(4, 5), stop=(5, 8))
        """
        start, stop = list(self.start), list(self.stop)
        start[axis], stop[axis] = first, last
        return Box(tuple(start), tuple(stop))
