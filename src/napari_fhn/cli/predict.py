"""``napari-fhn predict``: a trained network fills a whole survey, its own or another one, and it becomes a file."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.cli import passed_over
from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.export import asked, write
from napari_fhn.cli.maps import add_maps
from napari_fhn.cli.options import (
    Commands,
    UsageError,
    add_finishes,
    add_json,
    add_machine,
    add_overwrite,
    add_partial,
    add_place,
    add_session,
    add_stac,
    add_take_over,
    add_trust,
    on_machine,
)
from napari_fhn.cli.pictures import add_picture, beside, leave_picture
from napari_fhn.cli.reading import READING, add_reading, reading
from napari_fhn.cli.sessions import existing, loaded, opened, place, say, session_around, told
from napari_fhn.cli.tasks import add_tasks, wanted
from napari_fhn.cli.tasks import check as check_tasks
from napari_fhn.cli.tasks import run as tasks
from napari_fhn.cli.typed import here
from napari_fhn.training.combination.said import insisting
from napari_fhn.training.job import JobError

if TYPE_CHECKING:
    import xarray as xr

    from napari_fhn.project import Project, Run, Session
    from napari_fhn.project.exporting.exporter import Exporter

_PROGRAM = "napari-fhn predict"


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("predict", help="predict a whole survey with a trained network, and export it")
    parser.add_argument(
        "surveys",
        nargs="*",
        metavar="SURVEY",
        help="another survey than the network was trained on (as many files as it takes); goes with --network",
    )
    parser.add_argument(
        "--network",
        type=here,
        metavar="DIR",
        help="the trained network for SURVEY: a session, a run or the folder of a network; nothing has to be labelled",
    )
    add_session(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="export to .sgy, .su, .tif, .img, .nc, .zarr, .npy")
    parser.add_argument(
        "--like",
        metavar="SURVEY",
        help="survey whose headers or map the export takes over (default: the session's own)",
    )
    parser.add_argument(
        "--outputs",
        type=outputs,
        metavar="NAMES",
        help="what is predicted beside classes, with commas: probabilities, entropy, margin",
    )
    parser.add_argument(
        "--network-alone", action="store_true", help="predict with the network and nothing else it was combined with"
    )
    add_finishes(parser)
    parser.add_argument(
        "--flips", action="store_true", help="average over horizontal flips of the data: several times the work"
    )
    parser.add_argument(
        "--vertical-axis", type=int, metavar="N", help="axis of time or depth of a SURVEY without names"
    )
    add_partial(parser)
    add_trust(parser)
    add_reading(parser)
    add_maps(parser)
    add_place(parser)
    add_machine(parser)
    add_tasks(parser)
    add_picture(parser)
    add_stac(parser)
    add_overwrite(parser)
    add_take_over(parser)
    add_json(parser)
    parser.set_defaults(run=run, described=passed_over.described(parser))


def run(options: argparse.Namespace) -> int:
    """Predict, and export where an output is named."""
    _check(options)
    if wanted(options):
        check_tasks(options)
        return tasks(options)
    if options.network is not None or options.surveys:
        return _elsewhere(options)
    folder, name = place(options)
    if folder is None:
        return _alone(options)
    session = existing(folder, _PROGRAM)
    with session.writing(_PROGRAM, take_over=options.take_over):
        say(session.notes)
        project = opened_in(session)
        project.stays = options.stays
        chosen = session.runs.trained() if name is None else session.runs.get(name)
        if not chosen.has_model:
            raise JobError(f"'{chosen.name}' has no network to predict with: train it first, or name another run")
        return _predict(project, chosen, options)


def _check(options: argparse.Namespace) -> None:
    """Refuse what would be passed over."""
    if options.output is None:
        passed_over.check(options, ("like", "stac"), "nothing is exported without --output FILE", ", or name that")
    if options.network_alone and "on" in (options.smoothing, options.layer_order, options.snapping):
        words = "--network-alone predicts with the network and nothing else"
        passed_over.check(options, ("smoothing", "layer_order", "snapping"), words)
    if options.surveys or options.network is not None:
        return
    read = ("categorical", "map_field", "vertical_axis", *(READING if options.like is None else ()))
    passed_over.check(options, read, "the survey of a session or a job is read as it was")
    if options.job is not None and options.job.exists() and session_around(options.job) is None:
        passed_over.check(options, ("stays",), f"{options.job}: it lies in no session, and has its data as they are")


def opened_in(session: Session) -> Project:
    """Return the piece of work of a session that this process writes in."""
    project = opened(session)
    project.session = session  # the one that holds the lock
    return project


def outputs(text: str) -> tuple[str, ...]:
    """Read names with commas between them; the job says which there are."""
    return tuple(name.strip() for name in text.split(","))


def _predict(project: Project, chosen: Run, options: argparse.Namespace) -> int:
    """Predict the survey of a session with one of its runs."""
    from napari_fhn.cli.running import work
    from napari_fhn.project.data.backbones import trust_network
    from napari_fhn.project.exporting.exporter import Exporter
    from napari_fhn.project.runs import jobs
    from napari_fhn.project.sessions import layout

    exporter: Exporter | None = None
    request = None
    if options.output is not None:
        # Before the work and not after it: a wrong name must not cost the prediction.
        exporter = Exporter.of_run(project, chosen, like=_like(options))
        request = asked(options)
        exporter.check(request)
    if options.trust_backbone:
        trust_network(chosen.model)
    job = jobs.prediction_job(
        project,
        chosen,
        outputs=options.outputs,
        flips=True if options.flips else None,
        device=options.device,
        memory=options.memory,
        network_alone=options.network_alone,
        smoothing=options.smoothing,
        order=options.layer_order,
        snapping=options.snapping,
        progress=told("Copying the survey"),
    )
    say(jobs.copied_anyway(project, job.inputs))
    end = work("predict", job, options.json, options.typed)
    if end is None or end.stopped:
        return INTERRUPTED
    if exporter is not None and request is not None:
        write(exporter, request, options.json)
    leave_picture(options, job, chosen.folder / layout.PICTURE if options.output is None else beside(options.output))
    return OK


def _like(options: argparse.Namespace) -> xr.DataArray | None:
    """The survey of ``--like``."""
    from napari_fhn import surveys
    from napari_fhn.project.data import samples
    from napari_fhn.surveys.idle import without_idle

    if options.like is None:
        return None
    path = samples.survey_files([options.like])[0]
    if options.surveys:  # of which it is said too, and in the first place
        return without_idle(surveys.open, path, reading(options))[0]
    return surveys.open(path, **reading(options))


def _elsewhere(options: argparse.Namespace) -> int:
    """Predict another survey with a trained network."""
    if options.network is None or not options.surveys:
        raise UsageError("another survey and a network go together: name a SURVEY and its --network")
    if options.job is not None or options.run_name is not None:
        raise UsageError("--network names the network: leave --job and --run out")
    if options.session is None and options.output is None:
        raise UsageError("say where the prediction goes: --output FILE, or --session DIR to keep it")
    from napari_fhn.cli.maps import open_together
    from napari_fhn.project.data import samples
    from napari_fhn.project.data.backbones import trust_network
    from napari_fhn.project.predictions.applying import applying
    from napari_fhn.project.predictions.sharded import goes_by_shards

    together = open_together(samples.survey_files(options.surveys), options)
    anyhow = options.session is None and options.stays is not False
    if anyhow and goes_by_shards(together.surveys, options.output):
        check_tasks(options)
        return tasks(options)
    if options.trust_backbone:
        trust_network(options.network)
    with _place_of(options) as session, session.writing(_PROGRAM, take_over=options.take_over):
        say(session.notes)
        with applying(
            session,
            together.surveys,
            options.network,
            vertical_axis=options.vertical_axis,
            stacks=together.stacks(session.folder),
            command=options.typed,
            stays=options.stays,
            progress=told("Copying the survey"),
        ) as applied:
            say(applied.notes)
            return _predict(applied.project, applied.run, options)


@contextlib.contextmanager
def _place_of(options: argparse.Namespace) -> Iterator[Session]:
    """The session that is named; else one for a while, beside the output, on whose disk there must be room anyway."""
    from napari_fhn.project import Session
    from napari_fhn.surveys.moving import scratch

    if options.session is not None:
        yield Session(options.session)
        return
    beside = options.output.absolute().parent
    if not beside.is_dir():
        raise JobError(f"{options.output}: there is no folder {beside}: make it first")
    with scratch(beside / options.output.name) as folder:
        yield Session(folder / "session")


def _alone(options: argparse.Namespace) -> int:
    """Predict with a job that lies in no session; torch and numpy are enough for it."""
    from napari_fhn.cli.running import prepare_prediction, work

    job = on_machine(loaded(options), options)
    if options.outputs is not None:
        job = replace(job, outputs=options.outputs)
    if options.flips:
        job = replace(job, flips=True)
    combination = insisting(job.combination, options.smoothing, options.layer_order, options.snapping, job)
    job = replace(job, combination=None if options.network_alone else combination)
    exporter, request = None, None
    if options.output is not None:
        request = asked(options)
    prepare_prediction(job)
    if request is not None:
        from napari_fhn.project.exporting.exporter import Exporter

        exporter = Exporter.of_job(job, like=_like(options))
        exporter.check(request)
    end = work("predict", job, options.json, options.typed)
    if end is None or end.stopped:
        return INTERRUPTED
    if exporter is not None and request is not None:
        write(exporter, request, options.json)
        leave_picture(options, job, beside(options.output))
    return OK
