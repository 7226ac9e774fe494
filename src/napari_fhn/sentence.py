"""Words out of files, fit for a sentence: in one line, and not longer than a person reads."""

from __future__ import annotations

import re
from typing import Literal

from napari_fhn.keys import hidden

#: A longer part of a sentence is cut; names of many columns still fit.
LONGEST = 1000


def in_one_line(text: str, longest: int = LONGEST) -> str:
    """Return text in one line, without keys of addresses, its middle left out where it is too long.

    Parameters
    ----------
    text : str
        Any; line ends and what a terminal would take for a command become a space.
    longest : int
        Most characters.

    Examples
    --------
    >>> in_one_line("in well 'A\\nB'")
    "in well 'A B'"
    >>> in_one_line("abcdefghij", 7)
    'ab...ij'
    """
    # Only where it is needed: names may hold two spaces on purpose.
    line = text if text.isprintable() else " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = hidden(line)
    half = (longest - 3) // 2
    return line if len(line) <= longest else f"{line[:half]}...{line[-half:]}"


#: What is called otherwise than without its last letter where there is one of it.
_ONE = {"blocks of labels": "block of labels", "bodies of labels": "body of labels", "bricks of dips": "brick of dips"}
_ENDINGS = (
    ("axes", "axis"),
    ("indices", "index"),
    ("classes", "class"),
    ("processes", "process"),
    ("patches", "patch"),
    ("boxes", "box"),
    ("ies", "y"),
    ("s", ""),
)


def counted(number: int, many: str, one: str = "") -> str:
    """Return how many there are of something, in words that go with the number.

    Parameters
    ----------
    number : int
        How many.
    many : str
        What several are called; with a verb where one follows.
    one : str
        What one is called, where that does not follow from it.

    Examples
    --------
    >>> counted(1, "traces"), counted(1200, "traces"), counted(1, "spatial axes"), counted(0, "bodies of labels")
    ('1 trace', '1,200 traces', '1 spatial axis', '0 bodies of labels')
    >>> counted(1, "rows have no value", "row has no value")
    '1 row has no value'
    """
    if number != 1:
        return f"{number:,} {many}"
    if one or many in _ONE:
        return f"1 {one or _ONE[many]}"
    last, new = next(pair for pair in _ENDINGS if many.endswith(pair[0]))
    return f"1 {many.removesuffix(last)}{new}"


def counted_of(number: int, whole: int, what: str, several: str, one: str) -> str:
    """Return how many of something there are with what they do: the verb goes with how many, the noun with all.

    Parameters
    ----------
    number, whole : int
        How many, and of how many.
    what : str
        What all are called, as :func:`counted` takes it; what stands behind it, such as *looked at*, may follow.
    several, one : str
        What several do, and what one does.

    Examples
    --------
    >>> counted_of(1, 4, "points", "lie outside", "lies outside"), counted_of(3, 4, "points", "lie", "lies")
    ('1 of 4 points lies outside', '3 of 4 points lie')
    """
    return f"{number:,} of {counted(whole, what)} {one if 1 in (number, whole) else several}"


def begun(text: str) -> str:
    """Return a sentence with a capital at its beginning, unless it begins with the name of a file, which has its own.

    Parameters
    ----------
    text : str
        Any.

    Examples
    --------
    >>> begun("nothing is labelled"), begun("survey.zarr: it is gone"), begun("my wells.csv, line 3: no number")
    ('Nothing is labelled', 'survey.zarr: it is gone', 'my wells.csv, line 3: no number')
    """
    first, head = text.partition(" ")[0], text.partition(": ")[0].partition(",")[0]
    is_name = re.search(r"[/\\]|\w\.\w", first) or re.search(r"\w\.\w{1,10}$", head)
    return text if is_name else text[:1].upper() + text[1:]


Cell = Literal["voxel", "sample", "pixel"]
"""What a survey is made of: a volume of voxels, a line of the samples of its traces, a map of pixels."""


def cell(dimensions: int, vertical: int | None) -> Cell:
    """Return what a survey is made of.

    Parameters
    ----------
    dimensions : int
        How many axes it has, without its bands.
    vertical : int or None
        Which of them is time or depth.

    Examples
    --------
    >>> cell(3, 2), cell(2, 1), cell(2, None)
    ('voxel', 'sample', 'pixel')
    """
    if dimensions != 2:
        return "voxel"
    return "pixel" if vertical is None else "sample"


# What stands between quotation marks is a name, and so is what is a part of a path.
_VOXEL = re.compile(r"(?<!\w)'[^']*'(?!\w)|(?<![\w./\\-])([Vv])oxel(s?)(?![\w/\\-]|\.\w)")
#: Further words that go with what a survey is made of: a pixel of a map stands where others have a trace.
_ON_MAPS = (
    ("traces along each side", "pixels along each side"),
    ("wells and patches", "points and patches"),
    ("wells or patches", "points or patches"),
    ("wells, patches", "points, patches"),
)


def made_of(text: str, what: Cell) -> str:
    """Return a text, which is written of voxels, with the words for what a survey is made of.

    Parameters
    ----------
    text : str
        Any; names of files and what stands in quotation marks stay as they are.
    what : {"voxel", "sample", "pixel"}
        As :func:`cell` tells.

    Examples
    --------
    >>> made_of("1 voxel of 'my voxels' in voxels.tif is no label; 3 voxels are.", "pixel")
    "1 pixel of 'my voxels' in voxels.tif is no label; 3 pixels are."
    >>> made_of("Voxels of a line", "sample"), made_of("Tick wells and patches", "pixel")
    ('Samples of a line', 'Tick points and patches')
    """
    if what == "voxel":
        return text
    if what == "pixel":
        for here, there in _ON_MAPS:
            text = text.replace(here, there)
    return _VOXEL.sub(lambda m: m[0] if m[1] is None else f"{what.capitalize() if m[1] == 'V' else what}{m[2]}", text)
