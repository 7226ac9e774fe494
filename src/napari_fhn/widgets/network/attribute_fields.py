"""Attributes to tick: those that the data have, each with a line for what may be said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QPushButton, QSizePolicy, QWidget

from napari_fhn.project.data.backbones import BACKBONE
from napari_fhn.structure.attributes import ALL, AUTO, Attribute
from napari_fhn.structure.attributes import attribute as read
from napari_fhn.widgets.choosing import ask_open
from napari_fhn.widgets.network.planning import Planning

_FILE = f"{BACKBONE}:"
"""How an attribute begins that is the features of a network in a file."""

_NETWORKS = "Networks (*.onnx *.pt *.pth *.ts *.torchscript)"

_AUTO_WORDS = (
    "Let the labels choose: some are left out in turn, and the attributes by which a quick model foretells them better "
    "are taken. What was chosen, and why, is said when training begins."
)


class AttributeFields(QWidget):
    """A box to tick for each attribute that the data have.

    Parameters
    ----------
    planning : Planning
        Whose settings are shown and changed.

    Attributes
    ----------
    ticks : dict of str to QCheckBox
        By the name of the attribute; ``"auto"`` for those that help.
    lines : dict of str to QLineEdit
        What is said of attributes that take something.
    file : QPushButton
        Asks for a network whose features are taken.
    """

    def __init__(self, planning: Planning) -> None:
        super().__init__()
        self._planning = planning
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setHorizontalSpacing(8)
        self._layout.setVerticalSpacing(2)
        self._layout.setColumnStretch(1, 1)
        self._offered: tuple[Attribute, ...] = ()
        self.ticks: dict[str, QCheckBox] = {}
        self.lines: dict[str, QLineEdit] = {}
        self.file = QPushButton("Features of a network …")
        self.file.setToolTip(
            "Take features of a network that somebody else trained as further channels: a file of ONNX or TorchScript, "
            "with a small file beside it that says what it takes and gives."
        )
        self.file.clicked.connect(self._ask_file)
        planning.state.events.attributes.connect(self._offer)
        planning.state.events.settings.connect(self._show)
        self._offer()

    def _offer(self, event: Any = None) -> None:
        """Make the boxes anew: other data have other attributes."""
        for widget in (*self.ticks.values(), *self.lines.values()):
            self._layout.removeWidget(widget)
            widget.deleteLater()
        self.ticks, self.lines = {}, {}
        self._offered = self._planning.state.attributes
        for row, one in enumerate(self._offered):
            self._add(row, one.name, one.title, one.words)
            if one.takes:
                line = QLineEdit()
                line.setAccessibleName(f"values of {one.title}")
                line.setToolTip(f"{one.takes[:1].upper()}{one.takes[1:]}. Empty for the usual.")
                line.setPlaceholderText(one.takes.partition(f"{one.name}:")[2])
                line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                line.editingFinished.connect(self._written)
                self._layout.addWidget(line, row, 1)
                self.lines[one.name] = line
        self.file.setVisible(bool(self._offered))
        if self._offered:
            self._add(len(self._offered), AUTO, "those that help", _AUTO_WORDS)
            self._layout.addWidget(self.file, len(self._offered) + 1, 0, 1, 2)
        self._show()

    def _add(self, row: int, name: str, title: str, words: str) -> None:
        tick = QCheckBox(title)
        tick.setToolTip(words)
        tick.clicked.connect(self._written)
        self._layout.addWidget(tick, row, 0)
        self.ticks[name] = tick

    def _show(self, event: Any = None) -> None:
        settings = self._planning.state.settings
        if settings is None:
            return
        said = {} if not settings.attributes else self._said(settings.attributes)
        self._show_files([name for name in said if name.startswith(_FILE)])
        for name, tick in self.ticks.items():
            tick.setChecked(name in said)  # tells nobody: only clicks do
        for name, line in self.lines.items():
            # What stands in the line of a box that is not ticked is kept for when it is.
            if name in said and said[name] != line.text():
                line.setText(said[name])

    def _said(self, texts: tuple[str, ...]) -> dict[str, str]:
        """Return what is said after the name of each attribute that is taken."""
        said: dict[str, str] = {}
        for text in texts:
            if text == ALL:
                said |= {one.name: "" for one in self._planning.all_attributes() if one.name not in said}
            elif text == AUTO or text.startswith(_FILE):
                said[text] = ""
            else:
                one = read(text)
                said[one.name] = ",".join(one.arguments)
        return said

    def _written(self) -> None:
        settings = self._planning.state.settings
        if settings is None:
            return
        texts = []
        for name, tick in self.ticks.items():
            if tick.isChecked():
                line = self.lines.get(name)
                words = "" if line is None else line.text().strip()
                texts.append(f"{name}:{words}" if words else name)
        if not texts or self._said(settings.attributes) != self._as_typed(texts):
            self._planning.take_attributes(texts)

    def _as_typed(self, texts: list[str]) -> dict[str, str]:
        """Return what stands after the name of each attribute, as it was typed."""
        parts = (text.partition(":") for text in texts if not text.startswith(_FILE))
        return {name: words for name, _, words in parts} | {text: "" for text in texts if text.startswith(_FILE)}

    def _show_files(self, names: list[str]) -> None:
        """Show a box for each network that is taken, and none for others."""
        for name in [one for one in self.ticks if one.startswith(_FILE) and one not in names]:
            tick = self.ticks.pop(name)
            self._layout.removeWidget(tick)
            tick.deleteLater()
        for name in names:
            if name not in self.ticks:
                path = Path(name.removeprefix(_FILE))
                self._add(
                    self._layout.rowCount(), name, f"features of {path.name}", f"Features of the network in {path}."
                )

    def _ask_file(self) -> None:
        settings = self._planning.state.settings
        path = ask_open(self, "network", "Features of a network", _NETWORKS)
        if path is not None and settings is not None:
            self.take_file(str(path))

    def take_file(self, name: str) -> None:
        """Take the features of a network in a file, once it is trusted where it runs code.

        Parameters
        ----------
        name : str
            Of the file.
        """
        settings = self._planning.state.settings
        if settings is not None and self._planning.may_run([_FILE + name], self.window()):
            self._planning.take_attributes([*settings.attributes, _FILE + name])
