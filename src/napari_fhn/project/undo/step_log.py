"""The steps of a session's labels: each is on the disk before anything is changed, and can be taken back later.

A step is a file of its own in ``history``, and its name says how it stands: ``000012.doing`` while labels, weights,
classes and wells are written, ``000012.done`` when all of it is there, ``.undoing`` and ``.undone`` likewise. A program
that ends in between leaves a file that says what was under way: the next writer brings it to its end. What a step
writes is written only where its old values still stand, so doing it a second time changes nothing.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn import record
from napari_fhn.labels import LabelError
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.sessions import layout
from napari_fhn.project.undo import step_files
from napari_fhn.project.undo.step_doing import Outcome, put
from napari_fhn.project.undo.step_files import DOING, DONE, UNDOING, UNDONE, StepDamaged
from napari_fhn.project.undo.steps import SectionReference, Step
from napari_fhn.sentence import counted

if TYPE_CHECKING:
    from napari_fhn.project.sessions.session import Session

MOST_BYTES = 128_000_000
"""Room that the steps of a session may take on its disk; the oldest are forgotten first."""

MOST_STEPS = 500
"""Steps that are remembered at most."""

_NAME = re.compile(rf"(\d{{6,12}})\.({DOING}|{DONE}|{UNDOING}|{UNDONE})")


@dataclass(eq=False)
class Entry:
    """A step that is remembered.

    Parameters
    ----------
    number : int
        Of its file; steps are numbered in the order in which they were done.
    about : Step
        The step, where it was read from the disk without its values.
    undone : bool
        Whether it is taken back.
    size : int
        Bytes that it takes on the disk.
    """

    number: int
    about: Step
    undone: bool = False
    size: int = 0

    @property
    def title(self) -> str:
        """What was done, and by whom, where it was another program."""
        return self.about.title + (f" ({self.about.program})" if self.about.program else "")

    @property
    def place(self) -> SectionReference | None:
        """The section it was made on; None for what concerns the whole survey."""
        return self.about.place

    def is_here(self, place: SectionReference | None) -> bool:
        """Whether a person who looks at this section sees it."""
        return place is None or self.place is None or self.place == place


class StepLog:
    """The steps of one session. Whoever writes in the session calls it; it may be called from any thread.

    Parameters
    ----------
    session : Session
        Whose labels they are.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._busy = threading.RLock()
        self._numbers = threading.Lock()
        self._last = 0
        self._entries: list[Entry] | None = None
        self._pending: deque[Entry] = deque()
        self._writing = threading.Lock()
        self._told = False
        self.words: list[str] = []

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self._session.folder / layout.HISTORY

    @property
    def entries(self) -> list[Entry]:
        """What can be taken back or made again, the oldest first."""
        if self._entries is None:
            with self._busy:
                self._entries = self._read()
        return self._entries

    # Doing -----------------------------------------------------------------------------------------------------------

    def do(self, step: Step) -> Outcome:
        """Change labels, their weights, classes and wells as a step says: all of it, or nothing.

        Parameters
        ----------
        step : Step
            Planned on what is there now.

        Raises
        ------
        SessionInUse, ProjectError
            When somebody else writes in the session.
        LabelError, OSError
            When something cannot be written; all is as it was then.
        """
        self._session.check_writer()
        if step.empty:
            return Outcome(step)
        with self._changing():
            entry = Entry(self._next(), step)
            entry.size = self._write(entry.number, step, DOING)
            try:
                outcome = put(self._session, step, again=True)
            except BaseException:
                self._take_back(entry.number, step)
                raise
            self._session.check_writer()  # whoever has taken the session over has brought it to its end
            self._move(entry.number, DOING, DONE, step)
            self._remember(entry)
        return outcome

    def append(self, step: Step) -> Entry:
        """Remember a stroke that is painted already; its file is written on a thread.

        Parameters
        ----------
        step : Step
            Of the labels alone.
        """
        entry = Entry(self._next(), step, size=step.labels.nbytes)
        self._remember(entry)
        self._pending.append(entry)
        threading.Thread(target=self._write_pending, name="fhn-history", daemon=True).start()
        return entry

    def toggle(self, entry: Entry) -> Outcome:
        """Take a step back, or make it again, wherever what it found or wrote still stands.

        Raises
        ------
        SessionInUse, ProjectError
            When somebody else writes in the session, or another change is under way.
        StepDamaged
            When it cannot be read; it is forgotten.
        LabelError, OSError
            When something cannot be written; all is as it was then.
        """
        self._session.check_writer()
        if not self._busy.acquire(blocking=False):
            raise ProjectError("another change is under way", "Try again in a moment")
        try:
            self._catch_up()
            step, again = self._whole(entry), entry.undone
            before, during, after = (UNDONE, DOING, DONE) if again else (DONE, UNDOING, UNDONE)
            self._move(entry.number, before, during, step)
            try:
                outcome = put(self._session, step, again=again)
            except BaseException:
                self._move(entry.number, during, UNDOING if again else DOING, step)
                put(self._session, step, again=not again)
                self._move(entry.number, UNDOING if again else DOING, before, step)
                raise
            self._move(entry.number, during, after, step)
            entry.undone = not again
            return outcome
        finally:
            self._busy.release()

    def take_back_to(self, number: int) -> None:
        """Take all steps back that were done after a certain one, and forget them.

        Parameters
        ----------
        number : int
            Of the last that stays, from :attr:`last`.
        """
        with self._changing():
            for entry in reversed([one for one in self.entries if one.number > number]):
                if not entry.undone:
                    self.toggle(entry)
                self._forget(entry)

    @property
    def last(self) -> int:
        """Number of the last step; 0 where there is none."""
        return max((entry.number for entry in self.entries), default=0)

    def recover(self) -> list[str]:
        """Bring to its end what was under way when a program ended, and say so. For the writer of the session.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        said = []
        with self._changing():
            self._entries = None
            for number, state in self._listed():
                if state not in (DOING, UNDOING):
                    continue
                try:
                    step = step_files.read(self._path(number, state))
                    outcome = put(self._session, step, again=state == DOING)
                except (StepDamaged, LabelError) as error:
                    aside = self._set_aside(number, state)
                    said.append(
                        f"A change of the labels was cut off, and what it was cannot be read ({error}): some of it may "
                        f"be missing. What is left of it is kept as {aside.name}."
                    )
                    continue
                self._move(number, state, DONE if state == DOING else UNDONE, step)
                what = "was finished" if state == DOING else "was taken back, as it was about to be"
                said += [
                    f"The program ended while the labels were changed ({step.title}); that {what}.",
                    *outcome.words,
                ]
        return said

    def close(self) -> None:
        """Wait until everything is on the disk; the next one who asks reads it from there."""
        with self._changing():
            self._entries = None

    # What is remembered ----------------------------------------------------------------------------------------------

    def undoable(self, place: SectionReference | None) -> Entry | None:
        """The newest step that stands and that a person who looks at this section sees."""
        return next((one for one in reversed(self.entries) if not one.undone and one.is_here(place)), None)

    def redoable(self, place: SectionReference | None) -> Entry | None:
        """The oldest of the steps last taken back there."""
        found = None
        for entry in reversed(self.entries):
            if not entry.is_here(place):
                continue
            if not entry.undone:
                break
            found = entry
        return found

    def _remember(self, entry: Entry) -> None:
        """Add a step; what was taken back on its section cannot come back after it, and the oldest are forgotten."""
        for other in [one for one in self.entries if one.undone and one.is_here(entry.place)]:
            self._forget(other)
        self.entries.append(entry)
        while len(self.entries) > MOST_STEPS or sum(one.size for one in self.entries) > MOST_BYTES:
            if len(self.entries) == 1:
                break
            self._forget(self.entries[0])

    def _forget(self, entry: Entry) -> None:
        if entry in self.entries:
            self.entries.remove(entry)
        for state in (DONE, UNDONE):
            with contextlib.suppress(OSError):
                self._path(entry.number, state).unlink(missing_ok=True)

    def _take_back(self, number: int, step: Step) -> None:
        """Undo a step that could not be done to its end; where that fails too, the next writer does it."""
        with contextlib.suppress(OSError, ValueError):
            self._move(number, DOING, UNDOING, step)
            put(self._session, step, again=False)
            self._path(number, UNDOING).unlink(missing_ok=True)

    # Files -----------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with self._busy:
            self._catch_up()
            yield

    def _path(self, number: int, state: str) -> Path:
        return self.folder / f"{number:06d}.{state}"

    def _listed(self) -> list[tuple[int, str]]:
        names = os.listdir(self.folder) if self.folder.is_dir() else []
        return sorted((int(found[1]), found[2]) for name in names if (found := _NAME.fullmatch(name)))

    def _next(self) -> int:
        entries = self.entries  # before the number is taken: reading waits for whoever changes something
        with self._numbers:
            self._last = max([self._last, *(one.number for one in entries[-1:])]) + 1
            return self._last

    def _read(self) -> list[Entry]:
        found, damaged = [], 0
        for number, state in self._listed():
            self._last = max(self._last, number)
            if state not in (DONE, UNDONE):
                continue
            path = self._path(number, state)
            try:
                found.append(Entry(number, step_files.read_record(path), state == UNDONE, path.stat().st_size))
            except StepDamaged:
                damaged += 1
                self._set_aside(number, state)
        if damaged:
            many = counted(damaged, "changes of the labels", "change of the labels")
            self.words.append(f"{many} cannot be taken back any more: what was kept to do so is damaged.")
        return found

    def _whole(self, entry: Entry) -> Step:
        """The step with its values, which are kept in memory only for those that were made just now."""
        if entry.about.volumes:
            return entry.about
        state = UNDONE if entry.undone else DONE
        try:
            return step_files.read(self._path(entry.number, state))
        except StepDamaged:
            self._set_aside(entry.number, state)
            self._forget(entry)
            raise

    def _write(self, number: int, step: Step, state: str) -> int:
        data = step_files.to_bytes(step)
        self.folder.mkdir(exist_ok=True)
        record.write_bytes(self._path(number, state), data)
        return len(data)

    def _move(self, number: int, before: str, after: str, step: Step) -> None:
        """Rename; a step of several files has to be known on the disk before the first of them is changed."""
        try:
            os.replace(self._path(number, before), self._path(number, after))
        except FileNotFoundError:  # somebody has removed it, or it could not be written when it was painted
            self._write(number, step, after)
        if step.parts > 1:
            record.settle(self.folder)

    def _set_aside(self, number: int, state: str) -> Path:
        path = self._path(number, state)
        return record.set_aside(path) if self._session.lock.held else path  # who only looks leaves all as it is

    def _catch_up(self) -> None:
        """Write what was painted and is not on the disk yet; whoever else does that just now is waited for."""
        while self._pending:
            self._write_pending()
        with self._writing:
            pass

    def _write_pending(self) -> None:
        with self._writing:
            try:
                entry = self._pending.popleft()
            except IndexError:
                return  # somebody could not wait for it
            if self._entries is None or entry not in self._entries:
                return
            try:
                self._session.check_writer()
                entry.size = self._write(entry.number, entry.about, DONE)
                if entry not in self._entries:  # forgotten meanwhile
                    self._path(entry.number, DONE).unlink(missing_ok=True)
            except (OSError, ProjectError) as error:
                if not self._told:
                    self._told = True
                    self.words.append(f"What is painted cannot be taken back after the session was closed: {error}.")
