"""Regional aquifer mapping (Peters, Haber & Lensink 2024, section 4.2).

    python examples/aquifer.py --small               # cells four times as wide, the recipe for maps: minutes on a CPU
    python examples/aquifer.py --forecast            # what the full size takes
    python examples/aquifer.py --minutes 10          # 848 x 1456 cells, the paper's network; again to go on
    python examples/aquifer.py --data a.tif b.tif --categorical c.tif --patches known.tif --truth true.tif

The paper's data are not public. A generated region stands in, written as GeoTIFFs that the dock opens too: magnetics,
two gravity grids and topography, and two geological maps that become 52 maps of zero and one. An expert has annotated
40 patches, of which 30 are learnt from, a tenth of their cells in each step, with flips and exchanged axes.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np

import napari_fhn as fhn
from napari_fhn import surveys
from shared import ROOT, Clock, forecast, keep, options, pictures, predict, train

STEPS = 140
MAPS = ("magnetics", "gravity_bouguer", "gravity_isostatic", "topography")
GEOLOGY = ("rock_age", "rock_type")
SMALL: dict[str, Any] = {"recipe": "map", "factors": "auto"}
"""For two CPU cores: what the program proposes itself, a network on small blocks and what bands and patches say."""


def main() -> int:
    """Train, predict, score, draw."""
    told = _options()
    told.folder.mkdir(parents=True, exist_ok=True)
    steps, files = told.steps or STEPS, region(told)
    settings: dict[str, Any] = {"recipe": "paper.aquifer", "device": told.device} | (SMALL if told.small else {})
    with fhn.open(files["maps"], categorical=files["geology"], session=told.folder / "work") as work:
        work.label(files["patches"], classes=files["classes"])
        if told.forecast:
            small = tuple(max(32, size // 4 // 8 * 8) for size in work.shape)
            forecast(work, steps, small, **settings)
            return 0
        kept = boxes(files["table"]) if files["table"] else told.hold_out
        settings |= {"hold_out": kept, "seed": told.seed}
        run = train(work, "aquifer", steps, Clock(told.minutes), **settings)
        if run is None:
            return 0
        known = np.array(work.labels)
        truth = known if files["truth"] is None else _read(files["truth"])
        truths: dict[str, np.ndarray | None] = {"patches kept": None} if kept else {}
        if files["truth"] is not None:
            truths["everywhere else"] = truth
        predicted, scores = predict(work, run, truths, told.device, "patch")
        names = tuple(work.classes.values())
        shown = known.copy()
        for box in run.job().held_out:
            shown[box.slices] = 0
        maps = sum(survey.sizes.get("band", 1) for survey in work.surveys.values())
    keep(told.folder, "numbers.json", {"cells": truth.shape, "maps": maps, "steps": steps, **scores})
    wrong = ((predicted != truth) & (truth > 0)).astype(np.uint8) * len(names)
    panels = [(path.stem, _read(path)) for path in files["maps"][:3]]
    panels += [("patches learnt from", shown), ("patches kept for the score", known - shown)]
    panels += [("truth", truth), ("prediction", predicted), ("errors", wrong)]
    pictures(told.folder / "aquifer.png", panels, classes=len(names), columns=4)
    return 0


def region(told: argparse.Namespace) -> dict[str, Any]:
    """Return the files of the region by what they are; those of the generated one are made where they are not there."""
    if told.data:
        return {
            "maps": told.data,
            "geology": told.categorical,
            "patches": told.patches,
            "truth": told.truth,
            "table": None,
            "classes": told.classes,
        }
    sys.path.append(str(ROOT / "scripts"))
    from samples import make_region

    folder = told.folder / "region"
    if not (folder / "patches.csv").exists():
        shape = make_region.SHAPE
        make_region.make(folder, tuple(n // make_region.SMALL for n in shape) if told.small else shape)
    return {
        "maps": [folder / f"{name}.tif" for name in MAPS],
        "geology": [folder / f"{name}.tif" for name in GEOLOGY],
        "patches": folder / "patches.tif",
        "truth": folder / "truth.tif",
        "table": folder / "patches.csv",
        "classes": folder / "classes.csv",
    }


def boxes(table: Path) -> list[fhn.Box]:
    """Return the patches that are kept for the score."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["for"] == "validation"]
    corners = [(int(row["row"]), int(row["column"]), int(row["size"])) for row in rows]
    return [fhn.Box((row, column), (row + size, column + size)) for row, column, size in corners]


def _read(path: Path) -> np.ndarray:
    found = np.asarray(surveys.open(path))
    return found[0] if found.ndim == 3 else found


def _options() -> argparse.Namespace:
    parser = options(__doc__ or "", "example-aquifer")
    parser.add_argument("--data", type=Path, nargs="+", metavar="FILE", help="maps of numbers")
    parser.add_argument("--categorical", type=Path, nargs="*", default=[], metavar="FILE", help="maps of units")
    parser.add_argument("--patches", type=Path, metavar="FILE", help="what is known, 0 elsewhere")
    parser.add_argument("--classes", type=Path, metavar="FILE", help="their names: value,name,color")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="true classes")
    parser.add_argument("--hold-out", type=int, default=10, metavar="N", help="patches kept for the score")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
