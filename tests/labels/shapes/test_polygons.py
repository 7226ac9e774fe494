"""Shapes of GIS files as labels of maps and time slices."""

from __future__ import annotations

import contextlib
import json
import warnings

import numpy as np
import pyogrio
import pytest
import rasterio.warp
import shapely
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS

from napari_fhn.labels import (
    Box,
    LabelError,
    LabelWarning,
    Undeclared,
    burn_polygons,
    class_fields,
    read_polygons,
)
from proofs import examples

UTM = "EPSG:32632"


def chart(rows=8, cols=10, crs=UTM) -> xr.DataArray:
    """Cells of 10 m, y falling from 6000080, x from 500000."""
    array = xr.DataArray(
        np.zeros((rows, cols), np.float32),
        dims=("y", "x"),
        coords={"y": 6_000_000.0 + 10 * rows - 5 - 10 * np.arange(rows), "x": 500_005.0 + 10 * np.arange(cols)},
        name="map",
    )
    if crs:
        array = array.assign_coords(spatial_ref=xr.Variable((), 0, {"crs_wkt": CRS.from_user_input(crs).to_wkt()}))
    return array


def write(path, shapes, crs=UTM, **fields):
    names = list(fields)
    data = [np.array(fields[name], dtype=object if isinstance(fields[name][0], str) else None) for name in names]
    kinds = sorted({shape.geom_type for shape in shapes})
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(shapes, dtype=object)),
        field_data=data,
        fields=names,
        crs=crs,
        geometry_type=kinds[0] if len(kinds) == 1 else "Unknown",
    )
    return path


def square(x, y, size=20.0):
    return shapely.box(500_000 + x, 6_000_000 + y, 500_000 + x + size, 6_000_000 + y + size)


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson"])
def test_areas_of_every_format(tmp_path, table, suffix):
    ring = shapely.difference(square(0, 0, 60), square(20, 20, 20))
    path = write(tmp_path / f"geo.{suffix}", [ring, square(80, 60)], lithology=["sand", "shale"], id=[1, 2])
    assert class_fields(path) == ("lithology",)
    out = np.zeros((8, 10), np.uint8)
    out[7, 0] = 9
    box = burn_polygons(read_polygons(path), chart(), table, out)
    assert box == Box((0, 0), (8, 10))
    wanted = np.zeros((8, 10), np.uint8)
    wanted[2:, :6], wanted[4:6, 2:4], wanted[:2, 8:], wanted[7, 0] = 2, 0, 1, 9
    np.testing.assert_array_equal(out, wanted)


def test_shapes_are_brought_into_the_crs_of_the_map(tmp_path, table):
    path = write(tmp_path / "geo.gpkg", [square(20, 20, 40)], **{"class": ["sand"]})
    geographic = shapely.transform(
        square(20, 20, 40), lambda xy: np.stack(rasterio.warp.transform(UTM, "EPSG:4326", *xy.T)[:2], axis=1)
    )
    turned = write(tmp_path / "geo.geojson", [geographic], "EPSG:4326", **{"class": ["sand"]})
    first, second = np.zeros((2, 8, 10), np.uint8)
    burn_polygons(read_polygons(path), chart(), table, first)
    with pytest.warns(LabelWarning, match="brought into the CRS of the map"):
        burn_polygons(read_polygons(turned), chart(), table, second)
    np.testing.assert_array_equal(first, second)
    assert np.count_nonzero(first) == 16
    with pytest.warns(LabelWarning, match="the map names no CRS"):
        burn_polygons(read_polygons(path), chart(crs=""), table, second)


def test_lines_and_points_label_cells_as_well(tmp_path, table):
    shapes = [shapely.LineString([(500_005, 6_000_005), (500_045, 6_000_005)]), shapely.Point(500_071, 6_000_071)]
    path = write(tmp_path / "geo.gpkg", shapes, **{"class": ["sand", "1"]})
    out = np.zeros((8, 10), np.uint8)
    burn_polygons(read_polygons(path), chart(), table, out)
    assert out[7].tolist() == [2] * 5 + [0] * 5
    assert out[0, 7] == 1
    assert np.count_nonzero(out) == 6


def test_where_shapes_overlap_the_first_counts_aloud(tmp_path, table):
    path = write(tmp_path / "geo.gpkg", [square(0, 0, 40), square(20, 20, 40)], **{"class": ["sand", "shale"]})
    out = np.zeros((8, 10), np.uint8)
    with pytest.warns(LabelWarning, match="4 cells lie in shapes of several classes"):
        burn_polygons(read_polygons(path), chart(), table, out)
    assert np.count_nonzero(out == 2) == 16
    assert np.count_nonzero(out == 1) == 12


def test_slices_of_a_volume(tmp_path, mapped, table):
    x, y = mapped.attrs["geometry"].to_xy([101.6, 101.6, 105.4, 105.4], [203, 209, 209, 203])
    path = write(tmp_path / "geo.gpkg", [shapely.Polygon(np.column_stack([x, y]))], **{"class": ["sand"]})
    shapes = read_polygons(path)
    out = np.zeros(mapped.shape, np.uint8)
    box = burn_polygons(shapes, mapped, table, out, window=(52, 60))
    assert box == Box((2, 2, 3), (6, 5, 5))
    assert np.count_nonzero(out) == 4 * 3 * 2
    assert (out[2:6, 2:5, 3:5] == 2).all()
    # Between two samples the nearest slice is meant.
    assert burn_polygons(shapes, mapped, table, out, window=(65, 65)).start == (2, 2, 6)
    with pytest.raises(Undeclared, match=r"on which slices .* they go from 40 to 116") as caught:
        burn_polygons(shapes, mapped, table, out)
    assert caught.value.option == "window"
    for window, sentence in (((200, 300), "lies outside the survey"), ((60, 50), "is none"), ((np.nan, 5), "is none")):
        with pytest.raises(LabelError, match=sentence):
            burn_polygons(shapes, mapped, table, out, window=window)
    geographic = write(tmp_path / "g.geojson", [shapely.box(0, 0, 1, 1)], "EPSG:4326", **{"class": ["sand"]})
    with pytest.raises(Undeclared, match="CRS of the survey's own coordinates is not told") as caught:
        burn_polygons(read_polygons(geographic), mapped, table, out, window=(52, 60))
    assert caught.value.option == "survey_crs"


def test_the_field_and_the_layer_are_asked_for(tmp_path):
    path = write(tmp_path / "geo.gpkg", [square(0, 0)], name=["a"], code=[7])
    with pytest.raises(Undeclared, match="which field is the class is not told; its fields are name, code") as caught:
        read_polygons(path)
    assert (caught.value.option, caught.value.choices) == ("field", ("name", "code"))
    assert read_polygons(path, "code").classes == ("7",)
    with pytest.raises(LabelError, match="it has no field 'age'"):
        read_polygons(path, "age")
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array([square(0, 0)], dtype=object)),
        field_data=[np.array(["b"], dtype=object)],
        fields=["class"],
        layer="second",
        crs=UTM,
        geometry_type="Polygon",
        append=True,
    )
    with pytest.raises(Undeclared, match="it holds 2 layers: geo, second") as caught:
        read_polygons(path)
    assert caught.value.option == "layer"
    assert read_polygons(path, layer="second").classes == ("b",)
    with pytest.raises(LabelError, match="it has no layer 'third'"):
        read_polygons(path, layer="third")


def test_shapes_without_a_class_are_left_out_aloud(tmp_path):
    path = tmp_path / "geo.geojson"
    features = [
        {"type": "Feature", "properties": {"class": c}, "geometry": g}
        for c, g in (
            ("sand", shapely.geometry.mapping(square(0, 0))),
            (None, shapely.geometry.mapping(square(0, 0))),
            ("x", None),
        )
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.warns(LabelWarning, match="2 of 3 shapes have no 'class' or no place"):
        assert read_polygons(path).classes == ("sand",)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.gpkg", b"<OGRVRTDataSource/>", "no gpkg file by its first bytes"),
        ("a.geojson", b"hello", "no geojson file by its first bytes"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [', "cannot be read"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}', ""),
        ("a.shp", b"\x00\x00\x27\x0a" + b"\x00" * 96, "a.shx is not beside it"),
        ("a.gpkg", b"SQLite format 3\x00" + b"\x00" * 500, "cannot be read"),
        ("a.dxf", b"0\nSECTION\n", "the suffix '.dxf' is not known"),
    ],
)
def test_what_is_no_gis_file_is_said(tmp_path, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LabelError) as caught:
        read_polygons(path)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(name)
    with pytest.raises(LabelError, match="there is no such file"):
        read_polygons(tmp_path / "missing.gpkg")


def test_a_damaged_shapefile_with_all_its_files_cannot_be_read(tmp_path):
    for suffix in (".shp", ".shx"):
        (tmp_path / f"a{suffix}").write_bytes(b"\x00\x00\x27\x0a" + b"\x00" * 96)
    with pytest.raises(LabelError, match=r"a\.shp: it cannot be read|a\.shp: .*cannot be read"):
        read_polygons(tmp_path / "a.shp")


def test_nothing_is_written_when_nothing_fits(tmp_path, table):
    out = np.zeros((8, 10), np.uint8)
    far = read_polygons(write(tmp_path / "far.gpkg", [square(9000, 0)], **{"class": ["sand"]}))
    with pytest.raises(LabelError, match="covers the middle of a cell"):
        burn_polygons(far, chart(), table, out)
    strange = read_polygons(write(tmp_path / "s.gpkg", [square(0, 0)], **{"class": ["salt"]}))
    with pytest.raises(LabelError, match="no class 'salt'"):
        burn_polygons(strange, chart(), table, out)
    with pytest.raises(LabelError, match="the labels have the shape"):
        burn_polygons(far, chart(), table, out[1:])
    assert not out.any()


@settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files_are_sentences_or_shapes(tmp_path, table, data):
    suffix = data.draw(st.sampled_from(["geojson", "shp", "gpkg"]))
    source = tmp_path / f"source.{suffix}"
    if not source.exists():
        write(source, [square(0, 0, 40), square(40, 0, 40)], **{"class": ["sand", "shale"]})
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] = data.draw(st.integers(0, 255))
        else:
            del content[at : at + data.draw(st.integers(1, 200))]
            content += b" "
    path = tmp_path / f"mutated.{suffix}"
    path.write_bytes(content)
    for other in ("dbf", "shx", "prj", "cpg"):
        beside = source.with_suffix(f".{other}")
        if beside.exists():
            path.with_suffix(f".{other}").write_bytes(beside.read_bytes())
    with warnings.catch_warnings(), contextlib.suppress(LabelError):
        warnings.simplefilter("ignore")
        burn_polygons(read_polygons(path), chart(), table, np.zeros((8, 10), np.uint8))
    assert path.read_bytes() == bytes(content)


def test_shapes_that_label_nothing_are_counted(tmp_path, table):
    survey = chart()
    boxes = [
        shapely.box(500_000, 6_000_000, 500_030, 6_000_030),
        shapely.box(500_041, 6_000_041, 500_043, 6_000_043),  # between the middles of cells
        shapely.box(600_000, 6_000_000, 600_030, 6_000_030),  # elsewhere
    ]
    write(tmp_path / "a.gpkg", boxes, kind=["sand", "sand", "shale"])
    out = np.zeros(survey.shape, np.uint8)
    with pytest.warns(LabelWarning, match=r"a\.gpkg: 2 of 3 shapes label no cell: outside the survey, between"):
        burn_polygons(read_polygons(tmp_path / "a.gpkg", "kind"), survey, table, out)
    assert np.count_nonzero(out) == 9
