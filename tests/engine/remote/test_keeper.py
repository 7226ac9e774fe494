"""The program that stays: whom it hears, and what it does with what it does not understand."""

import errno
import json
import socket
import threading
from contextlib import contextmanager, suppress

import pytest

from napari_fhn.box import Box
from napari_fhn.engine.remote import keeper
from napari_fhn.training.updates import BoxChanged, Done, Note, Progress

RUN = "0123456789abcdef" * 2


class StandIn:
    """In place of an engine: says what it is told to."""

    def __init__(self, log):
        self.task = None
        self.asked = []
        self.news = []

    busy = property(lambda self: self.task is not None)

    def __getattr__(self, name):
        return lambda *what: self.asked.append((name, *what))

    def poll(self):
        news, self.news = self.news, []
        if any(isinstance(update, Done) for update in news):
            self.task = None
        return news


@contextmanager
def staying(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper, "Engine", StandIn)
    monkeypatch.setattr(keeper, "HELLO_SECONDS", 0.5)
    kept = keeper.Keeper(tmp_path / "work", "open sesame")
    thread = threading.Thread(target=kept.serve)
    thread.start()
    try:
        yield kept
    finally:
        kept.close()
        thread.join(5)
        assert not thread.is_alive()


class Caller:
    def __init__(self, kept, token="open sesame", hello=True):
        self.socket = socket.create_connection(("127.0.0.1", kept.port), timeout=5)
        self.stream = self.socket.makefile("rwb")
        if hello:
            self.say(do="hello", token=token)

    def say(self, **message):
        self.stream.write(json.dumps(message).encode() + b"\n")
        self.stream.flush()

    def hear(self):
        line = self.stream.readline()
        return json.loads(line) if line else None

    def ask(self, **message):
        self.say(**message, re=1)
        while (said := self.hear()) is not None:
            if said.get("re") == 1:
                return said
        return None


@pytest.fixture
def kept(tmp_path, monkeypatch):
    with staying(tmp_path, monkeypatch) as found:
        yield found


def test_it_listens_to_this_machine_alone(kept):
    assert kept._listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "first", [b'{"do": "hello", "token": "another"}\n', b'{"token": 7}\n', b"[]\n", b"x" * 9000, b""]
)
def test_whoever_does_not_know_the_word_hears_nothing(kept, first):
    caller = Caller(kept, hello=False)
    caller.stream.write(first)
    caller.stream.flush()
    with suppress(ConnectionResetError):  # it was not even read to its end
        assert caller.stream.readline() == b""
    assert Caller(kept).hear()["kind"] == "Welcome"


def test_what_is_not_understood_is_answered_and_the_next_line_is_heard(kept):
    caller = Caller(kept)
    assert caller.hear()["kind"] == "Welcome"
    for line in (b"no json\n", b"[1]\n", b'"word"\n', b"\xff\xfe\n"):
        caller.stream.write(line)
        caller.stream.flush()
        assert caller.hear()["kind"] == "Refused"
    wrong = [{"do": "dance"}, {"do": ["stop"]}, {}, {"do": "revert", "step": "x"}, {"do": "train", "run": RUN}]
    wrong += [{"do": "focus", "focus": {"axis": "x"}}, {"do": "attach"}, {"do": "get", "run": RUN, "name": "../x"}]
    wrong += [{"do": "begin", "run": RUN, "arrays": {"labels.npy": {"shape": [2], "dtype": "no type"}}}]
    for message in wrong:
        assert caller.ask(**message)["kind"] == "Refused", message
    assert caller.ask(do="pause")["kind"] == "Fine"
    assert ("pause",) in kept._engine.asked


def test_who_comes_last_is_heard_and_the_one_before_is_let_go(kept):
    first = Caller(kept)
    assert first.hear()["kind"] == "Welcome"
    second = Caller(kept)
    assert second.hear()["kind"] == "Welcome"
    assert first.stream.readline() == b""
    assert second.ask(do="pause")["kind"] == "Fine"


def test_whoever_comes_back_hears_what_was_missed_and_nothing_twice(kept):
    kept._run, kept._engine.task = RUN, "train"
    kept._engine.news = [
        Note("one"),
        BoxChanged(Box((0, 0), (1, 1)), 1),
        Progress("train", 7, 9),
        Note("two"),
    ]
    caller = Caller(kept)
    assert caller.hear()["task"] == "train"
    while kept._count < 2:
        pass
    news = [json.loads(line) for line in caller.ask(do="attach", run=RUN, after=1)["news"]]
    assert [(one["kind"], one.get("message", one.get("step"))) for one in news] == [("Progress", 7), ("Note", "two")]
    assert caller.ask(do="attach", run="f" * 32)["news"] == []


def test_a_second_training_is_refused_while_one_is_under_way(kept):
    kept._engine.task = "train"
    caller = Caller(kept)
    caller.hear()
    assert "busy with another training" in caller.ask(do="train", run=RUN, job={})["message"]


def test_nobody_who_takes_no_lines_holds_anything_up(kept, monkeypatch):
    caller = Caller(kept)
    caller.hear()
    kept._engine.news = [Note("x" * 1000)] * 20_000
    other = Caller(kept)
    assert other.hear() is not None
    assert caller is not None


class Ears:
    """In place of a listening socket: fails as it is told, then hears."""

    def __init__(self, listener, *errors):
        self._listener, self._errors = listener, list(errors)

    def accept(self):
        if self._errors:
            raise self._errors.pop(0)
        return self._listener.accept()

    def __getattr__(self, name):
        return getattr(self._listener, name)


def make_deaf(monkeypatch, *errors):
    made = socket.create_server
    monkeypatch.setattr(keeper, "_PAUSE", 0.01)
    monkeypatch.setattr(keeper.socket, "create_server", lambda where: Ears(made(where), *errors))


def test_one_who_could_not_be_let_in_leaves_a_worker_that_hears_the_next_and_says_so_once(
    tmp_path, monkeypatch, capsys
):
    full = OSError(errno.EMFILE, "Too many open files")
    make_deaf(monkeypatch, full, full, ConnectionAbortedError(errno.ECONNABORTED, "Software caused connection abort"))
    with staying(tmp_path, monkeypatch) as kept:
        assert Caller(kept).hear()["kind"] == "Welcome"
    said = capsys.readouterr().err
    assert said.count("Too many open files") == said.count("connection abort") == 1
    assert said.count("it listens on") == 2


def test_one_for_whom_there_is_no_thread_is_let_go_and_may_come_again(tmp_path, monkeypatch, capsys):
    refused, begin = ["keeper-desk", "keeper-write"], threading.Thread.start

    def start(thread):
        if thread.name in refused:
            refused.remove(thread.name)
            raise RuntimeError("can't start new thread")
        begin(thread)

    make_deaf(monkeypatch)
    monkeypatch.setattr(threading.Thread, "start", start)
    with staying(tmp_path, monkeypatch) as kept:
        for _ in range(2):
            with suppress(ConnectionResetError):
                assert Caller(kept).hear() is None
        assert Caller(kept).hear()["kind"] == "Welcome"
        assert kept._strangers._value == keeper._STRANGERS
    assert "can't start new thread); it listens on" in capsys.readouterr().err


def test_a_worker_whose_port_is_lost_ends_so_that_another_can_begin(tmp_path, monkeypatch, capsys):
    make_deaf(monkeypatch, OSError(errno.EBADF, "Bad file descriptor"))
    with staying(tmp_path, monkeypatch) as kept:
        assert kept._closed.wait(5)
    assert "Bad file descriptor); it ends with its work" in capsys.readouterr().err
