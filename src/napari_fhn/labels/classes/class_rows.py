"""What of the rows of a legend is a class: the same for the program's own table and for those of others."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.digits import whole
from napari_fhn.labels.classes.codes import as_code
from napari_fhn.labels.classes.label_class import MAX_VALUE, PALETTE, LabelClass
from napari_fhn.labels.errors import LabelError, LabelWarning
from napari_fhn.sentence import counted, in_one_line
from napari_fhn.surveys.out.cells import plain_text
from napari_fhn.surveys.stored_classes import is_called_nothing

if TYPE_CHECKING:
    from napari_fhn.labels.classes.class_table import ClassTable

_WITHOUT = "entries have no whole number as code, or no name", "entry has no whole number as code, or no name"
_SHOWN, _LETTERS = 3, 40
"""Entries that a sentence names, and letters of each."""


def classes_of_rows(
    kind: type[ClassTable],
    path: str | Path,
    rows: Iterable[tuple[str, str, str, int | None]],
    *,
    as_values: bool = False,
) -> ClassTable:
    """Make classes of what stands in the rows of a legend.

    Parameters
    ----------
    kind : type
        `napari_fhn.labels.ClassTable`.
    path : str or Path
        The legend, for sentences.
    rows : iterable of (str, str, str, int or None)
        Code, name, colour ``#rrggbb`` (empty for the usual one), and the line. Codes that it calls unclassified, no
        data or the like are left out; so are, with a warning, those that are no
        whole numbers or have no name.
    as_values : bool
        As in `napari_fhn.labels.ClassTable.from_csv`.

    Raises
    ------
    LabelError
        With file and line; also where nothing is left.
    """
    path = Path(path)
    named: dict[int, str] = {}
    colors: dict[int, str] = {}
    table = kind(())
    odd: list[str] = []
    for said, title, color, line in rows:
        code = as_code(said) if whole(said) is None else whole(said)
        name = plain_text(title.strip())
        if code is None or not name:
            if not is_called_nothing(said) and not is_called_nothing(name):
                odd.append(_called(said, name))
            continue
        try:
            if (code <= 0 or code == MAX_VALUE) and is_called_nothing(name):
                continue
            if code < 0:
                raise LabelError(f"class '{name}' has the code {code}", "Use codes from 0")
            if code in named:
                raise LabelError(f"the class value '{code}' occurs twice", "Keep one of them")
            named[code] = name
            if color:
                colors[code] = color.lower()
            if as_values:
                table = kind((*table, LabelClass(code, name, colors.get(code, PALETTE[len(table) % len(PALETTE)]))))
            else:
                table = kind.of_codes(named, colors)
        except LabelError as error:
            raise error if error.path else LabelError(error.what, error.way_out, path=path, line=line) from error
    if odd and not len(table):
        what = f"it holds no class: {counted(len(odd), *_WITHOUT)} ({_listed(odd)})"
        raise LabelError(what, "Give each class a whole number and a name, as in a table of value, name", path=path)
    if odd:
        left_out = "were left out" if len(odd) > 1 else "was left out"
        words = f"{in_one_line(path.name)}: {counted(len(odd), *_WITHOUT)}, and {left_out}: {_listed(odd)}."
        warnings.warn(words, LabelWarning, stacklevel=3)
    if not len(table):
        raise LabelError("it holds no class", "Add one line for each class", path=path)
    return table


def _called(code: str, name: str) -> str:
    """Return what an entry is called in a sentence: its code as it stands there, and its name."""
    code, name = in_one_line(plain_text(code.strip()), _LETTERS), in_one_line(name, _LETTERS)
    if not code:
        return name or "one of nothing at all"
    return f"'{code}' {name}" if name and name != code else f"'{code}'"


def _listed(odd: list[str]) -> str:
    more = f" and {len(odd) - _SHOWN:,} more" if len(odd) > _SHOWN else ""
    return ", ".join(odd[:_SHOWN]) + more
