"""What made a file, in lines for people, as far as a kind of file has room for them.

SEG-Y has its empty cards, GeoTIFF its tags, ENVI its description, NetCDF and Zarr an attribute, text its comments. What
has no room (``.npy``, CSV, a SEG-Y text header that is full) gets a text file beside it, ``NAME.SUFFIX.history.txt``.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from napari_fhn import __version__
from napari_fhn.surveys.segy.text import (
    TEXT_BYTES,
    hint_of_lines,
    is_ebcdic,
    looks_like_text,
    says_depth,
    text_lines,
)

PROGRAM = f"napari-fhn {__version__}"
#: Put behind the whole name of a file.
SIDECAR = ".history.txt"
_HEAD = "What made"
_CARD = 80
_NUMBERED = re.compile(r"C\s?\d{1,2}(?=\s|$)")
#: Accents, once they stand apart from their letters.
_MARKS = dict.fromkeys(range(0x300, 0x370))
_MORE = "(more beside this file, in the one that ends in .history.txt)"


def lines_of(history: Sequence[str]) -> tuple[str, ...]:
    """Return the lines of a history, without what would break a line or a header.

    Parameters
    ----------
    history : sequence of str
        Sentences; one string counts as its lines.

    Returns
    -------
    tuple of str
        In one line each; empty ones left out.

    Examples
    --------
    >>> lines_of(["napari-fhn 0.1.0", "run-001:\\n 300 steps", ""])
    ('napari-fhn 0.1.0', 'run-001: 300 steps')
    """
    parts = history.splitlines() if isinstance(history, str) else history
    shown = ("".join(c if c.isprintable() else " " for c in str(part)) for part in parts)
    return tuple(line for part in shown if (line := " ".join(part.split())))


def plain(line: str) -> str:
    """Return a line in ASCII: letters without their accents, a question mark for what has no like.

    Examples
    --------
    >>> plain("Grès, 12 µs")
    'Gres, 12 us'
    """
    return unicodedata.normalize("NFKD", line).replace("μ", "u").translate(_MARKS).encode("ascii", "replace").decode()


def joined(before: object, history: Sequence[str]) -> str:
    """Return what a survey says of its own history, and below it the new lines."""
    return "\n".join([*([before] if isinstance(before, str) and before else []), *history])


def write_beside(new: Path, history: Sequence[str]) -> None:
    """Write the lines into a file beside one that has no room for them.

    Parameters
    ----------
    new : Path
        The file, as `napari_fhn.surveys.moving.replacing` gives it: both are moved into place together.
    history : sequence of str
        As `lines_of` gives it.
    """
    text = "\n".join([f"{_HEAD} {new.name}", "", *history, ""])
    new.with_name(new.name + SIDECAR).write_text(text, encoding="utf-8")


def forget(path: Path) -> None:
    """Remove the file that `write_beside` wrote for what lay at `path` before; it speaks of another file now."""
    old = path.with_name(path.name + SIDECAR)
    try:
        with old.open(encoding="utf-8") as file:
            ours = file.readline().rstrip("\n") == f"{_HEAD} {path.name}"
        if ours:
            old.unlink()
    except (OSError, UnicodeDecodeError):
        return


def on_cards(block: bytes, history: Sequence[str]) -> tuple[bytes, bool]:
    """Write a history on the empty cards of a SEG-Y text header.

    Cards that say something stay byte for byte. Lines that a reader could take for what the survey is (the bytes of
    its numbers, or that it is depth) are left out.

    Parameters
    ----------
    block : bytes
        3200 bytes, EBCDIC or ASCII.
    history : sequence of str
        As `lines_of` gives it.

    Returns
    -------
    block : bytes
        3200 bytes in the same code.
    whole : bool
        Whether all of the history is on it.
    """
    # A header of zeros has no code yet: it gets that of the standard.
    given, empty = block, not block.strip(b"\0")
    code = "cp037" if empty or is_ebcdic(block) else "latin-1"
    blank = " ".encode(code)
    if empty:
        block = blank * len(block)
    text = block.decode(code)
    # A header of lines that its writer has broken has no cards.
    if len(block) != TEXT_BYTES or not looks_like_text(block.replace(b"\0", blank)) or text.count("\n") >= 10:
        return given, False
    cards = [text[k : k + _CARD] for k in range(0, TEXT_BYTES, _CARD)]
    said = [line for line in map(plain, history) if not says_depth([line]) and hint_of_lines([line]) is None]
    wanted = [part for line in said for part in textwrap.wrap(line, _CARD - 4, subsequent_indent="  ")]
    whole = len(said) == len(history)
    free = _free(cards, len(wanted))
    if len(wanted) > len(free):
        if not free:
            return given, False
        wanted, whole = [*wanted[: len(free) - 1], _MORE], False
    numbered = not text.strip() or any(_NUMBERED.match(card) for card in cards)
    for k, line in zip(free, wanted, strict=False):
        own = _NUMBERED.match(cards[k])
        number = own[0] if own else f"C{k + 1:>2}" if numbered else ""
        cards[k] = f"{number:<3} {line}".ljust(_CARD)
    made = "".join(cards).encode(code)
    before, after = text_lines(block), text_lines(made)
    if hint_of_lines(before) != hint_of_lines(after) or bool(says_depth(before)) != bool(says_depth(after)):
        return given, False
    return made, whole


def _free(cards: Sequence[str], wanted: int) -> list[int]:
    """Indices of empty cards: the last ones that lie together if they are enough, else all."""
    free = [k for k, card in enumerate(cards) if not _NUMBERED.sub("", card.replace("\0", " "), count=1).strip()]
    runs: list[list[int]] = []
    for k in free:
        if runs and runs[-1][-1] == k - 1:
            runs[-1].append(k)
        else:
            runs.append([k])
    return next((run for run in reversed(runs) if len(run) >= wanted), free)
