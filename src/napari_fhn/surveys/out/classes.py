"""The class table beside a map: CSV, and a QGIS style that gives a raster its names and colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.moving import replacing
from napari_fhn.surveys.out.cells import csv_text
from napari_fhn.surveys.out.history import forget, lines_of, write_beside

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


class ClassLike(Protocol):
    """One class: what `napari_fhn.labels.LabelClass` has."""

    @property
    def value(self) -> int:
        """Value in the raster or volume."""

    @property
    def name(self) -> str:
        """Name as people say it."""

    @property
    def color(self) -> str:
        """Colour ``#rrggbb``."""


def save_classes(path: str | Path, classes: Iterable[ClassLike], *, history: Sequence[str] = ()) -> Path:
    """Write a class table.

    Parameters
    ----------
    path : str or Path
        ``.csv``: value, name, color, as `napari_fhn.labels.ClassTable.from_csv` reads it. ``.qml``: a QGIS style;
        with the name of a raster beside it (``map.tif``, ``map.qml``) QGIS shows that raster in these colours. In a
        table a name that a spreadsheet would compute has an apostrophe in front.
    classes : iterable of ClassLike
        The classes; value 0 stays transparent in QGIS unless it is among them.
    history : sequence of str, optional
        Where the classes come from: a comment in a style, a text file beside a table (``NAME.csv.history.txt``).

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    SurveyError
        For another suffix, or when it cannot be written.

    Examples
    --------
    >>> from napari_fhn.labels import ClassTable
    >>> from napari_fhn.surveys.out import save_classes
    >>> print(save_classes("classes.csv", ClassTable.default(2)).read_text())
    value,name,color
    1,class 1,#e69f00
    2,class 2,#56b4e9
    <BLANKLINE>
    """
    path = Path(path)
    table = sorted(classes, key=lambda entry: entry.value)
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".qml"):
        raise SurveyError(path, f"the suffix '{path.suffix}' is not known for class tables", "Use .csv or .qml")
    made = lines_of(history)
    with replacing(path) as new:
        if suffix == ".csv":
            text = csv_text(("value", "name", "color"), ((entry.value, entry.name, entry.color) for entry in table))
            new.write_bytes(text.encode("utf-8", "replace"))
            if made:
                write_beside(new, made)
        else:
            # Two hyphens would end the comment.
            comment = "".join(f"<!-- {line.replace('--', '- -')} -->\n" for line in made)
            new.write_text(_DOCTYPE + comment + _style(table), encoding="utf-8")
    if not (made and suffix == ".csv"):
        forget(path)
    return path


def rgb(color: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of ``#rrggbb``."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _style(table: list[ClassLike]) -> str:
    root = ElementTree.Element("qgis", version="3.22.0", styleCategories="Symbology")
    pipe = ElementTree.SubElement(root, "pipe")
    renderer = ElementTree.SubElement(
        pipe, "rasterrenderer", type="paletted", band="1", opacity="1", alphaBand="-1", nodataColor=""
    )
    ElementTree.SubElement(renderer, "rasterTransparency")
    palette = ElementTree.SubElement(renderer, "colorPalette")
    for entry in table:
        ElementTree.SubElement(
            palette, "paletteEntry", value=str(entry.value), color=entry.color, alpha="255", label=entry.name
        )
    ElementTree.SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0")
    ElementTree.SubElement(pipe, "huesaturation", saturation="0", grayscaleMode="0")
    ElementTree.SubElement(pipe, "rasterresampler", maxOversampling="2")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"
