"""The commands of napari's menu: open a session, save a copy of it."""

from __future__ import annotations

import napari

from napari_fhn.widgets.background import Operation
from napari_fhn.widgets.choosing import ask_folder
from napari_fhn.widgets.dock import Dock
from napari_fhn.widgets.sessions.asking import ask_where
from napari_fhn.widgets.sessions.starting import none_in

_DOCK = "Interpretation desk"


def open_session(viewer: napari.Viewer) -> None:
    """Ask for the folder of a session and open it in the dock, which is opened too where it is not."""
    dock = dock_of(viewer)
    root = dock.desk.session.folder.parent if dock.desk.session else dock.desk.root
    folder = ask_folder(dock, "session", "Folder of the session", root)
    if folder is not None and (none := none_in(folder)):
        dock.desk.messages.fail(none)
    elif folder is not None:
        dock.desk.store.save()
        dock.desk.store.open(folder, lambda file: ask_where(dock, file))


def save_session(viewer: napari.Viewer) -> None:
    """Ask for a folder and copy the session there: to take it to another machine, or to keep it as it is now."""
    dock = dock_of(viewer)
    desk = dock.desk
    if desk.session is None:
        desk.messages.fail("There is no session yet: make a label layer first. From then on it is saved as you go.")
        return
    folder = ask_folder(dock, "copy", "Empty folder for a copy of the session", desk.session.folder.parent)
    if folder is None:
        return
    if any(folder.iterdir()):
        desk.messages.fail(f"{folder} is not empty: choose or make an empty folder for the session.")
        return
    desk.store.save()
    desk.context.attempt(
        Operation("Copying the session", writes=True),
        lambda operation: desk.store.copy(folder, operation.told),
        lambda _: desk.messages.say(f"The session is copied to {folder}."),
        lambda error: desk.messages.fail(f"The session could not be copied: {error}."),
    )


def dock_of(viewer: napari.Viewer) -> Dock:
    """Return the dock of a viewer; opened where it is not."""
    _, dock = viewer.window.add_plugin_dock_widget("napari-fhn", _DOCK)
    assert isinstance(dock, Dock)
    return dock
