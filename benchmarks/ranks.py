"""How much faster is training in several processes, and is it the same training?

    python benchmarks/ranks.py [--ranks 1 2] [--device cpu|cuda] [--steps 30] [--record]

A survey is made up, a quarter of whose columns is labelled, and the recipe's network trained on it for some steps: in
one process that sees the four blocks of a step one after the other, and in several that share them. For each number of
processes this prints the steps a second, what that is of the ideal, the share of a step in which the first process
waits for others or exchanges gradients, and whether its weights are to the last bit those of one process. On a
processor every process has one thread, so that two of them are held against one with half of the cores. ``--record``
keeps the figures in ``benchmarks/results/ranks.json``: only on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from machine import machine
from napari_fhn.training import Control, Input, Job, Progress, fit
from napari_fhn.training.distributed.following import dismiss, follow
from napari_fhn.training.distributed.ranks import Joined, join
from napari_fhn.training.models import model as models
from napari_fhn.training.recipes import RECIPES

SHAPE = {"sections": (64, 160, 160), "volume": (64, 96, 96)}
BLOCKS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2], help="numbers of processes")
    parser.add_argument("--recipes", nargs="+", default=list(SHAPE), choices=list(SHAPE))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--record", action="store_true", help="keep the figures; the machine must be quiet")
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)  # in a process of the training
    options = parser.parse_args()
    if options.job is not None:
        _train(options.job)
        return
    found: dict[str, Any] = {recipe: _measure(recipe, options) for recipe in options.recipes}
    print(json.dumps(found, indent=1))
    if options.record:
        load = round(os.getloadavg()[0], 1)
        found |= {"machine": machine(), "load": load, "date": str(datetime.date.today())}
        path = Path(__file__).parent / "results" / "ranks.json"
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _measure(recipe: str, options: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        one: dict[str, torch.Tensor] = {}
        for ranks in options.ranks:
            job = _job(Path(folder) / str(ranks), recipe, options)
            told = _run(job, ranks, Path(folder) / str(ranks) / "asked.json")
            weights = models.load(job.model).network.state_dict()
            one = one or weights
            told["same"] = all(torch.equal(one[name], weights[name]) for name in one)
            found[str(ranks)] = told
    slowest = found[str(options.ranks[0])]["steps_per_second"] / options.ranks[0]
    for ranks in options.ranks:
        found[str(ranks)]["efficiency"] = round(found[str(ranks)]["steps_per_second"] / slowest / ranks, 3)
    return found


def _job(folder: Path, recipe: str, options: argparse.Namespace) -> Job:
    folder.mkdir()
    shape, rng = SHAPE[recipe], np.random.default_rng(0)
    depth = np.arange(shape[2]) + 8 * np.sin(np.arange(shape[1]) / 20)[:, np.newaxis] + np.zeros((shape[0], 1, 1))
    truth = np.digitize(depth, [40, 80, 110]).astype(np.uint8) + 1
    data = np.sin(depth * (0.3 + 0.1 * truth)) + 0.3 * rng.standard_normal(shape)
    np.save(folder / "data.npy", data.astype(np.float32))
    np.save(folder / "labels.npy", truth * (rng.random(shape[:2]) < 0.25)[..., np.newaxis])
    np.save(folder / "prediction.npy", np.zeros(shape, np.uint8))
    chosen = RECIPES[recipe]
    schedule = replace(chosen.schedule, steps=options.steps, batch=BLOCKS, accumulate=BLOCKS, enough=0.0, patience=0)
    return Job(
        inputs=(Input(str(folder / "data.npy")),),
        labels=str(folder / "labels.npy"),
        classes=("one", "two", "three", "four"),
        network=chosen.network,
        schedule=schedule,
        prediction=str(folder / "prediction.npy"),
        model=str(folder / "model"),
        vertical_axis=2,
        device=options.device,
    )


def _run(job: Job, ranks: int, path: Path) -> dict[str, Any]:
    """Train in so many processes; returns what the first one measured."""
    job.save(path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    group = {"WORLD_SIZE": ranks, "LOCAL_WORLD_SIZE": ranks, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    group |= {"OMP_NUM_THREADS": 1}
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, "--job", str(path)],
            env={**os.environ, **{name: str(value) for name, value in group.items()}, **_number(rank)},
            stdout=subprocess.PIPE if rank == 0 else subprocess.DEVNULL,
            text=True,
        )
        for rank in range(ranks)
    ]
    said = processes[0].communicate()[0]
    if any(process.wait() for process in processes):
        raise SystemExit("a process of the training failed")
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def _number(rank: int) -> dict[str, str]:
    return {"RANK": str(rank), "LOCAL_RANK": str(rank)}


def _train(path: Path) -> None:
    """Be one of the processes."""
    ranks = join()
    try:
        if ranks.rank:
            follow(ranks)
            return
        spent = {"exchanging": 0.0, "waiting": 0.0}
        for name in ("exchanged", "joined", "largest"):
            setattr(Joined, name, _timed(getattr(Joined, name), spent, "exchanging"))
        for name in ("numbers", "tell"):
            setattr(Joined, name, _timed(getattr(Joined, name), spent, "waiting"))
        seconds: list[float] = []
        for update in fit(Job.load(path, trusted=True), Control(watched=False), ranks=ranks):
            if isinstance(update, Progress):
                seconds.append(update.step_seconds or 0.0)
                if update.step == len(seconds) == 3:  # the first ones make caches and memory
                    spent.update(exchanging=0.0, waiting=0.0)
        step = statistics.median(seconds[3:])
        made = len(seconds) - 3
        shares = {f"{name}_share": round(value / made / step, 4) for name, value in spent.items()}
        print(json.dumps({"steps_per_second": round(1 / step, 3), **shares}))
    finally:
        dismiss(ranks)


def _timed(real: Callable[..., Any], spent: dict[str, float], name: str) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return real(*arguments)
        finally:
            spent[name] += time.perf_counter() - began

    return timed


if __name__ == "__main__":
    main()
