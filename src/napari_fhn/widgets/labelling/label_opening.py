"""Which labels are shown: those of the session of the ticked surveys, taken up, made, put away, and given back."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_fhn import labels
from napari_fhn.project import ProjectError, Session
from napari_fhn.project.knowledge.sidecar_files import is_for_wells, sidecar_files
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.material import Material
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.labelling.book import LabelBook

_PAINT = "Pick a class and paint what you know, then press Train."
_PAINT_ON = "The labels are as they were left: paint on, or press Train."
_GONE = "The label layer is gone, the labels are not: 'Show labels' brings them back."


class LabelOpening:
    """Lets the label book follow the ticked surveys and the session that is open.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Which shows the labels.
    folder_of : callable
        Returns the folder of the session of some surveys.
    fresh : callable
        Returns the folder of a session of them that is not there yet.

    Attributes
    ----------
    known : Signal
        Emitted with the session of the ticked surveys where it has labels that are not shown, because nobody has said
        yet that they go on with it; with None where that is not so, or not any more.
    """

    known = Signal(object)

    def __init__(
        self,
        context: DeskContext,
        book: LabelBook,
        folder_of: Callable[[Material], Path],
        fresh: Callable[[Material], Path],
    ) -> None:
        self._context = context
        self._book = book
        self._folder_of = folder_of
        self._fresh = fresh
        self._anew: Path | None = None
        self._met: set[Path] = set()
        self._put_away: Path | None = None
        self._keeping_surveys = False
        context.data.state.events.material.connect(self._material_changed)
        context.data.state.events.vertical_axis.connect(self._vertical_changed)
        context.project.changed.connect(self._project_changed)
        context.viewer.layers.events.removed.connect(self._on_removed)

    def waiting(self) -> bool:
        """Whether the ticked surveys have labels in a session that are not shown."""
        material = self._context.data.material
        if self._book.layer is not None or material is None:
            return False
        return Session(self._folder(material)).has_labels

    def new(self) -> bool:
        """Show the labels of the ticked surveys, and make them where there are none.

        Returns
        -------
        bool
            Whether they may be changed; if not, a sentence says why.
        """
        context = self._context
        if self._book.layer is None and not self._show():
            return False
        if not context.project.writable:
            context.messages.fail(f"{context.project.why}: here it can only be looked at.")
            return False
        return True

    def anew(self) -> bool:
        """Begin another session of the ticked surveys; the one that there is stays as it is.

        Returns
        -------
        bool
            As for :meth:`new`.
        """
        material = self._context.data.material
        if material is None or self._book.layer is not None:
            return self.new()
        self._anew = self._fresh(material)
        try:
            return self.new()
        finally:
            self._anew = None

    @contextlib.contextmanager
    def keeping_surveys(self, keeping: bool) -> Iterator[None]:
        """Leave the surveys of the session as they are while others are ticked."""
        self._keeping_surveys = keeping
        try:
            yield
        finally:
            self._keeping_surveys = False

    def close(self) -> None:
        """Let go of the viewer."""
        disconnect(self._context.viewer.layers.events.removed, self._on_removed)

    @property
    def _session(self) -> Session | None:
        return self._context.project.session

    def _folder(self, material: Material) -> Path:
        """The session of some surveys: the open one, the one of layers that an earlier dock has left, or by name."""
        session = self._session
        if session is not None:
            return session.folder
        folder = self._anew or self._folder_of(material)
        if not material.first.attrs.get("source"):
            # An array from no file has no session but the one that its labels in this viewer belong to.
            for layer in self._context.viewer.layers:
                there = Path(str(layer.metadata.get("session", "")))
                mine = "session" in layer.metadata and there.is_dir()
                if mine and isinstance(layer, Labels) and layer.data.shape == material.shape:
                    return there
        return folder

    def _show(self) -> bool:
        """Show the labels; False where that cannot be done, and a sentence says why."""
        context, material = self._context, self._context.data.material
        if material is None:
            context.messages.fail("Tick a survey first: open a file, or one of the samples.")
            return False
        try:
            if context.project.project is None:
                vertical = material.vertical(context.data.state.vertical_axis)
                context.project.open(self._folder(material), material.surveys, vertical_axis=vertical)
            there = self._session is not None and self._session.has_labels
            values = self._values(material.shape)
        except (labels.LabelError, ProjectError, OSError) as error:
            context.messages.fail(str(error), traceback.format_exc())
            return False
        self._put_away = None
        assert context.project.session is not None
        self._met.add(context.project.session.folder)
        self._book.take_classes()
        self._remove_leftovers()
        self._book.show(values, context.place_of(material), writable=context.project.writable)
        self.known.emit(None)
        context.messages.over(_GONE)
        if context.project.writable:
            context.messages.say(_PAINT_ON if there else _PAINT)
        else:
            more = "look at it, or take it over" if context.project.in_use else "it can be looked at"
            context.messages.say(f"{context.project.why}: {more}.")
        return True

    def _values(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        session = self._session
        assert session is not None
        if self._context.project.writable:
            return session.label_volume(shape)
        return session.known() if session.has_labels else np.broadcast_to(np.zeros((), np.uint8), shape)

    def _remove_leftovers(self) -> None:
        """Take layers away that an earlier dock of this viewer has left: the same ones come now."""
        mine = str(self._session.folder) if self._session is not None else ""
        for layer in list(self._context.viewer.layers):
            # One may have gone with another: wells with their paths.
            if layer in self._context.viewer.layers and layer.metadata.get("session") == mine:
                self._context.viewer.layers.remove(layer)

    def _vertical_changed(self, axis: int | None) -> None:
        material = self._context.data.material
        if material is not None and self._session is not None:
            vertical = material.vertical(axis)
            self._context.project.change("The axis", lambda session: session.change(vertical_axis=vertical))

    def _project_changed(self) -> None:
        """Follow when the session is gone, or may not be written in any more, or may again."""
        project, material, layer = self._context.project, self._context.data.material, self._book.layer
        if project.project is None:
            self._book.forget()
        elif layer is not None and material is not None:
            layer.metadata["session"] = str(project.project.session.folder)
            self._book.access(self._values(material.shape) if project.writable else None)
            self._book.state.events.has_labels.emit(True)

    def _material_changed(self, material: Material | None) -> None:
        if material is None:
            self._put_away = None
            self.known.emit(None)
            return
        words = self._context.messages
        if self._context.data.removing:
            # Of several layers that are removed at once the session keeps the surveys: what remains is known then.
            QTimer.singleShot(0, self._use)
        else:
            self._use()
        folder = self._folder(material) if self.waiting() else None
        if folder is None or folder != self._put_away:
            words.over(_GONE)
        if folder is not None and folder != self._put_away:
            if self._met_before(folder):
                self._show()
            else:
                self.known.emit(folder)
            return
        self.known.emit(None)
        if not self._book.state.has_labels:
            what = "wells" if is_for_wells(material.first) else "points"
            more = f", or load the {what} that lie beside it" if sidecar_files(material.first) else ""
            words.say(f"Make a label layer and paint{more}.")

    def _use(self) -> None:
        """Let the session work on the surveys that are ticked."""
        project, material, words = self._context.project, self._context.data.material, self._context.messages
        if material is None or project.project is None or self._keeping_surveys:
            return
        try:
            project.use(material.surveys, material.vertical(self._context.data.state.vertical_axis))
        except (ProjectError, labels.LabelError):
            project.close()  # these surveys lie elsewhere: they have a session of their own
        except OSError as error:
            words.say(f"The surveys could not be kept in the session: {error.strerror}.", note=True)

    def _met_before(self, folder: Path) -> bool:
        """Whether a session was shown in this viewer, or is being opened: then nobody has to be asked."""
        layers = self._context.viewer.layers
        left = any(layer.metadata.get("session") == str(folder) for layer in layers)
        return left or folder in self._met or self._context.project.project is not None

    def _on_removed(self, event: Any) -> None:
        if event.value is self._book.layer:
            session = self._session
            self._put_away = session.folder if session is not None and self._context.data.material is not None else None
            self._book.forget_layer()
            # A note: what a training says next would write over it.
            self._context.messages.say(_GONE, note=True)
