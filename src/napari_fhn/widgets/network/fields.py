"""Forms generated from dataclasses: one control for each field, with its title and its words."""

from __future__ import annotations

import re
import typing
from collections.abc import Collection, Iterable, Mapping
from types import UnionType
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit, SpinBox
from magicgui.widgets.bases import ValueWidget
from psygnal import Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QSizePolicy, QWidget

from napari_fhn.widgets.network.setting_words import title_and_words

AUTOMATIC = "auto"
"""How a value that may be left open (None) is written."""

_MOST = 10**9


def to_text(value: Any) -> str:
    """Write a number, a word, a tuple of them or None for a line of text."""
    if value is None:
        return AUTOMATIC
    if isinstance(value, tuple):
        return ", ".join(map(to_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def from_text(annotation: Any, text: str) -> Any:
    """Read what :func:`to_text` writes.

    Parameters
    ----------
    annotation : type
        ``int``, ``float``, ``str``, ``tuple[X, ...]``, or one of them or None.
    text : str
        As typed.

    Raises
    ------
    ValueError
        When it is no such value.
    """
    if typing.get_origin(annotation) in (UnionType, typing.Union):
        if text.strip() == AUTOMATIC:
            return None
        annotation = next(kind for kind in typing.get_args(annotation) if kind is not type(None))
    if typing.get_origin(annotation) is tuple:
        each = typing.get_args(annotation)[0]
        return tuple(from_text(each, part) for part in re.split(r"[,;×\s]+", text.strip("()[] ")) if part)
    return annotation(text.strip())


class Form(QWidget):
    """Controls for some fields of a dataclass.

    Parameters
    ----------
    of : type
        The dataclass.
    names : iterable of str
        Its fields to show, in this order.

    Attributes
    ----------
    controls : dict of str to magicgui widget
        By field name.
    changed : Signal
        Emitted with name and value when the person changes one; text that is no such value comes as it is.
    """

    changed = Signal(str, object)

    def __init__(self, of: type, names: Iterable[str]) -> None:
        super().__init__()
        hints = typing.get_type_hints(of)
        self.controls: dict[str, ValueWidget[Any]] = {}
        self._layout = layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name in names:
            title, words = title_and_words(of, name)
            control = self._control(name, hints[name], words)
            control.native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            self.controls[name] = control
            label = QLabel(title)
            label.setToolTip(control.tooltip or "")
            label.setBuddy(control.native)
            layout.addRow(label, control.native)

    def leave_out(self, names: Collection[str]) -> None:
        """Show all fields but some."""
        for name, control in self.controls.items():
            self._layout.setRowVisible(control.native, name not in names)

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show these values, without a ``changed``."""
        for name, control in self.controls.items():
            if name in values:
                with control.changed.blocked():
                    control.value = to_text(values[name]) if isinstance(control, LineEdit) else values[name]

    def _control(self, name: str, annotation: Any, words: str) -> ValueWidget[Any]:
        control: ValueWidget[Any]
        if annotation is bool:
            control = CheckBox(text="", tooltip=words)
        elif annotation is int:
            control = SpinBox(min=-_MOST, max=_MOST, tooltip=words)
            control.native.setKeyboardTracking(False)  # which would take the focus whenever a value is shown
        elif typing.get_origin(annotation) is typing.Literal:
            control = ComboBox(choices=typing.get_args(annotation), tooltip=words)
        else:
            return self._line(name, annotation, words)
        control.changed.connect(lambda value: self.changed.emit(name, value))
        return control

    def _line(self, name: str, annotation: Any, words: str) -> LineEdit:
        line = LineEdit(tooltip=words)
        taken = ""

        def written() -> None:
            nonlocal taken
            text = line.value
            if text == taken:
                return  # the focus has left the line without a change
            taken = text
            try:
                value = from_text(annotation, text)
            except ValueError:
                value = text
            self.changed.emit(name, value)

        def remember() -> None:
            nonlocal taken
            taken = line.value

        line.native.editingFinished.connect(written)
        line.native.textChanged.connect(lambda: None if line.native.isModified() else remember())
        return line
