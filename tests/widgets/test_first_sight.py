"""What is seen first: few controls that fit the data, the bar of the training always in its place, words in lines."""

from __future__ import annotations

from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QScrollArea,
    QScrollBar,
)

from napari_fhn.widgets import tooltips

_CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)


def seen(dock):
    """The controls that are on the screen."""
    found = [
        one for kind in _CONTROLS for one in dock.findChildren(kind) if not isinstance(one, QHeaderView | QScrollBar)
    ]
    parts = (QAbstractSpinBox, QComboBox)
    return [
        one
        for one in found
        if one.isVisible() and not one.visibleRegion().isEmpty() and not isinstance(one.parent(), parts)
        and not one.objectName().startswith("qt_")
    ]  # fmt: skip


def test_few_controls_at_first_and_the_bar_of_the_training_never_moves(viewer, dock, spin):
    window = viewer.window._qt_window
    window.resize(1280, 800)
    window.show()
    viewer.open_sample("napari-fhn", "seismic")
    assert spin(lambda: dock.run.train.isVisible())
    # The arrow at a button's right is a part of the button.
    first = [one for one in seen(dock) if one not in (dock.run.beginnings, dock.run.predictions)]
    assert len(first) <= 20, [(type(one).__name__, one.accessibleName() or one.toolTip()) for one in first]
    dock.labels.load.click()
    assert spin(lambda: bool(dock.desk.book.state.counts))
    buttons = (dock.run.train, dock.run.pause, dock.run.stop, dock.run.predict)
    places = [button.mapTo(window, button.rect().bottomRight()) for button in buttons]
    assert all(window.rect().contains(place) for place in places)
    assert not dock.labels.tools.isHidden()
    dock.desk.messages.say("A sentence that is longer than most. " * 20)
    for panel in (dock.data, dock.labels, dock.network):
        panel.fold()
    spin(lambda: False, 0.2)
    assert [button.mapTo(window, button.rect().bottomRight()) for button in buttons] == places
    scroll = dock.run.message.parentWidget().parentWidget()
    assert isinstance(scroll, QScrollArea)
    assert spin(lambda: scroll.verticalScrollBar().maximum() > 0)  # all of it can be read
    long = [one for one in (dock, *buttons) if len(one.toolTip()) > tooltips.LONGEST]
    tooltips.wrap(dock)
    assert long
    assert all(one.toolTip().startswith("<qt>") for one in long)
