"""``napari-fhn fetched``: what lies in the cache of what was fetched from addresses, and how it goes."""

from __future__ import annotations

import argparse
import datetime
import json

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, add_json
from napari_fhn.cli.tables import aligned


def add(commands: Commands) -> None:
    """Describe the command, and what it can do."""
    parser = commands.add_parser("fetched", help="list what was fetched from addresses and is kept, or clear it")
    parser.add_argument(
        "--clear",
        choices=("old", "all"),
        help="remove earlier versions, or all; what is needed comes again",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List or clear it."""
    from napari_fhn.project.sessions.outline import day
    from napari_fhn.surveys.remote.fetched import clear, fetched
    from napari_fhn.surveys.remote.fetching import folder, size_words

    if options.clear is not None:
        freed = clear(old=options.clear == "old")
        said = f"{size_words(freed)} are free again in {folder()}." if freed else f"Nothing had to go in {folder()}."
        print(json.dumps({"kind": "Cleared", "bytes": freed}) if options.json else said)
        return OK
    found = fetched()
    if options.json:
        for one in found:
            told = {"address": one.address, "folder": str(one.folder), "bytes": one.size, "old": one.old}
            print(json.dumps({"kind": "Fetched", **told, "used": one.used.isoformat()}))
        return OK
    if not found:
        print(f"Nothing that was fetched lies in {folder()}.")
        return OK
    today = datetime.date.today()
    print(
        aligned(
            [
                [one.address or "?", size_words(one.size), day(one.used.date(), today), _state(one.address, one.old)]
                for one in found
            ]
        )
    )
    print(f"{size_words(sum(one.size for one in found))} in {folder()}")
    return OK


def _state(address: str, old: bool) -> str:
    return "" if not old else "an earlier version" if address else "cut off"
