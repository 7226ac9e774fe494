"""Files that are no stacked volume and no line: gathers, what is cut short, and what is no SEG-Y at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from survey_files.segy.survey import Survey, Truth, volume
from survey_files.segy.writer import write


def refusals() -> Iterator[tuple[str, Callable[[Path], Truth]]]:
    """Give what writes each, and the words with which it must be refused."""
    plain = partial(volume, survey=Survey())
    table: tuple[tuple[str, str, Callable[[Path], Any]], ...] = (
        ("CDP gathers", "pre-stack: 120 traces on 20 places.*CDP gathers", partial(gathers, sorting="cdp")),
        ("sorted by offset", "pre-stack.*sorted by offset", partial(gathers, sorting="offset")),
        ("shot gathers", "shot gathers", shots),
        ("shot gathers with CDPs and coordinates", "shot gathers", shots_on_a_line),
        ("angle gathers", "may be angles", angles),
        ("two volumes in one file", "2 volumes one after the other", twice),
        ("traces numbered within a place", r"120 traces on 20 places \(bytes 189 and 193\), numbered 1 to 6", numbered),
        ("places of several traces", r"100 of 120 traces repeat an inline and crossline \(bytes 189", repeated),
        ("traces of unlike length", "differ in length: trace 1 has 8 samples, trace 3 has 11", uneven),
        ("cut short", "goes on for", partial(cut, make=plain, n=9000)),
        ("cut in the header", "ends at byte 2000", partial(cut, make=plain, n=2000)),
        ("no trace", "holds no trace", partial(cut, make=plain, n=3600)),
        ("a single trace", "single trace", partial(cut, make=plain, n=3600 + 240 + 80)),
        ("text", "it is text", partial(content, content=b"x 100.0 y 200.0 horizon 1\n" * 400)),
        ("nothing", "ends at byte 0", partial(content, content=b"")),
        ("noise", "no SEG-Y revision knows", partial(content, content=b"\xff\x7f" * 4000)),
        ("fixed point with gain", "opposite ways", partial(volume, code=4)),
        ("zeros", "no SEG-Y revision knows", partial(content, content=bytes(20_000))),
        ("more samples than the file holds", "goes on for", partial(volume, n_samples=60_001, more=no_counts)),
        ("texts longer than the file", "inside the 20000 extended text", partial(volume, n_texts=20_000, more=noise)),
    )  # fmt: skip
    for name, words, make in table:
        yield name, partial(_refused, words=words, make=make)


def _refused(path: Path, words: str, make: Callable[[Path], Any]) -> Truth:
    make(path)
    return Truth(refused=words)


def gathers(path: Path, sorting: str) -> None:
    n_il, n_xl, n_off = 4, 5, 6
    axes = {"il": np.arange(n_il), "xl": np.arange(n_xl), "offset": np.arange(n_off)}
    names = {"cdp": ("il", "xl", "offset"), "offset": ("offset", "il", "xl")}[sorting]
    grid = dict(
        zip(names, (g.ravel() for g in np.meshgrid(*(axes[name] for name in names), indexing="ij")), strict=True)
    )
    n = n_il * n_xl * n_off
    headers = {189: 10 + grid["il"], 193: 20 + grid["xl"], 37: 100 + 50 * grid["offset"], 29: 1, 115: 9, 117: 4000}
    write(path, np.random.default_rng(0).normal(size=(n, 9)), headers)


def shots(path: Path) -> None:
    record, channel = (g.ravel() for g in np.meshgrid(np.arange(5), np.arange(12), indexing="ij"))
    headers = {9: 1001 + record, 13: 1 + channel, 17: 1 + record, 37: 0, 29: 1, 115: 9, 117: 4000}
    write(path, np.random.default_rng(0).normal(size=(60, 9)), headers)


def shots_on_a_line(path: Path) -> None:
    """Shots that roll along a line: each CDP is seen by several of them."""
    record, channel = (g.ravel() for g in np.meshgrid(np.arange(20), np.arange(12), indexing="ij"))
    cdp = 2 * record + channel
    headers = {9: 1001 + record, 13: 1 + channel, 17: 1 + record, 21: 500 + cdp, 29: 1, 115: 9, 117: 4000,
               181: 600_000 + 12 * cdp, 185: 6_000_000 + 5 * cdp, 71: 1}  # fmt: skip
    write(path, np.random.default_rng(0).normal(size=(240, 9)), headers)


def angles(path: Path) -> None:
    il, xl, angle = (g.ravel() for g in np.meshgrid(np.arange(4), np.arange(5), [5, 15, 25], indexing="ij"))
    headers = {189: 10 + il, 193: 20 + xl, 37: angle, 29: 1, 115: 9, 117: 4000}
    write(path, np.random.default_rng(0).normal(size=(60, 9)), headers, text="C 1 ANGLE GATHERS 5 15 25 DEGREES")


def twice(path: Path) -> None:
    """Two volumes of the same places, one after the other."""
    il, xl = (np.tile(g.ravel(), 2) for g in np.meshgrid(np.arange(4), np.arange(5), indexing="ij"))
    write(path, np.random.default_rng(0).normal(size=(40, 9)), {189: 10 + il, 193: 20 + xl, 29: 1})


def numbered(path: Path, within: int = 1) -> None:
    """Six traces of each place, which are counted from 1 in bytes 25 to 28, or in none."""
    il, xl, k = (g.ravel() for g in np.meshgrid(np.arange(4), np.arange(5), np.arange(6), indexing="ij"))
    write(path, np.zeros((120, 9)), {189: 10 + il, 193: 20 + xl, 25: within * (1 + k), 29: 1})


def repeated(path: Path) -> None:
    numbered(path, within=0)


def uneven(path: Path) -> None:
    """Traces of unlike length, as a plain stream of them."""
    write(path, np.ones((2, 8)), {29: 1, 115: 8, 189: 1, 193: [1, 2]})
    first = path.read_bytes()
    write(path, np.ones((3, 11)), {29: 1, 115: 11, 189: 2, 193: [1, 2, 3]})
    path.write_bytes(first + path.read_bytes()[3600:])


def cut(path: Path, make: Callable[[Path], Any], n: int) -> None:
    make(path)
    path.write_bytes(path.read_bytes()[:n])


def content(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def no_counts(i: np.ndarray, j: np.ndarray) -> dict[int, Any]:
    return {115: 0}


def noise(i: np.ndarray, j: np.ndarray) -> dict[int, Any]:
    """Trace headers that look like none, so that nothing tells where they start."""
    rng = np.random.default_rng(1)
    return {byte: rng.integers(-(2**31), 2**31, i.size) for byte in range(1, 238, 4)}
