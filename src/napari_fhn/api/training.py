"""A training as an iterator of updates."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from napari_fhn.api.predicting import carried_out
from napari_fhn.api.wording import in_python, with_keywords
from napari_fhn.project import Begun, ProjectError, Run, Session
from napari_fhn.training.control import Control
from napari_fhn.training.files.log import kept
from napari_fhn.training.updates import Done, Failed, Progress, Update

if TYPE_CHECKING:
    from napari_fhn.training.job import Job


class Training(Iterator[Update]):
    """A training that is done while somebody iterates over it; `Work.fit` returns it.

    Leaving the loop early stops the training: the network of then is saved, and the run can go on later. A run that
    ends by itself, or is stopped, becomes the current one.

    Attributes
    ----------
    run : Run or None
        What is made; None before the first step, and where nothing was made.
    why : str
        Why the settings are what they are, where the program chose.
    notes : tuple of str
        What a person should know.
    """

    def __init__(
        self,
        session: Session,
        attempt: Callable[[], AbstractContextManager[None]],
        begin: Callable[[], tuple[Begun, str]],
        on: str | None = None,
    ) -> None:
        self._session = session
        self._attempt = attempt
        self._begin = begin
        self._on = on
        self._control = Control(watched=False)
        self._updates: Iterator[Update] | None = None
        self._stack = ExitStack()
        self._begun: Begun | None = None
        self._end: Done | Failed | None = None
        self.run: Run | None = None
        self.why = ""
        self.notes: tuple[str, ...] = ()

    @property
    def job(self) -> Job | None:
        """What is done: everything that repeats it. None before it was begun."""
        return None if self._begun is None else self._begun.job

    def __iter__(self) -> Training:
        return self

    def __next__(self) -> Update:
        if self._updates is None:
            self._updates = self._start()
        try:
            with in_python():
                return self._following(self._updates)
        except StopIteration:
            raise
        except BaseException as error:
            if isinstance(error, Exception):
                self._end = Failed(str(error))
            self._finish()
            raise

    def wait(self, told: Callable[[Update], object] | None = None, *, minutes: float | None = None) -> Run:
        """Train to the end, or for so long.

        Parameters
        ----------
        told : callable, optional
            Called with each update.
        minutes : float, optional
            Stop after so many, and after one step at least; ``work.fit(resume=True)`` then goes on, another day too.

        Returns
        -------
        Run

        Raises
        ------
        ProjectError
            When nothing was trained.
        """
        began = time.monotonic()
        for update in self:
            if told is not None:
                told(update)
            if minutes is not None and isinstance(update, Progress) and time.monotonic() > began + 60 * minutes:
                self.stop()
        if self.run is None:
            raise ProjectError("nothing was trained", "Look at what it said", path=self._session.folder)
        return self.run

    def stop(self) -> None:
        """End at the next small step, also from another thread; the network of then is saved."""
        self._control.stop.set()

    def close(self) -> None:
        """Stop, and bring what was made to its end."""
        self.stop()
        if self._updates is not None:
            for _ in self:
                pass

    def __del__(self) -> None:
        if self._begun is not None and self._updates is not None:
            self.close()

    def _start(self) -> Iterator[Update]:
        with in_python():
            self._stack.enter_context(self._attempt())
            try:
                self._begun, self.why = self._begin()
            except BaseException:
                self._updates = iter(())
                self._stack.close()
                raise
        begun = self._begun
        self.run, self.notes = begun.run, tuple(map(with_keywords, begun.notes))
        self.why = with_keywords(self.why)
        fitted = carried_out("train", begun.job, self._control, on=self._on, resume=begun.resume)
        return iter(kept(fitted, begun.job, "train", command=begun.run.record.command, continued=begun.resume))

    def _following(self, updates: Iterator[Update]) -> Update:
        try:
            update = next(updates)
        except StopIteration:
            self._finish()
            raise
        if isinstance(update, Done | Failed):
            self._end = update
        return update

    def _finish(self) -> None:
        """Write how it ended; nothing is left of a training that has made nothing."""
        begun, self._begun, self._updates = self._begun, None, iter(())
        if begun is None:
            return
        try:
            self.run = self._session.runs.finish(begun.run, self._end)
        finally:
            self._stack.close()
