"""Whole numbers in text that a file, an option or a folder holds."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def whole(text: str) -> int | None:
    """Return the whole number that a text is.

    ``str.isdecimal`` is no question to ask before ``int``: Python refuses to read more than 4,300 digits, and nothing
    that is counted here has more than 18.

    Parameters
    ----------
    text : str
        Blanks around it do not matter.

    Returns
    -------
    int or None
        None for anything else, and for a number of more than 18 digits.

    Examples
    --------
    >>> whole(" 12 "), whole("-3"), whole("--3"), whole("1.5"), whole("9" * 5000)
    (12, -3, None, None, None)
    """
    return int(text) if _WHOLE.fullmatch(text.strip()) else None
