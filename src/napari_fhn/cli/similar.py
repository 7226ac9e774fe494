"""``napari-fhn similar``: places of a survey that look like one that is shown."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.cli.exits import OK
from napari_fhn.cli.maps import add_maps, open_together
from napari_fhn.cli.options import Commands, UsageError, add_json, add_overwrite, add_run, add_take_over
from napari_fhn.cli.reading import add_reading
from napari_fhn.cli.saying import worded
from napari_fhn.cli.sessions import existing, opened, run_of, say, told
from napari_fhn.cli.tables import aligned
from napari_fhn.cli.typed import here

if TYPE_CHECKING:
    from napari_fhn.project import Project, SurveySet
    from napari_fhn.project.labelling.similar import Similar
    from napari_fhn.structure.similar.describing import Descriptions
    from napari_fhn.structure.similar.likeness import Examples

_PROGRAM = "napari-fhn similar"


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("similar", help="find places that look like one that is shown")
    parser.add_argument(
        "surveys", nargs="*", metavar="SURVEY", help="survey files on one grid, or sample:seismic; or name a --session"
    )
    parser.add_argument("--session", type=here, metavar="DIR", help="look through the surveys of a session")
    add_run(parser)
    parser.add_argument(
        "--by",
        choices=("data", "network"),
        default="data",
        help="compare places by what the data look like there (default), or by the states of the network of a run",
    )
    several = {"action": "append", "default": []}
    parser.add_argument(
        "--at",
        **several,
        metavar="PLACE",
        help="a place that is meant, such as 'inline 120 crossline 300 time 700', 'x 431000 y 6350000' or the indices "
        "of a voxel '12 40 70'; may be repeated",
    )
    parser.add_argument("--unlike", **several, metavar="PLACE", help="a place that is not meant; may be repeated")
    parser.add_argument(
        "--like", metavar="CLASS", help="what is labelled as a class in --session is meant, and as others is not"
    )
    parser.add_argument("--count", type=int, default=12, metavar="N", help="places at most (default 12)")
    parser.add_argument(
        "--level",
        type=float,
        default=0.5,
        metavar="X",
        help="how alike what belongs to a place is, 0 to 1 (default 0.5)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write how alike every voxel is, 0 to 1, to .sgy, .tif, .img, .nc, .zarr or .npy",
    )
    parser.add_argument("--vertical-axis", type=int, metavar="N", help="axis of time or depth, if nobody names it")
    add_reading(parser)
    add_maps(parser)
    add_overwrite(parser)
    add_take_over(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Find places, and print where they are."""
    if bool(options.surveys) == (options.session is not None):
        raise UsageError("name the surveys to look through, or a session that has them with --session")
    if options.count < 1 or not 0 < options.level <= 1:
        raise UsageError("--count is 1 or more, and --level above 0 and at most 1")
    if not options.at and not options.like:
        raise UsageError("show a place with --at, or a class with --like")
    if options.session is None and (options.like or options.run_name or options.by == "network"):
        raise UsageError("--like, --by network and --run go with a --session")

    from napari_fhn.project.labelling import similar

    project, surveys, vertical = _surveys(options)
    examples = _examples(options, project, surveys)
    if options.by == "network" and project is not None:
        described = _states(project, options.run_name, take_over=options.take_over)
    else:
        described = similar.describe(surveys, vertical, told("Looking at the survey"))
    known = project.session.known() if project is not None and options.like else None
    found = similar.find(surveys, described, examples, count=options.count, level=options.level, known=known)
    _tell(found, options.json)
    if options.output is not None:
        written = found.save(options.output, surveys.first, told("Writing"), overwrite=options.overwrite)
        say([f"{written}: how alike every voxel is, 0 to 1"])
    return OK


def _states(project: Project, name: str | None, *, take_over: bool) -> Descriptions:
    """Return what the survey looks like to the network of a run, and let that look first where it has not."""
    from napari_fhn.project.labelling import similar
    from napari_fhn.project.runs import jobs
    from napari_fhn.training.prediction.states import write_states

    run = run_of(project.session, name)
    try:
        return similar.states(project, run)
    except similar.NotLooked:
        with project.session.writing(_PROGRAM, take_over=take_over):
            write_states(jobs.prediction_job(project, run, network_alone=True), told=told("The network looks"))
    return similar.states(project, run)


def _surveys(options: argparse.Namespace) -> tuple[Project | None, SurveySet, int | None]:
    """Return what is looked through, and which of its axes is vertical."""
    from napari_fhn.project.data.samples import survey_files

    if options.surveys:
        surveys = open_together(survey_files(options.surveys), options).surveys
        return None, surveys, surveys.vertical(options.vertical_axis)
    project = opened(existing(options.session, _PROGRAM))
    surveys, chosen = project.needed("Name the survey instead"), options.vertical_axis
    return project, surveys, project.vertical_axis if chosen is None else surveys.vertical(chosen)


def _examples(options: argparse.Namespace, project: Project | None, surveys: SurveySet) -> Examples:
    from napari_fhn.project.labelling import shown
    from napari_fhn.structure.similar.likeness import Examples

    labelled = shown.shown_by_class(project, options.like) if project is not None and options.like else Examples(())
    return Examples(
        (*(shown.shown_at(surveys, at) for at in options.at), *labelled.alike),
        (*(shown.shown_at(surveys, at) for at in options.unlike), *labelled.unlike),
    )


def _tell(found: Similar, as_json: bool) -> None:
    """Print the places that were found, the most alike first."""
    if as_json:
        for place in found.found:
            told = {
                "where": found.where(place),
                "voxel": place.voxel,
                "start": place.box.start,
                "stop": place.box.stop,
                "likeness": round(place.likeness, 4),
                "voxels": int(place.inside.sum()),
            }
            print(json.dumps({"kind": "Place", **told}))
        return
    if not found.found:
        print("Nothing else looks like that.")
        return
    rows = [["place", "likeness", worded("voxels")]]
    rows += [[found.where(place), f"{place.likeness:.2f}", f"{int(place.inside.sum()):,}"] for place in found.found]
    print(aligned(rows))
