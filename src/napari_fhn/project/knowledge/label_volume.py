"""Label volumes and rasters: classes on the survey's own grid, as codes that may have names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_fhn.labels import ClassTable, LabelError, Source
from napari_fhn.labels.classes.class_table import MAX_VALUE
from napari_fhn.project.knowledge.content import Asked, Content
from napari_fhn.sentence import counted

if TYPE_CHECKING:
    from napari_fhn.surveys.stored_classes import StoredClasses


def label_volume(asked: Asked) -> Content:
    """Read a label volume or raster."""
    source = asked.source
    stored = _stored(asked)
    named = asked.classes.by_code
    held = stored.codes(named)
    if not held and stored.lost(named):
        # What lies between the middles of cells is lost, and no place or depth of it is wrong.
        what = "nothing of it covers the middle of a cell of the survey, nor most of a cell"
        raise LabelError(what, "Give points, or a survey of smaller cells", path=source.path)
    table, moved = _with_codes(source, asked.classes, held, stored.names, asked.fixed)
    placed = stored.values(moved)
    known: NDArray[np.uint8] = np.asarray(placed.values, np.uint8)

    def write(now: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        if out.shape != known.shape:
            raise LabelError(
                f"its labels have the shape {known.shape}, and the survey {out.shape}", "Use one grid", path=source.path
            )
        names = dict(zip(table.values, table.names, strict=True))
        values = np.arange(MAX_VALUE + 1, dtype=np.uint8)
        for value in moved.values():
            values[value] = now.value_of(names[value]) if names[value] in now.names else value
        for row, part in zip(out, known, strict=True):
            free = row == 0
            row[free] = values[part[free]]

    words = (placed.words, *stored.words(named, asked.classes.names_by_code))
    return Content(
        counted(int(np.count_nonzero(known)), "labels"),
        (),
        write,
        words=tuple(one for one in words if one),
        table=table,
    )


def _stored(asked: Asked) -> StoredClasses:
    # Here and not above: whoever has no such file need not wait for the readers of surveys.
    from napari_fhn.surveys.classes import stored_classes

    source = asked.source
    return stored_classes(source.path, asked.survey, **source.options.get("reading", {}))


def _with_codes(
    source: Source, classes: ClassTable, held: Sequence[int], said: Mapping[int, str], fixed: bool
) -> tuple[ClassTable, dict[int, int]]:
    """Return the classes with those of a label volume, and the value that each of its codes has among them.

    A code is the class of this code, but for one that the file gives a name of its own: that is the class of this name.
    """
    by_name, by_code = dict(zip(classes.names, classes.values, strict=True)), classes.by_code
    called = dict(zip(classes.values, classes.names, strict=True))
    moved: dict[int, int] = {}
    for code in held:
        name = said.get(code, "")
        if name in by_name:
            moved[code] = by_name[name]
        elif code in by_code and (fixed or not name or called[by_code[code]] == name):
            moved[code] = by_code[code]
    strange = [code for code in held if code not in moved]
    if fixed and strange:
        what = ", ".join(map(str, strange[:8])) + (", …" if len(strange) > 8 else "")
        way_out = f"Add them: the classes are {classes.listed}"
        raise LabelError(f"it holds labels of value {what}, which are no classes", way_out, path=source.path)
    # What the file calls otherwise than the class that has its code already is another class.
    fresh = {code: said.get(code, "") for code in strange if code not in by_code}
    table = classes.with_codes(fresh).including(said[code] for code in strange if code in by_code)
    now = table.by_code
    return table, moved | {code: now[code] if code in fresh else table.value_of(said[code]) for code in strange}
