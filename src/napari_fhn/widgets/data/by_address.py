"""What lies at an address, brought into the dock: its size is asked about, and it is fetched with a bar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import xarray as xr
from napari.layers import Layer
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_fhn import keys, surveys
from napari_fhn.surveys.axes import AmbiguousAxes
from napari_fhn.surveys.remote import fetching
from napari_fhn.surveys.remote import opening as remote
from napari_fhn.surveys.remote.addresses import PACKAGES, host_of, named, url_of
from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.consent import ask_fetch
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.opening import open_surveys, window_of
from napari_fhn.widgets.data.placement import image_layer, on_arrival

_T = TypeVar("_T")
_WORDS = "Address of a file or of a Zarr store: https://, s3://, gs:// or abfs://."
_SECRET = "What stands behind a question mark is used, and kept nowhere."
#: Files of SEG-Y are looked at once more, for a person may have to say where their numbers stand.
_SEGY = (".sgy", ".segy", ".seg", ".su")


class AddressDialog(QDialog):
    """A line for an address; one that lies on the clipboard is in it already.

    Parameters
    ----------
    title : str
        What is done with it.
    parent : QWidget, optional
        The viewer's window.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(460)
        words = QLabel(f"{_WORDS} {_SECRET}")
        words.setWordWrap(True)
        self.line = QLineEdit()
        self.line.setAccessibleName("address")
        self.line.setPlaceholderText("https://")
        self.line.setToolTip(_WORDS)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        self.wrong = QLabel()
        self.wrong.setWordWrap(True)
        for part in (words, self.line, self.wrong, self.buttons):
            column.addWidget(part)
        self.line.textChanged.connect(self._look)
        clipboard = QGuiApplication.clipboard()
        copied = "" if clipboard is None else clipboard.text().strip()
        self.line.setText(copied if "\n" not in copied and url_of(keys.hidden(copied)) is not None else "")
        self.line.selectAll()  # another one is typed over it
        self._look()

    @property
    def url(self) -> str | None:
        """The address, without its key; None while it is none."""
        return url_of(self.line.text().strip())

    def _look(self) -> None:
        button = self.buttons.button(QDialogButtonBox.StandardButton.Open)
        assert button is not None
        text = self.line.text().strip()
        self.wrong.setText(_wrong(text))
        # Half an address holds half a key: nothing is taken before it is whole.
        whole = "://" in text and url_of(keys.hidden(text)) is not None
        button.setEnabled(whole and not self.wrong.text())


def _wrong(text: str) -> str:
    """Say why what is typed becomes no address; empty where it is one, or may become one."""
    scheme, slashes, rest = text.lower().partition("://")
    if not text or (not slashes and any(f"{one}://".startswith(text.lower()) for one in PACKAGES)):
        return ""
    if not slashes or scheme not in PACKAGES:
        of = f"{scheme}:// is not read. " if slashes else ""
        return f"{of}An address begins with https://, s3://, gs:// or abfs://; 'Files …' opens those of this machine."
    return "An address has no blanks: write %20 for one." if any(map(str.isspace, rest)) else ""


def ask_address(title: str, parent: QWidget | None = None) -> str | None:
    """Ask with the dialog; None when the person cancels."""
    dialog = AddressDialog(title, parent)
    return dialog.url if dialog.exec() else None


def open_address(context: DeskContext, url: str) -> None:
    """Open the survey at an address, which is fetched first where it has to be.

    Parameters
    ----------
    context : DeskContext
        In whose viewer.
    url : str
        As a person named it.
    """
    url = url_of(url) or url

    def look(path: Path, operation: Operation) -> xr.DataArray | None:
        try:
            found = surveys.open(url)
        except AmbiguousAxes:
            return None
        # What leaves something open is asked about in front of the window.
        unnamed = any(str(dim).startswith("axis_") for dim in found.dims)
        return None if unnamed or Path(url).suffix.lower() in _SEGY else found

    def shown(survey: xr.DataArray | None) -> None:
        viewer = context.viewer
        if survey is None:
            open_surveys(viewer, [Path(url)])
        else:
            viewer.add_layer(Layer.create(*on_arrival(viewer, [image_layer(survey)])[0]))

    _bring(context, url, False, look, shown)


def fetch_known(context: DeskContext, url: str, taken: Callable[[Path], None]) -> None:
    """Fetch a file of what is known, and hand it on; a store of labels is read where it lies.

    Parameters
    ----------
    context : DeskContext
        Who says how it goes.
    url : str
        As a person named it.
    taken : callable
        Given the file of this machine, or the address of a store.
    """
    url = url_of(url) or url
    if remote.is_store(url):
        taken(Path(url))
        return
    _bring(context, url, True, lambda path, operation: path, lambda path: taken(path) if path is not None else None)


def _bring(
    context: DeskContext,
    url: str,
    whole: bool,
    look: Callable[[Path, Operation], _T | None],
    done: Callable[[_T | None], None],
    agreed: bool = False,
) -> None:
    """Fetch what has to be, ask where it is large, and go on with it."""
    title = f"Fetching {named(url)} from {host_of(url)}"

    def work(operation: Operation) -> _T | None:
        if whole or remote.opener_of(url) is None:
            fetching.fetch(url, agreed=agreed, told=operation.told)
            path = remote.at_hand(url, whole=whole)
        else:
            path = Path(url)
        operation.check()
        return look(path, operation)

    def failed(error: BaseException) -> None:
        if isinstance(error, fetching.Large) and not agreed:
            if ask_fetch(f"{error.path.name}: {error.what}.", window_of(context.viewer)):
                _bring(context, url, whole, look, done, True)
            else:
                context.messages.say("Nothing was fetched.")
            return
        context.messages.report(error, surveys.SurveyError)

    context.messages.say(f"{title} …")
    context.attempt(Operation(title), work, done, failed)
