"""Lessons for `scripts/pretrain_gate.py`: what features and carried labels say of a section of a generated survey.

Surveys, their wear and their classes are those of `episodes`, with wells that are burnt as a person burns them. Where a
gate is to learn whom to believe, either must be wrong now and then: features may be few (then the linear map of them
foretells less), and what is carried is wrong by itself wherever faults are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.structure.carrying import Carried
from napari_fhn.structure.dips import DipField
from napari_fhn.structure.known import Known
from napari_fhn.training.combination.gating import told_of
from napari_fhn.training.combination.pretrained import PretrainedFeatures
from napari_fhn.training.combination.sections import Sections, Window
from napari_fhn.training.data.volume import Volume
from napari_fhn.training.job import Input
from napari_fhn.training.models.pretrained import Pretrained

from . import episodes, family
from .episodes import RADIUS, Rocks

_APART = 8
"""Traces between two wells at least."""

_DRAWS, _LINES = 2, 5
"""Sets of classes and wells of a survey, and sections of each in either direction."""

_FEW = 0.45
"""Share of the lessons in which few features are told."""

_CLASSES = 12
"""At most."""


@dataclass(frozen=True)
class Mixture:
    """A lesson, of one section ``(traces, samples)``.

    Parameters
    ----------
    said : tuple of ndarray
        What a gate is shown of it, see :meth:`napari_fhn.training.combination.gating.Gate.forward`.
    told : tuple of float
        How well features, and what is carried, foretell wells that are left out.
    truth, known : ndarray of uint8
        Classes from 1, 0 where no well knows what lies there; and what wells say, 0 elsewhere.
    """

    said: tuple[NDArray[np.float16], ...]
    told: tuple[float, float]
    truth: NDArray[np.uint8]
    known: NDArray[np.uint8]


class _Few(Sections):
    """Sections of which some features are seen only; all of them at first."""

    seen: NDArray[np.float32] | None = None

    def choose(self, rng: np.random.Generator) -> None:
        """See a few of them, from 2 to 64, or all."""
        self.forget()
        self.seen = None
        if rng.random() < _FEW:
            count = self.pretrained.features
            few = int(np.exp(rng.uniform(np.log(2), np.log(count / 2))))
            self.seen = np.zeros((count, 1, 1), np.float32)
            self.seen[rng.permutation(count)[:few]] = 1

    def features(self, window: Window) -> NDArray[np.float32]:
        """Return those that are seen, the others as 0: the linear map gives them no weight then."""
        found = super().features(window)
        return found if self.seen is None else found * self.seen


def mixtures(rocks: Rocks, pretrained: Pretrained, rng: np.random.Generator, folder: Path) -> Iterator[Mixture]:
    """Yield the lessons of a survey.

    Parameters
    ----------
    rocks : Rocks
        Of the survey.
    pretrained : Pretrained
        The network that gives features.
    rng : numpy.random.Generator
        Source of chance.
    folder : Path
        Where the survey may lie meanwhile.
    """
    amplitude, places = episodes.aged(rocks, rng)
    shape = amplitude.shape
    np.save(folder / "survey.npy", amplitude)
    volume = Volume((Input(str(folder / "survey.npy")),))
    dips = DipField.open(amplitude)
    sections = _Few(volume, 2, pretrained, torch.device("cpu"))
    carried = None
    for _ in range(_DRAWS):
        sections.choose(rng)
        classes = episodes.classes(rocks, np.arange(len(rocks.truth)), rng)[np.ix_(*places)]
        wells = _wells(shape, rng)
        met = np.unique(np.concatenate([classes[place] for place in wells]))
        if not 2 <= len(met) <= _CLASSES:
            continue
        table = np.zeros(int(classes.max()) + 1, np.uint8)
        table[met] = np.arange(1, len(met) + 1)
        truth = table[classes]
        labels = family.burnt(truth, wells)
        known = Known(labels, len(met))
        carried = Carried(known, dips, marches=None if carried is None else carried.marches)
        features = PretrainedFeatures(known, sections)
        if len(features.present) != len(met):
            continue
        both, told = features.read(Box.whole(shape)), told_of(features, carried)
        for across in (0, 1):
            for line in rng.choice(shape[across], _LINES, replace=False).tolist():
                box = Box.whole(shape).slab(across, line, line + 1)
                seen = both[(slice(None), *box.slices)] if rng.random() < 0.6 else features.read(box)
                carries = carried.say(box)
                parts = (
                    seen,
                    carries.probabilities,
                    carries.confidence,
                    carries.distance.clip(max=1e3),
                    amplitude[box.slices],
                )
                said = tuple(part.squeeze(part.ndim - 3 + across).astype(np.float16) for part in parts)
                yield Mixture(said, told, truth[box.slices].squeeze(across), labels[box.slices].squeeze(across))


def _wells(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[tuple[int, int], ...]:
    """Draw two to eight wells that are no neighbours."""
    count = int(rng.integers(2, 9))
    found: list[tuple[int, int]] = []
    for _ in range(100):
        line, trace = (int(rng.integers(RADIUS, size - RADIUS)) for size in shape[:2])
        if len(found) < count and all(max(abs(line - i), abs(trace - j)) >= _APART for i, j in found):
            found.append((line, trace))
    return tuple(found)
