"""The first thing in the dock: the work of yesterday, to go on with, and the sessions of late."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_fhn.project.sessions.manifest import FileReference
from napari_fhn.project.sessions.session_list import Entry
from napari_fhn.widgets.choosing import ask_moved
from napari_fhn.widgets.desk import Desk
from napari_fhn.widgets.section import QUIET, SPACING, hairline
from napari_fhn.widgets.sessions import picture
from napari_fhn.widgets.sessions.asking import ask_where
from napari_fhn.widgets.sessions.reading import Left

_SMALL = QSize(60, 40)
_ROW = 48
_ROWS = 4
"""Rows that are seen at once; further ones are scrolled to."""


class StartPanel(QWidget):
    """A sentence with three buttons where the survey is known, and a list of sessions; gone once one is open.

    Parameters
    ----------
    desk : Desk
        Who carries it out.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._starting = desk.starting
        self.offer = QWidget()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.picture = QLabel()
        self.picture.setFixedSize(96, 64)
        self.picture.setScaledContents(True)
        self.go_on = _button("Go on", "Show labels, prediction and runs, where you left them.")
        self.go_on.setStyleSheet("font-weight: bold;")
        self.go_on.clicked.connect(lambda: self._starting.go_on(self._ask))
        self.anew = _button("Begin anew", "Begin another session of this survey. The one that there is stays as it is.")
        self.anew.clicked.connect(self._starting.anew)
        self.other = _button("Another …", "List the sessions that were open lately.")
        self.other.setCheckable(True)
        self.other.toggled.connect(self._list)
        said = QHBoxLayout()
        said.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self.words, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACING)
        for button in (self.go_on, self.anew, self.other):
            buttons.addWidget(button, 1)
        column = QVBoxLayout(self.offer)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(said)
        column.addLayout(buttons)
        self.heading = QLabel("Sessions of late")
        self.list = QListWidget()
        self.list.setAccessibleName("sessions of late")
        self.list.setToolTip(
            "Click one, or press Enter on it, to open it with its survey, labels and prediction. Of one that is not "
            "there any more Enter asks where it is, and of one that cannot be read it says why; Delete takes either "
            "off the list. Their folders stay as they are."
        )
        self.list.setIconSize(_SMALL)
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._activated)
        self._off = QShortcut(QKeySequence.StandardKey.Delete, self.list, context=Qt.ShortcutContext.WidgetShortcut)
        self._off.activated.connect(self._forget)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, SPACING)
        whole.setSpacing(SPACING)
        for part in (self.offer, self.heading, self.list, hairline()):
            whole.addWidget(part)
        self._starting.state.events.known.connect(self._show)
        self._starting.state.events.recent.connect(self._fill)
        desk.data.state.events.material.connect(self._show)
        desk.book.state.events.has_labels.connect(self._show)
        self._fill()
        self._starting.look()

    def _show(self, event: Any = None) -> None:
        """Show what can be begun with, and nothing once something is."""
        known, desk = self._starting.state.known, self._desk
        self.offer.setVisible(known is not None)
        if known is not None:
            self.words.setText(self._starting.sentence)
            self.words.setToolTip(f"The session lies in {known.folder}.")
            pixels = picture.load(known.picture)
            self.picture.setPixmap(pixels)
            self.picture.setVisible(not pixels.isNull())
            self.anew.setVisible(not self._starting.state.together)  # what is ticked is another survey
        elif self.other.isChecked():
            self.other.setChecked(False)
        idle = desk.data.material is None and not desk.book.state.has_labels
        listed = self.list.count() > 0 and (idle or (known is not None and self.other.isChecked()))
        self.heading.setVisible(listed)
        self.list.setVisible(listed)
        self.setVisible(listed or known is not None)

    def _list(self, wanted: bool) -> None:
        if wanted:
            self._starting.look()
        self._show()

    def _fill(self, event: Any = None) -> None:
        self.list.clear()
        for entry in self._starting.state.recent:
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, entry)
            item.setSizeHint(QSize(0, _ROW))
            row = _Row(entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, row.spoken)
            item.setToolTip(f"{row.spoken}. It lies in {entry.folder}.")
            if entry.outline is None:
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                row.seek.clicked.connect(lambda _=False, entry=entry: self._find(entry))
                row.forget.clicked.connect(lambda _=False, entry=entry: self._starting.forget(entry))
            self.list.addItem(item)
            self.list.setItemWidget(item, row)
        self.list.setFixedHeight(min(max(self.list.count(), 1), _ROWS) * _ROW + 6)
        self._show()

    def _open(self, item: QListWidgetItem) -> None:
        entry: Entry = item.data(Qt.ItemDataRole.UserRole)
        session = self._desk.session
        if entry.outline is None:
            if not entry.gone:
                self._starting.refuse(entry)
        elif session is None or session.folder != entry.folder:
            self._starting.open(entry.folder, self._ask)

    def _activated(self, item: QListWidgetItem) -> None:
        entry: Entry = item.data(Qt.ItemDataRole.UserRole)
        if entry.gone:
            self._find(entry)
        else:
            self._open(item)

    def _forget(self) -> None:
        """List the one with the keys no more, where it is not there any more or cannot be read."""
        item = self.list.currentItem()
        entry = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        if entry is not None and entry.outline is None:
            self._starting.forget(entry)

    def _find(self, entry: Entry) -> None:
        title = f"Where is the session {entry.folder.name} now?"
        folder = ask_moved(self, "session", title, entry.folder, folder=True)
        if folder is not None:
            self._starting.find(entry.folder, folder)

    def _ask(self, file: FileReference) -> Path | Left | None:
        return ask_where(self, file)


class _Row(QWidget):
    """Picture, survey, date, labels and score of a session; what is not found is grey."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        outline, today = entry.outline, datetime.date.today()
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 2, 4, 2)
        small = QLabel()
        small.setFixedSize(_SMALL)
        small.setScaledContents(True)
        row.addWidget(small)
        lines = QVBoxLayout()
        lines.setSpacing(0)
        row.addLayout(lines, 1)
        first = entry.called
        if outline is None:
            # What is wrong comes first: the row has room for a few words, and where it lies is said by its tooltip.
            second = f"not in {entry.folder.parent} any more" if entry.gone else entry.why_not
        else:
            day = outline.day(today)
            # Of one survey there may be several: what was begun anew today is told from that of this morning.
            clock = f", {outline.changed:%H:%M}" if today - outline.changed.date() < datetime.timedelta(2) else ""
            second = f"{day[:1].upper()}{day[1:]}{clock}: {outline.words}"
            small.setPixmap(picture.load(outline.picture))
        for words, style in ((first, QUIET if outline is None else ""), (second, QUIET)):
            line = QElidingLabel(words)
            line.setStyleSheet(style)
            line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            lines.addWidget(line)
        self.spoken = f"{first}, {second}"
        # The list hears clicks on what is found.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, outline is not None)
        self.seek, self.forget = QToolButton(), QToolButton()
        if outline is None:
            small.setText("?")
            small.setAlignment(Qt.AlignmentFlag.AlignCenter)
            small.setStyleSheet(QUIET)
            self.seek.setText("Find …")
            self.seek.setToolTip("Say where the folder of this session is now.")
            self.forget.setText("✕")
            self.forget.setToolTip("List this session no more. Its folder, where there is one, stays as it is.")
            row.addWidget(self.seek)
            row.addWidget(self.forget)
            if not entry.gone:  # it is where it was, and to be mended there
                self.seek.hide()


def _button(title: str, tooltip: str) -> QPushButton:
    button = QPushButton(title)
    button.setToolTip(tooltip)
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return button
