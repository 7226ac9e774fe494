"""A STAC item beside a map: what a catalogue, or a person with a browser of catalogues, needs to find and draw it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.warp import transform_geom

from napari_fhn.surveys.errors import SurveyError
from napari_fhn.surveys.moving import replacing
from napari_fhn.surveys.out.classes import ClassLike
from napari_fhn.surveys.out.history import PROGRAM

_EXTENSIONS = (
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/classification/v2.0.0/schema.json",
    "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
)
_WGS84 = CRS.from_epsg(4326)


def stac_path(raster: Path) -> Path:
    """Return the name of the item that lies beside a map."""
    return raster.with_suffix(".stac.json")


def save_stac(raster: str | Path, classes: Sequence[ClassLike] = (), *, history: Sequence[str] = ()) -> Path:
    """Write the STAC item of a GeoTIFF beside it: ``map.tif`` gets ``map.stac.json``.

    Parameters
    ----------
    raster : path-like
        A GeoTIFF with a CRS.
    classes : sequence of ClassLike, optional
        What its values mean.
    history : sequence of str, optional
        What made it, a sentence each.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    SurveyError
        When the map does not say where on the Earth it lies, or the item cannot be written.

    Examples
    --------
    >>> import numpy as np, rasterio
    >>> place = rasterio.Affine(30, 0, 500000, 0, -30, 4000000)
    >>> form = {"width": 3, "height": 2, "count": 1, "dtype": "uint8", "crs": "EPSG:32633", "transform": place}
    >>> with rasterio.open("map.tif", "w", **form) as file:
    ...     file.write(np.ones((1, 2, 3), np.uint8))
    >>> save_stac("map.tif").name
    'map.stac.json'
    """
    raster = Path(raster)
    with rasterio.open(raster) as file:
        if file.crs is None:
            raise SurveyError(raster, "it has no CRS, and a catalogue asks where on the Earth it lies", "Give it one")
        a, b, x, d, e, y = list(file.transform)[:6]
        places = ((0, 0), (0, file.height), (file.width, file.height), (file.width, 0), (0, 0))
        corners = [[x + a * column + b * row, y + d * column + e * row] for column, row in places]
        outline = {"type": "Polygon", "coordinates": [corners]}
        geometry = transform_geom(file.crs, _WGS84, outline, precision=7)
        properties: dict[str, Any] = {
            "datetime": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "proj:shape": [file.height, file.width],
            "proj:transform": list(file.transform)[:6],
            "processing:software": dict([PROGRAM.split(" ", 1)]),
        }
        code = file.crs.to_epsg()
        properties |= {"proj:code": f"EPSG:{code}"} if code else {"proj:wkt2": file.crs.to_wkt()}
        band: dict[str, Any] = {"name": "classes" if classes else raster.stem, "data_type": file.dtypes[0]}
        if file.nodata is not None:
            band["nodata"] = file.nodata if file.nodata % 1 else int(file.nodata)
    if history:
        properties["processing:lineage"] = "\n".join(history)
    asset: dict[str, Any] = {
        "href": f"./{raster.name}",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data"],
        "bands": [band],
    }
    if classes:
        asset["classification:classes"] = [
            {
                "value": entry.value,
                "name": _plain(entry.name),
                "title": entry.name,
                "color_hint": entry.color[1:].upper(),
            }
            for entry in classes
        ]
    ring = np.array(geometry["coordinates"][0])
    item = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": list(_EXTENSIONS),
        "id": raster.stem,
        "geometry": geometry,
        "bbox": [*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist()],
        "properties": properties,
        "links": [],
        "assets": {"data": asset},
    }
    path = stac_path(raster)
    with replacing(path) as new:
        new.write_text(json.dumps(item, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _plain(name: str) -> str:
    """A name as STAC asks for it: letters, digits, hyphens and underscores."""
    return "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "_" for one in name) or "_"
