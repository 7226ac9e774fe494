"""The engine of a desk trains here, or where it was told to."""

import pytest

from napari_fhn.engine.engine import Engine
from napari_fhn.engine.remote import either
from napari_fhn.training import Done, Focus, JobError, Note


class Far:
    """In place of the engine of another machine."""

    made = None

    def __init__(self, address):
        self.address, self.told, self.news = address, [], []
        self.busy = self.paused = False
        Far.made = self

    def __getattr__(self, name):
        def told(*what, **how):
            self.told.append((name, *what, *how.values()))
            self.busy = self.busy or name in ("train", "predict")
            self.paused = name == "pause"

        return told

    def poll(self):
        news, self.news = self.news, []
        self.busy = not any(isinstance(update, Done) for update in news)
        return news


def test_what_is_asked_goes_to_the_machine_that_works(tmp_path, monkeypatch):
    monkeypatch.setattr(either, "FarEngine", Far)
    here = []
    for name in ("train", "predict", "pause", "resume", "revert", "stop", "give_way"):
        monkeypatch.setattr(Engine, name, lambda self, *what, name=name, **how: here.append(name))
    engine = either.EitherEngine(tmp_path / "log")
    engine.train("job")
    engine.give_way()
    assert here == ["train", "give_way"]
    engine.focus(Focus(0, 3))
    engine.on = "ssh://gpu"
    engine.train("job", resume=True)
    assert (engine.task, engine.busy) == ("train", True)
    with pytest.raises(RuntimeError, match="busy"):
        engine.predict("job")
    far = Far.made
    engine.pause()
    assert engine.paused
    engine.resume()
    engine.revert(7)
    engine.give_way()
    engine.focus(Focus(1, 2))
    engine.stop()
    told = [one for one in far.told if one[0] != "close"]
    assert far.address == "ssh://gpu"
    assert told == [
        ("focus", Focus(0, 3)), ("train", "job", True), ("pause",), ("resume",), ("revert", 7), ("focus", Focus(1, 2)),
        ("stop",),
    ]  # fmt: skip
    far.news = [Note("one")]
    assert engine.poll() == [Note("one")]
    assert engine.busy
    far.news = [Done("train", True, 1.0, "ended")]
    engine.poll()
    assert not engine.busy
    assert far.told[-1] == ("close",)
    engine.on = ""
    engine.predict("job")
    assert here[-1] == "predict"


def test_what_is_no_address_is_said_before_anything_begins(tmp_path):
    engine = either.EitherEngine(tmp_path / "log")
    engine.on = "http://gpu"
    with pytest.raises(JobError, match="no address"):
        engine.train(None)
    assert not engine.busy
