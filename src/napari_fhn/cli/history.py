"""``napari-fhn history``: what was done to the labels of a session, taken back and made again."""

from __future__ import annotations

import argparse
import json
from typing import Any

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, UsageError, add_json, add_take_over
from napari_fhn.cli.saying import worded
from napari_fhn.cli.sessions import existing, say, speak_of_session
from napari_fhn.cli.tables import aligned
from napari_fhn.cli.typed import here
from napari_fhn.sentence import counted

_PROGRAM = "napari-fhn history"


def add(commands: Commands) -> None:
    """Describe the command, and what it can do."""
    parser = commands.add_parser("history", help="list what was done to labels, classes and wells; take it back")
    parser.add_argument(
        "action",
        nargs="?",
        choices=("list", "undo", "redo"),
        default="list",
        help="list it (the default), take the newest back, or make again what was taken back last",
    )
    parser.add_argument("--session", type=here, metavar="DIR", help="folder that train, or the dock, wrote")
    parser.add_argument("--steps", type=int, default=1, metavar="N", help="how many at once (default: 1)")
    add_take_over(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List what was done, or take some of it back."""
    if options.session is None:
        raise UsageError("the following arguments are required: --session")
    session = existing(options.session, _PROGRAM)
    if options.action == "list":
        _list(options, [(one.number, one.title, one.undone) for one in session.steps.entries])
        return OK
    from napari_fhn.project.undo.history import make_again, take_back

    back = options.action == "undo"
    with session.writing(_PROGRAM, take_over=options.take_over):
        taken = (take_back if back else make_again)(session, options.steps)
    speak_of_session(session)
    say(taken.words)
    if options.json:
        print(json.dumps({"kind": "History", "action": options.action, "steps": taken.titles, "voxels": taken.voxels}))
    else:
        what = "Taken back" if back else "Made again"
        print(f"{what}: {'; '.join(taken.titles)} ({worded(counted(taken.voxels, 'voxels'))}).")
    return OK


def _list(options: argparse.Namespace, entries: list[tuple[int, str, bool]]) -> None:
    if options.json:
        for number, title, undone in entries:
            told: dict[str, Any] = {"kind": "Step", "number": number, "title": title, "undone": undone}
            print(json.dumps(told))
        return
    if not entries:
        print("Nothing was done to its labels that could be taken back.")
        return
    print(aligned([[str(number), title, "taken back" if undone else ""] for number, title, undone in entries]))
