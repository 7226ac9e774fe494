"""When the folder of the open session is gone: its labels are written into another one, in which the desk goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn import mapped
from napari_fhn.project import Session
from napari_fhn.project.labelling.wells import KeptWells
from napari_fhn.project.sessions import layout
from napari_fhn.project.sessions.rescue import rescued
from napari_fhn.project.undo.steps import LABELS, VOLUMES
from napari_fhn.sentence import counted
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.open_project import PROGRAM


class Rescuing:
    """Keeps hold of what belongs to the labels, and saves it elsewhere when it has to.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose labels.
    root : Path
        Folder of the sessions.
    stop : callable
        Ends what is under way: it would go on writing into files that nobody finds.
    """

    def __init__(self, context: DeskContext, book: LabelBook, root: Path, stop: Callable[[], None]) -> None:
        self._context = context
        self._book = book
        self._root = root
        self._stop = stop
        self._beside: dict[str, NDArray[np.uint8]] = {}
        self._left_out = 0
        book.shown.connect(self._hold)
        book.stepped.connect(self._hold)
        context.project.gone.connect(self._gone)

    def _hold(self, event: Any = None) -> None:
        """Map what lies beside the labels: a file that is mapped is there as long as it is."""
        session = self._context.project.session
        self._beside = {}
        self._left_out = 0 if self._book.values is None else mapped.hold(self._book.values)
        for name, file in VOLUMES.items():
            path = None if session is None else layout.array_in(session.folder, file)
            if name != LABELS and path is not None and mapped.is_there(path):
                with contextlib.suppress(OSError, ValueError):
                    self._beside[name] = mapped.open(path)
                    self._left_out += mapped.hold(self._beside[name])

    def _gone(self) -> None:
        session, book, context = self._context.project.session, self._book, self._context
        if not context.state.activity.idle:
            self._stop()
        if session is None or book.values is None:
            return
        volumes, table = {LABELS: book.values, **self._beside}, book.state.classes
        lost = (
            f" {counted(self._left_out, 'parts')} of the labels were on the disk alone, and are lost."
            if self._left_out
            else ""
        )
        wells = book.wells_called(table)
        kept = KeptWells() if wells is None else wells[0]
        # Nobody paints meanwhile: the desk does not write in the session any more.

        def done(made: Session) -> None:
            context.project.move_to(made)
            context.messages.fail(
                f"The folder of the session is not at {session.folder} any more. Labels, classes, wells and settings "
                f"are saved in {made.folder}, and the desk goes on there; runs and predictions stay where it is.{lost}"
            )

        context.background.run(
            lambda: rescued(session, volumes, table, kept, self._root, PROGRAM),
            done,
            lambda error: context.messages.fail(
                f"The folder of the session is gone, and its labels could not be saved elsewhere: {error} They are in "
                "the label layer as long as this window is open: save the layer to a file."
            ),
        )
