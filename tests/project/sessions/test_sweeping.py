from __future__ import annotations

import subprocess
import sys

import pytest

from napari_fhn.project import Session, SessionInUse


def test_the_writer_sweeps_what_killed_processes_left_in_a_session_and_nobody_else(work):
    run = work.train()
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    half = [
        work.session.folder / f"labels.npy.{process.pid}-1.part",
        work.session.inputs / f".{process.pid}-Survey.part.npy",
        work.session.inputs / f"Survey.npy.{process.pid}-1.part",
        run.folder / f"prediction.npy.{process.pid}-1.part",
        run.model / f"model.json.{process.pid}-1.part",
        work.session.steps.folder / f"000012.doing.{process.pid}-1.part",
    ]
    mine = [work.session.folder / f"thesis.{process.pid}.part", run.folder / "notes.part"]
    for path in (*half, *mine):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(100))
    work.session.release()
    writer = Session(work.session.folder)
    writer.acquire("a test")
    try:
        assert not any(path.exists() for path in half)
        for path in half:
            path.write_bytes(bytes(100))
        with pytest.raises(SessionInUse):
            Session(work.session.folder).acquire("another program")
    finally:
        writer.release()
    assert all(path.exists() for path in (*half, *mine))


def test_the_folder_of_a_run_that_was_cut_off_before_its_record_goes_and_its_number_is_given_again(work):
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    work.train()
    place = work.runs.place()
    place.mkdir()
    (place / f"run.json.{process.pid}-1.part").write_text("{")
    somebodys = place.with_name("run-007")
    somebodys.mkdir()
    (somebodys / "notes.txt").write_text("of a person")
    work.session.release()
    writer = Session(work.session.folder)
    writer.acquire("a test")
    try:
        assert not place.exists()
        assert (somebodys / "notes.txt").read_text() == "of a person"
    finally:
        writer.release()
