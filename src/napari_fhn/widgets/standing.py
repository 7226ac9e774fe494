"""What is on view while its file goes: a disk is pulled, a folder renamed, a server does not answer.

What cannot be read is drawn as no data, and said once; when the file is there again it is drawn again, unasked.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from napari.components import ViewerModel
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_fhn.large import Large
from napari_fhn.surveys.errors import BRING_BACK, GONE
from napari_fhn.surveys.viewing import VIEWED, Viewed
from napari_fhn.widgets.events import disconnect
from napari_fhn.widgets.messages import Messages

LOOK_MS = 1000
_HOLD_AGAIN = 10
"""Looks after which what was written to a large array since is kept readable as well."""


def data_of(layer: Any) -> Any:
    """Return the values of a layer for whoever works with them: what cannot be read raises, and is never nothing."""
    return layer.data.raising() if isinstance(layer.data, Large) else layer.data


class Standing:
    """Looks after the values of all layers of a viewer.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers.
    messages : Messages
        Where it says what cannot be read.

    Attributes
    ----------
    returned : Signal
        Emitted when what could not be read can be again: pictures that were made of it meanwhile lack it.
    """

    returned = Signal()

    def __init__(self, viewer: ViewerModel, messages: Messages) -> None:
        self._viewer = viewer
        self._messages = messages
        self._said: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self._held: WeakKeyDictionary[Any, tuple[int, int]] = WeakKeyDictionary()
        self._timer = QTimer()
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        viewer.layers.events.inserted.connect(self.look)
        self.look()

    def close(self) -> None:
        """Let go of the viewer: from now on what cannot be read raises, as nobody says it."""
        with contextlib.suppress(RuntimeError):  # at the end of the program Qt may have deleted the timer already
            self._timer.stop()
        disconnect(self._viewer.layers.events.inserted, self.look)
        for layer in self._viewer.layers:
            for values in _values(layer):
                values.heard = False

    def look(self, event: Any = None) -> None:
        """Hear how the layers are read, say what is new in that, and draw again what may be read again."""
        for layer in list(self._viewer.layers):
            for values in _values(layer):
                values.heard = True
                self._hold(layer, values)
                self._hear(layer, values)

    def _hear(self, layer: Any, values: Viewed | Large) -> None:
        if values.trouble is None:
            return
        words, before = _words(values), self._said.get(layer, "")
        if words != before:
            self._messages.over(before)
            self._said[layer] = words
            self._messages.fail(words)
        if layer.visible and (values.may_be_back or values.read_since):
            values.trouble = None
            layer.refresh(extent=False, thumbnail=False, highlight=False)
            if values.trouble is None:
                self._messages.over(self._said.pop(layer))
                self._messages.say(f"'{layer.name}' is there again.")
                self.returned.emit()

    def _hold(self, layer: Any, values: Viewed | Large) -> None:
        """Keep a large array readable though its folder should go, as files that are mapped are."""
        if isinstance(values, Large):
            values.strict = True
            known, looks = self._held.get(layer, (0, 0))
            looks = looks + 1 if known == id(values) else 0
            if looks % _HOLD_AGAIN == 0:
                values.hold()
            self._held[layer] = id(values), looks


def _values(layer: Any) -> list[Viewed | Large]:
    """What of a layer is read when it is drawn; not the labels that are painted on, which are saved elsewhere."""
    found: list[Viewed | Large] = []
    if isinstance(one := layer.metadata.get(VIEWED), Viewed):
        found.append(one)
    if isinstance(layer.data, Large) and not layer.data.writable:
        found.append(layer.data)
    return found


def _words(values: Viewed | Large) -> str:
    if isinstance(values, Viewed):
        return str(values.trouble)
    name, trouble = Path(values.filename).name, values.trouble
    gone = isinstance(trouble, FileNotFoundError) or not os.path.exists(values.filename)
    why = os.strerror(errno.EIO) if trouble is None or not trouble.strerror else trouble.strerror
    return f"{name}: {GONE}. {BRING_BACK}." if gone else f"{name}: it cannot be read ({why}). {BRING_BACK}."
