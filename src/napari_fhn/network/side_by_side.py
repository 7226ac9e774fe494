"""Pieces of work side by side on a processor, each with one thread of torch.

What one operation of a small network shares out among threads is soon done, and all of them wait for the last: longest
where another program has one of the cores. Two sections side by side take less time than one after the other.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

_LEAST = 1 << 15
"""Elements of a state from which an example is worth a thread of its own."""


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yield what comes of each item, in their order.

    Parameters
    ----------
    work : callable
        Mostly torch, which leaves Python's lock to others. It may run in several threads at once.
    items : sequence
        As many at a time as torch has threads here, or more; one after the other, with all its threads, where that is
        one or there is one item.

    Yields
    ------
    result
        What goes wrong with an item is raised where it would have been yielded, when those begun have ended.

    Examples
    --------
    >>> list(side_by_side(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    count = min(torch.get_num_threads(), len(items))
    if count < 2:
        yield from map(work, items)
        return
    workers = _crew.workers(count)
    running = [workers.submit(work, item) for item in items]
    try:
        for one in running:
            yield one.result()
    finally:
        for one in running:
            one.cancel()
        wait(running)  # they work on arrays of whoever leaves here


def shares(count: int, elements: int = _LEAST, *, most: int | None = None) -> list[int]:
    """Return how many of so many examples each piece has that is worth a thread of its own.

    Parameters
    ----------
    count : int
        Examples.
    elements : int
        Of the state of one.
    most : int, optional
        Pieces that there is memory for.
    """
    threads = min(torch.get_num_threads(), count, most or count) if elements >= _LEAST else 1
    return [count * (part + 1) // threads - count * part // threads for part in range(threads)]


def _alone() -> None:
    """Let torch have one thread in this thread."""
    torch.get_num_threads()  # a thread that has never asked would take the number of others later
    torch.set_num_threads(1)


class _Crew:
    """Threads that stay, each with one thread of torch: one that is new finds none of its memory made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: ThreadPoolExecutor | None = None
        self._count = 0

    def workers(self, count: int) -> ThreadPoolExecutor:
        """Return them, so many at least."""
        with self._lock:
            if self._workers is None or self._count < count:
                # Those there were end when nobody holds them any more.
                threads, all_here = torch.get_num_threads(), threading.Barrier(count)
                self._workers = ThreadPoolExecutor(count, "side by side", _alone)
                list(self._workers.map(lambda _: all_here.wait(), range(count)))
                self._count = count
                torch.set_num_threads(threads)  # a thread that is new to torch takes the number that was said last
            return self._workers

    def forget(self) -> None:
        """In a copy of this process: threads are not copied."""
        self.__init__()  # type: ignore[misc]


_crew = _Crew()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_crew.forget)
