"""The dialog before and while a public sample is fetched: what, how large, under which licence; Fetch or Cancel."""

from __future__ import annotations

import threading
from pathlib import Path

from qtpy.QtCore import QEventLoop, Qt, QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_fhn.sample_data import public
from napari_fhn.sample_data.public import Cancelled, PublicSample
from napari_fhn.widgets.background import Background

_POLL_MS = 100
_ERROR = "color: #e0705a;"
_STEPS = 1000


class FetchDialog(QDialog):
    """Asks, fetches beside the GUI, and can be cancelled at any moment; the viewer stays usable meanwhile.

    Parameters
    ----------
    sample : PublicSample
        What is offered.
    parent : QWidget, optional
        The viewer's window.
    folder : Path, optional
        Instead of the user's cache folder.

    Attributes
    ----------
    files : dict of str to Path or None
        What was fetched, None until then.
    """

    def __init__(self, sample: PublicSample, parent: QWidget | None = None, folder: Path | None = None) -> None:
        super().__init__(parent)
        self.sample = sample
        self.files: dict[str, Path] | None = None
        self._folder = folder
        self._stop = threading.Event()
        self._background = Background()
        self._done, self._total = 0, sample.size
        self._busy = False
        self.setWindowTitle("FHN")
        self.setMinimumWidth(460)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.message = QLabel("")
        self.message.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setToolTip("How much has been fetched.")
        self.bar.hide()
        self.start = QPushButton("Fetch")
        self.start.setToolTip("Fetch it into the cache folder, once; it opens from there from then on.")
        self.start.clicked.connect(self.fetch)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Fetch nothing; what has arrived so far is thrown away.")
        self.cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        for widget in (self.words, self.bar, self.message):
            column.addWidget(widget)
        column.addLayout(row)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._show)
        self._describe(sample.size)
        if not sample.size:
            self._background.run(lambda: public.size_of(sample), self._describe, self._failed)

    def fetch(self) -> None:
        """Begin to fetch."""
        if self._busy:
            return
        self._busy = True
        self._stop.clear()
        self._done = 0
        self.start.setEnabled(False)
        self.message.setStyleSheet("")
        self.message.setText("Fetching …")
        self.bar.show()
        self._timer.start()

        def progress(done: int, total: int) -> None:
            # On the other thread: nothing but numbers may be touched here.
            self._done, self._total = done, total

        sample, stop, folder = self.sample, self._stop, self._folder
        self._background.run(
            lambda: public.fetch(sample, progress=progress, stop=stop, folder=folder), self._fetched, self._failed
        )

    def reject(self) -> None:
        """Stop, and close."""
        self._stop.set()
        self._timer.stop()
        self._background.close()
        super().reject()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Stop with the window."""
        self._stop.set()
        if event is not None:
            super().closeEvent(event)

    def wait(self) -> dict[str, Path] | None:
        """Show the dialog and wait for its end, with the rest of the viewer alive; returns `files`."""
        loop = QEventLoop()
        self.finished.connect(loop.quit)
        self.destroyed.connect(loop.quit)
        self.show()
        loop.exec()
        return self.files

    def _describe(self, size: int) -> None:
        sample = self.sample
        large = f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
        rows = (
            ("Source", sample.source),
            ("Size", large if size else "not said by its server"),
            ("Licence", sample.licence),
            ("Kept in", str((self._folder or public.cache_folder()) / sample.key)),
        )
        table = "".join(
            f"<tr><td style='padding-right: 10px; color: #8d99a8'>{a}</td><td>{b}</td></tr>" for a, b in rows
        )
        self.words.setText(f"<p><b>{sample.title}</b></p><table>{table}</table><p>{sample.verified}</p>")

    def _show(self) -> None:
        done, total = self._done, self._total
        if total:
            self.bar.setRange(0, _STEPS)
            self.bar.setValue(round(_STEPS * done / total))
            words = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if done < total else "Checking and unpacking …"
        else:
            # A bar without a range moves to and fro.
            self.bar.setRange(0, 0)
            words = f"{done / 1e6:.0f} MB"
        self.message.setText(words)

    def _fetched(self, files: dict[str, Path]) -> None:
        self._timer.stop()
        self.files = files
        self.accept()

    def _failed(self, error: BaseException) -> None:
        self._timer.stop()
        self._busy = False
        self.bar.hide()
        self.start.setEnabled(True)
        self.start.setText("Try again")
        if not isinstance(error, Cancelled):
            self.message.setStyleSheet(_ERROR)
            self.message.setText(str(error))
