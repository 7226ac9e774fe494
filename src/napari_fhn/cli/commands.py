"""The commands, and what the program ends with."""

from __future__ import annotations

import errno
import os
import shlex
import sys
from collections.abc import Sequence

from napari_fhn import __version__, installed
from napari_fhn.cli import (
    attributes,
    brick,
    carry,
    company,
    diagnose,
    export,
    forecast,
    horizon,
    info,
    predict,
    recipes,
    report,
    runs,
    score,
    similar,
    train,
)
from napari_fhn.cli.exits import INTERRUPTED, OK, WRONG
from napari_fhn.cli.options import Parser

#: In the order in which ``--help`` lists them. Each has ``add(commands)``, which describes its options and imports
#: nothing heavy, and ``run(options)``, which returns the exit code.
COMMANDS = (
    train, predict, carry, horizon, export, score, report, runs, similar, info, brick, recipes, attributes, forecast,
    diagnose,
)  # fmt: skip


_FULL = (errno.ENOSPC, errno.EDQUOT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; the process's own when absent.

    Returns
    -------
    int
        Exit code: 0 done, 2 when something about the files or options is wrong (one sentence on standard error says
        what), 130 when stopped with Ctrl-C.
    """
    try:
        options = parser().parse_args(arguments)
        options.typed = shlex.join(("napari-fhn", *(sys.argv[1:] if arguments is None else arguments)))
        company.refuse(options.command)
        code: int = options.run(options)
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has seen enough; Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except (ValueError, OSError, MemoryError, ImportError) as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        print(f"napari-fhn: {sentence}", file=sys.stderr)
        return WRONG


def _sentence(error: ValueError | OSError | MemoryError | ImportError) -> str | None:
    """What a person can act on; None for an error of the program itself."""
    if isinstance(error, ImportError):
        return installed.in_words(error)
    # SurveyError, LabelError, JobError, ProjectError, RecordError, UsageError: told by their home, so that a machine
    # with torch and numpy alone can train.
    if type(error).__module__.startswith("napari_fhn."):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        way_out = ": make room there" if error.errno in _FULL else ""
        return f"{error.filename}: {error.strerror or error}{way_out}"
    if isinstance(error, OSError) and error.errno in _FULL:
        # Told by a write, which knows no name of a file.
        return "there is no room left on the disk: delete something, such as runs that are no longer needed"
    if isinstance(error, MemoryError):
        return "there is not enough memory: use a smaller survey, or close other programs"
    return None


def parser() -> Parser:
    """Return the parser of the whole command line."""
    whole = Parser(
        prog="napari-fhn",
        description="Segment seismic volumes, hyperspectral cubes and maps from sparse labels.",
    )
    whole.add_argument("--version", action="version", version=__version__)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return whole
