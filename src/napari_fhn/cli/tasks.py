"""``napari-fhn predict --task 3/128``, ``--cluster`` and ``--collect``: a survey predicted by many processes."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_fhn.cli import passed_over
from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.networks import sizes
from napari_fhn.cli.options import UsageError, add_cluster, add_task, check_task, on_machine
from napari_fhn.cli.reading import reading
from napari_fhn.cli.sessions import existing, loaded, place, say, speak_of_job
from napari_fhn.regular import is_address
from napari_fhn.training.combination.said import insisting
from napari_fhn.training.control import Control
from napari_fhn.training.files.inside import shards_of
from napari_fhn.training.job import Job
from napari_fhn.training.updates import Done, Update

if TYPE_CHECKING:
    import xarray as xr

    from napari_fhn.project.predictions.sharded import Asked, Work

_PROGRAM = "napari-fhn predict"


def add_tasks(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    how = parser.add_argument_group(
        "by many processes, which share a disk or an object store: into --output NAME.zarr, or beside the prediction"
    )
    add_task(how, "predict")
    add_cluster(how)
    how.add_argument("--collect", action="store_true", help="put together what the tasks have predicted")
    how.add_argument(
        "--shard", type=sizes, metavar="N,N", help="voxels of a shard along each axis (default: wide and whole columns)"
    )


def wanted(options: argparse.Namespace) -> bool:
    """Tell whether shards were asked for; an address is written in no other way."""
    asked = options.task is not None or options.collect or bool(options.shard) or options.cluster is not None
    asked = asked or options.workers is not None
    return asked or (options.output is not None and is_address(options.output))


def check(options: argparse.Namespace) -> None:
    """Refuse what would be passed over where shards are predicted.

    Raises
    ------
    UsageError
    """
    if wanted(options) and options.stays is False:  # --in-place says what they do anyway
        words = "tasks read a survey where it lies, or what a session has copied, and copy nothing"
        passed_over.check(options, ("stays",), words)
    passed_over.check(options, ("categorical", "map_field"), "tasks predict surveys as they are, and stack no maps")
    if _is_store(options):
        passed_over.check(options, ("stac",), "a STAC item is written beside a GeoTIFF alone")
    if options.surveys:
        passed_over.check(options, ("like",), "what is predicted of a SURVEY by tasks lies on its own grid")


def run(options: argparse.Namespace) -> int:
    """Predict a task, or all of them, or put them together."""
    if options.collect and (options.task is not None or options.cluster is not None):
        raise UsageError("--collect comes when all tasks are done: leave --task and --cluster out")
    check_task(options)
    if options.output is not None and is_address(options.output) and not _is_store(options):
        raise UsageError("what is written to an address is a store, NAME.zarr: name that, or a file of this machine")
    alone = _alone(options)
    if alone is not None:
        return _with_torch_alone(alone, options)
    asked = _asked(options)
    if options.cluster is not None:
        from napari_fhn.project.predictions.cluster import predict

        return _shown(None, lambda control: predict(
            asked, cluster=options.cluster, workers=options.workers, control=control), options)  # fmt: skip
    with asked.work() as work:
        speak_of_job(work.job)
        return _collect(work, options) if options.collect else _predict(work, options)


def _predict(work: Work, options: argparse.Namespace) -> int:
    from napari_fhn.training.prediction.sharding import predict_shards

    say(work.notes)
    code = _shown(work.job, lambda control: predict_shards(
        work.job, work.store, options.task, control, shard=options.shard), options)  # fmt: skip
    if code == OK and work.zarr is not None and len(work.zarr.done()) == work.zarr.plan.shards.count:
        work.zarr.collect()  # nobody has to be asked for it
    return code


def _with_torch_alone(job: Job, options: argparse.Namespace) -> int:
    """A saved job of no session, on a machine where torch and numpy are enough."""
    from napari_fhn.training.prediction.shard_files import ShardFolder
    from napari_fhn.training.prediction.sharding import predict_shards

    if not options.collect:
        store = ShardFolder(shards_of(job.prediction))
        return _shown(job, lambda control: predict_shards(
            job, store, options.task, control, shard=options.shard), options)  # fmt: skip
    from napari_fhn.cli.running import prepare_prediction
    from napari_fhn.training.prediction.shard_files import collect

    prepare_prediction(job)
    collect(job)
    if options.output is None:
        _said((job.prediction,), options)
        return OK
    from napari_fhn.cli.export import asked, write
    from napari_fhn.project.exporting.exporter import Exporter

    exporter = Exporter.of_job(job, like=_like(options))
    write(exporter, asked(options), options.json)
    return OK


def _collect(work: Work, options: argparse.Namespace) -> int:
    if work.zarr is not None:
        _said(work.zarr.collect(), options)
        return OK
    from napari_fhn.cli.export import asked, write
    from napari_fhn.project import Project
    from napari_fhn.project.exporting.exporter import Exporter
    from napari_fhn.project.runs.run import ready_prediction
    from napari_fhn.training.prediction.shard_files import collect

    session, run = work.session, work.run
    assert session is not None
    assert run is not None
    with session.writing(_PROGRAM, take_over=options.take_over):
        ready_prediction(run, session.known().shape)
        collect(work.job)
        if options.output is None:
            _said((work.job.prediction,), options)
            return OK
        project = Project.open(session.folder)
        project.session = session
        exporter = Exporter.of_run(project, run, like=_like(options))
        write(exporter, asked(options), options.json)
    return OK


def _shown(job: Job | None, begun: Callable[[Control], Iterator[Update]], options: argparse.Namespace) -> int:
    """Show what is said while shards are predicted; the first Ctrl-C stops after the shard under way."""
    from napari_fhn.cli.running import display, interruptible

    end: Done | None = None
    with interruptible() as control, contextlib.ExitStack() as stack:
        shown = stack.enter_context(display("predict", job, options.json))
        for update in begun(control):
            shown.show(update)
            end = update if isinstance(update, Done) else end
    return INTERRUPTED if end is None or end.stopped else OK


def _said(places: tuple[str, ...], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps({"kind": "Collected", "paths": list(places)}))
    else:
        print(f"The whole survey is predicted: {', '.join(places)}.")


def _alone(options: argparse.Namespace) -> Job | None:
    """The saved job that lies in no session, whose shards lie beside its prediction; None for anything else."""
    if options.surveys or options.network is not None or _is_store(options) or options.cluster is not None:
        return None
    folder, _ = place(options)
    if folder is not None:
        return None
    job = on_machine(loaded(options), options)
    if options.outputs is not None:
        job = replace(job, outputs=options.outputs)
    combination = insisting(job.combination, options.smoothing, options.layer_order, options.snapping, job)
    combination = None if options.network_alone else combination
    return replace(job, flips=job.flips or options.flips, combination=combination)


def _asked(options: argparse.Namespace) -> Asked:
    """What was asked for, in words that other processes understand."""
    from napari_fhn.project.data.backbones import trust_network
    from napari_fhn.project.data.samples import survey_files
    from napari_fhn.project.predictions.sharded import Asked

    session, run, job = "", "", ""
    if options.network is not None or options.surveys:
        if options.network is None or not options.surveys:
            raise UsageError("another survey and a network go together: name a SURVEY and its --network")
        if options.job is not None or options.run_name is not None or options.session is not None:
            raise UsageError("tasks of a SURVEY need no session: leave --session, --job and --run out")
        if options.trust_backbone:
            trust_network(options.network)
    else:
        folder, name = place(options)
        if folder is not None:
            session, run = str(existing(folder, _PROGRAM).folder), name or ""
        else:
            job = str(options.job)
    return Asked(
        surveys=tuple(map(str, survey_files(options.surveys))) if options.surveys else (),
        reading=reading(options),
        network="" if options.network is None else str(options.network),
        session=session,
        run=run,
        job=job,
        output=str(options.output) if _is_store(options) else "",
        like=str(survey_files([options.like])[0]) if options.like is not None else "",
        shard=options.shard or (),
        outputs=options.outputs,
        flips=options.flips,
        network_alone=options.network_alone,
        smoothing=options.smoothing,
        order=options.layer_order,
        snapping=options.snapping,
        device=options.device,
        memory=options.memory,
        vertical_axis=options.vertical_axis,
        trusted=options.trust_job,
    )


def _is_store(options: argparse.Namespace) -> bool:
    return options.output is not None and str(options.output).endswith(".zarr")


def _like(options: argparse.Namespace) -> xr.DataArray | None:
    """The survey of ``--like``; None where none was named."""
    if options.like is None:
        return None
    from napari_fhn import surveys
    from napari_fhn.project.data.samples import survey_files

    return surveys.open(survey_files([options.like])[0], **reading(options))
