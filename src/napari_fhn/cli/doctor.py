"""``napari-fhn doctor``: what this machine has, whether it works here, and what to do where it does not."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from napari_fhn.cli.checks import Check, all_checks
from napari_fhn.cli.exits import OK, WRONG
from napari_fhn.cli.options import Commands, add_json
from napari_fhn.cli.saying import busy


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "doctor",
        help="say what this machine has, and whether training and the window work on it; for an issue, too",
        description="Look at versions, devices, memory, disks and the window's OpenGL, and train and predict a small "
        "volume for some seconds. What it prints belongs into the form of an issue.",
    )
    parser.add_argument("--quick", action="store_true", help="without training anything and without a window")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what was found; 2 where something has to be done."""
    with busy("Looking at this machine"):
        found = list(all_checks(quick=options.quick))
    if options.json:
        for one in found:
            print(json.dumps({"kind": "Check", **asdict(one)}))
    else:
        print("\n".join(lines(found)))
    return WRONG if any(one.state == "wrong" for one in found) else OK


def lines(found: list[Check]) -> list[str]:
    """Return the text that a person reads, or puts into an issue.

    Parameters
    ----------
    found : list of Check
        In the order in which they are told.
    """
    width = max(len(one.name) for one in found)
    text = [f"{one.name:{width}}  {one.found}" for one in found]
    advice = [f"{'!' if one.state == 'wrong' else '-'} {one.advice}" for one in found if one.advice]
    wrong = sum(one.state == "wrong" for one in found)
    end = "Everything works here." if not wrong else f"{wrong} of these keep something from working."
    return [*text, "", *advice, end]
