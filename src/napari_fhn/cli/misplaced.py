"""Words that a person typed where something else is named: what they are elsewhere, and how that is said."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence

from napari_fhn.cli.options import UsageError
from napari_fhn.structure.attributes import ATTRIBUTES
from napari_fhn.training.recipes import RECIPES

_MANIFEST = "session.json"


def check(options: argparse.Namespace) -> None:
    """Refuse the name of a recipe or an attribute where a survey is named, with the option that takes it.

    Parameters
    ----------
    options : argparse.Namespace
        Of any command. A file of that name is a file.

    Raises
    ------
    UsageError
    """
    said = vars(options)
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
    if words[:1] == ("export-network",) and "unrecognized arguments: --session" in wrong:
        return "a session is named without an option here, as in 'napari-fhn export-network SESSION FILE'"
    for word in words[1:]:
        stranger = f"unrecognized arguments: {word}" in wrong or f"invalid choice: {word!r}" in wrong
        if stranger and os.path.isfile(os.path.join(word, _MANIFEST)):
            return f"{word}: it is a session, which is named with --session {word}"
    return wrong


def _surveys(said: dict[str, object]) -> Iterable[str]:
    for name in ("surveys", "survey"):
        found = said.get(name)
        yield from [found] if isinstance(found, str) else map(str, found) if isinstance(found, list) else ()
