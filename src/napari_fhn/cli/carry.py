"""``napari-fhn carry``: wells, sections and horizons carried along the reflectors, as labels that weigh less."""

from __future__ import annotations

import argparse
import json

from napari_fhn.cli.exits import OK
from napari_fhn.cli.maps import add_maps
from napari_fhn.cli.options import Commands, UsageError, add_json, add_known, add_take_over
from napari_fhn.cli.reading import add_reading
from napari_fhn.cli.saying import worded
from napari_fhn.cli.sessions import say, told
from napari_fhn.cli.typed import here
from napari_fhn.sentence import counted

_PROGRAM = "napari-fhn carry"


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "carry", help="carry the labels of a session along the reflectors, as labels that count by their confidence"
    )
    parser.add_argument(
        "surveys",
        nargs="*",
        metavar="SURVEY",
        help="seismic volume or line, with what is known of it (sample:seismic is the bundled one); without any, the "
        "survey and the labels of --session are taken",
    )
    add_known(parser)
    how = parser.add_argument_group("how")
    how.add_argument("--reach", type=float, metavar="N", help="longest way in traces (default: any)")
    how.add_argument(
        "--least",
        type=float,
        metavar="SHARE",
        help="least confidence, from 0 to 1, which falls with distance and where reflectors break off (default 0.5)",
    )
    how.add_argument("--erase", action="store_true", help="take away what was carried and stands as it was")
    how.add_argument("--vertical-axis", type=int, metavar="N", help="axis of time or depth where the file names none")
    how.add_argument("--session", type=here, metavar="DIR", help="folder of work (default: SURVEY.fhn, made here)")
    add_reading(parser)
    add_maps(parser)
    add_take_over(parser)
    add_json(parser)
    parser.set_defaults(run=run, truth=None, job=None, run_name=None)


def run(options: argparse.Namespace) -> int:
    """Carry labels, or take away those that were carried."""
    if options.erase and (options.reach is not None or options.least is not None):
        raise UsageError("--erase takes everything that was carried: leave --reach and --least out")
    if not options.surveys and options.session is None:
        raise UsageError("name a survey, or a --session that has one")
    from napari_fhn.cli.given import labelled
    from napari_fhn.project.labelling.carrying import LEAST, carry_labels, erase_carried

    with labelled(options, _PROGRAM) as project:
        if options.erase:
            found = erase_carried(project)
        else:
            least = LEAST if options.least is None else options.least
            found = carry_labels(
                project, reach=options.reach, least=least, progress=told("Carrying along the reflectors")
            )
        say(found.notes)
        if options.json:
            print(json.dumps({"kind": "Carried", "voxels": found.voxels, "session": str(project.session.folder)}))
        elif options.erase:
            print(
                f"{counted(found.labels.voxels, 'carried labels are gone', 'carried label is gone')}; those "
                "that were observed stay."
            )
        else:
            print(
                f"{worded(counted(found.voxels, 'voxels are labelled', 'voxel is labelled'))} along the reflectors "
                f"now, each with its confidence as its weight, in {project.session.folder}."
            )
    return OK
