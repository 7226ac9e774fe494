"""Two factors weighed from place to place: a gating network, as in mixtures of experts. torch and numpy.

What is carried along reflectors is right near wells and where reflectors go through, and wrong beyond a fault; features
know salt and channels, and take one layer for another that looks alike. One weight for a whole survey is too much here
and too little there. A small hyperbolic network, trained beforehand on generated surveys, sees what both say of a
section, and how far away that was learnt, and says how much each counts (Jacobs et al. 1991, "Adaptive mixtures of
local experts"). It looks at one class at a time, beside the best of the others: it knows none of them by name, nor how
many they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_fhn.box import Box
from napari_fhn.network.hyperbolic import HyperbolicNetwork
from napari_fhn.network.resting import Resting
from napari_fhn.network.side_by_side import shares, side_by_side
from napari_fhn.training.combination.every_second import COARSE, EverySecond
from napari_fhn.training.combination.foretelling import foretold
from napari_fhn.training.combination.pretrained import PretrainedFeatures
from napari_fhn.training.combination.pretrained_memory import most_side_by_side
from napari_fhn.training.combination.settings import TITLES
from napari_fhn.training.combination.upright import as_volume

if TYPE_CHECKING:
    from napari_fhn.structure.carrying import Carried

Floats = NDArray[np.float32]

CELL = 4
"""Traces and samples of a cell, of which each has its weights."""

CHANNELS = 12
"""What the network is shown of a class, see :meth:`Gate.shown`."""

OUTPUTS = 3
"""What it says of a class: how much more than at first either counts, and what is to be added."""

FEATURES, CARRIED = 0.8, 0.5
"""How much features and what is carried count where it says nothing."""

_DOUBT = 0.03
"""Share of what features say that is alike for all classes."""

_LEAST = 1e-4
"""Probability below which none is told from none."""

_NEAR = 16.0
"""Traces: a way to a well so long is shown as 1/e."""

_AT_ONCE = 2**20
"""Numbers in the states of the sections that a thread looks at at once: as many as the cache holds."""


class Gate(nn.Module):
    """Says of each class, cell by cell of a section, what it comes to.

    Parameters
    ----------
    network : HyperbolicNetwork
        Of `CHANNELS` channels, read as `OUTPUTS` numbers of each cell.
    trust : float
        How far what it says is followed: all the way with 1, while with 0 both count the same everywhere.
    """

    def __init__(self, network: HyperbolicNetwork, trust: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.trust = trust

    @property
    def radius(self) -> int:
        """Traces and samples around a place that say something of it, in whole cells of the coarsest level."""
        architecture = self.network.architecture
        whole = self.multiple
        return -(-(architecture.receptive_radius + 1) * CELL // whole) * whole

    @property
    def multiple(self) -> int:
        """Traces and samples of a cell of the coarsest level."""
        return CELL * max(self.network.architecture.multiples)

    def forward(
        self,
        features: Tensor,
        carried: Tensor,
        confidence: Tensor,
        distance: Tensor,
        amplitudes: Tensor,
        told: tuple[float, float],
        resting: Resting | None = None,
    ) -> Tensor:
        """Return scores of classes, whose softmax are their probabilities.

        Parameters
        ----------
        features, carried : Tensor
            Probabilities ``(sections, classes, traces, samples)``, of two classes at least; traces and samples are
            multiples of `multiple`.
        confidence, distance : Tensor
            ``(sections, traces, samples)``, see :class:`napari_fhn.structure.carrying.Said`.
        amplitudes : Tensor
            ``(sections, traces, samples)``, centred and scaled.
        told : tuple of float
            How likely features, and what is carried, make what labels know that each was not told of: 0 to 1, and 0
            where nothing can be left out.
        resting : Resting, optional
            As for :meth:`HyperbolicNetwork.forward`.
        """
        features = (1 - _DOUBT) * features + _DOUBT / features.shape[1]
        shown = self.shown(features, carried, confidence, distance, amplitudes, told)
        said = self.trust * self.network(shown.flatten(0, 1), resting=resting)
        said = F.interpolate(said, scale_factor=CELL, mode="bilinear", align_corners=False)
        more, much, beside = said.reshape(*features.shape[:2], *said.shape[1:]).unbind(2)
        found: Tensor = (
            FEATURES * more.exp() * features.clamp(min=_LEAST).log()
            + CARRIED * much.exp() * carried.clamp(min=_LEAST).log()
            + beside
        )
        return found

    @staticmethod
    def shown(
        features: Tensor,
        carried: Tensor,
        confidence: Tensor,
        distance: Tensor,
        amplitudes: Tensor,
        told: tuple[float, float],
    ) -> Tensor:
        """Return what the network is shown: ``(sections, classes, 12, cells, cells)``.

        The logarithms of what features and carried labels say of a class, and the largest of those of other classes;
        how far what is carried can be trusted, and how near it comes from; the mean of the amplitudes, of what they are
        without their sign, and of how much they change along samples and traces; and how well both foretell labels.
        """
        said = [F.avg_pool2d(one, CELL).clamp(min=_LEAST).log() / 3 + 0.7 for one in (features, carried)]
        near = torch.exp(-distance.clamp(max=1e3) / _NEAR)
        cells = amplitudes.unfold(1, CELL, CELL).unfold(2, CELL, CELL)
        textures = [
            cells.mean((-1, -2)),
            cells.abs().mean((-1, -2)),
            cells.diff(dim=-1).abs().mean((-1, -2)),
            cells.diff(dim=-2).abs().mean((-1, -2)),
        ]
        known = [torch.full_like(textures[0], 2 * one) for one in told]
        shared = torch.stack([*(F.avg_pool2d(one, CELL) for one in (confidence, near)), *textures, *known], 1)
        own = torch.stack([*said, *map(_best_other, said)], 2)
        return torch.cat([own, shared.unsqueeze(1).expand(-1, own.shape[1], -1, -1, -1)], 2)


def _best_other(values: Tensor) -> Tensor:
    """Return for each class the largest value among the others: ``(sections, classes, ...)``."""
    best = values.topk(2, 1).values
    return torch.where(values == best[:, :1], best[:, 1:], best[:, :1])


def told_of(features: PretrainedFeatures, carried: Carried) -> tuple[float, float]:
    """Return how well features, and what is carried, foretell bodies of labels that are left out, see :class:`Gate`."""
    by_ways = foretold(features.labels, lambda number: carried.without({number}).read)
    return features.foretold() or 0.0, by_ways or 0.0


class Gated:
    """A factor: what features of a pretrained network and carried labels say, weighed from place to place.

    Parameters
    ----------
    features : PretrainedFeatures
        Speaks alone until it is known what is carried, and where fewer than two classes are known.
    carried : Carried
        Of the same labels.
    gate : Gate
        Weighs them.
    ready : callable
        Tells whether labels can be carried yet.

    Attributes
    ----------
    name, title : str
        See :class:`napari_fhn.structure.factor.Factor`.
    """

    name = "pretrained"
    title = TITLES["pretrained"]

    def __init__(
        self, features: PretrainedFeatures, carried: Carried, gate: Gate, ready: Callable[[], bool] = lambda: True
    ) -> None:
        self._features = features
        self._carried = carried
        self._gate = gate.to(features.sections.device)
        self._ready = ready
        self._joined = ready()  # what is carried from the beginning does not join later
        self._told: tuple[float, float] = (0.0, 0.0)
        self._told_at = -1
        self._resting = Resting()
        self._every_second = EverySecond(self._look)
        self._every_fourth = EverySecond(self._look, COARSE)

    def look(self) -> bool:
        """Follow the labels; tells whether what it says has changed, as it does when labels are carried first."""
        joins = self._ready() and not self._joined
        self._joined |= joins
        changed = [self._features.look(), self._joined and self._carried.look()]
        return joins or any(changed)

    def without(self, bodies: Collection[int]) -> Gated:
        """Return the same as if these bodies had no labels."""
        return Gated(self._features.without(bodies), self._carried.without(bodies), self._gate, self._ready)

    def read(self, box: Box) -> Floats:
        """Return ``(classes, *box.shape)`` that sum to 1; all alike where no two classes are known."""
        ways, weighs = self._features.sections.ways(as_volume(box)), self._weighs
        found = self._look(box, ways[0], None, weighs)
        for across in ways[1:]:
            found += self._look(box, across, None, weighs)
        if len(ways) > 1:
            found /= np.float32(len(ways))
        return found

    def read_across(self, box: Box, across: int, *, coarse: bool = False) -> Floats:
        """Return what :meth:`read` does, seen in every second section across an axis; coarsely in every fourth."""
        weighs = self._weighs
        if not weighs:
            return self._features.read_across(box, across, coarse=coarse)
        every = self._every_fourth if coarse else self._every_second
        return every.read(box, across, self._features.sections.shape[across], self._features.labels.version)

    @property
    def _weighs(self) -> bool:
        """Whether there is anything to weigh: classes are told apart, and labels are carried."""
        return len(self._features.present) > 1 and self._ready()

    def _look(self, box: Box, across: int, lines: range | None = None, weighs: bool = True) -> Floats:
        """Return ``(classes, *box.shape)`` of sections across an axis; of some lines alone, along it these."""
        if not weighs:
            return self._features.look_at(box, across, lines)
        whole = as_volume(box)
        outer = self._features.sections.grown(whole, 1 - across, self._gate.radius, self._gate.multiple)
        grown = outer if len(box.shape) == 3 else Box(outer.start[1:], outer.stop[1:])
        found = self._features.look_at(grown, across, lines)
        inside, shape = list(whole.within(outer)), list(box.shape)
        if lines is None:
            lines = range(outer.start[across], outer.stop[across])
            found = found.reshape(-1, *outer.shape)
        else:
            inside[across], shape[across] = slice(None), len(lines)
        self._weigh(found, outer, across, lines)
        return found[(slice(None), *inside)].reshape(-1, *shape)

    @property
    def foretold(self) -> tuple[float, float]:
        """How well features, and what is carried, foretell bodies of labels that are left out, see :class:`Gate`."""
        labels = self._features.labels
        if self._told_at != labels.version:
            self._told_at = labels.version
            self._told = told_of(self._features, self._carried)
        return self._told

    def _weigh(self, said: Floats, outer: Box, across: int, lines: range) -> None:
        """Put probabilities of both in the place of those of features, ``(classes, *outer.shape)`` of some lines."""
        present, told, multiple = self._features.present, self.foretold, self._gate.multiple
        device, network = self._features.sections.device, self._gate.network
        sections = np.moveaxis(said, 1 + across, 0)
        along, down = sections.shape[2:]
        short = [(0, -size % multiple) for size in (along, down)]
        cells = (along + short[0][1]) * (down + short[1][1]) // CELL**2
        together = max(1, _AT_ONCE // (cells * len(present) * network.architecture.channels))
        each = shares(len(sections), most=most_side_by_side(along * down)) if device.type == "cpu" else [len(sections)]
        network.expect(len(each))

        def weigh(some: range) -> None:
            for first in some:
                last = min(first + some.step, some.stop)
                parts = [sections[first:last, present], *self._beside(outer, across, lines[first:last], present)]
                shown = [
                    torch.from_numpy(np.pad(part, [(0, 0)] * (part.ndim - 2) + short, mode="edge")).to(device)
                    for part in parts
                ]
                with torch.no_grad():
                    scores = self._gate(shown[0], shown[1], shown[2], shown[3], shown[4], told, self._resting)
                    sections[first:last, present] = scores[:, :, :along, :down].softmax(1).cpu().numpy()

        self._carried.look()
        ends = np.cumsum([0, *each]).tolist()
        for _ in side_by_side(weigh, [range(a, b, together) for a, b in itertools.pairwise(ends)]):
            pass

    def _beside(self, outer: Box, across: int, lines: range, present: NDArray[np.intp]) -> list[Floats]:
        """Return what a gate is shown beside features, of some sections of a box: the first axis counts them."""
        box = outer.slab(across, lines[0], lines[-1] + 1)
        line = len(self._features.labels.shape) == 2
        said = self._carried.say(Box(box.start[1:], box.stop[1:]) if line else box)
        classes = said.probabilities[present].reshape(-1, *box.shape)
        rest = [said.confidence.reshape(box.shape), said.distance.reshape(box.shape)]
        rest.append(self._features.sections.amplitudes(box))
        found = [np.moveaxis(classes, 1 + across, 0), *(np.moveaxis(part, across, 0) for part in rest)]
        return [part[:: lines.step] for part in found]
