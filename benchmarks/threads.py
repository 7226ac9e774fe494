"""How far weights of the same job, data and seed are apart that were trained on other numbers of threads of a CPU.

    python benchmarks/threads.py
    python benchmarks/threads.py --recipes map --steps 12 --threads 1,2,4

Each recipe of ours trains as it is, with its whole network and its optimiser, on a small survey of blocky layers; each
number of threads once, and the first of them twice, which has to give the same bits. What is said is the length of the
difference of all weights by the length of all weights, and the same of the weights of one part where it is largest.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from machine import machine
from napari_fhn.training import Control, Input, Job, fit
from napari_fhn.training.models.model import load
from napari_fhn.training.recipes import RECIPES

RESULTS = Path(__file__).parent / "results" / "threads.json"

Weights = dict[str, torch.Tensor]


def main() -> int:
    options = _options()
    found: dict[str, Any] = {
        "command": " ".join(["benchmarks/threads.py", *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "steps": options.steps,
        "recipes": {},
    }
    for name in options.recipes:
        with tempfile.TemporaryDirectory(prefix="napari-fhn-threads-") as made:
            job = _job(name, Path(made), options.steps)
            first = _weights(job, options.threads[0])
            again = all(torch.equal(value, first[key]) for key, value in _weights(job, options.threads[0]).items())
            apart = {str(many): _apart(first, _weights(job, many)) for many in options.threads[1:]}
        found["recipes"][name] = {"same_bits_again": again, "apart": apart}
        print(name, json.dumps(found["recipes"][name]), flush=True)
        options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0 if all(one["same_bits_again"] for one in found["recipes"].values()) else 1


def _job(name: str, folder: Path, steps: int) -> Job:
    """Write a small survey and some labels, and return the job of a recipe on them."""
    rng, recipe = np.random.default_rng(0), RECIPES[name]
    flat = name == "map"
    shape = (48, 64) if flat else (24, 32, 48)
    down = np.indices(shape)[-1] + 4 * np.sin(np.indices(shape)[0] / 9)
    truth = (1 + (down > shape[-1] / 3) + (down > shape[-1] / 1.5)).astype(np.uint8)
    values = np.choose(truth - 1, [0.0, 2.0, -2.0])[..., np.newaxis] + rng.standard_normal((*shape, 4 if flat else 1))
    known = rng.random(shape if flat else shape[:2]) < 0.02
    np.save(folder / "input.npy", values.astype(np.float32))
    np.save(folder / "labels.npy", np.where(known if flat else known[..., np.newaxis], truth, 0).astype(np.uint8))
    np.save(folder / "prediction.npy", np.zeros(shape, np.uint8))
    block = tuple(min(size, 48) for size in recipe.schedule.block)
    return Job(
        inputs=(Input(str(folder / "input.npy"), channel_axis=len(shape)),),
        labels=str(folder / "labels.npy"),
        classes=("a", "b", "c"),
        network=recipe.network,
        schedule=replace(recipe.schedule, steps=steps, block=block),
        prediction=str(folder / "prediction.npy"),
        model=str(folder / "model"),
        vertical_axis=None if flat else 2,
        device="cpu",
    )


def _weights(job: Job, threads: int) -> Weights:
    torch.set_num_threads(threads)
    for _ in fit(job, Control(watched=False)):
        pass
    state: Weights = load(job.model).network.state_dict()
    return {name: value.clone() for name, value in state.items() if value.is_floating_point()}


def _apart(one: Weights, other: Weights) -> dict[str, float]:
    """Return how far weights are apart, relative to their own length: all together, and in the worst part of them."""
    parts = [(float((other[name] - value).norm()), float(value.norm())) for name, value in one.items()]
    together = np.hypot.reduce([off for off, _ in parts]) / np.hypot.reduce([size for _, size in parts])
    worst = max(off / size for off, size in parts if size)
    return {"all": float(f"{together:.1e}"), "worst_part": float(f"{worst:.1e}")}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names, numbers = (lambda t: t.split(",")), (lambda t: [int(one) for one in t.split(",")])
    parser.add_argument("--recipes", type=names, default=["map", "sections", "volume"], metavar="NAME,...")
    parser.add_argument("--threads", type=numbers, default=[1, 2], metavar="N,...")
    parser.add_argument("--steps", type=int, default=12, metavar="N")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
