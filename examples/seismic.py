"""A 3D geological model from boreholes (Peters, Haber & Lensink 2024, section 4.3).

    python examples/seismic.py --small                       # the bundled survey, on sections: minutes on a CPU
    python examples/seismic.py --f3 data/train --forecast    # what the full size takes
    python examples/seismic.py --f3 fetch --minutes 10       # the F3 benchmark (train_seismic.npy, train_labels.npy)
    python examples/seismic.py --data survey.sgy --truth facies.npz          # another survey with its facies
    python examples/seismic.py --f3 data/train --networks ours,paper.a,paper.b            # Table 4 and Figure 13

Two groups of layers are told apart. They are known within 40 traces of twelve boreholes; eight are learnt from and
four kept. A step sees four blocks of 248 x 248 x 248, one after the other. IoU is that of everything that is not
labelled and lies 50 traces or more from the border; on smaller surveys both lengths shrink with the survey.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import napari_fhn as fhn
from napari_fhn import sample_data, surveys
from shared import Clock, folder_of, forecast, keep, options, pictures, predict, train

STEPS = 240
GRID, KEPT, RADIUS, MARGIN, EXTENT = (3, 4), 4, 40, 50, 401
"""Boreholes, how many are kept, how far they are known, the margin that is not scored, and the survey of these."""
CLASSES = ("class 1", "class 2")
SMALL: dict[str, Any] = {"recipe": "sections", "factors": "auto", "schedule": {}}
"""For two CPU cores: what the program proposes itself, a network on sections and what boreholes and reflectors say."""
CUT_DOWN = {
    "paper.seismic": "3d 4: 2x4 | down 3x16 | down 3x32 | down 10x32 | up 3x32 | up 3x16 | up 6x4",
    "paper.a": "3d 4: 2x4 | down 3x16 | down 12x32 | up 3x16 | up 6x4",
    "paper.b": "3d 4: 2x4 | down 2x32 | down 2x256 | up 2x32 | up 6x4",
}
CUT_SCHEDULE = {"block": (32, 32, 32), "batch": 2, "accumulate": 1, "learning_rate": 0.01, "decay_every": 40}
CUT = {"recipe": "paper.seismic", "schedule": CUT_SCHEDULE, "factors": "none"}
"""Networks of Tables 3 and 6 for --small: as many layers and a third of the channels, on small blocks."""


def main() -> int:
    """Train, predict, score, draw."""
    told = _options()
    told.folder.mkdir(parents=True, exist_ok=True)
    clock, steps = Clock(told.minutes), told.steps or (160 if told.small else STEPS)
    survey, truth = data(told)
    learnt, boxes = boreholes(truth, told.seed)
    settings: dict[str, Any] = {"recipe": "paper.seismic", "schedule": {"accumulate": 4}, "device": told.device}
    settings |= SMALL if told.small else {}
    predictions, numbers = {}, {"survey": truth.shape, "labelled": float((learnt > 0).mean()), "steps": steps}
    with fhn.open(survey, vertical_axis=2, session=told.folder / "work") as work:
        work.label(learnt, classes=CLASSES)
        if told.forecast:
            forecast(work, steps, [max(16, min(size, 248) // 4 // 8 * 8) for size in truth.shape], **settings)
            return 0
        for name in told.networks:
            other = CUT | {"network": CUT_DOWN[name]} if told.small and name in CUT_DOWN else {"network": name}
            chosen = settings if name == "ours" else settings | other
            run = train(work, name, steps, clock, hold_out=boxes, seed=told.seed, **chosen)
            if run is None:
                return 0
            predictions[name], found = predict(work, run, {"inside": inside(truth)}, told.device, "borehole")
            numbers[name] = found["inside"]
    keep(told.folder, "numbers.json", numbers)
    panels: list[tuple[str, Any]] = [("boreholes learnt from, and kept", plan(learnt, boxes))]
    for name, place in sections(truth).items():
        panels += [(name, np.asarray(survey[place], float).T), ("truth", truth[place].T)]
        panels += [(f"prediction, {which}", found[place].T) for which, found in predictions.items()]
    pictures(told.folder / "seismic.png", panels, classes=2, columns=5)
    return 0


def data(told: argparse.Namespace) -> tuple[xr.DataArray, np.ndarray]:
    """Return the volume, and two groups of layers: 1 and 2."""
    if told.f3:
        f3 = folder_of("f3", told.f3)
        survey = surveys.open(f3 / "train_seismic.npy", axes=("inline", "crossline", "sample"))
        facies = np.load(f3 / "train_labels.npy", mmap_mode="r")
    elif told.data:
        survey, found = surveys.open(told.data), np.load(told.truth)
        facies = found if isinstance(found, np.ndarray) else found[found.files[0]]
    else:
        survey, facies = surveys.open(sample_data.SEISMIC.survey), sample_data.seismic_truth()
    split = halves(facies) if told.split is None else told.split
    return survey, np.where(facies <= split, np.uint8(1), np.uint8(2))


def halves(facies: np.ndarray) -> int:
    """Return the last facies of the upper group, so that both groups are as large as can be."""
    share = np.cumsum(np.bincount(np.asarray(facies).ravel())) / facies.size
    return int(np.abs(share[:-1] - 0.5).argmin())


def boreholes(truth: np.ndarray, seed: int) -> tuple[np.ndarray, list[fhn.Box]]:
    """Return what is known around boreholes on a jittered grid, and the boxes of those that are kept."""
    rng = np.random.default_rng(seed)
    radius = _scaled(RADIUS, truth)
    lines, traces = sorted(GRID, reverse=truth.shape[0] > truth.shape[1])
    known, boxes = np.zeros_like(truth), []
    for k in range(lines * traces):
        cell = (k // traces + rng.uniform(0.3, 0.7)) / lines, (k % traces + rng.uniform(0.3, 0.7)) / traces
        middle = [round(share * size) for share, size in zip(cell, truth.shape, strict=False)]
        start = [max(0, at - radius) for at in middle]
        stop = [min(size, at + radius + 1) for at, size in zip(middle, truth.shape, strict=False)]
        boxes.append(fhn.Box((*start, 0), (*stop, truth.shape[2])))
        known[boxes[-1].slices] = truth[boxes[-1].slices]
    return known, [boxes[k] for k in rng.permutation(len(boxes))[:KEPT]]


def inside(truth: np.ndarray) -> np.ndarray:
    """Return the truth without the margin, where nothing is scored."""
    margin = _scaled(MARGIN, truth)
    return np.pad(truth[margin:-margin, margin:-margin], ((margin, margin), (margin, margin), (0, 0)))


def sections(truth: np.ndarray) -> dict[str, Any]:
    """Return where three sections that cross lie, by what they are called."""
    line, trace, sample = (size // 2 for size in truth.shape)
    return {"inline": (line,), "crossline": (slice(None), trace), "slice": (..., sample)}


def plan(known: np.ndarray, boxes: list[fhn.Box]) -> np.ndarray:
    """Return a plan view: 2 where learnt, 1 where kept."""
    found = 2 * (known > 0).any(axis=2).astype(np.uint8)
    for box in boxes:
        found[box.slices[:2]] = 1
    return found


def _scaled(length: int, truth: np.ndarray) -> int:
    return max(1, round(length * min(1.0, min(truth.shape[:2]) / EXTENT)))


def _options() -> argparse.Namespace:
    parser = options(__doc__ or "", "example-seismic")
    parser.add_argument("--f3", type=Path, metavar="DIR", help="with train_seismic.npy and train_labels.npy, or: fetch")
    parser.add_argument("--data", type=Path, metavar="FILE", help="another survey")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="its facies: .npy or .npz, counted from the top")
    parser.add_argument("--split", type=int, metavar="N", help="last facies of the upper group (default: equal halves)")
    parser.add_argument("--networks", type=lambda text: text.split(","), default=["ours"], metavar="NAME,...")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
