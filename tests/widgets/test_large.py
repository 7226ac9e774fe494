"""A survey that counts as large in a window: its labels are painted in shards, its prediction is shown from them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from napari_fhn import mapped
from napari_fhn.large import Large
from napari_fhn.large import layout as large
from napari_fhn.training.prediction import shard_size


@pytest.fixture
def counts_as_large(monkeypatch):
    monkeypatch.setattr(shard_size, "LARGE_VOXELS", 1)
    monkeypatch.setattr(large, "_SIDES", {1: 4, 2: 4, 3: 4})


def test_labels_in_shards_are_saved_elsewhere_when_the_folder_is_gone(counts_as_large, labelled, spin):
    _, dock = labelled
    desk = dock.desk
    session, values = desk.session, desk.book.values
    desk.book.layer.paint((2, 5, 7), 2)
    mapped.pack(values)
    # One part lies open, the others are packed; the layer shows one section, and nothing holds the rest in memory.
    desk.book.layer.paint((9, 15, 30), 1)
    before = np.array(values)
    assert {1, 2} <= set(before.ravel())
    values._blocks.clear()
    shutil.rmtree(session.folder)
    desk.project.watch()
    assert spin(lambda: desk.session.folder != session.folder and desk.project.writable), desk.messages.message
    made = desk.session.folder
    assert str(made) in desk.messages.message
    assert "lost" not in desk.messages.message
    np.testing.assert_array_equal(desk.session.known(), before)
    desk.book.layer.paint((1, 1, 1), 2)
    assert desk.session.known()[1, 1, 1] == 2


def test_labels_are_painted_and_predictions_shown_in_shards(counts_as_large, labelled, add_run, spin):
    viewer, dock = labelled
    desk, layer = dock.desk, dock.desk.book.layer
    assert isinstance(layer.data, Large)
    assert desk.session.labels.name == "labels.zarr"
    layer.brush_size = 1
    desk.book.go(0, 2)
    layer.paint((2, 5, 7), 2)
    layer.fill((2, 0, 0), 1)
    seen = layer._slice.image.raw
    assert (seen[5, 7], seen[0, 0]) == (2, 1)
    assert int((layer.data[2] == 1).sum()) == 16 * 32 - 1
    layer.undo()
    layer.undo()
    assert not layer.data[2].any()
    values = np.broadcast_to(np.arange(32, dtype=np.uint8) // 16 + 1, (12, 16, 32))
    run = add_run(desk, values)
    assert run.prediction.name == "prediction.zarr"
    shown = desk.prediction.layer
    for inline in (3, 11):
        desk.book.go(0, inline)
        np.testing.assert_array_equal(shown._slice.image.raw, values[inline])
    folder = desk.session.folder
    desk.book.layer.paint((3, 5, 7), 2)
    viewer.layers.clear()
    dock.close()
    assert mapped.open(folder / "labels.zarr")[3, 5, 7] == 2
