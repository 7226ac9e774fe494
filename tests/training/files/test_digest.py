"""Digests are of files, which have an end."""

import sys

import pytest

from napari_fhn.training.files.digest import digest


@pytest.mark.skipif(sys.platform == "win32", reason="devices of POSIX")
@pytest.mark.timeout(20)
def test_a_device_has_no_digest(tmp_path):
    (tmp_path / "labels.npy").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="it is a device or a pipe"):
        digest(tmp_path / "labels.npy")
