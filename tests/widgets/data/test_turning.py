"""Which way one looks is one click, in the survey's own numbers, and sections stand upright whoever turns them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from napari.components import ViewerModel
from napari.layers import Image

from napari_fhn.widgets.data.data import Data
from napari_fhn.widgets.data.go_to_field import GoToField
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.data.turning import Turning
from napari_fhn.widgets.data.view_bar import ViewBar
from napari_fhn.widgets.messages import Messages
from napari_fhn.widgets.views.state import ViewState

_UNITS = {"twt": "ms", "y": "m", "x": "m"}


def survey(**axes):
    """A survey with these numbers along its axes."""
    coords = {name: (name, np.asarray(values, float), {"units": _UNITS.get(name, "")}) for name, values in axes.items()}
    return xr.DataArray(np.zeros([len(values) for values in axes.values()], np.float32), coords, tuple(axes))


@pytest.fixture
def look(qtbot):
    """Open a survey in a viewer without a window; returns the viewer, what turns it, and the row above its canvas."""

    def opened(data, **more):
        viewer = ViewerModel()
        turning = Turning(viewer, Data(viewer, Messages()))
        bar = ViewBar(turning, ViewState())
        qtbot.addWidget(bar)
        values, how, _ = image_layer(data)
        viewer.add_layer(Image(values, **{**how, **more}))
        return viewer, turning, bar

    return opened


VOLUME = {"inline": range(100, 110), "crossline": range(300, 324, 2), "twt": range(0, 80, 4)}


def test_each_section_is_a_click_upright_with_its_number(look):
    viewer, turning, bar = look(survey(**VOLUME))
    assert list(bar.buttons) == ["Inline", "Crossline", "Time slice", "3D"]
    assert bar.buttons["Inline"].isChecked()
    assert (bar.number.minimum(), bar.number.maximum(), bar.number.value()) == (100, 109, 104)
    bar.buttons["Crossline"].click()
    assert viewer.dims.order == (1, 2, 0)
    assert bar.number.singleStep() == 2
    bar.number.setValue(313)  # which lies between two
    assert viewer.dims.current_step[1] == 6
    assert bar.number.value() == 312
    bar.slider.setValue(2)
    assert (bar.number.value(), turning.index) == (304, 2)
    bar.buttons["Time slice"].click()
    assert viewer.dims.order == (2, 0, 1)
    assert bar.number.suffix() == " ms"
    bar.buttons["3D"].click()
    assert viewer.dims.ndisplay == 3
    assert [bar.plane.itemText(k) for k in range(bar.plane.count())] == ["IL", "XL", "T"]
    assert [bar.plane.itemData(k) for k in range(bar.plane.count())] == ["Inline", "Crossline", "Time slice"]
    bar.plane.setCurrentIndex(1)
    bar.plane.activated.emit(1)
    bar.number.setValue(320)  # which moves that plane
    assert viewer.dims.current_step[1] == 10
    bar.buttons["Inline"].click()
    assert bar.plane.isHidden()
    assert (viewer.dims.ndisplay, viewer.dims.order) == (2, (0, 2, 1))


def test_rolled_or_transposed_by_napari_time_still_runs_down(look):
    viewer, _, bar = look(survey(**VOLUME))
    seen = []
    for _ in range(3):
        viewer.dims.roll()
        seen.append(viewer.dims.order)
    assert seen == [(1, 2, 0), (2, 0, 1), (0, 2, 1)]
    assert bar.buttons["Inline"].isChecked()
    viewer.dims.transpose()
    assert viewer.dims.order == (0, 2, 1)
    line, _, bar = look(survey(trace=range(30), twt=range(0, 80, 4)))
    assert line.dims.order == (1, 0)
    line.dims.transpose()
    assert line.dims.order == (1, 0)
    assert not bar.buttons


def test_what_is_drawn_large_stays_large(look):
    viewer, _, bar = look(survey(**VOLUME))
    viewer.scene.camera.zoom *= 3
    zoom = viewer.scene.camera.zoom
    below = viewer.scene.camera.center[-2]
    bar.buttons["Crossline"].click()
    assert viewer.scene.camera.zoom == zoom
    assert viewer.scene.camera.center[-2] == below


def test_maps_step_through_bands_and_are_turned_as_one_likes(look):
    viewer, turning, bar = look(survey(band=range(1, 6), y=range(10, 0, -1), x=range(8)))
    assert not bar.buttons
    assert bar.number.value() == 3
    bar.slider.setValue(4)
    assert viewer.dims.current_step[0] == 4
    viewer.dims.transpose()
    assert viewer.dims.order == (0, 2, 1)
    _, turning, bar = look(survey(y=range(10, 0, -1), x=range(8)))
    assert turning.views() == ()
    assert not bar.linked.isHidden()  # which is all there is to choose
    assert bar.slider.isHidden()


def test_of_one_band_there_is_none_to_choose(look):
    _, _, bar = look(survey(band=[1], y=range(10, 0, -1), x=range(8)))
    assert bar.number.isHidden()
    assert bar.slider.isHidden()
    assert bar.called.isHidden()


def test_going_to_a_crossline_shows_it(look, qtbot):
    viewer, turning, _ = look(survey(**VOLUME))
    field = GoToField(viewer, lambda: viewer.layers[0])
    qtbot.addWidget(field)
    field.edit.setText("XL 310")
    field.go()
    assert turning.current.title == "Crossline"
    assert turning.index == 5
    field.edit.setText("IL 101 XL 302")  # a place, and no section
    field.go()
    assert turning.current.title == "Crossline"
    assert turning.index == 1


def test_a_volume_that_arrives_beside_a_map_leaves_it_as_it_lies(look):
    viewer, turning, _ = look(survey(band=range(3), y=range(30, 10, -1), x=range(15)))
    values, how, _ = image_layer(survey(**VOLUME))
    viewer.add_layer(Image(values, **how))
    assert viewer.dims.order == (0, 1, 2)
    turning._data.choose((viewer.layers[1],))
    assert viewer.dims.order == (0, 2, 1)


def test_another_survey_that_is_ticked_comes_to_the_front_and_the_first_one_again(look):
    viewer, turning, bar = look(survey(**VOLUME))
    data = turning._data
    viewer.dims.order = (0, 2, 1)
    volume = viewer.layers[0]
    cube = survey(band=range(6), y=range(30, 10, -1), x=range(15))
    cube = cube.assign_coords(good=("band", [True, True, False, False, False, False]))
    viewer.dims.set_current_step(0, 9)
    viewer.dims.set_point(2, 44.0)  # where the cube has nothing
    values, how, _ = image_layer(cube)
    viewer.add_layer(Image(values, **how))
    # It is not drawn over what is worked on, and napari has no units to warn of that do not go together.
    assert (volume.visible, viewer.layers[1].visible) == (True, False)
    assert "is hidden: tick it" in data._messages.note
    assert {str(unit) for layer in viewer.layers for unit in layer.units} == {"pixel"}
    data.choose((viewer.layers[1],))
    assert (volume.visible, viewer.layers[1].visible) == (False, True)
    assert viewer.dims.order == (0, 1, 2)
    assert 0 <= turning.index < 2  # of six bands two are good
    assert bar.number.maximum() == 1
    assert "is hidden while another survey" in data._messages.note
    # A dock that is opened now begins with what is seen.
    late = Data(viewer, Messages())
    late.adopt_all()
    assert late.state.chosen == (viewer.layers[1],)
    late.close()
    data.choose((volume,))
    assert volume.visible
    assert viewer.dims.order == (0, 2, 1)
    # A person who looks at crosslines, and ticks the same survey again, goes on looking at them.
    bar.buttons["Crossline"].click()
    data.choose(())
    data.choose((volume,))
    assert viewer.dims.order == (1, 2, 0)


def test_no_way_to_look_is_cut_short_in_a_narrow_window(look):
    _, _, bar = look(survey(inline=range(8), crossline=range(9), twt=range(0, 40, 4)))
    bar.resize(bar.minimumWidth(), 30)
    bar.layout().setGeometry(bar.rect())
    ways = bar.buttons["Time slice"].parentWidget()
    assert ways.width() >= sum(button.sizeHint().width() for button in bar.buttons.values())


def test_a_survey_is_not_hidden_for_longer_than_another_is_worked_on(look):
    viewer, turning, _ = look(survey(**VOLUME))
    data = turning._data
    values, how, _ = image_layer(survey(band=range(3), y=range(30, 10, -1), x=range(15)))
    cube = viewer.add_layer(Image(values, **how))
    assert not cube.visible
    data.choose(())
    assert cube.visible
    assert "hidden" not in data._messages.note
    data.choose((viewer.layers[0],))
    assert not cube.visible
    with data.adopting_nothing():
        data.choose(())
        assert not cube.visible  # all of them are about to go
    data.choose((viewer.layers[0],))
    del viewer.layers[0]
    assert cube.visible
    assert "hidden" not in data._messages.note
    values, how, _ = image_layer(survey(**VOLUME))
    assert viewer.add_layer(Image(values, **how)) in data.state.chosen
    assert not cube.visible


def test_nobody_waits_for_a_survey_that_is_gone(look):
    viewer, turning, _ = look(survey(**VOLUME))
    data = turning._data
    values, how, _ = image_layer(survey(band=range(3), y=range(30, 10, -1), x=range(15)))
    cube = viewer.add_layer(Image(values, **how))
    data.may_choose = lambda material: "Wait." if material.layer is cube else ""
    data.choose((cube,))
    assert data._messages.waiting == "Wait."
    viewer.layers.remove(cube)
    assert data._messages.waiting == ""
    assert data.state.chosen == (viewer.layers[0],)


def test_each_way_has_a_key_by_its_place(look):
    _, turning, bar = look(survey(**VOLUME))
    keys = {key.keys: key.act for key in bar.shortcuts()}
    assert list(keys) == [f"Ctrl+Alt+{number}" for number in range(1, 6)]
    for key, title in zip(list(keys)[1::-1], ("Crossline", "Inline"), strict=True):
        keys[key]()
        assert turning.current.title == title
        assert key in bar.buttons[title].toolTip()
    keys["Ctrl+Alt+3"]()
    assert turning.current.title == "Time slice"
    keys["Ctrl+Alt+5"]()
    assert bar.linked.isChecked()
    assert "Ctrl+Alt+5" in bar.linked.toolTip()
    # Of a map there is one way, and none of the keys goes wrong.
    _, _, flat = look(survey(band=range(3), y=range(30, 10, -1), x=range(15)))
    for key in flat.shortcuts()[:4]:
        key.act()
