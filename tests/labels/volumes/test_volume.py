from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from napari_fhn.labels import LabelError
from napari_fhn.labels.volumes import volume


def test_a_stroke_is_seen_by_another_process_at_once(tmp_path):
    path = tmp_path / "labels.npy"
    labels = volume.create(path, (4, 5, 6))
    assert labels.shape == (4, 5, 6)
    assert labels.dtype == np.uint8
    assert not labels.any()
    labels[1, 2, 3] = 7
    code = f"import numpy as np; print(np.load({str(path)!r}, mmap_mode='r')[1, 2, 3])"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "7"


def test_existing_labels_are_never_lost(tmp_path):
    path = tmp_path / "labels.npy"
    volume.create(path, (4, 5))[2, 2] = 9
    assert volume.create(path, (4, 5))[2, 2] == 9
    for shape in ((5, 4), (4, 5, 1)):
        with pytest.raises(LabelError, match="another survey"):
            volume.create(path, shape)
    assert volume.open(path, "r")[2, 2] == 9
    with pytest.raises(ValueError, match="read-only"):
        volume.open(path, "r")[0, 0] = 1


def test_a_new_volume_has_its_room_before_anybody_paints(tmp_path):
    path = tmp_path / "labels.npy"
    volume.create(path, (30, 1000, 1000))
    assert path.stat().st_size > 3e7
    if hasattr(os, "posix_fallocate"):
        assert path.stat().st_blocks * 512 > 3e7


def test_what_is_no_label_volume_is_refused(tmp_path):
    path = tmp_path / "labels.npy"
    with pytest.raises(LabelError, match="no such label volume"):
        volume.open(path)
    with pytest.raises(LabelError, match="would be empty"):
        volume.create(path, (3, 0))
    with pytest.raises(LabelError, match="no room on the disk"):
        volume.create(path, (10**6, 10**6, 10**6))
    assert not path.exists()
    np.save(path, np.zeros((2, 2)))
    with pytest.raises(LabelError, match="float64, not uint8"):
        volume.create(path, (2, 2))
    path.write_bytes(b"")
    with pytest.raises(LabelError, match="no whole npy"):
        volume.open(path)
    np.save(path, np.zeros((20, 20), np.uint8))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(LabelError, match="no whole npy"):
        volume.open(path)
    with pytest.raises(LabelError, match="cannot be made"):
        volume.create(tmp_path / "nowhere" / "a.npy", (2, 2))


def test_what_is_rubbed_out_while_it_is_counted_is_no_class(monkeypatch):
    class RubbedOut(np.ndarray):
        def __ne__(self, other):
            found = np.asarray(self) != other
            self[:2] = 0  # by a hand in between
            return found

    painted = np.array([1, 2, 2, 0], np.uint8).view(RubbedOut)
    monkeypatch.setattr(volume, "_pieces", lambda values: iter([values]))
    assert volume.count(painted) == {2: 1}
