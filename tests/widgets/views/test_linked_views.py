"""Views beside the canvas: at one place, drawn of what is on the canvas, only when they are seen."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_fhn.labels import ClassTable, Well
from napari_fhn.surveys import SurveyGeometry
from napari_fhn.widgets.background import Background
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.data.bricks import Bricks
from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.labelling import class_layers
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.labelling.wells import WellBook
from napari_fhn.widgets.messages import Messages
from napari_fhn.widgets.open_project import OpenProject
from napari_fhn.widgets.views.linked_views import LinkedViews
from napari_fhn.widgets.views.place import Place

GEOMETRY = SurveyGeometry((100, 300), (1, 2), (5000.0, 7000.0), (20.0, 15.0), (-6.0, 8.0))
rng = np.random.default_rng(1)
VOLUME = xr.DataArray(
    rng.standard_normal((10, 12, 20)).astype(np.float32),
    {
        "inline": range(100, 110),
        "crossline": range(300, 324, 2),
        "twt": ("twt", np.arange(0.0, 80, 4), {"units": "ms"}),
    },
    ("inline", "crossline", "twt"),
    attrs={"geometry": GEOMETRY},
)


@pytest.fixture
def opened(qtbot, tmp_path):
    """Open a survey with the views beside it, in a viewer without a window."""
    views = []

    def open_(survey, *, show=True):
        viewer = ViewerModel()
        messages = Messages()
        context = DeskContext(viewer, messages, Background(), Data(viewer, messages), OpenProject(messages))
        place = Place(viewer, context.data)
        wells = WellBook(context, LabelBook(context))
        made = LinkedViews(context, place, wells, Bricks(context, tmp_path), context.views)
        qtbot.addWidget(made)
        made.resize(1000, 300)
        data, how, _ = image_layer(survey)
        viewer.add_layer(Image(data, **how))
        if show:
            made.show()
        views.append(made)
        return viewer, made, wells

    yield open_
    for made in views:
        made.close_views()


def picture(qtbot, pane):
    """What a pane shows, when it does."""
    qtbot.waitUntil(lambda: pane.image.image is not None, timeout=5000)
    return pane.image.image


def test_the_other_sections_are_shown_at_the_place_and_a_click_goes_there(opened, qtbot):
    viewer, views, _ = opened(VOLUME)
    crossline, slice_ = views.sections[1], views.sections[2]
    qtbot.waitUntil(lambda: crossline.isVisible(), timeout=5000)
    assert (views.sections[0].isVisible(), slice_.isVisible(), views.map.isVisible()) == (False, True, True)
    grey = picture(qtbot, crossline)[..., 0].astype(float)
    inline, trace, sample = views._place.index
    shown = np.asarray(VOLUME[:, trace]).T
    assert np.corrcoef(grey.ravel(), shown.ravel())[0, 1] > 0.95
    crossline.clicked.emit(3.0, 7.0)
    assert views._place.index == (3, trace, 7)
    assert viewer.dims.current_step[0] == 3
    before = views.sections[2].image.image
    qtbot.waitUntil(lambda: views.sections[2].image.image is not before, timeout=5000)
    assert views.sections[2]._cross[1].value() == 3
    x, y = views.map.frame.to_xy((8, 2))
    views.map.clicked.emit(x, y)
    assert views._place.index == (8, 2, 7)
    viewer.dims.order = (1, 2, 0)
    qtbot.waitUntil(lambda: views.sections[0].isVisible() and not crossline.isVisible(), timeout=5000)


def test_classes_lie_over_the_data_and_a_change_of_looks_is_drawn(opened, qtbot):
    viewer, views, _ = opened(VOLUME)
    before = picture(qtbot, views.sections[1])
    values = np.zeros(VOLUME.shape, np.uint8)
    values[:, :, 10:] = 1
    layer = class_layers.labels_layer(values, ClassTable.default(3), views._context.data.material.placement())
    viewer.add_layer(layer)
    pane = views.sections[1]
    qtbot.waitUntil(lambda: pane.image.image is not before, timeout=5000)
    colours = np.ptp(pane.image.image[..., :3].astype(int), axis=-1)
    assert colours[:10].max() == 0 < colours[10:].min()
    covered = pane.image.image
    layer.visible = False
    qtbot.waitUntil(lambda: pane.image.image is not covered, timeout=5000)
    np.testing.assert_array_equal(pane.image.image, before)


def test_a_fence_runs_through_the_wells_and_goes_again(opened, qtbot):
    _, views, wells = opened(VOLUME)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=5000)
    assert not views.through.isEnabled()
    wells.state.wells = (Well("A", inline=101, crossline=302), Well("B", inline=108, crossline=320))
    views.through.click()
    qtbot.waitUntil(lambda: views.fence.isVisible(), timeout=5000)
    length = np.hypot(*(views.map.frame.to_xy((8, 10)) - views.map.frame.to_xy((1, 1))))
    assert views.fence.fence.distances[-1] == pytest.approx(length)
    assert picture(qtbot, views.fence).shape[1] == len(views.fence.fence.traces)
    views.fence.clicked.emit(length, 5.0)
    assert views._place.index == (8, 10, 5)
    views.without.click()
    qtbot.waitUntil(lambda: not views.fence.isVisible(), timeout=5000)


def test_a_fence_is_drawn_on_the_map(opened, qtbot):
    _, views, _ = opened(VOLUME)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=5000)
    views.draw.click()
    index = views._place.index
    for corner in ((0, 0), (5, 11), (9, 0)):
        views.map.clicked.emit(*map(float, views.map.frame.to_xy(corner)))
    assert views._place.index == index  # while one draws a click goes nowhere
    views.map.finished.emit()
    assert np.round(views._context.views.fence).tolist() == [[0, 0], [5, 11], [9, 0]]
    assert not views.draw.isChecked()


def test_nothing_is_read_while_nobody_sees_it(opened, qtbot, monkeypatch):
    viewer, views, _ = opened(VOLUME, show=False)
    asked = []
    monkeypatch.setattr(views._latest, "ask", lambda name, *rest: asked.append(name))
    viewer.dims.set_point(0, 0.0)
    qtbot.wait(80)
    assert not asked
    views.show()
    qtbot.waitUntil(lambda: sorted(asked) == ["map", "section 1", "section 2"], timeout=5000)
    asked.clear()
    viewer.dims.set_point(0, float(viewer.layers[0].data_to_world((5, 0, 0))[0]))
    qtbot.wait(120)
    assert asked == []  # crossline, slice and map are the same, only the cross has moved


def test_a_line_has_its_track_and_a_map_its_frame(opened, qtbot):
    x = np.linspace(0, 900, 12)
    line = VOLUME[0].drop_vars("inline").rename(crossline="trace").drop_vars("trace")
    line = line.assign_coords(x=("trace", x, {"units": "m"}), y=("trace", x / 2))
    _, views, _ = opened(line)
    qtbot.waitUntil(lambda: views.map.isVisible(), timeout=5000)
    assert not any(section.isVisible() for section in views.sections)
    views.map.clicked.emit(float(x[7]), float(x[7] / 2))
    assert views._place.index[0] == 7
    fields = xr.DataArray(rng.random((2, 9, 8)), {"y": np.arange(9.0, 0, -1), "x": np.arange(8.0)}, ("band", "y", "x"))
    viewer, views, _ = opened(fields)
    first = picture(qtbot, views.map)
    viewer.dims.set_point(0, 0 if viewer.dims.current_step[0] else 1)
    qtbot.waitUntil(lambda: views.map.image.image is not first, timeout=5000)


def test_labels_of_another_grid_are_not_drawn(opened, qtbot):
    viewer, views, _ = opened(VOLUME)
    before = picture(qtbot, views.sections[1])
    viewer.add_layer(Labels(np.ones(VOLUME.shape, np.uint8)))  # the same shape, and elsewhere
    pane = views.sections[1]
    qtbot.waitUntil(lambda: pane.image.image is not before, timeout=5000)
    np.testing.assert_array_equal(pane.image.image, before)
