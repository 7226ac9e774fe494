"""What a raster calls its codes: names of categories, an attribute table, or the table that ArcGIS lays beside it."""

from __future__ import annotations

import uuid
import warnings
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import rasterio
import rasterio.shutil

from napari_fhn.digits import whole
from napari_fhn.regular import why_not
from napari_fhn.surveys.maps.grids import GDAL_ERRORS
from napari_fhn.surveys.raster import tiff

#: What an attribute table is for, in GDAL's numbers.
_ANYTHING, _NAME, _VALUE = 0, 2, 5
_TEXT = 2
#: Headings of names, where several columns hold text; of values.
_CALLED = ("class_name", "classname", "class_names", "class", "name", "label", "legend", "description", "category")
_NUMBERED = ("value", "code", "grid_code", "gridcode", "id")
#: Rows of a table beside a raster; more are no classes.
_MOST = 4096
TABLE = ".vat.dbf"


def named(path: Path, dataset: rasterio.DatasetReader) -> dict[int, str]:
    """Return the name of each code of a raster of one band; nothing where none are named.

    Parameters
    ----------
    path : Path
        The file.
    dataset : rasterio.DatasetReader
        The same, open.
    """
    if dataset.count != 1 or np.dtype(dataset.dtypes[0]).kind not in "iu":
        return {}
    found = _of_gdal(dataset) or _beside(path)
    return {code: name for code, name in sorted(found.items()) if name}


def _of_gdal(dataset: rasterio.DatasetReader) -> dict[int, str]:
    """What GDAL knows, read out of the description of a virtual raster: rasterio hands it out in no other way."""
    name = f"/vsimem/{uuid.uuid4().hex}.vrt"
    try:
        rasterio.shutil.copy(dataset, name, driver="VRT")
        try:
            with tiff.opened(name, driver="VRT") as made:
                text = made.tags(ns="xml:VRT").get("xml:VRT", "")
        finally:
            rasterio.shutil.delete(name, driver="VRT")
        band = ElementTree.fromstring(text).find("VRTRasterBand")
    except (*GDAL_ERRORS, ElementTree.ParseError, ValueError):
        return {}  # a raster whose names cannot be had is one without
    if band is None:
        return {}
    return _of_table(band.find("GDALRasterAttributeTable")) or {
        code: (one.text or "").strip() for code, one in enumerate(band.findall("CategoryNames/Category"))
    }


def _of_table(table: ElementTree.Element | None) -> dict[int, str]:
    if table is None:
        return {}
    columns = [
        tuple((field.findtext(tag) or "").strip() for tag in ("Name", "Type", "Usage"))
        for field in table.findall("FieldDefn")
    ]
    usages = [whole(usage) for _, _, usage in columns]
    texts = [k for k, (_, kind, _) in enumerate(columns) if kind == str(_TEXT)]
    named = [k for k in texts if usages[k] == _NAME] or texts
    if not named:
        return {}
    name = named[_chosen([columns[k][0] for k in named], _CALLED) or 0]
    of_values = [k for k, usage in enumerate(usages) if usage == _VALUE]
    if not of_values:
        of_values = [k for k, (text, _, _) in enumerate(columns) if text.lower() in _NUMBERED and k not in texts]
    found = {}
    for number, row in enumerate(table.findall("Row")):
        cells = [(cell.text or "").strip() for cell in row.findall("F")]
        if len(cells) != len(columns):
            return {}
        # A table without a column of values has a row for each, from 0 on.
        code = _whole(cells[of_values[0]]) if of_values else number
        if code is not None:
            found[code] = cells[name]
    return found


def _beside(path: Path) -> dict[int, str]:
    """What the table of ArcGIS says (``NAME.tif.vat.dbf``), which this GDAL does not look at."""
    beside = path.with_name(path.name + TABLE)
    if not beside.is_file() or why_not(beside) is not None:
        return {}
    # Here and not above: who has no such table should not wait for the library.
    import pyogrio

    try:
        with warnings.catch_warnings(action="ignore"):
            meta, _, _, columns = pyogrio.raw.read(beside, read_geometry=False, max_features=_MOST)
    except Exception:  # pyogrio has a family of exceptions, and passes on those of GDAL
        return {}
    fields = [str(name) for name in meta["fields"]]
    texts = [k for k, values in enumerate(columns) if values.dtype.kind == "O"]
    values = _chosen(fields, _NUMBERED)
    if not texts or values is None:
        return {}
    name = texts[_chosen([fields[k] for k in texts], _CALLED) or 0]
    pairs = zip(columns[values].tolist(), columns[name].tolist(), strict=True)
    return {code: str(text or "").strip() for number, text in pairs if (code := _whole(str(number))) is not None}


def _chosen(names: list[str], wanted: tuple[str, ...]) -> int | None:
    """The first of some headings that is wanted, the more so the further in front."""
    lower = [name.strip().lower().replace(" ", "_") for name in names]
    return next((lower.index(one) for one in wanted if one in lower), None)


def _whole(text: str) -> int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None
