"""An iterator that works on a thread of its own, one item ahead of whoever takes them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

import torch

Item = TypeVar("Item")


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, each of which is made while the one before is used.

    What torch computes, and what numpy does to large arrays, leaves Python's lock to others: one core is put to use
    while the other is. Two items exist at a time, and no more.

    Parameters
    ----------
    items : iterable
        Worked on in a thread, with as many threads of torch as whoever takes the items has just then. The thread has
        ended when this iterator has, by itself, by an error, or because it was closed.

    Yields
    ------
    item
        In their order. What goes wrong with one is raised where it would have been yielded.

    Examples
    --------
    >>> list(ahead(n * n for n in range(4)))
    [0, 1, 4, 9]
    """
    made: queue.SimpleQueue[tuple[Item | None, BaseException | None]] = queue.SimpleQueue()
    wanted = threading.Semaphore(0)
    left = threading.Event()
    threads = torch.get_num_threads()

    def work() -> None:
        source = iter(items)
        try:
            while not left.is_set():
                # The number belongs to each thread that asks torch for something.
                if torch.get_num_threads() != threads:
                    torch.set_num_threads(threads)
                item = next(source)
                wanted.acquire()
                made.put((item, None))
                del item
        except BaseException as error:  # the last one says that there are no more
            made.put((None, error))

    worker = threading.Thread(target=work, name="ahead", daemon=True)
    worker.start()
    try:
        while True:
            threads = torch.get_num_threads()
            wanted.release()
            found, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield found  # type: ignore[misc]
            del found
    finally:
        left.set()
        wanted.release()
        worker.join()
        error = None  # its traceback holds this frame, and all that it was about
