"""Training by way of a real ssh, to a server of this machine that is started for it; the connection is cut in between.

Asked for where there is a server (``apt install openssh-server``), with NAPARI_FHN_LONG.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
import torch

from napari_fhn.engine.remote import far
from napari_fhn.engine.remote.far import FarEngine, work_at
from napari_fhn.training import Control, Done, Note, Progress, fit
from napari_fhn.training.models import model as models
from proofs import LONG

from .test_far import ended, until

SSHD = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
PRIVATE = Path("/run/sshd")
"""Where a server of the administrator lives; nobody else's needs it."""

pytestmark = [
    LONG,
    pytest.mark.skipif(not SSHD or not shutil.which("ssh"), reason="there is no ssh server (openssh-server)"),
    pytest.mark.skipif(
        sys.platform == "linux" and os.geteuid() == 0 and not PRIVATE.is_dir(), reason=f"there is no {PRIVATE}"
    ),
]


@dataclass
class Server:
    """A server on the loopback, and the address of a folder on it."""

    process: subprocess.Popen[bytes]
    address: str
    folder: Path

    def cut(self) -> None:
        """End the connections that are open, and not what they have begun."""
        for child in psutil.Process(self.process.pid).children():
            for one in (*(c for c in child.children() if "sshd" in c.name()), child):
                one.send_signal(signal.SIGKILL)


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[Server]:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    for name in ("host", "mine"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
    shutil.copy(keys / "mine.pub", keys / "authorized")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (keys / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {keys}/host\nAuthorizedKeysFile {keys}/authorized\n"
        f"PidFile {keys}/pid\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        "PermitRootLogin prohibit-password\n"
    )
    process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(keys / "config")], stderr=(keys / "log").open("wb"))
    options = "-T -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    monkeypatch.setenv("NAPARI_FHN_SSH", f"ssh {options} -o LogLevel=ERROR -i {keys}/mine")
    here = f"PYTHONPATH={os.environ.get('PYTHONPATH', '')} OMP_NUM_THREADS=1"
    monkeypatch.setenv("NAPARI_FHN_WORKER", f"env {here} {sys.executable} -m napari_fhn")
    monkeypatch.setattr(far, "_AGAIN", (0.5,))
    folder = tmp_path / "work"
    yield Server(process, f"ssh://{getpass.getuser()}@127.0.0.1:{port}{folder}", folder)
    process.terminate()
    process.wait()
    kept = folder / "worker.json"
    if kept.exists():
        os.kill(json.loads(kept.read_text())["process"], signal.SIGTERM)


def test_a_connection_that_is_cut_costs_nothing_and_what_is_trained_there_is_what_would_be_here(
    layered, tmp_path, server
):
    job, _ = layered
    job = replace(job, schedule=replace(job.schedule, steps=3000, decay="constant", keep="nothing"))
    engine = FarEngine(server.address)
    engine.train(job)
    until(engine, lambda said: sum(isinstance(update, Progress) for update in said) > 2, 120)
    server.cut()
    until(engine, lambda said: any(isinstance(u, Note) and "there again" in u.message for u in said), 120)
    time.sleep(0.5)
    engine.stop()
    end = until(engine, ended, 120)[-1]
    assert end.stopped
    assert models.load(job.model).steps == end.step > 2
    short = replace(job, schedule=replace(job.schedule, steps=5), model=str(tmp_path / "there"))
    assert isinstance(list(work_at(server.address, "train", short, Control(watched=False)))[-1], Done)
    here = replace(short, model=str(tmp_path / "here"))
    list(fit(here))
    found, expected = (models.load(one.model).network.state_dict() for one in (short, here))
    assert all(torch.equal(found[name], expected[name]) for name in expected)
