"""``napari-fhn info``: what survey files hold."""

from __future__ import annotations

import argparse
import json
import sys

from napari_fhn.cli.exits import OK, WRONG
from napari_fhn.cli.options import Commands, add_json
from napari_fhn.cli.reading import add_reading, reading


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("info", help="say what a survey file holds")
    parser.add_argument("surveys", nargs="+", metavar="FILE", help="SEG-Y, ENVI, GeoTIFF, .npy, or sample:seismic")
    add_reading(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a summary of each file; one that cannot be read does not keep the others from being told."""
    from napari_fhn.cli.given import survey_files
    from napari_fhn.surveys import SurveyError, open, summary

    code = OK
    for number, name in enumerate(options.surveys):
        if number and not options.json:
            print()
        try:
            for path in survey_files([name]):
                lines = summary(open(path, **reading(options)))
                if options.json:
                    print(json.dumps({"kind": "Survey", "path": str(path), "summary": lines}))
                else:
                    print("\n".join(lines))
        except SurveyError as error:
            print(f"napari-fhn: {error}", file=sys.stderr)
            code = WRONG
    return code
