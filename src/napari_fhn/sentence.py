"""Words out of files, fit for a sentence: in one line, and not longer than a person reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def named(names: Sequence[str], most: int = 3) -> str:
    """Return names as a sentence has them: all of them, or the first and how many more there are.

    Parameters
    ----------
    names : sequence of str
        Of files, classes or whatever is spoken of, each fit for a sentence.
    most : int
        So many are named where there are more; one more than these is named, too.

    Examples
    --------
    >>> named(["a.csv"]), named(["a.csv", "b.csv"]), named(["a.csv", "b.csv", "c.csv", "d.csv"])
    ('a.csv', 'a.csv and b.csv', 'a.csv, b.csv, c.csv and d.csv')
    >>> named(["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"])
    'a.csv, b.csv, c.csv and 2 more'
    """
    shown = list(names) if len(names) <= most + 1 else [*names[:most], f"{len(names) - most:,} more"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


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


Cell = Literal["voxel", "sample", "pixel", "value"]
"""What a survey is made of: a volume of voxels, a line of the samples of its traces, a map of pixels; of values where
nobody says whether it is a line or a map."""


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


# Names stay as they are, and come first: what stands in quotation marks; a path, on over the blanks in it to its last
# slash and one word behind that, unless a file's name or a sentence ends before; what is a part of a path or of a
# longer name; and what a file's name begins with.
_IN_PATH = r"(?:(?!\.(?:[A-Za-z]\w*)?(?!\S))[^\s'\",;:()<>]|:(?=[/\\]))"
_STEP = rf"(?=\S*[^\W\d]){_IN_PATH}*[/\\]{_IN_PATH}*"
_FURTHER = rf"(?: +[^\s/\\.'\",;:()<>]+){{0,3}}? +(?![/\\.~]|\w:[/\\]){_STEP}"
_NAME = rf"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|(?<![^\s(]){_STEP}(?:{_FURTHER})*(?: +(?:[Vv]oxels?|[Ww]ells)\b)?"
_ENDS = r"(?![\w/\\-]|\.\w| +[\w-]+\.[a-z]\w)"
_SAID = re.compile(
    rf"{_NAME}|(?<![\w./\\-])(?:(?P<voxel>[Vv])oxel(?P<several>s?)|(?P<well>[Ww])ells(?=(?: and| or|,) patches{_ENDS}))"
    rf"{_ENDS}"
)


def made_of(text: str, what: Cell) -> str:
    """Return a text, which is written of voxels, with the words for what a survey is made of.

    Parameters
    ----------
    text : str
        Any; names of files, with blanks too, and what stands in quotation marks stay as they are.
    what : {"voxel", "sample", "pixel", "value"}
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

    def chosen(found: re.Match[str]) -> str:
        if found["voxel"]:
            return f"{what.capitalize() if found['voxel'] == 'V' else what}{found['several']}"
        if found["well"] and what == "pixel":
            return "Points" if found["well"] == "W" else "points"
        return found[0]

    return _SAID.sub(chosen, text)
