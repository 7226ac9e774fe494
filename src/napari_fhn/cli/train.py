"""``napari-fhn train``: surveys and what is known become a session and a trained network."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.maps import add_maps
from napari_fhn.cli.objective import add_objective
from napari_fhn.cli.options import Commands, add_json, add_known, add_machine, load_job, on_machine, with_numbers
from napari_fhn.cli.reading import add_reading
from napari_fhn.training.job import JobError
from napari_fhn.training.recipes import RECIPES
from napari_fhn.training.transfer import beginning_with


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("train", help="train a network on the labels of a survey")
    parser.add_argument(
        "surveys",
        nargs="*",
        metavar="SURVEY",
        help="survey file; several (dates, attributes, maps) are stacked as channels. sample:seismic and "
        "sample:hyperspectral are the bundled ones, with their labels and truth",
    )
    known = add_known(parser)
    known.add_argument("--hold-out", type=int, default=0, metavar="N", help="wells or patches kept for the score")
    known.add_argument(
        "--blocks", type=int, metavar="N", help="hold out blocks of N x N traces or pixels, where labels lie dense"
    )
    known.add_argument("--truth", type=Path, metavar="FILE", help="true classes: prints IoU where nothing was labelled")
    how = parser.add_argument_group("how")
    how.add_argument("--recipe", choices=tuple(RECIPES), help="network and schedule (default: what suits the survey)")
    how.add_argument("--steps", type=int, metavar="N", help="training steps (default: the recipe's)")
    how.add_argument(
        "--start-from",
        type=Path,
        metavar="MODEL",
        help="begin with a saved network, of this or another survey; without --recipe "
        "its architecture and schedule too",
    )
    how.add_argument("--seed", type=int, metavar="N", help="of every random choice")
    add_machine(how)
    how.add_argument("--vertical-axis", type=int, metavar="N", help="axis of time or depth where the file names none")
    how.add_argument("--session", type=Path, metavar="DIR", help="folder of work (default: SURVEY.fhn, made here)")
    how.add_argument("--job", type=Path, metavar="FILE", help="train a saved job again; no survey is given then")
    how.add_argument(
        "--resume",
        action="store_true",
        help="go on with the training of --session (or --job) as if it had not been interrupted; --steps gives it more",
    )
    add_objective(parser)
    add_reading(parser)
    add_maps(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prepare, train, and score where the truth is given."""
    from napari_fhn.cli.running import prepare_prediction, work

    truth_file, session = options.truth, options.session
    if options.resume or options.job is not None:
        _check_saved(options)
        job = with_numbers(on_machine(load_job(options), options), options)
        if options.start_from is not None:
            job = beginning_with(job, options.start_from, as_it_was=False)
        prepare_prediction(job)
    else:
        if not options.surveys:
            raise JobError("name a survey to train on, or a saved job with --job")
        from napari_fhn.cli.given import prepare

        prepared = prepare(options)
        job, truth_file, session = prepared.job, prepared.truth, prepared.folder
        if prepared.why and not options.json:
            print(prepared.why)
    if not work("train", job, options.json, options.typed, options.resume):
        return INTERRUPTED
    if truth_file is not None:
        from napari_fhn.cli.given import read_truth
        from napari_fhn.cli.score import tell
        from napari_fhn.report import on_truth

        # While training only the sections in view are predicted; the score is over all of the survey.
        if not work("predict", job, options.json, options.typed):
            return INTERRUPTED
        tell(on_truth(job, read_truth(truth_file, job)), job, options.json)
    elif session is not None and not options.json:
        print(f"Next: napari-fhn predict --session {session} --output FILE --like SURVEY")
    return OK


def _check_saved(options: argparse.Namespace) -> None:
    if options.surveys:
        raise JobError("a saved job has its surveys: leave them out")
    if options.session is not None and options.job is not None:
        raise JobError("--job trains a saved job as it is: leave --session out")
    if options.resume and options.start_from is not None:
        raise JobError("--resume goes on with the weights that are there: leave --start-from out")
