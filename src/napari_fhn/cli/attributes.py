"""``napari-fhn attributes``: which there are, and which of them a survey has."""

from __future__ import annotations

import argparse
import json
import os
import textwrap
from typing import TYPE_CHECKING, Any

from napari_fhn.cli.exits import OK
from napari_fhn.cli.maps import add_maps
from napari_fhn.cli.options import Commands, add_json
from napari_fhn.cli.reading import add_reading
from napari_fhn.structure.attributes import ALL, ATTRIBUTES, Attribute, attribute

if TYPE_CHECKING:
    from napari_fhn.structure.attributes import Facts

_WIDTH = 100


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("attributes", help="list the attributes that train takes, or those that a survey has")
    parser.add_argument(
        "surveys",
        nargs="*",
        metavar="SURVEY",
        help="say which of them it has, by which channels, and why not others; names of attributes, or 'all', say "
        "which are told",
    )
    parser.add_argument(
        "--vertical-axis", type=int, metavar="N", help="axis of time or depth of a SURVEY without names"
    )
    add_reading(parser)
    add_maps(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List attributes."""
    names = [word for word in options.surveys if _is_name(word)]
    known = _facts(options, [word for word in options.surveys if word not in names])
    wanted = [kind() for kind in ATTRIBUTES.values()] if ALL in names or not names else list(map(attribute, names))
    for one in wanted:
        why = "" if known is None else one.why_not(known)
        channels = () if known is None or why else one.channels(known)
        if options.json:
            told: dict[str, Any] = {"title": one.title, "words": one.words, "takes": one.takes}
            if known is not None:
                told |= {"channels": list(channels), "why_not": why}
            print(json.dumps({"kind": "Attribute", "name": one.name, **told}))
        else:
            print(_in_words(one, why, channels))
    return OK


def _in_words(one: Attribute, why: str, channels: tuple[str, ...]) -> str:
    lines = [f"{one.name}: {one.title}", *_folded(one.words)]
    if one.takes:
        lines += _folded(f"After a colon: {one.takes}.")
    if why:
        lines += _folded(f"Not here: it {why}.")
    elif channels:
        shown = ", ".join(channels[:6]) + (f" and {len(channels) - 6} more" if len(channels) > 6 else "")
        lines += _folded(f"Channels: {shown}.")
    return "\n".join(lines)


def _folded(words: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH, initial_indent="    ", subsequent_indent="    ")


def _is_name(word: str) -> bool:
    """Whether a word is the name of an attribute, with or without values, and not that of a file."""
    return (word == ALL or word.partition(":")[0] in ATTRIBUTES) and not os.path.lexists(word)


def _facts(options: argparse.Namespace, surveys: list[str]) -> Facts | None:
    if not surveys:
        return None
    from napari_fhn.cli.maps import open_together
    from napari_fhn.project.data import samples
    from napari_fhn.project.data.facts import facts_of

    opened = open_together(samples.survey_files(surveys), options).surveys
    return facts_of(opened, options.vertical_axis)
