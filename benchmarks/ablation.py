"""What block rank, depth, levels and block size are worth: the recipe's network, changed in one way at a time.

    python benchmarks/ablation.py --only seismic,taizhou --seeds 2 --budget 60
    python benchmarks/ablation.py --vary rank --steps 100 --alone --seeds 5 --only seismic,taizhou,lapland   # Figure 12
    python benchmarks/ablation.py --vary depth --steps 100 --alone --only seismic    # 5 to 120 layers in one memory
    python benchmarks/ablation.py --vary block --budget 30 --alone --only seismic    # larger blocks for the same work
    python benchmarks/ablation.py --vary cheaper --steps 150 --seeds 5 --alone   # ranks of whole vectors, bfloat16
    python benchmarks/ablation.py --table
    python benchmarks/ablation.py --vary rank --figure rank.png

As ``accuracy.py``, with which it shares datasets, scores and the way of running: at equal CPU time, so a cheaper
network makes more steps; with ``--steps N`` at equal steps instead, where blocks of another size get as many as see
equally many voxels. Figure 12 of Peters, Haber & Lensink (2024) has the block rank. Deeper networks take smaller steps
of time, and keep no states. What makes a step cheaper without doing less of it (``lanes.py`` and ``step.py`` have the
times) is tried at equal steps with ``--vary cheaper``: whether it costs accuracy is then the only question. ``--alone``
leaves out what predictions are made of beside the network.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
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
_VOLUMES = ("penobscot", "seismic", "tuning", "testing")
RANKS = (1, 2, 4, 8, 16, 32, 64, 128)
DEPTHS = (6, 12, 30, 60, 120)
BLOCKS = (0.25, 0.5, 1.0, 2.0)
_VECTOR = 16
"""Numbers in a vector of the processor: block ranks below cost as much."""


def main() -> int:
    options = _options()
    if options.table or options.figure:
        wanted = [e for e in accuracy_scores.read(options.output).values() if e["dataset"] in options.only]
        if options.vary != "one":
            wanted = [entry for entry in wanted if entry.get("varied", {}).get("what") == options.vary]
        if options.table:
            print(accuracy_scores.table(wanted, by_method=True))
        if options.figure:
            draw(wanted, options.vary, options.figure)
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
        for drawn in dataset.chosen(["tuning"], options.seeds):
            for label, overrides, value in studied(options.vary, recipe.network, recipe.schedule.block, options.steps):
                steps = [f"schedule.steps={options.steps}"] if options.steps else []
                if any(part.startswith("schedule.steps=") for part in overrides):
                    steps = []
                entry = {
                    "dataset": name,
                    "draw": drawn,
                    "method": "hyperbolic-alone" if options.alone else "hyperbolic",
                    "label": label + (f", {options.steps} steps" if options.steps else ""),
                    "budget": None if options.steps else options.budget,
                    "overrides": sorted([f"recipe={begun_with}", *overrides, *steps]),
                }
                yield entry if value is None else {**entry, "varied": {"what": options.vary, "value": value}}


def studied(
    what: str, network: Architecture, block: tuple[int, ...], steps: int | None
) -> Iterator[tuple[str, list[str], float | None]]:
    """Yield what is tried in a study: what it is called, the overrides that make it, and the number that varies."""
    if what == "one":
        for label, overrides in variants(network, block):
            yield label, overrides, None
    elif what == "cheaper":
        yield "the recipe", [], None
        if max(layer.rank for layer in network.layers) > _VECTOR:
            yield f"block rank {_VECTOR} throughout", [_network(with_rank(network, _VECTOR))], None
        yield "bfloat16", ['schedule.precision="bfloat16"'], None
    elif what == "rank":
        for rank in RANKS:
            if rank <= max(network.layer_channels):
                yield f"block rank {rank}", [_network(with_rank(network, rank))], rank
    elif what == "depth":
        for depth in DEPTHS:
            found = with_depth(network, depth / len(network.layers))
            # States grow with J h^2 for J layers (docs/network.md): a deeper network takes smaller steps of time.
            step = network.h * math.sqrt(len(network.layers) / len(found.layers))
            overrides = [_network(found), f"network.h={step:.3g}", 'schedule.keep="nothing"']
            yield f"{len(found.layers)} layers", overrides, len(found.layers)
    else:
        for factor in BLOCKS:
            sizes = [max(8, int(size * factor)) for size in block]
            overrides = [f"schedule.block={json.dumps(sizes)}"]
            if steps:
                share = math.prod(sizes) / math.prod(block)
                overrides.append(f"schedule.steps={max(1, round(steps / share))}")
            yield f"block {' x '.join(map(str, sizes))}", overrides, math.prod(sizes) ** (1 / len(sizes))


def draw(entries: Sequence[dict[str, Any]], what: str, path: Path) -> None:
    """Draw mean IoU against what varies, a line for each dataset with the spread over its draws."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        if "varied" in entry:
            found[entry["dataset"]][entry["varied"]["value"]].append(entry["score"]["mean_iou"])
    figure, axis = plt.subplots(figsize=(5, 3.4), layout="constrained")
    for dataset, values in found.items():
        numbers = sorted(values)
        means = [statistics.fmean(values[n]) for n in numbers]
        axis.errorbar(numbers, means, [statistics.pstdev(values[n]) for n in numbers], label=dataset, capsize=2)
    axis.set_xscale("log", base=2)
    axis.set_xlabel({"rank": "block rank, at most", "depth": "layers", "block": "side of a block, voxels"}[what])
    axis.set_ylabel("mean IoU")
    axis.legend(frameon=False)
    figure.savefig(path, dpi=100)


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


def with_rank(network: Architecture, rank: int) -> Architecture:
    """Give every layer this block rank, or that of a full layer where that is less."""
    layers = tuple(
        replace(layer, rank=min(rank, n)) for layer, n in zip(network.layers, network.layer_channels, strict=True)
    )
    return replace(network, layers=layers)


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
    parser.add_argument(
        "--vary",
        choices=("one", "rank", "depth", "block", "cheaper"),
        default="one",
        help="one thing at a time, or one study",
    )
    parser.add_argument("--alone", action="store_true", help="the network, without what else predictions are made of")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw what is there of a study, and run nothing")
    running_options(parser, RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
