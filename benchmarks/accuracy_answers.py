"""What a method of the accuracy benchmark is given beside its task, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accuracy_data import Task


@dataclass(frozen=True)
class Settings:
    """How to run a method.

    Attributes
    ----------
    budget : float
        Seconds of CPU time for training.
    overrides : tuple of str
        ``part=JSON``, for the methods that train with this project's own ``fit``.
    report : str or None
        Of the same methods: the HTML file to write, where one is wanted.
    probabilities : bool
        Of the same methods: whether those of the classes are wanted too.
    """

    budget: float = 60.0
    overrides: tuple[str, ...] = ()
    report: str | None = None
    probabilities: bool = False


@dataclass
class Answer:
    """A prediction and what it took.

    Attributes
    ----------
    prediction : ndarray of uint8
        ``(*space)``, class ``k`` is ``k + 1``.
    seconds : dict
        CPU and wall seconds by what they were spent on: ``train``, ``predict``.
    details : dict
        Whatever else is worth keeping: steps, parameters.
    probabilities : ndarray of float16 or None
        ``(classes, *space)``, where they were wanted and the method has any.
    """

    prediction: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    probabilities: NDArray[np.float16] | None = None

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Keep the CPU and wall time of what is done meanwhile."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds[what] = {
            "cpu": round(time.process_time() - cpu, 2),
            "wall": round(time.perf_counter() - wall, 2),
        }


Method = Callable[[Task, Settings], Answer]
