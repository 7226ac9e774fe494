"""What the desk begins with: the work on a survey that is known, and the sessions that were open lately."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from psygnal import SignalGroupDescriptor
from qtpy.QtCore import QTimer

from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.outline import Outline
from napari_fhn.project.sessions.recent import RecentSessions
from napari_fhn.project.sessions.session_list import Entry, listed
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import survey_of
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.label_opening import LabelOpening
from napari_fhn.widgets.sessions.reading import Ask
from napari_fhn.widgets.sessions.store import SessionStore

_MOST = 12
"""Sessions that are listed."""


@dataclass
class StartState:
    """What can be begun with; setting a field emits an event of its name.

    Parameters
    ----------
    known : Outline or None
        The session of the ticked survey, while nobody has said that they go on with it.
    together : bool
        Whether it is known by all its files that are open, and not by what is ticked.
    recent : tuple of Entry
        Sessions, the last opened first.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    known: Outline | None = None
    together: bool = False
    recent: tuple[Entry, ...] = ()


def none_in(folder: Path) -> str:
    """Say that a folder, which somebody has chosen, holds no session, or may not be looked into; else empty."""
    try:
        there = layout.is_session(folder)
    except OSError as error:
        return f"{folder} cannot be looked into: {error.strerror or error}."
    return "" if there else f"There is no session in {folder}: choose the folder that holds session.json."


class Starting:
    """Offers what there is to go on with, and carries out what is chosen.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Which says when labels are shown.
    opening : LabelOpening
        Which shows the labels of a survey.
    store : SessionStore
        Which opens sessions.
    recent : RecentSessions
        Those that were open on this machine.
    folders : sequence of Path
        Where sessions lie that may never have been open here.

    Attributes
    ----------
    state : StartState
        What can be begun with.
    """

    def __init__(
        self,
        context: DeskContext,
        book: LabelBook,
        opening: LabelOpening,
        store: SessionStore,
        recent: RecentSessions,
        folders: Sequence[Path],
    ) -> None:
        self.state = StartState()
        self._context = context
        self._opening = opening
        self._store = store
        self._recent = recent
        self._coming = QTimer()
        self._coming.setSingleShot(True)
        self._coming.setInterval(0)
        self._coming.timeout.connect(self._offer_together)
        self._folders = tuple(dict.fromkeys(folders))
        self._book = book
        opening.known.connect(self._known)
        book.state.events.has_labels.connect(self._opened)
        context.project.changed.connect(self._closed)
        for emitter in self._comings_and_goings():
            emitter.connect(self._look_together)

    @property
    def sentence(self) -> str:
        """What is said of the session that is known, and asked."""
        known = self.state.known
        if known is None:
            return ""
        did = "labelled" if known.labelled else "opened"
        what = "these maps as a stack" if self.state.together and known.stacked else "this"
        return f"You {did} {what} {known.day(datetime.date.today())}: {known.words}. Go on?"

    def go_on(self, ask: Ask) -> None:
        """Go on with the session that is known, as it was looked at last.

        Parameters
        ----------
        ask : callable
            Asks the person where a file is that is missing.
        """
        known = self.state.known
        if known is not None and self.state.together:
            self.open(known.folder, ask)
            return
        with self._store.returning():
            self._opening.new()

    def anew(self) -> None:
        """Begin another session of the ticked survey; the one that there is can be opened again from the list."""
        known = self.state.known
        if self._opening.anew() and known is not None:
            session = self._context.project.session
            where = "" if session is None else f" in {session.folder}"
            self._context.messages.say(
                f"A new session is begun{where}. What was made before stays in {known.folder}: 'Another …' lists it "
                "the next time, and 'FHN: open session …' in the menu File opens it."
            )

    def open(self, folder: Path, ask: Ask) -> None:
        """Open a session of the list in place of what the desk shows."""
        self._store.save()
        self._store.open(folder, ask)

    def find(self, before: Path, after: Path) -> bool:
        """Take note of where a session is that was not found; False, and said, where there is none."""
        if none := none_in(after):
            self._context.messages.fail(none)
            return False
        self._recent.moved(before, after)
        self.look()
        return True

    def refuse(self, entry: Entry) -> None:
        """Say why a session of the list that is there cannot be opened."""
        self._context.messages.fail(f"{entry.folder} cannot be opened: {entry.why_not}.")

    def forget(self, entry: Entry) -> None:
        """List a session no more that is not there, or cannot be read; nothing of its folder is touched."""
        self._recent.forget(entry.folder)
        if not entry.gone:
            stays = f"{entry.folder} stays as it is"
            listed_as_lies = entry.folder.parent in self._folders
            more = ", and is listed as long as it lies there" if listed_as_lies else ", and is not listed any more"
            self._context.messages.say(f"{stays}{more}.")
        self.look()

    def look(self) -> None:
        """Find out, beside the window, which sessions there are."""

        def show(entries: tuple[Entry, ...]) -> None:
            self.state.recent = entries

        recent, folders = self._recent, self._folders
        self._context.background.run(lambda: listed(recent, folders, _MOST), show, lambda error: None)

    def _known(self, folder: Path | None) -> None:
        self._offer(None if folder is None else Outline.of(folder))
        if self.state.known is None and folder is not None:
            self._context.messages.say(f"There are labels of this survey in {folder}: 'Show labels' opens them.")

    def close(self) -> None:
        """Let go of the viewer."""
        # At the end of the program Qt may have deleted the timer already.
        with contextlib.suppress(RuntimeError):
            self._coming.stop()
        for emitter in self._comings_and_goings():
            disconnect(emitter, self._look_together)

    def _comings_and_goings(self) -> tuple[Any, ...]:
        """Whichever way maps are opened, they come as layers; and the list may come after them."""
        events = self._context.viewer.layers.events
        return events.inserted, events.removed, self._context.data.state.events.material, self.state.events.recent

    def _look_together(self, event: Any = None) -> None:
        """Look whether what is open was worked on together before, once all has come that comes together."""
        if not self._coming.isActive():
            self._coming.start()

    def _offer_together(self) -> None:
        """Offer the session of several files that are open, in whatever order, where what is ticked has none."""
        known, context = self.state.known, self._context
        if self._book.layer is not None or context.project.project is not None or (known and not self.state.together):
            return
        there = {str(survey_of(layer).attrs.get("source", "")) for layer in context.data.images()} - {""}
        outlines = [entry.outline for entry in self.state.recent if entry.outline is not None]
        found = next((one for one in outlines if len(one.files) > 1 and there.issuperset(one.files)), None)
        if found != known:
            self._offer(found, together=True)

    def _offer(self, known: Outline | None, *, together: bool = False) -> None:
        self.state.together = together and known is not None
        self.state.known = known
        if known is not None:
            self._context.messages.say(self.sentence)

    def _opened(self, has_labels: bool) -> None:
        """Remember which session is open, once there are labels in it."""
        project = self._context.project
        if not has_labels or project.session is None or not project.writable:
            return
        material = self._context.data.material
        source = "" if material is None else str(material.first.attrs.get("source", ""))
        self._recent.opened(project.session.folder, source)
        self.look()

    def _closed(self) -> None:
        """Take note of what a session holds that was closed: its files may be opened again."""
        if self._context.project.project is None:
            self.look()
