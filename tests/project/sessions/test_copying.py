"""A session's folder is copied whole, or not at all."""

from __future__ import annotations

import pytest

from napari_fhn.project.sessions import copying


@pytest.fixture
def folders(tmp_path):
    source, target = tmp_path / "work", tmp_path / "copy"
    (source / "runs" / "run-001").mkdir(parents=True)
    for name in ("session.json", "session.lock", "labels.npy", "runs/run-001/model.bin", "runs/x.part"):
        (source / name).write_bytes(name.encode())
    target.mkdir()
    return source, target


def test_all_but_the_lock_and_what_is_not_whole(folders):
    source, target = folders
    told: list[float] = []
    copying.copy(source, target, told.append)
    there = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    assert there == ["labels.npy", "runs/run-001/model.bin", "session.json"]
    assert (target / "labels.npy").read_bytes() == b"labels.npy"
    assert told == sorted(told)
    assert told[0] == 0.0


def test_a_copy_that_is_stopped_leaves_nothing(folders):
    source, target = folders

    def stop(share: float) -> None:
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.copy(source, target, stop)
    assert not list(target.iterdir())
