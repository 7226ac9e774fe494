"""Asks what horizons say about the classes: what lies between them, or a band around each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from napari_fhn.labels import ClassTable
from napari_fhn.widgets.labelling.loader import Zones

_NONE = "(leave unlabelled)"
_BAND = 8.0
_THICKEST = 1e4


class ZonesDialog(QDialog):
    """Classes for the zones between horizons, or for bands around them.

    Parameters
    ----------
    surfaces : sequence of xarray.DataArray
        The horizons, from top to bottom.
    table : ClassTable
        Classes to choose from; others may be typed.
    parent : QWidget, optional
        The viewer's window.
    """

    def __init__(self, surfaces: Sequence[xr.DataArray], table: ClassTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = [str(surface.name) for surface in surfaces]
        self.setWindowTitle("Horizons" if len(surfaces) > 1 else f"Horizon {self._names[0]}")
        self.setMinimumWidth(420)
        share = [float(np.isfinite(surface).mean()) for surface in surfaces]
        told = "; ".join(
            f"{name}: picks at {100 * s:.0f} % of the traces" for name, s in zip(self._names, share, strict=True)
        )
        words = QLabel(f"{told}. Labels that are there stay as they are.")
        words.setWordWrap(True)
        self.between = QRadioButton("Label what lies above, between and below")
        self.between.setToolTip("Every trace is labelled from the horizon up and down, as far as these classes go.")
        self.between.setChecked(True)
        self.around = QRadioButton("Label a band around each")
        self.around.setToolTip("Only the samples near a horizon are labelled.")
        unit = str(surfaces[0].attrs.get("units", ""))
        self.thickness = QDoubleSpinBox()
        self.thickness.setRange(0.0, _THICKEST)
        self.thickness.setValue(_BAND)
        self.thickness.setSuffix(f" {unit}" if unit else "")
        self.thickness.setToolTip("Thickness of the band, half of it above the horizon and half below.")
        form = QFormLayout()
        self.zones = [self._choice(table) for _ in range(len(surfaces) + 1)]
        titles = [f"Above {self._names[0]}", *(f"Below {name}" for name in self._names)]
        for title, box in zip(titles, self.zones, strict=True):
            form.addRow(title, box)
        bands = QFormLayout()
        self.bands = [self._choice(table, name) for name in self._names]
        bands.addRow("Thickness", self.thickness)
        for name, box in zip(self._names, self.bands, strict=True):
            bands.addRow(name, box)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for part in (words, self.between, form, self.around, bands, self.buttons):
            if isinstance(part, QFormLayout):
                part.setContentsMargins(24, 0, 0, 6)
                column.addLayout(part)
            else:
                column.addWidget(part)
        for box in (*self.zones, *self.bands):
            box.currentTextChanged.connect(self._check)
        self.between.toggled.connect(self._enable)
        self._enable()
        self.zones[0].setFocus()

    @property
    def answer(self) -> Zones:
        """What the person chose."""
        boxes = self.zones if self.between.isChecked() else self.bands
        names = tuple("" if box.currentText() in ("", _NONE) else box.currentText().strip() for box in boxes)
        return Zones(names, None if self.between.isChecked() else self.thickness.value())

    def _choice(self, table: ClassTable, proposed: str = _NONE) -> QComboBox:
        box = QComboBox()
        box.setEditable(True)
        box.addItem(_NONE)
        box.addItems(list(table.names))
        box.setCurrentText(proposed)
        box.setToolTip("Choose a class, or type the name of a new one.")
        return box

    def _enable(self) -> None:
        between = self.between.isChecked()
        for box in self.zones:
            box.setEnabled(between)
        for widget in (*self.bands, self.thickness):
            widget.setEnabled(not between)
        self._check()

    def _check(self, text: str = "") -> None:
        """Take no answer that labels nothing."""
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        if ok is not None:
            named = any(self.answer.names)
            ok.setEnabled(named)
            ok.setToolTip("" if named else "Choose a class for one of them, or press Cancel to leave the horizons out.")


def ask_zones(surfaces: Sequence[xr.DataArray], table: ClassTable, parent: QWidget | None = None) -> Zones | None:
    """Ask with a dialog; None when the person leaves the horizons."""
    dialog = ZonesDialog(surfaces, table, parent)
    return dialog.answer if dialog.exec() else None
