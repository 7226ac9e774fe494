"""When the folder of the session is taken away, what was painted is kept in another one, and said."""

from __future__ import annotations

import shutil

import numpy as np

from napari_fhn.project import Session


def test_labels_are_saved_elsewhere_when_the_folder_is_gone(labelled, spin):
    _, dock = labelled
    desk = dock.desk
    folder, before = desk.session.folder, np.array(desk.book.layer.data)
    desk.labelling.edits.rename(1, "Sand")
    session = desk.session
    shutil.rmtree(folder)
    assert session.gone
    desk.project.watch()  # which a timer does every three seconds
    assert spin(lambda: desk.session.folder != folder and desk.project.writable), desk.messages.message
    made = desk.session.folder
    assert made == folder.with_name(f"{folder.stem}-rescued{folder.suffix}")
    assert str(made) in desk.messages.message
    assert not folder.exists()
    layer = desk.book.layer
    layer.data_setitem((np.array([1]), np.array([1]), np.array([1])), 2)
    before[1, 1, 1] = 2
    kept = Session(made)
    np.testing.assert_array_equal(kept.known(), before)
    assert kept.classes.names[0] == "Sand"
    assert kept.manifest.grid is not None
    desk.book.history.undo()
    assert kept.known()[1, 1, 1] == 0
