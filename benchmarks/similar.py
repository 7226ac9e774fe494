"""More like this: how often a place that is found is of the class that was clicked on, and how long it takes.

    python benchmarks/similar.py                    # the bundled samples, 20 clicks on each class
    python benchmarks/similar.py --samples 52e6     # how long a volume of noise takes to be described, and a question

Clicks are drawn by class from the truth; nothing near a click counts. For each class: its share of the survey, and the
share of the ten best places whose middle is of it. For each way to make the raw numbers comparable: mean average
precision over classes of all cells, ranked by their distance to the click. Figures are kept in
``benchmarks/results/similar.json``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from machine import machine
from napari_fhn import sample_data, surveys
from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.labelling.similar import SurveyValues
from napari_fhn.structure.similar import describing
from napari_fhn.structure.similar.describing import Descriptions
from napari_fhn.structure.similar.likeness import Examples, likeness
from napari_fhn.structure.similar.pixels import Pixels
from napari_fhn.structure.similar.places import places
from napari_fhn.structure.similar.textures import Textures

RESULTS = Path(__file__).parent / "results" / "similar.json"
NEAR = 5
"""Cells around a click that do not count."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=float, help="time a volume of so many samples instead")
    parser.add_argument("--clicks", type=int, default=20, help="on each class")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    found = _timed(round(options.samples)) if options.samples else _found(options.clicks, options.seed)
    kept = json.loads(options.output.read_text()) if options.output.exists() else {}
    kept["time" if options.samples else "samples"] = {"machine": machine(), **found}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(kept, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def _found(clicks: int, seed: int) -> dict[str, Any]:
    seismic = SurveySet.of({"seismic": surveys.open(sample_data.SEISMIC.survey)})
    dates = SurveySet.of([(path.stem, surveys.open(path)) for path in sample_data.HYPERSPECTRAL.dates])
    return {
        "clicks": clicks,
        "seed": seed,
        "seismic": _sample(seismic, sample_data.seismic_truth(), 2, clicks, seed),
        "hyperspectral": _sample(dates, sample_data.hyperspectral_truth(), None, clicks, seed),
    }


def _sample(together: SurveySet, truth: NDArray[Any], vertical: int | None, clicks: int, seed: int) -> dict[str, Any]:
    channels = SurveyValues(together)
    most = describing.MOST_CELLS
    describer = Pixels(channels, most) if vertical is None else Textures(channels, vertical, most)
    raw, lattice = describer.all(), describer.lattice
    lags = describing._lags(describer.apart, lattice.shape, vertical)
    ways: dict[str, Callable[[], NDArray[np.float32]]] = {
        "noise adjusted": lambda: describing._adjusted(raw, lags),
        "unit variance": lambda: _whitened(raw, full=False),
        "mahalanobis": lambda: _whitened(raw, full=True),
    }
    drawn = _clicks(truth, clicks, seed)
    there = truth[np.ix_(*lattice.centres)]
    precision = {way: _precision(Descriptions(lattice, make()), there, drawn) for way, make in ways.items()}
    described = Descriptions(lattice, ways["noise adjusted"]())
    classes = {}
    for value, voxels in drawn.items():
        right = []
        for voxel in voxels:
            alike = likeness(described, Examples((voxel[None],)))
            best = [one for one in places(alike, lattice, shown=[voxel[None]], count=10) if not one.shown]
            right += [truth[one.voxel] == value for one in best]
        classes[value] = {"share": round(float((truth == value).mean()), 3), "right": round(float(np.mean(right)), 2)}
    return {"classes": classes, "mean average precision": precision}


def _clicks(truth: NDArray[Any], clicks: int, seed: int) -> dict[int, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    found = {}
    for value in np.unique(truth[truth > 0]).tolist():
        there = np.flatnonzero(truth == value)
        found[value] = np.stack(np.unravel_index(rng.choice(there, clicks), truth.shape), axis=1)
    return found


def _precision(described: Descriptions, truth: NDArray[Any], drawn: dict[int, NDArray[np.int64]]) -> float:
    by_class = []
    for value, voxels in drawn.items():
        scores = []
        for voxel in voxels:
            alike = likeness(described, Examples((voxel[None],)))
            use = np.isfinite(alike) & (truth > 0)
            cell = described.lattice.cells_of(voxel)
            use[tuple(slice(max(0, at - NEAR), at + NEAR + 1) for at in cell)] = False
            order = np.argsort(-alike[use], kind="stable")
            right = (truth[use] == value)[order]
            scores.append((np.cumsum(right) / np.arange(1, len(right) + 1))[right].mean())
        by_class.append(np.mean(scores))
    return round(float(np.mean(by_class)), 3)


def _whitened(raw: NDArray[np.float32], *, full: bool) -> NDArray[np.float32]:
    """Give numbers unit variance, each by itself or all together."""
    flat = raw.reshape(len(raw), -1)
    known = flat[:, np.isfinite(flat).all(axis=0)].astype(np.float64)
    scaled = (flat - known.mean(axis=1)[:, None]) / known.std(axis=1)[:, None]
    if full:
        variance, ways = np.linalg.eigh(np.corrcoef(known) + 0.05 * np.eye(len(known)))
        scaled = (ways / np.sqrt(variance)).T @ scaled
    return scaled.reshape(raw.shape).astype(np.float32)


def _timed(samples: int) -> dict[str, Any]:
    side = max(8, round((samples / 160) ** 0.5))
    with tempfile.TemporaryDirectory() as folder:
        shape = (side, side, 160)
        values = np.lib.format.open_memmap(Path(folder) / "v.npy", mode="w+", dtype=np.float32, shape=shape)
        rng = np.random.default_rng(0)
        for row in values:
            row[:] = rng.standard_normal(row.shape, np.float32)
        survey = surveys.open(Path(folder) / "v.npy", axes=("inline", "crossline", "twt"))
        channels = SurveyValues(SurveySet.of({"v": survey}))
        began = time.perf_counter()
        described = Descriptions.of(channels, 2)
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        alike = likeness(described, Examples((np.array([[side // 2, side // 2, 80]]),)))
        places(alike, described.lattice)
        question = time.perf_counter() - began
    cells, seconds, question = int(np.prod(described.lattice.shape)), round(seconds, 2), round(question, 3)
    return {"samples": int(np.prod(shape)), "cells": cells, "describe s": seconds, "ask s": question}


if __name__ == "__main__":
    main()
