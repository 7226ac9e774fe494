"""Workbooks of spreadsheet programs (``.xlsx``, ``.xls``, ``.ods``) as they are: their sheets and cells.

python-calamine reads the cells. It lays a sheet out as one rectangle, from its first filled cell to its last, so that a
file of a few kilobytes could take all memory; how far the sheets reach is counted before (`sheet_sizes`).
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from napari_fhn import zipped
from napari_fhn.digits import whole
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables import ole, sheet_sizes
from napari_fhn.labels.tables.sheet_lines import Sheet, laid_out
from napari_fhn.labels.tables.text import look
from napari_fhn.labels.zipped import opened
from napari_fhn.sentence import counted

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
#: Cells of the rectangle that a sheet spans.
MOST_CELLS = 8_000_000
#: Names of the streams in which the workbook of an old ``.xls`` lies.
_STREAMS = ("Workbook", "Book")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


@dataclass(frozen=True)
class _Stamp:
    """A file as it was when it was read."""

    path: Path
    modified: int
    size: int


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook by its first bytes, or another zip; text with the suffix of one is none."""
    look(path)
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    return head.startswith((zipped.MAGIC, ole.MAGIC))


def sheets(path: Path) -> tuple[str, ...]:
    """Return the names of the sheets that hold anything, hidden ones last.

    Raises
    ------
    LabelError
        When it is no workbook, or its sheets are larger than a table can be.
    """
    return tuple(_read(_stamped(path)))


def sheet_named(path: Path, said: str) -> str:
    """Return the name of a sheet, given by its name without regard to case, or by its number from 1.

    Raises
    ------
    LabelError
        When there is none.
    """
    names = sheets(path)
    wanted = said.strip().lower()
    found = [name for name in names if name.strip().lower() == wanted]
    if found:
        return found[0]
    if 1 <= (whole(wanted) or 0) <= len(names):
        return names[int(wanted) - 1]
    raise LabelError(f"it has no sheet '{said}'", f"Its sheets are {', '.join(names)}", path=path)


def sheet_lines(path: Path, sheet: str) -> Iterator[tuple[int, str]]:
    """Yield the rows of a sheet as lines of text, counted from 1 as the spreadsheet counts them; empty ones too.

    What stands above its table are comments, the cells of the table are divided by tabs.
    """
    yield from _read(_stamped(path))[sheet]


def _stamped(path: Path) -> _Stamp:
    look(path)
    state = path.stat()
    return _Stamp(path.absolute(), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _read(stamp: _Stamp) -> dict[str, tuple[tuple[int, str], ...]]:
    """All sheets of a workbook as lines; the last two workbooks are kept, for each is looked at several times."""
    path = stamp.path
    _check(path)
    import python_calamine as calamine

    found: dict[str, tuple[tuple[int, str], ...]] = {}
    try:
        with _book(path) as book:
            hidden = {one.name for one in book.sheets_metadata if one.visible != calamine.SheetVisibleEnum.Visible}
            names = [one.name for one in book.sheets_metadata if one.typ == calamine.SheetTypeEnum.WorkSheet]
            for name in sorted(names, key=lambda name: name in hidden):
                sheet = book.get_sheet_by_name(name)
                if sheet.start is not None and sheet.height * sheet.width <= MOST_CELLS:
                    # Most cells of a sheet that spans millions are empty.
                    rows = [[_text(cell) if cell != "" else "" for cell in row] for row in sheet.to_python()]
                    lines = laid_out(Sheet(rows, sheet.start[0], sheet.start[1], tuple(sheet.merged_cell_ranges or ())))
                    if lines:
                        found[name] = lines
    except calamine.CalamineError as error:
        if "password" in str(error).lower():
            raise LabelError("it is locked with a password", "Save it without one", path=path) from error
        raise LabelError(f"it is no readable workbook ({_short(error)})", "Save it again", path=path) from error
    except BaseException as error:
        # What Rust did not expect comes as an exception of a type that no module hands out.
        if type(error).__name__ != "PanicException":
            raise
        raise LabelError(f"it is damaged ({_short(error)})", "Save it again", path=path) from None
    if not found:
        raise LabelError("none of its sheets holds a table", "Check the file", path=path)
    return found


def _book(path: Path) -> Any:
    """Open a workbook that was checked."""
    import python_calamine as calamine

    try:
        return calamine.CalamineWorkbook.from_path(path)
    except calamine.CalamineError:
        # Blanks between the elements of an .ods, as GDAL writes them, are not what it expects.
        packed = _without_blanks(path)
        if packed is None:
            raise
        return calamine.CalamineWorkbook.from_filelike(packed)


def _without_blanks(path: Path) -> io.BytesIO | None:
    """Return an ``.ods`` without blanks between its elements; None for another file."""
    with path.open("rb") as file:
        if not file.read(4).startswith(zipped.MAGIC):
            return None
    with opened(path, "workbook") as archive:
        if not _is_ods(archive, path):
            return None
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
            for info in archive.infolist():
                part = b"".join(zipped.pieces(archive, info, path))
                copy.writestr(info.filename, re.sub(rb">\s+<", b"><", part) if part[:1] == b"<" else part)
    packed.seek(0)
    return packed


def _check(path: Path) -> None:
    """Refuse what is no workbook, and what would take more memory than a table can."""
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(ole.MAGIC):
        names = ole.names(path)
        if "EncryptedPackage" in names:
            raise LabelError("it is locked with a password", "Save it without one", path=path)
        stream = next((name for name in _STREAMS if name in names), None)
        if stream is None:
            raise LabelError("it is no workbook", "Save the table as .xlsx or as text", path=path)
        sizes = sheet_sizes.of_biff(ole.stream(path, stream), path)
    else:
        sizes = _sizes_in_zip(path)
    largest = max(sizes, default=0)
    if largest > MOST_CELLS:
        raise LabelError(
            f"a sheet of it spans {counted(largest, 'cells')}, from its first filled one to its last; a "
            f"table has {MOST_CELLS:,} "
            "at most",
            "Remove what stands far from the table, or save it as text",
            path=path,
        )


def _sizes_in_zip(path: Path) -> list[int]:
    left = zipped.MOST_BYTES
    sizes = []
    with opened(path, "workbook") as archive:
        names = {info.filename.lower() for info in archive.infolist()}
        ods = _is_ods(archive, path)
        if not ods and "xl/workbook.xml" not in names:
            what = (
                "it is a binary workbook"
                if "xl/workbook.bin" in names
                else "it is a zip, and no workbook: unpack it where it holds other files"
            )
            raise LabelError(what, "Save the table as .xlsx or as text", path=path)
        for info in archive.infolist():
            counted = sheet_sizes.Counting(info.filename, path, ods=ods)
            for piece in zipped.pieces(archive, info, path, left):
                left -= len(piece)
                counted.feed(piece)
            sizes.append(counted.end())
    return sizes


def _is_ods(archive: zipfile.ZipFile, path: Path) -> bool:
    info = next((one for one in archive.infolist() if one.filename == "mimetype"), None)
    return info is not None and next(zipped.pieces(archive, info, path), b"").strip().startswith(_ODS)


def _text(cell: object) -> str:
    """What stands in a cell, as a table of text would have it: a whole number without a point, a date as ISO 8601."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return " ".join(str(cell).split())


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
