"""``napari-fhn dips SESSION``: the dips of a survey's reflectors, found beforehand, by one process or by many."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.options import Commands, UsageError, add_cluster, add_json, add_task, check_task
from napari_fhn.cli.saying import told
from napari_fhn.cli.typed import here
from napari_fhn.sentence import counted_of

if TYPE_CHECKING:
    from napari_fhn.training.control import Control


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "dips",
        help="find the dips of a session's survey beforehand, by many processes where that is asked for",
        description="Carrying labels along the reflectors, tracking horizons and predicting with both take the dips of "
        "the survey, which are found once, brick by brick, and kept with the session.",
    )
    parser.add_argument(
        "named", nargs="?", type=here, metavar="SESSION", help="of a seismic survey, which was trained on once"
    )
    parser.add_argument("--session", type=here, metavar="DIR", help="the same")
    add_task(parser, "find")
    add_cluster(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Find what is not there yet."""
    from napari_fhn.cli.running import interruptible

    check_task(options)
    if (options.named is None) == (options.session is None):
        raise UsageError("name one session")
    options.session = options.session or options.named
    show, done, count = told("Finding dips"), 0, 1
    with interruptible() as control:
        for done, count in _steps(options, control):
            show(done / count)
    if options.json:
        print(json.dumps({"kind": "Dips", "done": done, "of": count}))
    else:
        print(counted_of(done, count, "bricks of dips", "are there.", "is there."))
    return INTERRUPTED if control.stop.is_set() and done < count else OK


def _steps(options: argparse.Namespace, control: Control) -> Iterator[tuple[int, int]]:
    if options.cluster is not None:
        from napari_fhn.project.predictions.cluster import find_dips

        return find_dips(str(options.session), cluster=options.cluster, workers=options.workers, control=control)
    from napari_fhn.project.data.dips import found_of_session

    return found_of_session(options.session, options.task, control.stop)
