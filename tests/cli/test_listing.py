"""The sessions of a machine are listed on the command line as in the desk."""

from __future__ import annotations

import json
import shutil

import numpy as np

import napari_fhn as fhn
from napari_fhn.cli import main
from napari_fhn.project.sessions.recent import FILE, RecentSessions


def test_sessions_are_listed_with_what_they_hold_and_those_that_are_gone(survey, tmp_path, capsys, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("NAPARI_FHN_SESSIONS", str(home))
    assert main(["sessions"]) == 0
    assert "There are no sessions in" in capsys.readouterr().out
    known = np.zeros((8, 10, 32), np.uint8)
    known[1, 2] = 1
    for place in (home / "north", tmp_path / "far" / "south", tmp_path / "gone"):
        with fhn.open(survey, session=place) as work:
            work.label(known, classes=["sand"])
    RecentSessions(home / FILE).opened(tmp_path / "gone", str(survey))
    shutil.rmtree(tmp_path / "gone")
    assert main(["sessions"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "not there any more" in first
    assert "today" in second
    assert "1 class" in second
    assert second.endswith(str(home / "north"))
    (home / "north" / "desk.json").write_text("{")
    (tmp_path / "gone").mkdir()
    shutil.copy(home / "north" / "session.json", tmp_path / "gone")
    text = (tmp_path / "gone" / "session.json").read_text()
    (tmp_path / "gone" / "session.json").write_text(text.replace('"version": ', '"version": 99'))
    assert main(["sessions"]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert "not there any more" not in first
    assert "it is a session record of version 992" in first
    assert "1 class; damaged" in second
    assert third.startswith("north: desk.json cannot be read")
    assert main(["sessions", "--json", "--folder", str(tmp_path / "far")]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["gone"] for one in told if not one["found"]] == [False]
    assert [one["folder"] for one in told if one["found"]] == [str(tmp_path / "far" / "south"), str(home / "north")]
