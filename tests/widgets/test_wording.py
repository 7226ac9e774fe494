"""The dock speaks of what is worked on, a volume, a line, cubes or maps: in sentences, tooltips, menus and headings."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QMessageBox,
    QTableWidget,
    QToolButton,
    QWidget,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "surveys"))

import four_kinds
from napari_fhn.project import NeedsConsent
from napari_fhn.widgets.section import Fold

_READ = ("toolTip", "text", "title", "suffix", "placeholderText", "accessibleName", "statusTip")
_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)


def texts(root, others=None):
    """All that a widget and those in it say, also what is folded away."""
    for widget in (root, *(root.findChildren(QWidget) if others is None else others)):
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


_MAPS = r"voxel|\bwells?\b|inline|crossline|reflector|seismic|SEG-Y|time slice|neighbouring sections|copy to neighbours"
NOT_SAID = {
    "volume": r"pixel|\brows and columns\b",
    "line": r"voxel|pixel|inline|crossline|time slice|neighbouring sections|copy to neighbours",
    "cubes": _MAPS,
    "maps": _MAPS,
}
"""Words that are wrong, by kind of data."""


def shown(root):
    """All that can be seen of a widget: what the data have put away is not there."""
    for widget in (root, *root.findChildren(QWidget)):
        if widget is root or widget.isVisibleTo(root):
            yield from texts(widget, ())
            if isinstance(widget, QToolButton) and widget.menu() is not None:
                yield from texts(widget.menu(), ())


def unfolded(dock, spin):
    """All that can be seen of the dock, with every part and tool unfolded in turn."""
    for fold in dock.findChildren(Fold):
        fold.fold(False)
    spin(lambda: False, 0.1)
    found = {*shown(dock), *shown(dock.view)}
    for button in dock.labels.tools.buttons.values():
        if button.isVisibleTo(dock):
            button.setChecked(True)
            spin(lambda: False, 0.1)
            found |= set(shown(dock.labels.tools))
    for k in range(dock.export.what.count()):
        dock.export.what.setCurrentIndex(k)
        found |= set(shown(dock.export))
    dock.desk.context.views.linked = True
    beside = dock.desk.beside.views
    spin(lambda: not beside.map.isHidden(), 5)
    found |= set(shown(beside.row))
    dock.list_shortcuts()
    for dialog in (one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()):
        found |= set(shown(dialog))
        dialog.close()
    return found


@pytest.mark.parametrize("kind", four_kinds.KINDS)
def test_no_word_is_of_another_kind_of_data(kind, viewer, dock, small, spin, add_run, tmp_path):
    window, desk, said = viewer.window._qt_window, dock.desk, told(dock.desk)
    window.resize(1280, 900)
    window.show()
    four_kinds.open_one(viewer, tmp_path, kind)
    dock.labels.new.click()
    shape = desk.book.layer.data.shape
    for value, part in ((1, slice(2, 4)), (2, slice(6, 9))):
        places = np.argwhere(np.ones([*shape[:-1], 3], bool))[:: 5 if len(shape) == 3 else 1]
        places = places[places[:, 0] == (3 if len(shape) == 3 else part.start)]
        places[:, -1] += part.start
        desk.book.layer.data_setitem(tuple(places.T), value)
    assert spin(lambda: len(desk.book.state.counts) == 2)
    values = np.ones(shape, np.uint8)
    values[..., shape[-1] // 2 :], values[(0,) * len(shape)] = 2, 2
    add_run(desk, values, outputs={"entropy": np.where(values == 1, 120, 200).astype(np.uint8)})
    assert spin(lambda: desk.state.activity.idle and desk.prediction.layer is not None)
    dock.results.truth.setCurrentText("Labels")
    dock.results.compare.click()
    assert spin(lambda: desk.comparison.state.matrix is not None)
    dock.results.tidy.click()
    assert spin(lambda: "Tidied" in desk.messages.words and desk.state.activity.idle), desk.messages.words
    desk.suggestions.search()
    assert spin(lambda: not desk.suggestions.state.searching)
    dock.labels.more_like_this()
    assert spin(lambda: not desk.labelling.similar.state.searching)
    if desk.labelling.carrying.fits:
        desk.labelling.carrying.carry(0.5, None)
        assert spin(lambda: "labelled along" in desk.messages.words and desk.state.activity.idle), desk.messages.words
    said += unfolded(dock, spin)
    wrong = re.compile(NOT_SAID[kind], re.IGNORECASE)
    # The name of a recipe of the paper, which says of what example of it it is, is a name.
    assert not sorted({text for text in said if wrong.search(text) and not text.startswith("Peters et al.")})


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


def test_an_array_seen_from_above_is_of_pixels_and_an_upright_one_of_samples(viewer, dock):
    viewer.add_image(np.zeros((20, 30), np.float32), name="plain")
    assert dock.desk.messages.cell == "pixel"
    dock.data.vertical.setCurrentIndex(1)
    assert dock.desk.messages.cell == "sample"
