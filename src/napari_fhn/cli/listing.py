"""``napari-fhn sessions``: which sessions there are on this machine, as the desk lists them."""

from __future__ import annotations

import argparse
import datetime
import json
from typing import TYPE_CHECKING

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, UsageError, add_json
from napari_fhn.cli.tables import aligned
from napari_fhn.cli.typed import here

if TYPE_CHECKING:
    from napari_fhn.project.sessions.session_list import Entry

_MOST = 40


def add(commands: Commands) -> None:
    """Describe the command, and what it can do."""
    parser = commands.add_parser("sessions", help="list the sessions of this machine, the last opened first")
    parser.add_argument(
        "--folder",
        type=here,
        action="append",
        default=[],
        metavar="DIR",
        help="also look in this folder of sessions (the one of napari's Preferences, say); may be given again",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List them."""
    from napari_fhn.project.sessions.recent import FILE, RecentSessions
    from napari_fhn.project.sessions.session_list import listed, program_folder, sessions_folder

    named = [folder.expanduser().absolute() for folder in options.folder]
    for folder in named:
        if not folder.is_dir():
            raise UsageError(f"{folder}: there is no such folder")
    homes = dict.fromkeys((*named, sessions_folder(), program_folder()))
    home = next((folder for folder in homes if (folder / FILE).is_file()), program_folder())
    found = listed(RecentSessions(home / FILE), homes, _MOST)
    if options.json:
        for entry in found:
            print(json.dumps(_told(entry)))
        return OK
    if not found:
        print(f"There are no sessions in {' and '.join(map(str, homes))}.")
        return OK
    today, rows = datetime.date.today(), []
    for entry in found:
        outline = entry.outline
        if outline is None:
            rows.append([entry.called if entry.survey else "?", entry.why_not, "", str(entry.folder)])
        else:
            words = f"{outline.words}; damaged" if entry.damaged else outline.words
            rows.append([outline.survey or "?", outline.day(today), words, str(entry.folder)])
    print(aligned(rows))
    for entry in found:
        for words in entry.damaged:
            print(f"{entry.folder.name}: {words}")
    return OK


def _told(entry: Entry) -> dict[str, object]:
    outline = entry.outline
    told: dict[str, object] = {"kind": "Session", "folder": str(entry.folder), "found": outline is not None}
    told |= {"gone": entry.gone, "why_not": entry.why_not} if outline is None else {"damaged": entry.damaged}
    if outline is not None:
        told |= {
            "survey": outline.survey,
            "source": outline.source,
            "changed": outline.changed.isoformat(),
            "holds": outline.words,
            "step": outline.step,
            "score": outline.score,
        }
    return told
