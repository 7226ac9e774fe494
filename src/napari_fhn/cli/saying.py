"""What the command line tells a person beside its results: sentences, shares, errors; in JSON where that was asked for.

All of it goes to standard error, so that results can be piped, and to the log where one is kept.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_fhn import __version__
from napari_fhn.cli.reading import as_options
from napari_fhn.keys import hidden
from napari_fhn.sentence import Cell, made_of

log = logging.getLogger("napari_fhn")
# Where nobody asked for a log there is none: without this Python would print errors by itself.
log.addHandler(logging.NullHandler())
_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LINE_OF_LOG = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ \S+: ")
_as_json = False
_rephrased: Callable[[str], str] = str
_cell: Cell = "voxel"


class _Formatter(logging.Formatter):
    """Writes what happens without keys of addresses, which libraries name in their errors."""

    def format(self, record: logging.LogRecord) -> str:
        return hidden(super().format(record))


def may_be_log(path: str | Path) -> bool:
    """Tell whether a log may be added to what is there: a log of before, an empty file, a terminal, nothing.

    Parameters
    ----------
    path : path-like
        As a person named it.
    """
    if not os.path.isfile(path):
        return True  # Whoever opens it says what is wrong.
    try:
        with open(path, "rb") as file:
            begins = file.read(200)
    except OSError:
        return True
    return not begins or _LINE_OF_LOG.match(begins) is not None


@contextmanager
def speaking(
    typed: str,
    *,
    as_json: bool,
    verbose: bool,
    log_file: Path | None,
    rephrased: Callable[[str], str] = str,
) -> Iterator[None]:
    """Say things the way a person has asked for while a command runs.

    Parameters
    ----------
    typed : str
        The command.
    as_json : bool
        Whether errors and notes are lines of JSON too.
    verbose : bool
        Whether what happens is told on standard error as it does.
    log_file : Path or None
        A file that all of that is added to, with tracebacks.
    rephrased : callable
        What is wrong, in the words of the command.

    Raises
    ------
    OSError
        When the log cannot be written.
    """
    global _as_json, _rephrased, _cell
    before, _as_json, _rephrased = (_as_json, _rephrased, _cell), as_json, rephrased
    handlers: list[logging.Handler] = []
    if verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
        handlers[0].setLevel(logging.INFO)
    if log_file is not None:
        handlers.append(logging.FileHandler(log_file, encoding="utf-8"))
    # Libraries warn through Python's own ways, which end up here too.
    listened = (log, logging.getLogger("py.warnings"))
    for handler in handlers:
        handler.setFormatter(_Formatter(_LINE))
        for one in listened:
            one.addHandler(handler)
    level, propagates = log.level, log.propagate
    if handlers:
        log.setLevel(logging.DEBUG)
        log.propagate = False
        logging.captureWarnings(True)
    begun = time.monotonic()
    log.info("%s", typed)
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    log.info("napari-fhn %s, %s, process %d in %s", __version__, system, os.getpid(), Path.cwd())
    try:
        yield
    finally:
        log.info("ended after %.1f s", time.monotonic() - begun)
        if handlers:
            logging.captureWarnings(False)
        log.setLevel(level)
        log.propagate = propagates
        for handler in handlers:
            for one in listened:
                one.removeHandler(handler)
            handler.close()
        _as_json, _rephrased, _cell = before


def speak_of(what: Cell) -> None:
    """Choose the words for what a command is about, from now on: a volume, a line or a map.

    Parameters
    ----------
    what : {"voxel", "sample", "pixel", "value"}
        What it is made of, as :func:`napari_fhn.sentence.cell` tells, or `napari_fhn.training.data.volume.cell_of`.
    """
    global _cell
    _cell = what


def worded(text: str) -> str:
    """Return a text, written of voxels, with the words for what the command is about."""
    return made_of(text, _cell)


def say(sentences: Iterable[str]) -> None:
    """Tell a person something that is no result: on standard error, so that results can be piped.

    Parameters
    ----------
    sentences : iterable of str
        Empty ones are left out.
    """
    for sentence in sentences:
        if sentence:
            log.debug("%s", sentence)
            _put("Note", sentence)


def fail(sentence: str, code: int) -> None:
    """Tell why a command ends.

    Parameters
    ----------
    sentence : str
        What is wrong, and the way out.
    code : int
        What the program ends with.
    """
    sentence = _rephrased(sentence)
    log.error("%s", sentence, exc_info=True)
    _put("Error", sentence, code=code)


def told(words: str) -> Callable[[float], None]:
    """Return what shows on a terminal how far something is; a log is spared it.

    Parameters
    ----------
    words : str
        What is under way.
    """
    log.info("%s", words)
    if _as_json or not sys.stderr.isatty():
        return lambda share: None
    return lambda share: print(
        f"\r{words}: {100 * share:3.0f} %", end="" if share < 1 else "\n", file=sys.stderr, flush=True
    )


@contextmanager
def busy(words: str) -> Iterator[None]:
    """Show on a terminal that something is under way, and for how long, where nobody can say how far it is.

    Parameters
    ----------
    words : str
        What is under way.
    """
    log.info("%s", words)
    if _as_json or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        shown.add_task(f"{words} (Ctrl-C leaves everything as it was)", total=None)
        yield


def _put(kind: str, sentence: str, **more: int) -> None:
    sentence = as_options(worded(sentence))
    line = json.dumps({"kind": kind, "message": sentence, **more}) if _as_json else f"napari-fhn: {sentence}"
    print(line, file=sys.stderr)
