"""``napari-fhn report``: what was trained on what and what came out, as one HTML file."""

from __future__ import annotations

import argparse
import json

from napari_fhn.cli import passed_over
from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, add_json, add_overwrite, add_partial, add_run
from napari_fhn.cli.reading import READING, add_reading, reading
from napari_fhn.cli.saying import busy
from napari_fhn.cli.sessions import existing, opened, run_of
from napari_fhn.cli.typed import here


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("report", help="write what came out of a training as one HTML file")
    parser.add_argument(
        "--session", type=here, required=True, metavar="DIR", help="folder that train, or the dock, wrote"
    )
    add_run(parser)
    parser.add_argument("--truth", metavar="FILE", help="true classes, which may lie on another grid")
    parser.add_argument(
        "--output", type=here, metavar="FILE", help="the file (default: report.html in the folder of the run)"
    )
    add_partial(parser)
    add_overwrite(parser)
    add_reading(parser)
    add_json(parser)
    parser.set_defaults(run=run, described=passed_over.described(parser))


def run(options: argparse.Namespace) -> int:
    """Write the report, and say where it is."""
    from napari_fhn.report.runs import write_report

    if options.truth is None:
        passed_over.check(options, READING, "the surveys of a session are read as they were, and no --truth is named")
    session = existing(options.session, "napari-fhn report")
    chosen = run_of(session, options.run_name)
    with busy("Writing the report"):
        path = write_report(
            opened(session, chosen),
            chosen,
            options.output,
            options.truth,
            partial=options.partial,
            reading=reading(options),
            overwrite=options.overwrite,
        )
    if options.json:
        print(json.dumps({"kind": "Report", "path": str(path), "run": chosen.id}))
    else:
        print(f"Written: {path}")
    return OK
