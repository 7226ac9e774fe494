"""Code pages of text that is no UTF-8: told by headings, which are words in one of them and nonsense in the others."""

from __future__ import annotations

import re
from pathlib import Path

from napari_fhn.labels.tables.vocabulary import meaning

#: Beside those of western Europe, the ones in which spreadsheets save elsewhere.
NAMES = {
    "cp1252": "Windows-1252", "latin-1": "Latin-1", "cp1251": "Windows-1251", "cp1250": "Windows-1250",
    "koi8-r": "KOI8-R", "cp866": "code page 866", "gb18030": "GB 18030", "cp932": "Shift JIS", "cp949": "EUC-KR",
}  # fmt: skip
_SURE = 0.75
#: Bytes and lines in which headings stand.
_HEAD, _LINES = 2**14, 40
_CELLS = re.compile(r"[,;\t|\"]|\s{2,}")


def told_by_headings(path: Path, otherwise: str) -> str:
    """Return the encoding in which the most headings of a table are known words.

    Parameters
    ----------
    path : Path
        Text that is no UTF-8.
    otherwise : str
        What it is taken for where headings do not tell.
    """
    with path.open("rb") as file:
        head = b"\n".join(file.read(_HEAD).splitlines()[:_LINES])
    best, most = otherwise, _known(head, otherwise)
    for name in NAMES:
        found = _known(head, name)
        if found > most:
            best, most = name, found
    return best


def _known(head: bytes, encoding: str) -> int:
    """How many cells of the head are headings, and are not so in every encoding."""
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return 0
        text = head[: error.start].decode(encoding)
    cells = [cell.strip() for cell in _CELLS.split(text.replace("\n", ";"))]
    return sum(_is_heading(cell) for cell in cells if cell.isprintable() and not cell.isascii())


def _is_heading(cell: str) -> bool:
    found = meaning(cell)
    # What its plain letters say as well, it says in every code page.
    plain = meaning("".join(c if c.isascii() else " " for c in cell))
    return found is not None and found.confidence >= _SURE and (plain is None or found.role != plain.role)
