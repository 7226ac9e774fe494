"""The commands, and what the program ends with."""

from __future__ import annotations

import argparse
import errno
import functools
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from napari_fhn import __version__, installed, keys
from napari_fhn.cli import (
    attributes,
    brick,
    carry,
    company,
    completion,
    diagnose,
    dips,
    doctor,
    export,
    export_network,
    fetched,
    forecast,
    history,
    horizon,
    info,
    listing,
    misplaced,
    outputs,
    predict,
    recipes,
    report,
    runs,
    saying,
    score,
    similar,
    train,
    worker,
)
from napari_fhn.cli.exits import INTERRUPTED, OK, WRONG
from napari_fhn.cli.options import Parser
from napari_fhn.training.recipes import RECIPES

#: In the order in which ``--help`` lists them. Each has ``add(commands)``, which describes its options and imports
#: nothing heavy, and ``run(options)``, which returns the exit code.
COMMANDS = (
    train, predict, carry, horizon, export, export_network, score, report, runs, listing, history, similar, info, brick,
    dips, recipes, attributes, forecast, diagnose, doctor, fetched, worker, completion,
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
    words = tuple(map(keys.taken, sys.argv[1:] if arguments is None else arguments))
    typed = shlex.join(("napari-fhn", *words))
    # What is wrong with the options themselves is told the same way.
    with saying.speaking(typed, as_json="--json" in words, verbose=False, log_file=None):
        options = _parsed(words, typed)
        _name_addresses(words)
    if options is None:
        return WRONG
    with ExitStack() as speaking:
        asked = saying.speaking(
            typed,
            as_json=getattr(options, "json", False),
            verbose=getattr(options, "verbose", False),
            log_file=getattr(options, "log_file", None),
            rephrased=lambda sentence: misplaced.of_other_commands(sentence, options.command, _parsers()),
        )
        try:
            speaking.enter_context(asked)
        except OSError as error:
            print(f"napari-fhn: {_sentence(error) or error}", file=sys.stderr)
            return WRONG
        return _carried_out(options)


def _name_addresses(words: Sequence[str]) -> None:
    """Take note of the addresses that a person names, and whether what lies there is wanted however large it is."""
    named = [word[word.find("=") + 1 :] if "=" in word.partition("://")[0] else word for word in words if "://" in word]
    if not named:
        return
    # Here and not above: few commands are about addresses, and most are answered before this is imported.
    from napari_fhn.surveys import reaching
    from napari_fhn.surveys.remote import fetching
    from napari_fhn.surveys.remote.addresses import url_of

    fetching.shown = saying.told
    for url in filter(None, map(url_of, named)):
        reaching.remember_address(url)
        if "--fetch" in words:
            reaching.agree(url)


def _parsed(words: Sequence[str], typed: str) -> argparse.Namespace | None:
    """Read the command line; None where it makes no sense, which is said."""
    try:
        options = parser().parse_args(words)
        misplaced.check(options)
        outputs.check(options)
    except ValueError as error:
        saying.fail(misplaced.of_a_session(words, str(error)), WRONG)
        return None
    options.typed = typed
    return options


def _carried_out(options: argparse.Namespace) -> int:
    """Run a command, and say what keeps it from its end."""
    try:
        company.refuse(options.command)
        code: int = options.run(options)
        return code
    except KeyboardInterrupt:
        saying.say(["stopped; what was whole before is as it was, and nothing is left half written."])
        return INTERRUPTED
    except BrokenPipeError:
        return OK  # the reader of a pipe has seen enough, where it is not this program's own (`pipes`)
    except (ValueError, OSError, MemoryError, ImportError) as error:
        sentence = _sentence(error)
        if sentence is None:
            saying.log.exception("a fault of the program")
            raise
        saying.fail(sentence, WRONG)
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


def _parsers() -> dict[str, Parser]:
    """Return the parser of each command, by its name."""
    (commands,) = (one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    return dict(commands.choices)


def parser() -> Parser:
    """Return the parser of the whole command line."""
    return _parser_with(tuple(RECIPES))


@functools.cache
def _parser_with(recipes: tuple[str, ...]) -> Parser:
    """Return the parser; made once for the recipes there are: its thousand options take longer than many a command."""
    whole = Parser(
        prog="napari-fhn",
        description="Segment seismic volumes, hyperspectral cubes and maps from sparse labels.",
    )
    whole.add_argument("--version", action="version", version=__version__)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return whole
