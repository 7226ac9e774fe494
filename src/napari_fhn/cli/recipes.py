"""``napari-fhn recipes``: which there are, what each is for, and what its network looks like."""

from __future__ import annotations

import argparse
import json
import textwrap
from dataclasses import asdict

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, add_json
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.table import table
from napari_fhn.training.recipes import RECIPES, Recipe, recipe

_WIDTH = 100


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("recipes", help="list the recipes, or show the network and the schedule of some")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="recipes to show in full, or 'all' (default: list all)"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List recipes, or show those that are named."""
    for name in RECIPES if not options.names or "all" in options.names else options.names:
        found = recipe(name)
        if options.json:
            told = {"title": found.title, "description": found.description, "network": found.network.to_dict()}
            print(json.dumps({"kind": "Recipe", "name": name, **told, "schedule": asdict(found.schedule)}))
        elif options.names:
            print(_in_full(name, found))
        else:
            print(_in_short(name, found))
    return OK


def _in_short(name: str, found: Recipe) -> str:
    words = textwrap.fill(found.description, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"{name}: {found.title}\n{words}"


def _in_full(name: str, found: Recipe) -> str:
    lines = [_in_short(name, found), ""]
    if isinstance(found.network, Architecture):
        lines += [table(found.network, found.schedule.block), ""]
    lines += [f"{key.replace('_', ' ')}: {_value(value)}" for key, value in asdict(found.schedule).items()]
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(part)}" for key, part in value.items())
    if isinstance(value, tuple):
        return " x ".join(map(_value, value)) or "none"
    return "default" if value is None else str(value)
