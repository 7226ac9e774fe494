"""Where dips are kept, brick by brick: in files that other processes may read, or in memory."""

from __future__ import annotations

import hashlib
import shutil
from collections import OrderedDict
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.box import Box
from napari_fhn.leftovers import part_of

Slopes = NDArray[np.int16]
"""Slopes of a brick in steps of ``1 / STEPS`` samples per trace."""
Shares = NDArray[np.uint8]
"""Coherence of a brick, 255 for 1."""

STEPS = 2048
"""Steps of a kept slope in one sample per trace: a march of 100 traces is off by 0.03 samples at most."""
STEEPEST = 15.9
"""What 16 bits hold, in samples per trace."""

_FORMAT = "dips 2"
_IN_MEMORY = 512 * 2**20


_Shapes = dict[str, tuple[tuple[int, ...], type[np.int16] | type[np.uint8]]]


class Store(Protocol):
    """Bricks by number. A brick is there once `put` has returned, and stays the same."""

    def has(self, number: int) -> bool:
        """Tell whether the brick is there."""
        ...

    def put(self, number: int, nodes: Box, slopes: Slopes, coherence: Shares) -> None:
        """Keep a brick that lies at these nodes."""
        ...

    def get(self, number: int, nodes: Box) -> tuple[Slopes, Shares] | None:
        """Return the brick that lies at these nodes, or None where it is not there."""
        ...


class Memory:
    """Bricks in memory; those not asked for longest are let go beyond `limit` bytes."""

    def __init__(self, limit: int = _IN_MEMORY) -> None:
        self._limit = limit
        self._bytes = 0
        self._lock = Lock()
        self._bricks: OrderedDict[int, tuple[Slopes, Shares]] = OrderedDict()

    def has(self, number: int) -> bool:
        """Tell whether the brick is there."""
        return number in self._bricks

    def put(self, number: int, nodes: Box, slopes: Slopes, coherence: Shares) -> None:
        """Keep a brick."""
        with self._lock:
            if number not in self._bricks:
                self._bytes += slopes.nbytes + coherence.nbytes
            self._bricks[number] = slopes, coherence
            while self._bytes > self._limit and len(self._bricks) > 1:
                _, (old, shares) = self._bricks.popitem(last=False)
                self._bytes -= old.nbytes + shares.nbytes

    def get(self, number: int, nodes: Box) -> tuple[Slopes, Shares] | None:
        """Return a brick."""
        with self._lock:
            found = self._bricks.get(number)
            if found is not None:
                self._bricks.move_to_end(number)
            return found


class Files:
    """Bricks in three arrays of a folder: slopes, coherence, and which bricks are done.

    Parameters
    ----------
    folder : Path
        Where to keep them, in a folder of their own named after `key`.
    key : str
        All that the values depend on.
    nodes : tuple of int
        Nodes along each axis.
    bricks : int
        How many there are.

    Notes
    -----
    A brick is flagged only when its values are on the disk, so one that was being written when a process was killed
    counts as missing. Two processes that make the same brick write the same bytes.
    """

    def __init__(self, folder: Path, key: str, nodes: tuple[int, ...], bricks: int) -> None:
        digest = hashlib.sha256(f"{_FORMAT}\n{key}\n{nodes}\n{bricks}".encode()).hexdigest()
        self.folder = folder / f"dips-{digest[:16]}"
        shapes: _Shapes = {
            "slopes": ((len(nodes) - 1, *nodes), np.int16),
            "coherence": (nodes, np.uint8),
            "done": ((bricks,), np.uint8),
        }
        if not self.folder.is_dir():
            _create(self.folder, shapes)
        try:
            self._slopes, self._coherence, self._done = _opened(self.folder, shapes)
        except (ValueError, FileNotFoundError):
            # Cut off or replaced by something else: nothing is lost that cannot be made again.
            _make_room(self.folder, shapes)
            _create(self.folder, shapes)
            self._slopes, self._coherence, self._done = _opened(self.folder, shapes)

    def has(self, number: int) -> bool:
        """Tell whether the brick is there."""
        return bool(self._done[number])

    def put(self, number: int, nodes: Box, slopes: Slopes, coherence: Shares) -> None:
        """Write a brick, and then that it is there."""
        self._slopes[(slice(None), *nodes.slices)] = slopes
        self._coherence[nodes.slices] = coherence
        self._slopes.flush()
        self._coherence.flush()
        self._done[number] = 1
        self._done.flush()

    def get(self, number: int, nodes: Box) -> tuple[Slopes, Shares] | None:
        """Return the brick at these nodes."""
        if not self._done[number]:
            return None
        return self._slopes[(slice(None), *nodes.slices)], self._coherence[nodes.slices]


def _opened(folder: Path, shapes: _Shapes) -> list[np.memmap]:
    """Map the arrays of a folder.

    Raises
    ------
    ValueError, FileNotFoundError
        When they are not what they should be.
    """
    for name, (shape, kind) in shapes.items():
        array = mapped.open(folder / f"{name}.npy")
        if array.shape != tuple(shape) or array.dtype != kind:
            raise ValueError(f"{folder} holds other dips than its name says")
    return [mapped.open(folder / f"{name}.npy", "r+") for name in shapes]


def _make_room(folder: Path, shapes: _Shapes) -> None:
    """Remove what this program has put into a folder; where others have put something there, it goes aside as it is."""
    for name in shapes:
        (folder / f"{name}.npy").unlink(missing_ok=True)
    try:
        folder.rmdir()
    except OSError:
        folder.rename(mkdtemp(prefix=f"{folder.name}.damaged-", dir=folder.parent))


def _create(folder: Path, shapes: _Shapes) -> None:
    """Make all files under another name and move them here at once: nobody sees half of them.

    Raises
    ------
    OSError
        When they cannot be written, or there is no room.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = part_of(folder)
    try:
        making.mkdir()
        needed = sum(int(np.prod(shape)) * np.dtype(kind).itemsize for shape, kind in shapes.values())
        mapped.check_room(folder, needed)
        for name, (shape, kind) in shapes.items():
            mapped.create(making / f"{name}.npy", shape, kind)
        making.rename(folder)
    except OSError:
        # Another process may have been there first, and its files are as good.
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
