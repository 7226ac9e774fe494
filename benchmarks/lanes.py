"""What block ranks cost: a step of a preset with its own ranks, and with ranks that fill whole vectors.

    python benchmarks/lanes.py
    python benchmarks/lanes.py --networks sections,map --turns 9 --threads 1

On a processor with vectors of 16 numbers ``K`` and its gradient cost the same at block ranks 4, 8 and 16, and at 24 and
32, while ``K^T`` costs as many as there are. For each preset this measures a whole step, in turns, with the ranks that
it has, with each rounded up to 16 or 32, and with 16 throughout; beside the time stands the arithmetic that is useful.
Whether more rank is worth its time is for ``ablation.py --vary rank`` to say, which compares at equal time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from napari_fhn.network.architecture import Architecture
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.presets import PRESETS

BLOCKS = {2: (4, 160, 192), 3: (1, 48, 48, 64)}
WAYS: dict[str, Callable[[int], int]] = {
    "its own ranks": lambda rank: rank,
    "whole vectors": lambda rank: -(-rank // 16) * 16,
    "16 throughout": lambda rank: 16,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="sections,layers,map,volume", help=f"of {', '.join(PRESETS)}")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    for name in told.networks.split(","):
        preset = PRESETS[name]
        steps = {way: step_of(with_ranks(preset, rank)) for way, rank in WAYS.items()}
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(told.turns + 1):  # the first one warms up
            for way, step in steps.items():
                began = time.process_time()
                step()
                seconds[way].append(time.process_time() - began)
        own = min(seconds["its own ranks"][1:])
        for way, rank in WAYS.items():
            best = min(seconds[way][1:])
            rate = multiplications(with_ranks(preset, rank)) / best / 1e9
            print(
                f"{name:10} {way:14} {best:7.3f} s  {best / own:5.2f} of its own  {rate:6.1f} GFLOP/s useful",
                flush=True,
            )


def with_ranks(preset: Architecture, rank: Callable[[int], int]) -> Architecture:
    """Return a preset with other block ranks."""
    return replace(preset, layers=tuple(replace(layer, rank=rank(layer.rank)) for layer in preset.layers))


def step_of(architecture: Architecture) -> Callable[[], None]:
    """Return a function that makes a step: forward and backward."""
    batch, *block = BLOCKS[architecture.dimensions]
    network = HyperbolicNetwork(architecture, 3, 6, torch.Generator().manual_seed(0))
    data = torch.randn((batch, 3, *block), generator=torch.Generator().manual_seed(1))

    def step() -> None:
        network.zero_grad()
        network.scores(data).square().mean().backward()  # type: ignore[no-untyped-call]

    return step


def multiplications(architecture: Architecture) -> float:
    """Return the operations in the eight convolutions of each layer of a step, additions as well."""
    batch, *block = BLOCKS[architecture.dimensions]
    total = 0.0
    layers = zip(architecture.layers, architecture.layer_channels, architecture.layer_levels, strict=True)
    for layer, n, levels in layers:
        voxels = float(batch)
        for size, level in zip(block, levels, strict=True):
            voxels *= size / 2**level
        total += 2 * 8 * voxels * n * layer.rank * 3**architecture.dimensions
    return total


if __name__ == "__main__":
    main()
