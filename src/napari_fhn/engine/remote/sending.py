"""What a worker has to have before it trains: files that it lacks, and labels as they change."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_fhn import mapped, record
from napari_fhn.box import Box
from napari_fhn.engine.remote import wire
from napari_fhn.engine.remote.line import Connection
from napari_fhn.network.counting import in_words
from napari_fhn.training.control import Focus
from napari_fhn.training.errors import JobError
from napari_fhn.training.files.digest import digest
from napari_fhn.training.job import Job

CARD = "remote.json"
"""In the folder of a model: where it was trained, so that whoever comes back finds it."""

_LOOKING = 0.05
"""Most of the time that goes into looking for labels that have changed."""

_digests: dict[tuple[str, int, int], str] = {}


def digest_of(path: str) -> str:
    """Return the digest of a file, which is taken once as long as the file stays as it is."""
    found = os.stat(path)
    known = (os.path.abspath(path), found.st_size, found.st_mtime_ns)
    if known not in _digests:
        _digests[known] = digest(path)
    return _digests[known]


@dataclass(frozen=True)
class Sending:
    """A job as it is told to a worker, and what that needs.

    Parameters
    ----------
    job : Job
        With names in place of paths.
    files : tuple of str
        That it has to have.
    """

    job: Job
    files: tuple[str, ...]

    @classmethod
    def of(cls, job: Job, run: str) -> Sending:
        """Name the files of a job.

        Raises
        ------
        JobError
            When one is missing.
        """
        names = {job.labels: "run:labels.npy", job.prediction: "run:prediction.npy", job.model: "run:model"}
        if job.weights is not None:
            names[job.weights] = "run:weights.npy"
        if job.start_from is not None:
            names[job.start_from] = "run:start"
        if job.combination is not None and job.combination.folder:
            names[job.combination.folder] = "run:found"
        files: list[str] = []

        def named(path: str) -> str:
            if path in names:
                return names[path]
            if "://" in path or Path(path).is_dir():
                return f"at:{path}"  # fetched there, or read where it lies on a disk that both have
            try:
                names[path] = f"file:{digest_of(path)}"
            except OSError as error:
                raise JobError(f"{path} cannot be read ({error.strerror or error}): was it moved?") from error
            files.append(path)
            return names[path]

        return cls(job.with_paths(named), tuple(files))


def send_file(connection: Connection, path: str, told: Callable[[int, int], None]) -> str:
    """Send a file where it is not there yet, and return its name.

    Parameters
    ----------
    connection : Connection
        To whom.
    path : str
        Of the file.
    told : callable
        Told how many bytes are sent, before each piece, and how many there are; it may raise what ends the sending.
    """
    name, size = digest_of(path), os.stat(path).st_size
    if connection.ask("has", file=name, path=os.path.abspath(path))["has"] is True:
        return name
    with open(path, "rb") as stream:
        for at in range(0, max(size, 1), wire.PIECE):
            told(at, size)
            piece = wire.packed(stream.read(wire.PIECE))
            connection.ask("put", file=name, size=size, at=at, data=piece)
    return name


def send_folder(connection: Connection, run: str, folder: Path, place: str) -> None:
    """Give a run the files of a network."""
    for path in sorted(folder.iterdir()):
        # What is of this machine alone stays here.
        if path.is_file() and path.suffix in (".json", ".safetensors") and path.name not in ("job.json", CARD):
            name = send_file(connection, str(path), lambda sent, size: None)
            connection.ask("place", run=run, name=f"{place}/{path.name}", file=name)


def price(size: int) -> str:
    """Return what sending costs, in words."""
    seconds = size / 12.5e6
    return f"{in_words(size)}, about {seconds:.0f} s at 100 Mbit/s" if seconds >= 1 else in_words(size)


class Following:
    """Sends the labels of a job, and afterwards what has changed of them.

    Parameters
    ----------
    run : str
        To which they belong.
    arrays : dict of str to str
        Path by the name that the array has there.
    """

    def __init__(self, run: str, arrays: dict[str, str]) -> None:
        self.run = run
        self._arrays = {name: mapped.open(path) for name, path in arrays.items()}
        self._parts = [(name, box) for name, array in self._arrays.items() for box in _parts(array.shape)]
        self._sums: dict[tuple[str, Box], int] = {}
        self._turn = 0
        self._next = 0.0
        self._in_view: tuple[Focus, int] | None = None

    def arrays(self) -> dict[str, Any]:
        """Return what a worker has to make."""
        return {name: {"shape": list(array.shape), "dtype": array.dtype.str} for name, array in self._arrays.items()}

    def send(self, connection: Connection) -> None:
        """Send all of it; what is zero everywhere is zero there already."""
        self._sums.clear()
        for part in self._parts:
            self._send(connection, part)

    def look(self, connection: Connection, focus: Focus | None) -> None:
        """Send what has changed: of the section in view at once, of all else in its turn."""
        began = time.monotonic()
        if self._moved(focus):
            for part in self._parts:
                name, box = part
                if name == "labels.npy" and (focus is None or _crosses(box, focus)):
                    self._send(connection, part)
        if began < self._next or not self._parts:
            return
        self._send(connection, self._parts[self._turn % len(self._parts)])
        self._turn += 1
        now = time.monotonic()
        self._next = now + (now - began) * (1 / _LOOKING - 1)

    def _moved(self, focus: Focus | None) -> bool:
        """Tell whether the section in view has other labels than when it was looked at last."""
        labels = self._arrays["labels.npy"]
        if focus is None or focus.axis >= labels.ndim or not 0 <= focus.index < labels.shape[focus.axis]:
            return False
        now = zlib.crc32(labels.take(focus.index, focus.axis).tobytes())
        before, self._in_view = self._in_view, (focus, now)
        return before is not None and before[0] == focus and before[1] != now

    def _send(self, connection: Connection, part: tuple[str, Box]) -> None:
        name, box = part
        values = self._arrays[name][box.slices].tobytes()
        found = zlib.crc32(values)
        if self._sums.get(part) != found:
            connection.ask("write", run=self.run, array=name, box=record.encode(box), data=wire.packed(values))
            self._sums[part] = found


def _parts(shape: tuple[int, ...]) -> Iterator[Box]:
    rows = max(1, wire.PIECE // max(1, int(np.prod(shape[1:]))))
    for row in range(0, shape[0], rows):
        part = Box((row, *[0] * (len(shape) - 1)), (min(row + rows, shape[0]), *shape[1:]))
        yield from wire.pieces(part)


def _crosses(box: Box, focus: Focus) -> bool:
    return box.start[focus.axis] <= focus.index < box.stop[focus.axis]
