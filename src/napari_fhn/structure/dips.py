"""The dips of a survey: slopes of its reflectors and their coherence, made brick by brick where they are asked for."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise, product
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from napari_fhn.box import Box
from napari_fhn.sentence import counted

from .dip_store import STEEPEST, STEPS, Files, Memory, Store
from .slopes import Dips, DipSettings, at_samples, dips_of, node_dips

__all__ = ["DipField", "DipSettings", "Dips", "brick_bytes", "dips_of"]

_MOST = {2: 2**20, 3: 2**23}
"""Most samples of a brick with its rim, by the number of axes: some 600 MB while one of a volume is made."""

_BYTES = {2: 58, 3: 76}
"""For each of them while it is made, with gaps in the data; without it takes a fifth less."""

_LEAST = 40
"""Samples along each axis that a brick has at least: its rim is as wide."""

_ALONE = 2**20
"""Samples of a brick from which on two cores make two of half the size sooner."""


class DipField:
    """The dips of a survey or a line; see :meth:`open`.

    Parameters
    ----------
    data : array-like, shape (inline, crossline, sample) or (trace, sample)
        Amplitudes in any unit; a memory-mapped array is read a brick at a time. NaN, infinities and runs of equal
        samples (dead traces, mutes) are no data.
    store : Store
        Where bricks are kept.
    settings : DipSettings
        How slopes are found.
    threads : int
        How many bricks are made at the same time.
    stamp : str
        See :meth:`open`.

    Attributes
    ----------
    shape : tuple of int
        Of the data.
    key : str
        Of all that the dips depend on; empty where nothing tells the data from others.
    threads : int
        As it was given.

    Examples
    --------
    Beds that deepen by a quarter of a sample from crossline to crossline:

    >>> import numpy as np
    >>> from napari_fhn.box import Box
    >>> inline, crossline, sample = np.mgrid[:20, :30, :60]
    >>> field = DipField.open(np.sin(0.7 * (sample - 0.25 * crossline)))
    >>> dips = field.read(Box((10, 10, 20), (11, 20, 40)))
    >>> dips.slopes.shape, dips.slopes.mean(axis=(1, 2, 3)).round(2).tolist()
    ((2, 1, 10, 20), [0.0, 0.25])
    """

    def __init__(self, data: Any, store: Store, settings: DipSettings, threads: int, stamp: str = "") -> None:
        self.key = f"{stamp}\n{settings}\n{tuple(data.shape)}" if stamp else ""
        self.shape: tuple[int, ...] = tuple(int(size) for size in data.shape)
        self._data = data
        self._store = store
        self._settings = settings
        self.threads = threads
        self._cuts = _cuts(self.shape, settings.halo)
        self._making = Lock()

    @classmethod
    def open(
        cls,
        data: Any,
        folder: str | Path | None = None,
        *,
        stamp: str = "",
        settings: DipSettings | None = None,
        threads: int | None = None,
        memory: int | None = None,
    ) -> DipField:
        """Open the dips of data; nothing is computed yet.

        Parameters
        ----------
        data : array-like, shape (inline, crossline, sample) or (trace, sample)
            Amplitudes; see :class:`DipField`.
        folder : str or Path, optional
            Bricks are kept here, and found again by whoever opens the same data with the same settings; several
            processes may. Without one, or where it cannot be written, they stay in memory: half a gigabyte at most.
        stamp : str
            Tells these data from others whose dips are kept in the same folder: a digest, or path, size and time of
            change.
        settings : DipSettings, optional
            How slopes are found.
        threads : int, optional
            How many bricks are made at the same time; as many as there are processors by default.
        memory : int, optional
            Bytes that making them may take: no more are made at the same time than that leaves room for, one at least.

        Raises
        ------
        ValueError
            When data have neither two nor three axes, or settings allow slopes steeper than can be kept.
        """
        settings = settings or DipSettings()
        if len(data.shape) not in _MOST:
            raise ValueError(
                f"dips are those of a volume or of a line of traces, not of {counted(len(data.shape), 'axes')}"
            )
        if not 0 < settings.steepest <= STEEPEST:
            raise ValueError(f"the steepest slope has to lie between 0 and {STEEPEST} samples per trace")
        shape = tuple(int(size) for size in data.shape)
        store: Store = Memory()
        if folder is not None:
            nodes = (*shape[:-1], -(-shape[-1] // 2))
            bricks = int(np.prod([len(cuts) - 1 for cuts in _cuts(shape, settings.halo)]))
            # Without room, or leave to write, they are made again instead of kept.
            with suppress(OSError):
                store = Files(Path(folder), f"{stamp}\n{settings}", nodes, bricks)
        threads = threads or _processors()
        if memory is not None:
            threads = max(1, min(threads, memory // brick_bytes(shape, settings)))
        return cls(data, store, settings, threads, stamp)

    def read(self, box: Box) -> Dips:
        """Return the dips of a box of the survey, and compute what is missing of it.

        Raises
        ------
        ValueError
            When the box reaches out of the survey.
        """
        self._check(box)
        for _ in self.fill(box):
            pass
        low = max(0, box.start[-1] // 2 - 1)
        high = min(-(-self.shape[-1] // 2), (max(box.stop[-1], box.start[-1] + 1) - 1) // 2 + 2)
        wanted = Box((*box.start[:-1], low), (*box.stop[:-1], high))
        slopes = np.zeros((len(self.shape) - 1, *wanted.shape), np.float32)
        coherence = np.zeros(wanted.shape, np.float32)
        for number in self._over(box):
            nodes = self._nodes(number)
            # The memory may have let go of what has just been made; then it is made once more.
            steps, shares = self._store.get(number, nodes) or self._make(number)
            part = _shared(nodes, wanted)
            slopes[(slice(None), *part.within(wanted))] = steps[(slice(None), *part.within(nodes))]
            coherence[part.within(wanted)] = shares[part.within(nodes)]
        slopes /= STEPS
        coherence /= 255
        first = box.start[-1] - 2 * low
        depth = slice(first, first + box.shape[-1])
        return Dips(at_samples(slopes)[..., depth], at_samples(coherence)[..., depth])

    def fill(self, box: Box | None = None) -> Iterator[Box]:
        """Compute the missing bricks of a box (the whole survey by default), and yield each when it is there.

        Whoever stops asking stops it: nothing that was begun is lost but bricks that are not there yet.
        """
        box = box or Box.whole(self.shape)
        self._check(box)
        missing = [number for number in self._over(box) if not self._store.has(number)]
        if len(missing) < 2 or self.threads < 2:
            for number in missing:
                self._make(number)
                yield self._samples(number)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            making = {pool.submit(self._make, number): number for number in missing}
            try:
                for done in as_completed(making):
                    done.result()
                    yield self._samples(making[done])
            finally:
                for one in making:
                    one.cancel()

    @property
    def bricks(self) -> int:
        """How many bricks there are."""
        return int(np.prod([len(cuts) - 1 for cuts in self._cuts]))

    def missing(self) -> list[int]:
        """Return the numbers of the bricks that are not there."""
        return [number for number in range(self.bricks) if not self._store.has(number)]

    def make(self, number: int) -> None:
        """Compute a brick, unless it is there: what several processes share is that of one number each."""
        if not self._store.has(number):
            self._make(number)

    def is_known(self, box: Box) -> bool:
        """Tell whether a box can be read without computing anything."""
        return all(self._store.has(number) for number in self._over(box))

    def _make(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        nodes, inside = self._nodes(number), self._samples(number)
        lateral, vertical = self._settings.halo
        halo = (*(lateral,) * (len(self.shape) - 1), vertical)
        outer = Box(
            tuple(max(0, start - more) for start, more in zip(inside.start, halo, strict=True)),
            tuple(min(size, stop + more) for size, stop, more in zip(self.shape, inside.stop, halo, strict=True)),
        )
        dips = node_dips(np.asarray(self._data[outer.slices]), self._settings)
        kept = nodes.within(Box((*outer.start[:-1], outer.start[-1] // 2), (*outer.stop[:-1], -(-outer.stop[-1] // 2))))
        steps = np.rint(dips.slopes[(slice(None), *kept)] * STEPS).astype(np.int16)
        shares = np.rint(dips.coherence[kept] * 255).astype(np.uint8)
        with self._making:
            self._store.put(number, nodes, steps, shares)
        return steps, shares

    def _check(self, box: Box) -> None:
        if len(box.start) != len(self.shape) or _shared(box, Box.whole(self.shape)) != box:
            raise ValueError(f"the box {box.start} to {box.stop} does not lie within the shape {self.shape}")

    def _over(self, box: Box) -> list[int]:
        """Return the numbers of the bricks that a box needs."""
        if 0 in box.shape:
            return []
        # Values between nodes come from the nodes to both sides.
        start = (*box.start[:-1], max(0, box.start[-1] - 2))
        stop = (*box.stop[:-1], min(self.shape[-1], box.stop[-1] + 2))
        ranges = [
            range(int(np.searchsorted(cuts, a, "right")) - 1, int(np.searchsorted(cuts, b - 1, "right")))
            for cuts, a, b in zip(self._cuts, start, stop, strict=True)
        ]
        counts = tuple(len(cuts) - 1 for cuts in self._cuts)
        return [int(np.ravel_multi_index(place, counts)) for place in product(*ranges)]

    def _samples(self, number: int) -> Box:
        place = np.unravel_index(number, tuple(len(cuts) - 1 for cuts in self._cuts))
        pairs = [(cuts[at], cuts[at + 1]) for cuts, at in zip(self._cuts, place, strict=True)]
        return Box(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))

    def _nodes(self, number: int) -> Box:
        samples = self._samples(number)
        return Box((*samples.start[:-1], samples.start[-1] // 2), (*samples.stop[:-1], -(-samples.stop[-1] // 2)))


@lru_cache
def brick_bytes(shape: tuple[int, ...], settings: DipSettings | None = None) -> int:
    """Return the bytes that it takes to find the dips of data of a shape, a brick at a time.

    Parameters
    ----------
    shape : tuple of int
        Of the data, with the vertical axis last.
    settings : DipSettings, optional
        How slopes are found.
    """
    lateral, vertical = (settings or DipSettings()).halo
    rims = (*(lateral,) * (len(shape) - 1), vertical)
    seen = 1
    for size, cuts, rim in zip(shape, _cuts(shape, (lateral, vertical)), rims, strict=True):
        seen *= max(min(size, stop + rim) - max(0, start - rim) for start, stop in pairwise(cuts))
    return seen * _BYTES[len(shape)]


def _cuts(shape: tuple[int, ...], halo: tuple[int, int]) -> tuple[tuple[int, ...], ...]:
    """Return where bricks begin along each axis, and where the last one ends: alike in size, even samples."""
    counts = list(_counts(shape, (*(halo[0],) * (len(shape) - 1), halo[1]), _MOST[len(shape)], _LEAST))
    if max(counts) == 1 and math.prod(shape) > _ALONE:
        counts[-2] = 2  # side by side in each inline, as surveys are read by inlines
    found = []
    for axis, (size, bricks) in enumerate(zip(shape, counts, strict=True)):
        unit = 2 if axis == len(shape) - 1 else 1
        units, bricks = -(-size // unit), max(1, min(bricks, size))
        found.append((*(min(size, unit * (units * at // bricks)) for at in range(bricks)), size))
    return tuple(found)


@lru_cache
def _counts(shape: tuple[int, ...], rims: tuple[int, ...], most: int, least: int) -> tuple[int, ...]:
    """Return into how many bricks each axis is cut, such that the rims, which are made twice, are smallest altogether.

    Of bricks of at most so many samples with their rims, and at least so many along each axis.
    """
    able = [max(1, size // least) for size in shape]
    found, work = tuple(able), math.inf
    along = [axis for axis in range(len(shape)) if axis != len(shape) - 2]  # how often the other is cut follows
    for counts in product(*(range(1, able[axis] + 1) for axis in along)):
        seen = math.prod(_with_rims(shape[axis], n, rims[axis]) for axis, n in zip(along, counts, strict=True))
        size, rim, width = shape[-2], rims[-2], most // seen
        across = next((n for n in (1, 2) if _with_rims(size, n, rim) <= width), 0)
        if not across and width > 2 * rim:
            across = -(-size // (width - 2 * rim))
        if 0 < across <= able[-2]:
            tried = (*counts[:-1], across, counts[-1])
            made = math.prod(size + 2 * rim * (n - 1) for size, rim, n in zip(shape, rims, tried, strict=True))
            if made < work:
                found, work = tried, made
    return found


def _with_rims(size: int, bricks: int, rim: int) -> int:
    """Return the size of the largest of several bricks along an axis, with what lies around it."""
    return min(size, -(-size // bricks) + rim * min(2, bricks - 1))


def _shared(one: Box, other: Box) -> Box:
    start = tuple(map(max, one.start, other.start))
    return Box(start, tuple(max(a, b) for a, b in zip(start, map(min, one.stop, other.stop), strict=True)))


def _processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
