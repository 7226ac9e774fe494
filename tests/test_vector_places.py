"""GPX, GML, SpatiaLite and zips: their layers and fields, what they name elsewhere, and what is no such file."""

from __future__ import annotations

import sqlite3
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pyogrio
import pytest
import xarray as xr
from rasterio.crs import CRS
from rasterio.warp import transform
from tests.test_vector import write
from tests.workbook_files import pack

import gis_drivers
from napari_fhn import vector
from napari_fhn.labels import Source, Undeclared, class_fields, read_polygons, recognise
from napari_fhn.project.knowledge import Knowledge
from napari_fhn.surveys import SurveyError, maps
from napari_fhn.surveys import open as open_survey

UNITS = np.array(["x", "y"], dtype=object)
GPX = """<?xml version="1.0"?><gpx version="1.1" creator="hand" xmlns="http://www.topografix.com/GPX/1/1">
<wpt lat="{lat}" lon="{lon}"><name>stop 1</name><type>salt</type></wpt>
<wpt lat="{lat}" lon="{lon}"><name>stop 2</name></wpt>{more}</gpx>"""
TRACK = "<trk><name>walk</name><trkseg><trkpt lat='54' lon='9'/><trkpt lat='54.1' lon='9.1'/></trkseg></trk>"


def zipped(path, *files, within=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, within + file.name)
    return path


def test_places_of_a_receiver_are_labels_of_a_map(tmp_path):
    """What the dock, the command line and Python ask of it: its kind, its field, and the cells."""
    scene = xr.DataArray(
        np.zeros((5, 6), np.float32),
        dims=("y", "x"),
        coords={
            "y": 6_000_045.0 - 10 * np.arange(5),
            "x": 500_005.0 + 10 * np.arange(6),
            "spatial_ref": ((), 0, {"crs_wkt": CRS.from_epsg(32632).to_wkt()}),
        },
    )
    (lon,), (lat,) = transform("EPSG:32632", "EPSG:4326", [500_025], [6_000_035])
    path = tmp_path / "stops.gpx"
    path.write_text(GPX.format(lat=lat, lon=lon, more=""))
    assert recognise(path) == "polygons"
    assert set(vector.fields(path)) == {"name", "type"}
    out = np.zeros(scene.shape, np.uint8)
    found = Knowledge((Source.of(path, scene, field="type"),)).burn(scene, out)
    assert np.argwhere(out).tolist() == [[1, 2]]
    assert found.classes.names == ("salt",)
    assert any("1 of 2 shapes has no 'type'" in words for words in found.words)
    path.write_text(GPX.format(lat=lat, lon=lon, more=TRACK))
    with pytest.raises(Undeclared) as asked:
        read_polygons(path)
    assert (asked.value.option, asked.value.choices) == ("layer", ("waypoints", "tracks"))
    assert read_polygons(path, layer="tracks").classes == ("walk",)


@pytest.mark.parametrize("name", ["rocks.zip", "rocks.sqlite", "rocks.db", "rocks.gml"])
def test_areas_are_labels_and_a_map_beside_others(tmp_path, name):
    path = tmp_path / name
    if name == "rocks.zip":
        write(tmp_path / "Gestein_ä.SHP".lower(), unit=UNITS)
        zipped(path, *tmp_path.glob("gestein*"), within="maps/of all/")
    elif name == "rocks.gml":
        write(path, unit=UNITS)
    else:
        shapes = vector.read(write(tmp_path / "a.gpkg", unit=UNITS), "unit").shapes
        import shapely

        options = {"SPATIALITE": "YES"} if name.endswith("sqlite") else {}
        made = {"geometry_type": "Polygon", "crs": "EPSG:32632", "driver": "SQLite", "dataset_options": options}
        with gis_drivers.or_skip():
            pyogrio.raw.write(path, shapely.to_wkb(shapes), [UNITS], ["unit"], **made)
    before = sorted(tmp_path.iterdir())
    assert class_fields(path) == ("unit",)
    assert read_polygons(path).classes == ("x", "y")
    found = maps.read_polygons(path)
    assert (found.classes, found.crs.to_epsg()) == (("x", "y"), 32632)
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(SurveyError, match=r"Unpack it|need a grid"):
        open_survey(path)


def test_a_zip_of_several_files_asks_which_and_packs_nothing_outside(tmp_path):
    for name in ("rocks", "soils"):
        write(tmp_path / f"{name}.geojson", unit=np.array([name, "y"], dtype=object))
    path = zipped(tmp_path / "a.zip", *tmp_path.glob("*.geojson"), within="../../out/")
    with pytest.raises(vector.VectorError) as asked:
        vector.layer_of(path)
    assert sorted(asked.value.layers) == ["rocks", "soils"]
    assert vector.read(path, "unit", "soils").words[0] == "soils"
    assert not (tmp_path.parent / "out").exists()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"a.txt": "words"}, "it holds no file of shapes"),
        ({"a.geojson": "<OGRVRTDataSource/>"}, r"a\.geojson in it: it is no geojson file by its first bytes"),
        ({f"{k}.geojson": "{}" for k in range(101)}, "it holds 101 files"),
        ({"a.geojson": "{" + " " * 2**17}, "it unpacks to more than"),
    ],
)
def test_what_is_no_zip_of_shapes_says_so(tmp_path, monkeypatch, parts, words):
    monkeypatch.setattr("napari_fhn.zipped.MOST_BYTES", 2**16)
    with pytest.raises(vector.VectorError, match=words):
        vector.fields(pack(tmp_path / "a.zip", parts))
    (tmp_path / "b.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:40])
    with pytest.raises(vector.VectorError, match="no readable zip"):
        vector.fields(tmp_path / "b.zip")


@pytest.mark.parametrize("suffix", [".sqlite", ".gpkg"])
def test_tables_that_are_made_of_other_files_are_refused(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", unit=UNITS)
    assert vector.layer_of(path)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema=ON")
        sql = "CREATE VIRTUAL TABLE secret USING VirtualOGR('/etc/passwd')"
        row = ("table", "secret", "secret", 0, sql)
        database.execute("INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)", row)
    database.close()
    with pytest.raises(vector.VectorError, match="'secret' is made of what lies outside"):
        vector.layer_of(path)


def test_gml_fetches_nothing_and_expands_nothing(tmp_path):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = write(tmp_path / "a.gml", unit=UNITS)
    path.with_suffix(".xsd").unlink()
    there = f"http://127.0.0.1:{server.server_port}/"
    text = path.read_text()
    made = text.replace("a.xsd", f"{there}a.xsd").replace("<ogr:unit>", f'<ogr:more xlink:href="{there}b"/><ogr:unit>')
    path.write_text(
        made.replace("<ogr:FeatureCollection", '<ogr:FeatureCollection xmlns:xlink="http://www.w3.org/1999/xlink"')
    )
    assert vector.read(path, "unit").words == ("x", "y")
    assert asked == []
    assert [one.name for one in tmp_path.iterdir()] == ["a.gml"]
    server.shutdown()
    server.server_close()
    path.write_text(text.replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1))
    with pytest.raises(vector.VectorError, match="it defines entities"):
        vector.fields(path)
