"""2D lines, and volumes that are read as lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from survey_files.segy.survey import Survey, Truth, volume
from survey_files.segy.writer import write


def line(path: Path, *, crooked: bool = False, numbered: bool = True, code: int = 5, **options: Any) -> Truth:
    n, n_samples = 40, 15
    values = Survey(n=(1, n, n_samples)).cube(code)[0]
    k = np.arange(n)
    x, y = 600_000 + 25 * k, 6_000_000 + (200 * np.sin(k / 6) if crooked else 10 * k)
    headers = {1: k + 1, 29: 1, 115: n_samples, 117: 2000, 71: -10, 181: np.round(10 * x), 185: np.round(10 * y)}
    if numbered:
        headers |= {21: 100 + k}
    write(path, values, headers, code=code, interval_us=2000, **options)
    return Truth(values=values, step_ms=2.0, how="order", bytes_=None)


def line_of_shot_points(path: Path) -> Truth:
    """A stacked line whose fields count in steps: nothing of it makes a volume."""
    k = np.arange(40)
    values = Survey(n=(1, 40, 15)).cube()[0]
    headers = {1: k + 1, 5: k + 1, 9: 1 + k // 4, 17: 101 + k // 2, 21: 1001 + k, 25: 1, 29: 1, 115: 15, 117: 2000}
    write(path, values, headers, interval_us=2000)
    return Truth(values=values, step_ms=2.0, how="order", bytes_=None)


def one_inline(path: Path) -> Truth:
    found = volume(path, Survey(n=(1, 9, 20)))
    assert found.values is not None
    return Truth(**(found.__dict__ | {"values": found.values[0], "inlines": None, "crosslines": None, "bins": None}))


def as_line(path: Path) -> Truth:
    found = volume(path)
    assert found.values is not None
    changed = {
        "values": found.values.reshape(42, 20),
        "inlines": None,
        "crosslines": None,
        "bins": None,
        "how": "order",
    }
    return Truth(**(found.__dict__ | changed | {"options": {"line": True}, "bytes_": None}))
