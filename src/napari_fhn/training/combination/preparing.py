"""What a factor has to know of the data before it can speak, found beside the first steps of a training."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.factor import Factor
from napari_fhn.training.combination.combiner import Smoother
from napari_fhn.training.combination.shown import Shown
from napari_fhn.training.data.neighbours import Neighbours

_AT_ONCE = 2**20
"""Voxels whose structure is found at once, which takes a second at most."""

_READING = 1 / 16
"""What it takes to read what is there, as a share of what it takes to find it."""

_WORTH_TELLING = 0.1
"""Share of a survey that is told of when it is known."""

_DOUBT = np.float32(0.05)
"""Share of what the nearest labels say that is alike for all classes."""


class Bricks(Protocol):
    """What is found brick by brick, such as the dips of a survey: :class:`napari_fhn.structure.dips.DipField`."""

    @property
    def bricks(self) -> int: ...  # noqa: D102

    @property
    def threads(self) -> int: ...  # noqa: D102

    def missing(self) -> list[int]:
        """Return the numbers of the bricks that are not there."""
        ...

    def make(self, number: int) -> None:
        """Compute a brick, unless it is there."""
        ...


class Preparing:
    """Finds the missing bricks in threads of its own, which nobody has to wait for.

    Parameters
    ----------
    source : Bricks
        What is to be found. A brick that is there stays there, whatever happens to this process.
    after : callable
        What is done then, once.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> made = []
    >>> source = SimpleNamespace(bricks=3, threads=2, missing=lambda: [1, 2], make=made.append)
    >>> preparing = Preparing(source, lambda: made.append("all"))
    >>> round(preparing.share, 2), preparing.ready
    (0.33, False)
    >>> preparing.start()
    >>> preparing.wait(10)
    True
    >>> made
    [1, 2, 'all']
    """

    def __init__(self, source: Bricks, after: Callable[[], object]) -> None:
        self._source = source
        self._after = after
        self._left = deque(source.missing())
        self._making = len(self._left)
        self._threads = 0
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._ended = threading.Event()

    @property
    def ready(self) -> bool:
        """Whether all is there; or cannot be made, which whoever asks for it will learn from the one who makes it."""
        return self._ready.is_set()

    @property
    def share(self) -> float:
        """What is there, from 0 to 1."""
        return 1 - self._making / max(1, self._source.bricks)

    def start(self) -> None:
        """Begin in one thread, unless it is begun."""
        self._begin(1)

    def hurry(self) -> None:
        """Go on in as many threads as the source may have, now that somebody waits."""
        self._begin(self._source.threads)

    def wait(self, seconds: float) -> bool:
        """Wait until all is there, or so long; tells whether it is."""
        return self._ready.wait(seconds)

    def end(self) -> None:
        """Begin no other brick. Those that are being made are made, without anybody waiting for them."""
        self._ended.set()

    def _begin(self, threads: int) -> None:
        with self._lock:
            more = range(self._threads, min(threads, max(1, len(self._left) + self._threads)))
            self._threads += len(more)
        for number in more:
            threading.Thread(target=self._work, name=f"structure of the data {number}", daemon=True).start()

    def _work(self) -> None:
        try:
            while (number := self._next()) is not None:
                self._source.make(number)
                with self._lock:
                    self._making -= 1
            if not self._leave():
                return
            self._after()
        except Exception:  # it comes again where what is missing is asked for
            self.end()
        self._ready.set()

    def _leave(self) -> bool:
        """Tell whether this was the last thread, with all bricks there."""
        with self._lock:
            self._threads -= 1
            last = not (self._threads or self._making or self._ended.is_set())
            if last:
                self.end()  # whoever comes later has nothing to do
            return last

    def _next(self) -> int | None:
        with self._lock:
            return self._left.popleft() if self._left and not self._ended.is_set() else None


class Awaited:
    """What is being prepared, for somebody who goes on without it, tells how far it is, and may have to wait.

    Parameters
    ----------
    preparing : Preparing or None
        None where there is nothing to wait for.
    """

    def __init__(self, preparing: Preparing | None) -> None:
        self._preparing = preparing
        self._told = 0.0

    @property
    def pending(self) -> bool:
        """Whether it is not there yet."""
        return self._preparing is not None and not self._preparing.ready

    def begin(self) -> list[str]:
        """Begin with it; returns what the person should know about that."""
        if self._preparing is None:
            return []
        self._preparing.start()
        return ["The reflectors of this survey are followed for the first time: until then the nearest labels speak."]

    def news(self) -> list[str]:
        """Return what there is to say since the last time: now and then how far it is, and once that it is there."""
        if self._preparing is None:
            return []
        if self._preparing.ready:
            self._preparing = None
            return ["The reflectors are known now: what is labelled is carried along them."]
        return self._how_far()

    def wait(self, seconds: float) -> list[str]:
        """Wait for it, or so long, with all the threads that it may have; returns what the person should know."""
        if self._preparing is None:
            return []
        self._preparing.hurry()
        self._preparing.wait(seconds)
        return self._how_far()

    def end(self) -> None:
        """Go no further than what is being made: nobody wants it any more."""
        if self._preparing is not None:
            self._preparing.end()

    def _how_far(self) -> list[str]:
        assert self._preparing is not None
        share = self._preparing.share
        if share < self._told + _WORTH_TELLING or share >= 1:
            return []
        self._told = share
        return [f"The reflectors of {100 * share:.0f} % of the survey are known."]


def much(source: Bricks, voxels: int) -> bool:
    """Tell whether finding what is missing takes so long that nobody should have to wait for it.

    Parameters
    ----------
    source : Bricks
        Of a survey.
    voxels : int
        Of the survey.
    """
    missing = len(source.missing()) / max(1, source.bricks)
    return voxels * (missing + _READING) > _AT_ONCE


class Meanwhile:
    """A factor in whose place the nearest labels speak until it is ready.

    Parameters
    ----------
    factor : Factor
        Which is to speak.
    preparing : Preparing
        Says whether it is.
    labels : Shown
        What is known.
    vertical : int or None
        Axis along which columns of labels run.

    Attributes
    ----------
    name, title : str
        Those of the factor.
    """

    def __init__(self, factor: Factor, preparing: Preparing, labels: Shown, vertical: int | None) -> None:
        self.name, self.title = factor.name, factor.title
        self._factor = factor
        self._preparing = preparing
        self._labels = labels
        self._vertical = vertical
        self._nearest: Neighbours | None = None
        self._seen = -1
        self._spoke = False

    def look(self) -> bool:
        """Follow the labels; tells whether what it says has changed, as it does when the factor joins."""
        if self._preparing.ready:
            joins, self._spoke, self._nearest = not self._spoke, True, None
            return self._factor.look() or joins
        changed, self._seen = self._labels.version != self._seen, self._labels.version
        return changed

    def read(self, box: Box) -> NDArray[np.float32]:
        """Return what the factor says of a box, or the nearest labels."""
        if self._preparing.ready:
            return self._factor.read(box)
        if self._nearest is None:
            self._nearest = Neighbours(self._labels, self._vertical)
        self._nearest.look()
        shares = self._nearest.read(box)[:-1]
        known = shares.sum(axis=0)
        classes = np.float32(len(shares))
        said = np.full_like(shares, 1 / classes)
        np.divide(shares * (1 - _DOUBT), known, out=said, where=known > 0)
        said += np.where(known > 0, _DOUBT / classes, np.float32(0))
        return said

    def without(self, bodies: Collection[int]) -> Factor:
        """Return the factor as if these bodies had no labels."""
        return self._factor.without(bodies)


class Later:
    """A smoother that leaves everything as it is until the structure is known that it follows.

    Parameters
    ----------
    smoother : Smoother
        Which is to average.
    preparing : Preparing
        Says whether it can.
    """

    def __init__(self, smoother: Smoother, preparing: Preparing) -> None:
        self.candidates = smoother.candidates
        self.usual = smoother.usual
        self.halo = smoother.halo
        self._smoother = smoother
        self._preparing = preparing

    def smooth(self, box: Box, probabilities: NDArray[np.float32], reach: tuple[int, ...]) -> NDArray[np.float32]:
        """Average ``(classes, *box.shape)`` over what lies in the box, or return them."""
        return self._smoother.smooth(box, probabilities, reach) if self._preparing.ready else probabilities
