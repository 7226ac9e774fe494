"""The rows of a LAS file where lasio would split them otherwise: other delimiters, wrapped as they came, LAS 3."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.digits import whole
from napari_fhn.labels.errors import LabelError
from napari_fhn.labels.tables.text import to_number
from napari_fhn.sentence import counted

_DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";"}
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
#: A minus sign that follows a figure begins the next value, unless it is that of an exponent.
_RUN_ON = re.compile(r"(?<=\d)-(?=[\d.])")
#: Format, and what it is associated with, behind a description of LAS 3.
_FORMAT = re.compile(r"\s*(?:\{[^}]*\})?\s*(?:\|.*)?$")


@dataclass(frozen=True)
class Sections:
    """A LAS file, taken apart.

    Attributes
    ----------
    header : str
        All sections but the data, in the form of LAS 2.
    rows : tuple of str
        The lines of the data, without comments and empty ones.
    delimiter : str
        Between values; empty for blanks.
    wrapped : bool
        The header says that a step takes several lines.
    n_curves : int
        Curves that the header names.
    range : tuple of float
        Start, stop and step of the first curve as the header has them; NaN where it has not.
    notes : tuple of str
        What was left out.
    """

    header: str
    rows: tuple[str, ...]
    delimiter: str = ""
    wrapped: bool = False
    n_curves: int = 0
    range: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    notes: tuple[str, ...] = ()


def take_apart(path: Path, text: str, log: str | None = None) -> Sections:
    """Part header and data of a LAS file of any version.

    Parameters
    ----------
    path : Path
        File that errors name.
    text : str
        All of it.
    log : str, optional
        Which of the data of LAS 3: its section, or its number among the logs; the first log without.

    Returns
    -------
    Sections

    Raises
    ------
    LabelError
        When a file of LAS 3 holds no log, or none of this name.
    """
    parts = _parts(text)
    said = {key: value for title, lines in parts if title[1:2].upper() == "V" for key, value in map(_item, lines)}
    notes: tuple[str, ...] = ()
    if _is_las_3(parts):
        parts, notes = _of_las_3(path, parts, log)
    header = "\n".join("\n".join((title, *lines)) for title, lines in parts if title[:2].upper() != "~A")
    rows = tuple(line for title, lines in parts if title[:2].upper() == "~A" for line in lines)
    n = sum(len(lines) for title, lines in parts if title[:2].upper() == "~C")
    named = said.get("DLM", "").split(" ")[0].upper()
    delimiter = _DELIMITERS.get(named, "")
    if not delimiter and rows and all(";" in row for row in rows[:20]):
        delimiter = ";"
    well = {key: value for title, lines in parts if title[:2].upper() == "~W" for key, value in map(_item, lines)}
    start, stop, step = (to_number((well.get(key, "").split() or [""])[-1]) for key in ("STRT", "STOP", "STEP"))
    wrapped = said.get("WRAP", "").upper().startswith("Y")
    return Sections(header + "\n", rows, delimiter, wrapped, n, (start, stop, step), notes)


def _item(line: str) -> tuple[str, str]:
    """Mnemonic and value of a line of a header."""
    name, _, rest = line.partition(".")
    return name.strip().upper(), rest.rpartition(":")[0].strip() if ":" in rest else rest.strip()


def log_names(text: str) -> dict[str, tuple[str, ...]]:
    """Return the logs of a file of LAS 3, each with the names of its curves; nothing for another version.

    Parameters
    ----------
    text : str
        All of the file.

    Examples
    --------
    >>> log_names("~V\\nVERS. 3.0 :\\n~Log_Definition\\nDEPT.M : {F}\\n~Log_Data | Log_Definition\\n1\\n")
    {'Log_Data': ('DEPT',)}
    """
    parts = _parts(text)
    if not _is_las_3(parts):
        return {}
    return {one.name: tuple(_item(line)[0] for line in one.definition) for one in _data_of_las_3(parts) if one.is_log}


def _parts(text: str) -> list[tuple[str, list[str]]]:
    """Sections with their titles, without comments and empty lines."""
    parts: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.lstrip().startswith("~"):
            parts.append((line.strip(), []))
        elif parts and line.strip() and not line.lstrip().startswith("#"):
            parts[-1][1].append(line)
    return parts


def _is_las_3(parts: Sequence[tuple[str, list[str]]]) -> bool:
    said = {key: value for title, lines in parts if title[1:2].upper() == "V" for key, value in map(_item, lines)}
    version = re.match(r"\d{1,3}", said.get("VERS", ""))
    return version is not None and int(version[0]) >= 3


@dataclass(frozen=True)
class _Data:
    """Data of LAS 3, with the lines that define their columns."""

    name: str
    is_log: bool
    definition: list[str]
    rows: list[str]


def _data_of_las_3(parts: Sequence[tuple[str, list[str]]]) -> list[_Data]:
    """Data sections in their order, those without a definition left out."""
    definitions: dict[str, list[str]] = {}
    for title, lines in parts:
        name = _section(title.partition("|")[0])
        if "_DEFINITION" in name:
            definitions.setdefault(name, [_FORMAT.sub("", line) for line in lines])
    found = []
    for title, lines in parts:
        said, _, of = title.partition("|")
        name = _section(said)
        if "_DATA" not in name or "_DEFINITION" in name:
            continue
        definition = definitions.get(_section(of) if of.strip() else name.replace("_DATA", "_DEFINITION"))
        if definition and lines:
            found.append(_Data(said.strip().lstrip("~").strip(), name.startswith("LOG_DATA"), definition, lines))
    return found


def _section(title: str) -> str:
    """Name of a section as LAS 3 spells it out: what it may be called for short, and a first number, do not count."""
    name = re.sub(r"\[1\]$", "", (re.split(r"\s", title.strip().lstrip("~").strip()) or [""])[0].upper())
    short = {"CURVE": "LOG_DEFINITION", "C": "LOG_DEFINITION", "LOG_DEF": "LOG_DEFINITION"}
    return {**short, "A": "LOG_DATA", "ASCII": "LOG_DATA", "ASCII_LOG_DATA": "LOG_DATA"}.get(name, name)


def _of_las_3(
    path: Path, parts: Sequence[tuple[str, list[str]]], log: str | None
) -> tuple[list[tuple[str, list[str]]], tuple[str, ...]]:
    """Bring the sections of LAS 3 into the form of LAS 2: one log, and what describes the well."""
    data = _data_of_las_3(parts)
    logs = [one for one in data if one.is_log]
    if not logs and log is None:
        raise LabelError("it is LAS 3 and holds no log", "Export its section ~Log_Data", path=path)
    wanted = None if log is None else _section(log)
    chosen = next((one for one in data if _section(one.name) == wanted), None) if wanted else logs[0]
    if chosen is None and log is not None and 1 <= (whole(log) or 0) <= len(logs):
        chosen = logs[int(log) - 1]
    if chosen is None:
        names = ", ".join(one.name for one in data)
        raise LabelError(f"it has no log '{log}'", f"It holds {names or 'none'}", path=path)
    found: dict[str, list[str]] = {}
    for title, lines in parts:
        name = _section(title.partition("|")[0])
        if name in ("LOG_PARAMETER", "PARAMETER", "P") or name.startswith(("V", "W")):
            key = "~P" if "PARAMETER" in name or name == "P" else f"~{name[0]}"
            found.setdefault(key, []).extend(_FORMAT.sub("", line) for line in lines)
    found |= {"~C": chosen.definition, "~A": chosen.rows}
    others = [one.name for one in data if one is not chosen]
    notes = (f"of its data {chosen.name} was read, and {', '.join(others[:6])} left out",) if others else ()
    return [(key, found[key]) for key in ("~V", "~W", "~P", "~C", "~A") if key in found], notes


def needs_own_reading(parts: Sections) -> bool:
    """Say whether the rows are none that lasio splits as they are meant."""
    if parts.delimiter or parts.wrapped:
        return bool(parts.rows)
    return any(len(_split(row, "")) != parts.n_curves for row in parts.rows[:50])


def read_rows(path: Path, parts: Sections, null: float) -> list[NDArray[Any]] | None:
    """Read the values of all curves.

    Rows that are shorter or longer than a step are put together where the first curve then runs one way, and, in a file
    that does not call itself wrapped, runs as the header says.

    Parameters
    ----------
    path : Path
        File that errors name.
    parts : Sections
        Its parts.
    null : float
        The value that means nothing; NaN for none.

    Returns
    -------
    list of ndarray, shape (sample,) each
        Numbers with NaN for nothing, save in the first curve; or text. None where the rows do not tell steps.
    """
    n = parts.n_curves
    if not n or not parts.rows:
        return None
    rows = [_split(row, parts.delimiter) for row in parts.rows]
    if parts.delimiter and all(len(row) == n + 1 and row[-1] == "" for row in rows):
        rows = [row[:-1] for row in rows]
    if any(len(row) != n for row in rows):
        # A row that ends with its delimiter goes on in the next one.
        cells = [cell for row in rows for cell in (row[:-1] if parts.delimiter and row[-1] == "" else row)]
        if len(cells) % n:
            return None
        rows = [cells[k : k + n] for k in range(0, len(cells), n)]
        first = _column([row[0] for row in rows], np.nan)
        steps = np.diff(first) if first.dtype.kind == "f" else np.array([np.nan])
        if not ((steps > 0).all() or (steps < 0).all()) or not (parts.wrapped or _as_said(first, parts.range)):
            return None
    return [_column([row[k] for row in rows], np.nan if k == 0 else null) for k in range(n)]


def _as_said(first: NDArray[np.float64], said: tuple[float, float, float]) -> bool:
    """Say whether the first curve runs as the header says: by its step, or from its start to its stop."""
    start, stop, step = said
    if np.isfinite(step) and step:
        return bool(first.size > 1 and np.allclose(np.diff(first), step, rtol=1e-3, atol=0))
    return bool(np.allclose(first[[0, -1]], (start, stop), rtol=1e-6))


def _split(row: str, delimiter: str) -> list[str]:
    if not delimiter:
        cells = row.replace(",", " ").split() if '"' not in row else next(csv.reader([row.strip()], delimiter=" ",
                                                                                    skipinitialspace=True))  # fmt: skip
        return [part for cell in cells for part in _RUN_ON.sub(" -", cell).split()] if '"' not in row else cells
    cells = [
        cell.strip() for cell in next(csv.reader([row.strip("\r\n ")], delimiter=delimiter, skipinitialspace=True))
    ]
    if delimiter == ";":
        return [cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell for cell in cells]
    return cells


def _column(cells: list[str], null: float) -> NDArray[Any]:
    """Numbers with NaN for nothing, or text where any cell is neither."""
    try:
        values = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array(cells, dtype=str)
    return np.where(values == null, np.nan, values)


def misfit(parts: Sections) -> str:
    """Say how rows and curves do not fit."""
    lengths = [len(_split(row, parts.delimiter)) for row in parts.rows]
    usual = max(set(lengths), key=lengths.count) if lengths else 0
    odd = next((k for k, n in enumerate(lengths) if n != usual), None)
    if odd is not None and usual == parts.n_curves:
        return (
            f"row {odd + 1} of its ~A section ('{parts.rows[odd].strip()[:40]}') holds "
            f"{counted(lengths[odd], 'values')}, and its "
            f"~C section names {counted(usual, 'curves')}"
        )
    return (
        f"its ~C section names {counted(parts.n_curves, 'curves')}, and the rows of its ~A section "
        f"hold {counted(usual, 'values')}"
    )


def without_wrap(parts: Sections) -> Sections:
    """Return the parts as those of a file that is not wrapped, for the reader of headers."""
    header = re.sub(r"(?im)^(\s*WRAP\s*\.\s*)YES\b", r"\1NO", parts.header)
    return replace(parts, header=re.sub(r"(?im)^(\s*VERS\s*\.\s*)3(\.\d+)?", r"\g<1>2.0", header), wrapped=False)
