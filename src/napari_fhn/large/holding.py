"""Shards that stay readable though their names are gone, as a mapped file does as long as it is mapped."""

from __future__ import annotations

import contextlib
import os
import weakref
from pathlib import Path

from napari_fhn.large.layout import Layout, Place

_FEW = 256
"""Files that a process may surely hold beside what else it has open, where no system says how many."""

_OPEN_AGAIN = Path("/dev/fd")
"""Where a file that is held is opened once more, whatever became of its name."""


_all: weakref.WeakSet[Holding] = weakref.WeakSet()
"""Of every array that is held: what a process may have open is for all of them."""


class Holding:
    """The packed shards of a large array, held open.

    Under Windows nothing is held: a file that is open cannot be removed there.

    Parameters
    ----------
    cut : Layout
        Of the array.

    Attributes
    ----------
    left_out : int
        Shards that could not be held, for a process may have only so many files open.
    """

    def __init__(self, cut: Layout) -> None:
        self._cut = cut
        self._files: dict[Place, tuple[tuple[int, int], int]] = {}
        self.left_out = 0
        _all.add(self)

    def refresh(self) -> None:
        """Hold what lies there now; what was packed anew since is held in place of what it was."""
        if not _OPEN_AGAIN.is_dir() or not self._cut.path.is_dir():
            return
        there = self._cut.places()
        self.left_out = 0
        for place in [place for place in self._files if place not in there]:
            self._let_go(place)
        for place in sorted(there):
            self.hold(place)

    def hold(self, place: Place) -> None:
        """Hold one shard as it lies there now, if it is packed.

        Parameters
        ----------
        place : tuple of int
            Its number along each axis.
        """
        try:
            now = os.stat(self._cut.packed_path(place))
        except OSError:
            return
        known = self._files.get(place)
        if known is not None and known[0] == (now.st_dev, now.st_ino):
            return
        self._let_go(place)
        if sum(len(one._files) for one in _all) >= _most():
            self.left_out += 1
            return
        try:
            self._files[place] = (now.st_dev, now.st_ino), os.open(self._cut.packed_path(place), os.O_RDONLY)
        except OSError:
            self.left_out += 1

    def path(self, place: Place) -> Path | None:
        """Return where a shard that is held is read from; None where it is not held.

        Parameters
        ----------
        place : tuple of int
            Its number along each axis.
        """
        known = self._files.get(place)
        return None if known is None else _OPEN_AGAIN / str(known[1])

    @property
    def places(self) -> set[Place]:
        """Which shards are held."""
        return set(self._files)

    def _let_go(self, place: Place) -> None:
        known = self._files.pop(place, None)
        if known is not None:
            with contextlib.suppress(OSError):
                os.close(known[1])

    def __del__(self) -> None:
        for place in list(self._files):
            self._let_go(place)


def _most() -> int:
    """Half of the files that this process may have open."""
    try:
        import resource

        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    except (ImportError, OSError, ValueError):
        return _FEW
    return soft // 2 if soft > 0 else _FEW
