"""Label volumes and rasters: classes on the survey's own grid, as codes that may have names."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_fhn.labels import ClassTable, LabelClass, LabelError, Source
from napari_fhn.labels.classes import MAX_VALUE
from napari_fhn.project.knowledge.content import Asked, Content, ReadLabels


def label_volume(asked: Asked) -> Content:
    """Read a label volume or raster."""
    source = asked.source
    reader = _survey_reader() if asked.read_labels is None else asked.read_labels
    placed = reader(source.path, asked.survey, **source.options.get("reading", {}))
    values = placed if isinstance(placed, np.ndarray | xr.DataArray) else placed.values
    said = {int(code): str(name) for code, name in (getattr(values, "attrs", {}).get("classes") or {}).items()}
    codes: NDArray[np.uint8] = np.asarray(values, np.uint8)
    held = [int(code) for code in np.flatnonzero(np.bincount(codes.ravel(), minlength=MAX_VALUE + 1)) if code]
    table, moved = _with_codes(source, asked.classes, held, said, asked.fixed)

    def write(now: ClassTable, out: NDArray[Any], weights: NDArray[Any] | None) -> None:
        if out.shape != codes.shape:
            raise LabelError(
                f"its labels have the shape {codes.shape}, and the survey {out.shape}", "Use one grid", path=source.path
            )
        names = dict(zip(table.values, table.names, strict=True))
        values = np.arange(MAX_VALUE + 1, dtype=np.uint8)
        for code in held:
            name = names.get(moved[code])
            values[code] = now.value_of(name) if name is not None and name in now.names else moved[code]
        for row, part in zip(out, codes, strict=True):
            free = row == 0
            row[free] = values[part[free]]

    return Content(
        f"{np.count_nonzero(codes):,} labels",
        (),
        write,
        words=_sentences(placed),
        table=table,
    )


def _sentences(placed: Any) -> tuple[str, ...]:
    words = getattr(placed, "words", "")
    return tuple(words) if not isinstance(words, str) else (words,) if words else ()


def _survey_reader() -> ReadLabels:
    # Here and not above: whoever has no such file need not wait for the readers of surveys.
    module = importlib.import_module("napari_fhn.surveys.classes")
    reader: ReadLabels = module.read_classes
    return reader


def _with_codes(
    source: Source, classes: ClassTable, held: Sequence[int], said: Mapping[int, str], fixed: bool
) -> tuple[ClassTable, dict[int, int]]:
    """Return the classes with those of a label volume, and the value that each of its codes has among them.

    Codes stay as they are, and are the classes of these values; only one that the file gives a name of its own takes
    the value of that name.
    """
    by_name = dict(zip(classes.names, classes.values, strict=True))
    moved = {code: by_name.get(said.get(code, ""), code) for code in held}
    strange = [code for code in held if moved[code] not in classes.values]
    if fixed and strange:
        what = ", ".join(map(str, strange[:8]))
        raise LabelError(f"it holds labels of value {what}, which are no classes", "Add them", path=source.path)
    # Two classes at least: of one alone nothing can be learnt.
    largest = max(2, *moved.values()) if held else 0
    colors, made = ClassTable.default(MAX_VALUE).colors, list(classes)
    for value in range(1, 0 if fixed else largest + 1):
        if value not in classes.values:
            name = said[value] if moved.get(value) == value and value in said else f"class {value}"
            taken = {one.name for one in made}
            made.append(LabelClass(value, name if name not in taken else f"{name} ({value})", colors[value]))
    table = ClassTable(tuple(made))
    if not fixed:
        # What the file calls otherwise than the class that has its value already is another class.
        now = dict(zip(table.values, table.names, strict=True))
        others = [code for code in held if code in said and moved[code] == code and now[code] != said[code]]
        table = table.including(said[code] for code in others)
        moved |= {code: table.value_of(said[code]) for code in others}
    return table, moved
