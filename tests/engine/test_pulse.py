"""A process that stands still is noticed, and one that the viewer had no time to hear is not blamed."""

from __future__ import annotations

import json

import pytest

from napari_fhn.engine.pulse import SILENT, Silence, beat, waiting_of, waits_for_disk


def look(silence, seconds, now=0.0, step=0.05):
    for _ in range(round(seconds / step)):
        now += step
        silence.look(now)
    return now


def test_silence_is_said_with_what_to_do_and_ends_with_the_next_word():
    silence = Silence()
    now = look(silence, SILENT - 0.5)
    assert silence.sentence is None
    now = look(silence, 1, now)
    assert "not been heard of for 8 s" in silence.sentence
    assert "Wait, or press Stop" in silence.sentence
    silence.heard()
    look(silence, 0.05, now)
    assert silence.sentence is None


def test_a_viewer_that_stood_still_itself_blames_nobody():
    silence = Silence()
    silence.look(0.0)
    silence.look(60.0)  # a dialog of the system, or the lid was closed
    assert silence.sentence is None


def test_work_that_waits_for_a_disk_is_said_though_the_process_lives():
    silence = Silence()
    silence.heard(SILENT + 1)
    silence.look(0.0)
    assert "disk that does not answer" in silence.sentence
    silence.heard(0.0)
    assert silence.sentence is None


def test_beats_are_told_from_other_lines():
    assert waiting_of(json.loads(beat(2.5))) == 2.5
    for other in ({}, [], None, 7, {"kind": "Done"}, {"kind": ["Alive"]}):
        assert waiting_of(other) is None
    for strange in (None, "x", -1, float("nan"), 1e300, []):
        assert waiting_of({"kind": "Alive", "waiting": strange}) == 0


@pytest.mark.parametrize(("stat", "waits"), [("7 (a) D (b) S 1 2", False), ("7 (x) D 1 2", True), ("7", False)])
def test_the_system_says_whether_a_thread_waits_for_a_disk(tmp_path, stat, waits):
    (tmp_path / "task" / "7").mkdir(parents=True)
    (tmp_path / "task" / "7" / "stat").write_text(stat)
    assert waits_for_disk(7, tmp_path) is waits
    assert not waits_for_disk(8, tmp_path)
