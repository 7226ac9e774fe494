"""Well logs in LAS 1.2, 2.0 and 3.0, through lasio; rows that it splits otherwise than they are meant by our own."""

from __future__ import annotations

import io
import logging
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lasio
import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels.errors import LabelError, LabelWarning
from napari_fhn.labels.tables.text import encoding_of, lines, look, to_number
from napari_fhn.labels.tables.units import METRES, unit
from napari_fhn.labels.wells.las_rows import (
    Sections,
    log_names,
    misfit,
    needs_own_reading,
    read_rows,
    take_apart,
    without_wrap,
)
from napari_fhn.labels.wells.well import Head
from napari_fhn.sentence import counted

_INLINE, _CROSSLINE = ("INLINE", "ILINE", "IL"), ("CROSSLINE", "XLINE", "XL", "CRSLINE")
_X = ("XCOORD", "X", "EASTING", "XWELL", "UTMX", "X_COORD", "EAST")
_Y = ("YCOORD", "Y", "NORTHING", "YWELL", "UTMY", "Y_COORD", "NORTH")
_KB = ("EKB", "KB", "ELEV_KB", "KBE", "EREF", "EDF", "DFE", "RTE")
#: Longer header lines, and longer words among the data, make lasio's patterns slow; no log has them.
_HEADER_LINE, _WORD = 2000, 200
_NUMBER = r"([-+]?\d+(?:\.\d*)?)"


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve of a log.

    Attributes
    ----------
    name, unit, description : str
        As the file has them.
    values : ndarray, shape (sample,)
        float64 with NaN for the null value, or text.
    """

    name: str
    unit: str
    description: str
    values: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Log:
    """A well log.

    Attributes
    ----------
    path : Path
        The file.
    curves : tuple of Curve
        Of one length, the index first.
    head : Head
        Name of the well and what the header tells of its place and datum; numbers are NaN where it does not.
    xy_unit : str
        Unit of its map coordinates, empty where not said.
    null : float
        The null value.
    header : dict of str to str
        Items of the well and parameter sections.
    """

    path: Path
    curves: tuple[Curve, ...]
    head: Head
    xy_unit: str
    null: float
    header: dict[str, str]

    def curve(self, name: str) -> Curve:
        """Return a curve by name, without regard to case.

        Raises
        ------
        LabelError
            When there is none.
        """
        for curve in self.curves:
            if curve.name.upper() == name.strip().upper():
                return curve
        names = ", ".join(curve.name for curve in self.curves)
        raise LabelError(f"there is no curve {name}; the curves are {names}", "Name one of them", path=self.path)


def logs_of(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Return the logs of a file of LAS 3, each with the names of its curves; nothing for another version.

    Raises
    ------
    LabelError
        When it is missing, or no LAS file.
    """
    return log_names(_checked(Path(path)))


def read_log(path: str | Path, log: str | None = None) -> Log:
    """Read a log with all its curves.

    Parameters
    ----------
    path : str or Path
        LAS 1.2, 2.0 or 3.0, wrapped or not, delimited by blanks, commas, tabs or semicolons, in ASCII,
        UTF-8 or Windows-1252.
    log : str, optional
        Which data of LAS 3, by section ("Log_Data[2]") or by number among its logs; the first log without.

    Returns
    -------
    Log

    Raises
    ------
    LabelError
        When it is missing, no LAS file, or its curves cannot be read.
    """
    path = Path(path)
    text = _checked(path)
    parts = take_apart(path, text, log)
    own = needs_own_reading(parts)
    if own:
        text = without_wrap(parts).header
    with _lasio_says(path) as empty:
        try:
            # As text: a name that looks like a web address would be fetched, and the encoding guessed once more.
            las = lasio.read(io.StringIO(text), ignore_header_errors=True, mnemonic_case="preserve", ignore_data=own)
        except Exception as error:  # lasio raises whatever its parsing stumbles over
            what = str(error).strip().splitlines()[-1][:200] if str(error).strip() else type(error).__name__
            raise LabelError(f"it is no readable LAS file ({what})", "Export it as LAS 2.0", path=path) from error
    found = [
        Curve(str(c.mnemonic), str(c.unit or "").strip(), str(c.descr or "").strip(), _plain(c.data))
        for c in las.curves
    ]
    if own:
        found = _with_rows(path, parts, found, to_number(str(las.well["NULL"].value) if "NULL" in las.well else ""))
    named = [curve for curve in found if not re.fullmatch(r"UNKNOWN(:\d+)?", curve.name)]
    if not found or found[0].values.size == 0:
        raise LabelError("it holds no sample", "Export it with its ~A section", path=path)
    held = len(found) - len(empty)
    if len(named) != held and not own:
        raise LabelError(
            f"its ~C section names {counted(len(named), 'curves')}, and the rows of its ~A section hold "
            f"{counted(held, 'values')}",
            "Correct the header, or the delimiter of the rows",
            path=path,
        )
    header = {
        str(item.mnemonic).upper(): str(item.value).strip() for section in (las.params, las.well) for item in section
    }
    units = {str(item.mnemonic).upper(): str(item.unit or "") for section in (las.params, las.well) for item in section}
    null = to_number(header.get("NULL", ""))
    head, xy_unit = _head(path, header, units)
    return Log(path, tuple(found), head, xy_unit, null, header)


def _with_rows(path: Path, parts: Sections, curves: list[Curve], null: float) -> list[Curve]:
    """Give curves their values, read from the rows as they are meant."""
    values = read_rows(path, parts, null) if len(curves) == parts.n_curves else None
    if values is None:
        raise LabelError(misfit(parts), "Correct the header, or the delimiter of the rows", path=path)
    for words in parts.notes:
        warnings.warn(f"{path.name}: {words}.", LabelWarning, stacklevel=4)
    return [replace(curve, values=column) for curve, column in zip(curves, values, strict=True)]


def _head(path: Path, header: dict[str, str], units: dict[str, str]) -> tuple[Head, str]:
    """Name, place and datum as the header tells them, and the unit of map coordinates."""
    header.update({f"unit of {key}": said for key, said in units.items()})
    location = header.get("LOC", "")[:_HEADER_LINE]
    numbers = [_item(path, header, names, location) for names in (_INLINE, _CROSSLINE)]
    places = [_item(path, header, names, location, strict=False) for names in (_X, _Y)]
    kb = next((name for name in _KB if header.get(name)), None)
    kb_m = None
    if kb is not None:
        value, of = to_number(header[kb]), unit(units.get(kb, ""))
        if not math.isnan(value) and of in ("m", "ft"):
            kb_m = value * METRES[of]
    xy = None if None in places else (float(places[0] or 0.0), float(places[1] or 0.0))
    named = header.get("WELL", "") or path.stem
    inline, crossline = (math.nan if n is None else n for n in numbers)
    xy_unit = next((unit(units[name]) for name in _X if units.get(name)), "")
    return Head(named, inline, crossline, xy, kb_m), xy_unit


def _item(
    path: Path, header: dict[str, str], names: tuple[str, ...], location: str, strict: bool = True
) -> float | None:
    """A number out of the items of these names, or written out in the location."""
    texts = [header[name] for name in names if header.get(name)]
    texts += re.findall(rf"\b(?:{'|'.join(names)})\b\W{{0,8}}?{_NUMBER}", location, re.IGNORECASE)
    if not texts:
        return None
    value = to_number(texts[0].strip(".").strip())
    if math.isnan(value):
        if not strict:
            return None
        raise LabelError(f"its {names[0]} says '{texts[0]}', which is no number", "Correct it", path=path)
    return value


def _plain(data: Any) -> NDArray[Any]:
    values = np.asarray(data)
    return values.astype(np.float64) if values.dtype.kind in "fiub" else values.astype(str)


def _checked(path: Path) -> str:
    """Text of a file that may be LAS."""
    look(path)
    try:
        with path.open("rb") as file:
            if file.read(4) == b"LASF":
                raise LabelError("it holds points of a laser scan, no well log", "Use another file", path=path)
    except OSError as error:
        raise LabelError(f"it cannot be read: {error.strerror or error}", "Check the path", path=path) from error
    encoding = encoding_of(path)
    kept: list[str] = []
    data = begun = False
    for number, line in lines(path, encoding):
        bare = line.strip()
        if not begun and bare and not bare.startswith("#"):
            begun = bare.startswith("~")
            if not begun:
                raise LabelError(
                    f"it is no LAS file: line {number} says '{bare[:40]}', where a section should begin with ~",
                    "Read it as a table, or export it as LAS 2.0",
                    path=path,
                )
        if "petrel checkshots" in bare.lower() and number < 5:
            raise LabelError("it holds checkshots, no log", "Read it as checkshots", path=path)
        if bare.startswith("~"):
            data = bare[:2].upper() == "~A" or re.match(r"~\w+_DATA\b", bare.upper()) is not None
        elif not data:
            if len(line) > _HEADER_LINE:
                what = f"its header has a line of {counted(len(line), 'characters')}"
                raise LabelError(what, "Export it as LAS 2.0", path=path, line=number)
        elif re.search(rf"[^\s,;]{{{_WORD}}}", line):
            what = f"it holds a value of more than {_WORD} characters"
            raise LabelError(what, "Correct the line", path=path, line=number)
        kept.append(line)
    if not begun:
        raise LabelError("it is empty", "Export it again", path=path)
    return "\n".join(kept) + "\n"


class _Collected(logging.Handler):
    """What lasio logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.words.append(record.getMessage())


@contextmanager
def _lasio_says(path: Path) -> Iterator[list[str]]:
    """Turn what lasio logs into `LabelWarning`, in words; yield the curves that have no values, once it is done."""
    logger, collected = logging.getLogger("lasio"), _Collected()
    propagate = logger.propagate
    empty: list[str] = []
    logger.addHandler(collected)
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield empty
    finally:
        logger.removeHandler(collected)
        logger.propagate = propagate
    for words in dict.fromkeys(collected.words):
        if "engine" in words or "Conflicting index units" in words or "Data section is empty" in words:
            continue
        if found := re.match(r"Line (\d+) \(section .*?\): (.*)", words, re.DOTALL):
            words = f"line {found[1]} of the header cannot be read and was left out: {found[2][:80]}"
        elif found := re.match(r"Curve #\d+ '(.*)' is defined in the ~C section", words):
            empty.append(found[1])
            continue
        elif found := re.match(r"Could not convert curve #(\d+)", words):
            words = f"curve {int(found[1]) + 1} holds text beside numbers"
        warnings.warn(f"{path.name}: {words[:300]}.", LabelWarning, stacklevel=4)
