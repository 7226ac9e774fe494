"""Train the network that comes with the program, on generated surveys: ``python scripts/pretrain.py --steps 30000``.

Each step is a lesson (`samples.episodes`): a linear map from what the network sees to classes is found of a few wells,
in closed form as the program finds it, and asked for the rest of the survey. The error goes back through the solution
into the network (Bertinetto et al. 2019), which so learns to see what a linear map made of few wells can use.

Neither the surveys that recipes are tuned on nor those that tell how well predictions are take part, and no real one.
It takes an hour or two on one thread; what it writes replaces the file that comes with the program.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import deque
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_fhn.network.architecture import Architecture, levels
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.readings import Reading
from napari_fhn.training.combination.linear_head import RARE, Held, bumps
from napari_fhn.training.models import pretrained

sys.path.append(str(Path(__file__).parent))
from samples import stories
from samples.episodes import Episode, Rocks, episode

_LEAST_KNOWN = 0.2
"""Share of a cell that is labelled, below which nothing is learnt of it."""

_HELD = Held(0.1, 0.005)
"""How much the linear map is held back at first."""

_ASKED_ALIKE = 200.0
"""Voxels: as `RARE`, of what is asked for."""


def architecture() -> Architecture:
    """Return the network: the levels of `sections`, twice the rank at the coarsest; all channels are read."""
    made = levels(2, 8, (8, 16, 32, 64), 2, output_level=2, context=1)
    return replace(made, reading=Reading(channels=tuple(range(made.layer_channels[-1]))))


class Learner(nn.Module):
    """The network, how much the linear map is held back, and what its scores are multiplied by.

    Parameters
    ----------
    network : HyperbolicNetwork
        That gives features.
    held : Held
        At first.
    scale : float
        At first.
    """

    def __init__(self, network: HyperbolicNetwork, held: Held = _HELD, scale: float = 5.5) -> None:
        super().__init__()
        self.network = network
        self.held = nn.Parameter(torch.tensor([held.features, held.depth]).log())
        self.scale = nn.Parameter(torch.tensor(math.log(scale)))

    def made(self, told: str) -> pretrained.Pretrained:
        """Return what comes with the program."""
        features, depth = self.held.detach().exp().tolist()
        return pretrained.Pretrained(self.network, Held(features, depth), self.scale.detach().exp().item(), told)

    def scores(self, data: Tensor, known: Tensor, classes: Tensor) -> Tensor:
        """Return scores ``(sections, classes, traces, samples)`` of a map found of what is known in the first sections.

        Parameters
        ----------
        data : Tensor
            ``(sections, 4, traces, samples)``.
        known : Tensor
            ``(shown, traces, samples)``, 0 where nothing is.
        classes : Tensor
            Those that are known, from 1.
        """
        seen = self.network(data)
        stride = data.shape[3] // seen.shape[3]
        cells = (torch.arange(seen.shape[3]) + 0.5) * stride - 0.5
        depths = torch.from_numpy(bumps(cells.numpy(), data.shape[3]))
        shares = F.avg_pool2d((known.unsqueeze(1) == classes.view(1, -1, 1, 1)).float(), stride).movedim(1, -1)
        there = shares.sum(-1) > _LEAST_KNOWN
        at = depths.expand(*there.shape, -1)[there]
        weights, column = self._solved(seen[: len(known)].movedim(1, -1)[there], at, shares[there], depths)
        scores = torch.einsum("bchw,ck->bkhw", seen, weights) + column.T[None, :, None, :]
        return self.network.on_grid(scores * self.scale.exp(), data)

    def _solved(self, features: Tensor, at: Tensor, shares: Tensor, depths: Tensor) -> tuple[Tensor, Tensor]:
        """Do what `LinearHead.fit` does, in a way that a gradient goes back through."""
        classes = shares.shape[1]
        counted = (shares * (shares.sum(0) + RARE).rsqrt()).sum(1)
        counted = counted / counted.sum() * classes
        rows = torch.cat([features, at, torch.ones(len(features), 1)], 1).double()
        weighed = rows * counted[:, None]
        held = self.held.exp() * classes
        back = torch.cat([
            (held[0] * features.square().mean()).expand(features.shape[1]),
            held[1].expand(at.shape[1]),
            torch.tensor([1e-5]),
        ]).double()  # fmt: skip
        wanted = (shares / shares.sum(1, keepdim=True)).double() - 1 / classes
        found = torch.linalg.solve(weighed.T @ rows + torch.diag(back), weighed.T @ wanted).float()
        count = features.shape[1]
        return found[:count], depths @ found[count:-1] + found[-1]

    def loss(self, lesson: Episode) -> tuple[Tensor, float] | None:
        """Return the loss of a lesson, and the share that was right; None where there is nothing to learn."""
        truth, known = torch.from_numpy(lesson.truth), torch.from_numpy(lesson.known[: lesson.shown])
        classes = known.unique()
        classes = classes[classes > 0]
        if len(classes) < 2:
            return None
        scores = self.scores(torch.from_numpy(lesson.data), known, classes)
        asked = torch.full_like(truth, -1)
        for number, name in enumerate(classes):
            asked[truth == name] = number
        asked[: lesson.shown][known > 0] = -1  # what was told is not asked
        counts = asked[asked >= 0].bincount(minlength=len(classes)).float()
        weights = (counts + _ASKED_ALIKE).rsqrt()
        loss = F.cross_entropy(scores, asked, weight=weights / weights.mean(), ignore_index=-1)
        return loss, (scores.detach().argmax(1) == asked)[asked >= 0].float().mean().item()


def train(learner: Learner, seeds: tuple[int, ...], steps: int, rate: float, seed: int = 0) -> list[float]:
    """Train for so many steps; returns the losses.

    Parameters
    ----------
    learner : Learner
        What learns.
    seeds : tuple of int
        Of the surveys.
    steps : int
        Lessons.
    rate : float
        At first; it falls to next to nothing along a cosine.
    seed : int
        Of what is drawn.
    """
    rng = np.random.default_rng(seed)
    rocks = cache(Rocks.of)
    groups = learner.network.parameter_groups(rate, 0.01)
    groups.append({"params": [learner.held, learner.scale], "lr": 0.01, "weight_decay": 0.0})
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98))
    rates = [group["lr"] for group in optimiser.param_groups]
    losses: list[float] = []
    right: deque[float] = deque(maxlen=500)
    began = time.monotonic()
    while len(losses) < steps:
        found = learner.loss(episode(rocks(int(rng.choice(seeds))), rng))
        if found is None:
            continue
        done = len(losses) / steps
        now = min(1.0, (len(losses) + 1) / 100) * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        for group, first in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = first * now
        optimiser.zero_grad()
        found[0].backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learner.network.parameters(), 1.0)
        optimiser.step()
        losses.append(found[0].item())
        right.append(found[1])
        if len(losses) % 500 == 0:
            mean = np.mean(losses[-500:])
            print(f"{len(losses)} steps, {time.monotonic() - began:.0f} s: loss {mean:.3f}, right {np.mean(right):.3f}")
    return losses


def main() -> None:
    """Train and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30_000, metavar="N")
    parser.add_argument("--rate", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--go-on", type=Path, metavar="FILE", help="from what was written before")
    folder = Path(pretrained.__file__).parent
    parser.add_argument("--output", type=Path, default=folder / pretrained.FILE, metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.go_on is None:
        made, told = architecture(), ""
        generator = torch.Generator().manual_seed(options.seed)
        learner = Learner(HyperbolicNetwork(made, pretrained.CHANNELS, made.layer_channels[-1], generator))
    else:
        before = pretrained.Pretrained.load(options.go_on)
        told = f"{before.made}, then "
        learner = Learner(before.network.train().requires_grad_(True), before.held, before.scale)
    train(learner, stories.PRETRAINING, options.steps, options.rate, options.seed)
    first, last = stories.PRETRAINING[0], stories.PRETRAINING[-1]
    told += f"{options.steps} lessons of the generated surveys {first} to {last}, seed {options.seed}"
    learner.made(told).save(options.output)


if __name__ == "__main__":
    main()
