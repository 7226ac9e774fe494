"""One damaged file at a time: made, read under limits of time and memory, and judged."""

from __future__ import annotations

import json
import logging
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .mutation import damaged
from .readers import READERS

#: Seconds that a file of a few kilobytes may take.
SECONDS = 2.0
#: Bytes of address space that it may take beside what was there before.
MEMORY = 2 * 2**30
#: Longest sentence that a dialog can show.
LONGEST = 2500


@dataclass(frozen=True)
class Find:
    """What should not have happened.

    Attributes
    ----------
    reader, seed, index
        Which input it was.
    kind : str
        The exception and the line that it comes from, or "hang", "memory", "crash".
    said : str
        More of it.
    """

    reader: str
    seed: int
    index: int
    kind: str
    said: str


def write(reader: str, seed: int, index: int, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Write an input, and return its path and how it is read."""
    chance = random.Random(f"{reader} {seed} {index}")
    sample = chance.choice(READERS[reader].samples())
    names = sorted(sample.files)
    # Headers and metadata more often than values.
    told = [name for name in names if Path(name).suffix in (".hdr", ".json", ".ers", ".vrt") or "/." in f"/{name}"]
    chosen = chance.choice(told) if told and chance.random() < 0.8 else chance.choice(names)
    files = dict(sample.files)
    files[chosen] = damaged(files[chosen], chance, [content for name, content in files.items() if name != chosen])
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder / sample.target, dict(sample.options)


def run(reader: str, seed: int, indices: Iterable[int]) -> Iterator[Find | None]:
    """Read inputs one after the other; None for each that ends as it should."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as scratch, _quiet(), _hdf5_is_looked_at_by_a_fork():
        for index in indices:
            folder = Path(scratch) / str(index)
            folder.mkdir()
            yield _one(reader, seed, index, folder)
            shutil.rmtree(folder, ignore_errors=True)


def _one(reader: str, seed: int, index: int, folder: Path) -> Find | None:
    from napari_fhn.labels import LabelError
    from napari_fhn.record import RecordError
    from napari_fhn.surveys import SurveyError

    path, options = write(reader, seed, index, folder)
    began = time.perf_counter()
    kind = said = ""
    try:
        with _limited():
            READERS[reader].read(path, options)
    except (SurveyError, LabelError, RecordError) as error:
        said = str(error)
        if len(said) > LONGEST or "\n" in said:
            kind = "a sentence that is none"
    except _TooLong:
        kind, said = "hang", traceback.format_exc(limit=-4)
    except MemoryError:
        kind, said = "memory", traceback.format_exc(limit=-4)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        at = traceback.extract_tb(error.__traceback__)
        ours = [one for one in at if "napari_fhn" in one.filename]
        where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
        kind, said = f"{type(error).__name__} at {where}", f"{error}"[:300]
    if not kind and time.perf_counter() - began > 3 * SECONDS:
        kind, said = "hang", f"{time.perf_counter() - began:.1f} s"
    return Find(reader, seed, index, kind, said) if kind else None


class _TooLong(BaseException):
    """Passes by everything that catches exceptions."""


@contextmanager
def _limited() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise _TooLong

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGALRM, ring)
    timer = signal.setitimer(signal.ITIMER_REAL, SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)


@contextmanager
def _quiet() -> Iterator[None]:
    import warnings

    was = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(was)


@contextmanager
def _hdf5_is_looked_at_by_a_fork() -> Iterator[None]:
    """Look through HDF5 files in a fork of this process: the same look, without half a second for imports."""
    from napari_fhn.surveys.arrays import hdf5

    was = subprocess.run

    def forked(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        if hdf5.hdf5_look.__file__ not in command:
            return was(command, **options)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            # No return into the caller, whatever happens.
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
                os.close(2)
                os.write(writing, json.dumps(hdf5.hdf5_look.look(command[3], int(command[4]))).encode())
            except BaseException:
                os._exit(1)
            os._exit(0)
        os.close(writing)
        said, end = b"", time.monotonic() + 0.6 * SECONDS
        with os.fdopen(reading, "rb", 0) as file:
            os.set_blocking(reading, False)
            while True:
                said += file.read(2**20) or b""
                done, status = os.waitpid(child, os.WNOHANG)
                if done:
                    said += file.read(2**24) or b""
                    break
                if time.monotonic() > end:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    raise subprocess.TimeoutExpired(command, SECONDS)
                time.sleep(0.001)
        return subprocess.CompletedProcess(command, os.waitstatus_to_exitcode(status), said, b"")

    hdf5.subprocess.run = forked  # type: ignore[assignment]
    try:
        yield
    finally:
        hdf5.subprocess.run = was  # type: ignore[assignment]
