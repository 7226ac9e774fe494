"""Facies of the Penobscot survey from a few well-like columns, beside the nearest-well reference.

    python benchmarks/penobscot.py --protocol wells8_draw0

Labels are the columns within five traces of each well in both directions (a square), all samples; the score is over all
other voxels. The data are read from ``../shared/data/penobscot`` beside the checkout, or from ``--data``: a SEG-Y file
``penobscot.sgy``, ``labels.npz`` (facies 0 to 7, dense) and ``wells.csv`` (protocol, inline, crossline).
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from machine import machine
from napari_fhn import surveys
from napari_fhn.cli.running import work
from napari_fhn.cli.score import tell
from napari_fhn.report import Evaluation, on_truth
from napari_fhn.session import Session, vertical_axis
from napari_fhn.training.job import Job
from napari_fhn.training.recipes import RECIPES

ROOT = Path(__file__).parents[1]
RADIUS = 5


def main() -> int:
    options = _options()
    missing = [n for n in ("penobscot.sgy", "labels.npz", "wells.csv") if not (options.data / n).is_file()]
    if missing:
        print(f"No {', '.join(missing)} in {options.data}: say where the Penobscot data are with --data.")
        return 0
    survey = surveys.open(options.data / "penobscot.sgy")
    with np.load(options.data / "labels.npz") as file:
        # Facies 0 is a class; in label volumes 0 means unlabelled.
        truth: NDArray[np.uint8] = file["labels"] + np.uint8(1)
    wells = read_wells(options.data / "wells.csv", options.protocol)
    if not wells:
        print(f"There is no protocol {options.protocol!r} in {options.data / 'wells.csv'}.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        session = Session(options.session or scratch)
        job = prepare(session, survey, truth, wells, options)
        started = time.perf_counter()
        complete = work("train", job, as_json=False)
        trained = time.perf_counter()
        complete = complete and work("predict", job, as_json=False)
        predicted = time.perf_counter()
        if not complete:
            print("Stopped: nothing is recorded.")
            return 130
        found = on_truth(job, truth)
    tell(found, job, as_json=False)
    print(f"Training {trained - started:.0f} s, prediction {predicted - trained:.0f} s.")
    record(options.output, options, job, found, trained - started, predicted - trained, len(wells))
    print(f"Recorded in {options.output}")
    return 0


def read_wells(path: Path, protocol: str) -> list[tuple[int, int]]:
    """Inline and crossline of each well of a protocol."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["protocol"] == protocol]
    return [(int(row["inline"]), int(row["crossline"])) for row in rows]


def prepare(
    session: Session,
    survey: xr.DataArray,
    truth: NDArray[np.uint8],
    wells: list[tuple[int, int]],
    options: argparse.Namespace,
) -> Job:
    """Stage the survey, copy the truth into the wells' columns, and build the job."""
    labels = session.label_volume(truth.shape)
    labels[...] = 0
    inlines, crosslines = np.asarray(survey["inline"]), np.asarray(survey["crossline"])
    for inline, crossline in wells:
        i, j = int(np.argmin(abs(inlines - inline))), int(np.argmin(abs(crosslines - crossline)))
        columns = (slice(max(0, i - RADIUS), i + RADIUS + 1), slice(max(0, j - RADIUS), j + RADIUS + 1))
        labels[columns] = truth[columns]
    session.prediction_volume(truth.shape)[...] = 0
    return session.job(
        [session.stage_survey("penobscot", survey)],
        [f"facies {k}" for k in range(int(truth.max()))],
        options.recipe,
        vertical_axis=vertical_axis(survey),
        device=options.device,
        steps=options.steps,
        seed=options.seed,
    )


def record(
    path: Path,
    options: argparse.Namespace,
    job: Job,
    found: Evaluation,
    train_seconds: float,
    predict_seconds: float,
    wells: int,
) -> None:
    """Write what was measured, how, where and when; runs with other settings in the same file are kept."""
    network, nearest = found.network, found.nearest
    entry = {
        "command": "python benchmarks/penobscot.py "
        + f"--protocol {options.protocol} --recipe {options.recipe} --steps {job.schedule.steps} "
        + f"--seed {job.schedule.seed} --device {options.device}",
        "protocol": options.protocol,
        "wells": wells,
        "recipe": options.recipe,
        "steps": job.schedule.steps,
        "seed": job.schedule.seed,
        "mean_iou": {"network": _plain(network.mean_iou), "nearest_well": _plain(nearest.mean_iou)},
        "iou": {
            name: {"network": _plain(a), "nearest_well": _plain(b)}
            for name, a, b in zip(job.classes, network.iou, nearest.iou, strict=True)
        },
        "voxels_scored": network.voxels,
        "train_seconds": round(train_seconds, 1),
        "predict_seconds": round(predict_seconds, 1),
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    runs = [earlier for earlier in runs if earlier["command"] != entry["command"]] + [entry]
    path.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")


def _plain(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "penobscot", metavar="DIR")
    parser.add_argument("--protocol", default="wells8_draw0", help="wells2, wells4 or wells8, _draw0 to _draw4")
    parser.add_argument("--recipe", choices=tuple(RECIPES), default="sections")
    parser.add_argument("--steps", type=int, metavar="N")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--session", type=Path, metavar="DIR", help="keep the work in this folder")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "benchmarks" / "results" / "penobscot.json", metavar="FILE"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
