"""Points, shapes and label rasters of many makers on one map: by their own option and by a look, the same labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import rasterio.shutil
import shapely
from rasterio.transform import from_origin
from rasterio.warp import transform

from napari_fhn import surveys
from napari_fhn.cli.commands import parser
from napari_fhn.cli.known import knowledge
from napari_fhn.labels import ClassTable, LabelError
from napari_fhn.project.knowledge import burn

UTM, SHAPE, CELL, WEST, NORTH = "EPSG:32633", (16, 20), 30.0, 400_000.0, 5_000_000.0
#: Row, column and class.
KNOWN = ((3, 4, "rock"), (8, 10, "water"))
PLACES = [(WEST + CELL * (j + 0.5), NORTH - CELL * (i + 0.5), name) for i, j, name in KNOWN]
_LON, _LAT = transform(UTM, "EPSG:4326", [one[0] for one in PLACES], [one[1] for one in PLACES])
DEGREES = list(zip(_LON, _LAT, ("rock", "water"), strict=True))
#: What is drawn, a square within a cell for each class.
SQUARES = [shapely.box(x - 5, y - 5, x + 5, y + 5) for x, y, _ in PLACES]
PLACE = {"crs": UTM, "transform": from_origin(WEST, NORTH, CELL, CELL)}
PROFILE = {"width": SHAPE[1], "height": SHAPE[0], "count": 1, **PLACE}


@pytest.fixture(scope="module")
def map_(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.tif"
    with rasterio.open(path, "w", driver="GTiff", dtype="float32", **PROFILE) as file:
        file.write(np.random.default_rng(0).random((1, *SHAPE)).astype(np.float32))
    return path


def labelled(survey: Path, *words: object) -> tuple[np.ndarray, tuple[int, ...]]:
    opened = surveys.open(survey)
    known = knowledge(parser().parse_args(["train", "s", "--point-radius", "0", *map(str, words)]), None, opened)
    out = np.zeros(SHAPE, np.uint8)
    return out, burn(known.sources, opened, ClassTable(()), out).classes.codes


def sexagesimal(value: float, sides: str) -> str:
    minutes, degrees = abs(value) % 1 * 60, int(abs(value))
    return f"{degrees}°{int(minutes)}'{minutes % 1 * 60:.4f}\"{sides[value < 0]}"


POINTS = {
    "German": ("Rechtswert;Hochwert;Klasse\n", "{x:.1f};{y:.1f};{name}"),
    "Spanish": ("Este,Norte,Clase\n", "{x},{y},{name}"),
    "French": ("X_Lambert;Y_Lambert;Classe\n", "{x};{y};{name}"),
    "Russian": ("X;Y;Класс\n", "{x};{y};{name}"),
    "Chinese": ("东坐标,北坐标,岩性\n", "{x},{y},{name}"),
    "degrees": ("Longitude,Latitude,LC_class\n", "{lon},{lat},{name}"),
    "minutes and seconds": ("lat;lon;class\n", "{dms_lat};{dms_lon};{name}"),
    "hemispheres": ("lat,lon,class\n", "{lat:.8f}N,{lon:.8f}E,{name}"),
    "shapes as text": ("class;geometry\n", "{name};POINT ({x} {y})"),
}


@pytest.mark.parametrize("name", POINTS)
def test_points(tmp_path, map_, name):
    head, row = POINTS[name]
    rows = [
        row.format(x=x, y=y, lon=lon, lat=lat, name=of, dms_lat=sexagesimal(lat, "NS"), dms_lon=sexagesimal(lon, "EW"))
        for (x, y, of), (lon, lat, _) in zip(PLACES, DEGREES, strict=True)
    ]
    path = tmp_path / "points.csv"
    path.write_text(head + "".join(f"{one}\n" for one in rows), encoding="utf-8")
    for option in ("--points", "--known"):
        out, _ = labelled(map_, option, path)
        assert np.argwhere(out).tolist() == [[3, 4], [8, 10]]
        assert out[3, 4] != out[8, 10]


def test_points_of_gis_are_points_by_their_own_option_too(tmp_path, map_):
    places = ",".join(
        f'{{"type":"Feature","properties":{{"lulc":"{name}"}},"geometry":{{"type":"Point","coordinates":[{x},{y}]}}}}'
        for x, y, name in PLACES
    )
    crs = '{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::32633"}}'
    path = tmp_path / "points.geojson"
    path.write_text(f'{{"type":"FeatureCollection","crs":{crs},"features":[{places}]}}')
    assert np.argwhere(labelled(map_, "--points", path)[0]).tolist() == [[3, 4], [8, 10]]


@pytest.mark.parametrize(
    ("name", "driver"),
    [("a.mif", "MapInfo File"), ("a.tab", "MapInfo File"), ("a.gmt", "OGR_GMT"), ("a.geojsonl", "GeoJSONSeq")],
)
def test_shapes(tmp_path, map_, name, driver):
    names = np.array(["rock", "water"], dtype=object)
    ids = np.array([7, 8], dtype=np.int32)
    how = {"driver": driver, "geometry_type": "Polygon", "crs": UTM if driver != "GeoJSONSeq" else "EPSG:4326"}
    shapes = SQUARES if driver != "GeoJSONSeq" else [_in_degrees(one) for one in SQUARES]
    pyogrio.raw.write(str(tmp_path / name), shapely.to_wkb(shapes), [ids, names], ["id", "landcover"], **how)
    for option in ("--polygons", "--known"):
        assert np.argwhere(labelled(map_, option, tmp_path / name)[0]).tolist() == [[3, 4], [8, 10]]


def _in_degrees(shape: shapely.Polygon) -> shapely.Polygon:
    x, y = shape.exterior.xy
    return shapely.Polygon(list(zip(*transform(UTM, "EPSG:4326", list(x), list(y)), strict=True)))


def test_a_table_of_mapinfo_that_shows_others_is_not_followed(tmp_path, map_):
    path = tmp_path / "view.tab"
    path.write_text('!table\n!version 100\nOpen Table "/etc/passwd" Hide\nCreate View v As\nSelect * From a\n')
    with pytest.raises(LabelError, match="without shapes of its own"):
        labelled(map_, "--polygons", path)


#: File, GDAL's driver, type, what fills it where nothing is known, and what it declares.
RASTERS = (
    ("bytes.tif", "GTiff", "uint8", 0, None),
    ("declared.tif", "GTiff", "int16", -9999, -9999),
    ("negative.tif", "GTiff", "int16", -9999, None),
    ("nan.tif", "GTiff", "float32", np.nan, None),
    ("most.tif", "GTiff", "uint16", 65535, None),
    ("least.tif", "GTiff", "int32", -(2**31), None),
    ("most_of_four.tif", "GTiff", "uint32", 2**32 - 1, None),
    ("least_float.tif", "GTiff", "float32", -3.4028235e38, None),
    ("large.tif", "GTiff", "float32", 1e20, None),
    ("imagine.img", "HFA", "uint8", 0, None),
    ("saga.sdat", "SAGA", "float32", -99999, -99999),
    ("idrisi.rst", "RST", "int16", 0, None),
    ("esri.bil", "EHdr", "uint8", 255, None),
    ("picture.png", "PNG", "uint8", 0, None),
    ("esri.asc", "AAIGrid", "int32", -9999, -9999),
    ("surfer.grd", "GSAG", "float32", 1.70141e38, None),
)  # fmt: skip


@pytest.mark.parametrize(("name", "driver", "kind", "fill", "nodata"), RASTERS, ids=[one[0] for one in RASTERS])
def test_rasters_of_codes(tmp_path, map_, name, driver, kind, fill, nodata):
    codes = np.full((1, *SHAPE), fill, kind)
    codes[0, 3, 4], codes[0, 8, 10] = 10, 20
    plain = tmp_path / "plain.tif"
    with rasterio.open(plain, "w", driver="GTiff", dtype=kind, nodata=nodata, **PROFILE) as file:
        file.write(codes)
    path = tmp_path / name
    rasterio.shutil.copy(str(plain), str(path), driver=driver, **({"WORLDFILE": "YES"} if driver == "PNG" else {}))
    for option in ("--labels", "--known"):
        out, found = labelled(map_, option, path)
        assert np.argwhere(out).tolist() == [[3, 4], [8, 10]]
        assert found == (10, 20)
