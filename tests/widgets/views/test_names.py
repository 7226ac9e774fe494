"""Names of wells on a view: none lies over another, and the one under the mouse is read."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image

from napari_fhn.labels import Well
from napari_fhn.widgets.data.camera import camera_of
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.views import names, well_names
from napari_fhn.widgets.views.names import apart
from napari_fhn.widgets.views.well_names import WellNames


@pytest.mark.parametrize("anchors", [names.BESIDE, names.ROWS])
def test_names_do_not_lie_over_each_other_nor_beyond_the_edge(anchors):
    rng = np.random.default_rng(3)
    places = [tuple(map(float, row)) for row in rng.uniform(0, (200, 120), (30, 2))]
    sizes = [(float(width), 14.0) for width in rng.uniform(20, 60, 30)]
    found = apart(places, sizes, (200, 120), anchors)
    boxes = [
        np.array([x - a[0] * w, y - a[1] * h, x - a[0] * w + w, y - a[1] * h + h])
        for (x, y), (w, h), a in zip(places, sizes, found, strict=True)
        if a is not None
    ]
    assert 5 < len(boxes) < 30
    assert all(min(box[:2]) >= -1 and box[2] <= 201 and box[3] <= 121 for box in boxes)
    for one, other in combinations(boxes, 2):
        assert (one[2:] <= other[:2]).any() or (other[2:] <= one[:2]).any()


def test_a_name_leaves_the_wells_beside_it_free():
    alone, beside = apart([(50, 50), (70, 45)], [(30, 12)] * 2, (200, 100))
    assert alone == (1.0, 1.0)  # to the left: to the right it would lie over the other well
    assert beside == (0.0, 1.0)


def shown(pane):
    return [item.toPlainText() for item in pane.names.items if item.isVisible()]


def test_names_on_a_low_map_make_room_and_come_with_the_mouse(opened, volume, qtbot):
    _, views, wells = opened(volume)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=30_000)
    near = [Well(f"Well-{k}", inline=104 + k % 2, crossline=310 + 2 * (k // 2)) for k in range(6)]
    wells.state.wells = (*near, Well("Far", inline=101, crossline=302))
    views.resize(1000, 160)
    qtbot.waitUntil(lambda: 0 < len(shown(views.map)) < 7, timeout=30_000)
    assert "Well-0" in shown(views.map)
    boxes = [item.sceneBoundingRect() for item in views.map.names.items if item.isVisible()]
    assert not any(one.intersects(other) for one, other in combinations(boxes, 2))
    hidden = next(item for item in views.map.names.items if not item.isVisible())
    views.map.hovered.emit(hidden.pos().x(), hidden.pos().y())
    assert hidden.isVisible()
    views.map.left.emit()
    assert not hidden.isVisible()
    before = len(shown(views.map))
    views.resize(1600, 900)
    qtbot.waitUntil(lambda: len(shown(views.map)) > before, timeout=30_000)


def test_names_on_a_fence_hang_below_each_other(opened, volume, qtbot):
    _, views, wells = opened(volume)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=30_000)
    wells.state.wells = (
        Well("Exploration-1", inline=104, crossline=302), Well("Exploration-2", inline=104, crossline=304),
        Well("Exploration-3", inline=104, crossline=322),
    )  # fmt: skip
    views.row.through.click()
    qtbot.waitUntil(lambda: views.fence.isVisible() and len(shown(views.fence)) == 3, timeout=30_000)
    boxes = [item.sceneBoundingRect() for item in views.fence.names.items]
    assert not any(one.intersects(other) for one, other in combinations(boxes, 2))


def test_names_on_the_canvas_do_not_lie_over_each_other_nor_in_3d(own_viewer, viewer, dock, volume, spin, qtbot):
    values, how, _ = image_layer(volume)
    viewer.window._qt_window.show()
    viewer.add_layer(Image(values, **how))
    dock.labels.new.click()
    wells = dock.desk.labelling.wells
    near = [Well(f"Well-{k}", inline=104 + k % 4, crossline=308 + 2 * (k // 4)) for k in range(16)]
    wells.state.wells = (*near, Well("Far", inline=101, crossline=302))
    dock.view.buttons["Time slice"].click()
    points = viewer.layers["Wells"]
    assert not points.text.visible
    drawn = next(one for one in dock.sheet.drawings if isinstance(one, WellNames))
    assert {words for words, *_ in drawn.named(dock.sheet.canvas)} == {well.name for well in wells.state.wells}
    written = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(well_names, "write", lambda painter, room, words: written.append((words, room)))
        camera_of(viewer).zoom /= 4
        dock.sheet.grab()
        assert 0 < len(written) < 17
        assert not any(one[1].intersects(other[1]) for one, other in combinations(written, 2))
        # The one under the mouse is read though it has no room.
        words = next(well.name for well in near if well.name not in dict(written))
        event = SimpleNamespace(position=points.data_to_world(points.data[int(words[5:])]))
        for callback in viewer.mouse_move_callbacks:
            if callback == drawn._mouse_moved:
                callback(viewer, event)
        written.clear()
        dock.sheet.grab()
        assert words in dict(written)
    dock.view.buttons["Inline"].click()
    viewer.dims.set_point(0, float(viewer.layers[0].data_to_world((4, 0, 0))[0]))
    assert next(iter(drawn.named(dock.sheet.canvas)))[0] in {
        "Well-0",
        "Well-4",
        "Well-8",
        "Well-12",
    }  # those on it come first
    dock.view.buttons["3D"].click()
    assert not points.text.visible
    drawn._mouse_moved(viewer, SimpleNamespace(position=(-1e6,) * 3))
    camera = camera_of(viewer)
    seen = []
    for angles in ((0, 0, 90), (30, 20, 50), (-70, 10, 140)):
        camera.angles = angles
        qtbot.wait(50)
        written.clear()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(well_names, "write", lambda painter, room, words: written.append((words, room)))
            assert dock.sheet.isVisible()
            dock.sheet.grab()
        assert written
        assert not any(one[1].intersects(other[1]) for one, other in combinations(written, 2))
        seen.append([words for words, *_ in drawn.named(dock.sheet.canvas)])
    assert sorted(seen[0]) == sorted(seen[1])
    assert seen[0] != seen[1]  # the nearest to the eye come first
    dock.view.buttons["Inline"].click()
    dock.close_desk()
    assert points.text.visible
