"""Where the other machine is, and how it is reached: through ``ssh``, or a port of this one that leads there."""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit

from napari_fhn.training.errors import JobError

SSH = "NAPARI_FHN_SSH"
"""Environment variable: the command in place of ``ssh``, with options, as in ``ssh -i key``."""

TOKEN = "NAPARI_FHN_TOKEN"
"""Environment variable: the word that a worker asks for whoever comes by its port."""

PROGRAM = "NAPARI_FHN_WORKER"
"""Environment variable: the command on the other machine in place of ``napari-fhn``."""

_SECONDS = 20.0

_WAY_OUT = "write ssh://[USER@]HOST[:PORT][/FOLDER], or tcp://127.0.0.1:PORT for the end of a tunnel"


class Line(Protocol):
    """A connection: two streams of bytes."""

    reader: IO[bytes]
    writer: IO[bytes]

    def close(self) -> None:
        """Let go of it; whoever reads hears the end."""


@dataclass(frozen=True)
class Address:
    """Of another machine.

    Parameters
    ----------
    kind : {"ssh", "tcp"}
        How it is reached.
    host : str
        Its name, for ``ssh`` with whoever is asked to log in.
    port : int or None
        Of ``sshd``, or of the worker.
    folder : str
        Of the work there; empty for that of the program.
    """

    kind: str
    host: str
    port: int | None = None
    folder: str = ""

    def __str__(self) -> str:
        return f"{self.kind}://{self.host}{'' if self.port is None else f':{self.port}'}{self.folder}"

    def connect(self, environment: Mapping[str, str] = os.environ) -> Line:
        """Open a connection.

        Raises
        ------
        OSError
            When there is nobody.
        """
        if self.kind == "tcp":
            assert self.port is not None
            return _Socket(socket.create_connection((self.host, self.port), timeout=_SECONDS))
        ssh = shlex.split(environment.get(SSH, "")) or [
            "ssh",
            "-T",
            "-o",
            "BatchMode=yes",
            "-o",
            "ServerAliveInterval=15",
        ]
        port = [] if self.port is None else ["-p", str(self.port)]
        program = environment.get(PROGRAM, "napari-fhn")
        folder = f" --folder {shlex.quote(self.folder)}" if self.folder else ""
        return _Pipes([*ssh, *port, "--", self.host, f"{program} worker --stdio{folder}"])


def parse(text: str) -> Address:
    """Read an address.

    Parameters
    ----------
    text : str
        ``ssh://user@host:port/folder`` or ``tcp://127.0.0.1:port``.

    Raises
    ------
    JobError
        When it is none; the message says how one is written.

    Examples
    --------
    >>> parse("ssh://me@gpu.example.org/data/work").folder
    '/data/work'
    """
    try:
        parts = urlsplit(text.strip())
        port, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise JobError(f"{text!r} is no address of a machine ({error}): {_WAY_OUT}") from error
    name = f"{parts.username}@{host}" if parts.username else host
    if parts.password or parts.query or parts.fragment:
        raise JobError(f"an address of a machine has no password and no question in it: {_WAY_OUT}")
    # What begins with a dash would be an option of ssh.
    if parts.scheme not in ("ssh", "tcp") or not host or name.startswith("-") or host.startswith("-"):
        raise JobError(f"{text!r} is no address of a machine: {_WAY_OUT}")
    if parts.scheme == "tcp":
        if port is None or parts.username or parts.path.strip("/"):
            raise JobError(f"{text!r} names no port alone: {_WAY_OUT}")
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise JobError(
                f"{text!r} would send data over the network as they are: take ssh://{host}, or a tunnel "
                f"(ssh -L PORT:127.0.0.1:{port} {host}) and tcp://127.0.0.1:PORT"
            )
    return Address(parts.scheme, name, port, unquote(parts.path) if parts.path != "/" else "")


class _Socket:
    """A connection to a port."""

    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(None)
        self._socket = connected
        self.reader: IO[bytes] = connected.makefile("rb")
        self.writer: IO[bytes] = connected.makefile("wb")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()


class _Pipes:
    """A connection by way of a program."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.reader: IO[bytes] = self._process.stdout
        self.writer: IO[bytes] = self._process.stdin

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.writer.close()
        self._process.terminate()
        threading.Thread(target=self._process.wait, name="fhn-ssh", daemon=True).start()
