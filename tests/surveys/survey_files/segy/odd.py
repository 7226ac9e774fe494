"""Volumes with something odd in them that do not stop anybody from reading them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from survey_files.segy.survey import Survey, Truth, volume
from survey_files.segy.writer import write


def patched(path: Path, make: Callable[[Path], Truth], patches: dict[int, bytes], **truth: Any) -> Truth:
    found = make(path)
    content = bytearray(path.read_bytes())
    for byte, data in patches.items():
        content[byte - 1 : byte - 1 + len(data)] = data
    path.write_bytes(content)
    return Truth(**(found.__dict__ | truth))


def damaged_number(path: Path) -> Truth:
    """One inline number of a volume is nonsense."""
    found = volume(path)
    content = bytearray(path.read_bytes())
    at = 3600 + 9 * (240 + 4 * 20) + 188
    content[at : at + 4] = (2_000_000_000).to_bytes(4, "big")
    path.write_bytes(content)
    assert found.values is not None
    found.values[1, 2] = np.nan
    return Truth(**(found.__dict__ | {"note": "far off the rest"}))


def duplicates(path: Path) -> Truth:
    """The last trace of a volume, and one of its first, are written twice."""
    survey = Survey()
    il, xl = survey.numbers()
    i, j = (k.ravel() for k in np.meshgrid(np.arange(6), np.arange(7), indexing="ij"))
    i, j = np.append(i, [5, 0]), np.append(j, [6, 1])
    cube = survey.cube()
    samples = cube[i, j]
    samples[-2:] = 77
    write(path, samples, {189: il[i], 193: xl[j], 29: 1, 115: 20, 117: 4000} | survey.coordinates(i, j))
    return Truth(cube, il.astype(float), xl.astype(float), bins=survey.bins, azimuth=30.0, note="repeat the place")


def padded(path: Path) -> Truth:
    """Ten traces without numbers and without content at the end of a volume."""
    survey = Survey()
    il, xl = survey.numbers()
    i, j = (k.ravel() for k in np.meshgrid(np.arange(6), np.arange(7), indexing="ij"))
    cube = survey.cube()
    headers = {189: il[i], 193: xl[j], 29: np.ones(42, int), 115: np.full(42, 20)} | survey.coordinates(i, j)
    headers = {k: np.append(np.broadcast_to(v, 42), np.zeros(10)) for k, v in headers.items()}
    write(path, np.concatenate([cube[i, j], np.zeros((10, 20))]), headers)
    return Truth(cube, il.astype(float), xl.astype(float), bins=survey.bins, azimuth=30.0, note="left out as padding")


def dead(path: Path, code: int = 5) -> Truth:
    found = volume(path, code=code, more=lambda i, j: {29: np.where((i == 2) & (j > 3), 2, 1)})
    assert found.values is not None
    found.values[2, 4:] = np.nan
    return Truth(**(found.__dict__ | {"note": "marked dead"}))


def not_finite(path: Path) -> Truth:
    survey = Survey()
    il, xl = survey.numbers()
    i, j = (k.ravel() for k in np.meshgrid(np.arange(6), np.arange(7), indexing="ij"))
    cube = survey.cube()
    cube[0, 0, 3], cube[5, 6, 4], cube[3, 3, 5] = np.nan, np.inf, -np.inf
    write(path, cube[i, j], {189: il[i], 193: xl[j], 29: 1, 115: 20} | survey.coordinates(i, j))
    cube[~np.isfinite(cube)] = np.nan
    return Truth(cube, il.astype(float), xl.astype(float), bins=survey.bins, azimuth=30.0, note="not finite")


def large_integers(path: Path) -> Truth:
    survey = Survey()
    il, xl = survey.numbers()
    i, j = (k.ravel() for k in np.meshgrid(np.arange(6), np.arange(7), indexing="ij"))
    cube = survey.cube() * 17_000_001
    write(path, cube[i, j], {189: il[i], 193: xl[j], 29: 1, 115: 20} | survey.coordinates(i, j), code=2)
    return Truth(
        cube.astype(np.float32), il.astype(float), xl.astype(float), bins=survey.bins, azimuth=30.0, note="24 bits"
    )


def incomplete(path: Path, code: int) -> Truth:
    found = volume(path, code=code)
    path.write_bytes(path.read_bytes()[:-100])
    assert found.values is not None
    found.values[5, 6] = np.nan
    return Truth(**(found.__dict__ | {"options": {"incomplete": True}, "note": "cut short"}))


def one_astray(i: np.ndarray, j: np.ndarray) -> dict[int, Any]:
    """One coordinate is nonsense."""
    return {185: np.where((i == 2) & (j == 3), 5, Survey().coordinates(i, j)[185])}


def senseless(i: np.ndarray, j: np.ndarray) -> dict[int, Any]:
    """Numbers that lie on no grid."""
    rng = np.random.default_rng(2)
    return {189: rng.integers(-(2**31), 2**31, i.size), 193: rng.integers(-(2**31), 2**31, i.size)}


def delayed(path: Path) -> Truth:
    """The first inline begins 80 ms, 20 samples, before all others."""
    found = volume(path, more=lambda i, j: {109: np.where(i == 0, 20, 100)})
    assert found.values is not None
    values = np.full((6, 7, 40), np.nan)
    values[0, :, :20], values[1:, :, 20:] = found.values[0], found.values[1:]
    return Truth(**(found.__dict__ | {"values": values, "start_ms": 20.0, "note": "varies"}))
