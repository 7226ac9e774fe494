"""What Python is tried on: an image small enough to train on in a moment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_fhn.network.architecture import levels
from napari_fhn.training import Schedule
from napari_fhn.training.recipes import RECIPES, Recipe

SHAPE = (24, 20)


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path) -> None:
    """Recipes of a few kernels, and a folder of one's own to work in."""
    monkeypatch.chdir(tmp_path)
    flat = Recipe("", "", levels(2, 8, (2, 2), 1, context=1), Schedule(steps=2, block=(8, 32)))
    chart = Recipe("", "", levels(2, 8, (2,), 1), Schedule(steps=2, block=(16, 16)))
    for name, made in (("sections", flat), ("map", chart), ("spectra", chart), ("regions", chart)):
        monkeypatch.setitem(RECIPES, name, made)
    monkeypatch.setitem(RECIPES, "layers", replace(flat, neighbours=True))


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)


@pytest.fixture
def labels() -> np.ndarray:
    """Two patches of each of two classes."""
    known = np.zeros(SHAPE, np.uint8)
    known[2:4, 2:4], known[8:10, 2:4] = 1, 1
    known[15:17, 10:12], known[20:22, 14:16] = 2, 2
    return known


@pytest.fixture
def truth() -> np.ndarray:
    return np.where(np.arange(SHAPE[0])[:, None] < 12, 1, 2) + np.zeros(SHAPE, int)
