"""What was said about files is remembered until they change."""

from __future__ import annotations

import json

from napari_fhn.labels import Source
from napari_fhn.project.sessions.answers import Answers


def source(tmp_path):
    path = tmp_path / "tops.csv"
    path.write_text("well,top,base,class\n")
    return Source(path, "tops", {"well": "well"}, {"top": "ms"}, {"domain": "twt"})


def test_an_answer_comes_back_until_the_file_changes(tmp_path):
    said = source(tmp_path)
    answers = Answers(tmp_path / "folder" / "answers.json")
    assert answers.of(said.path) is None
    answers.keep(said)
    assert Answers(tmp_path / "folder" / "answers.json").of(said.path) == said
    assert json.loads((tmp_path / "folder" / "answers.json").read_text())["format"] == "napari-fhn answers"
    said.path.write_text("another file\n")
    assert answers.of(said.path) is None


def test_answers_of_earlier_versions_are_taken_over(tmp_path):
    said, kept = source(tmp_path), tmp_path / "answers.json"
    answers = Answers(kept)
    answers.keep(said)
    kept.write_text(json.dumps(json.loads(kept.read_text())["files"]))
    assert answers.of(said.path) == said


def test_a_damaged_file_is_put_aside_and_not_written_over(tmp_path):
    said, kept = source(tmp_path), tmp_path / "answers.json"
    kept.write_text("{")
    answers = Answers(kept)
    assert answers.of(said.path) is None
    answers.keep(said)
    assert answers.of(said.path) == said
    assert (tmp_path / "answers.json.damaged").read_text() == "{"
