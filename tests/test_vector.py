"""The one reader of GIS files: it opens what a file says it is, and nothing else."""

from __future__ import annotations

import json

import numpy as np
import pyogrio
import pytest
import shapely
from rasterio.transform import from_bounds, from_origin

from napari_fhn import vector


def write(path, layer=None, append=False, **fields):
    shapes = np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 2, 4, 4)], dtype=object)
    pyogrio.raw.write(
        path, shapely.to_wkb(shapes), list(fields.values()), list(fields), geometry_type="Polygon",
        crs="EPSG:32632", layer=layer, append=append,
    )  # fmt: skip
    return path


@pytest.mark.parametrize(
    "suffix", [suffix for suffix in vector.SUFFIXES if suffix not in (".json", ".gpx", ".zip", ".db", ".gdb")]
)
def test_every_format(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", unit=np.array(["x", "y"], dtype=object), code=np.array([1.0, np.nan]))
    assert list(vector.fields(path)) == ["unit", "code"]
    found = vector.read(path, "code")
    nothing = "0" if suffix in (".gmt", ".mif", ".tab") else ""  # they have no word for what is missing
    order = [found.words.index("1"), found.words.index(nothing)]  # FlatGeobuf sorts by place
    assert found.placed.all()
    assert found.crs is not None
    out = np.zeros((4, 4), np.uint8)
    whole = from_bounds(*shapely.total_bounds(found.shapes), 4, 4)  # in degrees, where a format has no others
    vector.draw(path, found.shapes[order], [1, 2], out, whole)
    assert out[3, 0] == 1
    assert out[0, 3] == 2
    with pytest.raises(vector.VectorError, match="no field 'age'"):
        vector.read(path, "age")


@pytest.mark.parametrize("suffix", [suffix for suffix in vector.SUFFIXES if suffix != ".gdb"])
def test_a_file_that_points_elsewhere_is_not_followed(tmp_path, suffix):
    target = write(tmp_path / "secret.gpkg", unit=np.array(["x", "y"], dtype=object))
    path = tmp_path / f"a{suffix}"
    layer = f"<OGRVRTLayer name='secret'><SrcDataSource>{target}</SrcDataSource></OGRVRTLayer>"
    path.write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
    for read in (vector.layer_of, vector.fields, lambda path: vector.read(path, "unit")):
        with pytest.raises(vector.VectorError, match="by its first bytes"):
            read(path)


def test_one_of_several_layers_must_be_said(tmp_path):
    path = write(tmp_path / "a.gpkg", "rocks", unit=np.array(["x", "y"], dtype=object))
    write(path, "soils", append=True, unit=np.array(["c", "d"], dtype=object))
    with pytest.raises(vector.VectorError) as caught:
        vector.layer_of(path)
    assert caught.value.layers == ("rocks", "soils")
    assert vector.read(path, "unit", "soils").words == ("c", "d")


def test_broken_shapes_have_no_place_and_what_cannot_be_drawn_is_a_sentence(tmp_path):
    path = tmp_path / "a.geojson"
    features = [
        {"type": "Feature", "properties": {"unit": "a"}, "geometry": None},
        {"type": "Feature", "properties": {"unit": "b"}, "geometry": {"type": "Polygon", "coordinates": []}},
        {"type": "Feature", "properties": {"unit": "c"}, "geometry": shapely.geometry.mapping(shapely.box(0, 0, 1, 1))},
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert vector.read(path, "unit").placed.tolist() == [False, False, True]
    with pytest.raises(vector.VectorError, match="cannot be drawn"):
        vector.draw(path, [shapely.box(0, 0, 1, 1)], [1], np.zeros((2, 2), np.complex64), from_origin(0, 2, 1, 1))
