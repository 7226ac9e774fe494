"""``napari-fhn worker``: trains on this machine for a desk that is somewhere else."""

from __future__ import annotations

import argparse
import os
import sys

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands
from napari_fhn.cli.typed import here


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "worker",
        help="train on this machine for a desk somewhere else, which comes by ssh or by a port",
        description="Stays, and trains for whoever comes by a port of this machine and says the token; both are "
        "printed. A desk that says ssh://HOST begins one by itself.",
    )
    parser.add_argument("--folder", type=here, metavar="DIR", help="of files and runs (default: ~/napari-fhn-work)")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="on the loopback (default: any that is free)")
    parser.add_argument(
        "--idle", type=float, default=0.0, metavar="SECONDS", help="end without anything to do (default: never)"
    )
    parser.add_argument(
        "--stdio", action="store_true", help="talk over standard input and output, as ssh does, to one that stays"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Stay, or join the streams to one that does."""
    from napari_fhn.engine.remote import address, staying

    folder = staying.default_folder() if options.folder is None else options.folder.absolute()
    if options.stdio:
        staying.relay(folder, sys.stdin.buffer, sys.stdout.buffer)
    else:
        staying.stay(folder, port=options.port, token=os.environ.get(address.TOKEN) or None, idle=options.idle)
    return OK
