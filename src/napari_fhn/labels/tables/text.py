"""Text files of unknown encoding, line by line, and numbers as tables write them."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator
from pathlib import Path

from napari_fhn.labels.errors import LabelError
from napari_fhn.regular import why_not
from napari_fhn.vector.looking import GEODATABASE

#: Larger files are refused: they are no picks, and their rows would fill the memory.
MAX_BYTES = 2**30
#: A longer line belongs to no table of picks, and looking for columns in it would take long.
MAX_LINE = 100_000
_CHUNK = 2**20
_END_OF_TEXT = "\x1a"
#: Every byte but the five that mean nothing in Windows-1252.
_CP1252 = bytes(sorted(set(range(256)) - {0x81, 0x8D, 0x8F, 0x90, 0x9D}))
_CONTROL = bytes([*range(9), *range(14, 26), *range(28, 32), 127])
#: Digits may be grouped by thousands with the other mark, an apostrophe, or a space: no-break, narrow, thin or plain.
_GROUPS = "'\u2019\u02bc \u00a0\u202f\u2009"
_NUMBER = {
    mark: re.compile(
        rf"[-+]?(?:\d+(?:{point}\d*)?|{point}\d+|\d{{1,3}}(?P<group>[{group}{_GROUPS}])\d{{3}}(?:(?P=group)\d{{3}})*"
        rf"(?:{point}\d*)?)(?:[eEdD][-+]?\d{{1,3}})?"
    )
    for mark, point, group in ((".", r"\.", ","), (",", ",", r"\."))
}
_UNGROUPED = str.maketrans("", "", _GROUPS)
_BLANK = frozenset(("", "-", "--", "nan", "null", "none", "na", "n/a", "#n/a", "undef", "undefined", "*"))
#: What people write in a column of depths or times where there is no pick; as classes these may be meant.
_NOT_FOUND = frozenset((
    "n.a", "n.d", "nd", "np", "nr", "nde", "not reached", "not present", "not penetrated", "not picked", "not found",
    "absent", "missing", "eroded", "faulted out", "nicht erreicht", "nicht vorhanden", "fehlt", "non atteint",
    "absente", "no alcanzado", "ausente", "ikke nådd", "未钻遇", "не вскрыт",
    "#value!", "#div/0!", "#ref!", "#name?", "#num!",
))  # fmt: skip
#: What surveys and interpretation systems write where there is no value.
NULLS = (-999.25, -9999.0, -9999.25, -99999.0, 9999900.0, 9999999.0)
#: Larger numbers stand for "no value" as well.
LARGEST = 1e29


def look(path: Path) -> None:
    """Refuse what is no plain file, or a folder that is a geodatabase by its name, before anything opens it.

    Raises
    ------
    LabelError
        When it is missing, a folder, a pipe, a device, or a link to nowhere.
    """
    wrong = why_not(path, folder=path.suffix.lower() == GEODATABASE)
    if wrong is not None:
        raise LabelError(*wrong, path=path)


def encoding_of(path: Path) -> str:
    """Tell the encoding of a text file.

    Parameters
    ----------
    path : Path
        The file; all of it is read, piece by piece.

    Returns
    -------
    str
        ``utf-8-sig`` (UTF-8 with or without a byte order mark), ``utf-16``, ``cp1252`` or ``latin-1``.

    Raises
    ------
    LabelError
        When it is missing, larger than a table of picks can be, or no text.
    """
    look(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise LabelError(
                f"it holds {size / 1e9:.1f} GB; a table of picks has {MAX_BYTES / 1e9:.1f} GB at most",
                "Use a part of it",
                path=path,
            )
        with path.open("rb") as file:
            head = file.read(_CHUNK)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            utf8 = codecs.getincrementaldecoder("utf-8")()
            is_utf8 = is_cp1252 = True
            position, chunk = 0, head
            while chunk:
                nul = chunk.find(b"\0")
                if nul >= 0:
                    raise LabelError(
                        f"it is no text (byte {position + nul} is 0)", "Save it as text in UTF-8", path=path
                    )
                if is_utf8:
                    try:
                        utf8.decode(chunk)
                    except UnicodeDecodeError:
                        is_utf8 = False
                is_cp1252 = is_cp1252 and not chunk.translate(None, _CP1252)
                position += len(chunk)
                chunk = file.read(_CHUNK)
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    strange = len(head) - len(head.translate(None, _CONTROL))
    if strange > 0.02 * len(head):
        raise LabelError("it is no text (it is full of control characters)", "Save it as text in UTF-8", path=path)
    return "utf-8-sig" if is_utf8 else "cp1252" if is_cp1252 else "latin-1"


def lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file, counted from 1, without their ends.

    Raises
    ------
    LabelError
        When it cannot be read, or a line is longer than a table's can be.
    """
    try:
        with path.open(encoding=encoding) as file:
            number = 0
            # Bounded reads: a file without a line end must not come into memory as one line.
            while text := file.readline(MAX_LINE + 1):
                number += 1
                if len(text) > MAX_LINE:
                    raise LabelError(
                        f"it is longer than {MAX_LINE:,} characters, which is no row of a table",
                        "Use a file with one line for each row",
                        path=path,
                        line=number,
                    )
                # Systems of old end a text with a sign of its own.
                plain = text.rstrip("\n").rstrip(_END_OF_TEXT)
                if plain or text[:1] != _END_OF_TEXT:
                    yield number, plain
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    except UnicodeError as error:
        raise LabelError(f"it is no text in {encoding} ({error})", "Save it as UTF-8", path=path) from error


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is a number with this decimal mark."""
    return _NUMBER[decimal].fullmatch(cell) is not None


def is_blank(cell: str) -> bool:
    """Whether a cell says that there is no value, in words or by being empty."""
    return cell.strip().lower() in _BLANK


def is_unfound(cell: str) -> bool:
    """Whether a cell of depths, times or places is blank, or says in words that nothing was found there."""
    return is_blank(cell) or cell.strip().lower().rstrip(".") in _NOT_FOUND


def is_null(value: float) -> bool:
    """Whether a number is one of those written where there is no value; NaN and infinities are."""
    return not math.isfinite(value) or abs(value) >= LARGEST or value in NULLS


def ungrouped(cell: str) -> str:
    """Return a cell without the apostrophes and spaces that divide the thousands of a number."""
    return cell.translate(_UNGROUPED)


def to_number(cell: str, decimal: str = ".") -> float:
    """Return a cell as a number, NaN where it is none."""
    if not is_number(cell, decimal):
        return math.nan
    plain = ungrouped(cell).replace("," if decimal == "." else ".", "").replace(",", ".")
    return float(plain.replace("D", "e").replace("d", "e"))


def is_empty(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is blank, says that nothing was found there, or is a number that stands for "no value"."""
    return is_unfound(cell) or (not math.isnan(number := to_number(cell, decimal)) and is_null(number))
