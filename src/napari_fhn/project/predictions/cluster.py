"""Shards spread over workers of ``dask.distributed``: on this machine, or on any scheduler that runs already.

A task is a few words and the number of a shard: arrays never travel through the scheduler, a worker opens survey,
network and store by itself and keeps them for its next shard. What a shard comes to depends on nothing else, so a task
that is done twice, because a worker was killed or lost, is done right twice. What is there is known from the store.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from napari_fhn import record, surveys
from napari_fhn.project.data import dips
from napari_fhn.project.errors import ProjectError
from napari_fhn.project.predictions.counting import Counting
from napari_fhn.project.predictions.sharded import Asked
from napari_fhn.sentence import counted
from napari_fhn.shards import on_worker
from napari_fhn.surveys.bricks.sharding import ShardCopy
from napari_fhn.surveys.remote.addresses import url_of
from napari_fhn.training.control import Control
from napari_fhn.training.updates import Done, Note, Progress, Update

LOCAL = "local"
_RETRIES = 3
_CONNECT = "20s"

_held: dict[str, tuple[contextlib.ExitStack, Any]] = {}
"""What a worker has opened, by what it was told; one thing at a time."""


@contextlib.contextmanager
def connected(cluster: str = LOCAL, workers: int | None = None) -> Iterator[Any]:
    """Connect with a scheduler.

    Parameters
    ----------
    cluster : str
        Its address (``tcp://host:8786``), or ``"local"`` for workers of this machine, which end with the work.
    workers : int, optional
        How many of this machine; one for each processor when absent.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ProjectError
        When the package is missing, or nobody answers.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise ProjectError(
            "work is spread over workers by distributed, which is not installed",
            "Install it: pip install 'napari-fhn[cluster]'; or run the tasks by yourself (--task 1/N)",
        ) from error
    with contextlib.ExitStack() as stack:
        address: Any = cluster
        if cluster == LOCAL:
            count = workers or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else workers
            address = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=None,
                    silence_logs=50,
                )
            )
        try:
            client = stack.enter_context(distributed.Client(address, timeout=_CONNECT))
        except (OSError, ValueError) as error:
            raise ProjectError(
                f"no scheduler answers at {cluster} ({error})", "Start one, or leave the address out for this machine"
            ) from error
        yield client


def spread(
    client: Any, task: str, what: Mapping[str, Any], numbers: Sequence[int], control: Control | None = None
) -> Iterator[int]:
    """Let workers do shards, and yield each as it is done.

    Parameters
    ----------
    client : distributed.Client
        As `connected` gives it.
    task : str
        Name of the function of this module that does a shard.
    what : mapping
        What is worked on, as plain JSON types.
    numbers : sequence of int
        The shards.
    control : Control, optional
        To stop; what is under way is left where it is.

    Raises
    ------
    ProjectError
        When the scheduler is gone.
    Exception
        What a shard has failed with, more than three times.
    """
    told, turn = json.dumps(what, sort_keys=True), uuid.uuid4().hex[:8]
    futures = [
        client.submit(
            on_worker,
            __name__,
            task,
            told,
            number,
            key=f"{task.strip('_')}-{turn}-{number}",
            retries=_RETRIES,
            pure=False,
        )
        for number in numbers
    ]
    try:
        for future in importlib.import_module("distributed").as_completed(futures):
            if control is not None and control.stop.is_set():
                return
            if future.cancelled():
                raise ProjectError(
                    "the scheduler is gone", "What is done is kept: start it again, and ask for the same again"
                )
            error = future.exception()
            if error is not None:
                raise error
            yield future.result()
            future.release()
    finally:
        with contextlib.suppress(Exception):  # nobody may be there to hear it
            client.cancel([future for future in futures if not future.done()])


def predict(
    asked: Asked, *, cluster: str = LOCAL, workers: int | None = None, control: Control | None = None
) -> Iterator[Update]:
    """Predict a survey by shards on a cluster.

    Parameters
    ----------
    asked : Asked
        What is predicted, and where it goes: paths that the workers have too.
    cluster, workers
        As in `connected`.
    control : Control, optional
        To stop.

    Yields
    ------
    Update
        Progress and Note, at the end Done.

    Raises
    ------
    JobError, ProjectError, SurveyError
        When something is not there, or a shard cannot be predicted.
    """
    began, control = time.monotonic(), control or Control()
    asked = _everywhere(asked)
    with asked.work() as work:
        from napari_fhn.training.prediction.sharding import Sharded

        sharded, store = Sharded(work.job, asked.shard or None), work.store
        yield from map(Note, (*work.notes, *sharded.notes))
        store.begin(sharded.plan)
        count, done = sharded.plan.shards.count, store.done()
        left, steps = sorted(set(range(count)) - done), sharded.plan.steps
        del sharded
        if left:
            with connected(cluster, workers) as client:
                if not client.scheduler_info()["workers"]:
                    yield Note(f"No worker has come to {cluster} yet: the work begins with the first one.")
                for finished, _ in enumerate(spread(client, "_predict_shard", asdict(asked), left, control), start=1):
                    seconds = (time.monotonic() - began) / finished * (len(left) - finished)
                    yield Progress("predict", count - len(left) + finished, count, seconds_left=seconds)
        stopped, seconds = control.stop.is_set(), time.monotonic() - began
        if not stopped and work.zarr is not None:
            work.zarr.collect()
        words = (
            "Stopped; it goes on from there" if stopped else f"All {counted(count, 'shards are', 'shard is')} predicted"
        )
        yield Done("predict", stopped, seconds, f"{words} ({seconds:.0f} s).", steps)


def brick(
    survey: str,
    target: str,
    *,
    reading: Mapping[str, Any] | None = None,
    cluster: str = LOCAL,
    workers: int | None = None,
    control: Control | None = None,
) -> Iterator[tuple[int, int]]:
    """Copy a survey into shards of bricks on a cluster, as `napari_fhn.surveys.bricks.copy_shards` does.

    Yields
    ------
    tuple of int
        Bytes that are there, and in all.
    """
    what = {"survey": _absolute(survey), "target": _absolute(target), "reading": dict(reading or {})}
    copy = _copy_of(json.dumps(what))
    done = copy.begin()
    yield copy.bytes_of(done), copy.total
    left = sorted(set(range(copy.shards.count)) - done)
    if left:
        with connected(cluster, workers) as client:
            for number in spread(client, "_copy_shard", what, left, control):
                done.add(number)
                yield copy.bytes_of(done), copy.total
    if len(done) == copy.shards.count:
        copy.finish()


def score(
    prediction: str,
    truth: str,
    output: str,
    *,
    cluster: str = LOCAL,
    workers: int | None = None,
    control: Control | None = None,
) -> Iterator[int]:
    """Hold a prediction against a truth on a cluster, as `napari_fhn.project.predictions.counting` does.

    Yields
    ------
    int
        How many shards are counted.
    """
    what = {"prediction": _absolute(prediction), "truth": _absolute(truth), "output": _absolute(output)}
    counting = Counting(**what)
    done = counting.begin()
    yield len(done)
    left = sorted(set(range(counting.shards.count)) - done)
    if left:
        with connected(cluster, workers) as client:
            for number in spread(client, "_count_shard", what, left, control):
                done.add(number)
                yield len(done)


def find_dips(
    session: str, *, cluster: str = LOCAL, workers: int | None = None, control: Control | None = None
) -> Iterator[tuple[int, int]]:
    """Find the dips of a session's survey on a cluster, brick by brick, where all who work on it keep them.

    Yields
    ------
    tuple of int
        Bricks that are there, and in all.
    """
    what = {"session": _absolute(session)}
    field = dips.of_session(what["session"])
    left = field.missing()
    yield field.bricks - len(left), field.bricks
    if left:
        with connected(cluster, workers) as client:
            for done, _ in enumerate(spread(client, "_find_brick", what, left, control), start=1):
                yield field.bricks - len(left) + done, field.bricks


def _count_shard(told: str, number: int) -> int:
    """On a worker: count a shard."""

    def opened(stack: contextlib.ExitStack) -> Counting:
        counting = Counting(**json.loads(told))
        counting.begin()
        return counting

    _kept(told, opened).count(number)
    return number


def _find_brick(told: str, number: int) -> int:
    """On a worker: find the dips of a brick."""
    field = _kept(told, lambda stack: dips.of_session(json.loads(told)["session"]))
    field.make(number)
    return number


def _predict_shard(told: str, number: int) -> int:
    """On a worker: predict a shard."""
    from napari_fhn.training.prediction.sharding import Sharded, on_one_thread

    def opened(stack: contextlib.ExitStack) -> Any:
        asked = record.decode(Asked, json.loads(told))
        work = stack.enter_context(asked.work())
        sharded = Sharded(work.job, asked.shard or None)
        store = work.store
        store.begin(sharded.plan)
        return sharded, store

    with on_one_thread():
        sharded, store = _kept(told, opened)
        sharded.predict(number, store)
    return number


def _copy_shard(told: str, number: int) -> int:
    """On a worker: copy a shard."""

    def opened(stack: contextlib.ExitStack) -> ShardCopy:
        copy = _copy_of(told)
        copy.begin()
        return copy

    _kept(told, opened).copy(number)
    return number


def _copy_of(told: str) -> ShardCopy:
    what = json.loads(told)
    reading = {name: tuple(value) if isinstance(value, list) else value for name, value in what["reading"].items()}
    return ShardCopy(surveys.open(what["survey"], **reading), what["target"])


def _kept(told: str, opened: Callable[[contextlib.ExitStack], Any]) -> Any:
    """Return what a worker has opened for this work, and let go of what it had opened for another one."""
    key = hashlib.sha256(f"{opened.__qualname__} {told}".encode()).hexdigest()
    if key not in _held:
        while _held:
            _held.popitem()[1][0].close()
        with contextlib.ExitStack() as stack:
            found = opened(stack)
            _held[key] = stack.pop_all(), found
    return _held[key][1]


def _everywhere(asked: Asked) -> Asked:
    """The same with paths from the root, as a worker may run in another folder."""
    names = ("network", "session", "job", "output", "like")
    paths: dict[str, Any] = {name: _absolute(getattr(asked, name)) for name in names if getattr(asked, name)}
    return replace(asked, surveys=tuple(map(_absolute, asked.surveys)), **paths)


def _absolute(path: str) -> str:
    return url_of(path) or str(Path(path).absolute())
