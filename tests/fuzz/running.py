"""One damaged file at a time: made, read under limits of time and memory, and judged."""

from __future__ import annotations

import logging
import os
import random
import resource
import shutil
import signal
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked

from .mutation import damaged
from .readers import READERS

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
    put(files, folder)
    return folder / sample.target, dict(sample.options)


def run(reader: str, seed: int, indices: Iterable[int]) -> Iterator[Find | None]:
    """Read inputs one after the other; None for each that ends as it should."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as scratch, limited(reader, Path(scratch)):
        for index in indices:
            folder = Path(scratch) / str(index)
            path, options = write(reader, seed, index, folder)
            before = _content(folder)
            found = judged(reader, path, options)
            if _content(folder) != before:
                found = "it was written into", ""
            shutil.rmtree(folder, ignore_errors=True)
            yield Find(reader, seed, index, *found) if found else None


@contextmanager
def limited(reader: str, scratch: Path) -> Iterator[None]:
    """Make ready for `judged`: no output, files looked at quickly, and everything imported that the reader imports."""
    with _quiet(), forked.installed(forked.ForkedLooks):
        for k, sample in enumerate(READERS[reader].samples()):
            put(sample.files, scratch / f"sound{k}")
            READERS[reader].read(scratch / f"sound{k}" / sample.target, dict(sample.options))
        yield


def put(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder, which is made."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _content(folder: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def judged(reader: str, path: Path, options: Mapping[str, Any]) -> tuple[str, str] | None:
    """Read a file under limits of time and memory; return what should not have happened, and more of it."""
    from napari_fhn.labels import LabelError
    from napari_fhn.record import RecordError
    from napari_fhn.surveys import SurveyError
    from napari_fhn.training import JobError

    try:
        with _limits(READERS[reader].seconds):
            READERS[reader].read(path, options)
    except (SurveyError, LabelError, RecordError, JobError) as error:
        said = str(error)
        return ("a sentence that is none", said) if len(said) > LONGEST or not said.isprintable() else None
    except _TooLong:
        return "hang", traceback.format_exc(limit=-4)
    except MemoryError:
        return "memory", traceback.format_exc(limit=-4)
    except Exception as error:
        at = [one for one in traceback.extract_tb(error.__traceback__) if "napari_fhn" in one.filename]
        where = f"{Path(at[-1].filename).name}:{at[-1].lineno}" if at else "?"
        return f"{type(error).__name__} at {where}", f"{error}"[:300]
    return None


class _TooLong(BaseException):
    """Passes by everything that catches exceptions."""


@contextmanager
def _limits(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise _TooLong

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    handlers = {number: signal.signal(number, ring) for number in (signal.SIGALRM, signal.SIGPROF)}
    timer = signal.setitimer(signal.ITIMER_REAL, 10 * seconds)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in handlers.items():
            signal.signal(number, handler)
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
