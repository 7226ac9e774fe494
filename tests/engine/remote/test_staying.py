"""The program that stays in a folder: one at a time, and found by who comes by even after one was killed."""

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from napari_fhn.engine.remote import staying
from napari_fhn.training.errors import JobError


@contextmanager
def listening():
    """Listen at a port, as a worker does or any other program."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def leave_card(folder, port, token, process):
    (folder / "worker.json").write_text(json.dumps({"port": port, "token": token, "process": process}))


@pytest.fixture(scope="module")
def gone():
    """The number of a process that has ended."""
    return int(subprocess.check_output([sys.executable, "-S", "-c", "import os; print(os.getpid())"]))


@pytest.fixture
def began(tmp_path, monkeypatch):
    """Begin no process; what is to be begun is in the list, and has a card where a port is given."""
    begun, ports = [], []

    def begin(command, **_):
        begun.append(command)
        if ports:
            leave_card(tmp_path, ports[0], "of the new one", os.getpid())
        return SimpleNamespace(poll=lambda: 2)  # it has ended

    monkeypatch.setattr(staying.subprocess, "Popen", begin)
    return begun, ports


def test_who_stays_is_found_by_its_card(tmp_path, began):
    with listening() as port:
        leave_card(tmp_path, port, "a word", os.getpid())
        connected, token = staying._connected(tmp_path)
        with connected:
            assert (connected.getpeername()[1], token) == (port, "a word")
    assert not began[0]


def test_a_killed_worker_leaves_its_port_to_others_who_hear_nothing(tmp_path, gone, began):
    with listening() as of_another, listening() as port:
        leave_card(tmp_path, of_another, "an old word", gone)
        began[1].append(port)
        connected, token = staying._connected(tmp_path)
        with connected:
            assert (connected.getpeername()[1], token) == (port, "of the new one")
    assert len(began[0]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="locks are those of POSIX")
def test_who_stays_though_its_process_is_not_seen_from_here_is_found_once_ours_was_refused(tmp_path, gone, began):
    with listening() as port, staying._only_one(tmp_path):
        leave_card(tmp_path, port, "a word", gone)
        connected, token = staying._connected(tmp_path)
        with connected:
            assert (connected.getpeername()[1], token) == (port, "a word")
    assert len(began[0]) == 1


@pytest.mark.parametrize("card", ["", "{}", "[1]", '{"port": "x", "token": "", "process": 1}', '{"port": 1e9}'])
def test_where_no_worker_begins_the_log_is_named(tmp_path, monkeypatch, began, card):
    (tmp_path / "worker.json").write_text(card)
    monkeypatch.setattr(staying, "_BEGINS", 0.15)
    with pytest.raises(JobError, match=r"no worker has begun in .*worker\.log may say why"):
        staying._connected(tmp_path)
    assert len(began[0]) == 1


@pytest.mark.parametrize("port", [-1, 1 << 16, 10**30])
def test_a_port_that_is_none_is_a_sentence(tmp_path, port):
    with pytest.raises(JobError, match=rf"nothing can listen at port {port}: name one from 1 to 65,535"):
        staying.stay(tmp_path / "work", port=port)
    assert not (tmp_path / "work").exists()


def test_a_port_that_is_taken_is_a_sentence_and_leaves_no_card(tmp_path):
    with listening() as port, pytest.raises(JobError, match=rf"nothing can listen at port {port} \("):
        staying.stay(tmp_path, port=port)
    assert not (tmp_path / "worker.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="locks are those of POSIX")
def test_one_stays_in_a_folder_and_its_card_is_for_its_owner_and_goes_with_it(tmp_path, monkeypatch, capsys):
    stays, goes = threading.Event(), threading.Event()

    class StandIn:
        port = 4321

        def __init__(self, *_, **__):
            pass

        def serve(self):
            stays.set()
            assert goes.wait(20)

    monkeypatch.setattr(staying, "Keeper", StandIn)
    first = threading.Thread(target=staying.stay, args=(tmp_path,), kwargs={"token": "a word"})
    first.start()
    try:
        assert stays.wait(20)
        card = tmp_path / "worker.json"
        assert json.loads(card.read_text()) == {"port": 4321, "token": "a word", "process": os.getpid()}
        assert card.stat().st_mode & 0o777 == 0o600
        with pytest.raises(JobError, match=r"another worker stays in .*: end it, or name another --folder"):
            staying.stay(tmp_path)
        assert card.exists()
    finally:
        goes.set()
        first.join(20)
    assert not card.exists()
    assert json.loads(capsys.readouterr().out) == {"kind": "Worker", "port": 4321, "token": "a word"}
