"""``napari-fhn worker``: begins the program that stays, and joins streams to it, as ``ssh`` brings them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from napari_fhn import leftovers, record
from napari_fhn.engine.remote import wire
from napari_fhn.engine.remote.keeper import Keeper
from napari_fhn.training.errors import JobError

FOLDER = "NAPARI_FHN_WORK"
"""Environment variable: the folder of what is trained for others; ``~/napari-fhn-work`` without it."""

_CARD = "worker.json"
_IDLE = 3600.0
"""Seconds that a worker which nobody started by hand stays without anything to do."""

_BEGINS = 60.0
_CHUNK = 1 << 16


def default_folder() -> Path:
    """Return the folder of what is trained for others."""
    return Path(os.environ.get(FOLDER) or Path.home() / "napari-fhn-work").absolute()


def stay(folder: Path, *, port: int = 0, token: str | None = None, idle: float = 0.0, announce: bool = True) -> None:
    """Train for whoever comes by a port of this machine, until the process is ended.

    Parameters
    ----------
    folder : Path
        Of files and runs; only its owner may look into it.
    port : int
        On the loopback; 0 for any that is free.
    token : str, optional
        That is to be said; one is made up where there is none.
    idle : float
        Seconds after which it ends without work and without a desk; 0 for never.
    announce : bool
        Print port and token.

    Raises
    ------
    JobError
        When another worker stays in that folder, or the port is taken, or is none.
    """
    if not 0 <= port < 1 << 16:
        raise JobError(f"nothing can listen at port {port}: name one from 1 to {(1 << 16) - 1:,}, or none")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(folder):
        token = token or secrets.token_urlsafe(24)
        try:
            keeper = Keeper(folder, token, port=port, idle=idle)
        except OSError as error:
            raise JobError(f"nothing can listen at port {port} ({error}): name another, or none") from error
        card = folder / _CARD
        try:
            _write_card(card, {"port": keeper.port, "token": token, "process": os.getpid()})
            if announce:
                print(json.dumps({"kind": "Worker", "port": keeper.port, "token": token}), flush=True)
            keeper.serve()
        finally:
            card.unlink(missing_ok=True)


def relay(folder: Path, reader: IO[bytes], writer: IO[bytes]) -> None:
    """Join two streams to the worker of a folder, which is begun where there is none, and stays when they end.

    Parameters
    ----------
    folder : Path
        Of files and runs.
    reader, writer : binary streams
        Of whoever has logged in here, who needs no word.

    Raises
    ------
    JobError
        When no worker begins.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    connected, token = _connected(folder)
    with connected:
        stream, line = reader.fileno(), b""
        while not line.endswith(b"\n") and (one := os.read(stream, 1)) and len(line) < _CHUNK:
            line += one
        first = wire.read(line)
        connected.sendall(wire.line({**first, "token": token}))

        def out() -> None:
            with contextlib.suppress(OSError, ValueError):
                while data := connected.recv(_CHUNK):
                    writer.write(data)
                    writer.flush()
            os._exit(0)  # the other thread waits for a stream that says nothing

        threading.Thread(target=out, name="relay", daemon=True).start()
        with contextlib.suppress(OSError):
            while data := os.read(stream, _CHUNK):
                connected.sendall(data)


def _connected(folder: Path) -> tuple[socket.socket, str]:
    """Return a connection to the worker of a folder, and its word."""
    begun: subprocess.Popen[bytes] | None = None
    until = time.monotonic() + _BEGINS
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            card = record.parse((folder / _CARD).read_bytes())
            # A worker that was killed leaves its card, and its port to any program of this machine.
            gone = leftovers.is_gone(int(card["process"]), folder / _CARD)
            # Out of a container, or by the clock of a far disk, one that stays may look gone: then ours has ended.
            if not gone or (begun is not None and begun.poll() is not None and _is_taken(folder)):
                return socket.create_connection(("127.0.0.1", int(card["port"])), timeout=None), str(card["token"])
        if begun is None:
            with (folder / "worker.log").open("ab") as log:
                # A session of its own: it stays when whoever has logged in is cut off.
                begun = subprocess.Popen(
                    [sys.executable, "-m", "napari_fhn", "worker", "--folder", str(folder), "--idle", str(_IDLE)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )
        time.sleep(0.1)
    raise JobError(f"no worker has begun in {folder}: {folder / 'worker.log'} may say why")


def _write_card(path: Path, card: dict[str, Any]) -> None:
    """Write how to reach this worker, for its owner alone."""
    path.unlink(missing_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(card, file)
    part.replace(path)


def _is_taken(folder: Path) -> bool:
    try:
        with _only_one(folder):
            return False
    except JobError:
        return True


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with (folder / "worker.lock").open("w") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # another system: two workers are refused by their port alone
        except OSError as error:
            raise JobError(f"another worker stays in {folder}: end it, or name another --folder") from error
        yield
