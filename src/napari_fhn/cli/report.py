"""``napari-fhn report``: what was trained on what and what came out, as one HTML file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from napari_fhn.cli.exits import OK
from napari_fhn.cli.options import Commands, add_json
from napari_fhn.training.job import Job, JobError


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("report", help="write what came out of a training as one HTML file")
    parser.add_argument(
        "--session", type=Path, required=True, metavar="DIR", help="folder that train, or the dock, wrote"
    )
    parser.add_argument("--truth", metavar="FILE", help="true classes on the survey's grid")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the file (default: report.html in the session)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the report, and say where it is."""
    from napari_fhn.report.writing import write

    if not options.session.is_dir():
        raise JobError(f"there is no session in {options.session}: train one first")
    truth = None
    if options.truth is not None:
        from napari_fhn.cli.given import read_truth

        truth = read_truth(options.truth, Job.load(options.session / "job.json"))
    path = write(options.session, options.output, truth)
    print(json.dumps({"kind": "Report", "path": str(path)}) if options.json else f"Written: {path}")
    return OK
