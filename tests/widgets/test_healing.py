"""Layers that are taken away or renamed, another survey in the middle of a training, a window or dock closed then."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QEvent

from napari_fhn.surveys import open as open_survey
from napari_fhn.widgets.data.placement import image_layer
from napari_fhn.widgets.dock import Dock
from napari_fhn.widgets.state import Activity


def test_what_is_taken_away_comes_back_with_the_next_section(labelled, add_run, spin):
    viewer, dock = labelled
    desk = dock.desk
    values = np.ones((12, 16, 32), np.uint8)
    add_run(desk, values)
    desk.prediction.layer.name = "mine"  # a name is nothing to go by
    viewer.layers["volume"].name = "amplitudes"
    viewer.layers.remove(desk.prediction.layer)
    assert "the next section or Ctrl+Alt+V brings it back" in desk.messages.note
    assert desk.prediction.layer is None
    viewer.dims.set_current_step(0, 3)
    np.testing.assert_array_equal(desk.prediction.layer.data, values)
    assert not desk.messages.note  # it is there again
    viewer.layers.remove(desk.prediction.layer)
    desk.prediction.toggle()
    assert desk.prediction.layer.visible
    dock.results.keep.click()
    assert spin(lambda: not desk.background.under_way)
    kept = viewer.layers[-1]
    count = len(viewer.layers)
    kept.name = "the first try"
    desk.comparison.show_kept()
    assert len(viewer.layers) == count
    # Labels are another thing: they come back when somebody wants them.
    viewer.layers.remove(desk.book.layer)
    viewer.dims.set_current_step(0, 4)
    assert desk.book.layer is None
    assert dock.labels.new.text() == "Show labels"
    desk.messages.say("Training: step 2 of 5.")
    assert "'Show labels' brings them back" in dock.run.message.text()  # whatever is said meanwhile
    dock.labels.new.click()
    assert "brings them back" not in dock.run.message.text()
    assert "as they were left" in desk.messages.message


def test_a_survey_that_joins_lies_below_the_labels_and_is_spoken_of(labelled, tmp_path, spin):
    viewer, dock = labelled
    desk = dock.desk
    np.save(tmp_path / "far.npy", np.zeros((12, 16, 32), np.float32))
    data, how, _ = image_layer(open_survey(tmp_path / "far.npy"), "far")
    viewer.add_image(data, **how)
    assert spin(lambda: viewer.layers.index("far") < viewer.layers.index(desk.book.layer), 5)
    assert viewer.layers.index("far") < viewer.layers.index(desk.prediction.layer)
    assert viewer.layers.selection.active is desk.book.layer
    assert "'far' fits what is worked on, and the next training learns from it too" in desk.messages.note


def test_on_a_line_no_next_section_is_waited_for(viewer, dock, small):
    viewer.add_image(np.zeros((40, 50), np.float32), name="line")
    dock.labels.new.click()
    desk = dock.desk
    assert "Pick a class" in desk.messages.message
    viewer.layers.remove(desk.prediction.layer)
    assert "section" not in desk.messages.note
    assert "Ctrl+Alt+V brings it back" in desk.messages.note
    desk.prediction.toggle()
    assert desk.prediction.layer in viewer.layers


def test_a_second_survey_waits_until_the_training_is_over(labelled, tmp_path):
    viewer, dock = labelled
    desk = dock.desk
    session, chosen = desk.session, desk.data.state.chosen
    np.save(tmp_path / "south.npy", np.zeros((5, 6, 7), np.float32))
    desk.state.become(Activity.PREPARING)
    desk.state.become(Activity.TRAINING)
    data, how, _ = image_layer(open_survey(tmp_path / "south.npy"), "south")
    viewer.add_image(data, **how)
    assert desk.data.state.chosen == chosen
    # Where it lies it would be drawn over what is worked on.
    assert not viewer.layers["south"].visible
    assert "'south' lies elsewhere than what is worked on, and is hidden" in desk.messages.note
    viewer.layers["south"].visible = True
    # By hand neither: the session of the training would be closed.
    desk.data.choose((viewer.layers["south"],))
    assert desk.data.state.chosen == chosen
    assert desk.session is session
    desk.messages.say("something else", note=True)
    desk.messages.say("Training: step 2 of 5.")
    assert "'south' lies elsewhere" in dock.run.message.text()
    # What is seen is what is named.
    assert desk.data.caption.startswith("south")
    viewer.layers["south"].visible = False
    assert not desk.data.caption.startswith("south")
    viewer.layers.remove("volume")
    assert desk.session is session
    desk.state.become(Activity.IDLE)
    assert "lies elsewhere" not in dock.run.message.text()
    desk.data.choose((viewer.layers["south"],))
    assert [layer.name for layer in desk.data.state.chosen] == ["south"]


class ByHand(QEvent):
    """A window that is closed by its cross."""

    def __init__(self):
        super().__init__(QEvent.Type.Close)

    def spontaneous(self):
        return True


def test_who_closes_the_window_is_told_what_is_kept(labelled):
    _, dock = labelled
    desk, asked = dock.desk, []
    dock.ask_close = lambda words: asked.append(words)
    dock.eventFilter(None, ByHand())
    assert asked == []
    desk.state.become(Activity.PREPARING)
    desk.state.become(Activity.TRAINING)
    desk.history.steps[:] = [12]
    event = ByHand()
    assert dock.eventFilter(None, event)
    assert not event.isAccepted()
    assert "It is at step 12. Labels and classes are kept" in asked[0]
    desk.state.become(Activity.IDLE)


def test_there_is_one_desk_to_a_viewer_and_it_goes_on_without_its_dock(labelled, spin):
    viewer, dock = labelled
    assert Dock(viewer) is dock
    desk = dock.desk
    viewer.window._qt_window.show()
    desk.state.become(Activity.PREPARING)
    desk.state.become(Activity.TRAINING)
    viewer.window.remove_dock_widget(dock)
    spin(lambda: False, 0.1)
    _, again = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
    assert again is dock
    assert desk.book.layer in viewer.layers
    spin(lambda: False, 0.1)
    viewer.window.remove_dock_widget(dock)
    spin(lambda: False, 0.1)
    assert desk.session is not None
    desk.state.become(Activity.IDLE)
    assert spin(lambda: desk.session is None)  # now it is closed
    _, other = viewer.window.add_plugin_dock_widget("napari-fhn", "Interpretation desk")
    assert other is not dock
