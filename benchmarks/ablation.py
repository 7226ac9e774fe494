"""What block rank, depth, levels and block size are worth: the recipe's network, changed in one way at a time.

    python benchmarks/ablation.py --only seismic,taizhou --seeds 2 --budget 60
    python benchmarks/ablation.py --table

As ``accuracy.py``, with which it shares datasets, scores and the way of running: at equal CPU time, so a cheaper
network makes more steps; with ``--steps N`` at equal steps instead. Figure 12 of Peters, Haber & Lensink (2024) has the
block rank.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import accuracy_scores
from accuracy import run_all, running_options
from accuracy_data import DATASETS
from napari_fhn.network.architecture import Architecture, Layer
from napari_fhn.network.language import write
from napari_fhn.training.recipes import RECIPES, fitting

RESULTS = Path(__file__).parent / "results" / "ablation.jsonl"
_VOLUMES = ("penobscot", "seismic")


def main() -> int:
    options = _options()
    if options.table:
        wanted = [e for e in accuracy_scores.read(options.output).values() if e["dataset"] in options.only]
        print(accuracy_scores.table(wanted, by_method=True))
        return 0
    return run_all(planned(options), options)


def planned(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield an entry for each dataset, seed and variant, without its result."""
    for name in options.only:
        dataset = DATASETS[name]
        if dataset.missing(options.shared):
            print(f"{name}: no {dataset.folder} in {options.shared}; left out")
            continue
        begun_with = options.recipe or fitting(3 if name in _VOLUMES else 2)[0]
        recipe = RECIPES[begun_with]
        for draw in dataset.chosen(["tuning"], options.seeds):
            for label, overrides in variants(recipe.network, recipe.schedule.block):
                steps = [f"schedule.steps={options.steps}"] if options.steps else []
                yield {
                    "dataset": name,
                    "draw": draw,
                    "method": "hyperbolic",
                    "label": label + (f", {options.steps} steps" if options.steps else ""),
                    "budget": None if options.steps else options.budget,
                    "overrides": sorted([f"recipe={begun_with}", *overrides, *steps]),
                }


def variants(network: Architecture, block: tuple[int, ...]) -> Iterator[tuple[str, list[str]]]:
    """Yield variants of a recipe: what they are called, and the overrides that make them."""
    yield "the recipe", []
    for factor in (0.25, 0.5, 2):
        yield f"block rank x {factor:g}", [_network(with_ranks(network, factor))]
    yield "block rank = channels", [_network(with_ranks(network, None))]
    for factor in (0.5, 2):
        yield f"steps a level x {factor:g}", [_network(with_depth(network, factor))]
    if (shallower := without_deepest(network)) is not None:
        yield "a level less", [_network(shallower)]
    for factor in (0.5, 2):
        sizes = [int(size * factor) for size in block]
        yield f"block x {factor:g}", [f"schedule.block={json.dumps(sizes)}"]


def with_ranks(network: Architecture, factor: float | None) -> Architecture:
    """Multiply every block rank, or with None make it that of a full layer, which has as many rows as channels."""
    layers = tuple(
        replace(layer, rank=n if factor is None else max(1, round(layer.rank * factor)))
        for layer, n in zip(network.layers, network.layer_channels, strict=True)
    )
    return replace(network, layers=layers)


def with_depth(network: Architecture, factor: float) -> Architecture:
    """Multiply the steps at each resolution, of which at least one stays."""
    layers: list[Layer] = []
    for group in _groups(network):
        steps = max(1, round(len(group) * factor))
        layers += [group[0], *[replace(group[-1], resample="keep", axes=None)] * (steps - 1)]
    return replace(network, layers=tuple(layers))


def without_deepest(network: Architecture) -> Architecture | None:
    """Leave out the coarsest resolution and one way up from it; None where nothing would be left of the way down."""
    groups = _groups(network)
    down = [k for k, group in enumerate(groups) if group[0].resample == "coarsen"]
    if not down or down[-1] == 0:
        return None
    kept = [group for k, group in enumerate(groups) if k != down[-1]]
    if down[-1] < len(kept) and kept[down[-1]][0].resample == "refine":
        del kept[down[-1]]
    return replace(network, layers=tuple(layer for group in kept for layer in group))


def _groups(network: Architecture) -> list[list[Layer]]:
    """Return the layers resolution by resolution."""
    groups: list[list[Layer]] = []
    for layer in network.layers:
        if not groups or layer.resample != "keep":
            groups.append([])
        groups[-1].append(layer)
    return groups


def _network(network: Architecture) -> str:
    return f"network={write(network)}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda t: t.split(","), default=["seismic", "taizhou"], metavar="DATASET,...")
    parser.add_argument("--seeds", type=int, default=1, metavar="N")
    parser.add_argument("--recipe", choices=tuple(RECIPES), help="to begin with (default: sections, or map)")
    parser.add_argument("--steps", type=int, metavar="N", help="the same for all, in place of the same CPU time")
    running_options(parser, RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
