"""A factor that knows most of the truth, in place of those that need more packages."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_fhn.box import Box
from napari_fhn.training import Job
from napari_fhn.training.combination import opening
from napari_fhn.training.combination.settings import Combination


class Knowing:
    """Says the truth, sure or not, whatever is labelled; remembers what it was asked."""

    title = "a friend"

    def __init__(self, name: str, truth: NDArray[np.uint8], classes: int, sure: float) -> None:
        self.name = name
        self.truth, self.classes, self.sure = truth, classes, sure
        self.asked: list[Box] = []
        self.looked = 0

    def look(self) -> bool:
        self.looked += 1
        return False

    def read(self, box: Box) -> NDArray[np.float32]:
        self.asked.append(box)
        named = self.truth[box.slices]
        other = (1 - self.sure) / (self.classes - 1)
        values = np.arange(1, self.classes + 1).reshape(-1, *[1] * named.ndim)
        return np.where(values == named, self.sure, other).astype(np.float32)

    def without(self, bodies: Collection[int]) -> Knowing:
        return self


class Looking(Knowing):
    """Looks at sections: across inlines it says what it knows, and across crosslines another class, and less surely."""

    def __init__(self, *known: Any) -> None:
        super().__init__(*known)
        self.across: list[tuple[Box, int]] = []
        self.coarse: list[bool] = []

    def read_across(self, box: Box, across: int, *, coarse: bool = False) -> NDArray[np.float32]:
        self.across.append((box, across))
        self.coarse.append(coarse)
        said = super().read(box)
        self.asked.pop()
        other = 0.5 * np.roll(said, 1, axis=0) + 0.5 / self.classes  # and is less sure of it
        return np.asarray(said if across == 0 else other, np.float32)


class Averaging:
    """Averages sections over their neighbours, three on each side."""

    candidates = ((3, 0),)
    usual: tuple[int, ...] = ()

    def halo(self, reach: tuple[int, ...]) -> tuple[int, ...]:
        return (*reach, 0)

    def smooth(self, box: Box, probabilities: NDArray[np.float32], reach: tuple[int, ...]) -> NDArray[np.float32]:
        total, count = np.zeros_like(probabilities), np.zeros(probabilities.shape[1])
        for step in range(-reach[0], reach[0] + 1):
            there = slice(max(0, step), probabilities.shape[1] + min(0, step))
            here = slice(max(0, -step), probabilities.shape[1] + min(0, -step))
            if there.start < there.stop:
                total[:, here] += probabilities[:, there]
                count[here] += 1
        return np.asarray(total / count.reshape(1, -1, 1, 1), np.float32)


@pytest.fixture
def combined(layered, monkeypatch) -> Callable[..., tuple[Job, NDArray[np.uint8], Knowing]]:
    """Return a function that gives a job whose prediction listens to a factor that is right so often and so sure."""
    job, truth = layered

    def made(
        sure: float = 0.8,
        right: float = 0.9,
        smoother: object = None,
        kind: type[Knowing] = Knowing,
        snapping: str = "off",
        **chosen: object,
    ):
        rng = np.random.default_rng(5)
        said = np.where(rng.random(truth.shape) < right, truth, rng.integers(1, 4, truth.shape)).astype(np.uint8)
        factor = kind("reflectors", said, 3, sure)
        monkeypatch.setattr(opening, "_open", lambda *_, **__: ({"reflectors": factor}, smoother, None))
        return replace(job, combination=Combination(**chosen, snapping=snapping)), truth, factor

    return made
