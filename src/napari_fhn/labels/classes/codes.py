"""Class codes: the numbers by which files call classes, whatever they are, and what of them means that there is none.

A class has a *code*, which is what stands in files (10 for tree cover, 65000 for sandstone), and a *value* from 1 to
255, which is what labels, networks and predictions count in. Codes come in and go out; values stay inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from napari_fhn.labels.tables.text import is_blank
from napari_fhn.surveys.stored_classes import is_called_nothing

LARGEST = 2_147_483_647
"""Largest code: what a 4-byte integer of a file can hold."""

_WHOLE = re.compile(r"([+-]?\d{1,10})(?:[.,]0*)?")


def as_code(text: str) -> int | None:
    """Return the code that a cell of a table holds; None where it is a name.

    Parameters
    ----------
    text : str
        As it stands there.

    Examples
    --------
    >>> as_code("10"), as_code("10.0"), as_code("-1"), as_code("1.5"), as_code("Tree cover")
    (10, 10, -1, None, None)
    """
    found = _WHOLE.fullmatch(text.strip())
    return None if found is None or abs(int(found[1])) > LARGEST else int(found[1])


def means_nothing(text: str) -> bool:
    """Tell whether a cell of a table says that no class is known.

    That is so where it is empty, a negative whole number, a question mark, or one of the words for nothing, as rasters
    have them, too (``"n/a"``, ``"no data"``, ``"unclassified"``).

    0 and 255 are classes there: nobody writes down a place to say that nothing is known of it.

    Examples
    --------
    >>> means_nothing("-1"), means_nothing(" "), means_nothing("N/A"), means_nothing("0"), means_nothing("255")
    (True, True, True, False, False)
    """
    code = as_code(text)
    if code is not None:
        return code < 0
    return is_blank(text) or not text.strip(" ?") or is_called_nothing(text)


def unlabelled_code(codes: Iterable[int]) -> int:
    """Return what stands in files where no class is known: 0, unless that is a class; then 255, else 65535.

    Examples
    --------
    >>> unlabelled_code([10, 20]), unlabelled_code([0, 1, 2]), unlabelled_code([0, 255])
    (0, 255, 65535)
    """
    taken = set(codes)
    for code in (0, 255, 65535):
        if code not in taken:
            return code
    return next(code for code in range(LARGEST, 0, -1) if code not in taken)


def unused_code(value: int, known: set[int]) -> int:
    """Return the code of a class that no file has named: its label value, or what comes after all known codes."""
    return value if value not in known else max(known) + 1
