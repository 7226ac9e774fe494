"""What GDAL keeps beside a raster: names of classes, and an attribute table with their colours (``NAME.tif.aux.xml``).

A GeoTIFF has room for a palette and none for names. QGIS, ArcGIS and whatever else reads through GDAL look here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from napari_fhn.surveys.out.classes import ClassLike, rgb

SUFFIX = ".aux.xml"
#: Names are listed from 0 on; a list for a few classes with large codes would be nothing but gaps.
_MOST_NAMES = 1024
_MADE_BY = "napari-fhn"
#: Columns of the attribute table, with GDAL's numbers for what they hold and what that means.
_COLUMNS = (
    ("Value", 0, 5),
    ("Class", 2, 2),
    ("Red", 0, 6),
    ("Green", 0, 7),
    ("Blue", 0, 8),
    ("Alpha", 0, 9),
)


def write_categories(raster: Path, classes: Sequence[ClassLike], nothing: int | None) -> Path:
    """Write names and colours of classes beside a raster.

    Parameters
    ----------
    raster : Path
        The raster.
    classes : sequence of ClassLike
        The classes by their values there.
    nothing : int or None
        The value of "no data".

    Returns
    -------
    Path
        The file written.
    """
    table = sorted(classes, key=lambda entry: entry.value)
    root = ElementTree.Element("PAMDataset")
    about = ElementTree.SubElement(ElementTree.SubElement(root, "Metadata"), "MDI", key="made_by")
    about.text = _MADE_BY
    band = ElementTree.SubElement(root, "PAMRasterBand", band="1")
    largest = max((entry.value for entry in table), default=0)
    if largest < _MOST_NAMES:
        names = {entry.value: entry.name for entry in table}
        listed = ElementTree.SubElement(band, "CategoryNames")
        for value in range(largest + 1):
            ElementTree.SubElement(listed, "Category").text = names.get(value, "unlabelled" if value == nothing else "")
    rat = ElementTree.SubElement(band, "GDALRasterAttributeTable", tableType="thematic")
    for index, (name, kind, usage) in enumerate(_COLUMNS):
        column = ElementTree.SubElement(rat, "FieldDefn", index=str(index))
        for tag, text in (("Name", name), ("Type", str(kind)), ("Usage", str(usage))):
            ElementTree.SubElement(column, tag).text = text
    for index, entry in enumerate(table):
        row = ElementTree.SubElement(rat, "Row", index=str(index))
        for cell in (entry.value, entry.name, *rgb(entry.color), 255):
            ElementTree.SubElement(row, "F").text = str(cell)
    ElementTree.indent(root)
    path = raster.with_name(raster.name + SUFFIX)
    path.write_text(ElementTree.tostring(root, encoding="unicode") + "\n", encoding="utf-8")
    return path


def forget_categories(raster: Path) -> None:
    """Remove what lies beside a raster that was replaced, where this program has put it there.

    Parameters
    ----------
    raster : Path
        The raster.
    """
    path = raster.with_name(raster.name + SUFFIX)
    if is_ours(path):
        path.unlink()


def is_ours(path: Path) -> bool:
    """Tell whether this program wrote such a file; what a GIS has added since, such as statistics, may be found again.

    Parameters
    ----------
    path : Path
        ``NAME.tif.aux.xml``.
    """
    return path.is_file() and f'key="made_by">{_MADE_BY}<' in path.read_text(encoding="utf-8", errors="replace")
