"""The keys of the desk: they work, clash with nothing of napari's, and are listed."""

from __future__ import annotations

from napari._app_model import get_app_model
from napari.settings import get_settings
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QLabel

from napari_fhn.widgets import shortcuts


def _pressed(keys: object) -> str:
    return QKeySequence(str(keys).replace("Control", "Ctrl").replace("-", "+")).toString()


def test_no_key_is_one_of_naparis(viewer, dock):
    ours = {_pressed(key.keys) for key in dock.shortcuts() if key.act is not None}
    assert len(ours) == len(dock.keys)
    theirs = {_pressed(key) for keys in get_settings().shortcuts.shortcuts.values() for key in keys}
    # Those of its menus, which are filled when they are opened.
    theirs |= {_pressed(one.keybinding) for one in get_app_model().keybindings}
    assert {"Ctrl+Alt+P", "Ctrl+Alt+O"} <= theirs
    assert not ours & theirs - {""}


def test_keys_press_the_buttons(labelled, spin):
    _, dock = labelled
    by_words = {key.words: key.act for key in dock.shortcuts()}
    by_words["Stop"]()  # nothing is under way: the button does nothing, and so does the key
    by_words["Train"]()
    assert spin(lambda: dock.desk.state.activity.idle and bool(dock.desk.history.losses))
    by_words["Predict all"]()
    assert spin(lambda: dock.desk.state.activity.idle and dock.desk.project.has_prediction)
    assert dock.desk.prediction.layer.visible
    by_words["Show or hide the prediction"]()
    assert not dock.desk.prediction.layer.visible
    by_words["Go to the next of them"]()
    assert not dock.run.next.folded
    assert spin(lambda: not dock.desk.suggestions.state.searching)
    by_words["Go to the next of them"]()
    by_words["Type a place to go to"]()


def test_all_are_listed(dock):
    keys = dock.shortcuts()
    dialog = shortcuts.ShortcutsDialog(keys)
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    for key in keys:
        assert key.keys in said
        assert key.words in said
    dock.list_shortcuts()
