"""Lines of JSON between two processes, read so that nothing the other end says can fill this one's memory."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import IO

LONGEST = 16 << 20
"""Bytes of a line; a longer one is no message, and is passed over without being kept."""


def lines(stream: IO[bytes], longest: int = LONGEST) -> Iterator[bytes | None]:
    """Yield line after line until the stream ends, or can be read no more.

    Parameters
    ----------
    stream : binary stream
        What the other process says.
    longest : int
        Most bytes of a line, with its end.

    Yields
    ------
    bytes or None
        A line that is not empty; None for one that was longer.

    Examples
    --------
    >>> import io
    >>> list(lines(io.BytesIO(b"one\\n\\n" + b"x" * 100 + b"\\ntwo"), longest=10))
    [b'one', None, b'two']
    """
    passing_over = False
    while True:
        try:
            line = stream.readline(longest)
        except (OSError, ValueError):  # it was closed meanwhile
            return
        if not line:
            return
        whole = line.endswith(b"\n") or len(line) < longest
        if passing_over or not whole:
            if not passing_over:
                yield None
            passing_over = not whole
        elif line := line.strip():
            yield line


def lines_or_silence(stream: IO[bytes], every: float, longest: int = LONGEST) -> Iterator[bytes | None]:
    """Yield as :func:`lines` does, and None also whenever nothing was said for a while: whoever hears it may give up.

    Parameters
    ----------
    stream : binary stream
        What the other process says; read, and closed at its end, by a thread.
    every : float
        Seconds without a word after which None is yielded.
    longest : int
        Most bytes of a line.
    """
    heard: queue.Queue[tuple[bytes | None] | None] = queue.Queue(1)

    def hear() -> None:
        with stream:
            for line in lines(stream, longest):
                heard.put((line,))
        heard.put(None)

    threading.Thread(target=hear, name="lines", daemon=True).start()
    while True:
        try:
            found = heard.get(timeout=every)
        except queue.Empty:
            yield None
            continue
        if found is None:
            return
        yield found[0]
