"""Standard output and error whose reader may go, as that of ``napari-fhn info a.sgy | head -1`` does.

What a command does is not about who reads along: it goes on to its end, quietly, and says with its exit code how that
was. Python would raise an error where it prints next, in the middle of the work, and print another at the end.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO


class _Pipe(io.FileIO):
    """A stream of bytes that leads nowhere once nobody reads it."""

    def write(self, data: io.BufferedIOBase | bytes) -> int | None:  # type: ignore[override]
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return super().write(data)  # type: ignore[arg-type]


def forgive() -> None:
    """Let what this process prints go nowhere, once nobody reads it any more.

    Only the streams that Python made itself are changed, and only pipes and the like: a terminal stays.
    """
    sys.stdout = _forgiving(sys.stdout, sys.__stdout__)
    sys.stderr = _forgiving(sys.stderr, sys.__stderr__)


def _forgiving(stream: TextIO, own: TextIO | None) -> TextIO:
    if stream is None or stream is not own or not isinstance(stream, io.TextIOWrapper):
        return stream
    with contextlib.suppress(OSError, ValueError):
        if stream.isatty():
            return stream
        stream.flush()
        return io.TextIOWrapper(
            io.BufferedWriter(_Pipe(stream.fileno(), "wb", closefd=False)),  # type: ignore[type-var]
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
    return stream
