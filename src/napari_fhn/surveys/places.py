"""Places in a survey's own numbers: what a person types, and the voxel it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from napari_fhn.surveys.numbers import NumberedAxis, Numbers

_WORDS = {
    "inline": ("inline", "iline", "il", "in"),
    "crossline": ("crossline", "xline", "crl", "xl"),
    "trace": ("trace", "cdp", "tr"),
    "vertical": ("t", "time", "twt", "ms", "depth", "z", "sample"),
    "x": ("x", "easting", "east", "lon", "longitude"),
    "y": ("y", "northing", "north", "lat", "latitude"),
    "row": ("row", "r"),
    "column": ("column", "col", "c"),
    "band": ("band", "b"),
    "wavelength": ("wavelength", "wl", "nm"),
}
_MEANS = {word: what for what, words in _WORDS.items() for word in words}
_UNITS = {"ms": "vertical", "nm": "wavelength"}
_TOKEN = re.compile(r"(?P<word>[A-Za-z]+)|(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)|(?P<other>[^\s=:;,])")
_AXES = {"inline": "inline", "crossline": "crossline", "trace": "trace", "row": "y", "column": "x", "band": "band"}
_VERTICAL = ("twt", "depth", "sample")
_SHORT = {"inline": "IL", "crossline": "XL", "trace": "trace", "y": "row", "x": "col"} | dict.fromkeys(_VERTICAL, "T")


class GoToError(ValueError):
    """A place that cannot be gone to; the message says why, in a sentence."""


@dataclass(frozen=True)
class GridPosition:
    """Where to go.

    Attributes
    ----------
    index : dict of str to float
        Index along the axes that were named; the others stay as they are.
    """

    index: dict[str, float]


def parse(text: str) -> dict[str, float]:
    """Read a place as a person writes it.

    Parameters
    ----------
    text : str
        Words and numbers: "inline 120", "IL 120 XL 300 T 1500", "1500 ms", "x 431000 y 6350000", "row 10 col 20",
        "650 nm".

    Returns
    -------
    dict
        Number by what it is: ``inline``, ``crossline``, ``trace``, ``vertical``, ``x``, ``y``, ``row``, ``column``,
        ``band``, ``wavelength``.

    Raises
    ------
    GoToError
        With what is not understood.
    """
    if re.search(r"\d,\d", text):
        raise GoToError("Write a point in decimal numbers and a space between two numbers, not a comma.")
    found: dict[str, float] = {}
    waiting = ""
    last = ""
    for token in _TOKEN.finditer(text):
        kind, said = token.lastgroup, token[0]
        if kind == "other":
            raise GoToError(f"'{said}' is not understood: write words and numbers, such as inline 120.")
        if kind == "number":
            if not waiting:
                # Its unit may follow.
                waiting, last = "?", said
                continue
            if waiting == "?":
                raise GoToError(f"Say what {last} is, such as inline {last} or x {last}.")
            _put(found, waiting, float(said))
            waiting = ""
            continue
        word = said.lower()
        if waiting == "?":
            if word not in _UNITS:
                raise GoToError(f"Say what {last} is, such as inline {last} or x {last}.")
            _put(found, _UNITS[word], float(last))
            waiting = ""
        elif word in _UNITS and not waiting and found and _UNITS[word] in found:
            # A unit behind a number whose meaning was said before it: "T 1500 ms".
            continue
        elif waiting:
            raise GoToError(f"A number is missing after '{waiting}'.")
        elif word not in _MEANS:
            raise GoToError(f"'{said}' is not understood: write inline, crossline, time, x, y, row, column or band.")
        else:
            waiting = _MEANS[word]
    if waiting == "?":
        raise GoToError(f"Say what {last} is, such as inline {last} or x {last}.")
    if waiting:
        raise GoToError(f"A number is missing after '{waiting if waiting != 'vertical' else 'time'}'.")
    if not found:
        raise GoToError("Write where to go, such as inline 120, or x 431000 y 6350000.")
    return found


def _put(found: dict[str, float], what: str, number: float) -> None:
    if what in found:
        raise GoToError(f"There are two numbers for {what}: write one.")
    found[what] = number


def typed(numbers: Numbers, index: Mapping[str, int]) -> str:
    """Write a voxel as a person would type it; `parse` and `resolve` find it again.

    Parameters
    ----------
    numbers : Numbers
        Of the survey.
    index : mapping of str to int
        Index along each axis, by its name; those left out are not written.

    Returns
    -------
    str
        "IL 1064 XL 2101 T 732", "trace 12 T 400", "row 10 col 20"; empty where its axes have no words of their own.
    """
    axes = {axis.name: axis for axis in numbers.axes if axis.name in index}
    return " ".join(f"{word} {axes[name].values[index[name]]:.10g}" for name, word in _SHORT.items() if name in axes)


def resolve(wanted: Mapping[str, float], numbers: Numbers) -> GridPosition:
    """Find the voxel that is meant.

    Parameters
    ----------
    wanted : mapping
        From `parse`.
    numbers : Numbers
        Of the layer.

    Returns
    -------
    GridPosition

    Raises
    ------
    GoToError
        When the survey has no such axis, or the place is outside.
    """
    index: dict[str, float] = {}
    if "x" in wanted or "y" in wanted:
        index |= _from_xy(wanted, numbers)
    for what, number in wanted.items():
        if what in ("x", "y"):
            continue
        name, value = _own_axis(what, number, numbers)
        axis = numbers.axis(name)
        place = axis.index(value)
        if not -0.5 <= place <= axis.values.size - 0.5:
            raise GoToError(_outside(axis, number))
        if name in index and round(index[name]) != round(place):
            raise GoToError(f"The map coordinates lie on another {axis.called} than {number:g}: write one of them.")
        index[name] = place
    return GridPosition({name: float(round(place)) for name, place in index.items()})


def _own_axis(what: str, number: float, numbers: Numbers) -> tuple[str, float]:
    """Return the axis that is meant, and the number along it."""
    if what == "wavelength":
        if numbers.wavelengths is None:
            raise GoToError("The survey has no wavelengths.")
        waves = numbers.wavelengths
        if not waves.min() - 50 <= number <= waves.max() + 50:
            raise GoToError(
                f"{number:g} nm is outside the survey: its wavelengths run from {waves.min():.0f} to "
                f"{waves.max():.0f} nm."
            )
        return "band", float(numbers.axis("band").values[int(np.argmin(np.abs(waves - number)))])
    name = _AXES.get(what) or next((one for one in _VERTICAL if one in numbers.names), "")
    if name not in numbers.names:
        have = ", ".join(axis.called for axis in numbers.axes)
        word = "time or depth" if what == "vertical" else what
        raise GoToError(f"The survey has no {word}: its axes are {have}.")
    return name, number


def _own(numbers: Numbers) -> str:
    """Name the lateral axes of a survey: without map coordinates one goes to a place by their numbers."""
    return " and ".join(axis.called for axis in numbers.axes if axis.name not in ("band", *_VERTICAL))


def _outside(axis: NumberedAxis, number: float) -> str:
    low, high = sorted((float(axis.values[0]), float(axis.values[-1])))
    unit = f" {axis.unit}" if axis.unit else ""
    called = axis.called.capitalize()
    return f"{called} {number:g}{unit} is outside the survey: it runs from {low:g} to {high:g}{unit}."


def _from_xy(wanted: Mapping[str, float], numbers: Numbers) -> dict[str, float]:
    if not numbers.placed:
        raise GoToError(f"The survey has no map coordinates: go by {_own(numbers)}.")
    if not {"x", "y"} <= set(wanted):
        raise GoToError("Write both x and y.")
    x, y = wanted["x"], wanted["y"]
    index = numbers.from_xy(x, y)
    sizes = {axis.name: axis.values.size for axis in numbers.axes}
    inside = all(-0.5 <= place <= sizes[name] - 0.5 for name, place in index.items())
    if numbers.track is not None and numbers.track[0].size > 1:
        steps = np.hypot(np.diff(numbers.track[0]), np.diff(numbers.track[1]))
        nearest = int(next(iter(index.values())))
        away = float(np.hypot(numbers.track[0][nearest] - x, numbers.track[1][nearest] - y))
        # A point beside the line means the trace next to it; one far away is a slip.
        inside = away <= max(50 * float(np.median(steps)), 1.0)
    if not inside:
        (left, right), (low, high) = _reach(numbers)
        digits = numbers.digits
        raise GoToError(
            f"X {x:.{digits}f}, Y {y:.{digits}f} is outside the survey: it lies between X {left:.{digits}f} and "
            f"{right:.{digits}f}, Y {low:.{digits}f} and {high:.{digits}f} {numbers.unit}".rstrip()
            + "."
        )
    return index


def _reach(numbers: Numbers) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return least and greatest x and y of the corners, or of the line."""
    if numbers.track is not None:
        xs, ys = (part.tolist() for part in numbers.track)
    else:
        corners = []
        sizes = [axis.values.size for axis in numbers.axes]
        lateral = [k for k, name in enumerate(numbers.names) if name in ("inline", "crossline", "y", "x")]
        for first in (0, sizes[lateral[0]] - 1):
            for second in (0, sizes[lateral[1]] - 1):
                at = [0] * len(sizes)
                at[lateral[0]], at[lateral[1]] = first, second
                corners.append(numbers.to_xy(at) or (np.nan, np.nan))
        xs, ys = ([corner[k] for corner in corners] for k in (0, 1))
    return (min(xs), max(xs)), (min(ys), max(ys))
