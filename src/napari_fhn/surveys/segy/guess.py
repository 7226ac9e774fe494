"""Where the inline and crossline numbers of a SEG-Y file stand: a ranked guess, with its evidence.

A pair of header fields is a good guess when no two traces share both numbers, when the numbers fill a rectangle, when
neighbours in the file are neighbours on the map, and when the coordinates agree. What the file itself says about its
bytes counts most, then the standard, then habits of well-known programs, then what looks like numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from napari_fhn.sentence import counted
from napari_fhn.surveys.geometry import fit_geometry
from napari_fhn.surveys.segy.coordinates import Floats, Places, beside, looked_at
from napari_fhn.surveys.segy.grid import Axis, axis_of, is_walk, place_keys
from napari_fhn.surveys.segy.headers import Headers, Ints
from napari_fhn.surveys.segy.text import ByteHint

How = Literal["given", "layout", "standard", "text", "habit", "looking", "coordinates", "order"]

STANDARD = (189, 193)
#: How far each way of finding numbers is believed before the traces are looked at.
_PRIOR = {"given": 1.0, "layout": 1.0, "standard": 0.95, "text": 0.94, "habit": 0.8, "looking": 0.6}
#: What programs write where revision 0 left bytes free.
_HABITS = {(9, 21): 1.0, (5, 21): 0.9, (17, 21): 0.9, (221, 225): 0.9, (233, 237): 0.9, (9, 13): 0.9, (9, 25): 0.9}
_LOOKED = (1, 5, 9, 13, 17, 21, 25, 41, 45, 49, 53, 57, 61, 65, *range(181, 238, 4))
_COORDINATES = frozenset([73, 77, 81, 85, 181, 185])
_OFFSET_BYTE, _CHANNEL_BYTE = 37, 13
#: Fields that count traces within a gather: with them anything makes a grid.
_COUNTERS = frozenset([13, 25])
#: Traces compared when pairs of fields are looked for.
_N_COMPARED = 2048
#: Least score at which a guess is taken without asking.
ACCEPTED = {"given": 0.0, "layout": 0.2, "standard": 0.2, "text": 0.3, "habit": 0.45, "looking": 0.4}


@dataclass(frozen=True)
class GridGuess:
    """A guess where the survey numbers of a file stand.

    Attributes
    ----------
    inline_byte, crossline_byte : int
        First bytes in the trace headers; both 0 where places come from coordinates, or from the order alone.
    how : str
        "given" (asked for), "layout" (the file's own layout), "standard" (revision 1), "text" (text header),
        "habit" (of well-known programs), "looking" (fields that behave like numbers), "coordinates", "order"
        (a line, in the order of the file).
    score : float
        0 to 1; guesses are ranked by it.
    evidence : tuple of str
        Sentences for and against.
    kind : {"volume", "line", "none"}
        What the traces looked at make with it.
    x_byte, y_byte : int
        Coordinates it goes with; 0 where there are none.
    filled : float
        Traces for each place of the grid: 1 for a full one, more where places repeat.
    on_map : bool
        The coordinates lie on a grid by these numbers.
    """

    inline_byte: int
    crossline_byte: int
    how: How
    score: float
    evidence: tuple[str, ...]
    kind: Literal["volume", "line", "none"] = "volume"
    x_byte: int = 0
    y_byte: int = 0
    filled: float = 0.0
    on_map: bool = False

    @property
    def accepted(self) -> bool:
        """Whether it makes a volume and is good enough to be taken without asking."""
        return self.kind == "volume" and self.score >= ACCEPTED.get(self.how, 1.0)


def ranked(
    headers: Headers, places: Places, hints: tuple[ByteHint, ...], *, everything: bool = False
) -> list[GridGuess]:
    """Rank guesses where the survey numbers stand.

    Parameters
    ----------
    headers : Headers
        Of the file; only traces looked at count.
    places : Places
        Where its coordinates are.
    hints : tuple of ByteHint
        What the file's text says.
    everything : bool
        Go through all guesses even where the standard ones are good.

    Returns
    -------
    list of GridGuess
        Best first.
    """
    xy = looked_at(headers, places) if not places.angles else (np.zeros(headers.traces.size),) * 2
    guesses: dict[tuple[int, int], GridGuess] = {}

    def add(pair: tuple[int, int], how: How, share: float = 1.0, because: str = "") -> None:
        known = guesses.get(pair)
        guess = judge(headers, pair, how, places, xy, share, because)
        if known is None or guess.score > known.score:
            guesses[pair] = guess

    for hint in hints:
        add((hint.inline_byte, hint.crossline_byte), "layout" if hint.by_layout else "text", 1.0, hint.sentence)
    add(STANDARD, "standard", 1.0, "revision 1 puts them there")
    if everything or max(guess.score for guess in guesses.values()) < 0.6:
        for pair, share in _HABITS.items():
            add(pair, "habit", share, "well-known programs write them there")
        for pair in _alike(headers):
            if pair not in guesses:
                add(pair, "looking", 1.0, "these fields behave like survey numbers")
        for pair, guess in guesses.items():
            if guess.how in ("habit", "looking") and not guess.on_map and _may_be_gathers(headers, guess):
                words = "Gathers are numbered like this too, and no coordinates speak against them."
                guesses[pair] = replace(guess, score=round(0.4 * guess.score, 3), evidence=(*guess.evidence, words))
    return sorted(guesses.values(), key=lambda guess: -guess.score)


def _may_be_gathers(headers: Headers, guess: GridGuess) -> bool:
    """Tell whether fields count within gathers: a grid of gathers and traces looks like a survey."""
    if _COUNTERS & {guess.inline_byte, guess.crossline_byte}:
        return True
    # Stacked traces have one offset; and shots along a line fill a slanted band of shots and CDPs.
    channels = np.unique(headers.look(_CHANNEL_BYTE)).size > 1
    return bool(np.unique(headers.look(_OFFSET_BYTE)).size > 1 or (channels and guess.filled < 0.8))


def judge(
    headers: Headers,
    pair: tuple[int, int],
    how: How,
    places: Places,
    xy: tuple[Floats, Floats],
    share: float = 1.0,
    because: str = "",
) -> GridGuess:
    """Hold a pair of header fields against the traces looked at.

    Parameters
    ----------
    headers : Headers
        Of the file.
    pair : tuple of int
        First bytes of the inline and crossline number.
    how : str
        As in `GridGuess`.
    places, xy
        Where the coordinates are, and those of the traces looked at.
    share : float
        Factor on the score.
    because : str
        First sentence of the evidence.

    Returns
    -------
    GridGuess
    """
    il, xl = headers.look(pair[0]), headers.look(pair[1])
    taken = places.given and places.touch(pair)
    if places.touch(pair):
        # These bytes cannot be both: other coordinates speak for these numbers, or none.
        places = beside(headers, places, pair)
        xy = looked_at(headers, places) if not places.angles else (np.zeros(headers.traces.size),) * 2
    fill = agree = 0.0
    first = [f"{because[0].upper()}{because[1:]}."] if because else []

    def guess(score: float, kind: Literal["volume", "line", "none"], *sentences: str) -> GridGuess:
        score = round(min(1.0, score * share * _PRIOR.get(how, 0.5)), 3)
        where = places.x_byte, places.y_byte
        return GridGuess(*pair, how, score, (*first, *sentences), kind, *where, round(fill, 3), agree == 1.0)

    if taken:
        return guess(0.0, "none", f"Bytes {pair[0]} and {pair[1]} share some with the coordinates that are given.")
    if not (il.any() or xl.any()):
        return guess(0.0, "none", f"Bytes {pair[0]} and {pair[1]} are empty.")
    # Padding without numbers says nothing for or against.
    used = (il != 0) | (xl != 0)
    if np.count_nonzero(~used) > 1 and np.array_equal(il != 0, xl != 0):
        il, xl = il[used], xl[used]
    else:
        used = np.ones(il.size, dtype=bool)
    inlines, crosslines = axis_of(il), axis_of(xl)
    varying = "inline" if inlines.size > 1 else "crossline"
    if min(inlines.size, crosslines.size) == 1:
        score = 0.0 if inlines.size == crosslines.size else 0.15
        kind: Literal["line", "none"] = "line" if score else "none"
        return guess(score, kind, f"Only the {varying} number varies: a line." if score else "Neither number varies.")
    n = headers.layout.n_traces * used.mean()
    fill = n / (inlines.size * crosslines.size)
    repeats = 1 - np.unique(place_keys(il, xl)).size / il.size
    ordered, walk = _behaviour(headers, used, il, xl, (inlines, crosslines))
    sentences = [
        f"{counted(inlines.size, 'inlines')} ({inlines}) x {crosslines.size} crosslines ({crosslines}) would have "
        f"{counted(inlines.size * crosslines.size, 'places')} for {counted(headers.layout.n_traces, 'traces')}."
    ]
    if walk and fill < 0.5:
        return guess(0.3, "line", *sentences, "Each trace neighbours the one before: an arbitrary line.")
    # Traces looked at may have missed the outermost lines of a large file.
    room = 1.0 if headers.complete else 1.1
    crowded = fill > room or repeats > 0.1
    score = 0.1 if crowded else min(1.0, fill) ** 0.5 * max(0.0, 1 - 4 * repeats) * (0.6 + 0.4 * ordered)
    if repeats:
        sentences.append(f"{100 * repeats:.0f} % of the traces looked at share both numbers with another.")
    if not crowded:
        sentences.append(f"{100 * ordered:.0f} % of neighbours in the file are neighbours by these numbers.")
    agree, words = _agreement(inlines, crosslines, il, xl, xy, used, places)
    sentences += [words] if words else []
    return guess(score * agree, "none" if crowded or fill < 0.04 else "volume", *sentences)


def _behaviour(headers: Headers, used: np.ndarray, il: Ints, xl: Ints, axes: tuple[Axis, Axis]) -> tuple[float, bool]:
    """Share of neighbours in the file that are neighbours by number, and whether all traces make one walk."""
    runs = headers.neighbours if used.all() else np.empty(0, dtype=np.intp)
    if il.size == used.size and runs.size:
        steps = [np.abs(np.diff(v)[runs]) // axis.step for v, axis in zip((il, xl), axes, strict=True)]
        # Along a line one number stays and the other goes on; at its end the first goes on and the other back.
        along = np.minimum(*steps) == 0
        ends = np.minimum(*steps) == 1
        ordered = float((along & (np.maximum(*steps) <= 3) | ends).mean())
    else:
        ordered = 1.0
    return ordered, headers.complete and is_walk(il, xl)


def _agreement(
    inlines: Axis, crosslines: Axis, il: Ints, xl: Ints, xy: tuple[Floats, Floats], used: np.ndarray, places: Places
) -> tuple[float, str]:
    """Factor on the score, and a sentence, from coordinates that fit the numbers or do not."""
    x, y = (v[used] if v.size != il.size else v for v in xy)
    if not (x.any() or y.any()):
        return 0.85, ""
    i, j = (il - inlines.start) // inlines.step, (xl - crosslines.start) // crosslines.step
    inside = (i >= 0) & (i < inlines.size) & (j >= 0) & (j < crosslines.size)
    geometry, _ = fit_geometry(i[inside], j[inside], x[inside], y[inside], (0, 0), (1, 1))
    where = f"bytes {places.x_byte} and {places.y_byte}"
    if geometry is None:
        return 0.5, f"The coordinates ({where}) do not lie on a grid by these numbers."
    bins = geometry.bin_size
    return 1.0, f"The coordinates ({where}) agree: bins of {bins[0]:.4g} x {bins[1]:.4g}."


def _alike(headers: Headers) -> Iterator[tuple[int, int]]:
    """Give pairs of fields that behave like a slow and a fast survey number."""
    few = slice(None, _N_COMPARED)
    runs = headers.neighbours[headers.neighbours < _N_COMPARED - 1]
    if runs.size < 3:
        return
    slow: dict[bytes, int] = {}
    fast: dict[bytes, int] = {}
    for byte in _LOOKED:
        values = headers.look(byte)[few]
        # Coordinates on a map without rotation look like numbers too, but in steps of metres.
        if np.ptp(values) == 0 or (byte in _COORDINATES and np.abs(values).max() > 100_000):
            continue
        steps = np.diff(values)[runs]
        still = np.count_nonzero(steps == 0) / runs.size
        moved = np.abs(steps[steps != 0])
        even = (
            np.count_nonzero(moved == np.bincount(moved).argmax()) / runs.size
            if moved.size and moved.max() < 10**6
            else 0
        )
        key = values.tobytes()
        if still >= 0.5 and np.unique(values).size >= 3:
            slow.setdefault(key, byte)
        elif even >= 0.5 and np.unique(values).size >= 3:
            fast.setdefault(key, byte)
    for a in list(slow.values())[:6]:
        for b in list(fast.values())[:6]:
            yield a, b
