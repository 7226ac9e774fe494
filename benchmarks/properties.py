"""Energy growth, stability and the error of the inverse of the paper's seismic network, as in its Figure 3.

    python benchmarks/properties.py                                        # blocks of 32^3, a quarter of an hour
    python benchmarks/properties.py --side 248 --steps 240 --device cuda   # the paper's block and training

Random networks at several time steps ``h``, and one trained by the paper's schedule (Adam, a tenth of the rate in the
second half, both classes alike) on blocks of the bundled survey, of which eight places are known. Figures go to
``benchmarks/results/properties.json``, from where ``docs/paper.py`` draws them.
"""

from __future__ import annotations

import argparse
import datetime
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from machine import machine
from napari_fhn import sample_data, surveys
from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.paper import SEISMIC
from napari_fhn.network.properties import properties

TIME_STEPS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5)
CHANNELS = SEISMIC.architecture.channels
RESULTS = Path(__file__).parent / "results" / "properties.json"


def main() -> None:
    told = _options()
    device = torch.device(told.device)
    survey = np.asarray(surveys.open(sample_data.SEISMIC.survey).values, np.float32)
    survey = (survey - survey.mean()) / survey.std()
    truth = (sample_data.seismic_truth() > 3).astype(np.int64)
    rng = np.random.default_rng(0)
    found: dict[str, Any] = {
        "command": f"python benchmarks/properties.py --side {told.side} --steps {told.steps} --device {told.device}",
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "side": told.side,
        "steps": told.steps,
        "random": [],
    }
    data, _ = _block(survey, truth, told.side, rng)
    network = _network(device)
    for h in TIME_STEPS:
        network.h = h
        found["random"].append({"h": h, **asdict(properties(network, data.to(device), directions=told.directions))})
        print(found["random"][-1], flush=True)
    network.h = SEISMIC.architecture.h
    found["losses"] = _trained(network, survey, truth, told, rng)
    found["trained"] = {"h": network.h, **asdict(properties(network, data.to(device), directions=10))}
    print(found["trained"])
    told.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=32, help="voxels along each axis of a block")
    parser.add_argument("--steps", type=int, default=60, help="training steps")
    parser.add_argument("--directions", type=int, default=2, help="perturbations for each time step")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--output", type=Path, default=RESULTS)
    return parser.parse_args()


def _network(device: torch.device) -> HyperbolicNetwork:
    return HyperbolicNetwork(SEISMIC.architecture, CHANNELS, 2, torch.Generator().manual_seed(0)).to(device)


def _block(
    survey: np.ndarray[Any, Any], truth: np.ndarray[Any, Any], side: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Return a random block, its data once in each channel, and the labels of it: what lies within eight columns."""
    # Mirrored at the ends where the bundled survey is shorter than a block.
    wider = [(0, max(0, side - size)) for size in survey.shape]
    survey, truth = (np.pad(values, wider, mode="symmetric") for values in (survey, truth))
    at = tuple(slice(start, start + side) for start in (int(rng.integers(size - side + 1)) for size in survey.shape))
    labels = np.full((side,) * 3, -100)
    places = np.random.default_rng(1).integers(0, side, (8, 2))
    for i, j in places:
        near = (slice(max(0, i - 2), i + 3), slice(max(0, j - 2), j + 3))
        labels[near] = truth[at][near]
    data = torch.from_numpy(survey[at].copy()).expand(1, CHANNELS, -1, -1, -1).contiguous()
    return data, torch.from_numpy(labels)[None]


def _trained(
    network: HyperbolicNetwork,
    survey: np.ndarray[Any, Any],
    truth: np.ndarray[Any, Any],
    told: argparse.Namespace,
    rng: np.random.Generator,
) -> list[float]:
    device, losses, began = torch.device(told.device), [], time.perf_counter()
    optimiser = torch.optim.Adam(network.parameter_groups(0.025, 0.0))
    for step in range(told.steps):
        if step == told.steps // 2:
            for group in optimiser.param_groups:
                group["lr"] *= 0.1
        data, labels = _block(survey, truth, told.side, rng)
        optimiser.zero_grad(set_to_none=True)
        counts = [max(1, int((labels == value).sum())) for value in (0, 1)]
        weights = torch.tensor([1 / counts[0], 1 / counts[1]], device=device)
        loss = F.cross_entropy(network.scores(data.to(device)), labels.to(device), weights)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(round(loss.item(), 4))
        print(f"step {step + 1}: loss {losses[-1]}, {time.perf_counter() - began:.0f} s", flush=True)
    return losses


if __name__ == "__main__":
    main()
