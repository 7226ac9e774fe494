"""Words out of files, fit for a sentence: in one line, and not longer than a person reads."""

from __future__ import annotations

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
