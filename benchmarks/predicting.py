"""How fast a whole survey is predicted, beside the network alone and beside its bare convolutions.

    python benchmarks/predicting.py
    python benchmarks/predicting.py --shape 384x672x240 --threads 2
    python benchmarks/predicting.py --shape 2000x16x200 --precision float32

A made survey of dipping layers is labelled in a few columns, a network learns from them for ``--steps``, and predicts
all of it: with classes alone, with probabilities and all else beside them, and in bfloat16. A network that looks at
sections does so in both directions, so that a voxel of the survey is two of the network.

Each way is measured ``--turns`` times, one after the other and again, and the fastest turn counts; beside it stand the
seconds that the processor worked, which other programs disturb less. ``of_bare`` is the time of the bare convolutions,
each in the fastest way there is, as a share of the time taken. ``differ`` counts the voxels that get another class than
in float32.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from machine import machine
from measure import CPU, Case, bare_convolutions, rounded
from napari_fhn.network.presets import PRESETS
from napari_fhn.training import Input, Job, Schedule, fit, predict
from napari_fhn.training.job import Output
from napari_fhn.training.models import model as models

CLASSES = ("sea", "sand", "shale", "marl", "lime", "salt")
BESIDE: tuple[Output, ...] = ("probabilities", "entropy", "margin")
RESULTS = Path(__file__).parent / "results" / "predicting.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="96x168x240", help="of the survey, as in 384x672x240")
    parser.add_argument("--network", default="sections", choices=sorted(set(PRESETS) - {"map", "layers"}))
    parser.add_argument("--steps", type=int, default=60, help="of training")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--precision", choices=("float32", "bfloat16"), help="only this one")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    shape = tuple(map(int, options.shape.split("x")))
    with tempfile.TemporaryDirectory(prefix="napari-fhn-predicting-") as name:
        job = trained(Path(name), shape, options.network, options.steps)
        found = measured(job, shape, options.turns, options.precision)
    command = f"python benchmarks/predicting.py --shape {options.shape} --network {options.network}"
    made = {
        "command": f"{command} --threads {options.threads}",
        "load_of_the_machine": round(os.getloadavg()[0], 1),
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
        **found,
    }
    print(table(made))
    runs = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else []
    runs = [run for run in runs if run["command"] != made["command"]] + [made]
    options.output.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")


def trained(folder: Path, shape: Sequence[int], network: str, steps: int) -> Job:
    """Make a survey of dipping layers, and a network that knows them a little."""
    rng = np.random.default_rng(0)
    i, x, t = np.ogrid[tuple(slice(size) for size in shape)]
    depth = (t + 0.05 * i - 0.08 * x + 8 * np.sin(x / 25)) / shape[2]
    truth = (1 + np.clip(depth * len(CLASSES), 0, len(CLASSES) - 1)).astype(np.uint8)
    data = np.sin(truth * 2.4 + t / (2 + truth)).astype(np.float32)
    data += rng.standard_normal(shape, dtype=np.float32) / 3
    labels = np.zeros(shape, np.uint8)
    for at in rng.integers(0, shape[:2], (8, 2)):
        labels[tuple(at)] = truth[tuple(at)]
    for name, array in (("input", data), ("labels", labels), ("prediction", np.zeros(shape, np.uint8))):
        np.save(folder / f"{name}.npy", array)
    job = Job(
        inputs=(Input(str(folder / "input.npy")),),
        labels=str(folder / "labels.npy"),
        classes=CLASSES,
        network=PRESETS[network],
        schedule=Schedule(steps=steps, batch=4, block=(64, 64) if PRESETS[network].dimensions == 2 else (32, 32, 64)),
        prediction=str(folder / "prediction.npy"),
        model=str(folder / "model"),
        vertical_axis=2,
        device="cpu",
    )
    list(fit(job))
    return job


def measured(job: Job, shape: Sequence[int], turns: int, only: str | None) -> dict[str, Any]:
    """Measure every way, in turn."""
    evaluations = math.prod(shape) * (2 if job.network.dimensions == 2 else 1)
    ways = {
        f"{precision}, {said}": replace(job, outputs=outputs, schedule=replace(job.schedule, precision=precision))
        for precision in ("float32", "bfloat16")
        if only in (None, precision)
        for said, outputs in (("classes", ()), ("all outputs", BESIDE))
    }
    seconds: dict[str, list[float]] = {}
    worked: dict[str, list[float]] = {}
    said: dict[str, np.ndarray] = {}
    for _ in range(turns):
        for name, way in ways.items():
            began, at_work = time.perf_counter(), time.process_time()
            for _ in predict(way):
                pass
            seconds.setdefault(name, []).append(time.perf_counter() - began)
            worked.setdefault(name, []).append(time.process_time() - at_work)
            said[name] = np.load(way.prediction)
    found: dict[str, Any] = {"shape": list(shape), "evaluations": evaluations, "ways": {}}
    for precision in {name.partition(",")[0] for name in ways}:
        bare, alone = network_alone(job, shape, precision)
        found[f"{precision}, bare convolutions"] = {"voxels_per_second": rounded(math.prod(shape) / evaluations / bare)}
        found[f"{precision}, network alone"] = {"voxels_per_second": rounded(math.prod(shape) / evaluations / alone)}
        for name in ways:
            if name.startswith(precision):
                row = {"seconds": rounded(min(seconds[name])), "processor_seconds": rounded(min(worked[name]))}
                row["voxels_per_second"] = rounded(math.prod(shape) / min(seconds[name]))
                row["of_bare"] = rounded(bare * evaluations / min(seconds[name]))
                if "float32, classes" in said:
                    row["differ"] = rounded(float(np.mean(said[name] != said["float32, classes"])))
                found["ways"][name] = row
    return found


def network_alone(job: Job, shape: Sequence[int], precision: str) -> tuple[float, float]:
    """Return the seconds of a voxel in the bare convolutions of a section or block, and in the network."""
    network = models.load(job.model).network.eval()
    network.precision = precision  # type: ignore[attr-defined]
    multiples = job.network.multiples
    sizes = shape[1:] if job.network.dimensions == 2 else [min(size, 96) for size in shape]
    block = tuple(-(-size // m) * m for size, m in zip(sizes, multiples, strict=True))
    case = Case(job.network, block, 1, network.input_channels, len(CLASSES))  # type: ignore[arg-type]
    dtype = torch.float32 if precision == "float32" else torch.bfloat16
    _, rows = bare_convolutions(case, CPU, dtype)
    bare = sum(row["layers"] * sum(row["fastest"][f"forward: {k}"]["seconds"] for k in ("K", "K^T")) for row in rows)
    data, taken = case.data(), []
    with torch.no_grad():
        for _ in range(5):
            began = time.perf_counter()
            network.scores(data)
            taken.append(time.perf_counter() - began)
    return bare / math.prod(block), min(taken) / math.prod(block)


def table(found: dict[str, Any]) -> str:
    """Return the figures as lines."""
    lines = [f"{' x '.join(map(str, found['shape']))} voxels, load {found['load_of_the_machine']}"]
    lines += [
        f"{name:32} {row['voxels_per_second'] / 1e6:6.2f} million a second"
        for name, row in found.items()
        if isinstance(row, dict) and "voxels_per_second" in row
    ]
    for name, row in found["ways"].items():
        rate, differ = row["voxels_per_second"] / 1e6, 100 * row.get("differ", 0)
        lines.append(
            f"{name:32} {rate:6.2f} million a second, {100 * row['of_bare']:.0f} % of it bare convolution, "
            f"{row['processor_seconds']:.1f} s of the processor, {differ:.2f} % differ"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
