"""Asks, once for each file, how it is to be read where the file itself does not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QButtonGroup, QDialog, QDialogButtonBox, QLabel, QRadioButton, QVBoxLayout, QWidget

from napari_fhn import surveys
from napari_fhn.surveys.axes import AmbiguousAxes, ReadingChoice

_MOST = 4
"""Questions about one file: which array, then what its axes are."""

Ask = Callable[[str, Sequence[ReadingChoice]], ReadingChoice | None]

_answers: dict[tuple[str, int, int], dict[str, Any]] = {}


class AxesDialog(QDialog):
    """A question with a few answers, the likeliest ticked.

    Parameters
    ----------
    question : str
        What is not known.
    choices : sequence of ReadingChoice
        At least one.
    parent : QWidget, optional
        The viewer's window.
    """

    def __init__(self, question: str, choices: Sequence[ReadingChoice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How is it read?")
        self._choices = tuple(choices)
        words = QLabel(question)
        words.setWordWrap(True)
        # What a file says of itself is no markup.
        words.setTextFormat(Qt.TextFormat.PlainText)
        self.group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.addWidget(words)
        for k, choice in enumerate(self._choices):
            button = QRadioButton(choice.words)
            button.setToolTip(", ".join(f"{key}={value!r}" for key, value in choice.options.items()))
            self.group.addButton(button, k)
            column.addWidget(button)
        first = self.group.button(0)
        if first is not None:
            first.setChecked(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    @property
    def choice(self) -> ReadingChoice:
        """The answer that is ticked."""
        return self._choices[max(self.group.checkedId(), 0)]


def ask_person(question: str, choices: Sequence[ReadingChoice], parent: QWidget | None = None) -> ReadingChoice | None:
    """Ask with a dialog; None when the person cancels."""
    dialog = AxesDialog(question, choices, parent)
    return dialog.choice if dialog.exec() else None


def open_asking(path: str | Path, ask: Ask) -> xr.DataArray | None:
    """Open a survey, asking where it can be read in more than one way.

    An answer holds until the file changes or the program ends.

    Parameters
    ----------
    path : str or Path
        The file.
    ask : callable
        Given a question and the choices, returns one of them, or None to open nothing.

    Returns
    -------
    xarray.DataArray or None
        None when the person cancelled.

    Raises
    ------
    surveys.SurveyError
        When it cannot be read, whatever the answer.
    """
    path = Path(path)
    key = _key(path)
    options: dict[str, Any] = dict(_answers.get(key, {}))
    for _ in range(_MOST):
        try:
            survey = surveys.open(path, **options)
        except AmbiguousAxes as error:
            question, choices = f"{path.name}: {error.what}. {error.question}", error.choices
        else:
            choices = _unnamed(survey, options)
            if not choices:
                return survey
            question = f"{path.name} ({_size(survey)}) does not say what its axes are. Which is it?"
        chosen = ask(question, choices)
        if chosen is None:
            return None
        options |= chosen.options
        _answers[key] = dict(options)
    return surveys.open(path, **options)


def _unnamed(survey: xr.DataArray, options: Mapping[str, Any]) -> tuple[ReadingChoice, ...]:
    """Readings of an array that opened without names for its axes; none once the person has said what they are."""
    if "axes" in options or not all(str(dim).startswith("axis_") for dim in survey.dims):
        return ()
    return tuple(one for one in survey.attrs.get("choices", ()) if isinstance(one, ReadingChoice))


def _size(survey: xr.DataArray) -> str:
    return " x ".join(map(str, survey.shape))


def _key(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path.absolute()), found.st_size, found.st_mtime_ns
