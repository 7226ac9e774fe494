"""What is kept for a machine and not for a session: what killed processes were about to write goes with the next."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_fhn.labels import Source
from napari_fhn.project.data import stack_sources
from napari_fhn.project.runs.speeds import Measured, Speed
from napari_fhn.project.sessions.answers import Answers
from napari_fhn.project.sessions.recent import RecentSessions
from napari_fhn.surveys import reaching
from napari_fhn.surveys.segy import remembered


@pytest.fixture
def survey(tmp_path) -> Path:
    path = tmp_path / "north.sgy"
    path.write_bytes(np.arange(4000, dtype=np.uint8).tobytes())
    return path


WRITERS = {
    "recent.json": lambda path, survey: RecentSessions(path).opened(survey.parent / "work", str(survey)),
    "measured.json": lambda path, survey: Measured(path).remember("sections", Speed(0.5, 4.2)),
    "answers.json": lambda path, survey: Answers(path).keep(Source.from_dict(survey, {"kind": "wells"})),
    "followed.json": lambda path, survey: reaching.agree("https://example.org/north.zarr"),
    "segy-readings.json": lambda path, survey: remembered.remember(survey, {"inline": 9}),
    "maps.npy.sources.json": lambda path, survey: stack_sources.note(path.with_name("maps.npy"), [str(survey)]),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_of_this_machine_is_swept_with_its_next_writing_and_nothing_else(tmp_path, survey, monkeypatch, name):
    path = tmp_path / "home" / name
    path.parent.mkdir()
    monkeypatch.setenv(reaching.VARIABLE, str(path))
    monkeypatch.setenv(remembered.VARIABLE, str(path))
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    half = path.with_name(f"{name}.{process.pid}-1.part")
    stays = [
        path.with_name(f"{name}.{os.getppid()}-1.part"),  # of one that is there
        path.with_name(f"thesis.json.{process.pid}-1.part"),
        path.with_name(f"{name}.part"),
    ]
    for one in (half, *stays):
        one.write_text("{")
    WRITERS[name](path, survey)
    assert path.exists()
    assert not half.exists()
    assert all(one.exists() for one in stays)
