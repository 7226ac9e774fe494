"""``napari-fhn brick``: a survey copied into shards of bricks, on a disk or in an object store."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.misplaced import check_order
from napari_fhn.cli.options import Commands, UsageError, add_cluster, add_json, add_task, check_task
from napari_fhn.cli.reading import add_reading, reading
from napari_fhn.cli.running import interruptible
from napari_fhn.cli.sessions import told
from napari_fhn.regular import is_address


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("brick", help="copy a survey into bricks (Zarr 3), which are read in place")
    parser.add_argument("survey", metavar="SURVEY", help="survey file or address")
    parser.add_argument(
        "target", metavar="TARGET", help="the store to make: a folder such as survey.zarr, or s3://, gs://, abfs://"
    )
    add_task(parser, "copy")
    add_cluster(parser)
    parser.add_argument("--levels", action="store_true", help="add the coarser levels that the view in 3D takes")
    add_reading(parser)
    add_json(parser)
    parser.set_defaults(run=run, in_order=_in_order)


def run(options: argparse.Namespace) -> int:
    """Copy, or go on with a copy."""
    from napari_fhn import surveys
    from napari_fhn.network.counting import in_words
    from napari_fhn.project.data.samples import survey_files
    from napari_fhn.surveys.bricks import build_pyramid, copy_shards
    from napari_fhn.surveys.remote.addresses import url_of

    if options.levels and url_of(options.target) is not None:
        raise UsageError("--levels goes with a folder: coarser levels are not written to an address")
    check_task(options)
    path, how = survey_files([options.survey])[0], reading(options)
    survey = surveys.open(path, **how)
    show = told("Copying the survey")
    done = total = 0
    with interruptible() as control:
        if options.cluster is not None:
            from napari_fhn.project.predictions import cluster

            where = {"cluster": options.cluster, "workers": options.workers, "control": control}
            steps = cluster.brick(str(path), options.target, reading=how, **where)
        else:
            copied = copy_shards(survey, options.target, part=options.task, stop=control.stop)
            steps = ((step.done, step.total) for step in copied)
        for done, total in steps:
            show(done / max(total, 1))
        if options.levels and done == total and not control.stop.is_set():
            for _ in build_pyramid(Path(options.target), stop=control.stop):
                pass
    if options.json:
        print(json.dumps({"kind": "Bricked", "target": options.target, "bytes": done, "of": total}))
    elif done == total:
        print(f"{survey.name or options.survey} is in {options.target} ({in_words(total)} before compression).")
    else:
        share = f"{100 * done / max(total, 1):.0f} %"
        print(f"{share} of it is in {options.target}: it goes on from there when the same is asked for again.")
    return INTERRUPTED if control.stop.is_set() and done < total else OK


def _in_order(options: argparse.Namespace) -> None:
    survey, target = Path(options.survey), Path(options.target)
    # A survey that is not there is another mistake, unless it is called as what is made.
    if not options.survey.startswith("sample:") and not is_address(survey) and survey.suffix.lower() in ("", ".zarr"):
        names = "a survey", "the store that is made"
        check_order(survey, target, names, lambda path: path.is_file() or (path == survey and path.exists()))
