"""SEG-Y files of every kind, written byte by byte: no reader of ours and no segyio has a hand in them.

`variants` is the matrix of tests and benchmarks: each entry writes a file and tells what is in it, or the words with
which it must be refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

TYPES = {2: "i4", 3: "i2", 5: "f4", 6: "f8", 8: "i1", 9: "i8", 10: "u4", 11: "u2", 12: "u8", 16: "u1"}
WIDTHS = {1: 4, 4: 4, 7: 3, 15: 3} | {code: np.dtype(kind).itemsize for code, kind in TYPES.items()}
SHORT = {29, 71, 89, 109, 115, 117, 215}


def to_ibm(values: np.ndarray) -> np.ndarray:
    """IBM floats as unsigned words, for values that 24 bits of fraction hold."""
    out = np.zeros(values.shape, dtype=np.uint32)
    given = values != 0
    size = np.abs(values[given].astype(np.float64))
    exponent = np.ceil(np.log2(size) / 4).astype(np.int64)
    exponent += size >= 16.0**exponent
    fraction = np.round(size / 16.0**exponent * 2**24).astype(np.uint32)
    out[given] = (values[given] < 0).astype(np.uint32) << 31 | (exponent + 64).astype(np.uint32) << 24 | fraction
    return out


def from_ibm(words: np.ndarray) -> np.ndarray:
    """Floats of IBM words, in double precision."""
    sign = np.where(words >> 31, -1.0, 1.0)
    return sign * (words & 0xFFFFFF).astype(np.float64) / 2**24 * 16.0 ** ((words >> 24 & 127).astype(np.int64) - 64)


def stored(values: np.ndarray, code: int, endian: str) -> np.ndarray:
    """Samples as bytes, shape (trace, bytes)."""
    mark = ">" if endian == "big" else "<"
    if code == 1:
        raw = to_ibm(values).astype(f"{mark}u4")
    elif code in (7, 15):
        wide = np.ascontiguousarray(values.astype(np.int64).astype("<i4")).view(np.uint8)
        thirds = wide.reshape(*values.shape, 4)[..., :3]
        return (thirds if endian == "little" else thirds[..., ::-1]).reshape(len(values), -1)
    elif code == 4:
        gain = np.zeros((*values.shape, 2), dtype=f"{mark}i2")
        gain[..., 1 if endian == "big" else 0] = values
        return np.ascontiguousarray(gain).view(np.uint8).reshape(len(values), -1)
    else:
        raw = values.astype(mark + TYPES[code])
    return np.ascontiguousarray(raw).view(np.uint8).reshape(len(values), -1)


def write(
    path: Path,
    samples: np.ndarray,
    headers: dict[int, Any],
    *,
    code: int = 5,
    endian: str = "big",
    binary: dict[tuple[int, str], int | float] | None = None,
    revision: tuple[int, int] = (1, 0),
    text: str | list[str] = "C 1 MADE FOR A TEST",
    text_code: str = "cp037",
    texts: list[bytes] | None = None,
    n_texts: int | None = None,
    n_extra: int = 0,
    trailer: int = 0,
    n_samples: int | None = None,
    interval_us: int = 4000,
    feet: bool = False,
) -> Path:
    """Write a SEG-Y file.

    Parameters
    ----------
    path : Path
        Where to.
    samples : ndarray, shape (trace, sample)
        In the order of the file.
    headers : dict
        Field values by first byte; scalars, or one for each trace.
    code, endian, revision, interval_us, feet
        Of the binary header.
    binary : dict
        Further fields of the binary header: (first byte, struct code) to value.
    text : str or list of str
        Text header, or its lines.
    text_code : str
        Its encoding.
    texts : list of bytes
        Extended text headers.
    n_texts, n_samples : int
        What the binary header says about them, if not the truth.
    n_extra : int
        Additional trace headers.
    trailer : int
        Stanzas after the last trace.
    """
    mark = ">" if endian == "big" else "<"
    lines = [text] if isinstance(text, str) else text
    head = bytearray("".join(f"{line:<80}" for line in lines).ljust(3200)[:3200].encode(text_code) + bytes(400))
    texts = texts or []
    fields: dict[tuple[int, str], int | float] = {
        (3217, "h"): interval_us,
        (3221, "H"): samples.shape[1] & 0xFFFF if n_samples is None else n_samples,
        (3225, "h"): code,
        (3255, "h"): 2 if feet else 1,
        (3505, "h"): len(texts) if n_texts is None else n_texts,
    }
    if revision[0] == 2:
        fields |= {(3297, "I"): 0x01020304, (3507, "h"): n_extra, (3529, "i"): trailer}
    for (byte, kind), value in (fields | (binary or {})).items():
        struct.pack_into(mark + kind, head, byte - 1, value)
    head[3500], head[3501] = revision
    raw = stored(samples, code, endian)
    n = len(samples)
    block = np.zeros((n, 240 * (1 + n_extra)), dtype=np.uint8)
    for byte, value in headers.items():
        width = 2 if byte in SHORT else 4
        column = np.broadcast_to(np.asarray(value), (n,)).astype(f"{mark}i{width}")
        block[:, byte - 1 : byte - 1 + width] = np.ascontiguousarray(column).view(np.uint8).reshape(n, width)
    for k in range(1, n_extra + 1):
        block[:, 240 * k + 232 : 240 * k + 240] = np.frombuffer(b"SEG00001", np.uint8)
    tail = b"".join(f"((SEG: Test ver 1.0)) {k}".ljust(3200).encode("ascii") for k in range(trailer))
    path.write_bytes(bytes(head) + b"".join(texts) + np.hstack([block, raw]).tobytes() + tail)
    return path


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


def _refused(path: Path, words: str, make: Callable[[Path], Any]) -> Truth:
    make(path)
    return Truth(refused=words)


def _patched(path: Path, make: Callable[[Path], Truth], patches: dict[int, bytes], **truth: Any) -> Truth:
    found = make(path)
    content = bytearray(path.read_bytes())
    for byte, data in patches.items():
        content[byte - 1 : byte - 1 + len(data)] = data
    path.write_bytes(content)
    return Truth(**(found.__dict__ | truth))


def _corner_cut(i: np.ndarray, j: np.ndarray) -> np.ndarray:
    return i + j >= 3


def _ragged(i: np.ndarray, j: np.ndarray) -> np.ndarray:
    return (j >= (i * 5) % 3) & (j <= 6 - (i * 7) % 3)


def _shuffled(n: int) -> np.ndarray:
    return np.random.default_rng(3).permutation(n)


def _serpentine(n: int, width: int = 7) -> np.ndarray:
    rows = np.arange(n).reshape(-1, width).copy()
    rows[1::2] = rows[1::2, ::-1]
    return rows.ravel()


def _line(path: Path, *, crooked: bool = False, numbered: bool = True, code: int = 5, **options: Any) -> Truth:
    n, n_samples = 40, 15
    values = Survey(n=(1, n, n_samples)).cube(code)[0]
    k = np.arange(n)
    x, y = 600_000 + 25 * k, 6_000_000 + (200 * np.sin(k / 6) if crooked else 10 * k)
    headers = {1: k + 1, 29: 1, 115: n_samples, 117: 2000, 71: -10, 181: np.round(10 * x), 185: np.round(10 * y)}
    if numbered:
        headers |= {21: 100 + k}
    write(path, values, headers, code=code, interval_us=2000, **options)
    return Truth(values=values, step_ms=2.0, how="order", bytes_=None)


def _line_of_shot_points(path: Path) -> Truth:
    """A stacked line whose fields count in steps: nothing of it makes a volume."""
    k = np.arange(40)
    values = Survey(n=(1, 40, 15)).cube()[0]
    headers = {1: k + 1, 5: k + 1, 9: 1 + k // 4, 17: 101 + k // 2, 21: 1001 + k, 25: 1, 29: 1, 115: 15, 117: 2000}
    write(path, values, headers, interval_us=2000)
    return Truth(values=values, step_ms=2.0, how="order", bytes_=None)


def _gathers(path: Path, sorting: str) -> None:
    n_il, n_xl, n_off = 4, 5, 6
    axes = {"il": np.arange(n_il), "xl": np.arange(n_xl), "offset": np.arange(n_off)}
    names = {"cdp": ("il", "xl", "offset"), "offset": ("offset", "il", "xl")}[sorting]
    grid = dict(
        zip(names, (g.ravel() for g in np.meshgrid(*(axes[name] for name in names), indexing="ij")), strict=True)
    )
    n = n_il * n_xl * n_off
    headers = {189: 10 + grid["il"], 193: 20 + grid["xl"], 37: 100 + 50 * grid["offset"], 29: 1, 115: 9, 117: 4000}
    write(path, np.random.default_rng(0).normal(size=(n, 9)), headers)


def _shots(path: Path) -> None:
    record, channel = (g.ravel() for g in np.meshgrid(np.arange(5), np.arange(12), indexing="ij"))
    headers = {9: 1001 + record, 13: 1 + channel, 17: 1 + record, 37: 0, 29: 1, 115: 9, 117: 4000}
    write(path, np.random.default_rng(0).normal(size=(60, 9)), headers)


def _shots_on_a_line(path: Path) -> None:
    """Shots that roll along a line: each CDP is seen by several of them."""
    record, channel = (g.ravel() for g in np.meshgrid(np.arange(20), np.arange(12), indexing="ij"))
    cdp = 2 * record + channel
    headers = {9: 1001 + record, 13: 1 + channel, 17: 1 + record, 21: 500 + cdp, 29: 1, 115: 9, 117: 4000,
               181: 600_000 + 12 * cdp, 185: 6_000_000 + 5 * cdp, 71: 1}  # fmt: skip
    write(path, np.random.default_rng(0).normal(size=(240, 9)), headers)


def _angles(path: Path) -> None:
    il, xl, angle = (g.ravel() for g in np.meshgrid(np.arange(4), np.arange(5), [5, 15, 25], indexing="ij"))
    headers = {189: 10 + il, 193: 20 + xl, 37: angle, 29: 1, 115: 9, 117: 4000}
    write(path, np.random.default_rng(0).normal(size=(60, 9)), headers, text="C 1 ANGLE GATHERS 5 15 25 DEGREES")


def _twice(path: Path) -> None:
    """Two volumes of the same places, one after the other."""
    il, xl = (np.tile(g.ravel(), 2) for g in np.meshgrid(np.arange(4), np.arange(5), indexing="ij"))
    write(path, np.random.default_rng(0).normal(size=(40, 9)), {189: 10 + il, 193: 20 + xl, 29: 1})


def _uneven(path: Path) -> None:
    """Traces of unlike length, as a plain stream of them."""
    write(path, np.ones((2, 8)), {29: 1, 115: 8, 189: 1, 193: [1, 2]})
    first = path.read_bytes()
    write(path, np.ones((3, 11)), {29: 1, 115: 11, 189: 2, 193: [1, 2, 3]})
    path.write_bytes(first + path.read_bytes()[3600:])


def _cut(path: Path, make: Callable[[Path], Any], n: int) -> None:
    make(path)
    path.write_bytes(path.read_bytes()[:n])


def _content(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _damaged_number(path: Path) -> Truth:
    """One inline number of a volume is nonsense."""
    found = volume(path)
    content = bytearray(path.read_bytes())
    at = 3600 + 9 * (240 + 4 * 20) + 188
    content[at : at + 4] = (2_000_000_000).to_bytes(4, "big")
    path.write_bytes(content)
    assert found.values is not None
    found.values[1, 2] = np.nan
    return Truth(**(found.__dict__ | {"note": "far off the rest"}))


def _duplicates(path: Path) -> Truth:
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


def _padded(path: Path) -> Truth:
    """Ten traces without numbers and without content at the end of a volume."""
    survey = Survey()
    il, xl = survey.numbers()
    i, j = (k.ravel() for k in np.meshgrid(np.arange(6), np.arange(7), indexing="ij"))
    cube = survey.cube()
    headers = {189: il[i], 193: xl[j], 29: np.ones(42, int), 115: np.full(42, 20)} | survey.coordinates(i, j)
    headers = {k: np.append(np.broadcast_to(v, 42), np.zeros(10)) for k, v in headers.items()}
    write(path, np.concatenate([cube[i, j], np.zeros((10, 20))]), headers)
    return Truth(cube, il.astype(float), xl.astype(float), bins=survey.bins, azimuth=30.0, note="left out as padding")


def _dead(path: Path, code: int = 5) -> Truth:
    found = volume(path, code=code, more=lambda i, j: {29: np.where((i == 2) & (j > 3), 2, 1)})
    assert found.values is not None
    found.values[2, 4:] = np.nan
    return Truth(**(found.__dict__ | {"note": "marked dead"}))


def _not_finite(path: Path) -> Truth:
    survey = Survey()
    il, xl = survey.numbers()
    i, j = (k.ravel() for k in np.meshgrid(np.arange(6), np.arange(7), indexing="ij"))
    cube = survey.cube()
    cube[0, 0, 3], cube[5, 6, 4], cube[3, 3, 5] = np.nan, np.inf, -np.inf
    write(path, cube[i, j], {189: il[i], 193: xl[j], 29: 1, 115: 20} | survey.coordinates(i, j))
    cube[~np.isfinite(cube)] = np.nan
    return Truth(cube, il.astype(float), xl.astype(float), bins=survey.bins, azimuth=30.0, note="not finite")


def _large_integers(path: Path) -> Truth:
    survey = Survey()
    il, xl = survey.numbers()
    i, j = (k.ravel() for k in np.meshgrid(np.arange(6), np.arange(7), indexing="ij"))
    cube = survey.cube() * 17_000_001
    write(path, cube[i, j], {189: il[i], 193: xl[j], 29: 1, 115: 20} | survey.coordinates(i, j), code=2)
    return Truth(
        cube.astype(np.float32), il.astype(float), xl.astype(float), bins=survey.bins, azimuth=30.0, note="24 bits"
    )


LAYOUT = (
    '((SEG:Layout:text/xml))\n<?xml version="1.0"?><segy-layout name="x">'
    '<entry name="iline" byte="15" type="int4"/><entry name="xline" byte="33" type="int4"/>'
    '<entry name="cdp_x" byte="91" type="coor4"/><entry name="cdp_y" byte="95" type="coor4"/></segy-layout>'
)
_ANY_TEXT = "C 1 AN EXTENDED TEXT HEADER".ljust(3200).encode("ascii")
_END = "((SEG: EndText))".ljust(3200).encode("cp037")
_PETREL = ["C 1 EXPORT", "C23 Trace header locations:", "C24 Inline number               : bytes 13-16",
           "C25 Xline number                : bytes 41-44"]  # fmt: skip


def variants() -> Iterator[tuple[str, Callable[[Path], Truth]]]:
    """Give the matrix: names, and what writes each."""
    for code in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16):
        for endian in ("big", "little"):
            yield f"format {code}, {endian}", partial(volume, code=code, endian=endian)
    for revision in ((0, 0), (1, 0), (2, 0), (2, 1)):
        for sorting in ("inline", "crossline"):
            yield (
                f"revision {revision[0]}.{revision[1]}, sorted by {sorting}",
                partial(volume, revision=revision, sorting=sorting, code=1),
            )
    for il in ((100, 1), (100, -2)):
        for xl in ((300, 3), (300, -1)):
            for sorting in ("inline", "crossline"):
                yield (
                    f"inline step {il[1]}, crossline step {xl[1]}, sorted by {sorting}",
                    partial(volume, survey=Survey(inlines=il, crosslines=xl), sorting=sorting),
                )
    yield "text in ASCII", partial(volume, text_code="ascii")
    yield "two extended texts", partial(volume, texts=[_ANY_TEXT, _ANY_TEXT])
    yield "a variable number of texts", partial(volume, texts=[_ANY_TEXT, _END], n_texts=-1)
    yield (
        "texts that are not counted",
        partial(volume, texts=[_ANY_TEXT], n_texts=0, truth={"note": "number of extended text headers"}),
    )
    yield (
        "texts counted that are not there",
        partial(volume, n_texts=3, truth={"note": "number of extended text headers"}),
    )
    yield "one additional trace header", partial(volume, revision=(2, 0), n_extra=1)
    yield "three additional trace headers, little", partial(volume, revision=(2, 0), n_extra=3, endian="little")
    yield "a trailer of two stanzas", partial(volume, revision=(2, 0), trailer=2)
    yield (
        "first trace by its offset",
        partial(volume, revision=(2, 0), texts=[b"\xff" * 3200], n_texts=0, binary={(3521, "Q"): 6800},
                truth={"note": "number of extended text headers"}),
    )  # fmt: skip
    yield (
        "sample count of revision 2",
        partial(volume, revision=(2, 0), n_samples=0, binary={(3269, "I"): 20}),
    )
    yield "no sample count", partial(volume, n_samples=0)
    yield "a wrong sample count", partial(volume, n_samples=21, truth={"note": "sample count"})
    yield (
        "a wrong trace count",
        partial(volume, revision=(2, 0), binary={(3513, "Q"): 10**12}, truth={"note": "counts 1000000000000 traces"}),
    )
    yield "one corner cut off", partial(volume, keep=_corner_cut, truth={"note": "places have no trace"})
    yield (
        "one corner cut off, single bytes",
        partial(volume, code=8, keep=_corner_cut, truth={"note": "places have no trace"}),
    )
    yield (
        "ragged outline, sorted by crossline",
        partial(volume, keep=_ragged, sorting="crossline", truth={"note": "places have no trace"}),
    )
    yield (
        "one trace missing",
        partial(volume, keep=lambda i, j: (i != 3) | (j != 2), truth={"note": "1 of 42 places have no trace"}),
    )
    yield "an inline missing", partial(volume, keep=lambda i, j: i != 3, truth={"note": "places have no trace"})
    yield "traces in no order", partial(volume, order=_shuffled)
    yield "serpentine order", partial(volume, order=_serpentine)
    yield "duplicate traces", _duplicates
    yield "padding without numbers", _padded
    yield "a damaged number", _damaged_number
    yield "dead traces", _dead
    yield "dead traces, single bytes", partial(_dead, code=8)
    yield "every trace marked dead", partial(volume, more=lambda i, j: {29: 2}, truth={"note": "not believed"})
    yield "NaN and infinities", _not_finite
    yield "integers beyond 24 bits", _large_integers
    for pair in ((9, 21), (5, 21), (17, 21), (221, 225), (233, 237)):
        yield f"numbers at bytes {pair[0]} and {pair[1]}", partial(volume, places=pair, truth={"how": "habit"})
    yield (
        "numbers at bytes 9 and 13, and coordinates that agree",
        partial(volume, places=(9, 13), truth={"how": "habit"}),
    )
    yield (
        "ragged, numbers at bytes 9 and 21, traces counted along lines, offsets left over",
        partial(volume, places=(9, 21), keep=_ragged, more=lambda i, j: {13: 1 + j, 37: 100 + 7 * j},
                truth={"how": "habit", "note": "places have no trace"}),
    )  # fmt: skip
    yield (
        "inline at byte 189, crossline at byte 21",
        partial(volume, places=(189, 21), truth={"how": "looking"}),
    )
    yield "numbers at bytes 45 and 213", partial(volume, places=(45, 213), truth={"how": "looking"})
    yield (
        "numbers where the text says",
        partial(volume, places=(13, 41), text=_PETREL, truth={"how": "text"}),
    )
    yield (
        "numbers where the file's own layout says, at odd bytes",
        partial(volume, places=(15, 33), xy=(91, 95), revision=(2, 1), texts=[LAYOUT.ljust(3200).encode("ascii")],
                more=lambda i, j: {29: 0, 115: 0, 117: 0}, truth={"how": "layout"}),
    )  # fmt: skip
    yield (
        "numbers asked for",
        partial(volume, places=(57, 61), truth={"how": "given", "options": {"inline_byte": 57, "crossline_byte": 61}}),
    )
    counted = {"how": "coordinates", "bytes_": None, "inlines": np.arange(1.0, 7), "crosslines": np.arange(1.0, 8)}
    for azimuth in (0.0, 17.0, 90.0, 200.0):
        yield (
            f"no numbers, coordinates at {azimuth:g} degrees",
            partial(volume, survey=Survey(azimuth=azimuth), places=None, truth=counted),
        )
    yield (
        "no numbers, coordinates in whole metres",
        partial(volume, survey=Survey(azimuth=33.0, scalar=1), places=None, truth=counted | {"bins": (25.0, 12.5)}),
    )
    yield (
        "no numbers, source coordinates, ragged",
        partial(volume, places=None, xy=(73, 77), keep=_ragged, truth=counted | {"note": "places have no trace"}),
    )
    yield (
        "no numbers, serpentine coordinates",
        partial(volume, places=None, order=_serpentine, truth=counted),
    )
    yield (
        "senseless numbers, good coordinates",
        partial(volume, places=None, more=_senseless, truth=counted),
    )
    yield (
        "constant numbers, good coordinates",
        partial(volume, places=None, more=lambda i, j: {189: 1, 193: 1}, truth=counted),
    )
    yield "source coordinates", partial(volume, xy=(73, 77), truth={"note": "source coordinates"})
    yield "no coordinates", partial(volume, xy=None, truth={"note": "no coordinates"})
    yield (
        "coordinates in degrees",
        partial(volume, more=lambda i, j: {89: 3}, truth={"bins": None, "note": "decimal degrees"}),
    )
    yield "coordinate scalar 10", partial(volume, survey=Survey(scalar=10, bins=(50.0, 50.0), azimuth=0.0))
    yield (
        "coordinates in feet",
        partial(volume, feet=True, truth={"bins": (25.0 * 0.3048, 12.5 * 0.3048)}),
    )
    yield (
        "one coordinate damaged",
        partial(volume, survey=Survey(n=(8, 9, 12)), more=_one_astray, truth={"note": "off the survey's grid"}),
    )
    yield "delay with its scalar", partial(volume, more=lambda i, j: {109: 1500, 215: -10}, truth={"start_ms": 150.0})
    yield (
        "delay that varies",
        partial(
            volume, more=lambda i, j: {109: np.where(i == 0, 20, 100)}, truth={"start_ms": 100.0, "note": "varies"}
        ),
    )
    yield (
        "interval in the traces only",
        partial(volume, interval_us=0, more=lambda i, j: {117: 2000}, truth={"step_ms": 2.0, "note": "byte 117"}),
    )
    yield (
        "intervals that disagree",
        partial(volume, interval_us=4000, more=lambda i, j: {117: 2000}, truth={"note": "binary header was believed"}),
    )
    yield "a negative interval", partial(volume, interval_us=-2000, truth={"step_ms": 0.0, "note": "counts samples"})
    yield (
        "an interval with decimals",
        partial(volume, revision=(2, 0), interval_us=3909, binary={(3273, "d"): 3909.25}, truth={"step_ms": 3.90925}),
    )
    yield (
        "IEEE floats called fixed point",
        partial(
            _patched,
            make=partial(volume, survey=Survey(n=(6, 7, 60))),
            patches={3225: b"\0\4"},
            note="read as IEEE float",
        ),
    )
    yield (
        "a format that is not known, told",
        partial(_patched, make=volume, patches={3225: b"\0\0"}, options={"sample_format": 5}),
    )
    yield "cut short, whole traces", partial(_incomplete, code=3)
    yield "a line with numbers", _line
    yield "a crooked line", partial(_line, crooked=True, code=1)
    yield "a line without numbers", partial(_line, numbered=False, code=3, endian="little")
    yield "a line with two CDPs to a shot point", _line_of_shot_points
    yield "one inline", partial(_one_inline)
    yield "asked for as a line", partial(_as_line)
    # Refused, each with what it is.
    plain = partial(volume, survey=Survey())
    refusals: tuple[tuple[str, str, Callable[[Path], Any]], ...] = (
        ("CDP gathers", "pre-stack: 120 traces on 20 places.*CDP gathers", partial(_gathers, sorting="cdp")),
        ("sorted by offset", "pre-stack.*sorted by offset", partial(_gathers, sorting="offset")),
        ("shot gathers", "shot gathers", _shots),
        ("shot gathers with CDPs and coordinates", "shot gathers", _shots_on_a_line),
        ("angle gathers", "may be angles", _angles),
        ("two volumes in one file", "2 volumes one after the other", _twice),
        ("traces of unlike length", "differ in length: trace 1 has 8 samples, trace 3 has 11", _uneven),
        ("cut short", "goes on for", partial(_cut, make=plain, n=9000)),
        ("cut in the header", "ends at byte 2000", partial(_cut, make=plain, n=2000)),
        ("no trace", "holds no trace", partial(_cut, make=plain, n=3600)),
        ("a single trace", "single trace", partial(_cut, make=plain, n=3600 + 240 + 80)),
        ("text", "it is text", partial(_content, content=b"x 100.0 y 200.0 horizon 1\n" * 400)),
        ("nothing", "ends at byte 0", partial(_content, content=b"")),
        ("noise", "no SEG-Y revision knows", partial(_content, content=b"\xff\x7f" * 4000)),
        ("fixed point with gain", "opposite ways", partial(volume, code=4)),
        ("zeros", "no SEG-Y revision knows", partial(_content, content=bytes(20_000))),
        ("more samples than the file holds", "goes on for", partial(volume, n_samples=60_001, more=_no_counts)),
        ("texts longer than the file", "inside the 20000 extended text", partial(volume, n_texts=20_000, more=_noise)),
    )  # fmt: skip
    for name, words, make in refusals:
        yield name, partial(_refused, words=words, make=make)


def _one_astray(i: np.ndarray, j: np.ndarray) -> dict[int, Any]:
    """One coordinate is nonsense."""
    return {185: np.where((i == 2) & (j == 3), 5, Survey().coordinates(i, j)[185])}


def _senseless(i: np.ndarray, j: np.ndarray) -> dict[int, Any]:
    """Numbers that lie on no grid."""
    rng = np.random.default_rng(2)
    return {189: rng.integers(-(2**31), 2**31, i.size), 193: rng.integers(-(2**31), 2**31, i.size)}


def _no_counts(i: np.ndarray, j: np.ndarray) -> dict[int, Any]:
    return {115: 0}


def _noise(i: np.ndarray, j: np.ndarray) -> dict[int, Any]:
    """Trace headers that look like none, so that nothing tells where they start."""
    rng = np.random.default_rng(1)
    return {byte: rng.integers(-(2**31), 2**31, i.size) for byte in range(1, 238, 4)}


def _incomplete(path: Path, code: int) -> Truth:
    found = volume(path, code=code)
    path.write_bytes(path.read_bytes()[:-100])
    assert found.values is not None
    found.values[5, 6] = np.nan
    return Truth(**(found.__dict__ | {"options": {"incomplete": True}, "note": "cut short"}))


def _one_inline(path: Path) -> Truth:
    found = volume(path, Survey(n=(1, 9, 20)))
    assert found.values is not None
    return Truth(**(found.__dict__ | {"values": found.values[0], "inlines": None, "crosslines": None, "bins": None}))


def _as_line(path: Path) -> Truth:
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


def mutations(content: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """Give damaged copies of a file: bytes changed, cut out, put in, swapped, mostly in its headers.

    Parameters
    ----------
    content : bytes
        Of a small file.
    count : int
        How many.
    seed : int
        The same damage for the same seed.
    """
    rng = np.random.default_rng(seed)
    telling = [3217, 3221, 3225, 3255, 3269, 3297, 3501, 3505, 3507, 3513, 3521, 3529]
    for _ in range(count):
        out = bytearray(content)
        for _ in range(int(rng.integers(1, 8))):
            kind = rng.random()
            if len(out) < 3600:
                break
            if kind < 0.35:
                # A field of the binary header, at will or at its limits.
                at = int(rng.choice(telling)) - 1
                out[at : at + 2] = (
                    rng.bytes(2) if rng.random() < 0.5 else bytes(rng.choice([0, 1, 127, 128, 255], 2).tolist())
                )
            elif kind < 0.7:
                at = int(rng.integers(3200, len(out)))
                out[at] = int(rng.integers(0, 256))
            elif kind < 0.8:
                at, size = int(rng.integers(0, len(out))), int(rng.integers(1, 400))
                del out[at : at + size]
            elif kind < 0.9:
                at = int(rng.integers(0, len(out)))
                out[at:at] = rng.bytes(int(rng.integers(1, 400)))
            else:
                a, b = sorted(int(v) for v in rng.integers(0, len(out), 2))
                out[a:b] = out[a:b][::-1]
        yield bytes(out)
