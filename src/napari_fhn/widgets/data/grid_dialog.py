"""How a SEG-Y file is read, when that is not certain: guesses with their evidence, a map, and what a person says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
import xarray as xr
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.segy.coordinates import touches
from napari_fhn.surveys.segy.guess import GridGuess
from napari_fhn.surveys.segy.previews import Preview, guesses, judged, preview
from napari_fhn.widgets.data.headers_form import HeadersForm
from napari_fhn.widgets.data.small_plot import clear_plot

_SIZE = (960, 600)
_MOST = 20_000
#: Scores so close to each other do not decide.
_CLOSE = 0.02
_WRONG = "color: #e0705a;"
_LIVE, _DEAD = "#56b4e9", "#d55e00"


class GridDialog(QDialog):
    """Guesses, best first; the one that is chosen is drawn.

    Parameters
    ----------
    path : Path
        The SEG-Y file.
    found : sequence of GridGuess, optional
        The guesses; looked for without it.
    why : str
        What is uncertain, in a sentence.
    parent : QWidget, optional
        The viewer's window.
    now : mapping, optional
        How the file is read now, as options of `napari_fhn.surveys.open`: what the dialog begins with.
    """

    def __init__(
        self,
        path: Path,
        found: Sequence[GridGuess] | None = None,
        why: str = "",
        parent: QWidget | None = None,
        now: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(parent)
        self._path = path
        self.guesses = tuple(guesses(path) if found is None else found)
        self.setWindowTitle(f"{path.name}: where are its inline and crossline numbers?")
        self.resize(*_SIZE)
        words = QLabel(why or "Choose the guess whose map looks like the survey.")
        words.setWordWrap(True)
        self.list = QListWidget()
        self.list.setToolTip("Guesses, the likeliest first.")
        for guess in self.guesses:
            self.list.addItem(QListWidgetItem(title(guess)))
        self.evidence = QLabel()
        self.evidence.setWordWrap(True)
        self.evidence.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.evidence.setToolTip("What speaks for the guess, and against it.")
        self.plot = clear_plot()
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setToolTip("Where the traces lie by this guess; dead ones in orange.")
        self.form = HeadersForm()
        self.remember = QCheckBox("Read this survey so from now on")
        self.remember.setChecked(True)
        self.remember.setToolTip("The answer is kept for this survey, under whatever name and in whatever folder.")
        self.wrong = QLabel()
        self.wrong.setWordWrap(True)
        self.wrong.setStyleSheet(_WRONG)
        self.wrong.hide()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(self.evidence, 1)
        left.addWidget(self.form)
        row = QHBoxLayout()
        row.addLayout(left, 6)
        row.addWidget(self.plot, 5)
        column = QVBoxLayout(self)
        column.addWidget(words)
        column.addLayout(row, 1)
        column.addWidget(self.wrong)
        column.addWidget(self.remember)
        column.addWidget(self.buttons)
        self._begin(now or {})
        self.list.currentRowChanged.connect(self._chosen)
        self.form.changed.connect(lambda: self._chosen(self.list.currentRow()))
        self.form.typed.connect(self._look)
        self._chosen(self.list.currentRow())

    def _begin(self, now: Mapping[str, Any]) -> None:
        """Begin with how the file is read now, or with the likeliest guess."""
        of = [options_of(guess) for guess in self.guesses]
        names = ("line", "inline_byte", "crossline_byte")
        alike = [all(one.get(name, 0) == now.get(name, 0) for name in names) for one in of]
        row = alike.index(True) if now and True in alike else 0
        self.list.setCurrentRow(row)
        stands = of[row] if of and (not now or alike[row]) else {}
        # A delay of 0 is said against that of the headers; a 0 of anything else says nothing.
        said = {name: value for name, value in now.items() if value or (name == "delay_ms" and value is not None)}
        self.form.fill({name: value for name, value in said.items() if stands.get(name) != value})

    def _look(self) -> None:
        """Say what cannot be while it is typed, and open nothing by it."""
        self.wrong.setText(self.form.wrong)
        self.wrong.setVisible(bool(self.wrong.text()))
        button = self.buttons.button(QDialogButtonBox.StandardButton.Open)
        if button is not None:
            button.setEnabled(not self.wrong.text())

    @property
    def options(self) -> dict[str, Any]:
        """What `napari_fhn.surveys.open` is to be told."""
        said = self.form.options
        chosen = options_of(self.guesses[max(self.list.currentRow(), 0)])
        if "inline_byte" in said or "crossline_byte" in said:
            # Numbers that a person names are numbers, whatever the guess was.
            chosen = {name: value for name, value in chosen.items() if name in ("inline_byte", "crossline_byte")}
            chosen = {name: value for name, value in chosen.items() if value}
        numbers = [said.get(name, chosen.get(name, 0)) for name in ("inline_byte", "crossline_byte")]
        # The coordinates of the guess may stand where a person has just said that the numbers do.
        chosen = {
            name: value
            for name, value in chosen.items()
            if name not in ("x_byte", "y_byte") or not touches(value, numbers)
        }
        return {**chosen, **said, "remember": self.remember.isChecked()}

    def _chosen(self, row: int) -> None:
        if not 0 <= row < len(self.guesses) or self.form.wrong:
            return
        guess = self.guesses[row]
        options = {name: value for name, value in self.options.items() if name != "remember"}
        try:
            if self.form.options:
                guess = judged(self._path, guess, **options)
            shown = preview(self._path, guess, **options)
        except SurveyError as error:
            self.evidence.setText(f"<p>{error.what}. {error.way_out}.</p>")
            self.plot.clear()
            return
        self.evidence.setText("".join(f"<p>{one}</p>" for one in guess.evidence))
        self._draw(shown)

    def _draw(self, shown: Preview) -> None:
        guess = shown.guess
        by_numbers = guess.inline_byte > 0 and guess.crossline_byte > 0
        order = not by_numbers and not np.any(shown.x)
        across, up = (shown.crossline, shown.inline) if by_numbers else (shown.x, shown.y)
        if order:
            across, up = shown.traces, np.zeros_like(shown.traces)
        names = ("crossline", "inline") if by_numbers else ("trace", "") if order else ("x", "y")
        kept = slice(None, None, max(1, len(across) // _MOST))
        places = np.column_stack([across, up]).astype(np.float64)[kept]
        dead = shown.dead[kept]
        self.plot.clear()
        for mask, color in ((~dead, _LIVE), (dead, _DEAD)):
            spots = pg.ScatterPlotItem(
                places[mask, 0], places[mask, 1], size=3, pen=None, brush=color, pxMode=True,
            )  # fmt: skip
            self.plot.addItem(spots)
        self.plot.getAxis("bottom").setLabel(names[0])
        self.plot.getAxis("left").setLabel(names[1])
        self.plot.autoRange()


def title(guess: GridGuess) -> str:
    """Say a guess in a line."""
    if guess.how == "order":
        place = "As a line, in the order of the file"
    elif guess.how == "coordinates":
        place = f"From the coordinates (bytes {guess.x_byte} and {guess.y_byte})"
    else:
        place = f"Inline in byte {guess.inline_byte}, crossline in byte {guess.crossline_byte}"
    return f"{place}   {100 * guess.score:.0f} %"


def options_of(guess: GridGuess) -> dict[str, Any]:
    """Options of `napari_fhn.surveys.open` that read a file by a guess."""
    if guess.how == "order":
        return {"line": True}
    coordinates = {"x_byte": guess.x_byte, "y_byte": guess.y_byte} if guess.x_byte and guess.y_byte else {}
    return {"inline_byte": guess.inline_byte, "crossline_byte": guess.crossline_byte, **coordinates}


def doubt(survey: xr.DataArray, found: Sequence[GridGuess]) -> str:
    """Say why a person had better look at how a volume was read; empty where it is certain.

    Parameters
    ----------
    survey : xarray.DataArray
        As it was opened without being told how: with its notes.
    found : sequence of GridGuess
        The guesses, best first.
    """
    notes = survey.attrs.get("notes", ())
    if any("as remembered" in str(note) for note in notes):
        return ""
    # What the notes say of the vertical axis and how to give it concerns lines too.
    unsure = next((str(note) for note in notes if "sample_interval_ms=" in str(note)), "")
    if unsure:
        return unsure.split(" If ")[0] + " If you know better, write it below."
    if survey.dims[0] != "inline":
        return ""
    accepted = [guess for guess in found if guess.accepted]
    if not accepted:
        return "No field of the trace headers holds inline and crossline numbers for sure."
    if accepted[0].how == "looking":
        return "Nothing says where the inline and crossline numbers are; they were found by looking."
    if len(accepted) > 1 and accepted[1].score >= accepted[0].score - _CLOSE:
        return "Two places in the trace headers may hold the inline and crossline numbers."
    return ""


def ask_grid(
    path: Path,
    found: Sequence[GridGuess],
    why: str,
    parent: QWidget | None = None,
    now: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Ask with the dialog; None when the person cancels."""
    dialog = GridDialog(path, found, why, parent, now)
    return dialog.options if dialog.exec() else None
