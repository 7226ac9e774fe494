"""Rows of controls go on below where there is no room beside: none lies over another, and each can be read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from qtpy.QtCore import QPoint, QRect
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QWidget,
)

import four_kinds
from napari_fhn.widgets.views.scene_bar import SceneBar
from napari_fhn.widgets.wrapping import Wrapping

_CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLabel, QProgressBar)
_WIDTHS = range(600, 1401, 100)


def controls(row):
    """What is shown in a row, with its place there; what is a part of another control is left out."""
    seen = [one for kind in _CONTROLS for one in row.findChildren(kind) if one.isVisible()]
    whole = [one for one in seen if not isinstance(one.parentWidget(), QAbstractSpinBox | QComboBox)]
    return [(one, QRect(one.mapTo(row, QPoint(0, 0)), one.size())) for one in whole]


def told(one):
    return f"{type(one).__name__} {one.accessibleName() or getattr(one, 'text', str)()}"


def faults(row):
    """Two controls of a row that lie over each other, and what is cut off or too narrow to be used."""
    placed = controls(row)
    for number, (one, area) in enumerate(placed):
        if not row.rect().contains(area):
            yield f"{told(one)} is cut off"
        least = min(one.minimumSizeHint().width(), one.maximumWidth())
        if area.width() < least and not isinstance(one, QAbstractSpinBox | QComboBox):
            yield f"{told(one)} has {area.width()} pixels"
        for other, taken in placed[number + 1 :]:
            if area.intersects(taken):
                yield f"{told(one)} lies over {told(other)}"


def block(width, *, least=None, grows=False):
    class Block(QWidget):
        def sizeHint(self):
            return self.minimumSize().expandedTo(self.baseSize())

    made = Block()
    made.setMinimumSize(least or width, 20)
    made.setBaseSize(width, 20)
    if grows:
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made


def test_a_line_takes_what_fits_and_gives_what_it_leaves(qtbot):
    row = QWidget()
    qtbot.addWidget(row)
    layout = Wrapping(row, gap=10, lines_apart=5)
    layout.setContentsMargins(2, 3, 2, 3)
    first, last = block(100), block(50)
    layout.addWidget(first)
    layout.addWidget(last)
    middle, hidden, slider = block(80, least=40), block(900), block(60, grows=True)
    for one in (middle, hidden, slider):
        layout.insert(-1, one)
    hidden.hide()
    order = [first, middle, hidden, slider, last]
    assert [layout.itemAt(k).widget() for k in range(layout.count())] == order
    assert layout.itemAt(5) is None
    row.show()

    def lines(width):
        row.resize(width, layout.heightForWidth(width))
        layout.activate()
        seen = [one for one in order if one.isVisible()]
        assert all(row.rect().contains(one.geometry()) for one in seen)
        return [(one.x(), one.y(), one.width()) for one in seen]

    assert lines(404) == [(2, 3, 100), (112, 3, 80), (202, 3, 140), (352, 3, 50)]
    assert layout.heightForWidth(404) == 26
    assert lines(294) == [(2, 3, 100), (112, 3, 50), (172, 3, 60), (242, 3, 50)]  # no more than the least, and one line
    assert lines(273) == [(2, 3, 100), (112, 3, 80), (202, 3, 69), (2, 28, 50)]
    assert lines(104) == [(2, 3, 100), (2, 28, 80), (2, 53, 100), (2, 78, 50)]
    assert layout.heightForWidth(104) == 101
    assert layout.minimumSize().width() == 104
    assert layout.sizeHint().width() == 4 + 100 + 80 + 60 + 50 + 30
    row.resize(60, 100)  # narrower than it can be: cut off, and yet nothing over anything
    assert not any(a.geometry().intersects(b.geometry()) for a, b in pairwise([first, middle, slider, last]))
    while layout.takeAt(0) is not None:
        pass
    assert layout.heightForWidth(100) == 6


@pytest.mark.parametrize("kind", four_kinds.KINDS)
def test_no_control_of_a_row_lies_over_another_however_narrow_the_window(
    own_viewer, viewer, dock, tmp_path, spin, kind, monkeypatch
):
    window, desk = viewer.window._qt_window, dock.desk
    viewer.window.show()
    four_kinds.open_one(viewer, tmp_path, kind)
    dock.labels.new.click()
    monkeypatch.setattr(type(desk.project), "has_prediction", True)
    desk.context.views.linked = True
    assert spin(lambda: desk.beside.views is not None, 10)
    bodies = dock.view.findChild(SceneBar)
    ways = desk.turning.views() or (None,)
    assert ("3D" in [way.title for way in ways if way is not None]) == (kind == "volume")
    found, narrowest = {}, 10_000
    for way in ways:
        if way is not None:
            desk.turning.show(way)
        making = (False, True) if way is not None and way.axis is None else (False,)
        for busy in making:
            desk.bodies.making = 2 * busy
            bodies.look()
            for width in _WIDTHS:
                window.resize(width, 800)
                spin(lambda: False, 0.05)
                narrowest = min(narrowest, dock.view.width())
                seen = [*faults(dock.view), *faults(desk.beside.views.row)]
                if seen:
                    found[way, busy, width] = seen
    assert not found
    assert narrowest < 400, "no window was as narrow as it should be"
