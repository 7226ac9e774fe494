"""``napari-fhn predict --task 3/128`` and ``--collect``: a survey predicted by many processes, a shard at a time."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_fhn.cli.exits import INTERRUPTED, OK
from napari_fhn.cli.networks import sizes
from napari_fhn.cli.options import UsageError, add_task, on_machine
from napari_fhn.cli.reading import reading
from napari_fhn.cli.sessions import existing, opened, place, say
from napari_fhn.training.combination.settings import insisting
from napari_fhn.training.job import Job, JobError

if TYPE_CHECKING:
    from napari_fhn.project import Run, Session
    from napari_fhn.project.prediction_store import PredictionStore

_PROGRAM = "napari-fhn predict"


@dataclass(frozen=True)
class Work:
    """What tasks work on.

    Parameters
    ----------
    job : Job
        What is predicted.
    store : PredictionStore or None
        Where shards go; a folder beside the prediction where it is none.
    session, run : optional
        That the prediction belongs to.
    """

    job: Job
    store: PredictionStore | None = None
    session: Session | None = None
    run: Run | None = None


def add_tasks(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    how = parser.add_argument_group(
        "by many processes, which share a disk or an object store: into --output NAME.zarr, or beside the prediction"
    )
    add_task(how, "predict")
    how.add_argument("--collect", action="store_true", help="put together what the tasks have predicted")
    how.add_argument(
        "--shard", type=sizes, metavar="N,N", help="voxels of a shard along each axis (default: wide and whole columns)"
    )


def wanted(options: argparse.Namespace) -> bool:
    """Tell whether shards were asked for."""
    return options.task is not None or options.collect or options.shard is not None


def run(options: argparse.Namespace) -> int:
    """Predict a task, or put all of them together."""
    if options.collect and options.task is not None:
        raise UsageError("--collect comes when all tasks are done: leave --task out")
    with _work(options) as work:
        return _collect(work, options) if options.collect else _predict(work, options)


def _predict(work: Work, options: argparse.Namespace) -> int:
    from napari_fhn.cli.running import display, interruptible
    from napari_fhn.training.inside import shards_of
    from napari_fhn.training.shard_files import ShardFolder
    from napari_fhn.training.sharding import predict_shards
    from napari_fhn.training.updates import Done

    store = work.store or ShardFolder(shards_of(work.job.prediction))
    end: Done | None = None
    with interruptible() as control, display("predict", work.job, options.json) as shown:
        for update in predict_shards(work.job, store, options.task, control, shard=options.shard):
            shown.show(update)
            end = update if isinstance(update, Done) else end
    if end is None or end.stopped:
        return INTERRUPTED
    if work.store is not None and len(work.store.done()) == work.store.plan.shards.count:
        work.store.collect()  # nobody has to be asked for it
    return OK


def _collect(work: Work, options: argparse.Namespace) -> int:
    if work.store is not None:
        _said(work.store.collect(), options)
        return OK
    from napari_fhn.cli.export import write
    from napari_fhn.cli.running import prepare_prediction
    from napari_fhn.training.shard_files import collect

    with contextlib.ExitStack() as stack:
        if work.session is not None and work.run is not None:
            from napari_fhn.project.run import ready_prediction

            stack.enter_context(work.session.writing(_PROGRAM, take_over=options.take_over))
            ready_prediction(work.run, work.session.known().shape)
        else:
            prepare_prediction(work.job)
        collect(work.job)
        if options.output is None:
            _said((work.job.prediction,), options)
            return OK
        from napari_fhn.project.exporter import Exporter, Request

        if work.session is not None:
            project = opened(work.session)
            project.session = work.session
            exporter = Exporter.of_run(project, work.run, like=_like(options))
        else:
            exporter = Exporter.of_job(work.job, like=_like(options))
        write(exporter, Request("classes", options.output, partial=options.partial), options.json)
    return OK


def _said(places: tuple[str, ...], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps({"kind": "Collected", "paths": list(places)}))
    else:
        print(f"The whole survey is predicted: {', '.join(places)}.")


@contextlib.contextmanager
def _work(options: argparse.Namespace) -> Iterator[Work]:
    """What is predicted, and where it goes."""
    if options.network is not None or options.surveys:
        with _elsewhere(options) as work:
            yield work
        return
    folder, name = place(options)
    if folder is None:
        job = _on_machine(Job.load(options.job, trusted=options.trust_job), options)
        yield Work(job, _store(job, _like(options), options))
        return
    from napari_fhn.project.backbones import trust_network
    from napari_fhn.project.jobs import task_job

    session = existing(folder, _PROGRAM)
    run = session.runs.trained() if name is None else session.runs.get(name)
    if not run.has_model:
        raise JobError(f"'{run.name}' has no network to predict with: train it first, or name another run")
    if options.trust_backbone:
        trust_network(run.model)
    job = task_job(
        session,
        run,
        outputs=options.outputs,
        flips=True if options.flips else None,
        device=options.device,
        memory=options.memory,
        network_alone=options.network_alone,
        smoothing=options.smoothing,
        order=options.layer_order,
    )
    like = _like(options)
    surveys = opened(session).surveys if like is None and _is_store(options) else None
    yield Work(job, _store(job, like if surveys is None else surveys.first, options), session, run)


@contextlib.contextmanager
def _elsewhere(options: argparse.Namespace) -> Iterator[Work]:
    """A survey by itself, with a network that was trained elsewhere."""
    if options.network is None or not options.surveys:
        raise UsageError("another survey and a network go together: name a SURVEY and its --network")
    if options.job is not None or options.run_name is not None or options.session is not None:
        raise UsageError("tasks of a SURVEY need no session: leave --session, --job and --run out")
    if not _is_store(options):
        raise UsageError("say where the shards of another survey go: --output NAME.zarr, on a disk or at s3://...")
    from napari_fhn.cli.maps import open_together
    from napari_fhn.project.samples import survey_files
    from napari_fhn.project.sharded import task_job

    together = open_together(survey_files(options.surveys), options)
    with task_job(together.surveys, options.network, vertical_axis=options.vertical_axis) as (job, notes):
        if not options.collect:
            say(notes)
        job = _on_machine(job, options)
        yield Work(job, _store(job, together.surveys.first, options))


def _on_machine(job: Job, options: argparse.Namespace) -> Job:
    """A job with what was asked for."""
    job = on_machine(job, options)
    if options.outputs is not None:
        job = replace(job, outputs=options.outputs)
    if options.flips:
        job = replace(job, flips=True)
    combination = insisting(job.combination, options.smoothing, options.layer_order)
    return replace(job, combination=None if options.network_alone else combination)


def _is_store(options: argparse.Namespace) -> bool:
    return options.output is not None and str(options.output).endswith(".zarr")


def _store(job: Job, like: Any, options: argparse.Namespace) -> PredictionStore | None:
    if not _is_store(options):
        return None
    from napari_fhn.labels import ClassTable
    from napari_fhn.project.prediction_store import PredictionStore

    if like is None:
        raise UsageError("a store lies on the grid of its survey: name that with --like")
    return PredictionStore(options.output, like, ClassTable.of_names(job.classes, job.colors, job.codes))


def _like(options: argparse.Namespace) -> Any:
    """The survey of ``--like``; None where none was named."""
    if options.like is None:
        return None
    from napari_fhn import surveys
    from napari_fhn.project import samples

    return surveys.open(samples.survey_files([options.like])[0], **reading(options))
