"""The part of the window with the linked views: it keeps its height, and leaves the window as it was."""

from __future__ import annotations

from napari.layers import Image
from qtpy.QtCore import Qt

from napari_fhn.widgets.data.placement import image_layer


def test_the_views_keep_their_height_in_3d_and_the_canvas_its_width(own_viewer, viewer, dock, volume, spin):
    main, views = viewer.window._qt_window, dock.desk.context.views
    main.show()
    main.resize(1280, 800)
    values, how, _ = image_layer(volume)
    viewer.add_layer(Image(values, **how))
    dock.labels.new.click()
    corner = main.corner(Qt.Corner.BottomLeftCorner)
    views.linked = True
    beside = dock.desk.beside
    assert spin(lambda: beside.views is not None and beside.views.isVisible(), 5)
    spin(lambda: False, 0.5)
    height, left = beside.views.height(), viewer.window._qt_viewer.canvas.native.mapTo(main, main.rect().topLeft()).x()
    assert height > 180
    dock.view.buttons["3D"].click()
    assert spin(lambda: dock.desk.scene.shown, 10)
    spin(lambda: False, 0.5)
    assert beside.views.height() >= height - 2
    assert viewer.window._qt_viewer.canvas.native.mapTo(main, main.rect().topLeft()).x() <= left + 10
    dock.view.buttons["Inline"].click()
    spin(lambda: False, 0.3)
    assert beside.views.height() >= height - 2
    views.linked = False
    assert main.corner(Qt.Corner.BottomLeftCorner) == corner
    views.linked = True
    assert main.corner(Qt.Corner.BottomLeftCorner) == Qt.DockWidgetArea.LeftDockWidgetArea
    dock.close_desk()
    assert main.corner(Qt.Corner.BottomLeftCorner) == corner


def test_a_dock_that_is_closed_in_3d_leaves_sections_and_no_layers_of_its_own(own_viewer, viewer, dock, volume, spin):
    viewer.window._qt_window.show()
    values, how, _ = image_layer(volume)
    survey = viewer.add_layer(Image(values, **how))
    dock.view.buttons["3D"].click()
    assert spin(lambda: dock.desk.scene.shown, 10)
    assert "Sections (3D)" in viewer.layers
    assert not survey.visible
    current = []
    dock.sheet._current = lambda event=None: current.append(event)  # where OpenGL deletes
    viewer.layers.events.removing.connect(dock.sheet._current)
    viewer.window.remove_dock_widget(dock)
    dock.close_desk()
    assert list(viewer.layers) == [survey]
    assert survey.visible
    assert viewer.dims.ndisplay == 2
    assert current
