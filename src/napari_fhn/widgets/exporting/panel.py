"""Step 6: the prediction as a file that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_fhn.widgets.exporting.exports import Exports
from napari_fhn.widgets.section import Section

_SEGY, _TIFF, _NPY = "SEG-Y (*.sgy *.segy)", "GeoTIFF (*.tif)", "NumPy array (*.npy)"


class ExportPanel(Section):
    """One button.

    Parameters
    ----------
    exports : Exports
        Who writes the file.
    """

    def __init__(self, exports: Exports) -> None:
        super().__init__(6, "Export")
        self._exports = exports
        self.button = QPushButton("Save prediction …")
        self.button.setToolTip(
            "Save the predicted classes: SEG-Y with the trace headers of the survey, GeoTIFF with its map, or .npy."
        )
        self.button.clicked.connect(self._export)
        self.row.addWidget(self.button)
        for name in ("task", "has_prediction"):
            getattr(exports.state.events, name).connect(self._enable)
        self._enable()

    def _enable(self, event: Any = None) -> None:
        state = self._exports.state
        self.button.setEnabled(state.has_prediction and state.task is None)

    def _export(self) -> None:
        material = self._exports.data.material
        survey = None if material is None else material.first
        kind = survey.attrs.get("kind") if survey is not None else ""
        first = _SEGY if kind == "seismic" else _TIFF if kind in ("hyperspectral", "maps") else _NPY
        source = str(survey.attrs.get("source", "")) if survey is not None else ""
        suffix = {_SEGY: ".sgy", _TIFF: ".tif", _NPY: ".npy"}[first]
        proposed = f"{Path(source).stem or 'survey'}-classes{suffix}"
        filters = ";;".join(dict.fromkeys((first, _NPY)))
        name, _ = QFileDialog.getSaveFileName(self, "Export prediction", proposed, filters)
        if name:
            path = Path(name)
            self._exports.save(path if path.suffix else path.with_suffix(suffix))
