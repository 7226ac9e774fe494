"""Words that a person typed where something else is named: what they are elsewhere, and how that is said."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from napari_fhn.cli.options import UsageError
from napari_fhn.structure.attributes import ATTRIBUTES
from napari_fhn.training.recipes import RECIPES

_MANIFEST = "session.json"


def check(options: argparse.Namespace) -> None:
    """Refuse words that stand where others belong: recipes or attributes where a survey is named, words turned round.

    Parameters
    ----------
    options : argparse.Namespace
        Of any command. A file of that name is a file.

    Raises
    ------
    UsageError
    """
    said = vars(options)
    if "in_order" in said:
        said["in_order"](options)
    for word in _surveys(said):
        if os.path.lexists(word):
            continue
        if "recipe" in said and word in RECIPES:
            raise UsageError(f"{word}: there is no such file; the recipe of this name is taken with --recipe {word}")
        if "attributes" in said and word.partition(":")[0] in ATTRIBUTES:
            what = "the attribute of this name is taken with --attribute"
            raise UsageError(f"{word}: there is no such file; {what} {word}")


def of_a_session(words: Sequence[str], wrong: str) -> str:
    """Return what is wrong with a command line, where it is that a session stands in it without its option.

    Parameters
    ----------
    words : sequence of str
        The command line.
    wrong : str
        What the parser says.

    Returns
    -------
    str
        The same, or the better sentence.
    """
    if words and words[0][:1] != "-":  # what nobody takes is found at the end, by the whole program
        wrong = re.sub("(?<=unrecognized)(.*)'napari-fhn --help'", rf"\1'napari-fhn {words[0]} --help'", wrong)
    for word in words[1:]:
        stranger = f"unrecognized arguments: {word}" in wrong or f"invalid choice: {word!r}" in wrong
        stranger = stranger or ("are required:" in wrong and "--session" in wrong)
        if stranger and os.path.isfile(os.path.join(word, _MANIFEST)):
            return f"{word}: it is a session, which is named with --session {shlex.quote(word)}"
    return wrong


def check_order(first: Path, second: Path, names: tuple[str, str], is_first: Callable[[Path], bool]) -> None:
    """Refuse two words of which the second is what the first should be.

    Parameters
    ----------
    first, second : Path
        As they were typed.
    names : tuple of str
        What they should be, in this order.
    is_first : callable
        Tells whether a path is what stands first.

    Raises
    ------
    UsageError
    """
    if is_first(second) and not is_first(first):
        raise UsageError(f"{names[0]} is named first, then {names[1]}: here {second} stands behind {first}")


def of_other_commands(sentence: str, command: str, commands: Mapping[str, argparse.ArgumentParser]) -> str:
    """Return a sentence that says whose the options are of which it speaks, where the command has none such.

    What reads files says how they are given elsewhere, and does not know which command asked.

    Parameters
    ----------
    sentence : str
        What is wrong.
    command : str
        Of which it is said.
    commands : mapping
        The parser of each command, by its name.
    """
    own = _usage(commands[command])
    if not _has(own, "--session"):
        sentence = sentence.replace("Name it with --session", "Name the survey that it is of")
    strange = []
    for option in dict.fromkeys(re.findall(r"(?<![\w-])--[a-z][a-z-]+", sentence)):
        named = re.search(rf"\b({'|'.join(map(re.escape, commands))})\b[^.;:]*{option}\b", sentence)
        if named is None and not _has(own, option):
            strange.append(option)
    for whose in ("train", "predict"):
        found = [option for option in strange if _has(commands[whose].format_usage(), option)]
        if found:
            what = f"{found[0]} is an option" if len(found) == 1 else f"{' and '.join(found)} are options"
            return f"{sentence.rstrip('.')} ({what} of 'napari-fhn {whose}')."
    return sentence


def _usage(parser: argparse.ArgumentParser) -> str:
    """Return a text with all options of a command, and of what it is divided into, as ``export`` is."""
    parts = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return " ".join([parser.format_usage(), *(_usage(part) for some in parts for part in some.choices.values())])


def _has(usage: str, option: str) -> bool:
    return re.search(rf"{option}(?![\w-])", usage) is not None


def _surveys(said: dict[str, object]) -> Iterable[str]:
    for name in ("surveys", "survey"):
        found = said.get(name)
        yield from [found] if isinstance(found, str) else map(str, found) if isinstance(found, list) else ()
