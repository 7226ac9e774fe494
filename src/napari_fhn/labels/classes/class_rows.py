"""What of the rows of a legend is a class: the same for the program's own table and for those of others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from napari_fhn.digits import whole
from napari_fhn.labels.classes.codes import as_code
from napari_fhn.labels.classes.label_class import MAX_VALUE, PALETTE, LabelClass
from napari_fhn.labels.errors import LabelError
from napari_fhn.surveys.out.cells import plain_text
from napari_fhn.surveys.stored_classes import is_called_nothing

if TYPE_CHECKING:
    from napari_fhn.labels.classes.class_table import ClassTable


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
        data or the like are left out.
    as_values : bool
        As in `napari_fhn.labels.ClassTable.from_csv`.

    Raises
    ------
    LabelError
        With file and line.
    """
    named: dict[int, str] = {}
    colors: dict[int, str] = {}
    table = kind(())
    for said, title, color, line in rows:
        code = as_code(said) if whole(said) is None else whole(said)
        name = plain_text(title.strip())
        try:
            if code is None:
                raise LabelError(f"the class value '{said[:40]}' is no whole number", "Correct it")
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
    if not len(table):
        raise LabelError("it holds no class", "Add one line for each class", path=path)
    return table
