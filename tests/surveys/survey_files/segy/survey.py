"""A small volume in numbers, the file written from it, and the truth about that file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from survey_files.segy.writer import write


@dataclass(frozen=True)
class Truth:
    """What a file holds: dims of a volume or line with NaN where nothing is, or the words of a refusal."""

    values: np.ndarray | None = None
    inlines: np.ndarray | None = None
    crosslines: np.ndarray | None = None
    start_ms: float = 0.0
    step_ms: float = 4.0
    bins: tuple[float, float] | None = None
    azimuth: float | None = None
    how: str = "standard"
    bytes_: tuple[int, int] | None = (189, 193)
    note: str = ""
    refused: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """A volume in numbers: what a file of it is written from."""

    n: tuple[int, int, int] = (6, 7, 20)
    inlines: tuple[int, int] = (100, 1)
    crosslines: tuple[int, int] = (300, 1)
    bins: tuple[float, float] = (25.0, 12.5)
    azimuth: float = 30.0
    origin: tuple[float, float] = (600_000.0, 6_000_000.0)
    scalar: int = -100

    def cube(self, code: int = 5) -> np.ndarray:
        """Values that any format holds exactly, all traces distinct."""
        rng = np.random.default_rng(7)
        low, high = (0, 120) if code in (10, 11, 12, 15, 16) else (-120, 120)
        return rng.integers(low, high, self.n).astype(np.float64)

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Inline and crossline numbers, in the order they are written."""
        return tuple(start + step * np.arange(k) for (start, step), k in zip((self.inlines, self.crosslines), self.n))  # type: ignore[return-value] # noqa: B905

    def xy(self, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map coordinates of indices; inlines run along the azimuth."""
        a = np.radians(self.azimuth)
        x = self.origin[0] + i * self.bins[0] * np.cos(a) + j * self.bins[1] * np.sin(a)
        y = self.origin[1] - i * self.bins[0] * np.sin(a) + j * self.bins[1] * np.cos(a)
        return x, y

    def coordinates(self, i: np.ndarray, j: np.ndarray, places: tuple[int, int] = (181, 185)) -> dict[int, Any]:
        """Header fields of the coordinates."""
        scale = -self.scalar if self.scalar < 0 else 1 / max(1, self.scalar)
        x, y = self.xy(i, j)
        return {places[0]: np.round(x * scale), places[1]: np.round(y * scale), 71: self.scalar}


def volume(
    path: Path,
    survey: Survey = Survey(),
    *,
    code: int = 5,
    sorting: str = "inline",
    keep: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    order: Callable[[int], np.ndarray] | None = None,
    places: tuple[int, int] | None = (189, 193),
    more: Callable[[np.ndarray, np.ndarray], dict[int, Any]] | None = None,
    xy: tuple[int, int] | None = (181, 185),
    truth: dict[str, Any] | None = None,
    **options: Any,
) -> Truth:
    """Write a volume, or part of one, and tell what is in it.

    Parameters
    ----------
    path : Path
        Where to.
    survey : Survey
        Its numbers.
    code : int
        Sample format.
    sorting : {"inline", "crossline"}
        The slow number of the file.
    keep : callable, optional
        Says by inline and crossline index which traces are written; the others are missing.
    order : callable, optional
        Gives another order of the traces, from their number.
    places : tuple of int, optional
        Bytes of the survey numbers.
    more : callable, optional
        Further header fields, from the indices of the traces.
    xy : tuple of int, optional
        Bytes of the coordinates.
    truth : dict
        What differs from a plain volume, for `Truth`.
    **options
        Of `write`.
    """
    il, xl = survey.numbers()
    cube = survey.cube(code)
    i, j = (k.ravel() for k in np.meshgrid(np.arange(il.size), np.arange(xl.size), indexing="ij"))
    if sorting == "crossline":
        by = np.lexsort((i, j))
        i, j = i[by], j[by]
    if order is not None:
        i, j = i[order(i.size)], j[order(j.size)]
    if keep is not None:
        kept = keep(i, j)
        i, j = i[kept], j[kept]
    headers: dict[int, Any] = {
        1: np.arange(1, i.size + 1),
        29: 1,
        115: survey.n[2],
        117: options.get("interval_us", 4000),
    }
    if places is not None:
        headers |= {places[0]: il[i], places[1]: xl[j]}
    if xy is not None:
        headers |= survey.coordinates(i, j, xy)
    if more is not None:
        headers |= more(i, j)
    write(path, cube[i, j], headers, code=code, **options)
    expected = np.full(cube.shape, np.nan)
    expected[i, j] = cube[i, j]
    up, across = np.argsort(il), np.argsort(xl)
    found: dict[str, Any] = {
        "values": expected[up][:, across],
        "inlines": il[up].astype(float),
        "crosslines": xl[across].astype(float),
        "step_ms": options.get("interval_us", 4000) / 1000,
        "bins": survey.bins if xy is not None else None,
        "azimuth": survey.azimuth if survey.crosslines[1] > 0 else (survey.azimuth + 180) % 360,
        "bytes_": places,
    }
    return Truth(**(found | (truth or {})))


def corner_cut(i: np.ndarray, j: np.ndarray) -> np.ndarray:
    return i + j >= 3


def ragged(i: np.ndarray, j: np.ndarray) -> np.ndarray:
    return (j >= (i * 5) % 3) & (j <= 6 - (i * 7) % 3)


def shuffled(n: int) -> np.ndarray:
    return np.random.default_rng(3).permutation(n)


def serpentine(n: int, width: int = 7) -> np.ndarray:
    rows = np.arange(n).reshape(-1, width).copy()
    rows[1::2] = rows[1::2, ::-1]
    return rows.ravel()
