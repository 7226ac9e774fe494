"""Land-use change between two hyperspectral dates (Peters, Haber & Lensink 2024, section 4.1).

    python examples/hyperspectral.py --small                 # the bundled pair, every eighth band: minutes on a CPU
    python examples/hyperspectral.py --forecast              # what the full size takes
    python examples/hyperspectral.py --minutes 10            # a generated pair of 368 x 288 x 184; again to go on
    python examples/hyperspectral.py --data fetch            # the public pair with its map (USA_Change_Dataset.mat)
    python examples/hyperspectral.py --data 2000TM 2003TM --truth change.npy

Both cubes are one block: dates are channels, repeated to 16, and bands the third axis. Each of 70 points is a label of
a map, which is read from a slice of an output half as fine. 50 are learnt from, 20 say how well it goes. The symmetric
ResNets of Table 5 are trained beside it.
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
from shared import ROOT, Clock, curve, folder_of, forecast, keep, options, pictures

STEPS, EVERY = 70, 5
LEARNT, VALIDATED = 50, 20
CLASSES = ("unchanged", "changed")
COMPARED = {"hyperbolic": None, **{f"ResNet {k}": f"paper.resnet{k}" for k in (1, 2, 3)}}
"""Networks by the name of their run: the recipe's, and those of Table 5."""


def main() -> int:
    """Train, compare, predict, draw."""
    told = _options()
    told.folder.mkdir(parents=True, exist_ok=True)
    clock, steps = Clock(told.minutes), told.steps or STEPS
    dates, truth = data(told)
    learnt, validated = points(truth, told.seed)
    with fhn.open({"date 1": dates[0], "date 2": dates[1]}, session=told.folder / "work") as work:
        work.label(learnt, classes=CLASSES)
        common: dict[str, Any] = {"recipe": "paper.hyperspectral", "device": told.device, "seed": told.seed}
        schedule = {"block": (*truth.shape, dates[0].sizes["band"])}
        if told.forecast:
            small = tuple(max(8, size // 4) for size in schedule["block"])
            forecast(work, steps, small, "paper.hyperspectral", schedule=schedule, device=told.device)
            return 0

        def validate(run: fhn.Run) -> float:
            work.predict(run=run, outputs="probabilities", device=told.device)
            said = np.asarray(work.prediction("probabilities", run=run))
            places = np.nonzero(validated)
            right = said[(validated[places] - 1, *places)]
            return float(-np.log(np.maximum(right, 1e-6)).mean())

        curves = {}
        for name, network in COMPARED.items():
            found = curve(work, name, steps, EVERY, clock, validate, network=network, schedule=schedule, **common)
            if found is None:
                return 0
            curves[name] = found
        work.runs.select(work.runs.get("hyperbolic"))
        predicted = np.asarray(work.prediction())
        score = work.score(truth).network
    numbers = {
        "pixels": truth.shape,
        "bands": int(dates[0].sizes["band"]),
        "steps": steps,
        "validation loss": {name: values[max(values)] for name, values in curves.items()},
        "IoU": dict(zip(CLASSES, score.iou, strict=True)),
        "accuracy": score.accuracy,
    }
    keep(told.folder, "numbers.json", numbers)
    wrong = ((predicted != truth) & (truth > 0)).astype(np.uint8) * 2
    marked = [("red", np.argwhere(learnt)), ("black", np.argwhere(validated))]
    panels = [("truth, points learnt (red) and validated", truth), ("prediction", predicted), ("errors", wrong)]
    pictures(told.folder / "hyperspectral.png", panels, classes=2, points=marked, curves=curves, columns=4)
    return 0


def data(told: argparse.Namespace) -> tuple[list[xr.DataArray], np.ndarray]:
    """Return two cubes and the map of change: 0 not known, 1 unchanged, 2 changed."""
    given = told.data or []
    if given == [Path("fetch")]:
        given = [folder_of("usa", given[0]) / "USA_Change_Dataset.mat"]
    if given and given[0].suffix == ".mat":
        cubes = [surveys.open(given[0], variable=name, axes=("y", "x", "band")) for name in ("T1", "T2")]
        truth = np.asarray(surveys.open(given[0], variable="Binary", axes=("y", "x"))).astype(int) + 1
    elif given:
        cubes, truth = [surveys.open(path) for path in given], _map(told.truth)
    elif told.small:
        cubes = [surveys.open(path)[::8] for path in sample_data.HYPERSPECTRAL.dates]
        truth = sample_data.hyperspectral_truth()
    else:
        sys.path.append(str(ROOT / "scripts"))
        from samples.make_hyperspectral import make_full

        folder = told.folder / "pair"
        if not (folder / "truth.npz").exists():
            make_full(folder)
        cubes, truth = [surveys.open(folder / f"date{k}.img") for k in (1, 2)], _map(folder / "truth.npz")
    return cubes, truth.squeeze().astype(np.uint8)


def points(truth: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw points of both classes alike: those to learn from, and those to validate on."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((2, *truth.shape), np.uint8)
    for value in (1, 2):
        places = rng.choice(np.flatnonzero(truth == value), (LEARNT + VALIDATED) // 2, replace=False)
        drawn[0].flat[places[: LEARNT // 2]], drawn[1].flat[places[LEARNT // 2 :]] = value, value
    return drawn[0], drawn[1]


def _map(path: Path) -> np.ndarray:
    """Read a map from a NumPy file: 0 not known, 1 unchanged, 2 changed; or 0 unchanged, 1 changed, 255 not known."""
    found = np.load(path)
    stored = np.asarray(found if isinstance(found, np.ndarray) else found[found.files[0]]).astype(int)
    return np.where(stored == 255, 0, stored + 1) if stored.max() == 255 else stored


def _options() -> argparse.Namespace:
    parser = options(__doc__ or "", "example-hyperspectral")
    parser.add_argument(
        "--data", type=Path, nargs="+", metavar="FILE", help="a .mat with T1 and T2, two cubes, or: fetch"
    )
    parser.add_argument(
        "--truth", type=Path, metavar="FILE", help=".npy or .npz: 1 unchanged, 2 changed, 0 not known; or 0, 1 and 255"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
