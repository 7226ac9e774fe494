"""Lines between two processes: none too long for memory, none waited for without end."""

from __future__ import annotations

import io
import os
import tracemalloc

from napari_fhn.training.machine.pipes import lines, lines_or_silence


class Endless(io.RawIOBase):
    """As many bytes as were asked for, without any end of a line."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = b"x" * count
        self.left -= count
        return count


def test_a_line_that_is_too_long_is_passed_over_and_the_next_is_heard():
    said = b"\n".join((b"{}", b"y" * 25, b"", b"z" * 9, b"[]"))
    assert list(lines(io.BytesIO(said), longest=10)) == [b"{}", None, b"z" * 9, b"[]"]


def test_a_line_without_end_takes_no_memory():
    tracemalloc.start()
    try:
        assert list(lines(io.BufferedReader(Endless(20 << 20)), longest=1 << 16)) == [None]
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_stream_that_was_closed_ends():
    stream = io.BytesIO(b"a\nb\n")
    heard = lines(stream)
    assert next(heard) == b"a"
    stream.close()
    assert list(heard) == []


def test_whoever_hears_nothing_is_asked_whether_to_go_on():
    out, into = os.pipe()
    heard = lines_or_silence(os.fdopen(out, "rb"), 0.05)
    assert next(heard) is None
    os.write(into, b"word\n")
    assert next(line for line in heard if line is not None) == b"word"
    assert next(heard) is None
    os.close(into)
    assert [line for line in heard if line is not None] == []
