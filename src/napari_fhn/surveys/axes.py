"""What the axes of an array are called, and what to ask a person where nothing says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_fhn.sentence import counted
from napari_fhn.surveys.errors import SurveyError

#: Names of axes in this project, in the order in which an array has them.
AXES = ("date", "band", "inline", "crossline", "trace", "z", "y", "x", "twt", "depth", "sample")

#: What files call them; compared without case, and without a trailing number (``phony_dim_0`` is no name).
_CALLED = {
    "date": ("date", "dates", "time", "times", "t", "epoch"),
    "band": (
        "band", "bands", "wavelength", "wavelengths", "wl", "wvl", "lambda", "spectral", "spectrum", "channel",
        "channels", "c", "nbands", "wave", "layer", "layers",
    ),
    "inline": ("inline", "inlines", "iline", "il"),
    "crossline": ("crossline", "crosslines", "xline", "xl"),
    "trace": ("trace", "traces", "cdp", "cmp"),
    "z": ("z", "elevation", "height", "level"),
    "y": (
        "y", "lat", "latitude", "northing", "north", "row", "rows", "line", "lines", "downtrack", "along_track",
        "nrows", "nlat",
    ),
    "x": (
        "x", "lon", "long", "longitude", "easting", "east", "col", "cols", "column", "columns", "crosstrack",
        "across_track", "cross_track", "ncols", "nlon", "pixel", "pixels",
    ),
    "twt": ("twt", "two_way_time"),
    "depth": ("depth",),
    "sample": ("sample", "samples"),
}  # fmt: skip
_VERTICAL = {"twt", "depth", "sample"}
_BESIDE_TIME = {"inline", "crossline", "trace"}
_KNOWN = {word: axis for axis, words in _CALLED.items() for word in words}


@dataclass(frozen=True)
class ReadingChoice:
    """One way to read a file that does not say enough.

    Attributes
    ----------
    words : str
        What it would be, for a person: "145 x 145 pixels (rows, columns) with 200 bands".
    options : mapping
        Keyword arguments that make `napari_fhn.surveys.open` read it so: ``axes``, ``variable``.
    """

    words: str
    options: Mapping[str, Any] = field(default_factory=dict)


class AmbiguousAxes(SurveyError):
    """A file that can be read in more than one way and does not say which is right.

    Nothing is wrong with the file: ask the person, and open it again with the options of what was chosen.

    Parameters
    ----------
    path, what
        As in `SurveyError`.
    choices : sequence of ReadingChoice
        The readings that fit, the likelier ones first.
    """

    #: What a person is asked in front of the choices.
    question = "Which is it?"
    #: The way out, with the options of the likeliest choice, and of the likeliest with time where that has none.
    way = "Say which it is, for example {}"

    def __init__(self, path: str | Path, what: str, choices: Sequence[ReadingChoice]) -> None:
        self.choices = tuple(choices)
        shown = [
            *self.choices[:1],
            *[one for one in self.choices[1:] if _VERTICAL & set(one.options.get("axes", ()))][:1],
        ]
        said = [", ".join(f"{key}={value!r}" for key, value in one.options.items()) for one in shown]
        super().__init__(path, what, self.way.format(" or ".join(said)) if any(said) else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self.path), self.what, self.choices)


def known_axis(name: str) -> str:
    """Return the project's name for what a file calls an axis; empty where it is none of ours."""
    return _KNOWN.get(re.sub(r"[\s-]+", "_", name.strip().lower()), "")


def known_axes(names: Sequence[str]) -> tuple[str, ...]:
    """Return the project's names for what a file, or a person, calls the axes of one array.

    Parameters
    ----------
    names : sequence of str
        Of all axes of the array: beside inlines, crosslines and traces, time is that of the wave and not of a date.

    Returns
    -------
    tuple of str
        Empty for a name that is none of ours.
    """
    found = tuple(map(known_axis, names))
    if "date" in found and _BESIDE_TIME & set(found) and "twt" not in found and not {"y", "x"} <= set(found):
        k = found.index("date")
        return (*found[:k], "twt", *found[k + 1 :])
    return found


def canonical(dims: Iterable[str]) -> list[int]:
    """Return the places of some axes in the order of the project; unknown ones keep theirs, in front of y and x.

    Parameters
    ----------
    dims : iterable of str
        Names, any of `AXES` or others.
    """
    names = list(dims)
    rank = {axis: k for k, axis in enumerate(AXES)}
    return sorted(range(len(names)), key=lambda k: rank.get(names[k], rank["inline"]))


def check_axes(path: Path, axes: Sequence[str], shape: Sequence[int]) -> tuple[str, ...]:
    """Hold axes that a person named against the array, and return their names in this project.

    Raises
    ------
    SurveyError
        When there are too few or too many of them, one is unknown, or one is named twice.
    """
    # What is one of ours is meant so; other words as files use them.
    said = known_axes(axes)
    named = tuple(name if name in AXES else known for name, known in zip(axes, said, strict=True))
    unknown = [name for name, known in zip(axes, named, strict=True) if not known]
    if unknown:
        raise SurveyError(path, f"no axis is called {unknown[0]!r}", f"Axes are {', '.join(AXES)}")
    if len(named) != len(shape):
        size = " x ".join(map(str, shape))
        raise SurveyError(
            path, f"it has {counted(len(shape), 'axes')} ({size}), not {len(named)}", "Name each of them, once"
        )
    if len(set(named)) != len(named):
        raise SurveyError(path, f"the axes {', '.join(named)} name one of them twice", "Name each of them, once")
    return named


def readings(shape: Sequence[int]) -> list[ReadingChoice]:
    """List the ways in which an array without names can be read, the likelier ones first.

    Parameters
    ----------
    shape : sequence of int
        Of the array.

    Returns
    -------
    list of ReadingChoice
        With the option ``axes``; empty for arrays of fewer than two or more than four axes.

    Examples
    --------
    >>> [one.options["axes"][-1] for one in readings((8, 9, 10))]
    ['band', 'x', 'x', 'twt', 'x']
    """
    if len(shape) == 2:
        return [_reading(shape, names) for names in (("y", "x"), ("x", "y"), ("trace", "sample"))]
    if len(shape) == 3:
        cubes = [("y", "x", "band"), ("band", "y", "x"), ("y", "band", "x")]
        # Where two axes are alike the third stands out; without that, files mostly have the bands last.
        odd = next((k for k in range(3) if shape[k - 1] == shape[k - 2] != shape[k]), 2)
        cubes.sort(key=lambda names: names.index("band") != odd)
        return [_reading(shape, names) for names in (*cubes, ("inline", "crossline", "twt"), ("z", "y", "x"))]
    if len(shape) == 4:
        names = (("date", "band", "y", "x"), ("date", "y", "x", "band"), ("y", "x", "band", "date"))
        volumes = (("band", "inline", "crossline", "twt"), ("inline", "crossline", "twt", "band"))
        return [_reading(shape, one) for one in (*names, *volumes)]
    return []


def without_names(
    path: str | Path, shape: Sequence[int], of: str = "its array", options: Mapping[str, Any] | None = None
) -> SurveyError:
    """Return the question what the axes of an array are; where nothing that is worked on has so many, the refusal.

    Parameters
    ----------
    path : str or Path
        The file.
    shape : sequence of int
        Of the array; axes of length 1 are left out of what it may be.
    of : str
        What it is called.
    options : mapping, optional
        What every choice is to say besides.
    """
    size, long = " x ".join(map(str, shape)), [n for n in shape if n != 1]
    choices = [ReadingChoice(one.words, {**(options or {}), **one.options}) for one in readings(long)]
    what = f"the axes of {of} ({size}) have no names"
    if choices:
        return AmbiguousAxes(path, what, choices)
    way_out = "Save the part of it that is the survey, a map, a line or a volume, and say with axes= what its axes are"
    return SurveyError(path, what, way_out)


_SEISMIC = (("inline", "inlines"), ("crossline", "crosslines"), ("twt", "samples"))


def _reading(shape: Sequence[int], names: tuple[str, ...]) -> ReadingChoice:
    size = dict(zip(names, shape, strict=True))
    if "inline" in size:
        words = " x ".join(counted(size[axis], many) for axis, many in _SEISMIC)
        words = f"a volume of {words}" + (f" with {counted(size['band'], 'values')} at each" if "band" in size else "")
    elif "trace" in size:
        words = f"a section of {counted(size['trace'], 'traces')} x {counted(size['sample'], 'samples')}"
    else:
        words = f"{counted(size['y'], 'rows')} x {counted(size['x'], 'columns')}"
        words = f"a volume of {counted(size['z'], 'slices')} of {words}" if "z" in size else words
        words += f" with {counted(size['band'], 'bands')}" if "band" in size else ""
        words += f" on {counted(size['date'], 'dates')}" if "date" in size else ""
    return ReadingChoice(f"{words}, stored as ({', '.join(names)})", {"axes": names})
