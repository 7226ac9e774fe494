"""On a map the dock speaks of pixels, in every sentence, tooltip, menu and heading; on a volume of voxels."""

from __future__ import annotations

import re

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QComboBox, QMessageBox, QTableWidget, QWidget

from napari_fhn.project import NeedsConsent

_READ = ("toolTip", "text", "title", "suffix", "placeholderText", "accessibleName", "statusTip")
_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)


def texts(root):
    """All that a widget and those in it say, also what is folded away."""
    for widget in (root, *root.findChildren(QWidget)):
        for read in _READ:
            if callable(getattr(widget, read, None)):
                yield str(getattr(widget, read)())
        for action in widget.actions():
            yield from (action.text(), action.toolTip())
        if isinstance(widget, QComboBox | QAbstractItemView) and widget.model() is not None:
            model = widget.model()
            for k in range(widget.columnCount() if isinstance(widget, QTableWidget) else 1):
                for role in _ROLES:
                    yield str(model.headerData(k, Qt.Orientation.Horizontal, role))
                    yield from (str(model.index(row, k).data(role)) for row in range(min(model.rowCount(), 500)))


def speaking_of(word, root):
    return sorted({text for text in texts(root) if re.search(rf"\b{word}s?\b", text, re.IGNORECASE)})


def told(desk):
    """Gather every sentence that is said from now on."""
    said = []
    for name in ("message", "note", "waiting"):
        getattr(desk.messages.events, name).connect(lambda _: said.append(desk.messages.words))
    return said


def test_on_a_map_all_of_the_dock_speaks_of_pixels(viewer, dock, small, spin, add_run):
    viewer.open_sample("napari-fhn", "hyperspectral")
    desk, said = dock.desk, told(dock.desk)
    dock.labels.load.click()
    assert spin(lambda: bool(desk.book.state.counts))
    values = np.ones(desk.data.material.shape, np.uint8)
    values[:9], values[3, 3] = 2, 1
    add_run(desk, values)
    assert spin(lambda: desk.state.activity.idle and desk.prediction.layer is not None)
    dock.results.truth.setCurrentText("Labels")
    dock.results.compare.click()
    assert spin(lambda: desk.comparison.state.matrix is not None)
    assert "pixels agree" in desk.messages.words
    dock.results.tidy.click()
    assert spin(lambda: "Tidied" in desk.messages.words and desk.state.activity.idle), desk.messages.words
    desk.book.history.undo()
    for k in range(dock.export.what.count()):
        dock.export.what.setCurrentIndex(k)
    desk.runs.compare(desk.runs.current)
    assert not speaking_of("voxel", dock)
    assert not speaking_of("voxel", dock.view)
    assert speaking_of("pixel", dock)
    assert not [words for words in said if re.search("voxel", words, re.IGNORECASE)]


def test_the_word_goes_with_what_is_worked_on(viewer, dock, spin):
    volume = viewer.add_image(np.zeros((4, 8, 16), np.float32), name="my voxels")
    before = speaking_of("voxel", dock)
    assert before
    (chart,) = viewer.open_sample("napari-fhn", "hyperspectral")[:1]
    dock.desk.data.choose((chart,))
    dock.desk.messages.say("2 voxels of 'my voxels' are labels now; voxels.tif has others.")
    assert dock.desk.messages.words.startswith("2 pixels of 'my voxels' are labels now; voxels.tif has others.")
    dock.desk.data.choose((volume,))
    assert speaking_of("voxel", dock) == before
    assert "2 voxels of" in dock.desk.messages.words or "voxel" not in dock.desk.messages.words


def test_what_a_dialog_asks_is_of_pixels_too(viewer, dock, monkeypatch):
    viewer.add_image(np.zeros((20, 30), np.float32), name="plain")
    asked = []

    def answer(box):
        box.show()
        asked.append(box.text())
        box.close()
        return QMessageBox.StandardButton.No

    monkeypatch.setattr(QMessageBox, "exec", answer)
    assert not dock.desk.context.consent(NeedsConsent("3 voxels of 'my voxels' are not predicted", consent="partial"))
    assert asked == ["3 pixels of 'my voxels' are not predicted."]


def test_an_array_seen_from_above_is_of_pixels_and_an_upright_one_of_voxels(viewer, dock):
    viewer.add_image(np.zeros((20, 30), np.float32), name="plain")
    assert dock.desk.messages.pixels
    dock.data.vertical.setCurrentIndex(1)
    assert not dock.desk.messages.pixels
