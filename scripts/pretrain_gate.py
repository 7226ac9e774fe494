"""Train the gating network that comes with the program: ``python scripts/pretrain_gate.py --surveys 400 --minutes 40``.

Lessons (`samples.mixtures`) are what features and carried labels say of sections of generated surveys, each section
with what lies in it; the network learns which of them to believe where. The features are those of the network that
`scripts/pretrain.py` trained, so this comes after it; surveys are the same, and neither those that recipes are tuned
on nor those that tell how well predictions are. Making lessons takes some three seconds a survey.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_fhn.network.architecture import levels
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.readings import Reading
from napari_fhn.training.combination.gating import CHANNELS, OUTPUTS, Gate
from napari_fhn.training.models import gating
from napari_fhn.training.models.pretrained import bundled

sys.path.append(str(Path(__file__).parent))
from samples import stories
from samples.episodes import Rocks
from samples.mixtures import Mixture, mixtures

_UNTOLD = 0.08
"""Share of the lessons in which nothing was left out, as where there is but one well."""

_ASKED_ALIKE = 400.0
"""Voxels: a class counts by one over the root of how many it has, and these."""

_TOGETHER = 3
"""Lessons of a step."""


def first(seed: int = 0) -> Gate:
    """Return a gate that has learnt nothing: the weights of factors are the same everywhere."""
    made = replace(levels(2, 16, (16, 32), 2), reading=Reading(head="linear"))
    network = HyperbolicNetwork(made, CHANNELS, OUTPUTS, torch.Generator().manual_seed(seed))
    for one in network.head:
        nn.init.zeros_(one)
    return Gate(network)


def lessons(seeds: Sequence[int], folder: Path) -> list[Path]:
    """Make the lessons of some surveys, and return their files; those that are there already stay as they are.

    Parameters
    ----------
    seeds : sequence of int
        Of the surveys.
    folder : Path
        Of the files.
    """
    pretrained = bundled()
    for seed in seeds:
        done = folder / f"{seed}.done"
        if done.exists():
            continue
        with tempfile.TemporaryDirectory() as here:
            made = mixtures(Rocks.of(seed), pretrained, np.random.default_rng([seed, 78]), Path(here))
            for number, one in enumerate(made):
                told, rest = np.array(one.told), {"truth": one.truth, "known": one.known}
                said = {f"said{k}": part for k, part in enumerate(one.said)}
                np.savez(folder / f"{seed}-{number}.npz", allow_pickle=False, told=told, **rest, **said)
        done.touch()
        print(f"lessons of survey {seed} are made", flush=True)
    wanted = {str(seed) for seed in seeds}
    return sorted(path for path in folder.glob("*.npz") if path.stem.split("-")[0] in wanted)


def read(path: Path) -> Mixture:
    """Read a lesson."""
    with np.load(path) as file:
        parts = tuple(file[f"said{k}"] for k in range(5))
        features, carried = map(float, file["told"])
        return Mixture(parts, (features, carried), file["truth"], file["known"])


def loss(gate: Gate, lesson: Mixture, rng: np.random.Generator) -> Tensor | None:
    """Return the loss of a lesson; None where it asks for nothing."""
    flip = rng.random() < 0.5
    said = []
    for part in lesson.said:
        values = part[..., ::-1, :] if flip else part
        short = [(0, -size % gate.multiple) for size in values.shape[-2:]]
        padded = np.pad(values, [(0, 0)] * (values.ndim - 2) + short, mode="edge").astype(np.float32)
        said.append(torch.from_numpy(padded)[None])
    truth, known = (part[::-1] if flip else part for part in (lesson.truth, lesson.known))
    asked = torch.from_numpy(np.where(known > 0, -1, truth.astype(np.int64) - 1))
    told = (0.0, 0.0) if rng.random() < _UNTOLD else lesson.told
    counts = asked[asked >= 0].bincount(minlength=len(lesson.said[0])).float()
    if not counts.any():
        return None
    scores = gate(said[0], said[1], said[2], said[3], said[4], told)[:, :, : asked.shape[0], : asked.shape[1]]
    weights = (counts + _ASKED_ALIKE).rsqrt()
    return F.cross_entropy(scores, asked[None], weight=weights / weights.mean(), ignore_index=-1)


def train(gate: Gate, files: Sequence[Path], minutes: float, rate: float, seed: int = 0) -> list[float]:
    """Train for so many minutes of processor time; returns the losses.

    Parameters
    ----------
    gate : Gate
        What learns.
    files : sequence of Path
        Lessons.
    minutes : float
        Of processor time.
    rate : float
        At first; it falls to next to nothing along a cosine.
    seed : int
        Of what is drawn.
    """
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(gate.network.parameter_groups(rate, 0.01), betas=(0.9, 0.98))
    rates = [group["lr"] for group in optimiser.param_groups]
    losses: list[float] = []
    last: deque[float] = deque(maxlen=900)
    began, told, steps = time.process_time(), 0.0, 0
    while (done := (time.process_time() - began) / 60 / minutes) < 1:
        now = min(1.0, (steps + 1) / 50) * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        for group, at_first in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = at_first * now
        optimiser.zero_grad()
        for _ in range(_TOGETHER):
            found = loss(gate, read(files[int(rng.integers(len(files)))]), rng)
            if found is not None:
                (found / _TOGETHER).backward()  # type: ignore[no-untyped-call]
                losses.append(found.item())
                last.append(losses[-1])
        nn.utils.clip_grad_norm_(gate.parameters(), 1.0)
        optimiser.step()
        steps += 1
        if done - told > 0.05:
            told = done
            print(f"{100 * done:.0f} %, {steps} steps: loss {np.mean(last):.4f}", flush=True)
    return losses


def main() -> None:
    """Make lessons, train, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surveys", type=int, default=400, metavar="N")
    parser.add_argument("--minutes", type=float, default=40.0, metavar="N", help="of processor time")
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--lessons", type=Path, metavar="FOLDER", help="where they are kept for another time")
    parser.add_argument("--output", type=Path, default=Path(gating.__file__).parent / gating.FILE, metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as here:
        folder = options.lessons or Path(here)
        folder.mkdir(parents=True, exist_ok=True)
        seeds = stories.PRETRAINING[: options.surveys]
        files = lessons(seeds, folder)
        gate = first()
        train(gate, files, options.minutes, options.rate)
    told = f"{len(files)} sections of the generated surveys {seeds[0]} to {seeds[-1]}, {options.minutes:g} minutes"
    gating.save(gate, options.output, told)


if __name__ == "__main__":
    main()
