"""``napari-fhn train``: surveys and what is known become a session with a trained network; each training is a run."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from napari_fhn.cli import company, passed_over
from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.maps import add_maps
from napari_fhn.cli.objective import add_objective
from napari_fhn.cli.options import (
    Commands,
    UsageError,
    add_attributes,
    add_backbone,
    add_combination,
    add_json,
    add_known,
    add_machine,
    add_place,
    add_take_over,
    add_trust_job,
    on_machine,
    with_numbers,
)
from napari_fhn.cli.pictures import add_picture, leave_picture
from napari_fhn.cli.reading import add_reading, reading
from napari_fhn.cli.saying import busy, say
from napari_fhn.cli.sessions import loaded, session_around
from napari_fhn.cli.typed import here
from napari_fhn.engine.remote.address import parse
from napari_fhn.training.job import JobError
from napari_fhn.training.models.transfer import beginning_with
from napari_fhn.training.recipes import RECIPES
from napari_fhn.training.updates import Done, Failed

if TYPE_CHECKING:
    from napari_fhn.project import Project, ProjectError, Run, Session

_ONLY_ANEW = (
    *("said", "recipe", "network", "vertical_axis", "factors", "smoothing", "layer_order", "snapping"),
    *("loss", "balance", "share", "order", "absent", "smooth", "ignore"),
)
"""What a saved job says itself, beside all that is about labels."""

_OF_SESSIONS = ("name", "stays", "run_name")
"""What means nothing to a job that lies in no session: it has no runs, and its data are as they are."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("train", help="train a network on the labels of a survey")
    parser.add_argument(
        "surveys",
        nargs="*",
        metavar="SURVEY",
        help="survey file; several (dates, attributes, maps) are stacked as channels. sample:seismic and "
        "sample:hyperspectral are the bundled ones, with their labels and truth. Without any, the surveys, labels and "
        "settings of --session are taken, with what else is said here",
    )
    known = add_known(parser)
    known.add_argument("--hold-out", type=int, metavar="N", help="wells or patches kept for the score (default 0)")
    known.add_argument(
        "--blocks", type=int, metavar="N", help="hold out blocks of N x N traces or pixels, where labels lie dense"
    )
    known.add_argument("--truth", metavar="FILE", help="true classes: prints IoU where nothing was labelled")
    how = parser.add_argument_group("how")
    how.add_argument("--recipe", choices=tuple(RECIPES), help="network and schedule (default: what suits the survey)")
    how.add_argument(
        "--network",
        metavar="WORDS",
        help="in place of the recipe's: named (paper.resnet1, paper.a, …) or written, as in "
        "'3d 12: 2x8 | down 3x16 | up 6x8'",
    )
    how.add_argument(
        "--set",
        dest="said",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another setting of the schedule or the objective, by its name in a job, as in block=64,64,128 or "
        "optimiser=sgd; may be repeated",
    )
    how.add_argument("--steps", type=int, metavar="N", help="training steps (default: the recipe's)")
    how.add_argument(
        "--start-from",
        type=here,
        metavar="MODEL",
        help="begin with a trained network: folder of a network, a run or a session, of this or another survey; "
        "without --recipe its architecture and schedule too",
    )
    add_combination(how)
    add_attributes(how)
    add_backbone(how)
    how.add_argument("--seed", type=int, metavar="N", help="of every random choice")
    add_place(parser)
    add_machine(how)
    how.add_argument(
        "--on",
        default="",
        metavar="ADDRESS",
        help="train on another machine: ssh://[USER@]HOST[:PORT][/FOLDER], which begins a worker there by itself, or "
        "tcp://127.0.0.1:PORT for a tunnel to one; with --resume what is trained there is followed again",
    )
    how.add_argument("--vertical-axis", type=int, metavar="N", help="axis of time or depth where the file names none")
    how.add_argument("--session", type=here, metavar="DIR", help="folder of work (default: SURVEY.fhn, made here)")
    how.add_argument("--name", metavar="NAME", help="of the run (default: Run N)")
    how.add_argument(
        "--job",
        type=here,
        metavar="FILE",
        help="train a saved job again: as a new run of its session, or in its place where it is of none",
    )
    add_trust_job(how)
    how.add_argument(
        "--resume",
        action="store_true",
        help="go on with the newest training of --session (or --job) that was stopped, as if it had not been; --steps "
        "gives it more",
    )
    how.add_argument("--run", dest="run_name", metavar="RUN", help="the run that --resume goes on with")
    add_objective(parser)
    add_reading(parser)
    add_maps(parser)
    add_picture(parser)
    add_take_over(parser)
    add_json(parser)
    only_anew = {*_ONLY_ANEW, *(one.dest for one in known._group_actions)} - {"truth"}
    parser.set_defaults(run=run, ranks=None, only_anew=only_anew, described=passed_over.described(parser))


def run(options: argparse.Namespace) -> int:
    """Prepare, train, and score where the truth is given."""
    _check(options)
    if company.started_together():
        return company.together(options, _run)
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    if options.job is not None and session_around(options.job) is None:
        return _alone(options)
    from napari_fhn.cli.given import preparing
    from napari_fhn.cli.running import work
    from napari_fhn.project.sessions import layout

    with preparing(options) as prepared:
        project, begun = prepared.project, prepared.begun
        runs = project.session.runs
        if prepared.why and not options.json:
            print(prepared.why)
        end: Done | Failed | None = None
        try:
            how = (options.json, options.typed, begun.resume, lambda: project.session.gone, options.ranks, options.on)
            end = work("train", begun.job, *how)
        except Exception as error:
            end = Failed(str(error))
            raise
        finally:
            if project.session.gone:
                raise _homeless(project.session, begun.run)
            # Also when it was interrupted: a run that has learnt nothing goes, and one that has is listed.
            trained = runs.finish(begun.run, end)
        if trained is None:
            if not options.json:
                print("Nothing was trained; the session is as it was before.")
            return INTERRUPTED
        if not isinstance(end, Done) or end.stopped:
            return INTERRUPTED
        if prepared.truth is not None:
            return _scored(options, project, trained, prepared.truth)
        leave_picture(options, trained.job(), trained.folder / layout.PICTURE)
        if not options.json:
            print(f"'{trained.name}' ({trained.id}) is the current run of {project.session.folder}.")
            folder = shlex.quote(str(project.session.folder))
            print(f"Next: napari-fhn predict --session {folder} --output FILE")
    return OK


def _homeless(session: Session, run: Run) -> ProjectError:
    """Say that the folder of a session was taken away under a training, and where the network is all the same."""
    from napari_fhn.project import ProjectError

    way_out = "There is no network yet: train again"
    if (run.model / "model.json").is_file():
        way_out = f"The network as it was by then is in {run.model}: move it to a place of its own"
    what = (
        "the folder of the session was removed, renamed or replaced while it was trained in, and the training stopped"
    )
    return ProjectError(what, way_out, path=session.folder)


def _scored(options: argparse.Namespace, project: Project, run: Run, truth: str) -> int:
    """Predict the whole survey, which training only did in view, and score it."""
    from napari_fhn.cli.running import work
    from napari_fhn.cli.score import tell
    from napari_fhn.project.runs import jobs
    from napari_fhn.project.sessions import layout
    from napari_fhn.report.runs import evaluate

    end = work("predict", jobs.prediction_job(project, run), options.json, options.typed, on=options.on)
    if end is None or end.stopped:
        return INTERRUPTED
    with busy("Scoring"):
        scored = evaluate(project, run, truth)
    say(scored.notes)
    for found in scored.evaluations:
        if found.on == "truth":
            tell(found, run.job(), options.json)
    leave_picture(options, run.job(), run.folder / layout.PICTURE)
    return OK


def _alone(options: argparse.Namespace) -> int:
    """Train a job that lies in no session, in its place; torch and numpy are enough for it."""
    from napari_fhn.cli.running import prepare_prediction, work

    job = with_numbers(on_machine(loaded(options), options), options)
    if options.start_from is not None:
        job = beginning_with(job, options.start_from, as_it_was=False)
    prepare_prediction(job)
    end = work("train", job, options.json, options.typed, options.resume, ranks=options.ranks, on=options.on)
    if end is None or end.stopped:
        return INTERRUPTED
    if options.truth is not None:
        from napari_fhn.cli.score import tell
        from napari_fhn.report import on_truth
        from napari_fhn.report.runs import truth_for

        end = work("predict", job, options.json, options.typed, on=options.on)
        if end is None or end.stopped:
            return INTERRUPTED
        with busy("Scoring"):
            found = on_truth(job, truth_for(options.truth, job).values)
        tell(found, job, options.json)
    return OK


def _check(options: argparse.Namespace) -> None:
    if options.on:
        parse(options.on)
        if company.started_together():
            raise UsageError("several processes train on the machines where they were started: leave --on out")
    saved = options.resume or options.job is not None
    if saved and options.surveys:
        raise JobError("a saved job has its surveys: leave them out")
    if saved and (reading(options) or options.categorical or options.map_field):
        raise UsageError("a saved job has its surveys as they were read: leave out how that is done, or train anew")
    if options.session is not None and options.job is not None:
        raise JobError("--job trains a saved job as it is: leave --session out")
    if options.resume and options.start_from is not None:
        raise JobError("--resume goes on with the weights that are there: leave --start-from out")
    if (options.attributes is not None or options.backbone) and saved:
        raise UsageError("a saved job has the attributes that its network takes: leave --attribute and --backbone out")
    if saved:
        words = "a saved job has its labels and its settings"
        passed_over.check(options, options.only_anew, words, ", or train anew")
    if options.run_name is not None and not options.resume:
        raise UsageError("--run says which training --resume goes on with: a new one is always a run of its own")
    if options.resume and options.name is not None:
        raise UsageError("--resume goes on with a run that has a name: 'napari-fhn runs rename' gives it another")
    if options.job is not None and options.job.exists() and session_around(options.job) is None:
        words = f"{options.job}: it lies in no session, and is trained in its place, on its data as they are"
        passed_over.check(options, _OF_SESSIONS, words)
    if not saved and not options.surveys and options.session is None:
        raise JobError("name a survey to train on, a --session that has one, or a saved job with --job")
