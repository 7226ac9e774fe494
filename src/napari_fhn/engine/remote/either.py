"""The engine of a desk, which trains on this computer or on another one, as was said last."""

from __future__ import annotations

from pathlib import Path

from napari_fhn.engine.engine import Engine
from napari_fhn.engine.remote.far import FarEngine
from napari_fhn.training.control import Focus
from napari_fhn.training.job import Job
from napari_fhn.training.updates import Update


class EitherEngine(Engine):
    """An engine that can be told to train somewhere else.

    Parameters
    ----------
    log : path-like
        As of :class:`~napari_fhn.engine.Engine`.

    Attributes
    ----------
    on : str
        Address of the machine that the next work is done on, see :func:`~napari_fhn.engine.remote.address.parse`; empty
        for this one.
    """

    def __init__(self, log: str | Path) -> None:
        super().__init__(log)
        self.on = ""
        self._far: FarEngine | None = None

    @property
    def standing(self) -> str | None:
        """As of the engine here; what is far away says itself that its line is cut."""
        return super().standing if self._far is None else None

    def train(self, job: Job, *, resume: bool = False) -> None:
        """Begin to train; with ``resume`` go on, and what is trained on another machine still is followed again.

        Raises
        ------
        JobError
            When the address is none.
        """
        if not self.on:
            super().train(job, resume=resume)
            return
        self._elsewhere().train(job, resume=resume)
        self.task = "train"

    def predict(self, job: Job) -> None:
        """Begin to predict.

        Raises
        ------
        JobError
            When the address is none.
        """
        if not self.on:
            super().predict(job)
            return
        self._elsewhere().predict(job)
        self.task = "predict"

    def focus(self, focus: Focus | None, place: tuple[int, ...] | None = None) -> None:
        """Say which section is in view; where on a map, that only a process of this machine is told."""
        super().focus(focus, place)
        if self._far is not None:
            self._far.focus(focus)

    def give_way(self) -> None:
        """Say that the hand moves, where that matters."""
        if self._far is None:
            super().give_way()

    def pause(self) -> None:
        """Ask the work to wait."""
        if self._far is None:
            super().pause()
        else:
            self._far.pause()
            self.paused = self._far.paused

    def resume(self) -> None:
        """Let paused work go on."""
        if self._far is None:
            super().resume()
        else:
            self._far.resume()
            self.paused = self._far.paused

    def revert(self, step: int) -> None:
        """Ask the training to go back."""
        if self._far is None:
            super().revert(step)
        else:
            self._far.revert(step)

    def stop(self) -> None:
        """Ask the work to stop."""
        if self._far is None:
            super().stop()
        else:
            self._far.stop()

    def poll(self) -> list[Update]:
        """Return the news since the last call."""
        if self._far is None:
            return super().poll()
        updates = self._far.poll()
        if not self._far.busy:
            self._far.close()
            self._far = None
            self._idle()
        return updates

    def close(self) -> None:
        """End the process here, and hang up."""
        if self._far is not None:
            self._far.close()
            self._far = None
        super().close()

    def _elsewhere(self) -> FarEngine:
        if self.busy:
            raise RuntimeError(f"the engine is busy ({self.task}): stop it first")
        self._far = FarEngine(self.on)
        self._far.focus(self._focus)
        return self._far
