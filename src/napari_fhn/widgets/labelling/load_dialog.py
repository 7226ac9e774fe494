"""The Load dialog: what each file was taken for and why, what it would replace, and a list to choose otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import xarray as xr
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.labels import KINDS, Source
from napari_fhn.labels.fitting import fits, options_for
from napari_fhn.project.knowledge.recognition import Recognised, with_replaced
from napari_fhn.widgets.labelling.source_dialog import ask_options
from napari_fhn.widgets.section import QUIET

_SIZE = (620, 420)
_UNSAID = "(say what it holds)"
_WARNING = "color: #e0705a;"


class FileRow(QWidget):
    """One file: whether it is loaded, what it holds, why that is thought, and how it is read.

    Parameters
    ----------
    found : Recognised
        The file.
    changed : callable
        Called when something else is chosen.
    survey : xarray.DataArray, optional
        What it is loaded for.
    """

    def __init__(self, found: Recognised, changed: Callable[[], None], survey: xr.DataArray | None = None) -> None:
        super().__init__()
        self._survey = survey
        self._found = found
        self._source = found.source
        self._changed = changed
        self.wanted = QCheckBox(name := _name(found.source))
        self.wanted.setChecked(found.readable)
        self.wanted.setToolTip(f"What is not ticked is left out: {found.source.path}")
        self.wanted.toggled.connect(self._chosen)
        self.kind = QComboBox()
        self.kind.setAccessibleName(f"what {name} holds")
        self.kind.setToolTip("What the file holds. Choose another kind where it was taken for the wrong one.")
        if not found.source.kind:
            self.kind.addItem(_UNSAID, "")
        for name, words in KINDS.items():
            if fits(name, survey) or name == found.source.kind:
                self.kind.addItem(words, name)
        self.kind.setCurrentIndex(max(self.kind.findData(found.source.kind), 0))
        self.kind.currentIndexChanged.connect(self._named)
        self.options = QPushButton("Options …")
        self.options.setToolTip("Say how it is read: its columns, units, datum, CRS, radius and the like.")
        self.options.clicked.connect(self._ask)
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setStyleSheet(QUIET)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setStyleSheet(_WARNING)
        row = QHBoxLayout()
        row.addWidget(self.wanted, 1)
        row.addWidget(self.kind)
        row.addWidget(self.options)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.addLayout(row)
        column.addWidget(self.why)
        column.addWidget(self.note)
        self._look()

    @property
    def source(self) -> Source | None:
        """The file with what was said of it; None where it is left out."""
        return self._source if self.wanted.isChecked() else None

    def say(self, replaces: str) -> None:
        """Say which file would make room for it."""
        self.note.setText(f"Read in place of {replaces}: wells of the same names are replaced." if replaces else "")
        self.note.setVisible(bool(replaces))

    def _named(self, index: int) -> None:
        """Take what a person says it holds; that is loaded too which by itself could not be read."""
        if self.kind.currentData():
            self.wanted.setChecked(True)
        self._chosen()

    def _chosen(self, chosen: object = None) -> None:
        kind = self.kind.currentData()
        if kind != self._source.kind:
            # What was said of one kind means nothing for another, but where both take it.
            self._source = (
                self._source.as_kind(kind) if kind else replace(self._source, kind="", options={}, columns={})
            )
        self._look()
        self._changed()

    def _look(self) -> None:
        on, kind = self.wanted.isChecked(), self._source.kind
        self.kind.setEnabled(on or not self._found.readable)  # who says what it is ticks it with that
        self.options.setEnabled(on and bool(kind) and kind != "classes" and bool(options_for(kind, self._survey)))
        same = kind == self._found.source.kind
        self.why.setText(self._found.why if same else "As you say.")
        self.why.setVisible(bool(self.why.text()))

    def _ask(self) -> None:
        asked = ask_options(self._source, self, self._survey)
        if asked is not None:
            self._source = asked
            self.kind.blockSignals(True)
            self.kind.setCurrentIndex(self.kind.findData(asked.kind))
            self.kind.blockSignals(False)
            self._look()
            self._changed()


class LoadDialog(QDialog):
    """All files that were chosen; nothing is read into the labels, or replaced, before *Load* is pressed.

    Parameters
    ----------
    found : sequence of Recognised
        The files.
    loaded : sequence of Source
        Those that are there already.
    parent : QWidget, optional
        The viewer's window.
    survey : xarray.DataArray, optional
        What they are loaded for.
    """

    def __init__(
        self,
        found: Sequence[Recognised],
        loaded: Sequence[Source],
        parent: QWidget | None = None,
        survey: xr.DataArray | None = None,
    ) -> None:
        super().__init__(parent)
        self._loaded = tuple(loaded)
        self.setWindowTitle("Load what is known")
        self.resize(*_SIZE)
        self.rows = [FileRow(one, self._check, survey) for one in found]
        inner = QWidget()
        column = QVBoxLayout(inner)
        for row in self.rows:
            column.addWidget(row)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it would be the first to have the keys, and shows nothing of it
        words = QLabel("What the files hold. What is labelled already stays as it is.")
        words.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.load = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        assert self.load is not None
        self.load.setText("Load")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        outer = QVBoxLayout(self)
        outer.addWidget(words)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.buttons)
        self._check()
        self.load.setFocus()

    @property
    def chosen(self) -> list[Source]:
        """The files that are wanted, with what was said of them."""
        return [source for row in self.rows if (source := row.source) is not None]

    def _check(self) -> None:
        wanted = [row for row in self.rows if row.source is not None]
        said = with_replaced([Recognised(row.source, "") for row in wanted if row.source is not None], self._loaded)
        for row in self.rows:
            row.say("")
        for row, one in zip(wanted, said, strict=True):
            row.say(one.replaces)
        assert self.load is not None
        self.load.setEnabled(bool(wanted))


def ask_files(
    found: Sequence[Recognised],
    loaded: Sequence[Source],
    parent: QWidget | None = None,
    survey: xr.DataArray | None = None,
) -> list[Source] | None:
    """Ask with the dialog; None when the person loads nothing."""
    dialog = LoadDialog(found, loaded, parent, survey)
    return dialog.chosen if dialog.exec() else None


def _name(source: Source) -> str:
    return f"{source.path.name}, {source.part}" if source.part else source.path.name
