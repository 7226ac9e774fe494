"""What a training writes on a disk that may be full: that costs a file for a while, and never the training."""

from __future__ import annotations

import contextlib
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from napari_fhn import mapped
from napari_fhn.training.control import Control
from napari_fhn.training.errors import JobError

_T = TypeVar("_T")

NETWORK = "the network"

WAITED = 60.0
"""Seconds for which a training that is done waits for room where nobody is there to make it."""

AGAIN = 2.0
"""Seconds between two tries of a training that is done."""


class Keeping:
    """Tries to write, and says once that it could not.

    Parameters
    ----------
    folder : path-like
        Of the model.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._failed: dict[str, OSError] = {}
        self._said = False

    def attempt(self, what: str, write: Callable[[], _T]) -> _T | None:
        """Write; None where the disk did not take it.

        Parameters
        ----------
        what : str
            Is written, such as ``"the network"``.
        write : callable
            Leaves what was there before as it was when it raises an OSError.
        """
        try:
            found = write()
        except OSError as error:
            self._failed[what] = error
            return None
        self._failed.pop(what, None)
        return found

    def notes(self) -> Iterator[str]:
        """Return what the person should know: once that something is not on the disk, and once that all of it is."""
        if self._failed and not self._said:
            self._said = True
            what = " and ".join(self._failed)
            yield (
                f"{what[:1].upper()}{what[1:]} cannot be saved: {self._reason()}. Training goes on in memory and tries "
                "again: make room there."
            )
        elif self._said and not self._failed:
            self._said = False
            yield "What the training has made is saved again."

    def saved(self, save: Callable[[Path], object], step: int, control: Control) -> Iterator[str]:
        """See to it that the network of a training that is done is on a disk.

        Where there is no room it waits for some: until it is stopped where somebody watches, else for a minute. Then it
        goes to another disk.

        Parameters
        ----------
        save : callable
            Writes the network into a folder.
        step : int
            Of the training.
        control : Control
            To stop, and whether somebody watches.

        Yields
        ------
        str
            What the person should know.

        Raises
        ------
        JobError
            When the network is not where it should be; the message says where it is.
        """
        yield from self.notes()
        if NETWORK not in self._failed:
            return
        until = math.inf if control.watched else time.monotonic() + WAITED
        if not control.stop.is_set():
            yield "Training is done and waits for room to save its network; Stop keeps it on another disk instead."
        while NETWORK in self._failed:
            if control.stop.wait(AGAIN) or time.monotonic() > until:
                raise self._rescued(save, step)
            self.attempt(NETWORK, lambda: save(self.folder))
        yield "There was room again: the network is saved."

    def _reason(self) -> str:
        """Return why nothing can be saved."""
        error = next(iter(self._failed.values()), None)
        if error is None or mapped.is_full(error):
            return f"there is no room left on the disk of {self.folder}"
        return f"the disk of {self.folder} does not take it ({error.strerror or error})"

    def _rescued(self, save: Callable[[Path], object], step: int) -> JobError:
        """Save the network on another disk, and return the error that says where it is."""
        for place in (Path(tempfile.gettempdir()), Path.home(), Path.cwd()):
            folder: Path | None = None
            with contextlib.suppress(OSError):
                folder = Path(tempfile.mkdtemp(prefix=f"napari-fhn-network-of-step-{step}-", dir=place))
                save(folder)
                return JobError(
                    f"{self._reason()}, so the network of step {step} is kept in {folder}: make room, and begin a "
                    "training with it or copy it back"
                )
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        return JobError(
            f"{self._reason()}, nor on another: the network of step {step} is lost; make room and train again"
        )
