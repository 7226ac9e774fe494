"""A journal tells what is on disk, of the same work only, and survives being cut off anywhere."""

import json

import pytest

from napari_fhn.box import Box
from napari_fhn.training.prediction import journal as journals
from napari_fhn.training.prediction.journal import Journal

IDENTITY = {"model": "a", "files": [["x.npy", 1, 2]]}
FIRST, SECOND = Box((0, 0), (1, 2)), Box((1, 0), (2, 2))


@pytest.fixture
def path(tmp_path):
    flushed = []
    journal = Journal(tmp_path / "j.jsonl", IDENTITY, lambda: flushed.append(True))
    assert journal.plan is None
    journal.begin([1, [2, 3]])
    journal.finish(0, FIRST)
    journal.finish(1, SECOND)
    journal.flush()
    assert flushed
    return tmp_path / "j.jsonl"


def opened(path, identity=IDENTITY):
    return Journal(path, identity, lambda: None)


def test_comes_back(path):
    journal = opened(path)
    assert journal.plan == [1, [2, 3]]
    assert journal.finished(0) == {FIRST}
    assert journal.finished(1) == {SECOND}


def test_what_is_not_on_disk_is_not_in_it(path, monkeypatch):
    journal = opened(path)
    journal.finish(0, SECOND)
    assert opened(path).finished(0) == {FIRST}
    monkeypatch.setattr(journals, "_FLUSH_EVERY", 0)
    journal.finish(0, Box((2, 0), (3, 2)))
    assert len(opened(path).finished(0)) == 3


def test_of_other_work_it_says_nothing(path):
    assert opened(path, {**IDENTITY, "model": "b"}).plan is None


def test_cut_off_anywhere_it_says_less_and_can_be_written_on(path):
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        journal = opened(path)
        if journal.plan is None:
            assert length < whole.index(b"\n")
            continue
        assert journal.finished(0) <= {FIRST}
        journal.finish(1, FIRST)
        journal.flush()
        assert FIRST in opened(path).finished(1)


@pytest.mark.parametrize("text", ["", "[]", "\n", "null\n[0, [0], [1]]", json.dumps({"plan": 1})])
def test_something_else_is_nothing_to_go_on_with(tmp_path, text):
    path = tmp_path / "j.jsonl"
    path.write_text(text)
    assert opened(path).plan is None


def test_a_new_beginning_forgets(path):
    journal = opened(path)
    journal.begin("other")
    assert opened(path).plan == "other"
    assert not opened(path).finished(0)
